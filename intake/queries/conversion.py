"""成果转化 on the desk: each conversion, those of one topic, and how many of the pool's topics turned into something."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, cast, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.bulletin import ConversionKind
from intake.domain.conversion import POOLED_ON, ConversionCounts, KindCount
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.topic import TopicState
from intake.models import Conversion, HistoryEntry, Topic, User
from intake.queries.departments import manages_district
from intake.queries.pages import PAGE, Page, holding, key_of, page_of

OFFERED = 20


@dataclass(frozen=True, slots=True)
class ConversionLine:
    """One conversion with the topic it came from."""

    id: int
    kind: ConversionKind
    title: str
    number: str
    by_whom: str
    suggestions: int
    converted_on: date
    outcome: str
    bulletin_id: int | None
    topic_id: int
    topic_number: str
    topic_title: str
    by: str
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class PooledTopic:
    """A topic that can turn into something."""

    id: int
    number: str
    title: str
    state: TopicState
    converted: int


_COLUMNS: tuple[Any, ...] = (
    Conversion.id,
    Conversion.kind,
    Conversion.title,
    Conversion.number,
    Conversion.by_whom,
    Conversion.suggestions,
    Conversion.converted_on,
    Conversion.outcome,
    Conversion.bulletin_id,
    Topic.id,
    Topic.number,
    Topic.title,
    User.name,
    Conversion.created_at,
    Conversion.version,
)


def require_conversions(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor keeps the record of the whole district."""
    if not manages_district(session, actor, Permission.BULLETIN_MANAGE):
        raise Forbidden("成果转化由负责全区的区政协工作人员登记。需要的话请联系区政协办公室。")


def conversions_in(
    session: Session, actor: Actor, *, kind: ConversionKind | None, year: int | None, words: str, after: str, limit: int = PAGE
) -> Page[ConversionLine]:
    """A page of the district's conversions that stand, those recorded last first; three questions."""
    require_conversions(session, actor)
    where: list[ColumnElement[bool]] = [
        Conversion.district_id == actor.district_id,
        Conversion.undone_at.is_(None),
        *holding(words, Conversion.title, Conversion.number, Conversion.by_whom, Topic.title, Topic.number),
    ]
    if kind is not None:
        where.append(Conversion.kind == kind)
    if year is not None:
        where.append(Conversion.converted_on.between(date(year, 1, 1), date(year, 12, 31)))
    counted = select(func.count()).select_from(Conversion).join(Topic, Topic.id == Conversion.topic_id).where(*where)
    total = session.scalar(counted) or 0
    key = key_of(after)
    if key is not None:
        where.append(Conversion.id < key)
    return page_of(_lines(session, *where, limit=limit + 1), total=total, limit=limit)


def converted(session: Session, topic_id: int) -> tuple[ConversionLine, ...]:
    """What one topic turned into; one question."""
    return tuple(_lines(session, Conversion.topic_id == topic_id, Conversion.undone_at.is_(None), limit=PAGE))


def conversion_row(session: Session, actor: Actor, conversion_id: int) -> ConversionLine:
    """One that stands; NotFound otherwise, Forbidden as `require_conversions`."""
    require_conversions(session, actor)
    where = (Conversion.id == conversion_id, Conversion.district_id == actor.district_id, Conversion.undone_at.is_(None))
    found = _lines(session, *where, limit=1)
    if not found:
        raise NotFound("没有这条转化，或者已经撤回。")
    return found[0]


def pooled_topics(session: Session, actor: Actor, *, words: str) -> tuple[PooledTopic, ...]:
    """Topics that can turn into something, those that moved last first."""
    query = _pooled(actor).where(*holding(words, Topic.title, Topic.number))
    return tuple(
        PooledTopic(*row) for row in session.execute(query.order_by(Topic.state_changed_at.desc(), Topic.id.desc()).limit(OFFERED))
    )


def pooled_topic(session: Session, actor: Actor, topic_id: int) -> PooledTopic:
    """One of them; NotFound otherwise."""
    require_conversions(session, actor)
    row = session.execute(_pooled(actor).where(Topic.id == topic_id)).one_or_none()
    if row is None:
        raise NotFound("没有这个议题，或者它不在议题库里，也不在办理。")
    return PooledTopic(*row)


def conversion_counts(session: Session, actor: Actor, *, year: int | None) -> ConversionCounts:
    """Of `year`, or of all years; three questions.

    A topic belongs to the year in which it first entered the pool. One that left again (not taken up, merged, referred) is in no whole.
    """
    require_conversions(session, actor)
    standing = (Conversion.district_id == actor.district_id, Conversion.undone_at.is_(None))
    dated = [Conversion.converted_on.between(date(year, 1, 1), date(year, 12, 31))] if year is not None else []
    # A bulletin of several topics has a row for each, and is one.
    each = func.coalesce(Conversion.bulletin_id, -Conversion.id)
    made = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Conversion.kind, func.count(func.distinct(each)), func.sum(Conversion.suggestions))
            .where(*standing, *dated)
            .group_by(Conversion.kind)
        )
    }
    cohort = select(Topic.id).where(Topic.district_id == actor.district_id, Topic.state.in_(POOLED_ON))
    if year is not None:
        cohort = cohort.where(_pooled_on().between(date(year, 1, 1), date(year, 12, 31)))
    topics = cohort.cte("pooled")
    by_kind = func.count(func.distinct(Conversion.topic_id))
    turned = select(Conversion.kind, by_kind).join(topics, topics.c.id == Conversion.topic_id).where(*standing).group_by(Conversion.kind)
    of_kind = {row[0]: row[1] for row in session.execute(turned)}
    some = select(Conversion.id).where(Conversion.topic_id == topics.c.id, Conversion.undone_at.is_(None)).exists()
    whole, part = session.execute(select(func.count(), func.count().filter(some)).select_from(topics)).one()
    kinds = tuple(KindCount(kind, *made.get(kind, (0, 0)), of_kind.get(kind, 0)) for kind in ConversionKind)
    return ConversionCounts(whole, part, kinds)


def _lines(session: Session, *where: ColumnElement[bool], limit: int) -> list[ConversionLine]:
    rows = session.execute(
        select(*_COLUMNS)
        .join(Topic, Topic.id == Conversion.topic_id)
        .join(User, User.id == Conversion.recorded_by)
        .where(*where)
        .order_by(Conversion.id.desc())
        .limit(limit)
    )
    return [ConversionLine(*row) for row in rows]


def _pooled(actor: Actor) -> Select[int, str, str, TopicState, int]:
    made = select(func.count()).where(Conversion.topic_id == Topic.id, Conversion.undone_at.is_(None)).correlate(Topic).scalar_subquery()
    return select(Topic.id, Topic.number, Topic.title, Topic.state, made).where(
        Topic.district_id == actor.district_id, Topic.state.in_(POOLED_ON)
    )


def _pooled_on() -> ColumnElement[date]:
    """The day in Shanghai on which a topic first entered the pool."""
    first = (
        select(func.min(HistoryEntry.at))
        .where(HistoryEntry.noun == "topic", HistoryEntry.entity_id == Topic.id, HistoryEntry.to_state == TopicState.POOLED.value)
        .correlate(Topic)
        .scalar_subquery()
    )
    return cast(func.timezone("Asia/Shanghai", first), Date)
