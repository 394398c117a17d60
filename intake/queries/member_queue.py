"""What waits for a member, the emergency and the oldest first."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import case, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.submission import OPEN_FOR_DECISION, Urgency
from intake.models import Area, Contributor, Submission, Topic

PAGE = 20


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    id: int
    excerpt: str
    area_name: str
    urgency: Urgency
    category: str | None
    received_at: datetime
    mine: bool
    topic_title: str
    """The topic the machine suggests, empty where it isn't sure."""
    rank: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page and the key of the next."""

    rows: tuple[QueueRow, ...]
    total: int
    emergencies: int
    next_key: str
    """Empty on the last page."""


_RANK = case((Submission.urgency == Urgency.EMERGENCY, 0), (Submission.urgency == Urgency.SOON, 1), else_=2)


def area_ids(session: Session, actor: Actor, permission: Permission) -> list[int]:
    """Ids of all areas in which the actor holds `permission`; one indexed query."""
    paths = actor.area_paths(permission)
    if not paths:
        return []
    return list(session.scalars(select(Area.id).where(or_(*(Area.path.startswith(path, autoescape=True) for path in paths)))))


def awaiting_member(session: Session, actor: Actor, *, after: str = "") -> QueuePage:
    """A page of the actor's queue by (rank, received, id); `after` is a page's `next_key`, anything else starts at the top."""
    waiting = Submission.state.in_(OPEN_FOR_DECISION) & Submission.area_id.in_(area_ids(session, actor, Permission.TRIAGE_VIEW))
    total, emergencies = session.execute(
        select(func.count(), func.count().filter(Submission.urgency == Urgency.EMERGENCY)).select_from(Submission).where(waiting)
    ).one()
    topic = aliased(Topic)
    query = (
        select(
            Submission.id,
            func.left(Submission.text_masked, 80),
            Area.name,
            Submission.urgency,
            Submission.category,
            Submission.received_at,
            Submission.owner_id == actor.user_id,
            func.coalesce(topic.title, ""),
            _RANK,
        )
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.SUGGESTED))
        .outerjoin(topic, topic.id == Contributor.topic_id)
        .where(waiting)
    )
    key = _key(after)
    if key is not None:
        query = query.where(tuple_(_RANK, Submission.received_at, Submission.id) > tuple_(*key))
    rows = [QueueRow(*row) for row in session.execute(query.order_by(_RANK, Submission.received_at, Submission.id).limit(PAGE + 1))]
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    next_key = f"{rows[-1].rank}_{rows[-1].received_at.timestamp():.6f}_{rows[-1].id}" if more else ""
    return QueuePage(rows=tuple(rows), total=total, emergencies=emergencies, next_key=next_key)


def next_card(session: Session, actor: Actor, *, skip: tuple[int, ...] = ()) -> int | None:
    """The id of the card to show next, passing over those just skipped."""
    waiting = Submission.state.in_(OPEN_FOR_DECISION) & Submission.area_id.in_(area_ids(session, actor, Permission.TRIAGE_VIEW))
    query = select(Submission.id).where(waiting)
    if skip:
        query = query.where(Submission.id.not_in(skip))
    return session.scalar(query.order_by(_RANK, Submission.received_at, Submission.id).limit(1))


def _key(raw: str) -> tuple[int, datetime, int] | None:
    try:
        rank, stamp, row_id = raw.split("_")
        key = int(rank), datetime.fromtimestamp(float(stamp), UTC), int(row_id)
    except (ValueError, OverflowError, OSError):
        return None
    # Nobody issued a number that the column can't hold, and PostgreSQL would refuse the whole question.
    return key if 0 <= key[0] <= 2 and 0 < key[2] < 2**63 else None
