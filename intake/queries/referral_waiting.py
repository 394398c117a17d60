"""What of the referrals waits on the staff's first page: answers to check, what is overdue, results to look at again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from intake.domain.actor import Actor
from intake.domain.deadline import overdue_before
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import ReferralState
from intake.models import Area, Referral
from intake.queries.referral_list import COUNTED, WAITING, followed

Named = Select[int, str, str, datetime, int]
"""(id, title, area, since, how many, at most `COUNTED` + 1), the longest waiting first."""


def replied(actor: Actor) -> Named:
    """Answers that wait to be checked, since they came."""
    return _named(actor, [Referral.state == ReferralState.REPLIED], order=Referral.due_at, since=Referral.replied_at)


def overdue(actor: Actor, *, at: datetime) -> Named:
    """Referrals of which an office or a unit is late, since they were due."""
    late = [
        Referral.state.in_([state for state in WAITING if state is not ReferralState.REPLIED]),
        Referral.due_at < overdue_before(at),
        Referral.paused_at.is_(None),
    ]
    return _named(actor, late, order=Referral.due_at, since=Referral.due_at)


def revisits_due(actor: Actor, *, at: datetime) -> Named:
    """Results that were to be looked at again by today, since they were told."""
    due = [Referral.revisit_on <= at.astimezone(SHANGHAI).date(), Referral.revisited_at.is_(None)]
    return _named(actor, due, order=Referral.revisit_on, since=Referral.delivered_at)


def _named(
    actor: Actor,
    where: Sequence[ColumnElement[bool]],
    *,
    order: InstrumentedAttribute[object],
    since: InstrumentedAttribute[datetime | None],
) -> Named:
    found = (
        select(
            Referral.id,
            Referral.title,
            Referral.area_id,
            func.coalesce(since, Referral.state_changed_at).label("since"),
            order.label("due"),
        )
        .where(Referral.district_id == actor.district_id, *where, *followed(actor))
        .order_by(order, Referral.id)
        .limit(COUNTED + 1)
        .subquery()
    )
    return (
        select(found.c.id, found.c.title, Area.name, found.c.since, func.count().over())
        .join(Area, Area.id == found.c.area_id)
        .order_by(found.c.due, found.c.id)
    )
