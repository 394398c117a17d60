"""今天要办: what waits for whoever sits at the desk, each kind in one query and only where the person may do something about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.alarm import AlarmState
from intake.domain.permission import Permission, Role
from intake.domain.point import PointGuard, PointState
from intake.domain.point_count import HELD_MANY
from intake.domain.poster_batch import BatchState
from intake.domain.release import ReleaseState
from intake.domain.submission import OPEN_FOR_DECISION, SUBMISSION_TABLE, SubmissionState, Urgency
from intake.domain.topic import TopicState
from intake.domain.topic_proposal import ProposalState
from intake.models import Alarm, Area, DeclineCheck, HistoryEntry, IntakePoint, PosterBatch, Release, Submission, Topic, TopicProposal
from intake.queries.alarm import can_see
from intake.queries.appeal import SECOND_LOOKS
from intake.queries.idle_topics import is_idle
from intake.queries.imported import NOT_IMPORTED
from intake.queries.pages import within
from intake.queries.point_funnel import alive_at, is_quiet
from intake.queries.referral_waiting import overdue, replied, revisits_due

EMERGENCIES_SHOWN = 5
FAILED_SHOWN = timedelta(days=30)


class WaitingKind(StrEnum):
    """What waits; in the order of the page."""

    ALARM = "alarm"
    """紧急呼叫 that isn't closed."""
    EMERGENCY = "emergency"
    """紧急来件: each has a line of its own."""
    APPEALED = "appealed"
    """申请复核或抽查后重新受理: staff decide, and not whoever declined."""
    ESCALATED = "escalated"
    """超时转来: neither member nor convenor looked in time."""
    GUARDED = "guarded"
    """直报点 to which more comes than people send: the guard is up."""
    ABUSED = "abused"
    """直报点 of which much waits to be looked at, while its guard isn't up: its code may be abused."""
    HELD = "held"
    """待核的来件."""
    REPLIED = "replied"
    """承办单位的答复 to check."""
    OVERDUE = "overdue"
    """转报与责任事项 of which an office or a unit is late."""
    PROPOSED = "proposed"
    """待筛选的议题."""
    PROPOSAL = "proposal"
    """系统的合并与拆分建议."""
    DRAFT = "draft"
    """待审的公开内容."""
    CHECK = "check"
    """抽查: members' declines to look at again."""
    REVISIT = "revisit"
    """到了回头看的日子的结果."""
    IDLE = "idle"
    """候选议题没有人提交: staff decide."""
    FAILED_BATCH = "failed_batch"
    """没有生成的海报."""
    SILENT_POINT = "silent_point"
    """很久没有人扫码的直报点."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line: the oldest of its kind, and how many there are."""

    kind: WaitingKind
    id: int
    """Of the submission, topic, release, batch or point that is named."""
    words: str
    """Its title, name or first words."""
    area_name: str
    since: datetime
    count: int = 1

    @property
    def presses(self) -> bool:
        """Whether a person waits for an answer; a quiet wall doesn't."""
        return self.kind not in {WaitingKind.PROPOSAL, WaitingKind.CHECK, WaitingKind.REVISIT, WaitingKind.IDLE, WaitingKind.SILENT_POINT}


def waiting_for(session: Session, actor: Actor, *, at: datetime, idle_before: datetime) -> tuple[Waiting, ...]:
    """Every line that waits for the actor and may be done something about by them, in three statements; candidates untouched since
    `idle_before` are idle.
    """
    lines = _oldest(session, _asked(actor, at=at))
    if actor.may(Permission.TRIAGE_DECIDE):
        lines += _submissions(session, actor)
    if actor.may(Permission.SCREEN_VIEW):
        lines += _topics(session, actor, idle_before=idle_before)
    return tuple(sorted(lines, key=lambda line: list(WaitingKind).index(line.kind)))


