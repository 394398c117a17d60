"""Who a referral may go to: the offices that assign, and the units that answer."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.referral import OFFICES, UnitKind
from intake.models import Department
from intake.queries.kept import DISTRICT_ID, written_out


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit as a select offers it."""

    id: int
    name: str
    answers_for_it: bool
    """Whether the category is among those it answers for."""
    is_backstop: bool


def answering_units(session: Session, actor: Actor, *, category: str | None) -> tuple[UnitChoice, ...]:
    """The district's active units that answer, in one query: those for `category` first, then the backstop, then the others by name."""
    rows = session.scalars(
        select(Department).where(Department.district_id == actor.district_id, Department.active, Department.kind == UnitKind.DEPARTMENT)
    )
    found = [UnitChoice(one.id, one.name, category is not None and category in one.categories, one.is_backstop) for one in rows]
    return tuple(sorted(found, key=lambda one: (not one.answers_for_it, not one.is_backstop, one.name)))


def assigning_offices(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    """(id, name) of the district's active offices, the first of which takes what nobody addressed."""
    return tuple((one.id, one.name) for one in session.execute(_OFFICES, {"district_id": actor.district_id}))


_OFFICES = written_out(
    select(Department.id, Department.name)
    .where(Department.district_id == DISTRICT_ID, Department.active, Department.kind.in_(OFFICES))
    .order_by(Department.kind == UnitKind.DUTY, Department.id)
)


def kind_of_unit(session: Session, unit_id: int) -> UnitKind | None:
    """What a unit does with a referral; None for no unit of ours."""
    return session.scalar(select(Department.kind).where(Department.id == unit_id))
