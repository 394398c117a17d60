"""Which point is behind a code, and who listens there."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.permission import Role
from intake.domain.point import PointGuard, PointKind, PointState
from intake.models import Area, IntakePoint, PointCode, PointListener, RoleGrant, User, WeChatAccount, WeChatScene

LISTENING = (Role.MEMBER, Role.CONVENOR)
"""Roles that listen at a point."""


@dataclass(frozen=True, slots=True)
class PointView:
    """What the form, the greeting and the poster need."""

    id: int
    district_id: int
    area_id: int
    area_path: str
    code: str
    scene: str | None
    kind: PointKind
    state: PointState
    name: str
    closed_note: str
    district_name: str
    parent_name: str
    helper_name: str
    helper_phone: str
    helper_hours: str
    poster_version: int
    latitude: float | None
    """GCJ-02; None where nobody wrote it down."""
    longitude: float | None
    guard: PointGuard
    guarded_until: datetime | None


@cache
def _select() -> Any:
    """The statement, built once: building it costs three times as much as running it."""
    parent, district = aliased(Area), aliased(Area)
    return (
        select(
            IntakePoint.id,
            IntakePoint.district_id,
            IntakePoint.area_id,
            Area.path,
            IntakePoint.code,
            IntakePoint.scene,
            IntakePoint.kind,
            IntakePoint.state,
            IntakePoint.name,
            IntakePoint.closed_note,
            district.name,
            func.coalesce(parent.name, ""),
            IntakePoint.helper_name,
            IntakePoint.helper_phone,
            IntakePoint.helper_hours,
            IntakePoint.poster_version,
            IntakePoint.latitude,
            IntakePoint.longitude,
            IntakePoint.guard,
            IntakePoint.guarded_until,
        )
        .join(Area, Area.id == IntakePoint.area_id)
        .join(district, district.id == IntakePoint.district_id)
        .outerjoin(parent, (parent.id == Area.parent_id) & (parent.id != district.id))
    )


@cache
def _select_by(column: str) -> Any:
    return _select().where(getattr(IntakePoint, column) == bindparam("value"))


def _one(session: Session, column: str, value: str | int) -> PointView | None:
    row = session.execute(_select_by(column), {"value": value}).one_or_none()
    return PointView(*row) if row else None


def point_by_code(session: Session, code: str) -> PointView | None:
    """The point with this public code."""
    return _one(session, "code", code)


def point_by_id(session: Session, point_id: int) -> PointView | None:
    """The point with this id."""
    return _one(session, "id", point_id)


@cache
def _select_by_scene() -> Any:
    made = (
        select(WeChatScene.point_id)
        .join(WeChatAccount, WeChatAccount.id == WeChatScene.account_id)
        .where(WeChatAccount.original_id == bindparam("account"), WeChatScene.scene == bindparam("value"))
        .scalar_subquery()
    )
    written = aliased(IntakePoint)
    noted = select(written.id).where(written.scene == bindparam("value")).scalar_subquery()
    return _select().where(IntakePoint.id == func.coalesce(made, noted))


def point_by_scene(session: Session, scene: str, *, account: str = "") -> PointView | None:
    """The point with this WeChat scene code: one that was made for the account (its original id), else one written down at the point."""
    row = session.execute(_select_by_scene(), {"value": scene, "account": account}).one_or_none()
    return PointView(*row) if row else None


@cache
def _listeners() -> Any:
    scope = aliased(Area)
    return (
        select(func.count(User.id.distinct()))
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(scope, scope.id == RoleGrant.area_id)
        .where(
            User.active,
            User.district_id == bindparam("district_id"),
            RoleGrant.role.in_(LISTENING),
            func.starts_with(bindparam("path", type_=Text), scope.path),
        )
    )


def listeners_at(session: Session, point: PointView) -> int:
    """How many active members and convenors have areas that hold this point."""
    return session.scalar(_listeners(), {"district_id": point.district_id, "path": point.area_path}) or 0


@cache
def _on_duty() -> Any:
    scope = aliased(Area)
    listens = (
        select(RoleGrant.id)
        .join(scope, scope.id == RoleGrant.area_id)
        .where(
            RoleGrant.user_id == User.id,
            RoleGrant.role.in_(LISTENING),
            func.starts_with(bindparam("path", type_=Text), scope.path),
        )
    )
    return (
        select(User.name)
        .join(PointListener, PointListener.user_id == User.id)
        .where(
            PointListener.point_id == bindparam("point_id"),
            PointListener.weekday == bindparam("weekday"),
            User.active,
            listens.exists(),
        )
        .order_by(User.id)
    )


def on_duty_at(session: Session, point: PointView, day: date) -> tuple[str, ...]:
    """Names of those who listen at the point on `day` (a date in Shanghai); who has left or changed areas isn't named."""
    return tuple(session.scalars(_on_duty(), {"path": point.area_path, "point_id": point.id, "weekday": day.weekday()}))


_SCOPE = aliased(Area)


def listener_ids(session: Session, *, district_id: int, path: str) -> set[int]:
    """Ids of the active members and convenors whose areas hold `path`."""
    return set(
        session.scalars(
            select(User.id)
            .join(RoleGrant, RoleGrant.user_id == User.id)
            .join(_SCOPE, _SCOPE.id == RoleGrant.area_id)
            .where(User.active, User.district_id == district_id, RoleGrant.role.in_(LISTENING), func.starts_with(path, _SCOPE.path))
        )
    )


def successor_of(session: Session, code: str) -> PointView | None:
    """The point that once had this code, now behind another; asked only when no point has it."""
    point_id = session.scalar(select(PointCode.point_id).where(PointCode.code == code))
    return point_by_id(session, point_id) if point_id is not None else None


def points_under(session: Session, area: str) -> list[PointView]:
    """Every point in the subtree of the area called `area` (a name, or an id), in the tree's order; for posters."""
    root = select(Area.path).where(Area.name == area if not area.isdecimal() else Area.id == int(area))
    paths = list(session.scalars(root))
    rows = [
        row
        for path in paths
        for row in session.execute(_select().where(Area.path.startswith(path, autoescape=True)).order_by(Area.path, IntakePoint.id))
    ]
    return [PointView(*row) for row in rows]
