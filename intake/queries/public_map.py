"""What a public map shows: the places below an area, how many matters were told there, and where they lie."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from intake.domain.point import PointState
from intake.domain.position import Position, middle_of, position_of
from intake.domain.release import ReleaseKind, tellable
from intake.models import Area, IntakePoint, Release
from intake.queries.open_call import of_no_call
from intake.queries.public_page import RELEASED, Heard, PublicArea


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A street or a community with everything below it; of a community's own map, one of its points."""

    id: int
    name: str
    told: int
    """Matters of which something is released; each counts once, where its newest word stands."""
    result: int
    """Of these, those whose newest word is a result."""
    received: int | None
    """Submissions; None where so few could point at a person, and of a point."""
    points: int
    position: Position | None
    """The middle of its points; None where nobody wrote down where they hang."""


@dataclass(frozen=True, slots=True)
class PublicMap:
    """The places of one map in the order of the areas, and every point that has a position."""

    places: tuple[MapPlace, ...]
    dots: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the questions found, each by the path of its area."""

    points: tuple[tuple[str, str, Position | None], ...]
    """Path, name, position."""
    told: Mapping[str, Counter[ReleaseKind]]
    received: Mapping[str, int]


def public_map(session: Session, area: PublicArea, of_each: Heard) -> PublicMap:
    """The map of an area: of those below it, or of its own points where nothing is below; two queries."""
    rows = session.execute(
        select(Area.id, Area.path, IntakePoint.name, IntakePoint.latitude, IntakePoint.longitude)
        .outerjoin(IntakePoint, (IntakePoint.area_id == Area.id) & (IntakePoint.state == PointState.ACTIVE) & of_no_call())
        .where(Area.path.startswith(area.path, autoescape=True))
        .order_by(Area.path, IntakePoint.id)
    ).all()
    found = _Found(
        points=tuple((row.path, row.name, position_of(row.latitude, row.longitude)) for row in rows if row.name is not None),
        told=_told(session, area),
        received={row.path: of_each[row.id][0] for row in rows if row.id in of_each},
    )
    dots = tuple(position for _, _, position in found.points if position is not None)
    if area.below:
        return PublicMap(tuple(_place(one.id, one.name, f"{area.path}{one.id}/", found) for one in area.below), dots)
    return PublicMap(tuple(MapPlace(area.id, name, 0, 0, None, 1, position) for _, name, position in found.points), dots)


def _told(session: Session, area: PublicArea) -> Mapping[str, Counter[ReleaseKind]]:
    """Path → how many matters have their newest word there, by its kind."""
    newest = (
        select(Release.area_id, Release.kind)
        .where(RELEASED, Release.district_id == area.district_id)
        .ext(distinct_on(Release.topic_id))
        .order_by(Release.topic_id, Release.released_at.desc(), Release.id.desc())
        .subquery()
    )
    rows = session.execute(
        select(Area.path, newest.c.kind, func.count())
        .join(newest, newest.c.area_id == Area.id)
        .where(Area.path.startswith(area.path, autoescape=True))
        .group_by(Area.path, newest.c.kind)
    )
    told: dict[str, Counter[ReleaseKind]] = {}
    for path, kind, count in rows:
        told.setdefault(path, Counter())[kind] = count
    return told


def _place(area_id: int, name: str, path: str, found: _Found) -> MapPlace:
    told = sum((kinds for one, kinds in found.told.items() if one.startswith(path)), Counter[ReleaseKind]())
    positions = [position for one, _, position in found.points if one.startswith(path) and position is not None]
    return MapPlace(
        id=area_id,
        name=name,
        told=told.total(),
        result=told[ReleaseKind.RESULT],
        received=tellable(sum(count for one, count in found.received.items() if one.startswith(path))),
        points=sum(one.startswith(path) for one, _, _ in found.points),
        position=middle_of(positions),
    )
