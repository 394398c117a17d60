"""批示 on the desk and in a unit: the register with what is late first, one with its forwards, and those about a topic or referral."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, func, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.instruction import CLOSE_REASONS, INSTRUCTION_TABLE, REOPEN_REASONS, STEP_WORDS, InstructionState
from intake.domain.permission import GRANTS, Permission
from intake.domain.referral import UnitKind
from intake.domain.working_days import SHANGHAI
from intake.models import Department, HistoryEntry, Instruction, InstructionForward, Referral, Topic, User
from intake.queries.departments import manages_district
from intake.queries.pages import PAGE, holding

NEVER = date(9999, 12, 31)
"""Due where nobody named a day."""
LATEST = 50
"""Steps and reports that a page shows."""
REASON_NAMES = {code.value: words for names in (CLOSE_REASONS, REOPEN_REASONS) for code, words in names.items()}


@dataclass(frozen=True, slots=True)
class InstructionRow:
    """One line of the register."""

    id: int
    number: str
    given_on: date
    given_by: str
    subject: str
    """The title of the topic or referral, or what it is about."""
    state: InstructionState
    due_on: date | None
    """The next day on which something is due: its own, or a forward's that wasn't reported on."""
    waiting: int
    """Forwards that wait for a report."""
    is_late: bool


@dataclass(frozen=True, slots=True)
class InstructionPage:
    """One page of the register and the key of the next; `late` counts over all."""

    rows: tuple[InstructionRow, ...]
    total: int
    late: int
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class Forward:
    """A unit it was sent on to, and what came back."""

    id: int
    unit: str
    is_outside: bool
    due_on: date | None
    sent_by: str
    sent_at: datetime
    feedback: str
    reported_by: str
    """Somebody of the unit, or of the staff who entered it (代录)."""
    reported_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class InstructionStep:
    """One row of its history."""

    at: datetime
    words: str
    by: str
    reason: str
    """A sentence from the tables, empty where there is none."""


@dataclass(frozen=True, slots=True)
class InstructionDetail:
    """Everything on its page; for staff alone."""

    row: InstructionRow
    extract: str
    own_due_on: date | None
    topic_id: int | None
    referral_id: int | None
    subject_number: str
    about: str
    result: str
    registered_by: str
    created_at: datetime
    version: int
    forwards: tuple[Forward, ...]
    steps: tuple[InstructionStep, ...]


@dataclass(frozen=True, slots=True)
class SubjectInstruction:
    """An instruction on the page of its topic or referral."""

    id: int
    number: str
    given_on: date
    given_by: str
    extract: str
    state: InstructionState
    due_on: date | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class UnitInstruction:
    """What a unit reads of an instruction: the extract that may be passed on, what it is about and the day, neither leader nor number."""

    forward_id: int
    extract: str
    subject: str
    """Title of the topic or the referral; empty when it is about neither."""
    due_on: date | None
    sent_at: datetime
    feedback: str
    reported_at: datetime | None
    is_late: bool


def require_instructions(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor registers instructions for their whole district: they are internal, whatever place they are about."""
    if not manages_district(session, actor, Permission.INSTRUCTION_REGISTER):
        raise Forbidden("批示由负责全区的区政协工作人员登记和查看。需要的话请联系区政协办公室。")


def registers(actor: Actor) -> bool:
    """Whether the actor does, without a query."""
    return any(one.area_id == actor.district_id and Permission.INSTRUCTION_REGISTER in GRANTS[one.role] for one in actor.grants)


