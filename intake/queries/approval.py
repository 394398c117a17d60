"""审批链: a district's chains, and how far a plan or topic has come on one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.approval import (
    APPROVAL_DECISION_NAMES,
    DEFAULT_CHAIN,
    ApprovalDecision,
    ApprovalKind,
    ApprovalSubject,
    Recorded,
    done_steps,
)
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.topic import TOPIC_TABLE, TopicState
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import PlanState
from intake.models import Approval, ApprovalStep, HistoryEntry, PlanEdition, Topic, User, YearPlan
from intake.queries.attachment import StoredFile
from intake.queries.departments import manages_district

QUARANTINE = "quarantine/approvals/"
"""Where the bytes of a scan lie until a worker has made them anew."""
Subject = YearPlan | Topic
_UNDOER = aliased(User)


@dataclass(frozen=True, slots=True)
class StepEnded:
    """That a district asks for a step no more."""

    at: datetime
    authority: str
    """Who let it end; empty of one that ended before this was asked, as `reason` is."""
    reason: str

    @property
    def day(self) -> date:
        """Since when."""
        return self.at.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a chain; `id` is 0 while the district has the usual chain and nothing of it is stored."""

    id: int
    subject: ApprovalSubject
    kind: ApprovalKind
    name: str
    body: str
    needs_number: bool
    needs_minutes: bool
    version: int
    ended: StepEnded | None = None

    @property
    def is_ended(self) -> bool:
        """Whether it is asked no more."""
        return self.ended is not None


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """What was written down once."""

    id: int
    step_name: str
    """As it was called then, as `back_to` was."""
    decision: ApprovalDecision
    body: str
    held_on: date
    document_number: str
    minutes: str
    """Empty for whoever only reads the plan."""
    words: str
    back_to: str
    authority: str
    file_name: str
    """Empty without a scan, and for whoever only reads the plan."""
    file_state: str
    """waiting, ready or refused."""
    file_refused: str
    by: str
    at: datetime
    undone_at: datetime | None
    undone_by: str

    @property
    def name(self) -> str:
        """What was decided, in words."""
        return APPROVAL_DECISION_NAMES[self.decision]


@dataclass(frozen=True, slots=True)
class ChainStep:
    """A step as the plan or topic stands to it."""

    step: StepLine
    done: ApprovalLine | None
    """By which it was passed or skipped."""
    is_next: bool

    @property
    def lapsed(self) -> StepEnded | None:
        """That it ended before this plan or topic had passed it."""
        return self.step.ended if self.done is None else None

    @property
    def name(self) -> str:
        """As it was called when it was decided; as it is called now while it is open."""
        return self.done.step_name if self.done is not None else self.step.name


