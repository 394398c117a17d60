"""复核 on the card: the resident says that it isn't solved; the member has it worked on again, or explains why it stays."""

from collections.abc import Callable

from flask import redirect, url_for
from sqlalchemy.orm import Session

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.outcome import Review, review_of
from intake.services import outcome_review as service
from intake.web.asked import sent, version_sent
from intake.web.guard import actor, requires
from intake.web.member.views import Page, card_page, member
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring


@member.post("/cards/<int:submission_id>/reopen")
@requires(Permission.TRIAGE_DECIDE)
def reopen(submission_id: int) -> Page:
    """The unit or the topic works on it again."""
    return _decide(submission_id, service.reopen)


@member.post("/cards/<int:submission_id>/explain")
@requires(Permission.TRIAGE_DECIDE)
def explain(submission_id: int) -> Page:
    """It stays, with the reason."""
    return _decide(submission_id, service.explain)


@member.app_template_global()
def review_of_card(submission_id: int) -> Review | None:
    """What waits to be looked at again, for the page that shows the submission."""
    return review_of(db(), submission_id)


def _decide(submission_id: int, act: Callable[..., None]) -> Page:
    try:
        reviewing = service.Reviewing(
            actor=actor(),
            outcome_id=whole_number(sent("outcome")),
            version=version_sent(),
            at=wiring().clock.now(),
            workflow=wiring().workflow,
        )
        session: Session = db()
        act(session, reviewing, words=sent("words"))
    except DomainError as error:
        db().rollback()
        return card_page(submission_id, error=error)
    return redirect(url_for("member.show", submission_id=submission_id), code=303)  # which says what became of it
