"""Who has a submission, and for how long: whoever listens at the point today, else a member by the group's turn, then convenor, then staff
(domain.md, Owner and clock).
"""

from datetime import datetime

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor
from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import OPEN_FOR_DECISION
from intake.domain.working_days import HolidayTable, add_working_days
from intake.models import Area, PointListener, RoleGrant, Submission, User
from intake.services.audit import record


def start_clock(session: Session, submission: Submission, *, workflow: Workflow, at: datetime) -> None:
    """Give it to the member whose turn it is, else the convenor, else staff, and start the clock."""
    _give(session, submission, (Role.MEMBER, Role.CONVENOR, Role.STAFF), workflow=workflow, at=at)


def give_to(submission: Submission, *, actor: Actor, area_path: str, workflow: Workflow, at: datetime) -> None:
    """Back to the person who just took a decision back, as what they are there; nobody's turn is used up."""
    roles = {grant.role for grant in actor.grants if area_path.startswith(grant.area_path)}
    submission.owner_id = actor.user_id
    submission.owner_role = next((role for role in (Role.MEMBER, Role.CONVENOR) if role in roles), Role.STAFF)
    _start(submission, workflow=workflow, at=at)


def stop_clock(submission: Submission) -> None:
    """Decided: nobody waits for it any more."""
    submission.escalate_at = None


def escalate_due(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Hand up to `limit` overdue submissions to the next level; returns how many."""
    overdue = session.scalars(
        select(Submission)
        .where(Submission.escalate_at.is_not(None), Submission.escalate_at <= at, Submission.state.in_(OPEN_FOR_DECISION))
        .order_by(Submission.escalate_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for submission in overdue:
        levels = (Role.CONVENOR, Role.STAFF) if submission.owner_role is Role.MEMBER else (Role.STAFF,)
        before = submission.owner_id
        _give(session, submission, levels, workflow=workflow, at=at)
        record(
            session,
            actor=MACHINE,
            district_id=submission.district_id,
            action="submission.escalate",
            noun="submission",
            entity_id=submission.id,
            at=at,
            from_user=before,
            to_user=submission.owner_id,
        )
    return len(overdue)


def _give(session: Session, submission: Submission, levels: tuple[Role, ...], *, workflow: Workflow, at: datetime) -> None:
    for role in levels:
        found = _whose_turn(session, submission, role, weekday=at.astimezone(SHANGHAI).weekday())
        if found is not None:
            user, submission.owner_role = found
            submission.owner_id = user.id
            user.last_owned_at = at
            break
    else:
        submission.owner_id, submission.owner_role = None, Role.STAFF
    _start(submission, workflow=workflow, at=at)


def _start(submission: Submission, *, workflow: Workflow, at: datetime) -> None:
    days = {
        Role.MEMBER: workflow.owner.convenor_after_working_days,
        Role.CONVENOR: workflow.owner.staff_after_working_days - workflow.owner.convenor_after_working_days,
    }
    assert submission.owner_role is not None
    wait = days.get(submission.owner_role)
    holidays = HolidayTable(off=workflow.holidays.off, working=workflow.holidays.working)
    submission.escalate_at = add_working_days(at, wait, holidays=holidays) if wait is not None else None


def _whose_turn(session: Session, submission: Submission, role: Role, *, weekday: int) -> tuple[User, Role] | None:
    """The active holder of `role` whose turn it is, and as what: whoever listens at the point today goes first, then a member of the
    community before one of the street, then who waited longest. A convenor on the rota is asked like a member.
    """
    here = select(Area.path).where(Area.id == submission.area_id).scalar_subquery()
    on_duty = (
        select(PointListener.id)
        .where(PointListener.point_id == submission.point_id, PointListener.weekday == weekday, PointListener.user_id == User.id)
        .exists()
    )
    as_asked = RoleGrant.role == role
    # Whoever listens today, then members of this very community; among equals everybody takes turns.
    nearest = case((on_duty, 0), (RoleGrant.area_id == submission.area_id, 1), else_=2)
    found = session.execute(
        select(User, RoleGrant.role)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(
            or_(as_asked, (RoleGrant.role == Role.CONVENOR) & on_duty) if role is Role.MEMBER else as_asked,
            User.active,
            func.starts_with(here, Area.path),
        )
        .order_by(nearest, User.last_owned_at.nulls_first(), User.id, case((as_asked, 0), else_=1))
        .limit(1)
    ).first()
    return (found[0], found[1]) if found is not None else None
