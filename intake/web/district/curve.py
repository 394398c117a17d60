"""A curve of counts over days, computed for an SVG path: no script and no inline style is needed to show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

WIDTH, HEIGHT, AIR = 400, 76, 6
MOST_DAYS = 62
"""Longer spans are counted by week, so that a year is still a line and not a hedge."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What a chart and the table beside it show."""

    unit: Literal["day", "week"]
    points: tuple[tuple[date, int], ...]
    """First day of each unit and its count, none left out."""
    line: str
    area: str
    """Paths in a picture of WIDTH × HEIGHT; empty where there are fewer than two points."""

    @property
    def most(self) -> int:
        """The highest count."""
        return max((count for _, count in self.points), default=0)


def curve(counts: Mapping[date, int], *, first: date, last: date) -> Curve:
    """The curve of `counts` from `first` to `last`; days without an entry count 0."""
    unit: Literal["day", "week"] = "day" if (last - first).days < MOST_DAYS else "week"
    step = 1 if unit == "day" else 7
    points = tuple(
        (first + timedelta(days=begin), sum(counts.get(first + timedelta(days=day), 0) for day in range(begin, begin + step)))
        for begin in range(0, (last - first).days + 1, step)
    )
    if len(points) < 2:
        return Curve(unit=unit, points=points, line="", area="")
    most = max(count for _, count in points) or 1
    places = [
        (round(index * WIDTH / (len(points) - 1), 1), round(HEIGHT - AIR - count * (HEIGHT - 2 * AIR) / most, 1))
        for index, (_, count) in enumerate(points)
    ]
    line = "M" + " L".join(f"{x:g} {y:g}" for x, y in places)
    return Curve(unit=unit, points=points, line=line, area=f"{line} L{WIDTH} {HEIGHT} L0 {HEIGHT} Z")
