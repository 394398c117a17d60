"""协商场所: which can be chosen, the list with what the newest check found, and one with who serves there and all its checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.granting import reaches
from intake.domain.permission import Permission
from intake.domain.point import PointKind, PointState
from intake.domain.position import Position, position_of
from intake.domain.venue import VenueKind, VenueNeed, missing
from intake.models import Area, IntakePoint, MemberGroup, User, Venue, VenueCheck, VenueMember
from intake.queries.member_group import serves
from intake.queries.pages import PAGE, Page, holding, key_of, page_of

CHECKS_SHOWN = 40
POINT_KINDS = (PointKind.STATION, PointKind.STUDIO)
"""Points whose code can hang at a venue."""


@dataclass(frozen=True, slots=True)
class Check:
    """What somebody found on a day."""

    id: int
    day: date
    by: str
    has: tuple[VenueNeed, ...]
    note: str

    @property
    def missing(self) -> tuple[VenueNeed, ...]:
        """What wasn't there."""
        return missing(self.has)


@dataclass(frozen=True, slots=True)
class VenueLine:
    """A line of the list."""

    id: int
    kind: VenueKind
    name: str
    area_name: str
    group_name: str
    people: int
    ended_at: datetime | None
    checked_on: date | None
    """None where nobody has looked yet."""
    missing: tuple[VenueNeed, ...]
    """By the newest check."""


@dataclass(frozen=True, slots=True)
class VenueDetail:
    """Everything on a venue's page."""

    id: int
    kind: VenueKind
    name: str
    area_id: int
    area_name: str
    group_id: int | None
    group_name: str
    point_id: int | None
    point_name: str
    address: str
    hours: str
    position: Position | None
    ended_at: datetime | None
    version: int
    people: tuple[tuple[int, str, bool], ...]
    """(id, name, whether they can still serve) by name."""
    checks: tuple[Check, ...]
    """The newest first, at most CHECKS_SHOWN."""
    manageable: bool


@dataclass(frozen=True, slots=True)
class VenueFilter:
    """What the list is narrowed to; closed venues stand apart."""

    words: str = ""
    kind: VenueKind | None = None
    area_id: int | None = None
    lacks: VenueNeed | None = None
    """Whose newest check didn't find it."""
    unchecked: bool = False
    """Where nobody has looked yet."""
    ended: bool = False


