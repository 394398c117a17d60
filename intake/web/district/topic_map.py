"""The map beside a topic: its communities on the empty sheet of the district, the others as dots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from intake.domain.map_layout import Sheet, Spot, sheet_of
from intake.domain.position import Position
from intake.domain.topic_evidence import Place

MARKED = 9
"""More are a crowd on a sheet as wide as a phone; the list has them all."""


@dataclass(frozen=True, slots=True)
class PlaceMark:
    """A community of the topic."""

    number: int
    name: str
    count: int
    spot: Spot | None
    """None where nobody wrote down where it is, and of those beyond MARKED."""


@dataclass(frozen=True, slots=True)
class TopicMap:
    """Marks in the order of the list."""

    sheet: Sheet
    marks: tuple[PlaceMark, ...]

    @property
    def unplaced(self) -> int:
        """How many of the list aren't on the sheet."""
        return sum(mark.spot is None for mark in self.marks)


def topic_map(places: Sequence[Place], positions: Mapping[int, Position]) -> TopicMap | None:
    """The sheet of these communities among all that have a position; None where none of them has."""
    marked = [place.area_id for place in places if place.area_id in positions][:MARKED]
    if not marked:
        return None
    sheet = sheet_of([positions[area_id] for area_id in marked], list(positions.values()))
    spots = dict(zip(marked, sheet.marks, strict=True))
    return TopicMap(
        sheet, tuple(PlaceMark(number, one.name, one.count, spots.get(one.area_id)) for number, one in enumerate(places, start=1))
    )