def _submissions(session: Session, actor: Actor) -> list[Waiting]:
    """Emergencies one by one, and the oldest of those that came up to staff, by appeal or by time."""
    emergency = Submission.urgency == Urgency.EMERGENCY
    looked_at_again = (
        select(HistoryEntry.id)
        .where(
            HistoryEntry.noun == SUBMISSION_TABLE.noun, HistoryEntry.entity_id == Submission.id, HistoryEntry.action.in_(SECOND_LOOKS)
        )
        .exists()
    )  # fmt: skip
    kind = case(
        (emergency, WaitingKind.EMERGENCY.value),
        ((Submission.state == SubmissionState.REOPENED) & looked_at_again, WaitingKind.APPEALED.value),
        else_=WaitingKind.ESCALATED.value,
    )
    rank = func.row_number().over(partition_by=kind, order_by=(Submission.received_at, Submission.id))
    of_kind = func.count().over(partition_by=kind)
    inner = (
        select(
            Submission.id,
            func.left(Submission.text_masked, 60).label("words"),
            Area.name,
            Submission.received_at,
            of_kind.label("of_kind"),
            kind.label("kind"),
            rank.label("rank"),
        )
        .join(Area, Area.id == Submission.area_id)
        .where(
            Submission.district_id == actor.district_id,
            Submission.state.in_(OPEN_FOR_DECISION),
            NOT_IMPORTED,
            within(actor, Permission.TRIAGE_DECIDE),
            or_(emergency, Submission.owner_role == Role.STAFF),
        )
        .subquery()
    )
    shown = or_(inner.c.rank == 1, (inner.c.kind == WaitingKind.EMERGENCY.value) & (inner.c.rank <= EMERGENCIES_SHOWN))
    rows = session.execute(select(inner).where(shown).order_by(inner.c.received_at)).all()
    return [
        Waiting(
            kind=WaitingKind(row.kind),
            id=row.id,
            words=row.words,
            area_name=row.name,
            since=row.received_at,
            count=row.of_kind,
        )
        for row in rows
    ]


def _topics(session: Session, actor: Actor, *, idle_before: datetime) -> list[Waiting]:
    """The oldest topic to be screened, and the largest candidate that nobody proposes."""
    rank = func.row_number().over(partition_by=Topic.state, order_by=(Topic.state_changed_at, Topic.id))
    inner = (
        select(
            Topic.id, Topic.title, Topic.state, Topic.state_changed_at, Area.name,
            func.count().over(partition_by=Topic.state).label("of_kind"), rank.label("rank"),
        )
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.district_id == actor.district_id,
            within(actor, Permission.SCREEN_VIEW),
            or_(
                Topic.state == TopicState.PROPOSED,
                is_idle(idle_before),
            ),
        )
        .subquery()
    )  # fmt: skip
    rows = session.execute(select(inner).where(inner.c.rank == 1)).all()
    return [
        Waiting(
            kind=WaitingKind.PROPOSED if row.state == TopicState.PROPOSED else WaitingKind.IDLE,
            id=row.id,
            words=row.title,
            area_name=row.name,
            since=row.state_changed_at,
            count=row.of_kind,
        )
        for row in rows
    ]


Named = Select[int, str, str, datetime, int]
"""(id, words, area, since, how many of its kind), oldest first."""


def _asked(actor: Actor, *, at: datetime) -> dict[WaitingKind, Named]:
    """The questions whose answers the actor may do something about."""
    kinds: tuple[tuple[WaitingKind, Permission, Callable[[], Named]], ...] = (
        (WaitingKind.ALARM, Permission.ALARM_ANSWER, lambda: _alarms(actor)),
        (WaitingKind.GUARDED, Permission.PLACES_VIEW, lambda: _guarded(actor, at=at)),
        (WaitingKind.ABUSED, Permission.PLACES_VIEW, lambda: _abused(actor, at=at)),
        (WaitingKind.HELD, Permission.QUARANTINE_DECIDE, lambda: _held(actor)),
        (WaitingKind.REPLIED, Permission.REFERRAL_FOLLOW, lambda: replied(actor)),
        (WaitingKind.OVERDUE, Permission.REFERRAL_FOLLOW, lambda: overdue(actor, at=at)),
        (WaitingKind.REVISIT, Permission.REFERRAL_FOLLOW, lambda: revisits_due(actor, at=at)),
        (WaitingKind.PROPOSAL, Permission.SCREEN_DECIDE, lambda: _proposals(actor)),
        (WaitingKind.DRAFT, Permission.RELEASE_PUBLISH, lambda: _drafts(actor)),
        (WaitingKind.CHECK, Permission.DECLINE_CHECK, lambda: _checks(actor)),
        (WaitingKind.FAILED_BATCH, Permission.POSTERS_PRINT, lambda: _failed_batches(actor, at=at)),
        (WaitingKind.SILENT_POINT, Permission.PLACES_VIEW, lambda: _silent_points(actor, at=at)),
    )
    return {kind: query() for kind, permission, query in kinds if actor.may(permission)}


def _oldest(session: Session, asked: Mapping[WaitingKind, Named]) -> list[Waiting]:
    """The oldest of each kind, all in one statement."""
    if not asked:
        return []
    firsts = [select(literal(kind.value), *query.limit(1).subquery().c) for kind, query in asked.items()]
    return [
        Waiting(kind=WaitingKind(kind), id=row_id, words=words, area_name=area, since=since, count=count)
        for kind, row_id, words, area, since, count in session.execute(union_all(*firsts))
    ]


