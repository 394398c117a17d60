"""集中公布 and 议题库 of the demo: a round that waits for its day with two decisions, and a topic that stays in the pool for another time."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.receipt import SHANGHAI
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.models import Topic
from intake.services.screening_round import RoundFacts, create_round, draft
from intake.services.topic_decision import Screening
from intake.services.topic_pool import keep

NAME = "本月集中公布"
AHEAD = 3
"""Days until everybody is to know."""
HOUR = time(9, 0)
DECISIONS = (
    (TopicAction.APPROVE, "反映集中，情况清楚，进入议题库，请街道先把能办的办起来。"),
    (TopicAction.RETURN, "请补充两点：涉及多少户，什么时候最突出。补齐以后再筛。"),
)
KEPT = "事情要办，但今年的协商已经排满；明年初和同类的一起比。"
LOOK_AGAIN = timedelta(days=60)


def gather_decisions(session: Session, *, staff: Actor, ends: datetime) -> None:
    """An hour before the end; of topics that nobody else of the demo needs: the last to come. Does nothing where there are none."""
    at = ends - timedelta(hours=1)
    day: date = ends.astimezone(SHANGHAI).date() + timedelta(days=AHEAD)
    facts = RoundFacts(NAME, datetime.combine(day, HOUR, tzinfo=SHANGHAI))
    round_id = create_round(session, facts, actor=staff, at=at).id
    for topic, (action, words) in zip(_latest(session, staff, TopicState.PROPOSED, len(DECISIONS)), DECISIONS, strict=False):
        draft(session, _held(topic, staff, at=at), action, round_id=round_id, words=words, target_topic_id=None, office_id=None)
    for topic in _latest(session, staff, TopicState.POOLED, 1):
        keep(session, _held(topic, staff, at=at), words=KEPT, look_again_on=at.astimezone(SHANGHAI).date() + LOOK_AGAIN)


def _held(topic: Topic, staff: Actor, *, at: datetime) -> Screening:
    return Screening(actor=staff, topic_id=topic.id, version=topic.version, at=at)


def _latest(session: Session, staff: Actor, state: TopicState, count: int) -> Sequence[Topic]:
    return session.scalars(
        select(Topic)
        .where(Topic.district_id == staff.district_id, Topic.state == state, Topic.kind == TopicKind.MATTER)
        .order_by(Topic.id.desc())
        .limit(count)
    ).all()
