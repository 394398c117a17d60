"""What a link in a notice leads to: the receipt, and the result that the notice asked about."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.outcome import Verdict
from intake.models import Notification, Outcome, Submission


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """The matter behind one notice."""

    submission_id: int
    receipt_number: str
    receipt_salt: bytes
    text: str
    """As its resident wrote it: the link is theirs, as the receipt's is."""
    outcome_id: int | None
    """None where the notice asked for no verdict."""
    verdict: Verdict | None
    """What was said to it so far."""


def notice_answer(session: Session, notice_id: int) -> NoticeAnswer:
    """By a notice that exists; one statement."""
    row = session.execute(
        select(Submission.id, Submission.receipt_number, Submission.receipt_salt, Submission.text_written, Outcome.id, Outcome.verdict)
        .join(Notification, Notification.submission_id == Submission.id)
        .outerjoin(Outcome, (Outcome.submission_id == Submission.id) & (Outcome.decision_id == Notification.decision_id))
        .where(Notification.id == notice_id)
    ).one()
    return NoticeAnswer(*row)
