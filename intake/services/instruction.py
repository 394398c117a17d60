"""批示: registered by staff from the paper, sent on to units, reported on, closed with what came of it, followed again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.instruction import (
    LEADER_MAX,
    NUMBER_MAX,
    SUBJECT_MAX,
    UNIT_MAX,
    WORDS_MAX,
    CloseReason,
    InstructionAction,
    InstructionState,
    ReopenReason,
)
from intake.domain.permission import Permission
from intake.domain.referral import UnitKind
from intake.domain.text import clean, clean_line
from intake.models import Area, Department, Instruction, InstructionForward, Referral, Topic
from intake.queries.instruction import require_instructions, today
from intake.services.audit import record
from intake.services.transition import begin, move


@dataclass(frozen=True, slots=True)
class InstructionFacts:
    """What stands in its form; `subject` is the number of a topic or referral, `about` says it in words where it belongs to neither."""

    number: str
    given_on: date | None
    given_by: str
    extract: str
    subject: str
    about: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Following:
    """What every act on a stored instruction carries; `version` is the one on the person's screen."""

    actor: Actor
    instruction_id: int
    version: int
    at: datetime


def register(session: Session, facts: InstructionFacts, *, actor: Actor, at: datetime) -> Instruction:
    """A new one. Raises Forbidden for whoever doesn't register for the whole district, InvalidInput naming the field."""
    require_instructions(session, actor)
    assert actor.user_id is not None
    assert actor.district_id is not None
    made = Instruction(district_id=actor.district_id, version=1, registered_by=actor.user_id, created_at=at)
    with session.no_autoflush:
        _fill(session, made, facts, at=at)
    begin(session, made, actor=actor, at=at)
    _note(session, made, actor=actor, act="register", at=at)
    return made


def change(session: Session, following: Following, facts: InstructionFacts) -> Instruction:
    """What was registered wrongly is mended; Conflict once it is closed or when somebody was faster."""
    found = _lock(session, following)
    if found.state is InstructionState.CLOSED:
        raise Conflict("已经办结的批示不能改。要改的话请先继续落实。")
    with session.no_autoflush:
        _fill(session, found, facts, at=following.at)
    found.version += 1
    _note(session, found, actor=following.actor, act="change", at=following.at)
    session.flush()
    return found


def send_on(
    session: Session, following: Following, *, unit_ids: Sequence[int], outside: Sequence[str], due_on: date | None
) -> list[InstructionForward]:
    """To units of the district and to others by name, each with the same day.

    Raises Conflict once it is closed, when somebody was faster, or where a unit has it and hasn't reported; InvalidInput (field `units`,
    `outside` or `due_on`).
    """
    found = _lock(session, following)
    assert following.actor.user_id is not None
    names = [*dict.fromkeys(name for one in outside if (name := clean_line(one, limit=UNIT_MAX, field="outside")))]
    units = _units(session, found, unit_ids)
    if not units and not names:
        raise InvalidInput("请选择转给哪些单位，或者写上外单位的名称。", field="units")
    if due_on is not None and due_on < today(following.at):
        raise InvalidInput("反馈期限不能早于今天。", field="due_on")
    move(session, found, InstructionAction.SEND_ON, actor=following.actor, at=following.at, area_path=_district_path(session, found))
    targets: list[tuple[int | None, str]] = [(unit_id, "") for unit_id in units] + [(None, name) for name in names]
    made = [
        InstructionForward(
            district_id=found.district_id,
            instruction_id=found.id,
            department_id=unit_id,
            outside=name,
            due_on=due_on,
            sent_by=following.actor.user_id,
            sent_at=following.at,
        )
        for unit_id, name in targets
    ]
    session.add_all(made)
    _note(session, found, actor=following.actor, act="send_on", at=following.at, units=units, outside=len(names))
    session.flush()
    return made


def report_on_instruction(session: Session, *, actor: Actor, forward_id: int, feedback: str, at: datetime) -> InstructionForward:
    """What a unit did, once for each time it was sent on: written by somebody of the unit, or by staff from its paper (代录).

    Raises NotFound for another unit's or district's, Conflict when it was reported on already, InvalidInput (field `feedback`).
    """
    forward = session.scalars(
        select(InstructionForward).where(InstructionForward.id == forward_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if forward is None or not _may_report(session, actor, forward):
        raise NotFound("没有转给您单位的这条批示。")
    if forward.reported_at is not None:
        raise Conflict("这一条已经反馈过了。您写的还在下面；要补充的话请联系区政协办公室。")
    words = clean(feedback).text
    if not words:
        raise InvalidInput("请写明落实情况。", field="feedback")
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(words) - WORDS_MAX} 个。", field="feedback")
    forward.feedback, forward.reported_by, forward.reported_at = words, actor.user_id, at
    found = session.get_one(Instruction, forward.instruction_id)
    _note(session, found, actor=actor, act="report", at=at, forward=forward.id, unit=forward.department_id)
    session.flush()
    return forward


def close(session: Session, following: Following, *, reason: CloseReason, result: str) -> Instruction:
    """With what came of it; InvalidInput (field `result`) when nothing is said. Units that didn't report may still do so."""
    found = _lock(session, following)
    words = clean(result).text
    if not words:
        raise InvalidInput("请写明落实的结果。", field="result")
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(words) - WORDS_MAX} 个。", field="result")
    _move(session, following, found, InstructionAction.CLOSE, reason.value)
    found.result = words
    session.flush()
    return found


