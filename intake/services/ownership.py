"""Who has a submission, and for how long: whoever listens at the point today, else a member by the group's turn, then convenor, then staff
(domain.md, Owner and clock).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor
from intake.domain.permission import Permission, Role
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import OPEN_FOR_DECISION, Channel
from intake.domain.working_days import HolidayTable, add_working_days
from intake.models import Area, Decision, DutyShift, PointListener, RoleGrant, Submission, User, Venue
from intake.queries.actor import actor_of_user
from intake.queries.lease import kept_from
from intake.services.audit import record

LEVELS = (Role.MEMBER, Role.CONVENOR, Role.STAFF)
"""Who is asked, one after the other."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Who has a submission, as what, and when it goes on to the next; nobody and never for what waits with the staff."""

    owner_id: int | None
    owner_role: Role
    escalate_at: datetime | None


def start_clock(session: Session, submission: Submission, *, workflow: Workflow, at: datetime) -> None:
    """Give it to the member whose turn it is, else the convenor, else staff, and start the clock."""
    clock = clocks_for(session, [submission], workflow=workflow, at=at)[submission.id]
    submission.owner_id, submission.owner_role, submission.escalate_at = clock.owner_id, clock.owner_role, clock.escalate_at


def clocks_for(session: Session, submissions: Sequence[Submission], *, workflow: Workflow, at: datetime) -> dict[int, Clock]:
    """What `start_clock` gives each of `submissions` in their order, by id, in one question; turns are used up, the rest is not written."""
    turns = _Turns.of(session, submissions, at=at)
    return {submission.id: turns.clock(submission, LEVELS, workflow=workflow) for submission in submissions}


def give_to(submission: Submission, *, actor: Actor, area_path: str, workflow: Workflow, at: datetime) -> None:
    """Back to the person who just took a decision back, as what they are there; nobody's turn is used up. An imported row goes back to the
    office.
    """
    if submission.channel is Channel.IMPORT:
        submission.owner_id, submission.owner_role, submission.escalate_at = None, Role.STAFF, None
        return
    submission.owner_id = actor.user_id
    submission.owner_role = level_of(actor, area_path=area_path)
    submission.escalate_at = _end_of(submission.owner_role, workflow=workflow, at=at)


def resume_clock(session: Session, submission: Submission, *, workflow: Workflow, at: datetime) -> None:
    """Start the clock anew with the same owner; one who has left is replaced as by `start_clock`."""
    owner = session.get(User, submission.owner_id) if submission.owner_id is not None else None
    if owner is None or not owner.active or submission.owner_role is None:
        start_clock(session, submission, workflow=workflow, at=at)
        return
    submission.escalate_at = _end_of(submission.owner_role, workflow=workflow, at=at)


