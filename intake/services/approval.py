"""审批: what a body decided at a step, as staff write it down from the paper; steps go in order, each once, and none is left out in silence."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import BODY_MAX, DEFAULT_CHAIN, NUMBER_MAX, ApprovalDecision, ApprovalSubject
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.text import clean_line
from intake.domain.working_days import SHANGHAI
from intake.models import Approval, ApprovalStep, Topic, YearPlan
from intake.ports import ObjectStore
from intake.queries.approval import Subject, is_open, missing_steps, recorded_of, require_approvals, subject_of
from intake.services.approval_chain import line_needed, stored_chain, words_within
from intake.services.approval_scan import keep_scan
from intake.services.attachment import Incoming
from intake.services.audit import record
from intake.services.topic_decision import lock_topics

FASTER = "这一步刚刚有人登记过，或者审批步骤有了变化。您写的还在下面，请先看看现在到了哪一步。"


@dataclass(frozen=True, slots=True)
class Recording:
    """Whose step is written down, and what was on the person's screen: the step that was open and the newest approval that stood (0: none)."""

    actor: Actor
    subject: ApprovalSubject
    subject_id: int
    step_id: int
    seen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """What stands on the paper; `back_to_id` of one that was sent back, `authority` of one that was skipped."""

    decision: ApprovalDecision
    body: str
    held_on: date | None
    document_number: str = ""
    minutes: str = ""
    words: str = ""
    authority: str = ""
    back_to_id: int | None = None
    scan: Incoming | None = None

    def field(self, name: str) -> str:
        """The form field of a fact: each decision has fields of its own on the page."""
        return f"{self.decision.value}_{name}"


def missing(session: Session, *, subject: ApprovalSubject, subject_id: int) -> tuple[str, ...]:
    """The names of the steps of the district's chain that are neither passed nor skipped; empty when it is complete."""
    found = session.get_one(YearPlan, subject_id) if subject is ApprovalSubject.PLAN else session.get_one(Topic, subject_id)
    return missing_steps(session, subject, found)


def require_complete(session: Session, *, subject: ApprovalSubject, subject_id: int) -> None:
    """Conflict naming the steps that are missing. The caller holds the plan or the topic, so that none is taken back meanwhile."""
    lacking = missing(session, subject=subject, subject_id=subject_id)
    if lacking:
        named = "、".join(f"“{name}”" for name in lacking)
        raise Conflict(f"审批还没有走完，还差 {len(lacking)} 步：{named}。请先登记这些步骤；确需跳过的，写明是谁批准的和理由。")


def record_step(session: Session, recording: Recording, facts: ApprovalFacts, *, store: ObjectStore) -> Approval:
    """Write down what was decided at the open step.

    Raises NotFound, Forbidden, Conflict when somebody was faster or nothing may be written down any more, InvalidInput naming the field.
    """
    found = _lock(session, recording.actor, recording.subject, recording.subject_id)
    steps = stored_chain(session, found.district_id, recording.subject, at=recording.at)
    step = _open_step(session, recording, found, steps)
    made = _approval(recording, step, steps, facts)
    _is_after(session, made, facts)
    session.add(made)
    session.flush()
    if facts.scan is not None:
        keep_scan(session, made, facts.scan, store=store)
    _note(session, made, actor=recording.actor, act="record", at=recording.at)
    session.flush()
    return made


def undo_step(session: Session, *, actor: Actor, approval_id: int, at: datetime) -> Approval:
    """What was written down wrongly is taken back, the newest first, by whoever may write steps down; again changes nothing.

    The record stays, with who took it back. Raises NotFound, Forbidden as `record_step`, Conflict once something builds on it: a later step,
    or the plan that was issued.
    """
    named = session.get(Approval, approval_id)
    if named is None or named.district_id != actor.district_id:
        raise NotFound("没有这条审批记录，或者不在您的区。")
    subject = ApprovalSubject.PLAN if named.plan_id is not None else ApprovalSubject.TOPIC
    found = _lock(session, actor, subject, named.plan_id or named.topic_id or 0)
    session.refresh(named)
    if named.undone_at is not None:
        return named
    standing = recorded_of(session, subject, found.id)
    if standing[-1].approval_id != named.id:
        raise Conflict("后面的步骤已经登记，要先撤销后面的，再撤销这一步。")
    named.undone_at, named.undone_by = at, actor.user_id
    _note(session, named, actor=actor, act="undo", at=at)
    session.flush()
    return named


def _lock(session: Session, actor: Actor, subject: ApprovalSubject, subject_id: int) -> Subject:
    require_approvals(session, actor)
    if subject is ApprovalSubject.PLAN:
        session.scalars(select(YearPlan).where(YearPlan.id == subject_id).with_for_update().execution_options(populate_existing=True)).all()
    else:
        lock_topics(session, [subject_id])
    found = subject_of(session, subject, subject_id, district_id=actor.district_id)
    if not is_open(found):
        raise Conflict("计划已经印发，审批记录不能再改。" if subject is ApprovalSubject.PLAN else "这个议题不在议题库里，现在不登记审批。")
    return found


