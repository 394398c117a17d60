"""People as the desk lists them, and one with roles and devices."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.granting import may_grant
from intake.domain.permission import Permission, Role
from intake.models import Area, Department, LoginSession, RoleGrant, User
from intake.queries.pages import PAGE, Page, holding, key_of, page_of, within

DEVICES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role somebody holds in an area."""

    id: int
    role: Role
    area_id: int
    area_name: str
    revocable: bool
    """Whether the one who looks may take it away."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the list."""

    id: int
    login: str
    name: str
    active: bool
    grants: tuple[GrantRow, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """A signed-in browser."""

    id: int
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class PersonDetail:
    """Everything on a person's page."""

    row: PersonRow
    version: int
    department_id: int | None
    department_name: str
    created_at: datetime
    locked_until: datetime | None
    second_factor_since: datetime | None
    devices: tuple[Device, ...]
    manageable: bool
    """Whether the one who looks may change, deactivate and reset: every role lies within their reach."""
    is_self: bool


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """What the list is narrowed to."""

    words: str = ""
    role: Role | None = None
    area_id: int | None = None
    active: bool | None = None


def people_in_reach(session: Session, actor: Actor, wanted: PersonFilter, *, after: str = "", limit: int = PAGE) -> Page[PersonRow]:
    """A page of people by id, in four queries: those with a role in the actor's areas, and for a whole district those without any."""
    above = _district_path(session, actor)
    where: list[ColumnElement[bool]] = [User.district_id == actor.district_id, _reach(actor, above)]
    where += holding(wanted.words, User.name, User.login)
    if wanted.active is not None:
        where.append(User.active == wanted.active)
    if wanted.role is not None or wanted.area_id is not None:
        where.append(_holds(wanted))
    total = session.scalar(select(func.count()).select_from(User).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(User.id > key)
    found = session.execute(select(User.id, User.login, User.name, User.active).where(*where).order_by(User.id).limit(limit + 1)).all()
    grants = _grants(session, actor, above, [row.id for row in found])
    return page_of([PersonRow(*row, grants=grants.get(row.id, ())) for row in found], total=total, limit=limit)


def person_detail(session: Session, actor: Actor, user_id: int, *, idle_minutes: int, at: datetime) -> PersonDetail:
    """One person in four queries; NotFound for another district's or one outside the actor's reach."""
    above = _district_path(session, actor)
    found = session.execute(
        select(User, Department.name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.id == user_id, User.district_id == actor.district_id, _reach(actor, above))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个人，或者不在您负责的范围。")
    user, department = found
    grants = _grants(session, actor, above, [user.id]).get(user.id, ())
    devices = session.execute(
        select(LoginSession.id, LoginSession.created_at, LoginSession.seen_at)
        .where(
            LoginSession.user_id == user.id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > at,
            LoginSession.seen_at > at - timedelta(minutes=idle_minutes),
        )
        .order_by(LoginSession.seen_at.desc())
        .limit(DEVICES_SHOWN)
    )
    all_within = all(grant.revocable for grant in grants) if grants else actor.may(Permission.PEOPLE_MANAGE, area_path=above)
    return PersonDetail(
        row=PersonRow(id=user.id, login=user.login, name=user.name, active=user.active, grants=grants),
        version=user.version,
        department_id=user.department_id,
        department_name=department or "",
        created_at=user.created_at,
        locked_until=user.locked_until if user.locked_until is not None and user.locked_until > at else None,
        second_factor_since=user.totp_since,
        devices=tuple(Device(*row) for row in devices),
        manageable=all_within,
        is_self=user.id == actor.user_id,
    )


def _district_path(session: Session, actor: Actor) -> str:
    return session.scalars(select(Area.path).where(Area.id == actor.district_id)).one()


def _reach(actor: Actor, above: str) -> ColumnElement[bool]:
    if actor.may(Permission.PEOPLE_MANAGE, area_path=above):
        return User.id.is_not(None)
    mine = select(RoleGrant.id).join(Area, Area.id == RoleGrant.area_id).where(RoleGrant.user_id == User.id)
    return mine.where(within(actor, Permission.PEOPLE_MANAGE)).exists()


_GRANTED, _ROOT = aliased(Area), aliased(Area)


def _holds(wanted: PersonFilter) -> ColumnElement[bool]:
    """A role in or below the area, or one that reaches it from above."""
    query = select(RoleGrant.id).where(RoleGrant.user_id == User.id)
    if wanted.role is not None:
        query = query.where(RoleGrant.role == wanted.role)
    if wanted.area_id is not None:
        path: Any = select(_ROOT.path).where(_ROOT.id == wanted.area_id).scalar_subquery()
        query = query.join(_GRANTED, _GRANTED.id == RoleGrant.area_id).where(
            or_(func.starts_with(_GRANTED.path, path), func.starts_with(path, _GRANTED.path))
        )
    return query.exists()


def _grants(session: Session, actor: Actor, above: str, user_ids: Iterable[int]) -> dict[int, tuple[GrantRow, ...]]:
    found: dict[int, list[GrantRow]] = defaultdict(list)
    rows = session.execute(
        select(RoleGrant.user_id, RoleGrant.id, RoleGrant.role, Area.id, Area.name, Area.path)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(RoleGrant.user_id.in_(list(user_ids)))
        .order_by(RoleGrant.user_id, Area.path, RoleGrant.id)
    )
    for user_id, grant_id, role, area_id, name, path in rows:
        revocable = may_grant(actor, role, area_path=path, district_path=above)
        found[user_id].append(GrantRow(id=grant_id, role=role, area_id=area_id, area_name=name, revocable=revocable))
    return {user_id: tuple(grants) for user_id, grants in found.items()}
