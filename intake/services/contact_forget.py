"""删除联系方式: the resident takes the contact back at once; the matter goes on without it (PIPL, articles 15 and 47)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.models import Submission, SubmissionPart
from intake.services.audit import record


def forget_contact(session: Session, *, submission_id: int, at: datetime) -> None:
    """Empty the contact, and the consent to pass it on with it, wherever the message was split; again changes nothing. What was written in the
    words stays there.
    """
    for submission in lock_with_parts(session, submission_id):
        if submission.contact_cipher is not None or submission.contact_hint:
            _forget(session, submission, at=at)


def lock_with_parts(session: Session, submission_id: int) -> Sequence[Submission]:
    """The submission, what was split off it, the message it is a part of and that one's other parts: one contact was left for all of them."""
    root = select(func.coalesce(Submission.parent_id, Submission.id)).where(Submission.id == submission_id).scalar_subquery()
    parts = select(SubmissionPart.submission_id).where(SubmissionPart.parent_id == root)
    return session.scalars(
        select(Submission)
        .where((Submission.id == root) | Submission.id.in_(parts))
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _forget(session: Session, submission: Submission, *, at: datetime) -> None:
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
