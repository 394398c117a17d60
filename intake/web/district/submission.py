"""One submission at the desk, its category, and its contact for a stated reason."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.card import card
from intake.services.category_change import change_category
from intake.services.contact_reveal import REASONS, reveal_contact
from intake.web.asked import sent, version_sent
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/submissions/<int:submission_id>")
@requires(Permission.SCREEN_VIEW)
def submission(submission_id: int) -> str:
    """One submission, masked."""
    return submission_page(submission_id)


@district.post("/submissions/<int:submission_id>/category")
@requires(Permission.TRIAGE_DECIDE)
def change_category_of(submission_id: int) -> Page:
    """Into another category."""
    try:
        change_category(
            db(),
            actor=actor(),
            submission_id=submission_id,
            version=version_sent(),
            category=sent("category"),
            taxonomy=wiring().taxonomy,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return submission_page(submission_id, changing=True, error=error), status_of(error)
    return redirect(url_for("district.submission", submission_id=submission_id), code=303)


@district.post("/submissions/<int:submission_id>/contact")
@requires(Permission.CONTACT_REVEAL)
def contact(submission_id: int) -> Page:
    """The contact, for a stated reason that is written down."""
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
        return submission_page(submission_id, error=error), status_of(error)
    return submission_page(submission_id, contact=plain)


def submission_page(
    submission_id: int,
    *,
    contact: str = "",
    changing: bool = False,
    error: DomainError | None = None,
    kept_words: str = "",
    kept_once: str = "",
) -> str:
    """The page, with the contact that was just revealed, or with what was typed and refused."""
    return render_template(
        "district/submission.html",
        card=card(db(), actor(), submission_id),
        reasons=REASONS,
        groups=wiring().taxonomy.groups,
        contact=contact,
        changing=changing,
        error=error,
        kept_words=kept_words,
        kept_once=kept_once,
    )
