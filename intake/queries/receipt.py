"""What a resident reads on the receipt: where it stands, who has it, and every step in plain words."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import WITHDRAWABLE, Channel, SubmissionState
from intake.domain.suspicion import Suspicion
from intake.domain.topic import TopicState
from intake.domain.working_days import HolidayTable
from intake.models import Alarm, Contributor, IntakePoint, Referral, Submission, SubmissionFile, SubmissionPart, Topic, User
from intake.queries.message import Thread, thread_for_resident
from intake.queries.receipt_outcome import OutcomeOnReceipt, outcome_of
from intake.queries.receipt_referral import Hands, ReferralOnReceipt, referrals_of
from intake.queries.receipt_steps import Step, steps_of
from intake.queries.submission_file import FileSaid, files_of
from intake.queries.submission_part import NO_FAMILY, family_of


@dataclass(frozen=True, slots=True)
class PartOnReceipt:
    """Some sentences of it that are handled apart, or were."""

    number: str
    salt: bytes
    state: SubmissionState
    text: str
    is_out: bool


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Everything on the receipt page."""

    submission_id: int
    number: str
    salt: bytes
    state: SubmissionState
    channel: Channel
    is_checked_first: bool
    """Staff look at it before a member does; said at once where the resident couldn't prove their trouble (防刷)."""
    text: str
    replaced_characters: int
    place: str
    contact_hint: str
    contact_agreed_at: datetime | None
    """When the resident agreed that the unit in charge may have the contact."""
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
    outcome: OutcomeOnReceipt | None
    """The result that stands now."""
    referrals: tuple[ReferralOnReceipt, ...]
    """Those on their way: who has it, and by when they answer."""
    files: tuple[FileSaid, ...]
    """The resident's own photos and voices."""
    parts: tuple[PartOnReceipt, ...]
    """What was split off it, with receipts of their own."""
    part_of: str
    """The number of the receipt it was split off; empty in general."""
    steps: tuple[Step, ...]
    messages: Thread
    may_withdraw: bool
    may_write: bool
    ends_on: date | None
    """Until when something is expected of the resident."""
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


@dataclass(frozen=True, slots=True)
class Received:
    """A submission with what stands beside it, as `receipt_of` needs it."""

    submission: Submission
    point: IntakePoint
    owner: User | None
    contributor: Contributor | None
    topic: Topic | None
    alarm_id: int | None
    is_referred: bool
    """Whether a referral of it or of its topic was ever made."""
    has_files: bool
    """Whether photos or voices came with it."""
    has_parts: bool
    """Whether something was split off it."""

    @property
    def secret(self) -> ReceiptSecret:
        """What a code or a link is checked against."""
        return ReceiptSecret(self.submission.id, self.submission.receipt_number, self.submission.receipt_salt)


def received(session: Session, number: str) -> Received | None:
    """The submission behind a receipt number, in one statement; nothing of it may be shown before the secret was checked."""
    row = session.execute(_received().where(Submission.receipt_number == number)).one_or_none()
    return Received(*row) if row else None


def receipt_view(session: Session, submission_id: int, *, at: datetime, workflow: Workflow) -> ReceiptView:
    """The whole page for a submission by its id, for those who need no secret."""
    row = session.execute(_received().where(Submission.id == submission_id)).one()
    return receipt_of(session, Received(*row), at=at, workflow=workflow)


def receipt_of(session: Session, found: Received, *, at: datetime, workflow: Workflow) -> ReceiptView:
    """The whole page in at most eight further statements: referrals, photos, steps (two more where it was an emergency), result, messages; where
    nothing of a kind can be, it isn't asked for."""
    submission, point, owner, topic = found.submission, found.point, found.owner, found.topic
    holidays = HolidayTable(off=workflow.holidays.off, working=workflow.holidays.working)
    referrals = referrals_of(session, submission.id, topic, holidays=holidays) if found.is_referred else ()
    if submission.channel is Channel.ENDORSEMENT:
        referrals = tuple(replace(one, title="") for one in referrals)  # an inner word, and everybody may join
    split = found.has_parts or submission.parent_id is not None
    family = family_of(session, submission.id) if split else NO_FAMILY
    standing, next_words = standing_of(submission.state, topic.state if topic else None, owner=submission.owner_role)
    return ReceiptView(
        submission_id=submission.id,
        number=submission.receipt_number,
        salt=submission.receipt_salt,
        state=submission.state,
        channel=submission.channel,
        is_checked_first=submission.state is SubmissionState.QUARANTINED
        or (submission.state is SubmissionState.RECEIVED and submission.suspicion is Suspicion.UNPROVEN),
        text=submission.text_written,
        replaced_characters=submission.replaced_characters,
        place=submission.place,
        contact_hint=submission.contact_hint,
        contact_agreed_at=submission.contact_consent_at,
        received_at=submission.received_at,
        point_name=point.name,
        point_code=point.code,
        helper_phone=point.helper_phone,
        helper_hours=point.helper_hours,
        helper_name=point.helper_name,
        owner_name=owner.name if owner is not None else "",
        owner_role=submission.owner_role,
        # Whoever joins a public matter reads what it is called in public: everybody may join.
        topic_title=topic.title if topic and submission.channel is not Channel.ENDORSEMENT else "",
        topic_people=topic.confirmed_count if topic else 0,
        outcome=outcome_of(session, submission, at=at),
        referrals=tuple(one for one in referrals if one.hands is not Hands.NOBODY),
        files=files_of(session, submission.id) if found.has_files else (),
        parts=tuple(PartOnReceipt(one.number, one.salt, one.state, one.written, is_out=one.is_out) for one in family.parts),
        part_of=family.origin.number if family.origin is not None else "",
        steps=steps_of(session, submission, found.contributor, referrals, was_emergency=found.alarm_id is not None),
        messages=thread_for_resident(session, submission.id),
        may_withdraw=submission.state in WITHDRAWABLE,
        may_write=submission.state not in {SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED, SubmissionState.REJOINED},
        ends_on=_ends_on(submission, workflow),
        standing=standing,
        next_words=next_words,
    )


