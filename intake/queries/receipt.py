"""What a resident reads on the receipt: where it stands, who has it, and every step in plain words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Role
from intake.domain.submission import (
    DECLINE_WORDS,
    SUBMISSION_TABLE,
    WITHDRAWABLE,
    DeclineReason,
    SubmissionState,
)
from intake.domain.topic import TOPIC_TABLE, TopicState
from intake.domain.transition import StateTable
from intake.models import Contributor, Decision, HistoryEntry, IntakePoint, Notification, Submission, Topic, User


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline."""

    at: datetime
    words: str
    """The table's sentence for this step."""
    reason: str
    """The words of the reason that was chosen from a list; empty where there is none."""
    written: str
    """What the member or staff wrote."""
    by: str
    """Who, where it is a person."""
    topic_title: str
    is_decision: bool


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Everything on the receipt page."""

    submission_id: int
    number: str
    salt: bytes
    state: SubmissionState
    text: str
    replaced_characters: int
    place: str
    contact_hint: str
    received_at: datetime
    point_name: str
    point_code: str
    helper_phone: str
    helper_hours: str
    helper_name: str
    owner_name: str
    owner_role: Role | None
    topic_title: str
    topic_people: int
    steps: tuple[Step, ...]
    may_withdraw: bool
    standing: str
    """Where it stands, in one sentence."""
    next_words: str
    """What happens next; empty once it has ended."""


@dataclass(frozen=True, slots=True)
class ReceiptSecret:
    """What is needed to check a code or a link."""

    submission_id: int
    number: str
    salt: bytes


def receipt_secret(session: Session, number: str) -> ReceiptSecret | None:
    """The salt behind a receipt number."""
    row = session.execute(
        select(Submission.id, Submission.receipt_number, Submission.receipt_salt).where(Submission.receipt_number == number)
    ).one_or_none()
    return ReceiptSecret(*row) if row else None


def receipt_view(session: Session, submission_id: int) -> ReceiptView:
    """The whole page in at most four queries: the submission with its place, its topic, what was told of it, and the steps."""
    submission, point, owner = session.execute(
        select(Submission, IntakePoint, User)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(User, User.id == Submission.owner_id)
        .where(Submission.id == submission_id)
    ).one()
    joined = session.execute(
        select(Contributor, Topic)
        .join(Topic, Topic.id == Contributor.topic_id)
        .where(Contributor.submission_id == submission_id, Contributor.status == ContributorStatus.CONFIRMED)
    ).one_or_none()
    contributor, topic = joined or (None, None)
    standing, next_words = _standing(submission.state, topic.state if topic else None)
    return ReceiptView(
        submission_id=submission.id,
        number=submission.receipt_number,
        salt=submission.receipt_salt,
        state=submission.state,
        text=submission.text_written,
        replaced_characters=submission.replaced_characters,
        place=submission.place,
        contact_hint=submission.contact_hint,
        received_at=submission.received_at,
        point_name=point.name,
        point_code=point.code,
        helper_phone=point.helper_phone,
        helper_hours=point.helper_hours,
        helper_name=point.helper_name,
        owner_name=owner.name if owner is not None else "",
        owner_role=submission.owner_role,
        topic_title=topic.title if topic else "",
        topic_people=topic.confirmed_count if topic else 0,
        steps=_steps(session, submission, contributor),
        may_withdraw=submission.state in WITHDRAWABLE,
        standing=standing,
        next_words=next_words,
    )


_RATE = "有了结果，我们会请您说一句：解决了、部分解决，还是没解决。"

_STANDING: dict[SubmissionState, tuple[str, str]] = {
    SubmissionState.RECEIVED: ("您的话已经收到", "系统几秒钟内整理好，委员一般在 2 个工作日内看到。"),
    SubmissionState.TRIAGED: ("等委员看", "委员一般在 2 个工作日内看到；没看到会转给召集人，再转给区政协工作人员。"),
    SubmissionState.NEEDS_DETAIL: ("请您再补充一点", "补充以后接着办。"),
    SubmissionState.IN_TOPIC: ("委员看过，并入了议题", "跟着议题走，每一步都写在这里。"),
    SubmissionState.REFERRED: ("已转请有关单位办理", "有关单位答复后，写在这里告诉您。"),
    SubmissionState.ANSWERED: ("委员已经答复您", ""),
    SubmissionState.REPORTED_BACK: ("结果已经告诉您", ""),
    SubmissionState.REOPENED: ("重新受理，再看一遍", "上次处理的委员会知道您不满意，重新处理。"),
    SubmissionState.DECLINED: ("没有采用，理由写在下面", ""),
    SubmissionState.QUARANTINED: ("正在核对内容", "工作人员核对后接着办；核对的结果写在这里。"),
    SubmissionState.WITHDRAWN: ("您已经撤回", ""),
    SubmissionState.CLOSED: ("已经办结", ""),
}
"""Where a submission stands and what comes next."""

_WITH_TOPIC: dict[TopicState, tuple[str, str]] = {
    TopicState.CANDIDATE: ("委员看过，并入了议题", "委员提交后由区政协筛选；提的人多、影响大的先商量。"),
    TopicState.PROPOSED: ("区政协正在筛选", "筛选的决定和理由写在这里。"),
    TopicState.POOLED: ("进入了议题库", "安排调研和协商；列入计划时写在这里。"),
    TopicState.PLANNED: ("列入了协商计划", "先调研，再开会商量，然后请责任单位办理。"),
    TopicState.CONSULTING: ("正在协商", "商量出的办法交责任单位办理，结果告诉您。"),
    TopicState.DELIVERING: ("有关单位正在办理", _RATE),
    TopicState.REFERRED: ("已转请有关单位办理", "有关单位答复后，写在这里告诉您。"),
}
"""The same for one that is in a topic: the topic's way is what it waits for."""


