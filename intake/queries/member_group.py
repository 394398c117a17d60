"""委员组织: a member's groups, who can be chosen, the list of groups, and one with its members now and before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.granting import reaches
from intake.domain.member_group import GroupKind
from intake.domain.permission import Permission, Role
from intake.models import Area, GroupMembership, MemberGroup, RoleGrant, User
from intake.queries.area import district_path
from intake.queries.pages import PAGE, Page, holding, key_of, page_of
from intake.queries.point import LISTENING

FOUND_SHOWN = 30
"""People that one search by name offers."""
BEFORE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group somebody belongs to."""

    id: int
    kind: GroupKind
    name: str
    convenor_id: int | None


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A line of the list."""

    id: int
    kind: GroupKind
    name: str
    area_name: str
    """Empty where it is of no area, which means the district."""
    convenor_name: str
    members: int
    """Now; 0 of one that ended."""
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Belonging:
    """Somebody's time in a group."""

    id: int
    user_id: int
    name: str
    since: date
    until: date | None
    serves: bool
    """Whether they can sign in and are a member or convenor somewhere."""


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """Everything on a group's page."""

    id: int
    kind: GroupKind
    name: str
    area_id: int | None
    area_name: str
    convenor_id: int | None
    convenor_name: str
    convenor_lacks_role: bool
    """Of a liaison group: its convenor isn't 召集人 of its area, so nothing that waits too long reaches them."""
    categories: tuple[str, ...]
    """Codes of the taxonomy."""
    ended_at: datetime | None
    version: int
    members: tuple[Belonging, ...]
    """Now, by name."""
    before: tuple[Belonging, ...]
    """Who left, the latest first, at most BEFORE_SHOWN."""
    manageable: bool


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """What the list is narrowed to; ended groups stand apart."""

    words: str = ""
    kind: GroupKind | None = None
    area_id: int | None = None
    ended: bool = False


def groups_of(session: Session, user_id: int) -> tuple[GroupRow, ...]:
    """The groups a person belongs to now, by kind and name; one query."""
    rows = session.execute(
        select(MemberGroup.id, MemberGroup.kind, MemberGroup.name, MemberGroup.convenor_id)
        .join(GroupMembership, GroupMembership.group_id == MemberGroup.id)
        .where(GroupMembership.user_id == user_id, GroupMembership.until.is_(None), MemberGroup.ended_at.is_(None))
    )
    order = tuple(GroupKind)
    return tuple(sorted((GroupRow(*row) for row in rows), key=lambda one: (order.index(one.kind), one.name, one.id)))


