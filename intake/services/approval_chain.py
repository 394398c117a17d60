"""审批步骤: what a district's plans and topics go through, changed by whoever makes its plan; a step that ends is kept, since approvals name it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import BODY_MAX, DEFAULT_CHAIN, STEP_NAME_MAX, STEPS_MOST, WORDS_MAX, ApprovalSubject, StepFacts
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.text import clean, clean_line
from intake.models import ApprovalStep
from intake.queries.approval import require_approvals
from intake.services.audit import record


class Direction(StrEnum):
    """Where a step goes."""

    UP = "up"
    """上移."""
    DOWN = "down"
    """下移."""


@dataclass(frozen=True, slots=True)
class Changing:
    """What every change of a stored step carries; `version` is the one on the person's screen."""

    actor: Actor
    step_id: int
    version: int
    at: datetime


def stored_chain(session: Session, district_id: int, subject: ApprovalSubject, *, at: datetime) -> list[ApprovalStep]:
    """The steps in use, in order, held until the transaction ends; the usual chain is stored where the district had none."""
    stored = _hold(session, district_id, subject)
    if stored:
        return [one for one in stored if one.ended_at is None]
    made = [_made(district_id, subject, one, place=place, at=at) for place, one in enumerate(DEFAULT_CHAIN, start=1)]
    session.add_all(made)
    session.flush()
    return made


def adopt_chain(session: Session, *, actor: Actor, subject: ApprovalSubject, at: datetime) -> None:
    """The usual chain becomes the district's own, to be changed; again changes nothing. Raises Forbidden as `require_approvals`."""
    require_approvals(session, actor)
    assert actor.district_id is not None
    if _hold(session, actor.district_id, subject):
        return
    stored_chain(session, actor.district_id, subject, at=at)
    record(
        session,
        actor=actor,
        district_id=actor.district_id,
        action="approval_chain.adopt",
        noun="approval_step",
        entity_id=None,
        at=at,
        subject=subject.value,
    )


def add_step(session: Session, *, actor: Actor, subject: ApprovalSubject, facts: StepFacts, at: datetime) -> ApprovalStep:
    """A step at the end of the chain.

    Raises Forbidden, InvalidInput (field `name` or `body`) for what is missing, too long, or there already, Conflict for a step too many.
    """
    require_approvals(session, actor)
    assert actor.district_id is not None
    steps = stored_chain(session, actor.district_id, subject, at=at)
    if len(steps) >= STEPS_MOST:
        raise Conflict(f"一条审批链最多 {STEPS_MOST} 步，请先停用用不着的。")
    made = _made(
        actor.district_id, subject, _checked(facts, steps, own=None), place=_last_place(session, actor.district_id, subject) + 1, at=at
    )
    session.add(made)
    session.flush()
    _note(session, made, actor=actor, act="add", at=at)
    return made


def change_step(session: Session, changing: Changing, *, facts: StepFacts) -> ApprovalStep:
    """Its name, kind, body, and what must be written down with it; InvalidInput as `add_step`, Conflict when somebody was faster."""
    step, steps = _lock(session, changing)
    new = _checked(facts, steps, own=step.id)
    step.kind, step.name, step.body = new.kind, new.name, new.body
    step.needs_number, step.needs_minutes = new.needs_number, new.needs_minutes
    step.version += 1
    _note(session, step, actor=changing.actor, act="change", at=changing.at)
    session.flush()
    return step


def move_step(session: Session, changing: Changing, *, to: Direction) -> None:
    """One place up or down; at the end of the chain nothing changes. Conflict when somebody was faster."""
    step, steps = _lock(session, changing)
    at = steps.index(step)
    other = at - 1 if to is Direction.UP else at + 1
    if not 0 <= other < len(steps):
        return
    step.place, steps[other].place = steps[other].place, step.place
    step.version += 1
    steps[other].version += 1
    _note(session, step, actor=changing.actor, act="move", at=changing.at, to=to.value)
    session.flush()


