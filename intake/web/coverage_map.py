"""The map of a district's coverage, drawn by the server on an empty sheet as the public one is: streets, or the communities of one street."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.coverage import Covered, Means
from intake.domain.map_layout import Sheet, Spot, sheet_of
from intake.domain.position import Position, middle_of


@dataclass(frozen=True, slots=True)
class Street:
    """A street with its communities."""

    id: int
    name: str
    communities: tuple[Covered, ...]

    @property
    def lacking(self) -> int:
        """How many of them lack something, or have codes that nobody scans."""
        return sum(bool(one.needs) for one in self.communities)

    def having(self, means: Means) -> int:
        """How many of them have it."""
        return sum(one.has(means) for one in self.communities)


@dataclass(frozen=True, slots=True)
class Mark:
    """A street or a community on the sheet."""

    number: int
    id: int
    name: str
    lacking: int
    """Communities that lack something; of a community, what it lacks."""
    of: int
    """Communities; 0 of a community."""
    spot: Spot | None
    """None where nobody wrote down where it is."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks in the order of the list."""

    sheet: Sheet
    marks: tuple[Mark, ...]

    @property
    def numbers(self) -> dict[int, int]:
        """By the id of a street or community."""
        return {mark.id: mark.number for mark in self.marks}

    @property
    def unplaced(self) -> int:
        """How many couldn't be put on the sheet."""
        return sum(mark.spot is None for mark in self.marks)


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    name: str
    lacking: int
    of: int
    position: Position | None


def streets_of(communities: Sequence[Covered]) -> tuple[Street, ...]:
    """In their order; communities right below the district belong to none."""
    found: dict[tuple[int, str], list[Covered]] = {}
    for one in communities:
        if one.street_id is not None:
            found.setdefault((one.street_id, one.street_name), []).append(one)
    return tuple(Street(street_id, name, tuple(inside)) for (street_id, name), inside in found.items())


def drawn(communities: Sequence[Covered], *, within: int | None) -> Drawing | None:
    """The streets, or of one street its communities; None where nobody wrote down a position.

    A mark a street keeps the sheet readable and its layout quick, however many communities there are.
    """
    places = [_community(one) for one in communities if within is not None or one.street_id is None]
    if within is None:
        places = [*(_street(one) for one in streets_of(communities)), *places]
    laid = [one.position for one in places if one.position is not None]
    if not laid:
        return None
    sheet = sheet_of(laid, [one.position for one in communities if one.position is not None])
    spots = iter(sheet.marks)
    marks = tuple(
        Mark(number, one.id, one.name, one.lacking, one.of, next(spots) if one.position is not None else None)
        for number, one in enumerate(places, start=1)
    )
    return Drawing(sheet, marks)


def _community(one: Covered) -> _Place:
    return _Place(one.id, one.name, one.needs, 0, one.position)


def _street(one: Street) -> _Place:
    return _Place(one.id, one.name, one.lacking, len(one.communities), middle_of(inside.position for inside in one.communities))
