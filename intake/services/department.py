"""承办单位: who answers for what, and which one takes what fits none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.text import clean, clean_line
from intake.models import Area, Department
from intake.services.audit import record

NAME_MAX, DUTY_MAX, PHONE_MAX = 40, 300, 40


@dataclass(frozen=True, slots=True)
class DepartmentFacts:
    """What stands in its form; `categories` are codes of the taxonomy."""

    name: str
    duty: str
    phone: str
    categories: tuple[str, ...]
    is_backstop: bool
    active: bool


def create_department(session: Session, *, actor: Actor, facts: DepartmentFacts, taxonomy: Taxonomy, at: datetime) -> Department:
    """A new one; the district's first is the backstop whatever the form says, since there is always exactly one."""
    district_id = _held_district(session, actor)
    facts = _checked(session, district_id, facts, taxonomy, but=None)
    others = _backstops(session, district_id)
    department = Department(
        district_id=district_id,
        name=facts.name,
        duty=facts.duty,
        phone=facts.phone,
        categories=list(facts.categories),
        is_backstop=facts.is_backstop or not others,
        active=True,
        version=1,
        created_at=at,
    )
    session.add(department)
    if facts.is_backstop:
        _step_down(session, actor, others, at=at)
    session.flush()
    record(session, actor=actor, district_id=district_id, action="department.create", noun="department", entity_id=department.id, at=at)
    return department


def change_department(
    session: Session, *, actor: Actor, department_id: int, version: int, facts: DepartmentFacts, taxonomy: Taxonomy, at: datetime
) -> Department:
    """Raises Conflict when somebody was faster, InvalidInput when the backstop would be left without one."""
    district_id = _held_district(session, actor)
    department = session.get(Department, department_id, populate_existing=True)
    if department is None or department.district_id != district_id:
        raise NotFound("没有这个承办单位，或者不在您的区。")
    if department.version != version:
        raise Conflict("这个承办单位刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    facts = _checked(session, district_id, facts, taxonomy, but=department.id)
    if department.is_backstop and not facts.is_backstop:
        raise InvalidInput("总要有一个单位兜底。请到另一个单位那里勾选，这里会自动取消。", field="is_backstop")
    if facts.is_backstop and not facts.active:
        raise InvalidInput("兜底的单位不能停用，请先让另一个单位兜底。", field="active")
    if facts.is_backstop:
        _step_down(session, actor, [one for one in _backstops(session, district_id) if one.id != department.id], at=at)
    department.name, department.duty, department.phone = facts.name, facts.duty, facts.phone
    department.categories = list(facts.categories)
    department.is_backstop, department.active = facts.is_backstop, facts.active
    department.version += 1
    record(session, actor=actor, district_id=district_id, action="department.change", noun="department", entity_id=department.id, at=at)
    session.flush()
    return department


def _held_district(session: Session, actor: Actor) -> int:
    """The actor's district, held so that one at a time changes its departments; Forbidden unless they manage all of it."""
    area = session.scalars(select(Area).where(Area.id == actor.district_id).with_for_update(key_share=True)).one()
    require(actor, Permission.PEOPLE_MANAGE, area_path=area.path)
    return area.id


def _checked(session: Session, district_id: int, facts: DepartmentFacts, taxonomy: Taxonomy, *, but: int | None) -> DepartmentFacts:
    name = clean_line(facts.name, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写单位名称。", field="name")
    same = select(Department.id).where(Department.district_id == district_id, Department.name == name, Department.id != (but or 0))
    if session.scalar(same) is not None:
        raise InvalidInput(f"已经有“{name}”了。", field="name")
    duty = clean(facts.duty).text
    if len(duty) > DUTY_MAX:
        raise InvalidInput(f"最多 {DUTY_MAX} 个字，请写短一点。", field="duty")
    known = {category.code for category in taxonomy.categories}
    if not set(facts.categories) <= known:
        raise InvalidInput("选中的类别里有系统不认识的，请刷新后再选。", field="categories")
    phone = clean_line(facts.phone, limit=PHONE_MAX, field="phone")
    chosen = tuple(category.code for category in taxonomy.categories if category.code in set(facts.categories))
    return DepartmentFacts(name=name, duty=duty, phone=phone, categories=chosen, is_backstop=facts.is_backstop, active=facts.active)


def _backstops(session: Session, district_id: int) -> Sequence[Department]:
    return session.scalars(select(Department).where(Department.district_id == district_id, Department.is_backstop)).all()


def _step_down(session: Session, actor: Actor, before: Sequence[Department], *, at: datetime) -> None:
    for one in before:
        one.is_backstop = False
        one.version += 1
        record(session, actor=actor, district_id=one.district_id, action="department.change", noun="department", entity_id=one.id, at=at)
