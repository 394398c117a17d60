"""今天要办: what waits for staff, and how many of everything."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission, Role
from intake.domain.submission import OPEN_FOR_DECISION, SubmissionState, Urgency
from intake.domain.topic import TopicState
from intake.models import Area, Submission, Topic
from intake.queries.member_queue import area_ids

LATEST = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line: an emergency, or a submission that came up to staff."""

    submission_id: int
    excerpt: str
    area_name: str
    received_at: datetime
    emergency: bool


@dataclass(frozen=True, slots=True)
class DistrictHome:
    """The first page of staff."""

    proposed: int
    candidates: int
    pooled: int
    waiting_member: int
    escalated: int
    received_week: int
    quarantined: int
    oldest_proposed: datetime | None
    urgent: tuple[Waiting, ...]


def district_home(session: Session, actor: Actor, *, at: datetime) -> DistrictHome:
    """Counts and the most urgent lines, in five queries."""
    of_topic = Topic.district_id == actor.district_id
    counts = dict(session.execute(select(Topic.state, func.count()).where(of_topic).group_by(Topic.state)).all())
    oldest = session.scalar(select(func.min(Topic.state_changed_at)).where(of_topic, Topic.state == TopicState.PROPOSED))
    mine = Submission.district_id == actor.district_id
    waiting = Submission.state.in_(OPEN_FOR_DECISION)
    row = session.execute(
        select(
            func.count().filter(waiting),
            func.count().filter(waiting, Submission.owner_role == Role.STAFF),
            func.count().filter(Submission.received_at > at - timedelta(days=7)),
            func.count().filter(Submission.state == SubmissionState.QUARANTINED),
        ).where(mine)
    ).one()
    urgent = session.execute(
        select(
            Submission.id, func.left(Submission.text_masked, 60), Area.name, Submission.received_at, Submission.urgency == Urgency.EMERGENCY
        )
        .join(Area, Area.id == Submission.area_id)
        .where(
            mine,
            waiting,
            Submission.area_id.in_(area_ids(session, actor, Permission.TRIAGE_VIEW)),
            (Submission.urgency == Urgency.EMERGENCY) | (Submission.owner_role == Role.STAFF),
        )
        .order_by((Submission.urgency == Urgency.EMERGENCY).desc(), Submission.received_at)
        .limit(LATEST)
    )
    return DistrictHome(
        proposed=counts.get(TopicState.PROPOSED, 0),
        candidates=counts.get(TopicState.CANDIDATE, 0),
        pooled=counts.get(TopicState.POOLED, 0),
        waiting_member=row[0],
        escalated=row[1],
        received_week=row[2],
        quarantined=row[3],
        oldest_proposed=oldest,
        urgent=tuple(Waiting(*one) for one in urgent),
    )
