"""Keyset pages of the desk's lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from intake.domain.actor import Actor
from intake.domain.permission import GRANTS, Permission
from intake.models import Area

PAGE = 30


class Numbered(Protocol):
    """A row with an id."""

    @property
    def id(self) -> int:
        """The row's key."""
        ...


Row = TypeVar("Row", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list and the key of the next."""

    rows: tuple[Row, ...]
    total: int
    next_key: str
    """Empty on the last page."""


def page_of(rows: Sequence[Row], *, total: int, limit: int) -> Page[Row]:
    """The page for up to `limit` + 1 rows that were read."""
    shown = tuple(rows[:limit])
    return Page(rows=shown, total=total, next_key=str(shown[-1].id) if len(rows) > limit else "")


def key_of(after: str) -> int | None:
    """The id in a page key; None for anything nobody was given."""
    return int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else None


def within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Areas in which the actor holds `permission`."""
    paths = actor.area_paths(permission)
    return or_(*(Area.path.startswith(path, autoescape=True) for path in paths)) if paths else Area.id.is_(None)


def covers_district(actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds `permission` in their whole district, so that a question by district needs no areas."""
    return any(grant.area_id == actor.district_id and permission in GRANTS[grant.role] for grant in actor.grants)


def holding(words: str, *columns: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
    """Each of the first five words must stand in one of the columns, upper or lower case."""
    return [or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words.split()[:5]]