def back_to_handler(session: Session, submission: Submission, *, workflow: Workflow, at: datetime) -> None:
    """Give it to whoever decided on it last and may still decide there, else to whose turn it is; for what a resident finds unsolved."""
    path = session.get_one(Area, submission.area_id).path
    handler_id = session.scalar(
        select(Decision.decided_by)
        .join(User, User.id == Decision.decided_by)
        .where(Decision.submission_id == submission.id, Decision.undone_at.is_(None), User.active)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    stays_out = handler_id in kept_from(session, [submission.id]).get(submission.id, ())
    handler = actor_of_user(session, handler_id) if handler_id is not None and not stays_out else None
    if handler is not None and handler.may(Permission.TRIAGE_DECIDE, area_path=path):
        give_to(submission, actor=handler, area_path=path, workflow=workflow, at=at)
    else:
        start_clock(session, submission, workflow=workflow, at=at)


def give_to_staff(session: Session, submission: Submission, *, besides: Collection[int], at: datetime) -> None:
    """To the staff member whose turn it is, none of `besides`; to the office as a whole where nobody else is there. No clock: staff are
    the last level.
    """
    holder = _Turns.of(session, [submission], at=at).turn_of(submission, Role.STAFF, besides=besides)
    if holder is not None:
        holder.user.last_owned_at = at
    submission.owner_id = holder.user.id if holder is not None else None
    submission.owner_role, submission.escalate_at = Role.STAFF, None


def pass_on(session: Session, submission: Submission, *, first: Role, besides: Collection[int], workflow: Workflow, at: datetime) -> None:
    """To the next person's turn from level `first` upwards, none of `besides`, nobody who stays out of it (回避); staff in the end."""
    clock = _Turns.of(session, [submission], at=at).clock(submission, LEVELS[LEVELS.index(first) :], workflow=workflow, besides=besides)
    submission.owner_id, submission.owner_role, submission.escalate_at = clock.owner_id, clock.owner_role, clock.escalate_at


def give_to_person(submission: Submission, user: User, *, role: Role, workflow: Workflow, at: datetime) -> None:
    """To somebody by name, as `role` there: it is their turn, with a whole clock."""
    user.last_owned_at = at
    submission.owner_id, submission.owner_role = user.id, role
    submission.escalate_at = _end_of(role, workflow=workflow, at=at)


def level_of(actor: Actor, *, area_path: str) -> Role:
    """As what somebody has a submission of that area: the lowest of member, convenor and staff that they are there."""
    roles = {grant.role for grant in actor.grants if area_path.startswith(grant.area_path)}
    return next((role for role in (Role.MEMBER, Role.CONVENOR) if role in roles), Role.STAFF)


def duty_member(session: Session, submission: Submission, *, at: datetime) -> int | None:
    """Whose turn it would be at the submission's point now, a member's or else a convenor's; nobody's turn is used up."""
    turns = _Turns.of(session, [submission], at=at)
    holder = turns.turn_of(submission, Role.MEMBER) or turns.turn_of(submission, Role.CONVENOR)
    return holder.user.id if holder is not None else None


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
    turns = _Turns.of(session, overdue, at=at)
    for submission in overdue:
        before = submission.owner_id
        clock = turns.clock(submission, LEVELS[1:] if submission.owner_role is Role.MEMBER else LEVELS[2:], workflow=workflow)
        submission.owner_id, submission.owner_role, submission.escalate_at = clock.owner_id, clock.owner_role, clock.escalate_at
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


def _end_of(role: Role, *, workflow: Workflow, at: datetime) -> datetime | None:
    days = {
        Role.MEMBER: workflow.owner.convenor_after_working_days,
        Role.CONVENOR: workflow.owner.staff_after_working_days - workflow.owner.convenor_after_working_days,
    }
    wait = days.get(role)
    holidays = HolidayTable(off=workflow.holidays.off, working=workflow.holidays.working)
    return add_working_days(at, wait, holidays=holidays) if wait is not None else None


@dataclass(frozen=True, slots=True)
class _Holder:
    """Somebody who may be asked at one point, and as what."""

    user: User
    role: Role
    on_duty: bool
    of_this_area: bool


@cache
def _holders() -> Select[*tuple[Any, ...]]:
    """Who holds a level where, and whether they are on duty there that day; built once: that takes longer than the answer."""
    points, areas = bindparam("points", type_=ARRAY(BigInteger)), bindparam("areas", type_=ARRAY(BigInteger))
    asked = func.unnest(points, areas).table_valued("point_id", "area_id", name="asked").render_derived()
    here, granted = aliased(Area), aliased(Area)
    listens = (
        select(PointListener.id)
        .where(
            PointListener.point_id == asked.c.point_id,
            PointListener.weekday == bindparam("weekday"),
            PointListener.user_id == User.id,
        )
        .exists()
    )
    sits_there = (
        select(DutyShift.id)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .where(
            Venue.point_id == asked.c.point_id,
            DutyShift.user_id == User.id,
            DutyShift.day == bindparam("day"),
            DutyShift.cancelled_at.is_(None),
        )
        .exists()
    )
    return (
        select(asked.c.point_id, asked.c.area_id, User, RoleGrant.role, listens | sits_there, RoleGrant.area_id == asked.c.area_id)
        .select_from(asked)
        .join(here, here.id == asked.c.area_id)
        .join(granted, func.starts_with(here.path, granted.path))
        .join(RoleGrant, (RoleGrant.area_id == granted.id) & RoleGrant.role.in_(LEVELS))
        .join(User, (User.id == RoleGrant.user_id) & User.active)
    )


@dataclass(slots=True)
class _Turns:
    """Who may be asked at each point of a batch, and whose turn it is: two questions, however many submissions."""

    at: datetime
    holders: dict[tuple[int, int], list[_Holder]]
    """By point and area."""
    stay_out: dict[int, frozenset[int]]
    """Who recused themselves (回避) or wrote it down (随手报), by submission: nobody asks them."""
    taken: int = 0
    ends: dict[Role, datetime | None] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, submissions: Sequence[Submission], *, at: datetime) -> "_Turns":
        """For `submissions`, on the day of `at`."""
        points = sorted({(submission.point_id, submission.area_id) for submission in submissions})
        turns = cls(at, {point: [] for point in points}, kept_from(session, [submission.id for submission in submissions]))
        if not points:
            return turns
        today = at.astimezone(SHANGHAI).date()
        places = {"points": [point for point, _ in points], "areas": [area for _, area in points]}
        for point_id, area_id, *holder in session.execute(_holders(), {**places, "day": today, "weekday": today.weekday()}):
            turns.holders[point_id, area_id].append(_Holder(*holder))
        return turns

    def clock(self, submission: Submission, levels: Sequence[Role], *, workflow: Workflow, besides: Collection[int] = ()) -> Clock:
        """Give it to the first of `levels` that somebody holds, and note that they had their turn; an imported row waits with the office."""
        if submission.channel is Channel.IMPORT:
            return Clock(None, Role.STAFF, None)
        for level in levels:
            holder = self.turn_of(submission, level, besides=besides)
            if holder is not None:
                # A moment later each, so that who was asked first in a batch is asked first again.
                holder.user.last_owned_at = self.at + timedelta(microseconds=self.taken)
                self.taken += 1
                return Clock(holder.user.id, holder.role, self._end(holder.role, workflow))
        return Clock(None, Role.STAFF, self._end(Role.STAFF, workflow))

    def turn_of(self, submission: Submission, level: Role, *, besides: Collection[int] = ()) -> _Holder | None:
        """The active holder of `level`, none of `besides`, nobody who stays out of it, whose turn it is: whoever listens at the point today
        or sits at its venue goes first, then a member of the community before one of the street, then who waited longest. A convenor on
        duty is asked like a member.
        """

        def turn(holder: _Holder) -> tuple[int, datetime, int, bool]:
            # Among equals everybody takes turns, who never had one first.
            nearest = 0 if holder.on_duty else 1 if holder.of_this_area else 2
            return nearest, holder.user.last_owned_at or _NEVER, holder.user.id, holder.role is not level

        asked = [
            holder
            for holder in self.holders[submission.point_id, submission.area_id]
            if (holder.role is level or (level is Role.MEMBER and holder.role is Role.CONVENOR and holder.on_duty))
            and holder.user.id not in besides
            and holder.user.id not in self.stay_out.get(submission.id, ())
        ]
        return min(asked, key=turn, default=None)

    def _end(self, role: Role, workflow: Workflow) -> datetime | None:
        if role not in self.ends:
            self.ends[role] = _end_of(role, workflow=workflow, at=self.at)
        return self.ends[role]
