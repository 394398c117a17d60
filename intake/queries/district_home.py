"""今天要办: what waits for whoever sits at the desk, each kind in one query and only where the person may do something about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import Executable, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.alarm import AlarmState
from intake.domain.permission import Permission, Role
from intake.domain.release import ReleaseState
from intake.domain.submission import OPEN_FOR_DECISION, SUBMISSION_TABLE, SubmissionState, Urgency
from intake.domain.topic_proposal import ProposalState
from intake.models import Alarm, Area, DeclineCheck, HistoryEntry, Release, Submission, Topic, TopicProposal
from intake.queries.alarm import can_see
from intake.queries.appeal import SECOND_LOOKS
from intake.queries.imported import NOT_IMPORTED
from intake.queries.kept import PEOPLE_KEPT, written_out
from intake.queries.lease import recused
from intake.queries.pages import covers_district, within
from intake.queries.point_waiting import abused, failed_batches, guarded, silent_points
from intake.queries.referral_waiting import overdue, replied, revisits_due
from intake.queries.screening_waiting import (
    bulletins_unsent,
    idle,
    imports_begun,
    imports_failed,
    plans_standing_still,
    proposed,
    to_look_at_again,
    topics_standing_still,
    unmade,
    untold,
)
from intake.queries.waiting_moment import Named, moments

EMERGENCIES_SHOWN = 5


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
    UNMADE = "unmade"
    """集中公布时没有作出的决定: the topic waits for another."""
    UNTOLD = "untold"
    """上级对一类事的答复, of which residents don't know yet."""
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
    LOOK_AGAIN = "look_again"
    """议题库里到了再看日子的议题."""
    PLAN_STILL = "plan_still"
    """年度计划的审批停着."""
    TOPIC_STILL = "topic_still"
    """年中增补议题的审批停着."""
    BULLETIN = "bulletin"
    """没有报送的社情民意信息."""
    IMPORT_FAILED = "import_failed"
    """没有成功的导入."""
    IMPORT = "import"
    """等着对应、试读或导入的表格."""
    FAILED_BATCH = "failed_batch"
    """没有生成的海报."""
    SILENT_POINT = "silent_point"
    """很久没有人扫码的直报点."""


PATIENT = frozenset(
    {
        WaitingKind.PROPOSAL,
        WaitingKind.CHECK,
        WaitingKind.REVISIT,
        WaitingKind.IDLE,
        WaitingKind.LOOK_AGAIN,
        WaitingKind.PLAN_STILL,
        WaitingKind.TOPIC_STILL,
        WaitingKind.BULLETIN,
        WaitingKind.IMPORT_FAILED,
        WaitingKind.IMPORT,
        WaitingKind.SILENT_POINT,
    }
)
"""For these nobody outside the house waits."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line: the oldest of its kind, and how many there are."""

    kind: WaitingKind
    id: int
    """Of what is named, or of the round, where it stands on the page of that."""
    words: str
    """Its title, name or first words."""
    area_name: str
    since: datetime
    count: int = 1

    @property
    def presses(self) -> bool:
        """Whether a person waits for an answer; a quiet wall doesn't, nor a paper on its way."""
        return self.kind not in PATIENT


def waiting_for(session: Session, actor: Actor, *, at: datetime, idle_before: datetime, still_before: datetime) -> tuple[Waiting, ...]:
    """Every line that waits for the actor and may be done something about by them, in two statements; candidates untouched since
    `idle_before` are idle, approvals without a step since `still_before` stand still.
    """
    given = moments(at, idle_before=idle_before, still_before=still_before)
    asked = [one for one in (_oldest(actor), _submissions(actor)) if one is not None]
    lines = [
        Waiting(kind=WaitingKind(kind), id=row_id, words=words, area_name=area, since=since, count=count)
        for one in asked
        for kind, row_id, words, area, since, count in session.execute(one, given)
    ]
    return tuple(sorted(lines, key=lambda line: list(WaitingKind).index(line.kind)))


@lru_cache(maxsize=PEOPLE_KEPT)
def _submissions(actor: Actor) -> Executable | None:
    """Emergencies one by one, and the oldest of those that came up to staff, by appeal or by time."""
    if not actor.may(Permission.TRIAGE_DECIDE):
        return None
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
            kind.label("kind"),
            Submission.id,
            func.left(Submission.text_masked, 60).label("words"),
            Area.name,
            Submission.received_at,
            of_kind.label("of_kind"),
            rank.label("rank"),
        )
        .join(Area, Area.id == Submission.area_id)
        .where(
            Submission.district_id == actor.district_id,
            Submission.state.in_(OPEN_FOR_DECISION),
            NOT_IMPORTED,
            ~recused(actor),
            within(actor, Permission.TRIAGE_DECIDE),
            or_(emergency, Submission.owner_role == Role.STAFF),
        )
        .subquery()
    )
    shown = or_(inner.c.rank == 1, (inner.c.kind == WaitingKind.EMERGENCY.value) & (inner.c.rank <= EMERGENCIES_SHOWN))
    c = inner.c
    return select(c.kind, c.id, c.words, c.name, c.received_at, c.of_kind).where(shown).order_by(c.received_at)


