"""议题库: what waits there, by class of matter, the hottest or the longest waiting first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.topic import Route, TopicKind, TopicState
from intake.models import Area, Topic
from intake.queries.appeal import appealed_among
from intake.queries.pages import PAGE, covers_district, within
from intake.queries.topic_board import ROW_COLUMNS, TopicRow

UNCLASSIFIED = "none"
"""Stands in an address for topics whose category nobody is sure of."""
EXPORTED_MOST = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 250_000_000_000_000_000
"""Microseconds up to a day that no row will see; a page key may hold any number."""


class PoolOrder(StrEnum):
    """How the pool is put in order."""

    HEAT = "heat"
    """热度高的在前."""
    WAITING = "waiting"
    """等得久的在前."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a year in Shanghai."""

    year: int
    number: int

    @property
    def code(self) -> str:
        """2026-3."""
        return f"{self.year}-{self.number}"

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, 3 * self.number - 2, 1, tzinfo=SHANGHAI)

    @property
    def ends(self) -> datetime:
        """The first moment of the next."""
        return datetime(self.year + self.number // 4, 3 * (self.number % 4) + 1, 1, tzinfo=SHANGHAI)


def quarter_of(code: str) -> Quarter | None:
    """The quarter that an address names; None for anything else."""
    year, _, number = code.partition("-")
    if len(year) == 4 and year.isascii() and year.isdecimal() and 2000 <= int(year) <= 2100 and number in {"1", "2", "3", "4"}:
        return Quarter(int(year), int(number))
    return None


def quarters_between(first: datetime, last: datetime) -> tuple[Quarter, ...]:
    """Every quarter from the one of `first` to the one of `last`, in Shanghai."""
    numbers = [one.astimezone(SHANGHAI).year * 4 + (one.astimezone(SHANGHAI).month - 1) // 3 for one in (first, last)]
    return tuple(Quarter(number // 4, number % 4 + 1) for number in range(numbers[0], numbers[1] + 1))


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What is asked for; None and empty mean all."""

    category: str
    """A code, or UNCLASSIFIED."""
    route: Route | None
    area_id: int | None
    quarter: Quarter | None
    kind: TopicKind | None
    due: bool
    """Only those whose day to be looked at again has come."""
    order: PoolOrder


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A line of the pool."""

    topic: TopicRow
    version: int
    since: datetime
    """When it came into the pool."""
    look_again_on: date | None
    appealed: bool
    """A resident asked to look at it again, before it came here."""

    @property
    def id(self) -> int:
        """The topic's."""
        return self.topic.id


@dataclass(frozen=True, slots=True)
class Pool:
    """One page, what the filters found in all, and how the rest of the pool is classified."""

    rows: tuple[PoolRow, ...]
    next_key: str
    """Empty on the last page."""
    total: int
    categories: tuple[tuple[str, int], ...]
    """Category (or UNCLASSIFIED) and how many of what the other filters found; in the order of the codes, not of the counts."""
    quarters: tuple[Quarter, ...]
    """From the one in which the longest waiting came to that of the latest."""
    due: int
    """Of the whole pool: whose day to be looked at again has come."""


def pool(session: Session, actor: Actor, wanted: PoolFilter, *, today: date, after: str = "", limit: int = PAGE) -> Pool:
    """A keyset page of topics in the pool within reach; four statements, one fewer on an empty page."""
    where = _where(actor, wanted, today=today)
    counted = session.execute(select(func.coalesce(Topic.category, UNCLASSIFIED), func.count()).where(*where).group_by(Topic.category))
    categories = sorted((str(code), int(count)) for code, count in counted)
    rows, next_key = _page(session, [*where, *_of_category(wanted.category)], wanted.order, after=after, limit=limit)
    first, last, due = session.execute(
        select(func.min(Topic.state_changed_at), func.max(Topic.state_changed_at), func.count().filter(Topic.look_again_on <= today)).where(
            *_in_pool(actor)
        )
    ).one()
    return Pool(
        rows=rows,
        next_key=next_key,
        total=sum(count for code, count in categories if not wanted.category or code == wanted.category),
        categories=tuple(categories),
        quarters=quarters_between(first, last) if first is not None else (),
        due=due,
    )


def exported(session: Session, actor: Actor, wanted: PoolFilter, *, today: date) -> tuple[PoolRow, ...]:
    """What the filters find, in their order, at most EXPORTED_MOST and one more; two statements."""
    where = [*_where(actor, wanted, today=today), *_of_category(wanted.category)]
    found = session.execute(rows_where(where, wanted.order).limit(EXPORTED_MOST + 1)).all()
    return rows_read(session, found)


def _where(actor: Actor, wanted: PoolFilter, *, today: date) -> list[ColumnElement[bool]]:
    """Everything but the category, whose counts are shown beside it."""
    where = _in_pool(actor)
    if wanted.route is not None:
        where.append(Topic.route == wanted.route)
    if wanted.area_id is not None:
        below = aliased(Area)
        path = select(Area.path).where(Area.id == wanted.area_id).scalar_subquery()
        where.append(Topic.area_id.in_(select(below.id).where(func.starts_with(below.path, path))))
    if wanted.quarter is not None:
        where += [Topic.state_changed_at >= wanted.quarter.begins, Topic.state_changed_at < wanted.quarter.ends]
    if wanted.kind is not None:
        where.append(Topic.kind == wanted.kind)
    if wanted.due:
        where.append(Topic.look_again_on <= today)
    return where


def _in_pool(actor: Actor) -> list[ColumnElement[bool]]:
    where = [Topic.district_id == actor.district_id, Topic.state == TopicState.POOLED]
    if not covers_district(actor, Permission.SCREEN_VIEW):
        where.append(Topic.area_id.in_(select(Area.id).where(within(actor, Permission.SCREEN_VIEW))))
    return where


def _of_category(code: str) -> list[ColumnElement[bool]]:
    if not code:
        return []
    return [Topic.category.is_(None) if code == UNCLASSIFIED else Topic.category == code]


def rows_where(where: Sequence[ColumnElement[bool]], order: PoolOrder) -> Select[Any]:
    """Topics as lines of the pool, in order; to be read by `rows_read`."""
    query = (
        select(*ROW_COLUMNS, Topic.version, Topic.state_changed_at, Topic.look_again_on).join(Area, Area.id == Topic.area_id).where(*where)
    )
    if order is PoolOrder.HEAT:
        return query.order_by(Topic.heat.desc(), Topic.id.desc())
    return query.order_by(Topic.state_changed_at, Topic.id)


def _page(
    session: Session, where: Sequence[ColumnElement[bool]], order: PoolOrder, *, after: str, limit: int
) -> tuple[tuple[PoolRow, ...], str]:
    query = rows_where(where, order)
    place, _, topic_id = after.partition("_")
    if _fits(place) and _fits(topic_id):
        if order is PoolOrder.HEAT:
            query = query.where(tuple_(Topic.heat, Topic.id) < tuple_(literal(int(place), BigInteger), literal(int(topic_id), BigInteger)))
        else:
            moment = _EPOCH + timedelta(microseconds=min(int(place), _LATEST))
            query = query.where(tuple_(Topic.state_changed_at, Topic.id) > tuple_(literal(moment), literal(int(topic_id), BigInteger)))
    found = session.execute(query.limit(limit + 1)).all()
    rows = rows_read(session, found[:limit])
    return rows, _key(rows[-1], order) if len(found) > limit else ""


def _key(row: PoolRow, order: PoolOrder) -> str:
    place = row.topic.heat if order is PoolOrder.HEAT else (row.since - _EPOCH) // timedelta(microseconds=1)
    return f"{place}_{row.id}"


def _fits(raw: str) -> bool:
    return raw.isascii() and raw.isdecimal() and len(raw) < 19


def rows_read(session: Session, found: Sequence[Any]) -> tuple[PoolRow, ...]:
    """What `rows_where` found, with what was appealed; one statement, none where nothing was found."""
    appealed = appealed_among(session, [one.id for one in found]) if found else frozenset()
    return tuple(
        PoolRow(TopicRow(*one[: len(ROW_COLUMNS)]), one.version, one.state_changed_at, one.look_again_on, appealed=one.id in appealed)
        for one in found
    )
