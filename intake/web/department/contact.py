"""联系居民: who behind a referral agreed to be called by the unit in charge, and the contact of one of them for a stated reason."""

from flask import render_template
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.services.contact_reveal import UNIT_REASONS, reveal_to_unit
from intake.web.asked import sent
from intake.web.department.answer import department_desk
from intake.web.department.task import find_task
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

__all__ = ["department_desk"]

Page = str | Response | tuple[str, int]


@department_desk.get("/referrals/<int:referral_id>/contacts")
@requires(Permission.REFERRAL_ANSWER)
def contacts(referral_id: int) -> str:
    """Those who agreed."""
    return _page(referral_id)


@department_desk.post("/referrals/<int:referral_id>/contacts/<int:submission_id>")
@requires(Permission.REFERRAL_ANSWER)
def contact(referral_id: int, submission_id: int) -> Page:
    """One contact, for a stated reason that is written down."""
    try:
        plain = reveal_to_unit(
            db(),
            vault=wiring().vault,
            actor=actor(),
            referral_id=referral_id,
            submission_id=submission_id,
            reason=sent("reason"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _page(referral_id, about=submission_id, error=error), status_of(error)
    return _page(referral_id, about=submission_id, plain=plain)


def _page(referral_id: int, *, about: int = 0, plain: str = "", error: DomainError | None = None) -> str:
    return render_template(
        "department/contacts.html", page=find_task(referral_id), reasons=UNIT_REASONS, about=about, plain=plain, error=error
    )