def _open_step(session: Session, recording: Recording, found: Subject, steps: list[ApprovalStep]) -> ApprovalStep:
    standing = recorded_of(session, recording.subject, found.id)
    lacking = missing_steps(session, recording.subject, found)
    step = next((one for one in steps if one.name in lacking), None)
    if step is None:
        raise Conflict("审批已经走完，没有要登记的步骤。")
    # Who saw the usual chain before anybody stored it saw no ids: theirs is its first step, if that still stands there.
    is_seen = step.id == recording.step_id if recording.step_id else step is steps[0] and step.name == DEFAULT_CHAIN[0].name
    if not is_seen or recording.seen != (standing[-1].approval_id if standing else 0):
        raise Conflict(FASTER)
    return step


def _approval(recording: Recording, step: ApprovalStep, steps: list[ApprovalStep], facts: ApprovalFacts) -> Approval:
    actor, at = recording.actor, recording.at
    assert actor.user_id is not None
    is_plan = recording.subject is ApprovalSubject.PLAN
    made = Approval(
        district_id=step.district_id,
        plan_id=recording.subject_id if is_plan else None,
        topic_id=None if is_plan else recording.subject_id,
        step_id=step.id,
        step_name=step.name,
        decision=facts.decision,
        body=line_needed(facts.body or _usual_body(step, facts), BODY_MAX, facts.field("body"), "请填写是哪个机构审议的。"),
        document_number=clean_line(facts.document_number, limit=NUMBER_MAX, field=facts.field("number")),
        minutes=words_within(facts.minutes, facts.field("minutes")),
        words=words_within(facts.words, facts.field("words")),
        recorded_by=actor.user_id,
        recorded_at=at,
    )
    if facts.held_on is None or facts.held_on > at.astimezone(SHANGHAI).date():
        raise InvalidInput("请填写审议的日期，不能晚于今天。", field=facts.field("day"))
    made.held_on = facts.held_on
    if facts.decision is ApprovalDecision.PASSED:
        _require_papers(step, made, facts)
    elif facts.decision is ApprovalDecision.SENT_BACK:
        back = _back_to(step, steps, facts)
        made.back_to_id, made.back_to_name = back.id, back.name
        if not made.words:
            raise InvalidInput("请写明为什么退回、要改什么。", field=facts.field("words"))
    else:
        made.authority = line_needed(facts.authority, BODY_MAX, facts.field("authority"), "请填写是谁批准跳过的：姓名和职务。")
        if not made.words:
            raise InvalidInput("请写明为什么跳过这一步。", field=facts.field("words"))
    return made


def _require_papers(step: ApprovalStep, made: Approval, facts: ApprovalFacts) -> None:
    if step.needs_number and not made.document_number:
        raise InvalidInput(f"“{step.name}”要登记文号，请照文件填写。", field=facts.field("number"))
    if step.needs_minutes and not made.minutes and facts.scan is None:
        raise InvalidInput(f"“{step.name}”要有纪要：请写下要点，或者附上扫描件。", field=facts.field("minutes"))


def _usual_body(step: ApprovalStep, facts: ApprovalFacts) -> str:
    """Of a step that was skipped nobody asks which body would have decided."""
    return step.body or step.name if facts.decision is ApprovalDecision.SKIPPED else ""


def _back_to(step: ApprovalStep, steps: list[ApprovalStep], facts: ApprovalFacts) -> ApprovalStep:
    """0 from a screen that saw no ids is the first step."""
    asked = steps[0].id if facts.back_to_id == 0 else facts.back_to_id
    back = next((one for one in steps[: steps.index(step) + 1] if one.id == asked), None)
    if back is None:
        raise InvalidInput("请选择退回到哪一步。", field=facts.field("back_to"))
    return back


def _is_after(session: Session, made: Approval, facts: ApprovalFacts) -> None:
    """InvalidInput when its day is before that of the step before."""
    about = Approval.plan_id == made.plan_id if made.plan_id is not None else Approval.topic_id == made.topic_id
    last = session.scalar(select(Approval.held_on).where(about, Approval.undone_at.is_(None)).order_by(Approval.id.desc()).limit(1))
    if last is not None and made.held_on < last:
        raise InvalidInput(f"日期不能早于上一步（{last}）。上一步登记错了的，请先撤销。", field=facts.field("day"))


def _note(session: Session, made: Approval, *, actor: Actor, act: str, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=made.district_id,
        action=f"approval.{act}",
        noun="approval",
        entity_id=made.id,
        at=at,
        plan=made.plan_id,
        topic=made.topic_id,
        step=made.step_id,
        decision=made.decision.value,
    )
