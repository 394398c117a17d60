"""紧急呼叫: what rings, who saw it when, who has it in hand; and what one does about it."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.alarm import ALARM_WORDS_MAX, CALLED_NAMES, CLOSE_NAMES, GIVE_BACK_NAMES
from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.alarm import alarms_page, calls_of
from intake.services import alarm as service
from intake.web.asked import sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

alarms = Blueprint("alarms", __name__, url_prefix="/alarms")

Page = str | Response | tuple[str, int]


@alarms.get("")
@requires(Permission.ALARM_ANSWER)
def index() -> Page:
    """Open ones first; keyset pages. Having them on the screen is what is timed as seen."""
    return _list()


@alarms.post("/<int:alarm_id>/take")
@requires(Permission.ALARM_ANSWER)
def take(alarm_id: int) -> Page:
    """我来处理."""
    try:
        service.take(db(), _answering(alarm_id))
    except DomainError as error:
        return _refused(alarm_id, error)
    return _back(alarm_id, "take")


@alarms.post("/<int:alarm_id>/give-back")
@requires(Permission.ALARM_ANSWER)
def give_back(alarm_id: int) -> Page:
    """Somebody else must."""
    try:
        service.give_back(db(), _answering(alarm_id), reason=sent("reason"))
    except DomainError as error:
        return _refused(alarm_id, error)
    return _back(alarm_id, "give-back")


@alarms.post("/<int:alarm_id>/close")
@requires(Permission.ALARM_ANSWER)
def close(alarm_id: int) -> Page:
    """It is over, or it never was one."""
    try:
        service.close(db(), _answering(alarm_id), reason=sent("reason"), words=sent("words"))
    except DomainError as error:
        return _refused(alarm_id, error)
    return _back(alarm_id, "close")


@alarms.post("/raise/<int:submission_id>")
@requires(Permission.TRIAGE_DECIDE)
def raise_alarm(submission_id: int) -> Page:
    """A submission that the machine didn't take for one; everyone is called at once."""
    made = service.raise_by_person(
        db(), actor=actor(), submission_id=submission_id, version=version_sent(), at=wiring().clock.now()
    )  # fmt: skip
    return _back(made.id, "raise")


def _answering(alarm_id: int) -> service.Answering:
    return service.Answering(actor=actor(), alarm_id=alarm_id, version=version_sent(), at=wiring().clock.now())


def _back(alarm_id: int, done: str) -> Response:
    return redirect(url_for("alarms.index", done=done, _anchor=f"a{alarm_id}"), code=303)


def _refused(alarm_id: int, error: DomainError) -> Page:
    db().rollback()
    return _list(alarm_id, error=error), status_of(error)


def _list(about: int = 0, *, error: DomainError | None = None) -> str:
    after = request.args.get("after", "")
    page = alarms_page(db(), actor(), after=after)
    ids = [row.id for row in page.rows]
    service.mark_seen(db(), actor(), ids, at=wiring().clock.now())
    return render_template(
        "duty/alarms.html",
        page=page,
        calls=calls_of(db(), ids),
        after=after,
        called_names=CALLED_NAMES,
        give_back_names=GIVE_BACK_NAMES,
        close_names=CLOSE_NAMES,
        words_max=ALARM_WORDS_MAX,
        about=about,
        act=request.path.rsplit("/", 1)[-1] if error is not None else "",
        typed=typed() if error is not None else {},
        error=error,
        done=request.args.get("done", ""),
    )
