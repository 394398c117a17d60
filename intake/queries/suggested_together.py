"""一起看: what waits and is suggested for one and the same topic, so that a cluster is confirmed at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.submission import OPEN_FOR_DECISION, Channel, SubmissionAction, Urgency
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Contributor, Decision, Submission, SubmissionLease, Topic, User
from intake.queries.imported import NOT_IMPORTED
from intake.queries.member_queue import not_mine_to_decide
from intake.queries.pages import within

AT_ONCE = 50
"""As many as a person can be asked to read before one press, and a second of work."""


@dataclass(frozen=True, slots=True)
class SuggestedRow:
    """One of them."""

    id: int
    version: int
    text: str
    """Masked, whole."""
    place: str
    area_name: str
    received_at: datetime
    urgency: Urgency
    channel: Channel
    held_by: str
    """Who else looks at it just now, empty for nobody."""


@dataclass(frozen=True, slots=True)
class Together:
    """A topic and what waits for it in the actor's areas."""

    topic_id: int
    title: str
    number: str
    state: TopicState
    is_joinable: bool
    rows: tuple[SuggestedRow, ...]
    """At most AT_ONCE, what waits longest first."""
    is_more: bool
    """Whether others wait beside these."""

    @property
    def free(self) -> int:
        """How many nobody else has in hand."""
        return sum(not row.held_by for row in self.rows)


@dataclass(frozen=True, slots=True)
class LastTogether:
    """What the actor put into the topic last, at one press, and may still take back."""

    count: int
    seconds_left: int


def together(session: Session, actor: Actor, topic_id: int, *, at: datetime) -> Together:
    """What is suggested for the topic and waits in the actor's areas, what waits longest first, in two statements.

    Raises NotFound for a topic of another district. What the actor recused themselves from isn't there.
    """
    topic = session.execute(
        select(Topic.id, Topic.title, Topic.number, Topic.state, Topic.kind).where(
            Topic.id == topic_id, Topic.district_id == actor.district_id
        )
    ).one_or_none()
    if topic is None:
        raise NotFound("没有这个议题。")
    held = (SubmissionLease.until > at) & SubmissionLease.user_id.is_distinct_from(actor.user_id)
    columns: tuple[Any, ...] = (  # typed by SuggestedRow, whose fields they follow
        Submission.id,
        Submission.version,
        Submission.text_masked,
        Submission.place_masked,
        Area.name,
        Submission.received_at,
        Submission.urgency,
        Submission.channel,
        func.coalesce(User.name, ""),
    )
    query = (
        select(*columns)
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(SubmissionLease, (SubmissionLease.submission_id == Submission.id) & held)
        .outerjoin(User, User.id == SubmissionLease.user_id)
        .where(*_suggested(actor, topic_id))
        .order_by(Submission.received_at, Submission.id)
        .limit(AT_ONCE + 1)
    )
    rows = [SuggestedRow(*row) for row in session.execute(query)]
    return Together(
        topic_id=topic.id,
        title=topic.title,
        number=topic.number,
        state=topic.state,
        is_joinable=topic.state in JOINABLE and topic.kind is TopicKind.MATTER,
        rows=tuple(rows[:AT_ONCE]),
        is_more=len(rows) > AT_ONCE,
    )


def suggested_beside(session: Session, actor: Actor, topic_id: int) -> int:
    """How many wait in the actor's areas and are suggested for the topic, counted up to AT_ONCE; one statement."""
    some = (
        select(Contributor.id)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(*_suggested(actor, topic_id))
        .limit(AT_ONCE)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def last_together(session: Session, actor: Actor, topic_id: int, *, at: datetime, undo_seconds: int) -> LastTogether | None:
    """The actor's last press that put several into the topic, if it may still be taken back at `at`; one statement."""
    row = session.execute(
        select(func.count(), Decision.decided_at)
        .where(*of_one_press(actor, topic_id), Decision.decided_at > at - timedelta(seconds=undo_seconds))
        .group_by(Decision.decided_at)
        .order_by(Decision.decided_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row[0] < 2:
        return None
    return LastTogether(row[0], max(undo_seconds - int((at - row[1]).total_seconds()), 1))


def of_one_press(actor: Actor, topic_id: int) -> list[ColumnElement[bool]]:
    """Decisions of the actor that put something into the topic and stand; those of one press share their time."""
    return [
        Decision.decided_by == actor.user_id,
        Decision.target_topic_id == topic_id,
        Decision.action == SubmissionAction.ATTACH.value,
        Decision.undone_at.is_(None),
    ]


def _suggested(actor: Actor, topic_id: int) -> list[ColumnElement[bool]]:
    return [
        Contributor.topic_id == topic_id,
        Contributor.status == ContributorStatus.SUGGESTED,
        Submission.district_id == actor.district_id,
        Submission.state.in_(OPEN_FOR_DECISION),
        NOT_IMPORTED,
        ~not_mine_to_decide(actor),
        within(actor, Permission.TRIAGE_DECIDE),
    ]
