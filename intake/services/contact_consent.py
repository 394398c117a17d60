"""单独同意: the resident lets the unit in charge have the contact, apart from everything else, and may take that back any time (PIPL 23)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.errors import Conflict
from intake.domain.submission import SubmissionState
from intake.models import Submission
from intake.services.audit import record
from intake.services.contact_forget import lock_with_parts


def agree(session: Session, *, submission_id: int, at: datetime) -> None:
    """The unit that works on it may have the contact from now on; again changes nothing. Conflict when none was left, or it was withdrawn."""
    submission = _lock(session, submission_id)
    if submission.state is SubmissionState.WITHDRAWN:
        raise Conflict("您已经撤回了这件来件，联系方式不会再交给任何单位。")
    if submission.contact_cipher is None:
        raise Conflict("您没有留联系方式，不用同意。")
    if submission.contact_consent_at is None:
        submission.contact_consent_at = at
        _note(session, submission, "contact.agree", at=at)


def take_back(session: Session, *, submission_id: int, at: datetime) -> None:
    """Nobody outside is shown the contact any more, wherever the message was split; again changes nothing."""
    for submission in lock_with_parts(session, submission_id):
        if submission.contact_consent_at is not None:
            submission.contact_consent_at = None
            _note(session, submission, "contact.take_back", at=at)


def _lock(session: Session, submission_id: int) -> Submission:
    return session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _note(session: Session, submission: Submission, action: str, *, at: datetime) -> None:
    record(
        session,
        actor=RESIDENT,
        district_id=submission.district_id,
        action=action,
        noun="submission",
        entity_id=submission.id,
        at=at,
    )
