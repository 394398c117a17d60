"""删除联系方式: the resident takes the contact back at once; the matter goes on without it (PIPL, articles 15 and 47)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.models import Submission
from intake.services.audit import record


def forget_contact(session: Session, *, submission_id: int, at: datetime) -> None:
    """Empty the contact, and the consent to pass it on with it; again changes nothing. What was written in the words stays there."""
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if submission.contact_cipher is None and not submission.contact_hint:
        return
    submission.contact_cipher, submission.contact_hint, submission.contact_consent_at = None, "", None
    record(
        session,
        actor=RESIDENT,
        district_id=submission.district_id,
        action="contact.forget",
        noun="submission",
        entity_id=submission.id,
        at=at,
    )
