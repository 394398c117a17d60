"""The orders of the board, and a topic's place in one as a page key says it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, bindparam, cast, func, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from intake.models import Topic

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 250_000_000_000_000_000
"""Microseconds up to a day that no row will see; a page key may hold any number."""


class Order(StrEnum):
    """How topics are put in order; within equals the youngest first, of those that wait the oldest."""

    HEAT = "heat"
    """热度高的在前."""
    CORRECTED = "corrected"
    """按校正后的热度: people of communities that seldom report stand for more."""
    SPREAD = "spread"
    """涉及社区多的在前."""
    WAITING = "waiting"
    """等得久的在前: what nobody wrote about isn't behind all that somebody did."""
    NEWEST = "newest"
    """最近有来件的在前."""


_BY: dict[Order, InstrumentedAttribute[Any]] = {
    Order.HEAT: Topic.heat,
    Order.CORRECTED: Topic.heat_corrected,
    Order.SPREAD: Topic.area_count,
    Order.WAITING: Topic.state_changed_at,
    Order.NEWEST: Topic.last_at,
}
_MOMENTS = frozenset({Order.WAITING, Order.NEWEST})
_UPWARD = frozenset({Order.WAITING})


def ordered(order: Order) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What the rows are ordered by."""
    by = _BY[order]
    return (by.asc(), Topic.id.asc()) if order in _UPWARD else (by.desc(), Topic.id.desc())


def place(order: Order) -> ColumnElement[int]:
    """A topic's place as a whole number: moments are microseconds since 1970."""
    by = _BY[order]
    number = func.extract("epoch", by) * 1_000_000 if order in _MOMENTS else by
    return cast(number, BigInteger).label("place")


def place_of(order: Order) -> InstrumentedAttribute[Any]:
    """A topic's place as it is."""
    return _BY[order]


def key_of(place: int, topic_id: int) -> str:
    """The page key of the last row shown."""
    return f"{place}_{topic_id}"


_PLACE, _ID = "after_place", "after_id"
AFTER: dict[Order, tuple[ColumnElement[Any], ColumnElement[int]]] = {
    order: (
        bindparam(_PLACE, type_=DateTime(timezone=True) if order in _MOMENTS else BigInteger()),
        bindparam(_ID, type_=BigInteger),
    )
    for order in Order
}
"""Where a question that is kept begins behind a row: `beyond_key` gives the values with each asking."""


def beyond_key(order: Order, after: str) -> dict[str, Any] | None:
    """The place and topic that a page key names; None for a key that nobody was given."""
    number, _, topic_id = after.partition("_")
    if not (_fits(number) and _fits(topic_id)):
        return None
    place = _EPOCH + timedelta(microseconds=min(int(number), _LATEST)) if order in _MOMENTS else int(number)
    return {_PLACE: place, _ID: int(topic_id)}


def beyond(order: Order, after: str) -> Sequence[ColumnElement[bool]]:
    """What follows the row of a page key; no condition for a key that nobody was given."""
    key = beyond_key(order, after)
    if key is None:
        return ()
    place = key[_PLACE]
    return (following(order, place if order in _MOMENTS else literal(place, BigInteger), literal(key[_ID], BigInteger)),)


def following(order: Order, place: object, topic_id: ColumnElement[int]) -> ColumnElement[bool]:
    """What stands behind the topic at that place."""
    here, there = tuple_(_BY[order], Topic.id), tuple_(place, topic_id)
    return here > there if order in _UPWARD else here < there


def _fits(raw: str) -> bool:
    """Whether it is a number that the column can hold; PostgreSQL refuses the whole question for any other."""
    return raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) < 2**63
