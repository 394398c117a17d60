"""停用与并入: a unit that is closed leaves nothing behind; what is open goes to its successor in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.referral import AT_DEPARTMENT, OFFICES, OPEN_REFERRAL, EntryKind, HelperState, ReferralAction, UnitKind
from intake.models import Department, InstructionForward, Referral, ReferralEntry, ReferralHelper
from intake.services.department import found_department, has_open_referrals, held_district, note, open_at
from intake.services.referral_clock import set_due
from intake.services.referral_lock import Acting
from intake.services.referral_office import refuse_open_extension
from intake.services.transition import begin, move

MERGED = "merged"
"""Reason code in history and entries."""


def close_department(
    session: Session, *, actor: Actor, department_id: int, version: int, successor_id: int | None, workflow: Workflow, at: datetime
) -> Department:
    """Close the unit; a successor takes over what is open, and the categories. What was answered and delivered keeps the old name.

    Its people keep their accounts and are told on their first page. Raises InvalidInput (field `successor`): for the backstop, when something
    is open and nobody is named, or when the one named can't take over; Conflict when somebody was faster.
    """
    district_id = held_district(session, actor)
    # Referrals before units: whoever assigns holds the referral and then asks for a share of the unit.
    session.execute(open_at(department_id).with_for_update(of=Referral))
    unit = found_department(session, district_id, department_id, version=version)
    if not unit.active:
        raise Conflict("这个单位已经停用了。")
    if unit.is_backstop:
        raise InvalidInput("兜底的单位不能停用，请先让另一个单位兜底。", field="successor")
    successor = _successor(session, unit, successor_id)
    if successor is None and has_open_referrals(session, unit):
        raise InvalidInput("它还有没办完的事，请选由哪个单位接着办。", field="successor")
    unit.active, unit.successor_id = False, successor.id if successor is not None else None
    unit.version += 1
    moved = _hand_over(session, unit, successor, workflow=workflow, at=at) if successor is not None else 0
    note(session, actor, unit, "close", at=at, successor=unit.successor_id, moved=moved)
    session.flush()
    return unit


def living_unit(session: Session, unit_id: int) -> int:
    """Who has what lay with `unit_id`: itself while it is active, else who took over, else the backstop, of offices the district's first.

    For what is opened again long after; itself all the same where the district has no such unit.
    """
    seen = {unit_id}
    unit = session.get_one(Department, unit_id)
    while not unit.active and unit.successor_id is not None and unit.successor_id not in seen:
        seen.add(unit.successor_id)
        unit = session.get_one(Department, unit.successor_id)
    return unit.id if unit.active else _last_resort(session, unit) or unit_id


def _last_resort(session: Session, unit: Department) -> int | None:
    others = select(Department.id).where(Department.district_id == unit.district_id, Department.active)
    if unit.kind in OFFICES:
        return session.scalar(others.where(Department.kind == UnitKind.OFFICE).order_by(Department.id).limit(1))
    return session.scalar(others.where(Department.is_backstop).limit(1))


def _successor(session: Session, unit: Department, successor_id: int | None) -> Department | None:
    if successor_id is None:
        return None
    # Held as long as we are, so that it isn't closed meanwhile.
    found = session.get(Department, successor_id, populate_existing=True, with_for_update=True)
    if found is None or found.district_id != unit.district_id or not found.active or found.id == unit.id:
        raise InvalidInput("请选一个在用的单位接着办。", field="successor")
    if (found.kind in OFFICES) is not (unit.kind in OFFICES):
        raise InvalidInput("交办机关的事由交办机关接，承办单位的事由承办单位接，请另选一个。", field="successor")
    return found


def _hand_over(session: Session, unit: Department, successor: Department, *, workflow: Workflow, at: datetime) -> int:
    """Everything open and the categories; how many referrals changed hands."""
    leads = _open(session, Referral.lead_id == unit.id)
    for referral in leads:
        _hand_over_lead(session, referral, unit, successor, workflow=workflow, at=at)
    offices = _open(session, Referral.office_id == unit.id)
    for referral in offices:
        referral.office_id = successor.id
        referral.version += 1
        _write(session, referral, unit, successor, "交办", at=at)
    session.flush()
    helped = _hand_over_help(session, unit, successor, at=at)
    session.execute(
        update(InstructionForward)
        .where(InstructionForward.department_id == unit.id, InstructionForward.reported_at.is_(None))
        .values(department_id=successor.id)
    )
    if not successor.is_backstop:
        successor.categories = [*successor.categories, *(code for code in unit.categories if code not in successor.categories)]
    successor.version += 1
    return len(leads) + len(offices) + helped


def _open(session: Session, where: object) -> Sequence[Referral]:
    return session.scalars(
        select(Referral)
        .where(where, Referral.state.in_(OPEN_REFERRAL))  # type: ignore[arg-type]  # a comparison of columns
        .order_by(Referral.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _hand_over_lead(
    session: Session, referral: Referral, unit: Department, successor: Department, *, workflow: Workflow, at: datetime
) -> None:
    """The successor signs anew; the day that was told to the resident stays. What is answered only changes its lead."""
    acting = Acting(actor=MACHINE, referral_id=referral.id, version=referral.version, at=at, workflow=workflow)
    referral.lead_id, referral.officer_id = successor.id, None
    if referral.state in AT_DEPARTMENT:
        refuse_open_extension(session, acting, referral)
        move(session, referral, ReferralAction.REASSIGN, actor=MACHINE, at=at, reason_code=MERGED)
        set_due(referral, workflow=workflow, at=at)
        _write(session, referral, unit, successor, "承办", at=at, for_resident=True)
    else:
        referral.version += 1
        _write(session, referral, unit, successor, "承办", at=at)


def _hand_over_help(session: Session, unit: Department, successor: Department, *, at: datetime) -> int:
    """Help that was asked for and not given yet is asked of the successor, unless it leads or helps already."""
    open_help = session.execute(
        select(ReferralHelper, Referral)
        .join(Referral, Referral.id == ReferralHelper.referral_id)
        .where(
            ReferralHelper.department_id == unit.id, ReferralHelper.state != HelperState.DONE, Referral.state.in_(OPEN_REFERRAL)
        )
        .order_by(Referral.id)
        .with_for_update()
    ).all()  # fmt: skip
    taking_part = {
        *session.scalars(select(ReferralHelper.referral_id).where(ReferralHelper.department_id == successor.id)),
        *(referral.id for _, referral in open_help if referral.lead_id == successor.id),
    }
    for helper, referral in open_help:
        session.delete(helper)
        if referral.id not in taking_part:
            newcomer = ReferralHelper(
                district_id=referral.district_id, referral_id=referral.id, department_id=successor.id, created_at=at
            )  # fmt: skip
            begin(session, newcomer, actor=MACHINE, at=at)
        referral.version += 1
        _write(session, referral, unit, successor, "协办", at=at)
    # Whoever leads from now on doesn't help itself.
    session.flush()
    led = select(Referral.id).where(Referral.lead_id == successor.id, Referral.state.in_(OPEN_REFERRAL))
    session.execute(
        delete(ReferralHelper).where(
            ReferralHelper.department_id == successor.id, ReferralHelper.state != HelperState.DONE, ReferralHelper.referral_id.in_(led)
        )
    )
    return len(open_help)


def _write(
    session: Session, referral: Referral, unit: Department, successor: Department, label: str, *, at: datetime, for_resident: bool = False
) -> None:
    session.add(
        ReferralEntry(
            district_id=referral.district_id,
            referral_id=referral.id,
            kind=EntryKind.REASSIGNMENT,
            reason_code=MERGED,
            words=f"“{unit.name}”已停用，由“{successor.name}”接着{label}。",
            for_resident=for_resident,
            department_id=unit.id,
            other_department_id=successor.id,
            at=at,
        )
    )
