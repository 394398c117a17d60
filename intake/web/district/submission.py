"""One submission at the desk, and its contact for a stated reason."""

from flask import render_template, request
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.card import card
from intake.services.contact_reveal import REASONS, reveal_contact
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/submissions/<int:submission_id>")
@requires(Permission.SCREEN_VIEW)
def submission(submission_id: int) -> str:
    """One submission, masked."""
    return render_template("district/submission.html", card=card(db(), actor(), submission_id), reasons=REASONS, contact="", error=None)


@district.post("/submissions/<int:submission_id>/contact")
@requires(Permission.CONTACT_REVEAL)
def contact(submission_id: int) -> Page:
    """The contact, for a stated reason that is written down."""
    found = card(db(), actor(), submission_id)
    try:
        plain = reveal_contact(
            db(),
            vault=wiring().vault,
            actor=actor(),
            submission_id=submission_id,
            reason=request.form.get("reason", ""),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return render_template("district/submission.html", card=found, reasons=REASONS, contact="", error=error), status_of(error)
    return render_template("district/submission.html", card=found, reasons=REASONS, contact=plain, error=None)