@lru_cache(maxsize=PEOPLE_KEPT)
def _oldest(actor: Actor) -> Executable | None:
    """The first of each kind, all in one statement; None where nothing could wait."""
    kinds: tuple[tuple[WaitingKind, Permission, Callable[[Actor], Named]], ...] = (
        (WaitingKind.ALARM, Permission.ALARM_ANSWER, _alarms),
        (WaitingKind.GUARDED, Permission.PLACES_VIEW, guarded),
        (WaitingKind.ABUSED, Permission.PLACES_VIEW, abused),
        (WaitingKind.HELD, Permission.QUARANTINE_DECIDE, _held),
        (WaitingKind.REPLIED, Permission.REFERRAL_FOLLOW, replied),
        (WaitingKind.OVERDUE, Permission.REFERRAL_FOLLOW, overdue),
        (WaitingKind.UNMADE, Permission.SCREEN_DECIDE, unmade),
        (WaitingKind.UNTOLD, Permission.SCREEN_DECIDE, untold),
        (WaitingKind.PROPOSED, Permission.SCREEN_VIEW, proposed),
        (WaitingKind.PROPOSAL, Permission.SCREEN_DECIDE, _proposals),
        (WaitingKind.DRAFT, Permission.RELEASE_PUBLISH, _drafts),
        (WaitingKind.CHECK, Permission.DECLINE_CHECK, _checks),
        (WaitingKind.REVISIT, Permission.REFERRAL_FOLLOW, revisits_due),
        (WaitingKind.IDLE, Permission.SCREEN_VIEW, idle),
        (WaitingKind.LOOK_AGAIN, Permission.SCREEN_DECIDE, to_look_at_again),
        (WaitingKind.PLAN_STILL, Permission.PLAN_MANAGE, plans_standing_still),
        (WaitingKind.TOPIC_STILL, Permission.PLAN_MANAGE, topics_standing_still),
        (WaitingKind.BULLETIN, Permission.BULLETIN_MANAGE, bulletins_unsent),
        (WaitingKind.IMPORT_FAILED, Permission.IMPORT_MANAGE, imports_failed),
        (WaitingKind.IMPORT, Permission.IMPORT_MANAGE, imports_begun),
        (WaitingKind.FAILED_BATCH, Permission.POSTERS_PRINT, failed_batches),
        (WaitingKind.SILENT_POINT, Permission.PLACES_VIEW, silent_points),
    )
    firsts = [
        select(literal(kind.value), *query(actor).limit(1).subquery().c) for kind, permission, query in kinds if actor.may(permission)
    ]
    return written_out(union_all(*firsts)) if firsts else None


def _alarms(actor: Actor) -> Named:
    return (
        select(Alarm.id, func.left(Submission.text_masked, 60), Area.name, Alarm.raised_at, func.count().over())
        .join(Area, Area.id == Alarm.area_id)
        .join(Submission, Submission.id == Alarm.submission_id)
        .where(can_see(actor), Alarm.state != AlarmState.CLOSED)
        .order_by(Alarm.raised_at, Alarm.id)
    )


def _checks(actor: Actor) -> Named:
    stepped_back = recused(actor, DeclineCheck.submission_id)
    where = [DeclineCheck.district_id == actor.district_id, DeclineCheck.checked_at.is_(None), ~stepped_back]
    if not covers_district(actor, Permission.DECLINE_CHECK):
        here = select(Submission.id).join(Area, Area.id == Submission.area_id).where(within(actor, Permission.DECLINE_CHECK))
        where.append(DeclineCheck.submission_id.in_(here))
    first = select(func.min(DeclineCheck.id)).where(*where)
    count = select(func.count(DeclineCheck.id)).where(*where)
    return (
        select(DeclineCheck.id, func.left(Submission.text_masked, 60), Area.name, DeclineCheck.drawn_at, count.scalar_subquery())
        .join(Submission, Submission.id == DeclineCheck.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(DeclineCheck.id == first.scalar_subquery())
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
