"""A new candidate topic, opened by the machine or a person."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.domain.actor import Actor, ActorKind
from intake.domain.errors import InvalidInput
from intake.domain.receipt import SHANGHAI
from intake.domain.text import clean_line
from intake.domain.topic import Route
from intake.models import Submission, Topic
from intake.models.topic import TOPIC_SEQUENCE
from intake.services.transition import begin

TITLE_MAX = 40


def open_candidate(session: Session, *, submission: Submission, title: str, actor: Actor, at: datetime) -> Topic:
    """A candidate topic for `submission`'s area and category; InvalidInput (field `title`) when the title is empty or too long."""
    title = clean_line(title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请给议题起个名字，比如“幸福里路灯不亮”。", field="title")
    topic = Topic(
        district_id=submission.district_id,
        number=f"YT-{at.astimezone(SHANGHAI):%Y}-{session.scalar(TOPIC_SEQUENCE):04d}",
        title=title,
        route=Route.RESIDENTS,
        category=submission.category,
        urgency=submission.urgency,
        area_id=submission.area_id,
        opened_by=actor.user_id if actor.kind is ActorKind.PERSON else None,
        confirmed_count=0,
        suggested_count=0,
        area_count=1,
        first_at=submission.received_at,
        last_at=submission.received_at,
        created_at=at,
    )
    begin(session, topic, actor=actor, at=at)
    return topic
