"""The tree of areas with what hangs and who works there, and one area."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import ROLE_NAMES, Permission, Role
from intake.domain.point import BELOW, AreaKind, PointState
from intake.models import Area, IntakePoint, RoleGrant, User
from intake.queries.pages import within

PEOPLE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class AreaRow:
    """A node of the tree; the counts are of its whole subtree, points in use and people with a role there."""

    id: int
    parent_id: int | None
    name: str
    kind: AreaKind
    depth: int
    points: int
    people: int


@dataclass(frozen=True, slots=True)
class AreaDetail:
    """Everything on an area's page."""

    id: int
    name: str
    kind: AreaKind
    path: str
    version: int
    parent_id: int | None
    parent_name: str
    children: tuple[AreaRow, ...]
    points: int
    residents: int | None
    """How many people live here, where somebody wrote it down."""
    people: tuple[tuple[int, str, str, str], ...]
    """(user id, name, role, the granted area's name) of those whose grant reaches the area, at most PEOPLE_SHOWN."""
    may_add: tuple[AreaKind, ...]
    manageable: bool


def area_tree(session: Session, actor: Actor) -> tuple[AreaRow, ...]:
    """Every area within reach, parents before children, siblings by age; three queries."""
    areas = session.execute(
        select(Area.id, Area.parent_id, Area.name, Area.kind, Area.path)
        .where(Area.district_id == actor.district_id, within(actor, Permission.PLACES_VIEW))
        .order_by(Area.id)
    ).all()
    points = _points_by_path(session, actor.district_id)
    people = _people_by_path(session, actor.district_id)
    shown = {area.id for area in areas}
    below = defaultdict(list)
    for area in areas:
        below[area.parent_id if area.parent_id in shown else None].append(area)
    rows: list[AreaRow] = []
    waiting = [(area, 0) for area in reversed(below[None])]
    while waiting:
        area, depth = waiting.pop()
        rows.append(
            AreaRow(
                id=area.id,
                parent_id=area.parent_id if area.parent_id in shown else None,
                name=area.name,
                kind=area.kind,
                depth=depth,
                points=points.get(area.path, 0),
                people=len(people.get(area.path, ())),
            )
        )
        waiting += [(child, depth + 1) for child in reversed(below[area.id])]
    return tuple(rows)


def area_choices(session: Session, actor: Actor, permission: Permission) -> tuple[tuple[int, str], ...]:
    """(id, indented name) of every area in which the actor holds `permission`, in the tree's order; for a select."""
    areas = session.execute(
        select(Area.id, Area.parent_id, Area.name).where(Area.district_id == actor.district_id, within(actor, permission)).order_by(Area.id)
    ).all()
    shown = {area.id for area in areas}
    below = defaultdict(list)
    for area in areas:
        below[area.parent_id if area.parent_id in shown else None].append(area)
    choices: list[tuple[int, str]] = []
    waiting = [(area, 0) for area in reversed(below[None])]
    while waiting:
        area, depth = waiting.pop()
        choices.append((area.id, "\u3000" * depth + area.name))
        waiting += [(child, depth + 1) for child in reversed(below[area.id])]
    return tuple(choices)


def district_path(session: Session, district_id: int) -> str:
    """The path of a district; every one of its areas begins with it."""
    return session.scalars(select(Area.path).where(Area.id == district_id)).one()


_PARENT = aliased(Area)


def area_detail(session: Session, actor: Actor, area_id: int) -> AreaDetail:
    """One area; NotFound for another district's, Forbidden outside the actor's areas."""
    found = session.execute(
        select(Area, _PARENT.id, _PARENT.name)
        .outerjoin(_PARENT, (_PARENT.id == Area.parent_id) & _PARENT.district_id.is_not(None))
        .where(Area.id == area_id, Area.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个区域，或者不在您的区。")
    area, parent_id, parent_name = found
    if not actor.may(Permission.PLACES_VIEW, area_path=area.path):
        raise Forbidden("这个区域不在您负责的范围。")
    tree = area_tree(session, actor)
    own = next(row for row in tree if row.id == area.id)
    manageable = actor.may(Permission.POINTS_MANAGE, area_path=area.path)
    return AreaDetail(
        id=area.id,
        name=area.name,
        kind=area.kind,
        path=area.path,
        version=area.version,
        parent_id=parent_id,
        parent_name=parent_name or "",
        children=tuple(row for row in tree if row.parent_id == area.id),
        points=own.points,
        residents=area.residents,
        people=_people_at(session, area),
        may_add=BELOW[area.kind] if manageable else (),
        manageable=manageable,
    )


_SCOPE = aliased(Area)


def _people_at(session: Session, area: Area) -> tuple[tuple[int, str, str, str], ...]:
    rows = session.execute(
        select(User.id, User.name, RoleGrant.role, _SCOPE.name)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(_SCOPE, _SCOPE.id == RoleGrant.area_id)
        .where(User.active, User.district_id == area.district_id, func.starts_with(area.path, _SCOPE.path))
        .order_by(func.length(_SCOPE.path).desc(), RoleGrant.role, User.name, User.id)
        .limit(PEOPLE_SHOWN)
    )
    return tuple((user_id, name, ROLE_NAMES[Role(role)], where) for user_id, name, role, where in rows)


def _points_by_path(session: Session, district_id: int | None) -> Mapping[str, int]:
    counts: dict[str, int] = defaultdict(int)
    rows = session.execute(
        select(Area.path, func.count())
        .join(IntakePoint, IntakePoint.area_id == Area.id)
        .where(IntakePoint.district_id == district_id, IntakePoint.state != PointState.RETIRED)
        .group_by(Area.path)
    )
    for path, count in rows:
        for above in upwards(path):
            counts[above] += count
    return counts


def _people_by_path(session: Session, district_id: int | None) -> Mapping[str, set[int]]:
    people: dict[str, set[int]] = defaultdict(set)
    rows = session.execute(
        select(Area.path, RoleGrant.user_id)
        .join(RoleGrant, RoleGrant.area_id == Area.id)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.district_id == district_id, User.active)
    )
    for path, user_id in rows:
        for above in upwards(path):
            people[above].add(user_id)
    return people


def upwards(path: str) -> list[str]:
    """`/1/4/12/` → itself, `/1/4/`, `/1/`."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) + "/" for count in range(len(parts), 0, -1)]
