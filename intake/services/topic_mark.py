"""打分: a screener marks a topic by the six criteria. Marks explain a decision, they never make it, and nobody changes another's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.screening import MARK_MOST, Criterion
from intake.domain.text import clean_line
from intake.domain.topic import TopicState
from intake.models import Topic, TopicMark
from intake.services.audit import record
from intake.services.topic_decision import require_screening

MARKED_STATES = (TopicState.CANDIDATE, TopicState.PROPOSED, TopicState.POOLED)
"""While it is still to be decided what becomes of it."""
WORDS_MAX = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """0 to MARK_MOST with a remark, or no mark (any more)."""

    mark: int | None
    words: str = ""


def mark_topic(session: Session, *, actor: Actor, topic_id: int, marks: Mapping[Criterion, Mark], at: datetime) -> None:
    """Write down the actor's own marks: those named take the place of their earlier ones, None takes one away.

    Raises InvalidInput (field: the criterion's) for what is no mark, for a remark without one and for one over WORDS_MAX characters;
    Conflict for a topic on which is decided already; NotFound and Forbidden as a decision would.
    """
    topic = session.get(Topic, topic_id)
    if topic is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    require_screening(session, actor, topic)
    if topic.state not in MARKED_STATES:
        raise Conflict("这个议题已经有了结论，不再打分；原来的打分都还在。")
    given, gone = _checked(marks)
    if given:
        _write(session, actor, topic, given, at=at)
    if gone:
        mine = (TopicMark.topic_id == topic_id, TopicMark.marked_by == actor.user_id)
        session.execute(delete(TopicMark).where(*mine, TopicMark.criterion.in_(gone)))
    codes = {criterion.value: one.mark for criterion, one in given.items()}
    record(session, actor=actor, district_id=topic.district_id, action="topic.mark", noun="topic", entity_id=topic_id, at=at, marks=codes)


def _checked(marks: Mapping[Criterion, Mark]) -> tuple[dict[Criterion, Mark], Sequence[Criterion]]:
    given: dict[Criterion, Mark] = {}
    gone = []
    for criterion, one in marks.items():
        words = clean_line(one.words, limit=WORDS_MAX, field=criterion.value)
        if one.mark is None and words:
            raise InvalidInput(f"写了说明，还没有打分：请选 0 到 {MARK_MOST} 分。", field=criterion.value)
        if one.mark is None:
            gone.append(criterion)
        elif not 0 <= one.mark <= MARK_MOST:
            raise InvalidInput(f"请选 0 到 {MARK_MOST} 分。", field=criterion.value)
        else:
            given[criterion] = Mark(one.mark, words)
    return given, gone


def _write(session: Session, actor: Actor, topic: Topic, given: Mapping[Criterion, Mark], *, at: datetime) -> None:
    """In one statement, so that a form sent twice at once is written once; what stays the same keeps its time."""
    rows = [
        {
            "district_id": topic.district_id,
            "topic_id": topic.id,
            "criterion": criterion,
            "mark": one.mark,
            "words": one.words,
            "marked_by": actor.user_id,
            "marked_at": at,
        }
        for criterion, one in sorted(given.items())
    ]
    new = insert(TopicMark).values(rows)
    changed = func.row(TopicMark.mark, TopicMark.words).is_distinct_from(func.row(new.excluded.mark, new.excluded.words))
    session.execute(
        new.on_conflict_do_update(
            index_elements=["topic_id", "marked_by", "criterion"],
            set_={"mark": new.excluded.mark, "words": new.excluded.words, "marked_at": new.excluded.marked_at},
            where=changed,
        )
    )
