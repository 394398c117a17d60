"""Departments of a district."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.granting import reaches
from intake.domain.permission import Permission
from intake.models import Area, Department
from intake.queries.pages import PAGE, Page, holding, key_of, page_of


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department; `categories` are codes of the taxonomy."""

    id: int
    name: str
    duty: str
    phone: str
    categories: tuple[str, ...]
    is_backstop: bool
    active: bool
    version: int


def departments(session: Session, actor: Actor, *, words: str = "", after: str = "", limit: int = PAGE) -> Page[DepartmentRow]:
    """A page of the actor's district's departments by id, in two queries."""
    where = [Department.district_id == actor.district_id, *holding(words, Department.name, Department.duty, Department.phone)]
    total = session.scalar(select(func.count()).select_from(Department).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Department.id > key)
    rows = session.scalars(select(Department).where(*where).order_by(Department.id).limit(limit + 1))
    return page_of([_row(one) for one in rows], total=total, limit=limit)


def department(session: Session, actor: Actor, department_id: int) -> DepartmentRow:
    """One of the actor's district; NotFound otherwise."""
    found = session.scalars(
        select(Department).where(Department.id == department_id, Department.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个承办单位，或者不在您的区。")
    return _row(found)


def department_choices(session: Session, actor: Actor, *, kept: int | None = None) -> tuple[tuple[int, str], ...]:
    """(id, name) of the active ones, and of `kept`, which stays chosen though it may have been closed; for a select."""
    rows = session.execute(
        select(Department.id, Department.name)
        .where(Department.district_id == actor.district_id, or_(Department.active, Department.id == (kept or 0)))
        .order_by(Department.id)
    )
    return tuple((one.id, one.name) for one in rows)


def manages_district(session: Session, actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds `permission` for their whole district."""
    path = session.scalars(select(Area.path).where(Area.id == actor.district_id)).one()
    return reaches(actor, permission, area_path=path)


def _row(one: Department) -> DepartmentRow:
    return DepartmentRow(
        id=one.id,
        name=one.name,
        duty=one.duty,
        phone=one.phone,
        categories=tuple(one.categories),
        is_backstop=one.is_backstop,
        active=one.active,
        version=one.version,
    )
