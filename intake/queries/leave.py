"""Who is away, who stands in, and what somebody has chosen for themselves."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.permission import Role
from intake.domain.working_days import SHANGHAI
from intake.models import Department, RoleGrant, User

_UNIT_ROLES = (Role.DEPARTMENT, Role.OFFICE)


@dataclass(frozen=True, slots=True)
class Leave:
    """Whether somebody of a unit is away."""

    last_day: date | None
    """In Shanghai; None while they are there."""
    stand_in_id: int | None
    stand_in_name: str
    colleagues: tuple[tuple[int, str], ...]
    """(id, name) of those of the unit who are there and could stand in."""


@dataclass(frozen=True, slots=True)
class OwnReminders:
    """What somebody has chosen for themselves."""

    version: int
    wants_digest: bool
    unit_name: str
    """Empty for whoever works in no unit."""
    leave: Leave


def acting_for(session: Session, actor: Actor, *, at: datetime) -> tuple[int, ...]:
    """Ids of the people whose referrals the actor has: their own, and those of colleagues who are away and named them; one query."""
    away = session.scalars(
        select(User.id)
        .where(
            User.department_id == actor.unit_id,
            User.stand_in_id == actor.user_id,
            User.away_until > at,
            User.district_id == actor.district_id,
        )
        .order_by(User.id)
    )
    return (actor.user_id or 0, *away)


def own_reminders(session: Session, actor: Actor, *, at: datetime) -> OwnReminders:
    """The actor's own, in two queries."""
    version, wants, unit = session.execute(
        select(User.version, User.wants_digest, Department.name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.id == actor.user_id)
    ).one()
    return OwnReminders(version=version, wants_digest=wants, unit_name=unit or "", leave=leave_of(session, actor.user_id or 0, at=at))


_ONE, _COLLEAGUE = aliased(User), aliased(User)


def leave_of(session: Session, user_id: int, *, at: datetime) -> Leave:
    """Of anybody, in one query."""
    works = select(RoleGrant.id).where(RoleGrant.user_id == _COLLEAGUE.id, RoleGrant.role.in_(_UNIT_ROLES)).exists()
    rows = session.execute(
        select(_ONE.away_until, _ONE.stand_in_id, _COLLEAGUE.id, _COLLEAGUE.name, _COLLEAGUE.away_until)
        .outerjoin(_COLLEAGUE, (_COLLEAGUE.department_id == _ONE.department_id) & (_COLLEAGUE.id != _ONE.id) & _COLLEAGUE.active & works)
        .where(_ONE.id == user_id)
        .order_by(_COLLEAGUE.id)
    ).all()
    away_until, stand_in_id = rows[0][:2]
    until = away_until if away_until is not None and away_until > at else None
    colleagues = [(row[2], row[3], row[4]) for row in rows if row[2] is not None]
    return Leave(
        last_day=until.astimezone(SHANGHAI).date() - timedelta(days=1) if until is not None else None,
        stand_in_id=stand_in_id if until is not None else None,
        stand_in_name=next((name for found, name, _ in colleagues if until is not None and found == stand_in_id), ""),
        colleagues=tuple((found, name) for found, name, theirs in colleagues if theirs is None or theirs <= at),
    )
