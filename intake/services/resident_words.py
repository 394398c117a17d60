"""What a resident writes on the receipt page that belongs to a step: kept once as a message, masked for everyone but its writer."""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import InvalidInput
from intake.domain.message import MESSAGE_MAX, MessageFrom
from intake.domain.personal_data import mask, personal_data
from intake.domain.text import clean
from intake.models import Message, Submission


def needed_words(raw: str, missing: str) -> str:
    """The cleaned words; InvalidInput (field `words`) with the sentence `missing` when there are none, and when there are too many."""
    words = clean(raw).text
    if not words:
        raise InvalidInput(missing, field="words")
    if len(words) > MESSAGE_MAX:
        raise InvalidInput(f"最多 {MESSAGE_MAX} 个字，请写短一点。", field="words")
    return words


def key_of_step(step: str, submission_id: int, number: int, words: str) -> bytes:
    """The same words for the same step make the same key, so that sending twice makes one message."""
    return hashlib.sha256(f"{step}:{submission_id}:{number}:{words}".encode()).digest()


def is_kept(session: Session, key: bytes) -> bool:
    """Whether these words were sent before."""
    return session.scalar(select(Message.id).where(Message.key == key)) is not None


def keep_words(session: Session, submission: Submission, words: str, *, key: bytes, at: datetime) -> None:
    """Write them down; not flushed."""
    session.add(
        Message(
            district_id=submission.district_id,
            submission_id=submission.id,
            written_from=MessageFrom.RESIDENT,
            text_written=words,
            text_masked=mask(words, personal_data(words)),
            key=key,
            at=at,
        )
    )
