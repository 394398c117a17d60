"""Which cards a member's phone keeps to read without a signal."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.models import Submission
from intake.queries.member_queue import awaiting_member


@dataclass(frozen=True, slots=True)
class CardToKeep:
    """One of them, as it stands now."""

    id: int
    version: int


def cards_to_keep(session: Session, actor: Actor, *, limit: int, at: datetime) -> tuple[CardToKeep, ...]:
    """The first of the actor's queue, in its order, at most a page of it; what somebody else has in hand is left out."""
    ids = [row.id for row in awaiting_member(session, actor, at=at).rows if not row.held_by][:limit]
    versions = {row.id: row.version for row in session.execute(select(Submission.id, Submission.version).where(Submission.id.in_(ids)))}
    return tuple(CardToKeep(one, versions[one]) for one in ids if one in versions)
