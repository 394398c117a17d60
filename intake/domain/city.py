"""全市情况: the districts of a city in their own order, in figures alone and without small ones; never a ranking."""

from collections.abc import Iterable
from dataclasses import dataclass

from intake.domain.daily_count import FEW, points_out
from intake.domain.figures import Period


@dataclass(frozen=True, slots=True)
class DistrictCounts:
    """One district; None where a number would be from 1 to 4 or give one away."""

    id: int
    name: str
    city: str
    communities: int
    covered: int
    """Communities where a code is in use."""
    heard: int | None
    staying: int | None
    decided: int | None
    told: int | None
    opened: int | None
    approved: int | None
    asked: int | None
    said: int | None
    solved: int | None
    missing: int
    """Past days of the period that were not counted."""


@dataclass(frozen=True, slots=True)
class CityCounts:
    """Everything on the page."""

    cities: tuple[str, ...]
    """Names, nearly always one."""
    period: Period
    districts: tuple[DistrictCounts, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """What the numbers that are said add up to."""

    count: int
    is_all: bool
    """Whether none was left out; else it is at least so many."""


def added(counts: Iterable[int | None]) -> Added | None:
    """The sum of the city, None where nothing but small numbers would be in it.

    Of what stands on the page alone: whoever reads it could add it up, so it gives no number away that is not said.
    """
    every = tuple(counts)
    known = [one for one in every if one is not None]
    is_all = len(known) == len(every)
    return Added(sum(known), is_all) if is_all or any(known) else None


def said(count: int) -> int | None:
    """A count by itself, None where it may point to a person. What is added up (`added`) is only what is said, so nothing can be taken from a sum."""
    return None if 0 < count < FEW else count


def said_of(part: int, whole: int | None) -> int | None:
    """A part of a whole, None where it or what is left may point to a person."""
    return None if points_out(part, whole) else part
