"""打分: what screeners marked a topic with, each by name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.screening import Criterion
from intake.models import TopicMark, User
from intake.queries.kept import TOPIC_ID


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One screener's mark by one criterion."""

    criterion: Criterion
    mark: int
    words: str
    user_id: int
    name: str
    marked_at: datetime


def marks_of(session: Session, topic_id: int) -> tuple[MarkRow, ...]:
    """Everybody's marks, as they were first given; one question."""
    return tuple(MarkRow(*row) for row in session.execute(_MARKS, {"topic_id": topic_id}))


_MARKS = (
    select(TopicMark.criterion, TopicMark.mark, TopicMark.words, TopicMark.marked_by, User.name, TopicMark.marked_at)
    .join(User, User.id == TopicMark.marked_by)
    .where(TopicMark.topic_id == TOPIC_ID)
    .order_by(TopicMark.id)
)
