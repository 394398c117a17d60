"""What a resident added to a submission when asked, or wrote when asking for another look."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.message import MessageFrom
from intake.domain.submission import SUBMISSION_TABLE, SubmissionAction
from intake.models import HistoryEntry, Message

ADDING = (SubmissionAction.ADD_DETAIL.value, SubmissionAction.APPEAL.value)


@dataclass(frozen=True, slots=True)
class AddedWords:
    """One addition, masked."""

    text: str
    at: datetime
    is_appeal: bool


def added_words(session: Session, submission_id: int) -> tuple[AddedWords, ...]:
    """Every addition, oldest first; the words that came with a step of the submission, not the messages in between. One statement."""
    rows = session.execute(
        select(Message.text_masked, Message.at, HistoryEntry.action == SubmissionAction.APPEAL.value)
        .join(HistoryEntry, HistoryEntry.at == Message.at)
        .where(
            Message.submission_id == submission_id,
            Message.written_from == MessageFrom.RESIDENT,
            HistoryEntry.noun == SUBMISSION_TABLE.noun,
            HistoryEntry.entity_id == submission_id,
            HistoryEntry.action.in_(ADDING),
        )
        .order_by(Message.id)
    )
    return tuple(AddedWords(*row) for row in rows)
