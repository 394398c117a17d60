"""通知: what nobody is known to have got, to be sent again by a person's decision, and how far notices reach at all."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.notice_refusal import NOTICE_CHANNELS, refusal_reason
from intake.domain.permission import Permission
from intake.domain.wechat_template import NOTICE_NAMES
from intake.queries.notices import Stuck, notice_counts, stuck_notices
from intake.services.notify_again import send_again
from intake.web.asked import one_of, version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

notices = Blueprint("notices", __name__, url_prefix="/d/notices")

Page = str | Response | tuple[str, int]
DAYS = 30
STUCK_NAMES = {Stuck.UNCERTAIN: "不确定", Stuck.FAILED: "没送到", Stuck.BOARD: "只能张贴"}


@notices.get("")
@requires(Permission.NOTICES_MANAGE)
def index() -> Page:
    """The newest first; keyset pages."""
    return _list()


@notices.post("/<int:notice_id>/again")
@requires(Permission.NOTICES_MANAGE)
def again(notice_id: int) -> Page:
    """Back into the queue, whatever was tried before."""
    try:
        send_again(
            db(), actor=actor(), notice_id=notice_id, version=version_sent(), rules=wiring().workflow.wechat, at=wiring().clock.now()
        )
    except DomainError as error:
        db().rollback()
        return _list(error=error), status_of(error)
    return redirect(url_for("notices.index", which=_which(), done="again"), code=303)


def _which() -> Stuck:
    return one_of(Stuck, request.values.get("which", "")) or Stuck.UNCERTAIN


def _list(*, error: DomainError | None = None) -> str:
    which, after = _which(), request.values.get("after", "")
    return render_template(
        "notices/index.html",
        which=which,
        stuck=STUCK_NAMES,
        page=stuck_notices(db(), actor(), which, after=after),
        counts=notice_counts(db(), actor(), since=wiring().clock.now() - timedelta(days=DAYS)),
        days=DAYS,
        after=after,
        kinds=NOTICE_NAMES,
        channel_names=NOTICE_CHANNELS,
        reason=refusal_reason,
        error=error,
        done=request.args.get("done", ""),
    )
