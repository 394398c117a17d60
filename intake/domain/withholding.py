"""Which counts of a published table are left out, so that none that points at a person can be read or worked out."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.release import SMALLEST_COUNT


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Of the submissions received at one place in one month, how many were answered by now, and how many of these ended."""

    received: int | None
    answered: int | None
    closed: int | None
    """None where it isn't told."""


HIDDEN = MonthFigures(None, None, None)


def withheld(counts: Sequence[int]) -> tuple[int | None, ...]:
    """Successive counts of one place as the public may read them: None for those below SMALLEST_COUNT, zero aside.

    The place's sum stands on its page. A single gap could be worked out from it, so the smallest other count is left out too.
    """
    gaps = {place for place, count in enumerate(counts) if 0 < count < SMALLEST_COUNT}
    if len(gaps) == 1:
        others = [(count, place) for place, count in enumerate(counts) if count >= SMALLEST_COUNT]
        gaps |= {min(others)[1]} if others else set()
    return tuple(None if place in gaps else count for place, count in enumerate(counts))


def published(months: Sequence[tuple[int, int, int]]) -> tuple[MonthFigures, ...]:
    """(received, answered, closed) of successive months of one place as the public may read them.

    Where the number received isn't told, neither is what became of them.
    """
    columns = [withheld([month[which] for month in months]) for which in range(3)]
    return tuple(HIDDEN if row[0] is None else MonthFigures(*row) for row in zip(*columns, strict=True))
