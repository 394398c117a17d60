"""转交、上交: what colleagues handed to a person and nobody has acted on since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.reassignment import ReassignmentKind
from intake.domain.submission import OPEN_FOR_DECISION
from intake.models import Area, Reassignment, Submission, User
from intake.queries.kept import PEOPLE_KEPT, written_out
from intake.queries.pages import within

SHOWN = 50
"""More than a person is handed before they look."""


_NEWEST = (
    select(Reassignment.kind, Reassignment.from_user_id, Reassignment.to_user_id, Reassignment.at)
    .where(Reassignment.submission_id == Submission.id, Reassignment.kind != ReassignmentKind.RECUSE)
    .order_by(Reassignment.id.desc())
    .limit(1)
    .correlate(Submission)
    .lateral("newest")
)
"""The newest change of hands of each submission, stepping back left out."""


@dataclass(frozen=True, slots=True)
class HandedCard:
    """One card that waits with the reader since a colleague gave it."""

    submission_id: int
    giver: str
    is_passed_up: bool
    """上交 instead of 转交."""
    at: datetime


@dataclass(frozen=True, slots=True)
class HandedBy:
    """What one colleague gave."""

    giver: str
    is_passed_up: bool
    count: int
    first_id: int
    """The card that was given first."""


def handed_to(session: Session, actor: Actor) -> tuple[HandedCard, ...]:
    """At most SHOWN cards that others handed to the actor and that wait since, the earliest first; one question.

    It is over once somebody decides, hands it on or takes it back.
    """
    return tuple(HandedCard(*row) for row in session.execute(_handed_to(actor)))


@lru_cache(maxsize=PEOPLE_KEPT)
def _handed_to(actor: Actor) -> Select[*tuple[Any, ...]]:
    # From the few that ever came to the actor by hand, not from all that waits with them.
    ever = select(Reassignment.submission_id).where(Reassignment.to_user_id == actor.user_id, Reassignment.kind != ReassignmentKind.RECUSE)
    return written_out(
        _waiting(Submission.id, User.name, _NEWEST.c.kind == ReassignmentKind.ESCALATE, _NEWEST.c.at)
        .join(Area, Area.id == Submission.area_id)
        .join(User, User.id == _NEWEST.c.from_user_id)
        .where(Submission.id.in_(ever), Submission.owner_id == actor.user_id, within(actor, Permission.TRIAGE_VIEW))
        .order_by(_NEWEST.c.at, Submission.id)
        .limit(SHOWN)
    )


def by_giver(cards: Sequence[HandedCard]) -> tuple[HandedBy, ...]:
    """The cards by who gave them, in the order of the first."""
    found: dict[tuple[str, bool], list[HandedCard]] = {}
    for card in cards:
        found.setdefault((card.giver, card.is_passed_up), []).append(card)
    return tuple(HandedBy(giver, up, len(given), given[0].submission_id) for (giver, up), given in found.items())


def people_handed_to(district_id: int) -> Select[int]:
    """Ids of whoever has something from a colleague that waits; for a job, which asks for a whole district."""
    return _waiting(Submission.owner_id).where(
        Submission.id.in_(select(Reassignment.submission_id).where(Reassignment.district_id == district_id))
    )


def districts_with_handed() -> Select[int]:
    """Districts in which somebody has something from a colleague."""
    return _waiting(Submission.district_id).where(Submission.id.in_(select(Reassignment.submission_id)))


def _waiting(*columns: Any) -> Select[Any]:
    """Of what one person gave another and still waits there."""
    return (
        select(*columns)
        .select_from(Submission)
        .join(_NEWEST, true())
        .where(
            Submission.state.in_(OPEN_FOR_DECISION),
            Submission.owner_id == _NEWEST.c.to_user_id,
            _NEWEST.c.from_user_id != _NEWEST.c.to_user_id,
            _NEWEST.c.at >= Submission.state_changed_at,
        )
    )