def end_step(session: Session, changing: Changing, *, authority: str, reason: str) -> None:
    """Plans and topics need it no more; what was written down for it stays.

    Those under way that haven't passed it go on without it, so who let it end (name and office) and why are kept on the step, and shown with
    them. Raises InvalidInput (field `authority` or `reason`) for what is missing or too long, Conflict when somebody was faster, and for the
    last one.
    """
    step, steps = _lock(session, changing)
    if len(steps) == 1:
        raise Conflict("审批链至少要留一步。请先加上新的一步，再停用这一步。")
    step.ended_authority = line_needed(authority, BODY_MAX, "authority", "请填写是谁批准停用的：姓名和职务。")
    step.ended_reason = words_within(reason, "reason")
    if not step.ended_reason:
        raise InvalidInput("请写明为什么停用这一步。", field="reason")
    step.ended_at = changing.at
    step.version += 1
    _note(session, step, actor=changing.actor, act="end", at=changing.at)
    session.flush()


def line_needed(raw: str, limit: int, field: str, sentence: str) -> str:
    """A single line; InvalidInput with `sentence` when it is empty, or when it is too long."""
    words = clean_line(raw, limit=limit, field=field)
    if not words:
        raise InvalidInput(sentence, field=field)
    return words


def words_within(raw: str, field: str) -> str:
    """What may be empty; InvalidInput when it is too long."""
    words = clean(raw).text
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(words) - WORDS_MAX} 个。", field=field)
    return words


def _hold(session: Session, district_id: int, subject: ApprovalSubject) -> Sequence[ApprovalStep]:
    """Every step that is stored, those that ended too; nobody else changes them until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(7210438, :district)"), {"district": district_id % 2_147_483_647})
    return session.scalars(
        select(ApprovalStep)
        .where(ApprovalStep.district_id == district_id, ApprovalStep.subject == subject)
        .order_by(ApprovalStep.place, ApprovalStep.id)
        .execution_options(populate_existing=True)
    ).all()


def _lock(session: Session, changing: Changing) -> tuple[ApprovalStep, list[ApprovalStep]]:
    require_approvals(session, changing.actor)
    found = session.get(ApprovalStep, changing.step_id)
    if found is None or found.district_id != changing.actor.district_id:
        raise NotFound("没有这一步，或者不在您的区。")
    steps = stored_chain(session, found.district_id, found.subject, at=changing.at)
    if found not in steps or found.version != changing.version:
        raise Conflict("审批步骤刚刚有人改过。您写的还在下面，请先看看现在的步骤。")
    return found, steps


def _last_place(session: Session, district_id: int, subject: ApprovalSubject) -> int:
    places = session.scalars(select(ApprovalStep.place).where(ApprovalStep.district_id == district_id, ApprovalStep.subject == subject))
    return max(places, default=0)


def _checked(facts: StepFacts, steps: list[ApprovalStep], *, own: int | None) -> StepFacts:
    name = clean_line(facts.name, limit=STEP_NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写这一步的名称，比如“主席会议审议”。", field="name")
    if any(one.name == name and one.id != own for one in steps):
        raise InvalidInput(f"已经有一步叫“{name}”，请换个名称。", field="name")
    body = clean_line(facts.body, limit=BODY_MAX, field="body")
    return StepFacts(facts.kind, name, body, needs_number=facts.needs_number, needs_minutes=facts.needs_minutes)


def _made(district_id: int, subject: ApprovalSubject, facts: StepFacts, *, place: int, at: datetime) -> ApprovalStep:
    return ApprovalStep(
        district_id=district_id,
        subject=subject,
        place=place,
        kind=facts.kind,
        name=facts.name,
        body=facts.body,
        needs_number=facts.needs_number,
        needs_minutes=facts.needs_minutes,
        version=1,
        created_at=at,
    )


def _note(session: Session, step: ApprovalStep, *, actor: Actor, act: str, at: datetime, **detail: str) -> None:
    record(
        session,
        actor=actor,
        district_id=step.district_id,
        action=f"approval_step.{act}",
        noun="approval_step",
        entity_id=step.id,
        at=at,
        subject=step.subject.value,
        **detail,
    )