def venue_choices(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    """(id, name) of the district's venues in use, by name, which is unique among them; for a select. One query."""
    rows = session.execute(
        select(Venue.id, Venue.name).where(Venue.district_id == actor.district_id, Venue.ended_at.is_(None)).order_by(Venue.name, Venue.id)
    )
    return tuple((row.id, row.name) for row in rows)


_newest = (
    select(VenueCheck.checked_on, VenueCheck.has)
    .where(VenueCheck.venue_id == Venue.id)
    .order_by(VenueCheck.id.desc())
    .limit(1)
    .lateral("newest")
)
_LINE: Any = (  # typed by VenueLine, whose fields it follows
    Venue.id,
    Venue.kind,
    Venue.name,
    Area.name,
    func.coalesce(MemberGroup.name, ""),
    select(func.count()).select_from(VenueMember).where(VenueMember.venue_id == Venue.id).scalar_subquery(),
    Venue.ended_at,
    _newest.c.checked_on,
    _newest.c.has,
)


_ROOT = aliased(Area)


def venues_in(session: Session, actor: Actor, wanted: VenueFilter, *, after: str = "", limit: int = PAGE) -> Page[VenueLine]:
    """A page of the district's venues by id, in two queries; words are looked for in name, address, area and group."""
    where: list[ColumnElement[bool]] = [
        Venue.district_id == actor.district_id,
        Venue.ended_at.is_not(None) if wanted.ended else Venue.ended_at.is_(None),
        *holding(wanted.words, Venue.name, Venue.address, Area.name, MemberGroup.name),
    ]
    if wanted.kind is not None:
        where.append(Venue.kind == wanted.kind)
    if wanted.lacks is not None:
        where += [_newest.c.has.is_not(None), ~_newest.c.has.contains([wanted.lacks.value])]
    if wanted.unchecked:
        where.append(_newest.c.has.is_(None))
    if wanted.area_id is not None:
        where.append(func.starts_with(Area.path, select(_ROOT.path).where(_ROOT.id == wanted.area_id).scalar_subquery()))
    total = session.scalar(_joined(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Venue.id > key)
    rows = session.execute(_joined(select(*_LINE)).where(*where).order_by(Venue.id).limit(limit + 1))
    lines = [VenueLine(*(*line, missing(has) if has is not None else ())) for *line, has in rows]
    return page_of(lines, total=total, limit=limit)


def _joined(query: Any) -> Any:
    return (
        query.select_from(Venue)
        .join(Area, Area.id == Venue.area_id)
        .outerjoin(MemberGroup, MemberGroup.id == Venue.group_id)
        .outerjoin(_newest, Venue.id.is_not(None))
    )


def venue_detail(session: Session, actor: Actor, venue_id: int) -> VenueDetail:
    """One venue of the actor's district in three queries; NotFound otherwise."""
    found = session.execute(
        select(Venue, Area.name, Area.path, MemberGroup.name, IntakePoint.name)
        .join(Area, Area.id == Venue.area_id)
        .outerjoin(MemberGroup, MemberGroup.id == Venue.group_id)
        .outerjoin(IntakePoint, IntakePoint.id == Venue.point_id)
        .where(Venue.id == venue_id, Venue.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个场所，或者不在您的区。")
    venue, area_name, area_path, group_name, point_name = found
    return VenueDetail(
        id=venue.id,
        kind=venue.kind,
        name=venue.name,
        area_id=venue.area_id,
        area_name=area_name,
        group_id=venue.group_id,
        group_name=group_name or "",
        point_id=venue.point_id,
        point_name=point_name or "",
        address=venue.address,
        hours=venue.hours,
        position=position_of(venue.latitude, venue.longitude),
        ended_at=venue.ended_at,
        version=venue.version,
        people=_people(session, venue.id),
        checks=_checks(session, venue.id),
        manageable=reaches(actor, Permission.GROUPS_MANAGE, area_path=area_path),
    )


def _people(session: Session, venue_id: int) -> tuple[tuple[int, str, bool], ...]:
    rows = session.execute(
        select(User.id, User.name, serves())
        .join(VenueMember, VenueMember.user_id == User.id)
        .where(VenueMember.venue_id == venue_id)
        .order_by(User.name, User.id)
    )
    return tuple((user_id, name, can) for user_id, name, can in rows)


def _checks(session: Session, venue_id: int) -> tuple[Check, ...]:
    rows = session.execute(
        select(VenueCheck.id, VenueCheck.checked_on, User.name, VenueCheck.has, VenueCheck.note)
        .join(User, User.id == VenueCheck.checked_by)
        .where(VenueCheck.venue_id == venue_id)
        .order_by(VenueCheck.id.desc())
        .limit(CHECKS_SHOWN)
    )
    return tuple(
        Check(check_id, day, by, tuple(need for need in VenueNeed if need.value in has), note) for check_id, day, by, has, note in rows
    )


def point_choices(session: Session, actor: Actor, *, kept: int | None = None) -> tuple[tuple[int, str], ...]:
    """(id, name with its area) of points of a station or studio that hang at no venue yet, and of `kept`; for a select. One query."""
    taken: Sequence[ColumnElement[bool]] = (Venue.point_id == IntakePoint.id, Venue.ended_at.is_(None))
    rows = session.execute(
        select(IntakePoint.id, IntakePoint.name, Area.name)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.district_id == actor.district_id,
            or_(
                IntakePoint.kind.in_(POINT_KINDS) & (IntakePoint.state != PointState.RETIRED) & ~select(Venue.id).where(*taken).exists(),
                IntakePoint.id == (kept or 0),
            ),
        )
        .order_by(IntakePoint.name, IntakePoint.id)
    )
    return tuple((point_id, f"{name}（{area}）" if name != area else name) for point_id, name, area in rows)
