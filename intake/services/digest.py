"""每日提醒: once a working day, everybody who has something due or overdue is told so in one row, however much it is; so is whoever was handed a
card that still waits, and whoever has a shift today, which may be on a day off.

It stands on their first page until they have read it; nothing is sent outside.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, select, true, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.deadline import due_soon_before, overdue_before
from intake.domain.permission import Permission, Role, roles_with
from intake.domain.referral import OPEN_REFERRAL, ReferralState
from intake.domain.working_days import SHANGHAI, holidays_of, is_working_day, working_days_between
from intake.models import Area, Digest, DutyShift, Referral, RoleGrant, User
from intake.queries.handed import districts_with_handed, people_handed_to
from intake.services.audit import record

STAFF_AFTER_WORKING_DAYS = 5
"""What is overdue by more is told to the district's staff too, whosever step it is."""
_AT_LEAD = frozenset({ReferralState.ASSIGNED, ReferralState.IN_PROGRESS})
_AT_OFFICE = frozenset({ReferralState.SENT, ReferralState.ACCEPTED, ReferralState.DISPUTED})


@dataclass(frozen=True, slots=True)
class _Step:
    """A referral whose present step is due."""

    id: int
    state: ReferralState
    due_at: datetime
    lead_id: int | None
    office_id: int
    officer_id: int | None
    sent_by: int
    area_path: str
    overdue_days: int
    """Working days, 0 for what isn't overdue."""


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody who could be told."""

    id: int
    unit_id: int | None
    stand_in_id: int | None
    away: bool
    wants: bool
    roles: frozenset[Role]
    follows: tuple[str, ...]
    """Paths of the areas whose referrals they follow as the district's staff."""


@dataclass(slots=True)
class _Due:
    """Ids for one person's row, the most overdue first."""

    overdue: list[int] = field(default_factory=list)
    due_soon: list[int] = field(default_factory=list)


def districts_with_dues(session: Session, *, workflow: Workflow, at: datetime) -> Sequence[int]:
    """Districts in which something is due soon or overdue, was handed over, or somebody has a shift today; on a day off shifts alone count."""
    today = at.astimezone(SHANGHAI).date()
    asked: Select[int] | CompoundSelect[int] = select(DutyShift.district_id).where(*_on(today))
    if is_working_day(today, holidays=holidays_of(workflow)):
        due = select(Referral.district_id).where(*_running(), Referral.due_at < _horizon(workflow, at))
        asked = union(asked, due, districts_with_handed())
    return sorted(set(session.scalars(asked)))


def write_digests(session: Session, *, district_id: int, workflow: Workflow, at: datetime) -> int:
    """One row for everybody of the district with something due, handed to them, or a shift today, in six statements; how many were written.

    Whoever has today's row keeps it as it is. What was handed over and what the shift is, the page asks when it is read (queries/digest.py).
    """
    today = at.astimezone(SHANGHAI).date()
    works = is_working_day(today, holidays=holidays_of(workflow))
    steps = _steps(session, district_id, workflow=workflow, at=at) if works else []
    handed = _handed(session, district_id, at=at) if works else ()
    sitting = session.scalars(
        select(DutyShift.user_id)
        .join(User, (User.id == DutyShift.user_id) & User.active & User.wants_digest)
        .where(DutyShift.district_id == district_id, *_on(today))
    ).all()
    dues = _by_person(steps, _People(_people(session, district_id, at=at)), begin=overdue_before(at)) if steps else {}
    rows = {**{user_id: _Due() for user_id in (*sitting, *handed)}, **dues}
    if not rows:
        return 0
    written = session.scalars(
        insert(Digest)
        .values(
            [
                {
                    "district_id": district_id,
                    "user_id": user_id,
                    "day": today,
                    "overdue": due.overdue,
                    "due_soon": due.due_soon,
                    "created_at": at,
                }
                for user_id, due in sorted(rows.items())
            ]
        )
        .on_conflict_do_nothing(index_elements=["user_id", "day"])
        .returning(Digest.id)
    ).all()
    return len(written)


def mark_read(session: Session, *, actor: Actor, digest_id: int, at: datetime) -> None:
    """The actor has read this row, and with it those of earlier days; doing it twice changes nothing."""
    session.execute(
        update(Digest).where(Digest.user_id == actor.user_id, Digest.id <= digest_id, Digest.seen_at.is_(None)).values(seen_at=at)
    )


def choose_digest(session: Session, *, actor: Actor, wanted: bool, at: datetime) -> None:
    """Whether the actor is told from now on."""
    user = session.get_one(User, actor.user_id, with_for_update=True)
    if user.wants_digest == wanted:
        return
    user.wants_digest = wanted
    record(session, actor=actor, district_id=user.district_id, action="user.digest", noun="user", entity_id=user.id, at=at, wanted=wanted)
    session.flush()


