"""紧急来件在谁手里: emergencies that a colleague has open, so that whoever takes the next card hears of those it passes over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.submission import OPEN_FOR_DECISION, Urgency
from intake.models import Area, Submission, SubmissionLease, User
from intake.queries.imported import NOT_IMPORTED
from intake.queries.member_queue import not_mine_to_decide
from intake.queries.pages import within

SHOWN = 20


@dataclass(frozen=True, slots=True)
class HeldEmergency:
    """An emergency that somebody else looks at."""

    submission_id: int
    holder: str
    until: datetime


def emergencies_in_hand(session: Session, actor: Actor, *, at: datetime) -> tuple[HeldEmergency, ...]:
    """Emergencies of the actor's areas that wait and that somebody else has open, the longest waiting first; at most SHOWN, in one question."""
    rows = session.execute(
        select(Submission.id, User.name, SubmissionLease.until)
        .join(SubmissionLease, SubmissionLease.submission_id == Submission.id)
        .join(User, User.id == SubmissionLease.user_id)
        .join(Area, Area.id == Submission.area_id)
        .where(
            SubmissionLease.until > at,
            SubmissionLease.user_id != actor.user_id,
            SubmissionLease.district_id == actor.district_id,
            Submission.state.in_(OPEN_FOR_DECISION),
            Submission.urgency == Urgency.EMERGENCY,
            NOT_IMPORTED,
            within(actor, Permission.TRIAGE_VIEW),
            ~not_mine_to_decide(actor),
        )
        .order_by(Submission.received_at, Submission.id)
        .limit(SHOWN)
    )
    return tuple(HeldEmergency(*row) for row in rows)
