"""待核: staff look at what the machine held back, and say whether it is genuine."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.submission import DECLINE_WORDS
from intake.queries.quarantine import held_back
from intake.queries.quarantine_together import groups_held
from intake.services import quarantine as service
from intake.web.asked import sent, version_sent
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/quarantine")
@requires(Permission.QUARANTINE_DECIDE)
def quarantine() -> Page:
    """The oldest first; keyset pages."""
    return _list()


@district.post("/quarantine/<int:submission_id>/release")
@requires(Permission.QUARANTINE_DECIDE)
def release_held(submission_id: int) -> Page:
    """It is genuine, and goes on its way."""
    try:
        service.release(db(), actor=actor(), submission_id=submission_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _refused(submission_id, error)
    return redirect(url_for("district.quarantine", done="release"), code=303)


@district.post("/quarantine/<int:submission_id>/confirm")
@requires(Permission.QUARANTINE_DECIDE)
def confirm_held(submission_id: int) -> Page:
    """It is not; whoever sent it reads the reason."""
    try:
        service.confirm(
            db(),
            actor=actor(),
            submission_id=submission_id,
            version=version_sent(),
            reason=sent("reason"),
            words=sent("words"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _refused(submission_id, error)
    return redirect(url_for("district.quarantine", done="confirm"), code=303)


def _refused(submission_id: int, error: DomainError) -> Page:
    db().rollback()
    return _list(submission_id, error=error), status_of(error)


def _list(about: int = 0, *, error: DomainError | None = None) -> str:
    after = request.values.get("after", "")
    return render_template(
        "district/quarantine.html",
        page=held_back(db(), actor(), after=after),
        after=after,
        groups=groups_held(db(), actor()),
        reasons=[(code.value, DECLINE_WORDS[code]) for code in service.CONFIRM_REASONS],
        about=about,
        typed=request.form if error is not None else {},
        error=error,
        done=request.args.get("done", ""),
    )