class _People:
    """Who of a district is told about a step."""

    def __init__(self, people: Iterable[_Person]) -> None:
        self._by_id = {one.id: one for one in people}

    def told(self, step: _Step) -> set[int]:
        """Ids of everybody who wants to know and is there: whose step it is, and staff for checks and for what is long overdue."""
        concerned: set[int] = set()
        if step.state in _AT_LEAD:
            concerned |= self._of_lead(step)
        elif step.state in _AT_OFFICE:
            concerned |= self._of_unit(step.office_id, Permission.REFERRAL_ASSIGN)
        elif step.state is ReferralState.REPLIED:
            concerned.add(step.sent_by)
        if step.state is ReferralState.REPLIED or step.overdue_days > STAFF_AFTER_WORKING_DAYS:
            concerned |= {one.id for one in self._by_id.values() if any(step.area_path.startswith(path) for path in one.follows)}
        return {user_id for user_id in concerned if (one := self._by_id.get(user_id)) is not None and one.wants and not one.away}

    def _of_lead(self, step: _Step) -> set[int]:
        """Its officer, whoever stands in for them, or everybody of the unit where neither is there."""
        for user_id in (step.officer_id, self._stand_in(step.officer_id)):
            one = self._by_id.get(user_id or 0)
            if one is not None and not one.away and one.unit_id == step.lead_id:
                return {one.id}
        return self._of_unit(step.lead_id, Permission.REFERRAL_ANSWER)

    def _stand_in(self, user_id: int | None) -> int | None:
        one = self._by_id.get(user_id or 0)
        return one.stand_in_id if one is not None and one.away else None

    def _of_unit(self, unit_id: int | None, permission: Permission) -> set[int]:
        able = roles_with(permission)
        return {one.id for one in self._by_id.values() if unit_id is not None and one.unit_id == unit_id and one.roles & able}


def _by_person(steps: Iterable[_Step], people: _People, *, begin: datetime) -> dict[int, _Due]:
    dues: dict[int, _Due] = defaultdict(_Due)
    for step in steps:
        for user_id in people.told(step):
            (dues[user_id].overdue if step.due_at < begin else dues[user_id].due_soon).append(step.id)
    return dues


def _handed(session: Session, district_id: int, *, at: datetime) -> Sequence[int]:
    """Who was handed a card that still waits, wants to know and is there."""
    there = (User.active, User.wants_digest, func.coalesce(User.away_until <= at, true()))
    return session.scalars(select(User.id).where(User.id.in_(people_handed_to(district_id)), *there)).all()


def _on(day: date) -> tuple[ColumnElement[bool], ...]:
    return (DutyShift.day == day, DutyShift.cancelled_at.is_(None))


def _running() -> tuple[ColumnElement[bool], ...]:
    return (Referral.due_at.is_not(None), Referral.paused_at.is_(None), Referral.state.in_(OPEN_REFERRAL))


def _horizon(workflow: Workflow, at: datetime) -> datetime:
    return due_soon_before(at, due_soon=workflow.referral.due_soon_working_days, holidays=holidays_of(workflow))


def _steps(session: Session, district_id: int, *, workflow: Workflow, at: datetime) -> list[_Step]:
    rows = session.execute(
        select(
            Referral.id,
            Referral.state,
            Referral.due_at,
            Referral.lead_id,
            Referral.office_id,
            Referral.officer_id,
            Referral.sent_by,
            Area.path,
        )
        .join(Area, Area.id == Referral.area_id)
        .where(Referral.district_id == district_id, *_running(), Referral.due_at < _horizon(workflow, at))
        .order_by(Referral.due_at, Referral.id)
    )
    holidays = holidays_of(workflow)
    return [
        _Step(*row, overdue_days=max(0, working_days_between(row.due_at, at, holidays=holidays)))  # type: ignore[arg-type]  # due_at is asked for
        for row in rows
    ]


def _people(session: Session, district_id: int, *, at: datetime) -> list[_Person]:
    """Everybody active of the district, with roles and the areas they follow, in one question."""
    rows = session.execute(
        select(
            User.id,
            User.department_id,
            User.stand_in_id,
            func.coalesce(User.away_until > at, False),
            User.wants_digest,
            func.array_agg(RoleGrant.role),
            func.array_agg(Area.path),
        )
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(User.district_id == district_id, User.active)
        .group_by(User.id)
    )
    following = roles_with(Permission.REFERRAL_FOLLOW)
    return [
        _Person(
            id=user_id,
            unit_id=unit_id,
            stand_in_id=stand_in_id,
            away=away,
            wants=wants,
            roles=frozenset(Role(role) for role in roles),
            follows=tuple(path for role, path in zip(roles, paths, strict=True) if role in following),
        )
        for user_id, unit_id, stand_in_id, away, wants, roles, paths in rows
    ]
