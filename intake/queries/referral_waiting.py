"""What of the referrals waits on the staff's first page: answers to check, what is overdue, results to look at again; each counted to at
most `COUNTED` + 1.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from intake.domain.actor import Actor
from intake.domain.referral import ReferralState
from intake.models import Area, Referral
from intake.queries.referral_list import COUNTED, WAITING, earliest, followed
from intake.queries.waiting_moment import DUE_BEFORE, TODAY, Named


def replied(actor: Actor) -> Named:
    """Answers that wait to be checked, since they came."""
    where, states = _of(actor), (ReferralState.REPLIED,)
    return _named(earliest(where, states, after="", limit=1), [*where, Referral.state.in_(states)], since=Referral.replied_at)


def overdue(actor: Actor) -> Named:
    """Referrals of which an office or a unit is late, since they were due."""
    where = [*_of(actor), Referral.due_at < DUE_BEFORE, Referral.paused_at.is_(None)]
    states = [state for state in WAITING if state is not ReferralState.REPLIED]
    return _named(earliest(where, states, after="", limit=1), [*where, Referral.state.in_(states)], since=Referral.due_at)


def revisits_due(actor: Actor) -> Named:
    """Results that were to be looked at again by today, since they were told."""
    where = [*_of(actor), Referral.revisit_on <= TODAY, Referral.revisited_at.is_(None)]
    first = select(Referral.id).where(*where).order_by(Referral.revisit_on, Referral.id).limit(1)
    return _named(first, where, since=Referral.delivered_at)


def _of(actor: Actor) -> list[ColumnElement[bool]]:
    return [Referral.district_id == actor.district_id, *followed(actor)]


def _named(first: Select[int], where: Sequence[ColumnElement[bool]], *, since: InstrumentedAttribute[datetime | None]) -> Named:
    """The first by its id; how many there are is counted apart, in any order, as far as it is shown."""
    counted = select(Referral.id).where(*where).limit(COUNTED + 1).subquery()
    return (
        select(
            Referral.id,
            Referral.title,
            Area.name,
            func.coalesce(since, Referral.state_changed_at),
            select(func.count()).select_from(counted).scalar_subquery(),
        )
        .join(Area, Area.id == Referral.area_id)
        .where(Referral.id == first.scalar_subquery())
    )