def reopen(session: Session, following: Following, *, reason: ReopenReason) -> Instruction:
    """Followed again; what came of it so far stays."""
    found = _lock(session, following)
    _move(session, following, found, InstructionAction.REOPEN, reason.value)
    session.flush()
    return found


def _move(session: Session, following: Following, found: Instruction, action: InstructionAction, reason_code: str) -> None:
    path = _district_path(session, found)
    move(session, found, action, actor=following.actor, at=following.at, area_path=path, reason_code=reason_code)
    _note(session, found, actor=following.actor, act=action.value, at=following.at, reason=reason_code)


def _lock(session: Session, following: Following) -> Instruction:
    require_instructions(session, following.actor)
    found = session.scalars(
        select(Instruction).where(Instruction.id == following.instruction_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.district_id != following.actor.district_id:
        raise NotFound("没有这条批示，或者不在您的区。")
    if found.version != following.version:
        raise Conflict("这条批示刚刚有人动过。您写的还在下面，请先看看现在的样子。")
    return found


def _fill(session: Session, found: Instruction, facts: InstructionFacts, *, at: datetime) -> None:
    found.number = _needed(facts.number, limit=NUMBER_MAX, field="number", sentence="请填写批示的编号。")
    same = select(Instruction.id).where(
        Instruction.district_id == found.district_id, Instruction.number == found.number, Instruction.id != (found.id or 0)
    )
    if session.scalar(same) is not None:
        raise InvalidInput(f"编号“{found.number}”已经登记过了。", field="number")
    if facts.given_on is None or facts.given_on > today(at):
        raise InvalidInput("请填写批示日期，不能晚于今天。", field="given_on")
    found.given_on = facts.given_on
    found.given_by = _needed(facts.given_by, limit=LEADER_MAX, field="given_by", sentence="请填写作批示的领导姓名和职务。")
    found.extract = clean(facts.extract).text
    if not found.extract:
        raise InvalidInput("请填写可以传达的内容。", field="extract")
    if len(found.extract) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，多了 {len(found.extract) - WORDS_MAX} 个。", field="extract")
    found.topic_id, found.referral_id = _subject(session, found.district_id, facts.subject)
    found.about = clean_line(facts.about, limit=SUBJECT_MAX, field="about")
    if not found.about and found.topic_id is None and found.referral_id is None:
        raise InvalidInput("请填写议题或转报的编号；都不是的话，写明是关于什么的。", field="about")
    found.due_on = facts.due_on


def _needed(raw: str, *, limit: int, field: str, sentence: str) -> str:
    words = clean_line(raw, limit=limit, field=field)
    if not words:
        raise InvalidInput(sentence, field=field)
    return words


def _subject(session: Session, district_id: int, raw: str) -> tuple[int | None, int | None]:
    """The topic or the referral with this number."""
    number = raw.strip().upper()
    if not number:
        return None, None
    topic_id = session.scalar(select(Topic.id).where(Topic.district_id == district_id, Topic.number == number))
    if topic_id is not None:
        return topic_id, None
    referral_id = session.scalar(select(Referral.id).where(Referral.district_id == district_id, Referral.number == number))
    if referral_id is None:
        raise InvalidInput("没有这个编号的议题或转报，请核对；没有编号就留空，写明是关于什么的。", field="subject")
    return None, referral_id


def _units(session: Session, found: Instruction, unit_ids: Sequence[int]) -> list[int]:
    wanted = [*dict.fromkeys(unit_ids)]
    known = select(Department.id).where(
        Department.id.in_(wanted), Department.district_id == found.district_id, Department.active, Department.kind == UnitKind.DEPARTMENT
    )
    if len(session.scalars(known).all()) != len(wanted):
        raise InvalidInput("选中的单位里有停用的，请刷新后再选。", field="units")
    waiting = select(InstructionForward.id).where(
        InstructionForward.instruction_id == found.id,
        InstructionForward.department_id.in_(wanted),
        InstructionForward.reported_at.is_(None),
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise InvalidInput("选中的单位里有已经转过、还没有反馈的，不用再转。", field="units")
    return wanted


def _may_report(session: Session, actor: Actor, forward: InstructionForward) -> bool:
    if forward.district_id != actor.district_id:
        return False
    if forward.department_id is not None and forward.department_id == actor.unit_id and actor.may(Permission.REFERRAL_ANSWER):
        return True
    try:
        require_instructions(session, actor)
    except Forbidden:
        return False
    return True


def _district_path(session: Session, found: Instruction) -> str:
    return session.scalars(select(Area.path).where(Area.id == found.district_id)).one()


def _note(session: Session, found: Instruction, *, actor: Actor, act: str, at: datetime, **detail: object) -> None:
    record(
        session,
        actor=actor,
        district_id=found.district_id,
        action=f"instruction.{act}",
        noun="instruction",
        entity_id=found.id,
        at=at,
        **detail,
    )
