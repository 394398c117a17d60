"""换人 at the desk: through whose hands a submission went, who stepped back from it, and taking that off again."""

from flask import redirect, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.reassignment import Passed, passed_of
from intake.queries.submission_part import count_of_family
from intake.services.recusal import lift_recusal
from intake.web.district.blueprint import district
from intake.web.district.submission import Page, submission_page
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring


@district.post("/submissions/<int:submission_id>/recusals/<int:user_id>/lift")
@requires(Permission.SCREEN_DECIDE)
def lift(submission_id: int, user_id: int) -> Page:
    """Stepped back by mistake: they may see and decide it again."""
    try:
        lift_recusal(db(), actor=actor(), submission_id=submission_id, user_id=user_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return submission_page(submission_id, error=error), status_of(error)
    return redirect(url_for("district.submission", submission_id=submission_id, _anchor="hands"), code=303)


@district.app_template_global()
def passed_through(submission_id: int) -> tuple[Passed, ...]:
    """Every change of hands of a submission, for the page that shows it; one question."""
    return passed_of(db(), submission_id)


@district.app_template_global()
def others_with_its_words(submission_id: int) -> int:
    """How many besides a submission come from the same message, for whoever lifts a recusal; one question."""
    return count_of_family(db(), submission_id) - 1