def today(at: datetime) -> date:
    """The day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


_OPEN_DUE = (
    select(func.min(InstructionForward.due_on))
    .where(InstructionForward.instruction_id == Instruction.id, InstructionForward.reported_at.is_(None))
    .correlate(Instruction)
    .scalar_subquery()
)
_WAITING = (
    select(func.count())
    .where(InstructionForward.instruction_id == Instruction.id, InstructionForward.reported_at.is_(None))
    .correlate(Instruction)
    .scalar_subquery()
)
_IS_CLOSED = case((Instruction.state == InstructionState.CLOSED, 1), else_=0)
_DUE = func.least(Instruction.due_on, _OPEN_DUE)
_SORT_DUE = func.coalesce(_DUE, literal(NEVER, Date))
_SUBJECT = func.coalesce(Topic.title, Referral.title, Instruction.about)
_COLUMNS: Any = (
    Instruction.id,
    Instruction.number,
    Instruction.given_on,
    Instruction.given_by,
    _SUBJECT.label("subject"),
    Instruction.state,
    _DUE.label("due_on"),
    _WAITING.label("waiting"),
)


def instructions_in(
    session: Session, actor: Actor, *, state: InstructionState | None, words: str, after: str, at: datetime, limit: int = PAGE
) -> InstructionPage:
    """A page of the district's register in three queries: those being followed, what is due first; then the closed. Forbidden as above."""
    require_instructions(session, actor)
    where: list[ColumnElement[bool]] = [
        Instruction.district_id == actor.district_id,
        *holding(words, Instruction.number, Instruction.given_by, Instruction.extract, Instruction.about),
    ]
    late = and_(Instruction.state != InstructionState.CLOSED, today(at) > _DUE)
    total, late_ones = session.execute(select(func.count(), func.count().filter(late)).select_from(Instruction).where(*where)).one()
    if state is not None:
        where.append(Instruction.state == state)
    key = _key(after)
    if key is not None:
        where.append(tuple_(_IS_CLOSED, _SORT_DUE, Instruction.id) > tuple_(literal(key[0]), literal(key[1], Date), literal(key[2])))
    found = session.execute(
        _with_subject(select(*_COLUMNS, _IS_CLOSED, _SORT_DUE).select_from(Instruction))
        .where(*where)
        .order_by(_IS_CLOSED, _SORT_DUE, Instruction.id)
        .limit(limit + 1)
    ).all()
    page = found[:limit]
    return InstructionPage(
        rows=tuple(_row(one, at) for one in page),
        total=total,
        late=late_ones,
        next_key=f"{page[-1][-2]}_{page[-1][-1]:%Y-%m-%d}_{page[-1].id}" if len(found) > limit else "",
    )


