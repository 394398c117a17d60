"""What waits for a member, the emergency and the oldest first; how far the day's work is, and what may still be taken back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import OPEN_FOR_DECISION, UNDOABLE_ACTIONS, Channel, SubmissionAction, Urgency
from intake.models import Area, Contributor, Decision, Submission, Topic
from intake.queries.message import has_unread

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
    new_words: bool
    """Whether its resident wrote something that nobody has read."""
    channel: Channel
    rank: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page and the key of the next."""

    rows: tuple[QueueRow, ...]
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class Workload:
    """How much waits for the actor, and how much of it is done."""

    total: int
    emergencies: int
    done_today: int
    """Decisions since midnight in Shanghai, those taken back left out."""


@dataclass(frozen=True, slots=True)
class LastDecision:
    """What the actor decided last and may still take back."""

    submission_id: int
    action: SubmissionAction
    topic_title: str
    """The topic it went into, empty where it went into none."""
    seconds_left: int


_RANK = case((Submission.urgency == Urgency.EMERGENCY, 0), (Submission.urgency == Urgency.SOON, 1), else_=2)


def area_ids(session: Session, actor: Actor, permission: Permission) -> list[int]:
    """Ids of all areas in which the actor holds `permission`; one indexed query."""
    paths = actor.area_paths(permission)
    if not paths:
        return []
    return list(session.scalars(select(Area.id).where(or_(*(Area.path.startswith(path, autoescape=True) for path in paths)))))


def awaiting_member(session: Session, actor: Actor, *, after: str = "") -> QueuePage:
    """A page of the actor's queue by (rank, received, id); `after` is a page's `next_key`, anything else starts at the top."""
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
            has_unread(),
            Submission.channel,
            _RANK,
        )
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.SUGGESTED))
        .outerjoin(topic, topic.id == Contributor.topic_id)
        .where(_waiting(session, actor))
    )
    key = _key(after)
    if key is not None:
        query = query.where(tuple_(_RANK, Submission.received_at, Submission.id) > tuple_(*key))
    rows = [QueueRow(*row) for row in session.execute(query.order_by(_RANK, Submission.received_at, Submission.id).limit(PAGE + 1))]
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    next_key = f"{rows[-1].rank}_{rows[-1].received_at.timestamp():.6f}_{rows[-1].id}" if more else ""
    return QueuePage(rows=tuple(rows), next_key=next_key)


def workload(session: Session, actor: Actor, *, at: datetime) -> Workload:
    """What waits in the actor's areas, and what the actor has decided on the day of `at` in Shanghai; three statements."""
    total, emergencies = session.execute(
        select(func.count(), func.count().filter(Submission.urgency == Urgency.EMERGENCY)).where(_waiting(session, actor))
    ).one()
    midnight = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    done = select(func.count()).where(
        Decision.decided_by == actor.user_id,
        Decision.submission_id.is_not(None),
        Decision.undone_at.is_(None),
        Decision.decided_at >= midnight,
    )
    return Workload(total=total, emergencies=emergencies, done_today=session.scalar(done) or 0)


def last_decision(session: Session, actor: Actor, *, at: datetime, undo_seconds: int) -> LastDecision | None:
    """The actor's newest decision that may still be taken back at `at`."""
    row = session.execute(
        select(Decision.submission_id, Decision.action, func.coalesce(Topic.title, ""), Decision.decided_at)
        .outerjoin(Topic, Topic.id == Decision.target_topic_id)
        .where(
            Decision.decided_by == actor.user_id,
            Decision.submission_id.is_not(None),
            Decision.action.in_(UNDOABLE_ACTIONS),
            Decision.undone_at.is_(None),
            Decision.decided_at > at - timedelta(seconds=undo_seconds),
            Decision.district_id == actor.district_id,
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    submission_id, action, title, decided_at = row
    assert submission_id is not None, "asked for above"
    left = undo_seconds - int((at - decided_at).total_seconds())
    return LastDecision(submission_id=submission_id, action=SubmissionAction(action), topic_title=title, seconds_left=max(left, 1))


def next_card(session: Session, actor: Actor, *, skip: tuple[int, ...] = ()) -> int | None:
    """The id of the card to show next, passing over those just skipped."""
    query = select(Submission.id).where(_waiting(session, actor))
    if skip:
        query = query.where(Submission.id.not_in(skip))
    return session.scalar(query.order_by(_RANK, Submission.received_at, Submission.id).limit(1))


def _waiting(session: Session, actor: Actor) -> ColumnElement[bool]:
    return Submission.state.in_(OPEN_FOR_DECISION) & Submission.area_id.in_(area_ids(session, actor, Permission.TRIAGE_VIEW))


def _key(raw: str) -> tuple[int, datetime, int] | None:
    try:
        rank, stamp, row_id = raw.split("_")
        key = int(rank), datetime.fromtimestamp(float(stamp), UTC), int(row_id)
    except (ValueError, OverflowError, OSError):
        return None
    # Nobody issued a number that the column can't hold, and PostgreSQL would refuse the whole question.
    return key if 0 <= key[0] <= 2 and 0 < key[2] < 2**63 else None