def _received() -> Any:
    """The columns of Received, to be narrowed."""
    of_topic = Referral.topic_id.in_([Topic.id, Topic.class_topic_id])
    is_referred = exists().where(Referral.submission_id == Submission.id) | exists().where(of_topic)
    has_files = exists().where(SubmissionFile.submission_id == Submission.id, SubmissionFile.removed_at.is_(None))
    has_parts = exists().where(SubmissionPart.parent_id == Submission.id)
    return (
        select(Submission, IntakePoint, User, Contributor, Topic, Alarm.id, is_referred, has_files, has_parts)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(User, User.id == Submission.owner_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.CONFIRMED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .outerjoin(Alarm, Alarm.submission_id == Submission.id)
    )


def _ends_on(submission: Submission, workflow: Workflow) -> date | None:
    """The last day for the resident's word, where one is waited for: until then a detail is asked for, or an answer may be judged."""
    days = {
        SubmissionState.NEEDS_DETAIL: workflow.owner.needs_detail_days,
        SubmissionState.ANSWERED: workflow.owner.close_after_silent_days,
        SubmissionState.REPORTED_BACK: workflow.owner.close_after_silent_days,
    }.get(submission.state)
    return (submission.state_changed_at + timedelta(days=days)).astimezone(SHANGHAI).date() if days is not None else None


_RATE = "有了结果，我们会请您说一句：解决了、部分解决，还是没解决。"

_STANDING: dict[SubmissionState, tuple[str, str]] = {
    SubmissionState.RECEIVED: ("您的话已经收到", "系统几秒钟内整理好，委员一般在 2 个工作日内看到。"),
    SubmissionState.TRIAGED: ("等委员看", "委员一般在 2 个工作日内看到；没看到会转给召集人，再转给区政协工作人员。"),
    SubmissionState.NEEDS_DETAIL: ("请您再补充一点", "补充以后接着办。"),
    SubmissionState.IN_TOPIC: ("委员看过，并入了议题", "跟着议题走，每一步都写在这里。"),
    SubmissionState.REFERRED: ("已转请有关单位办理", "有关单位答复后，写在这里告诉您。"),
    SubmissionState.ANSWERED: ("已经答复您", ""),
    SubmissionState.REPORTED_BACK: ("结果已经告诉您", ""),
    SubmissionState.REOPENED: ("重新受理，再看一遍", "上次处理的委员会知道您不满意，重新处理。"),
    SubmissionState.DECLINED: ("没有采用，理由写在下面", ""),
    SubmissionState.QUARANTINED: ("正在核对内容", "工作人员核对后接着办；核对的结果写在这里。"),
    SubmissionState.WITHDRAWN: ("您已经撤回", ""),
    SubmissionState.REJOINED: ("已并回您原来说的那一件，在那张回执上看进展", ""),
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


_AGAIN_WITH_STAFF = ("重新受理，再看一遍", "由区政协工作人员重新看，结果和理由写在这里。")
"""Of one that came back by an appeal, or that staff handled."""


def standing_of(state: SubmissionState, topic: TopicState | None, *, owner: Role | None) -> tuple[str, str]:
    """Where a submission stands, and what happens next; `topic` is the state of the topic that it is in, `owner` the role that has it."""
    if state is SubmissionState.IN_TOPIC and topic in _WITH_TOPIC:
        return _WITH_TOPIC[topic]
    if state is SubmissionState.REOPENED and owner is Role.STAFF:
        return _AGAIN_WITH_STAFF
    return _STANDING[state]
