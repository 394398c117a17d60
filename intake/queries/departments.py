"""Departments of a district."""

from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.granting import reaches
from intake.domain.permission import Permission
from intake.domain.referral import OFFICES, OPEN_REFERRAL, HelperState, UnitKind
from intake.models import Area, Department, Referral, ReferralHelper, User
from intake.queries.pages import PAGE, Page, holding, key_of, page_of


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department; `categories` are codes of the taxonomy."""

    id: int
    name: str
    kind: UnitKind
    duty: str
    phone: str
    categories: tuple[str, ...]
    is_backstop: bool
    active: bool
    successor_name: str
    """Who took over when it was closed; empty otherwise."""
    version: int


def departments(session: Session, actor: Actor, *, words: str = "", after: str = "", limit: int = PAGE) -> Page[DepartmentRow]:
    """A page of the actor's district's departments by id, in two queries."""
    where = [Department.district_id == actor.district_id, *holding(words, Department.name, Department.duty, Department.phone)]
    total = session.scalar(select(func.count()).select_from(Department).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Department.id > key)
    rows = session.execute(_with_successor().where(*where).order_by(Department.id).limit(limit + 1))
    return page_of([_row(*row) for row in rows], total=total, limit=limit)


def department(session: Session, actor: Actor, department_id: int) -> DepartmentRow:
    """One of the actor's district; NotFound otherwise."""
    found = session.execute(
        _with_successor().where(Department.id == department_id, Department.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个承办单位，或者不在您的区。")
    return _row(*found)


def department_choices(
    session: Session, actor: Actor, *, kept: int | None = None
) -> tuple[tuple[UnitKind, tuple[tuple[int, str], ...]], ...]:
    """(id, name) of the active ones by kind, and of `kept`, which stays chosen though it may have been closed; for a select of groups."""
    rows = session.execute(
        select(Department.kind, Department.id, Department.name)
        .where(Department.district_id == actor.district_id, or_(Department.active, Department.id == (kept or 0)))
        .order_by(Department.id)
    ).all()
    groups = ((kind, tuple((row.id, row.name) for row in rows if row.kind is kind)) for kind in UnitKind)
    return tuple((kind, units) for kind, units in groups if units)


@dataclass(frozen=True, slots=True)
class Ending:
    """What closing a unit would move, and to whom it may go."""

    open_lead: int
    open_office: int
    open_help: int
    people: int
    """With an account that works."""
    successors: tuple[tuple[int, str], ...]
    """(id, name) of the active units of its kind; the backstop is the first."""

    @property
    def needs_successor(self) -> bool:
        """Whether anything is open."""
        return bool(self.open_lead or self.open_office or self.open_help)


def ending_of(session: Session, row: DepartmentRow) -> Ending:
    """Of one unit, in two queries."""
    is_open = Referral.state.in_(OPEN_REFERRAL)
    helping = select(func.count()).select_from(ReferralHelper).join(Referral, Referral.id == ReferralHelper.referral_id)
    counts = session.execute(
        select(
            select(func.count()).select_from(Referral).where(Referral.lead_id == row.id, is_open).scalar_subquery(),
            select(func.count()).select_from(Referral).where(Referral.office_id == row.id, is_open).scalar_subquery(),
            helping.where(ReferralHelper.department_id == row.id, ReferralHelper.state != HelperState.DONE, is_open).scalar_subquery(),
            select(func.count()).select_from(User).where(User.department_id == row.id, User.active).scalar_subquery(),
        )
    ).one()
    own = select(Department.district_id).where(Department.id == row.id).scalar_subquery()
    successors = session.execute(
        select(Department.id, Department.name)
        .where(
            Department.district_id == own,
            Department.id != row.id,
            Department.active,
            Department.kind.in_(OFFICES) if row.kind in OFFICES else Department.kind.not_in(OFFICES),
        )
        .order_by(Department.is_backstop.desc(), Department.id)
    )
    return Ending(*counts, successors=tuple((one.id, one.name) for one in successors))


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """The actor's unit, which was closed."""

    name: str
    successor_name: str
    """Empty where nothing was open."""


def ended_unit(session: Session, actor: Actor) -> EndedUnit | None:
    """What people of a closed unit are told on their first page; None for everybody else, without a query for whoever has no unit."""
    if actor.unit_id is None:
        return None
    found = session.execute(_with_successor().where(Department.id == actor.unit_id, ~Department.active)).one_or_none()
    return EndedUnit(found[0].name, found[1] or "") if found is not None else None


def manages_district(session: Session, actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds `permission` for their whole district."""
    path = session.scalars(select(Area.path).where(Area.id == actor.district_id)).one()
    return reaches(actor, permission, area_path=path)


_SUCCESSOR = aliased(Department)


def _with_successor() -> Select[Department, str | None]:
    return select(Department, _SUCCESSOR.name).outerjoin(_SUCCESSOR, _SUCCESSOR.id == Department.successor_id)


def _row(one: Department, successor: str | None) -> DepartmentRow:
    return DepartmentRow(
        id=one.id,
        name=one.name,
        kind=one.kind,
        duty=one.duty,
        phone=one.phone,
        categories=tuple(one.categories),
        is_backstop=one.is_backstop,
        active=one.active,
        successor_name=successor or "",
        version=one.version,
    )