def member_choices(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    """(id, name) of every member and convenor of the actor's district who can sign in, by name; namesakes with a place of theirs. One query."""
    place = select(func.min(Area.name)).join(RoleGrant, RoleGrant.area_id == Area.id).where(*_granted()).scalar_subquery()
    rows = session.execute(
        select(User.id, User.name, place).where(User.district_id == actor.district_id, serves()).order_by(User.name, User.id)
    ).all()
    same = Counter(row.name for row in rows)
    return tuple((user_id, f"{name}（{where}）" if same[name] > 1 else name) for user_id, name, where in rows)


def group_choices(session: Session, actor: Actor, *, kept: int | None = None) -> tuple[tuple[int, str], ...]:
    """(id, name) of the district's groups that haven't ended, and of `kept`, by name; for a select. One query."""
    rows = session.execute(
        select(MemberGroup.id, MemberGroup.name)
        .where(MemberGroup.district_id == actor.district_id, or_(MemberGroup.ended_at.is_(None), MemberGroup.id == (kept or 0)))
        .order_by(MemberGroup.name, MemberGroup.id)
    )
    return tuple((row.id, row.name) for row in rows)


def serves() -> ColumnElement[bool]:
    """People who can sign in and are a member or convenor somewhere."""
    return User.active & select(RoleGrant.id).where(*_granted()).exists()


def _granted() -> tuple[ColumnElement[bool], ...]:
    return RoleGrant.user_id == User.id, RoleGrant.role.in_(LISTENING)


_convenor = aliased(User)
_LINE: Any = (  # typed by GroupLine, whose fields it follows
    MemberGroup.id,
    MemberGroup.kind,
    MemberGroup.name,
    func.coalesce(Area.name, ""),
    func.coalesce(_convenor.name, ""),
    select(func.count())
    .select_from(GroupMembership)
    .where(GroupMembership.group_id == MemberGroup.id, GroupMembership.until.is_(None))
    .scalar_subquery(),
    MemberGroup.ended_at,
)


def groups_in(session: Session, actor: Actor, wanted: GroupFilter, *, after: str = "", limit: int = PAGE) -> Page[GroupLine]:
    """A page of the district's groups by id, in two queries; words are looked for in name, area, convenor and members."""
    where = _narrowed(actor, wanted)
    if wanted.kind is not None:
        where.append(MemberGroup.kind == wanted.kind)
    total = session.scalar(_joined(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(MemberGroup.id > key)
    rows = session.execute(_joined(select(*_LINE)).where(*where).order_by(MemberGroup.id).limit(limit + 1))
    return page_of([GroupLine(*row) for row in rows], total=total, limit=limit)


def groups_by_kind(session: Session, actor: Actor, wanted: GroupFilter) -> Mapping[GroupKind, int]:
    """How many the list would hold of each kind; one query."""
    counted = _joined(select(MemberGroup.kind, func.count())).where(*_narrowed(actor, wanted)).group_by(MemberGroup.kind)
    found = dict(session.execute(counted).all())
    return {kind: found.get(kind, 0) for kind in GroupKind}


def _joined(query: Any) -> Any:
    return (
        query.select_from(MemberGroup)
        .outerjoin(Area, Area.id == MemberGroup.area_id)
        .outerjoin(_convenor, _convenor.id == MemberGroup.convenor_id)
    )


_PERSON, _ROOT = aliased(User), aliased(Area)


def _narrowed(actor: Actor, wanted: GroupFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        MemberGroup.district_id == actor.district_id,
        MemberGroup.ended_at.is_not(None) if wanted.ended else MemberGroup.ended_at.is_(None),
    ]
    for word in wanted.words.split()[:5]:
        inside = (
            select(GroupMembership.id)
            .join(_PERSON, _PERSON.id == GroupMembership.user_id)
            .where(
                GroupMembership.group_id == MemberGroup.id, GroupMembership.until.is_(None), _PERSON.name.icontains(word, autoescape=True)
            )
        )
        where.append(or_(*holding(word, MemberGroup.name, Area.name, _convenor.name), inside.exists()))
    if wanted.area_id is not None:
        where.append(func.starts_with(Area.path, select(_ROOT.path).where(_ROOT.id == wanted.area_id).scalar_subquery()))
    return where


def group_detail(session: Session, actor: Actor, group_id: int) -> GroupDetail:
    """One group of the actor's district in four queries; NotFound otherwise."""
    found = session.execute(
        select(MemberGroup, Area.name, Area.path, _convenor.name)
        .outerjoin(Area, Area.id == MemberGroup.area_id)
        .outerjoin(_convenor, _convenor.id == MemberGroup.convenor_id)
        .where(MemberGroup.id == group_id, MemberGroup.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个组织，或者不在您的区。")
    group, area_name, area_path, convenor_name = found
    path = area_path or district_path(session, group.district_id)
    return GroupDetail(
        id=group.id,
        kind=group.kind,
        name=group.name,
        area_id=group.area_id,
        area_name=area_name or "",
        convenor_id=group.convenor_id,
        convenor_name=convenor_name or "",
        convenor_lacks_role=group.kind is GroupKind.LIAISON
        and group.convenor_id is not None
        and not _leads(session, group.convenor_id, path),
        categories=tuple(group.categories),
        ended_at=group.ended_at,
        version=group.version,
        members=_belonging(session, GroupMembership.group_id == group.id, GroupMembership.until.is_(None)),
        before=tuple(reversed(_belonging(session, GroupMembership.group_id == group.id, GroupMembership.until.is_not(None))))[
            :BEFORE_SHOWN
        ],
        manageable=reaches(actor, Permission.GROUPS_MANAGE, area_path=path),
    )


_SCOPE = aliased(Area)


def _leads(session: Session, user_id: int, path: str) -> bool:
    held = select(RoleGrant.id).join(_SCOPE, _SCOPE.id == RoleGrant.area_id)
    held = held.where(RoleGrant.user_id == user_id, RoleGrant.role == Role.CONVENOR, func.starts_with(path, _SCOPE.path))
    return session.scalar(held.limit(1)) is not None


def _belonging(session: Session, *where: ColumnElement[bool]) -> tuple[Belonging, ...]:
    rows = session.execute(
        select(GroupMembership.id, User.id, User.name, GroupMembership.since, GroupMembership.until, serves())
        .join(User, User.id == GroupMembership.user_id)
        .where(*where)
        .order_by(GroupMembership.until, User.name, GroupMembership.id)
    )
    return tuple(Belonging(*row) for row in rows)


def people_named(session: Session, actor: Actor, words: str, *, but: Sequence[int]) -> tuple[tuple[int, str, str], ...]:
    """(id, name, places) of members whose name holds one of the words, without `but`; at most FOUND_SHOWN, in one query."""
    names = words.replace("、", " ").replace("，", " ").replace(",", " ").split()[:FOUND_SHOWN]
    if not names:
        return ()
    places = select(func.string_agg(Area.name.distinct(), "、")).join(RoleGrant, RoleGrant.area_id == Area.id).where(*_granted())
    rows = session.execute(
        select(User.id, User.name, places.scalar_subquery())
        .where(
            User.district_id == actor.district_id,
            serves(),
            User.id.not_in(but),
            or_(*(User.name.icontains(name, autoescape=True) for name in names)),
        )
        .order_by(User.name, User.id)
        .limit(FOUND_SHOWN)
    )
    return tuple((user_id, name, where or "") for user_id, name, where in rows)