def instruction_detail(session: Session, actor: Actor, instruction_id: int, *, at: datetime) -> InstructionDetail:
    """One of them in four queries; NotFound for another district's, Forbidden as above."""
    require_instructions(session, actor)
    found = session.execute(
        _with_subject(
            select(
                *_COLUMNS,
                Instruction,
                func.coalesce(Topic.number, Referral.number, "").label("subject_number"),
                User.name.label("registered_by"),
            ).select_from(Instruction)
        )
        .join(User, User.id == Instruction.registered_by)
        .where(Instruction.id == instruction_id, Instruction.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这条批示，或者不在您的区。")
    one: Instruction = found.Instruction
    return InstructionDetail(
        row=_row(found, at),
        extract=one.extract,
        own_due_on=one.due_on,
        topic_id=one.topic_id,
        referral_id=one.referral_id,
        subject_number=found.subject_number,
        about=one.about,
        result=one.result,
        registered_by=found.registered_by,
        created_at=one.created_at,
        version=one.version,
        forwards=_forwards(session, instruction_id, at),
        steps=_steps(session, instruction_id),
    )


def instructions_of(
    session: Session, actor: Actor, *, topic_id: int | None = None, referral_id: int | None = None, at: datetime
) -> tuple[SubjectInstruction, ...] | None:
    """Those about a topic or about a referral, the newest first, in one query; None for whoever doesn't register them (as above)."""
    if not registers(actor):
        return None
    subject = Instruction.topic_id == topic_id if topic_id is not None else Instruction.referral_id == referral_id
    rows = session.execute(
        select(
            Instruction.id,
            Instruction.number,
            Instruction.given_on,
            Instruction.given_by,
            Instruction.extract,
            Instruction.state,
            _DUE.label("due_on"),
        )
        .where(subject, Instruction.district_id == actor.district_id)
        .order_by(Instruction.given_on.desc(), Instruction.id.desc())
    )
    return tuple(
        SubjectInstruction(
            id=row.id,
            number=row.number,
            given_on=row.given_on,
            given_by=row.given_by,
            extract=row.extract,
            state=row.state,
            due_on=row.due_on,
            is_late=_is_late(row.state, row.due_on, at),
        )
        for row in rows
    )


def instructions_for_unit(session: Session, unit_id: int, *, at: datetime) -> tuple[UnitInstruction, ...]:
    """What was sent on to a unit, in one query: those that wait for its report, what is due first; then its latest reports."""
    waits = InstructionForward.reported_at.is_(None)
    rows = session.execute(
        select(
            InstructionForward.id,
            Instruction.extract,
            func.coalesce(Topic.title, Referral.title, ""),
            InstructionForward.due_on,
            InstructionForward.sent_at,
            InstructionForward.feedback,
            InstructionForward.reported_at,
        )
        .join(Instruction, Instruction.id == InstructionForward.instruction_id)
        .outerjoin(Topic, Topic.id == Instruction.topic_id)
        .outerjoin(Referral, Referral.id == Instruction.referral_id)
        .where(InstructionForward.department_id == unit_id)
        .order_by(
            case((waits, 0), else_=1),
            InstructionForward.reported_at.desc(),
            InstructionForward.due_on.asc().nulls_last(),
            InstructionForward.id,
        )
        .limit(LATEST)
    )
    return tuple(UnitInstruction(*row, is_late=row.reported_at is None and _is_past(row.due_on, at)) for row in rows)


def units_to_send_to(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    """(id, name) of the district's units that read instructions here themselves; offices and others are named by hand."""
    rows = session.execute(
        select(Department.id, Department.name)
        .where(Department.district_id == actor.district_id, Department.active, Department.kind == UnitKind.DEPARTMENT)
        .order_by(Department.id)
    )
    return tuple((one.id, one.name) for one in rows)


def _with_subject(query: Any) -> Any:
    return query.outerjoin(Topic, Topic.id == Instruction.topic_id).outerjoin(Referral, Referral.id == Instruction.referral_id)


def _row(found: Any, at: datetime) -> InstructionRow:
    return InstructionRow(
        id=found.id,
        number=found.number,
        given_on=found.given_on,
        given_by=found.given_by,
        subject=found.subject,
        state=found.state,
        due_on=found.due_on,
        waiting=found.waiting,
        is_late=_is_late(found.state, found.due_on, at),
    )


def _is_late(state: InstructionState, due_on: date | None, at: datetime) -> bool:
    return state is not InstructionState.CLOSED and _is_past(due_on, at)


def _is_past(due_on: date | None, at: datetime) -> bool:
    return due_on is not None and due_on < today(at)


_SENDER, _REPORTER = aliased(User), aliased(User)


def _forwards(session: Session, instruction_id: int, at: datetime) -> tuple[Forward, ...]:
    rows = session.execute(
        select(
            InstructionForward, func.coalesce(Department.name, InstructionForward.outside), _SENDER.name, func.coalesce(_REPORTER.name, "")
        )
        .outerjoin(Department, Department.id == InstructionForward.department_id)
        .join(_SENDER, _SENDER.id == InstructionForward.sent_by)
        .outerjoin(_REPORTER, _REPORTER.id == InstructionForward.reported_by)
        .where(InstructionForward.instruction_id == instruction_id)
        .order_by(InstructionForward.id)
    )
    return tuple(
        Forward(
            id=one.id,
            unit=unit,
            is_outside=one.department_id is None,
            due_on=one.due_on,
            sent_by=sent_by,
            sent_at=one.sent_at,
            feedback=one.feedback,
            reported_by=reported_by,
            reported_at=one.reported_at,
            is_late=one.reported_at is None and _is_past(one.due_on, at),
        )
        for one, unit, sent_by, reported_by in rows
    )


def _steps(session: Session, instruction_id: int) -> tuple[InstructionStep, ...]:
    rows = session.execute(
        select(HistoryEntry.at, HistoryEntry.action, func.coalesce(User.name, ""), HistoryEntry.reason_code)
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .where(HistoryEntry.noun == INSTRUCTION_TABLE.noun, HistoryEntry.entity_id == instruction_id)
        .order_by(HistoryEntry.id.desc())
        .limit(LATEST)
    )
    return tuple(
        InstructionStep(at=at, words=STEP_WORDS[action], by=by, reason=REASON_NAMES.get(code or "", "")) for at, action, by, code in rows
    )


def _key(raw: str) -> tuple[int, date, int] | None:
    """The parts of a page key; None for anything nobody was given."""
    parts: Sequence[str] = raw.split("_")
    if len(parts) != 3 or parts[0] not in {"0", "1"} or not (parts[2].isascii() and parts[2].isdecimal() and len(parts[2]) < 19):
        return None
    try:
        return int(parts[0]), date.fromisoformat(parts[1]), int(parts[2])
    except ValueError:
        return None
