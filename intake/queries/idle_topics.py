"""闲置的候选议题: confirmed or registered by people, proposed by nobody for so long that staff decide."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.topic import TopicState
from intake.models import Area, Topic, TopicOrigin
from intake.queries.pages import within

PAGE = 20


@dataclass(frozen=True, slots=True)
class IdleTopic:
    """One candidate."""

    id: int
    version: int
    number: str
    title: str
    summary: str
    area_name: str
    category: str | None
    confirmed: int
    people: int
    since: datetime


@dataclass(frozen=True, slots=True)
class IdlePage:
    """One page, the longest idle first, and the key of the next."""

    rows: tuple[IdleTopic, ...]
    total: int
    next_key: str
    """Empty on the last page."""


def idle_topics(session: Session, actor: Actor, *, idle_before: datetime, after: str = "") -> IdlePage:
    """A page of what has been idle since before `idle_before`, in two statements; `after` is a page's `next_key`."""
    total = session.scalar(
        select(func.count()).select_from(Topic).join(Area, Area.id == Topic.area_id).where(*_idle(actor, idle_before))
    )  # fmt: skip
    query = select(Topic, Area.name).join(Area, Area.id == Topic.area_id).where(*_idle(actor, idle_before))
    key = _key(after)
    if key is not None:
        query = query.where(tuple_(Topic.state_changed_at, Topic.id) > tuple_(*key))
    found = [_row(*row) for row in session.execute(query.order_by(Topic.state_changed_at, Topic.id).limit(PAGE + 1))]
    rows = tuple(found[:PAGE])
    next_key = f"{rows[-1].since.timestamp():.6f}_{rows[-1].id}" if len(found) > PAGE else ""
    return IdlePage(rows=rows, total=total or 0, next_key=next_key)


def is_idle(idle_before: datetime) -> ColumnElement[bool]:
    """Which topics staff must decide on."""
    # What was registered without messages, such as by a community office, waits for staff all the same.
    stands = or_(Topic.confirmed_count > 0, Topic.id.in_(select(TopicOrigin.topic_id)))
    return (Topic.state == TopicState.CANDIDATE) & stands & (Topic.state_changed_at < idle_before)


def _row(topic: Topic, area_name: str) -> IdleTopic:
    return IdleTopic(
        id=topic.id,
        version=topic.version,
        number=topic.number,
        title=topic.title,
        summary=topic.summary,
        area_name=area_name,
        category=topic.category,
        confirmed=topic.confirmed_count,
        people=topic.people_count,
        since=topic.state_changed_at,
    )


def _idle(actor: Actor, idle_before: datetime) -> tuple[ColumnElement[bool], ...]:
    return Topic.district_id == actor.district_id, within(actor, Permission.SCREEN_VIEW), is_idle(idle_before)


def _key(after: str) -> tuple[datetime, int] | None:
    """The place in a page key; None for anything nobody was given."""
    since, _, topic_id = after.partition("_")
    try:
        moment = datetime.fromtimestamp(float(since), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return (moment, int(topic_id)) if topic_id.isascii() and topic_id.isdecimal() and len(topic_id) < 19 else None
