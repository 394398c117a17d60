"""覆盖: by which means members can be reached in every community of a district."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.coverage import Covered
from intake.domain.member_group import GroupKind
from intake.domain.point import AreaKind, PointKind, PointState
from intake.domain.position import Position, middle_of, position_of
from intake.models import Area, GroupMembership, IntakePoint, MemberGroup, PointListener, RoleGrant, User, Venue
from intake.queries.area import upwards
from intake.queries.member_group import serves
from intake.queries.open_call import of_no_call
from intake.queries.point import LISTENING
from intake.queries.point_funnel import is_quiet


@dataclass(frozen=True, slots=True)
class _Found:
    """What the questions found, each by the path of its area."""

    points: Counter[str]
    quiet: Counter[str]
    enterprises: Counter[str]
    venues: Counter[str]
    members: Mapping[str, set[int]]
    groups: Counter[str]
    on_rota: Mapping[str, set[int]]
    positions: Mapping[str, list[Position]]


def coverage(session: Session, actor: Actor, *, at: datetime) -> tuple[Covered, ...]:
    """Every community of the actor's district, street by street, in six queries however many there are."""
    areas = session.execute(
        select(Area.id, Area.parent_id, Area.name, Area.kind, Area.path).where(Area.district_id == actor.district_id).order_by(Area.id)
    ).all()
    found = _found(session, actor.district_id, at=at)
    streets = {area.id: area for area in areas if area.kind is AreaKind.STREET}
    communities = [area for area in areas if area.kind is AreaKind.COMMUNITY]
    order = {street_id: place for place, street_id in enumerate(streets)}
    communities.sort(key=lambda area: (order.get(area.parent_id, len(order)), area.id))
    return tuple(_covered(area, streets.get(area.parent_id), found) for area in communities)


@dataclass(frozen=True, slots=True)
class SectorSize:
    """A sector (界别) and how many members it has now."""

    id: int
    name: str
    members: int


def sectors(session: Session, actor: Actor) -> tuple[SectorSize, ...]:
    """The district's sectors in the order they were set up, one query: among whom enterprises find their members (row E1)."""
    count = func.count(GroupMembership.id).filter(GroupMembership.until.is_(None))
    rows = session.execute(
        select(MemberGroup.id, MemberGroup.name, count)
        .outerjoin(GroupMembership, GroupMembership.group_id == MemberGroup.id)
        .where(MemberGroup.district_id == actor.district_id, MemberGroup.ended_at.is_(None), MemberGroup.kind == GroupKind.SECTOR)
        .group_by(MemberGroup.id)
        .order_by(MemberGroup.id)
    )
    return tuple(SectorSize(*row) for row in rows)


def _covered(area: Any, street: Any, found: _Found) -> Covered:
    above = upwards(area.path)
    positions = found.positions.get(area.path, ())
    return Covered(
        id=area.id,
        name=area.name,
        street_id=street.id if street is not None else None,
        street_name=street.name if street is not None else "",
        points=found.points[area.path],
        venues=found.venues[area.path],
        street_venues=found.venues[street.path] if street is not None else 0,
        members=len({one for path in above for one in found.members.get(path, ())}),
        groups=sum(found.groups[path] for path in above),
        on_rota=len(found.on_rota.get(area.path, ())),
        position=middle_of(positions),
        quiet_points=found.quiet[area.path],
        enterprise_points=found.enterprises[area.path],
    )


def _found(session: Session, district_id: int | None, *, at: datetime) -> _Found:
    positions: dict[str, list[Position]] = defaultdict(list)
    points = session.execute(
        select(Area.path, IntakePoint.latitude, IntakePoint.longitude, IntakePoint.kind, is_quiet(at).label("is_quiet"))
        .join(Area, Area.id == IntakePoint.area_id)
        .where(IntakePoint.district_id == district_id, IntakePoint.state == PointState.ACTIVE, of_no_call())
    ).all()
    venues = session.execute(
        select(Area.path, Venue.latitude, Venue.longitude)
        .join(Area, Area.id == Venue.area_id)
        .where(Venue.district_id == district_id, Venue.ended_at.is_(None))
    ).all()
    for row in (*points, *venues):
        if (position := position_of(row.latitude, row.longitude)) is not None:
            positions[row.path].append(position)
    return _Found(
        points=Counter(row.path for row in points),
        quiet=Counter(row.path for row in points if row.is_quiet),
        enterprises=Counter(row.path for row in points if row.kind is PointKind.ENTERPRISE),
        venues=Counter(row.path for row in venues),
        members=_members(session, district_id),
        groups=_groups(session, district_id),
        on_rota=_on_rota(session, district_id),
        positions=positions,
    )


def _members(session: Session, district_id: int | None) -> Mapping[str, set[int]]:
    rows = session.execute(
        select(Area.path, RoleGrant.user_id)
        .join(RoleGrant, RoleGrant.area_id == Area.id)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.district_id == district_id, RoleGrant.role.in_(LISTENING), User.active)
    )
    return _by_path(rows)


def _groups(session: Session, district_id: int | None) -> Counter[str]:
    rows = session.execute(
        select(Area.path, func.count())
        .join(MemberGroup, MemberGroup.area_id == Area.id)
        .where(MemberGroup.district_id == district_id, MemberGroup.ended_at.is_(None), MemberGroup.kind == GroupKind.LIAISON)
        .group_by(Area.path)
    )
    return Counter(dict(rows.all()))


def _on_rota(session: Session, district_id: int | None) -> Mapping[str, set[int]]:
    rows = session.execute(
        select(Area.path, PointListener.user_id)
        .join(IntakePoint, IntakePoint.id == PointListener.point_id)
        .join(Area, Area.id == IntakePoint.area_id)
        .join(User, User.id == PointListener.user_id)
        .where(PointListener.district_id == district_id, IntakePoint.state == PointState.ACTIVE, serves())
    )
    return _by_path(rows)


def _by_path(rows: Iterable[tuple[str, int]]) -> Mapping[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for path, user_id in rows:
        found[path].add(user_id)
    return found