@dataclass(frozen=True, slots=True)
class SubjectApprovals:
    """How far a plan or a topic has come."""

    subject: ApprovalSubject
    subject_id: int
    title: str
    steps: tuple[ChainStep, ...]
    before: tuple[ApprovalLine, ...]
    """What doesn't stand any more, or opened steps again: sent back, or taken back; the newest first."""
    seen: int
    """The newest that stands, to be sent back with the form; 0 for none."""
    is_open: bool
    """Whether anything may be written down now."""
    may_record: bool
    """Write the open step down, and take the newest one back."""
    newest: ApprovalLine | None
    today: date | None = None

    @property
    def next(self) -> StepLine | None:
        """The step that is open; None when the chain is complete."""
        return next((one.step for one in self.steps if one.is_next), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the steps that are neither passed nor skipped, and are still asked for."""
        return tuple(one.step.name for one in self.steps if one.done is None and one.lapsed is None)

    @property
    def skipped(self) -> tuple[ApprovalLine, ...]:
        """Steps that a named authority let be left out."""
        return tuple(one.done for one in self.steps if one.done is not None and one.done.decision is ApprovalDecision.SKIPPED)

    @property
    def passed_count(self) -> int:
        """How many steps are done."""
        return sum(one.done is not None for one in self.steps)

    @property
    def asked_count(self) -> int:
        """How many steps there are, without those that ended before it had passed them."""
        return self.passed_count + len(self.missing)

    @property
    def lapsed(self) -> tuple[ChainStep, ...]:
        """Steps that ended before it had passed them."""
        return tuple(one for one in self.steps if one.lapsed is not None)

    @property
    def earlier(self) -> tuple[StepLine, ...]:
        """Steps it may be sent back to: the open one and those before it."""
        found: list[StepLine] = []
        for one in self.steps:
            if not one.step.is_ended:
                found.append(one.step)
            if one.is_next:
                break
        return tuple(found)


def require_approvals(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor makes the plan for their whole district: approvals are its papers, whatever places they name."""
    if not manages_district(session, actor, Permission.PLAN_MANAGE):
        raise Forbidden("审批由负责全区的区政协工作人员登记。需要的话请联系区政协办公室。")


def chain_of(session: Session, district_id: int, subject: ApprovalSubject, *, ended: bool = False) -> tuple[StepLine, ...]:
    """The district's steps in order, those that ended too when asked for; the usual chain where it has none stored."""
    stored = session.scalars(
        select(ApprovalStep)
        .where(ApprovalStep.district_id == district_id, ApprovalStep.subject == subject)
        .order_by(ApprovalStep.place, ApprovalStep.id)
    ).all()
    if not stored:
        return tuple(StepLine(0, subject, one.kind, one.name, one.body, one.needs_number, one.needs_minutes, 0) for one in DEFAULT_CHAIN)
    return tuple(_step(one) for one in stored if ended or one.ended_at is None)


def step_line(session: Session, actor: Actor, step_id: int) -> StepLine:
    """One stored step; NotFound in another district, Forbidden as `require_approvals`."""
    require_approvals(session, actor)
    found = session.get(ApprovalStep, step_id)
    if found is None or found.district_id != actor.district_id:
        raise NotFound("没有这一步，或者不在您的区。")
    return _step(found)


def subject_of(session: Session, subject: ApprovalSubject, subject_id: int, *, district_id: int | None) -> Subject:
    """The plan or the topic; NotFound in another district."""
    found = session.get(YearPlan, subject_id) if subject is ApprovalSubject.PLAN else session.get(Topic, subject_id)
    if found is None or found.district_id != district_id:
        raise NotFound("没有这份计划或这个议题，或者不在您的区。")
    return found


def is_open(found: Subject) -> bool:
    """Whether steps may be written down: a plan that isn't issued yet, a topic in the pool."""
    return found.state in (PlanState.DRAFTING, TopicState.POOLED)


def approvals_of(session: Session, actor: Actor, subject: ApprovalSubject, subject_id: int, *, today: date) -> SubjectApprovals | None:
    """The path of one plan or topic; None for whoever may read neither plans nor the screening of the district.

    In four queries; five once it has gone its way and the district has ended a step. NotFound as `subject_of`.
    """
    if not (actor.may(Permission.PLAN_VIEW) or actor.may(Permission.SCREEN_VIEW)):
        return None
    found = subject_of(session, subject, subject_id, district_id=actor.district_id)
    manages = manages_district(session, actor, Permission.PLAN_MANAGE)
    chain = chain_of(session, found.district_id, subject, ended=True)
    lines = [
        (row[0], line_of(row, inside=manages))
        for row in session.execute(recorded_lines().where(_about(subject, subject_id)).order_by(Approval.id))
    ]
    return path_of(found, chain, lines, manages=manages, today=today, went_at=_went_at(session, found, chain))


def missing_steps(session: Session, subject: ApprovalSubject, found: Subject) -> tuple[str, ...]:
    """The names of the steps that are neither passed nor skipped, in two queries."""
    chain = chain_of(session, found.district_id, subject, ended=True)
    done = done_steps(recorded_of(session, subject, found.id))
    return tuple(step.name for step in chain if step.id not in done and not step.is_ended)


def lapsed_steps(session: Session, subject: ApprovalSubject, found: Subject) -> tuple[StepLine, ...]:
    """The steps that ended before it had passed them, in at most three queries."""
    chain = chain_of(session, found.district_id, subject, ended=True)
    if not any(step.is_ended for step in chain):
        return ()
    done = done_steps(recorded_of(session, subject, found.id))
    went_at = _went_at(session, found, chain)
    return tuple(step for step in chain if step.id not in done and _has_lapsed(step, found, went_at))


def recorded_of(session: Session, subject: ApprovalSubject, subject_id: int) -> tuple[Recorded, ...]:
    """What stands, in the order it was written down."""
    rows = session.scalars(select(Approval).where(_about(subject, subject_id), Approval.undone_at.is_(None)).order_by(Approval.id))
    return tuple(_recorded(row) for row in rows)


def scan_of(session: Session, actor: Actor, approval_id: int) -> StoredFile:
    """The scan of a paper, once a worker has made it anew; NotFound otherwise, Forbidden as `require_approvals`."""
    require_approvals(session, actor)
    found = session.get(Approval, approval_id)
    if found is None or found.district_id != actor.district_id or not found.file_key or found.file_key.startswith(QUARANTINE):
        raise NotFound("没有这份扫描件，可能还在检查。")
    media_type = "application/pdf" if PurePosixPath(found.file_key).suffix == ".pdf" else "image/jpeg"
    return StoredFile(found.id, found.file_name, media_type, 0, found.file_key)


def path_of(
    found: Subject,
    chain: Sequence[StepLine],
    lines: Iterable[tuple[Approval, ApprovalLine]],
    *,
    manages: bool,
    today: date,
    went_at: datetime | None = None,
) -> SubjectApprovals:
    """The plan or topic on its chain, with what was written down of it in that order; `manages`: the reader may write steps down;
    `went_at`: when it was issued, or entered a plan.
    """
    rows = list(lines)
    by_id = {line.id: line for _, line in rows}
    standing = [row for row, _ in rows if row.undone_at is None]
    done = done_steps(map(_recorded, standing))
    shown = [step for step in chain if step.id in done or not step.is_ended or _has_lapsed(step, found, went_at)]
    opened = next((step for step in shown if step.id not in done and not step.is_ended), None)
    newest = by_id[standing[-1].id] if standing else None
    open_now = is_open(found)
    return SubjectApprovals(
        subject=ApprovalSubject.PLAN if isinstance(found, YearPlan) else ApprovalSubject.TOPIC,
        subject_id=found.id,
        title=found.title,
        steps=tuple(ChainStep(step, by_id.get(done.get(step.id, 0)), is_next=step is opened) for step in shown),
        before=tuple(line for _, line in reversed(rows) if line.id not in done.values()),
        seen=newest.id if newest is not None else 0,
        is_open=open_now,
        may_record=manages and open_now,
        newest=newest,
        today=today,
    )


def _has_lapsed(step: StepLine, found: Subject, went_at: datetime | None) -> bool:
    """Whether it ended while the plan or topic, which hasn't passed it, was under way."""
    return step.ended is not None and found.created_at <= step.ended.at and (went_at is None or step.ended.at <= went_at)


def _went_at(session: Session, found: Subject, chain: Sequence[StepLine]) -> datetime | None:
    """When it was issued first, or entered its plan; None while it may still go through its chain. Looked up only where a step has ended."""
    if is_open(found) or not any(step.is_ended for step in chain):
        return None
    if isinstance(found, YearPlan):
        return session.scalar(select(func.min(PlanEdition.created_at)).where(PlanEdition.plan_id == found.id))
    return session.scalar(
        select(func.max(HistoryEntry.at)).where(
            HistoryEntry.noun == TOPIC_TABLE.noun, HistoryEntry.entity_id == found.id, HistoryEntry.to_state == TopicState.PLANNED
        )
    )


def _about(subject: ApprovalSubject, subject_id: int) -> ColumnElement[bool]:
    return (Approval.plan_id if subject is ApprovalSubject.PLAN else Approval.topic_id) == subject_id


def recorded_lines() -> Select[Approval, str, str | None]:
    """What was written down, for `line_of`: with who wrote it and who took it back."""
    return (
        select(Approval, User.name, _UNDOER.name)
        .join(User, User.id == Approval.recorded_by)
        .outerjoin(_UNDOER, _UNDOER.id == Approval.undone_by)
    )


def line_of(row: Sequence[object], *, inside: bool) -> ApprovalLine:
    """A row that begins with the columns of `recorded_lines`; minutes and scan are for those inside."""
    one, by, undone_by = row[:3]
    assert isinstance(one, Approval)
    state = "waiting" if one.file_key.startswith(QUARANTINE) else "ready" if one.file_key else "refused"
    return ApprovalLine(
        id=one.id,
        step_name=one.step_name,
        decision=one.decision,
        body=one.body,
        held_on=one.held_on,
        document_number=one.document_number,
        minutes=one.minutes if inside else "",
        words=one.words,
        back_to=one.back_to_name,
        authority=one.authority,
        file_name=one.file_name if inside else "",
        file_state=state,
        file_refused=one.file_refused,
        by=str(by),
        at=one.recorded_at,
        undone_at=one.undone_at,
        undone_by=str(undone_by or ""),
    )


def _step(one: ApprovalStep) -> StepLine:
    return StepLine(
        one.id,
        one.subject,
        one.kind,
        one.name,
        one.body,
        one.needs_number,
        one.needs_minutes,
        one.version,
        StepEnded(one.ended_at, one.ended_authority or "", one.ended_reason or "") if one.ended_at is not None else None,
    )


def _recorded(row: Approval) -> Recorded:
    return Recorded(row.id, row.step_id, row.decision, row.back_to_id)
