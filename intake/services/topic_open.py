"""A new candidate topic, opened by the machine or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor, ActorKind
from intake.domain.errors import InvalidInput
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import URGENCIES, Urgency
from intake.domain.text import clean_line
from intake.domain.topic import Route, TopicKind, route_by
from intake.models import Area, Submission, Topic
from intake.models.topic import TOPIC_SEQUENCE
from intake.services.transition import begin, begin_many

TITLE_MAX = 40


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic to be opened by the machine, with the id drawn for it."""

    id: int
    district_id: int
    area_id: int
    title: str
    category: str | None
    urgency: Urgency
    said_at: datetime
    route: Route


def open_candidates(session: Session, drafts: Sequence[Draft], *, actor: Actor, at: datetime) -> None:
    """A candidate topic for each of `drafts`, in three statements; InvalidInput (field `title`) as `open_candidate`."""
    if not drafts:
        return
    numbers = session.execute(select(TOPIC_SEQUENCE.next_value()).select_from(func.generate_series(1, len(drafts)))).scalars()
    rows = [
        {
            "id": draft.id,
            "district_id": draft.district_id,
            "number": _number(drawn, at),
            "title": checked_title(draft.title),
            "route": draft.route,
            "category": draft.category,
            "urgency": draft.urgency,
            "area_id": draft.area_id,
            "opened_by": actor.user_id if actor.kind is ActorKind.PERSON else None,
            "confirmed_count": 0,
            "suggested_count": 0,
            "area_count": 1,
            "first_at": draft.said_at,
            "last_at": draft.said_at,
            "created_at": at,
        }
        for draft, drawn in zip(drafts, numbers, strict=True)
    ]
    begin_many(session, Topic, rows, actor=actor, at=at)


def open_candidate(session: Session, *, submission: Submission, title: str, actor: Actor, at: datetime) -> Topic:
    """A candidate topic for `submission`'s area and category; InvalidInput (field `title`) when the title is empty or too long."""
    topic = Topic(
        district_id=submission.district_id,
        number=_number(session.scalar(TOPIC_SEQUENCE), at),
        title=checked_title(title),
        route=route_by(submission.channel, answers_call=submission.open_call_id is not None),
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


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic that somebody registers without a message."""

    route: Route
    title: str
    category: str | None
    area: Area


def open_registered(session: Session, facts: TopicFacts, *, actor: Actor, at: datetime) -> Topic:
    """A candidate that no message opened; InvalidInput (field `title`) as above."""
    assert facts.area.district_id is not None
    topic = Topic(
        district_id=facts.area.district_id,
        number=_number(session.scalar(TOPIC_SEQUENCE), at),
        title=checked_title(facts.title),
        route=facts.route,
        category=facts.category,
        urgency=Urgency.NORMAL,
        area_id=facts.area.id,
        opened_by=actor.user_id,
        confirmed_count=0,
        suggested_count=0,
        area_count=0,
        first_at=at,
        last_at=at,
        created_at=at,
    )
    begin(session, topic, actor=actor, at=at)
    return topic


def open_class_topic(session: Session, *, matters: Sequence[Topic], area: Area, title: str, actor: Actor, at: datetime) -> Topic:
    """A candidate class for `area` that holds all `matters`, of their category where they share it; InvalidInput as above.

    Its counts are its matters' and are written when they join.
    """
    categories = {topic.category for topic in matters}
    topic = Topic(
        district_id=matters[0].district_id,
        number=_number(session.scalar(TOPIC_SEQUENCE), at),
        kind=TopicKind.CLASS,
        title=checked_title(title),
        route=_shared_route(matters),
        category=categories.pop() if len(categories) == 1 else None,
        urgency=max((topic.urgency for topic in matters), key=URGENCIES.index),
        area_id=area.id,
        opened_by=actor.user_id if actor.kind is ActorKind.PERSON else None,
        confirmed_count=0,
        suggested_count=0,
        area_count=0,
        first_at=min(topic.first_at for topic in matters),
        last_at=max(topic.last_at for topic in matters),
        created_at=at,
    )
    begin(session, topic, actor=actor, at=at)
    return topic


def _shared_route(matters: Sequence[Topic]) -> Route:
    """The one all came by; where they came by several, residents said it."""
    routes = {topic.route for topic in matters}
    return routes.pop() if len(routes) == 1 else Route.RESIDENTS


def checked_title(raw: str) -> str:
    """One line of at most TITLE_MAX characters; InvalidInput (field `title`) when it is empty or too long."""
    title = clean_line(raw, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请给议题起个名字，比如“幸福里路灯不亮”。", field="title")
    return title


def _number(drawn: int, at: datetime) -> str:
    return f"YT-{at.astimezone(SHANGHAI):%Y}-{drawn:04d}"
