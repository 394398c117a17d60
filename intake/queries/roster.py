"""委员名册: who is a member or convenor, at which level, in which groups and areas; and one with all of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.granting import reaches
from intake.domain.member_group import GroupKind, MemberLevel
from intake.domain.permission import Permission, Role
from intake.models import Area, GroupMembership, MemberGroup, MemberProfile, RoleGrant, User, Venue, VenueMember
from intake.queries.area import district_path
from intake.queries.member_group import serves
from intake.queries.pages import PAGE, Page, holding, key_of, page_of
from intake.queries.point import LISTENING


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A line of the roster."""

    id: int
    name: str
    level: MemberLevel | None
    """None where nobody wrote a profile yet."""
    groups: tuple[str, ...]
    areas: tuple[str, ...]
    categories: tuple[str, ...]
    """Codes of the taxonomy."""


@dataclass(frozen=True, slots=True)
class GroupTime:
    """Their time in a group."""

    group_id: int
    kind: GroupKind
    name: str
    leads: bool
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class MemberDetail:
    """Everything on a member's page."""

    id: int
    name: str
    level: MemberLevel | None
    employer: str
    concerns: tuple[str, ...]
    """Only of oneself and for whoever keeps the profiles; nobody else is shown them."""
    categories: tuple[str, ...]
    version: int
    """0 where nobody wrote a profile yet."""
    grants: tuple[tuple[Role, str], ...]
    """(role, area's name) in which they serve."""
    groups: tuple[GroupTime, ...]
    """Now first, then before."""
    venues: tuple[tuple[int, str], ...]
    manageable: bool


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """What the roster is narrowed to."""

    words: str = ""
    level: MemberLevel | None = None
    group_id: int | None = None
    area_id: int | None = None
    category: str = ""
    unwritten: bool = False
    """Of whom nobody wrote a profile yet."""


def roster(session: Session, actor: Actor, wanted: RosterFilter, *, after: str = "", limit: int = PAGE) -> Page[MemberRow]:
    """A page of the district's members by id, in four queries."""
    where: list[ColumnElement[bool]] = [User.district_id == actor.district_id, serves(), *holding(wanted.words, User.name)]
    if wanted.level is not None:
        where.append(MemberProfile.level == wanted.level)
    if wanted.category:
        where.append(MemberProfile.categories.contains([wanted.category]))
    if wanted.unwritten:
        where.append(MemberProfile.user_id.is_(None))
    if wanted.group_id is not None:
        inside = (GroupMembership.user_id == User.id, GroupMembership.group_id == wanted.group_id, GroupMembership.until.is_(None))
        where.append(select(GroupMembership.id).where(*inside).exists())
    if wanted.area_id is not None:
        where.append(_serves_in(wanted.area_id))
    total = session.scalar(_joined(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(User.id > key)
    found = session.execute(
        _joined(select(User.id, User.name, MemberProfile.level, MemberProfile.categories)).where(*where).order_by(User.id).limit(limit + 1)
    ).all()
    ids = [row.id for row in found]
    groups, areas = _group_names(session, ids), _area_names(session, ids)
    rows = [
        MemberRow(user_id, name, level, groups.get(user_id, ()), areas.get(user_id, ()), tuple(categories or ()))
        for user_id, name, level, categories in found
    ]
    return page_of(rows, total=total, limit=limit)


def member_detail(session: Session, actor: Actor, user_id: int) -> MemberDetail:
    """One member of the actor's district in five queries; NotFound otherwise."""
    found = session.execute(
        _joined(select(User.id, User.name, MemberProfile)).where(User.id == user_id, User.district_id == actor.district_id, serves())
    ).one_or_none()
    if found is None:
        raise NotFound("没有这位委员，或者不在您的区。")
    _, name, profile = found
    grants = session.execute(
        select(RoleGrant.role, Area.name, Area.path)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(RoleGrant.user_id == user_id, RoleGrant.role.in_(LISTENING))
        .order_by(Area.path, RoleGrant.id)
    ).all()
    paths = [district_path(session, actor.district_id or 0), *(path for _, _, path in grants)]
    manageable = any(reaches(actor, Permission.GROUPS_MANAGE, area_path=path) for path in paths)
    return MemberDetail(
        id=user_id,
        name=name,
        level=profile.level if profile is not None else None,
        employer=profile.employer if profile is not None else "",
        concerns=tuple(profile.concerns) if profile is not None and (manageable or user_id == actor.user_id) else (),
        categories=tuple(profile.categories) if profile is not None else (),
        version=profile.version if profile is not None else 0,
        grants=tuple((role, area) for role, area, _ in grants),
        groups=_times(session, user_id),
        venues=_venues(session, user_id),
        manageable=manageable,
    )


def _joined(query: Any) -> Any:
    return query.select_from(User).outerjoin(MemberProfile, MemberProfile.user_id == User.id)


_GRANTED, _ROOT = aliased(Area), aliased(Area)


def _serves_in(area_id: int) -> ColumnElement[bool]:
    """A grant in or below the area, or one that reaches it from above."""
    path: Any = select(_ROOT.path).where(_ROOT.id == area_id).scalar_subquery()
    return (
        select(RoleGrant.id)
        .join(_GRANTED, _GRANTED.id == RoleGrant.area_id)
        .where(
            RoleGrant.user_id == User.id,
            RoleGrant.role.in_(LISTENING),
            or_(func.starts_with(_GRANTED.path, path), func.starts_with(path, _GRANTED.path)),
        )
        .exists()
    )


def _group_names(session: Session, user_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    rows = session.execute(
        select(GroupMembership.user_id, MemberGroup.name)
        .join(MemberGroup, MemberGroup.id == GroupMembership.group_id)
        .where(GroupMembership.user_id.in_(list(user_ids)), GroupMembership.until.is_(None), MemberGroup.ended_at.is_(None))
        .order_by(MemberGroup.id)
    )
    return _by_person(rows)


def _area_names(session: Session, user_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    rows = session.execute(
        select(RoleGrant.user_id, Area.name)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(RoleGrant.user_id.in_(list(user_ids)), RoleGrant.role.in_(LISTENING))
        .group_by(RoleGrant.user_id, Area.id)
        .order_by(Area.path)
    )
    return _by_person(rows)


def _by_person(rows: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for user_id, name in rows:
        found[user_id].append(name)
    return {user_id: tuple(names) for user_id, names in found.items()}


def _times(session: Session, user_id: int) -> tuple[GroupTime, ...]:
    rows = session.execute(
        select(
            MemberGroup.id,
            MemberGroup.kind,
            MemberGroup.name,
            func.coalesce(MemberGroup.convenor_id == user_id, False),
            GroupMembership.since,
            GroupMembership.until,
        )
        .join(GroupMembership, GroupMembership.group_id == MemberGroup.id)
        .where(GroupMembership.user_id == user_id)
        .order_by(GroupMembership.until.desc().nulls_first(), MemberGroup.name, GroupMembership.id)
    )
    return tuple(GroupTime(*row) for row in rows)


def _venues(session: Session, user_id: int) -> tuple[tuple[int, str], ...]:
    rows = session.execute(
        select(Venue.id, Venue.name)
        .join(VenueMember, VenueMember.venue_id == Venue.id)
        .where(VenueMember.user_id == user_id, Venue.ended_at.is_(None))
        .order_by(Venue.name)
    )
    return tuple((row.id, row.name) for row in rows)