def _standing(state: SubmissionState, topic: TopicState | None) -> tuple[str, str]:
    if state is SubmissionState.IN_TOPIC and topic in _WITH_TOPIC:
        return _WITH_TOPIC[topic]
    return _STANDING[state]


def _steps(session: Session, submission: Submission, contributor: Contributor | None) -> tuple[Step, ...]:
    """The submission's history, and that of the topics it was confirmed in, from the moment it joined; undone steps are left out."""
    target = aliased(Topic)
    of_submission = (HistoryEntry.noun == SUBMISSION_TABLE.noun) & (HistoryEntry.entity_id == submission.id)
    where: ColumnElement[bool] = of_submission
    if contributor is not None:
        ids = {contributor.topic_id, contributor.via_topic_id or contributor.topic_id}
        since = contributor.decided_at or contributor.created_at
        of_topic = HistoryEntry.noun == TOPIC_TABLE.noun
        # Topics it passed through by merging are not on the contributor any more, but the notices tell what was said there.
        told = session.execute(
            select(Decision.id, Decision.topic_id)
            .join(Notification, Notification.decision_id == Decision.id)
            .where(Notification.submission_id == submission.id, Decision.topic_id.is_not(None))
        ).all()
        where = or_(
            of_submission,
            of_topic & HistoryEntry.entity_id.in_(ids) & (HistoryEntry.at >= since),
            of_topic & HistoryEntry.entity_id.in_({row.topic_id for row in told}) & HistoryEntry.decision_id.in_([row.id for row in told]),
        )
    rows = session.execute(
        select(HistoryEntry, Decision, User.name, target.title)
        .outerjoin(Decision, Decision.id == HistoryEntry.decision_id)
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .outerjoin(target, target.id == HistoryEntry.topic_id)
        .where(where)
        .order_by(HistoryEntry.at, HistoryEntry.id)
    ).all()
    steps = []
    for entry, decision, name, title in rows:
        if decision is not None and decision.undone_at is not None:
            continue
        table = SUBMISSION_TABLE if entry.noun == SUBMISSION_TABLE.noun else TOPIC_TABLE
        words = _words(table, entry.action)
        if words:
            # A report-back repeats the topic's decision that stands right above it.
            shown = None if entry.action == "report_back" else decision
            steps.append(
                Step(
                    at=entry.at,
                    words=words,
                    reason=_reason(shown),
                    written=shown.words if shown is not None else "",
                    by=name or "",
                    topic_title=title or "",
                    is_decision=decision is not None,
                )
            )
    return tuple(steps)


_WORDS = {
    (table.noun, transition.action.value): transition.words for table in (SUBMISSION_TABLE, TOPIC_TABLE) for transition in table.transitions
}


def _words(table: StateTable, action: str) -> str:
    if action == "begin":
        return "已收到您的话。" if table is SUBMISSION_TABLE else ""
    return _WORDS.get((table.noun, action), "")


def _reason(decision: Decision | None) -> str:
    if decision is None or decision.action != "decline" or not decision.reason_code:
        return ""
    return DECLINE_WORDS[DeclineReason(decision.reason_code)]
