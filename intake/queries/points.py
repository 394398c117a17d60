"""Points as the desk lists them, and everything about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import ROLE_NAMES, Permission, Role
from intake.domain.point import POINT_TABLE, PointAction, PointGuard, PointKind, PointState, is_guarded
from intake.domain.position import Position, position_of
from intake.models import Area, IntakePoint, PointListener, RoleGrant, Submission, User
from intake.queries.pages import PAGE, Page, holding, key_of, page_of, within
from intake.queries.point import LISTENING
from intake.queries.submission_part import own_message

RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class PointRow:
    """A line of the list."""

    id: int
    name: str
    code: str
    kind: PointKind
    state: PointState
    area_name: str
    parent_name: str
    """The street's name, empty where the point hangs on a street or the district."""
    helper_phone: str
    poster_version: int
    guard: PointGuard
    guarded_until: datetime | None

    def is_guarded(self, at: datetime) -> bool:
        """Whether senders prove their trouble just now."""
        return is_guarded(self.guard, self.guarded_until, at=at)


@dataclass(frozen=True, slots=True)
class PointDetail:
    """Everything on a point's page."""

    row: PointRow
    version: int
    area_id: int
    area_path: str
    scene: str
    closed_note: str
    helper_name: str
    helper_hours: str
    position: Position | None
    guarded_until: datetime | None
    """When the guard that began by itself ends; None where it didn't."""
    is_guarded: bool
    created_at: datetime
    received_recently: int
    """Submissions in RECENT_DAYS days."""
    rota: tuple[tuple[str, ...], ...]
    """Names by weekday, Monday first."""
    actions: tuple[PointAction, ...]
    manageable: bool
    """Whether the one who looks may change it."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who can listen at a point, and on which weekdays they do."""

    user_id: int
    name: str
    roles: tuple[str, ...]
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class PointFilter:
    """What a list is narrowed to; empty means everything within reach."""

    words: str = ""
    state: PointState | None = None
    kind: PointKind | None = None
    area_id: int | None = None


_parent = aliased(Area)
_COLUMNS: Any = (  # typed by PointRow, whose fields it follows
    IntakePoint.id,
    IntakePoint.name,
    IntakePoint.code,
    IntakePoint.kind,
    IntakePoint.state,
    Area.name,
    func.coalesce(_parent.name, ""),
    IntakePoint.helper_phone,
    IntakePoint.poster_version,
    IntakePoint.guard,
    IntakePoint.guarded_until,
)


_ROOT = aliased(Area)


def points_in_reach(session: Session, actor: Actor, wanted: PointFilter, *, after: str = "", limit: int = PAGE) -> Page[PointRow]:
    """A page of points by id, in two queries; words are looked for in name, code, phone and area."""
    where = [IntakePoint.district_id == actor.district_id, within(actor, Permission.PLACES_VIEW)]
    where += holding(wanted.words, IntakePoint.name, IntakePoint.code, IntakePoint.helper_phone, Area.name)
    if wanted.state is not None:
        where.append(IntakePoint.state == wanted.state)
    if wanted.kind is not None:
        where.append(IntakePoint.kind == wanted.kind)
    if wanted.area_id is not None:
        where.append(func.starts_with(Area.path, select(_ROOT.path).where(_ROOT.id == wanted.area_id).scalar_subquery()))
    total = session.scalar(select(func.count()).select_from(IntakePoint).join(Area, Area.id == IntakePoint.area_id).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(IntakePoint.id > key)
    rows = _rows(session, where, limit=limit + 1)
    return page_of([PointRow(*row) for row in rows], total=total, limit=limit)


def _rows(session: Session, where: Sequence[ColumnElement[bool]], *, limit: int) -> Sequence[Any]:
    return session.execute(
        select(*_COLUMNS)
        .join(Area, Area.id == IntakePoint.area_id)
        .outerjoin(_parent, (_parent.id == Area.parent_id) & (_parent.id != IntakePoint.district_id))
        .where(*where)
        .order_by(IntakePoint.id)
        .limit(limit)
    ).all()


def point_detail(session: Session, actor: Actor, point_id: int, *, at: datetime) -> PointDetail:
    """One point in three queries; NotFound for another district's, Forbidden outside the actor's areas."""
    found = session.execute(
        select(*_COLUMNS, IntakePoint, Area.path)
        .join(Area, Area.id == IntakePoint.area_id)
        .outerjoin(_parent, (_parent.id == Area.parent_id) & (_parent.id != IntakePoint.district_id))
        .where(IntakePoint.id == point_id, IntakePoint.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个直报点，或者不在您的区。")
    point, path = found[len(_COLUMNS) :]
    if not actor.may(Permission.PLACES_VIEW, area_path=path):
        raise Forbidden("这个直报点不在您负责的范围。")
    row = PointRow(*found[: len(_COLUMNS)])
    received = session.scalar(
        select(func.count()).where(
            Submission.point_id == point_id, own_message(), Submission.received_at > at - timedelta(days=RECENT_DAYS)
        )
    )
    duty: list[list[str]] = [[] for _ in range(7)]
    for day, name in session.execute(
        select(PointListener.weekday, User.name)
        .join(User, User.id == PointListener.user_id)
        .where(PointListener.point_id == point_id, User.active, _listens(path))
        .order_by(PointListener.weekday, User.id)
    ):
        duty[day].append(name)
    return PointDetail(
        row=row,
        version=point.version,
        area_id=point.area_id,
        area_path=path,
        scene=point.scene or "",
        closed_note=point.closed_note,
        helper_name=point.helper_name,
        helper_hours=point.helper_hours,
        position=position_of(point.latitude, point.longitude),
        guarded_until=point.guarded_until if point.guard is PointGuard.AUTO else None,
        is_guarded=is_guarded(point.guard, point.guarded_until, at=at),
        created_at=point.created_at,
        received_recently=received or 0,
        rota=tuple(tuple(names) for names in duty),
        actions=tuple(PointAction(action) for action in POINT_TABLE.allowed(row.state)),
        manageable=actor.may(Permission.POINTS_MANAGE, area_path=path),
    )


_SCOPE = aliased(Area)


def listeners_of(session: Session, point: PointDetail, *, district_id: int) -> tuple[Listener, ...]:
    """Everybody who can listen at the point, by name, in one query."""
    days = (
        select(func.array_agg(PointListener.weekday))
        .where(PointListener.point_id == point.row.id, PointListener.user_id == User.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(User.id, User.name, func.array_agg(RoleGrant.role.distinct()), days)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(_SCOPE, _SCOPE.id == RoleGrant.area_id)
        .where(User.active, User.district_id == district_id, RoleGrant.role.in_(LISTENING), func.starts_with(point.area_path, _SCOPE.path))
        .group_by(User.id, User.name)
        .order_by(User.name, User.id)
    )
    return tuple(
        Listener(user_id=user_id, name=name, roles=tuple(ROLE_NAMES[role] for role in Role if role in roles), days=frozenset(on or ()))
        for user_id, name, roles, on in rows
    )


def _listens(path: str) -> ColumnElement[bool]:
    """Whether the user still listens there."""
    return (
        select(RoleGrant.id)
        .join(_SCOPE, _SCOPE.id == RoleGrant.area_id)
        .where(
            RoleGrant.user_id == User.id,
            RoleGrant.role.in_(LISTENING),
            func.starts_with(path, _SCOPE.path),
        )
        .exists()
    )
