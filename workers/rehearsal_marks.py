"""打分 of the demo: two of the staff have marked what waits to be screened, not alike."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.screening import Criterion
from intake.domain.topic import TopicState
from intake.models import Topic
from intake.services.topic_mark import Mark, mark_topic

MARKED = 3
FIRST = {
    Criterion.PEOPLE: Mark(2),
    Criterion.REPETITION: Mark(3, "每年入冬都有人说"),
    Criterion.SPREAD: Mark(1),
    Criterion.URGENCY: Mark(2, "老人出门要摸黑"),
    Criterion.REMIT: Mark(3),
    Criterion.FEASIBILITY: Mark(2),
}
SECOND = {
    Criterion.PEOPLE: Mark(2),
    Criterion.REPETITION: Mark(2),
    Criterion.REMIT: Mark(2, "要先问清楚归谁管"),
    Criterion.FEASIBILITY: Mark(1),
}


def mark_proposed(session: Session, *, first: Actor, second: Actor, ends: datetime) -> None:
    """A day before the end, on those proposed that most people spoke of; does nothing where there are none."""
    ids = session.scalars(
        select(Topic.id)
        .where(Topic.district_id == first.district_id, Topic.state == TopicState.PROPOSED)
        .order_by(Topic.confirmed_count.desc(), Topic.id)
        .limit(MARKED)
    ).all()
    for topic_id in ids:
        mark_topic(session, actor=first, topic_id=topic_id, marks=FIRST, at=ends - timedelta(days=1))
        mark_topic(session, actor=second, topic_id=topic_id, marks=SECOND, at=ends - timedelta(hours=5))
