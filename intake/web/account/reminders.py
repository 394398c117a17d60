"""每日提醒与休假: what somebody chooses for themselves, and the digest they have read."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.departments import ended_unit
from intake.queries.leave import own_reminders
from intake.services.digest import choose_digest, mark_read
from intake.services.leave import come_back, go_away
from intake.web.account.invitation import account
from intake.web.asked import day_sent, id_sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

__all__ = ["account"]

Page = str | Response | tuple[str, int]


@account.get("/account/digest")
@requires(Permission.OWN_REMINDERS)
def reminders() -> Page:
    """Whether one is told once a day, and whether one is away."""
    return _page()


@account.post("/account/digest")
@requires(Permission.OWN_REMINDERS)
def choose_reminders() -> Response:
    """Be told from now on, or not."""
    choose_digest(db(), actor=actor(), wanted=request.form.get("wanted") == "1", at=wiring().clock.now())
    return redirect(url_for("account.reminders", done="saved"), code=303)


@account.post("/account/digest/<int:digest_id>/read")
@requires(Permission.OWN_REMINDERS)
def read_digest(digest_id: int) -> Response:
    """Read: it goes from the first page."""
    mark_read(db(), actor=actor(), digest_id=digest_id, at=wiring().clock.now())
    return redirect(url_for("account.start"), code=303)


@account.post("/account/away")
@requires(Permission.OWN_REMINDERS)
def away() -> Page:
    """Away until a day, and who has one's referrals meanwhile."""
    try:
        go_away(
            db(),
            actor=actor(),
            user_id=actor().user_id or 0,
            version=version_sent(),
            last_day=day_sent("last_day"),
            stand_in_id=id_sent("stand_in"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _page(error=error)
    return redirect(url_for("account.reminders", done="away"), code=303)


@account.post("/account/back")
@requires(Permission.OWN_REMINDERS)
def back() -> Page:
    """Back before the day."""
    try:
        come_back(db(), actor=actor(), user_id=actor().user_id or 0, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _page(error=error)
    return redirect(url_for("account.reminders", done="back"), code=303)


def _page(*, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    done = {
        "saved": _("已保存。"),
        "away": _("休假已登记，到时候自动恢复。"),
        "back": _("已销假，您经办的事又归您了。"),
    }.get(request.args.get("done", ""), "")
    own = own_reminders(db(), actor(), at=wiring().clock.now())
    page = render_template(
        "account/reminders.html",
        own=own,
        ended=ended_unit(db(), actor()),
        values=typed() if error is not None else {},
        error=error,
        done=done,
    )
    return (page, status_of(error)) if error is not None else page
