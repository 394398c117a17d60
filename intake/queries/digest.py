"""今日到期: what of today's digest is still to be done, and today's shift, for the first page of whoever got it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, Select, any_, bindparam, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.deadline import Deadline, deadline, due_soon_before
from intake.domain.permission import Permission
from intake.domain.referral import OPEN_REFERRAL
from intake.domain.working_days import SHANGHAI, holidays_of
from intake.models import Digest, DutyShift, Referral, Venue
from intake.queries.handed import HandedBy, by_giver, handed_to
from intake.queries.kept import PEOPLE_KEPT, written_out
from intake.queries.lease import recused

SHOWN = 5
"""Of each kind; the others are counted."""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A referral that is due."""

    id: int
    number: str
    title: str
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class ShiftToday:
    """Where and when one sits today."""

    id: int
    starts: time
    ends: time
    venue_name: str
    address: str


@dataclass(frozen=True, slots=True)
class DigestShown:
    """The newest digest nobody has read; what was done since is left out."""

    id: int
    day: date
    overdue: tuple[DigestLine, ...]
    overdue_count: int
    due_soon: tuple[DigestLine, ...]
    due_soon_count: int
    shifts: tuple[ShiftToday, ...]
    handed: tuple[HandedBy, ...]
    """What colleagues handed over or passed up, by who did."""


def digest_of(session: Session, actor: Actor, *, workflow: Workflow, at: datetime) -> DigestShown | None:
    """What the actor is told today and hasn't marked as read, None when there is nothing; one query, a second one if there is, a
    third for a member's shifts, and one more for whoever decides on cards."""
    found = session.execute(_UNSEEN, {"user_id": actor.user_id}).one_or_none()
    if found is None:
        return None
    pending = _pending(session, actor, [*found.overdue, *found.due_soon], since=found.created_at, workflow=workflow, at=at)
    sits = actor.may(Permission.LEDGER_KEEP) and found.day == at.astimezone(SHANGHAI).date()
    shifts = _shifts(session, actor, found.day) if sits else ()
    handed = by_giver(handed_to(session, actor)) if actor.may(Permission.TRIAGE_DECIDE) else ()
    if not pending and not shifts and not handed:
        return None
    overdue, due_soon = ([pending[one] for one in ids if one in pending] for ids in (found.overdue, found.due_soon))
    return DigestShown(
        id=found.id,
        day=found.day,
        overdue=_lines(overdue[:SHOWN], workflow=workflow, at=at),
        overdue_count=len(overdue),
        due_soon=_lines(due_soon[:SHOWN], workflow=workflow, at=at),
        due_soon_count=len(due_soon),
        shifts=shifts,
        handed=handed,
    )


_UNSEEN = written_out(
    select(Digest.id, Digest.day, Digest.overdue, Digest.due_soon, Digest.created_at)
    .where(Digest.user_id == bindparam("user_id", type_=BigInteger), Digest.seen_at.is_(None))
    .order_by(Digest.day.desc())
    .limit(1)
)


def _shifts(session: Session, actor: Actor, day: date) -> tuple[ShiftToday, ...]:
    rows = session.execute(
        select(DutyShift.id, DutyShift.starts, DutyShift.ends, Venue.name, Venue.address)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .where(DutyShift.user_id == actor.user_id, DutyShift.day == day, DutyShift.cancelled_at.is_(None))
        .order_by(DutyShift.starts)
    )
    return tuple(ShiftToday(*row) for row in rows)


def _pending(session: Session, actor: Actor, ids: Sequence[int], *, since: datetime, workflow: Workflow, at: datetime) -> dict[int, Any]:
    """Those that nobody has moved on since, that are still due and that the actor hasn't stepped back from, by id."""
    holidays, due_soon = holidays_of(workflow), workflow.referral.due_soon_working_days
    given = {"ids": [*ids], "since": since, "before": due_soon_before(at, due_soon=due_soon, holidays=holidays)}
    return {row.id: row for row in session.execute(_still_due(actor), given)}


@lru_cache(maxsize=PEOPLE_KEPT)
def _still_due(actor: Actor) -> Select[*tuple[Any, ...]]:
    moment = DateTime(timezone=True)
    return written_out(
        select(Referral.id, Referral.number, Referral.title, Referral.due_at, Referral.state_changed_at).where(
            # A digest may name hundreds: as one value they cost the driver nothing.
            Referral.id == any_(bindparam("ids", type_=ARRAY(BigInteger))),
            Referral.state.in_(OPEN_REFERRAL),
            Referral.state_changed_at <= bindparam("since", type_=moment),
            Referral.paused_at.is_(None),
            ~recused(actor, Referral.submission_id),
            Referral.due_at < bindparam("before", type_=moment),
        )
    )


def _lines(rows: Sequence[Any], *, workflow: Workflow, at: datetime) -> tuple[DigestLine, ...]:
    """Days are counted for those that are shown alone: a digest may name hundreds."""
    holidays, due_soon = holidays_of(workflow), workflow.referral.due_soon_working_days
    return tuple(
        DigestLine(
            id=row.id,
            number=row.number,
            title=row.title,
            deadline=deadline(row.state_changed_at, row.due_at, at, holidays=holidays, due_soon=due_soon, paused=None),
        )
        for row in rows
    )
