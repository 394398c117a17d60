"""承办单位与交办机关: who answers for what, who assigns, and which one takes what fits none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.referral import OFFICES, OPEN_REFERRAL, HelperState, UnitKind
from intake.domain.text import clean, clean_line
from intake.models import Area, Department, Referral, ReferralHelper, RoleGrant, User
from intake.services.audit import record
from intake.services.person import UNIT_ROLES

NAME_MAX, DUTY_MAX, PHONE_MAX = 40, 300, 40


@dataclass(frozen=True, slots=True)
class DepartmentFacts:
    """What stands in its form; `categories` are codes of the taxonomy."""

    name: str
    kind: UnitKind
    duty: str
    phone: str
    categories: tuple[str, ...]
    is_backstop: bool


def create_department(session: Session, *, actor: Actor, facts: DepartmentFacts, taxonomy: Taxonomy, at: datetime) -> Department:
    """A new one; the district's first that answers is the backstop whatever the form says, since there is always exactly one."""
    district_id = held_district(session, actor)
    facts = _checked(session, district_id, facts, taxonomy, but=None)
    others = _backstops(session, district_id)
    department = Department(
        district_id=district_id,
        name=facts.name,
        kind=facts.kind,
        duty=facts.duty,
        phone=facts.phone,
        categories=list(facts.categories),
        is_backstop=facts.is_backstop or (facts.kind is UnitKind.DEPARTMENT and not others),
        active=True,
        version=1,
        created_at=at,
    )
    session.add(department)
    if facts.is_backstop:
        _step_down(session, actor, others, at=at)
    session.flush()
    note(session, actor, department, "create", at=at)
    return department


def change_department(
    session: Session, *, actor: Actor, department_id: int, version: int, facts: DepartmentFacts, taxonomy: Taxonomy, at: datetime
) -> Department:
    """Raises Conflict when somebody was faster, InvalidInput (field `kind`) while people or open referrals hold its kind, and (field
    `is_backstop`) when the backstop would be left without one.
    """
    district_id = held_district(session, actor)
    department = found_department(session, district_id, department_id, version=version)
    facts = _checked(session, district_id, facts, taxonomy, but=department.id)
    if facts.kind is not department.kind:
        _check_kind_is_free(session, department, facts.kind)
    if department.is_backstop and not facts.is_backstop:
        raise InvalidInput("总要有一个单位兜底。请到另一个单位那里勾选，这里会自动取消。", field="is_backstop")
    if facts.is_backstop and not department.active:
        raise InvalidInput("停用的单位不能兜底，请先恢复它。", field="is_backstop")
    if facts.is_backstop:
        _step_down(session, actor, [one for one in _backstops(session, district_id) if one.id != department.id], at=at)
    department.name, department.kind, department.duty, department.phone = facts.name, facts.kind, facts.duty, facts.phone
    department.categories = list(facts.categories)
    department.is_backstop = facts.is_backstop
    department.version += 1
    note(session, actor, department, "change", at=at)
    session.flush()
    return department


def reopen_department(session: Session, *, actor: Actor, department_id: int, version: int, at: datetime) -> Department:
    """A closed unit takes part again; what went to its successor stays there."""
    district_id = held_district(session, actor)
    department = found_department(session, district_id, department_id, version=version)
    if department.active:
        raise Conflict("这个单位没有停用。")
    department.active, department.successor_id = True, None
    department.version += 1
    note(session, actor, department, "reopen", at=at)
    session.flush()
    return department


def found_department(session: Session, district_id: int, department_id: int, *, version: int) -> Department:
    """The district's unit, held against whoever would give it something meanwhile; NotFound, or Conflict when somebody was faster."""
    # The full lock: a referral that names the unit takes a key share of it and waits.
    department = session.get(Department, department_id, populate_existing=True, with_for_update=True)
    if department is None or department.district_id != district_id:
        raise NotFound("没有这个承办单位，或者不在您的区。")
    if department.version != version:
        raise Conflict("这个承办单位刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    return department


def has_open_referrals(session: Session, department: Department) -> bool:
    """Whether an open referral names the unit, as lead, office or helper."""
    return session.scalar(open_at(department.id).limit(1)) is not None


def open_at(department_id: int) -> Select[int]:
    """Ids of the open referrals that name the unit, as lead, as office, or as a helper that hasn't reported."""
    helps = select(ReferralHelper.referral_id).where(
        ReferralHelper.department_id == department_id, ReferralHelper.state != HelperState.DONE
    )
    named = or_(Referral.lead_id == department_id, Referral.office_id == department_id, Referral.id.in_(helps))
    return select(Referral.id).where(named, Referral.state.in_(OPEN_REFERRAL)).order_by(Referral.id)


def note(session: Session, actor: Actor, department: Department, what: str, *, at: datetime, **detail: int | None) -> None:
    """Its line in the audit."""
    record(
        session,
        actor=actor,
        district_id=department.district_id,
        action=f"department.{what}",
        noun="department",
        entity_id=department.id,
        at=at,
        **detail,
    )


def _check_kind_is_free(session: Session, department: Department, kind: UnitKind) -> None:
    if (department.kind in OFFICES) is (kind in OFFICES):
        return
    works = select(RoleGrant.id).where(RoleGrant.user_id == User.id, RoleGrant.role.in_(UNIT_ROLES)).exists()
    if session.scalar(select(User.id).where(User.department_id == department.id, works).limit(1)) is not None:
        raise InvalidInput("这个单位还有人，他们的角色按原来的性质给的。请先改他们的单位或角色。", field="kind")
    if has_open_referrals(session, department):
        raise InvalidInput("这个单位还有没办完的事，办完或改派以后才能改性质。", field="kind")


def held_district(session: Session, actor: Actor) -> int:
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
    if facts.is_backstop and facts.kind is not UnitKind.DEPARTMENT:
        raise InvalidInput("兜底的要是承办单位，交办机关不办理。", field="is_backstop")
    chosen = tuple(category.code for category in taxonomy.categories if category.code in set(facts.categories))
    return DepartmentFacts(name=name, kind=facts.kind, duty=duty, phone=phone, categories=chosen, is_backstop=facts.is_backstop)


def _backstops(session: Session, district_id: int) -> Sequence[Department]:
    return session.scalars(select(Department).where(Department.district_id == district_id, Department.is_backstop)).all()


def _step_down(session: Session, actor: Actor, before: Sequence[Department], *, at: datetime) -> None:
    for one in before:
        one.is_backstop = False
        one.version += 1
        note(session, actor, one, "change", at=at)