def _alarms(actor: Actor) -> Named:
    return (
        select(Alarm.id, func.left(Submission.text_masked, 60), Area.name, Alarm.raised_at, func.count().over())
        .join(Area, Area.id == Alarm.area_id)
        .join(Submission, Submission.id == Alarm.submission_id)
        .where(can_see(actor), Alarm.state != AlarmState.CLOSED)
        .order_by(Alarm.raised_at, Alarm.id)
    )


def _checks(actor: Actor) -> Named:
    return (
        select(DeclineCheck.id, func.left(Submission.text_masked, 60), Area.name, DeclineCheck.drawn_at, func.count().over())
        .join(Submission, Submission.id == DeclineCheck.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(
            DeclineCheck.district_id == actor.district_id, DeclineCheck.checked_at.is_(None), within(actor, Permission.DECLINE_CHECK)
        )
        .order_by(DeclineCheck.id)
    )  # fmt: skip


def _guarded(actor: Actor, *, at: datetime) -> Named:
    return (
        select(IntakePoint.id, IntakePoint.name, Area.name, literal(at, IntakePoint.created_at.type), func.count().over())
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.district_id == actor.district_id,
            IntakePoint.guard == PointGuard.AUTO,
            IntakePoint.guarded_until > at,
            within(actor, Permission.PLACES_VIEW),
        )
        .order_by(IntakePoint.guarded_until.desc(), IntakePoint.id)
    )


def _abused(actor: Actor, *, at: datetime) -> Named:
    """Points of which HELD_MANY or more are held back; `since` is when the oldest of these came."""
    many = (
        select(Submission.point_id, func.min(Submission.received_at).label("since"))
        .where(Submission.district_id == actor.district_id, Submission.state == SubmissionState.QUARANTINED)
        .group_by(Submission.point_id)
        .having(func.count() >= HELD_MANY)
        .subquery()
    )
    return (
        select(IntakePoint.id, IntakePoint.name, Area.name, many.c.since, func.count().over())
        .join(many, many.c.point_id == IntakePoint.id)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.state != PointState.RETIRED,
            or_(IntakePoint.guard != PointGuard.AUTO, IntakePoint.guarded_until.is_(None), IntakePoint.guarded_until <= at),
            within(actor, Permission.PLACES_VIEW),
        )
        .order_by(many.c.since, IntakePoint.id)
    )


def _held(actor: Actor) -> Named:
    return (
        select(Submission.id, func.left(Submission.text_masked, 60), Area.name, Submission.received_at, func.count().over())
        .join(Area, Area.id == Submission.area_id)
        .where(
            Submission.district_id == actor.district_id,
            Submission.state == SubmissionState.QUARANTINED,
            within(actor, Permission.QUARANTINE_DECIDE),
        )
        .order_by(Submission.received_at, Submission.id)
    )


def _proposals(actor: Actor) -> Named:
    return (
        select(TopicProposal.id, Topic.title, Area.name, TopicProposal.created_at, func.count().over())
        .join(Topic, Topic.id == TopicProposal.topic_ids[1])
        .join(Area, Area.id == Topic.area_id)
        .where(
            TopicProposal.district_id == actor.district_id,
            TopicProposal.state == ProposalState.OPEN,
            within(actor, Permission.SCREEN_DECIDE),
        )
        .order_by(TopicProposal.created_at, TopicProposal.id)
    )


def _drafts(actor: Actor) -> Named:
    return (
        select(Release.id, Release.title, Area.name, Release.state_changed_at, func.count().over())
        .join(Area, Area.id == Release.area_id)
        .where(
            Release.district_id == actor.district_id, Release.state == ReleaseState.DRAFT, within(actor, Permission.RELEASE_PUBLISH)
        )
        .order_by(Release.state_changed_at, Release.id)
    )  # fmt: skip


def _failed_batches(actor: Actor, *, at: datetime) -> Named:
    return (
        select(PosterBatch.id, PosterBatch.format, Area.name, PosterBatch.state_changed_at, func.count().over())
        .join(Area, Area.id == PosterBatch.area_id)
        .where(
            PosterBatch.district_id == actor.district_id,
            PosterBatch.state == BatchState.FAILED,
            PosterBatch.state_changed_at > at - FAILED_SHOWN,
            within(actor, Permission.POSTERS_PRINT),
        )
        .order_by(PosterBatch.state_changed_at.desc(), PosterBatch.id.desc())
    )


def _silent_points(actor: Actor, *, at: datetime) -> Named:
    return (
        select(IntakePoint.id, IntakePoint.name, Area.name, alive_at().label("since"), func.count().over())
        .join(Area, Area.id == IntakePoint.area_id)
        .where(IntakePoint.district_id == actor.district_id, within(actor, Permission.PLACES_VIEW), is_quiet(at))
        .order_by("since", IntakePoint.id)
    )
