"""公开征题: behind a point's code, in the public's list and the desk's, and how many answers came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.open_call import OPEN_CALL_TABLE, CallStage, OpenCallAction, OpenCallState, stage_of
from intake.domain.permission import Permission
from intake.domain.point import PointKind, PointState
from intake.domain.receipt import SHANGHAI
from intake.domain.release import tellable
from intake.domain.submission import SubmissionState
from intake.models import Area, IntakePoint, OpenCall, Submission
from intake.queries.pages import PAGE, Page, holding, key_of, page_of, within
from intake.queries.point import PointView
from intake.queries.submission_part import own_message

PUBLIC = (OpenCallState.OPEN, OpenCallState.CLOSED, OpenCallState.REPORTED)
_NOT_COUNTED = (SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED)
SHOWN_AT_ONCE = 3
"""Running calls that a place's page names."""


@dataclass(frozen=True, slots=True)
class CallView:
    """What its page says; `stage` is None while nobody but staff may see it."""

    id: int
    title: str
    question: str
    background: str
    opens_on: date
    closes_on: date
    result_words: str
    stage: CallStage | None


@dataclass(frozen=True, slots=True)
class CallEntry:
    """A line of the public's list."""

    id: int
    title: str
    area_name: str
    point_code: str
    opens_on: date
    closes_on: date
    stage: CallStage


@dataclass(frozen=True, slots=True)
class CallRow:
    """A line of the desk's list."""

    id: int
    title: str
    area_name: str
    state: OpenCallState
    stage: CallStage | None
    opens_on: date
    closes_on: date
    answers: int


@dataclass(frozen=True, slots=True)
class CallDetail:
    """Everything on its page at the desk."""

    row: CallRow
    version: int
    area_id: int
    point_id: int
    point_code: str
    point_state: PointState
    question: str
    background: str
    result_words: str
    held: int
    """Answers that wait in quarantine, not among `answers`."""
    actions: tuple[OpenCallAction, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The ordinary point to turn to."""

    name: str
    code: str


def today_at(at: datetime) -> date:
    """The day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def call_at(session: Session, point: PointView, *, at: datetime) -> CallView | None:
    """The call whose point this is; None for any other point. Only points of kind event are asked about: the form costs no more."""
    if point.kind is not PointKind.EVENT:
        return None
    call = session.scalars(select(OpenCall).where(OpenCall.point_id == point.id)).one_or_none()
    if call is None:
        return None
    return CallView(
        id=call.id,
        title=call.title,
        question=call.question,
        background=call.background,
        opens_on=call.opens_on,
        closes_on=call.closes_on,
        result_words=call.result_words,
        stage=_stage(call, today_at(at)),
    )


def question_at(session: Session, point: PointView, *, at: datetime) -> str:
    """What is asked at the point just now; empty at every other point."""
    call = call_at(session, point, at=at)
    return call.question if call is not None and call.stage is CallStage.RUNNING else ""


def answers_to(session: Session, call_id: int) -> int:
    """How many answers came that weren't taken back or held."""
    return (
        session.scalar(select(func.count()).where(Submission.open_call_id == call_id, Submission.state.not_in(_NOT_COUNTED), own_message()))
        or 0
    )


def told_answers(session: Session, call_id: int) -> int | None:
    """The same as the public may read it: None where so few could point at a person."""
    return tellable(answers_to(session, call_id))


def ordinary_point_near(session: Session, point: PointView) -> Elsewhere | None:
    """Where to say anything else: the active ordinary point of the same area, or of the smallest that it lies in."""
    row = session.execute(
        select(IntakePoint.name, IntakePoint.code)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.district_id == point.district_id,
            IntakePoint.state == PointState.ACTIVE,
            IntakePoint.kind != PointKind.EVENT,
            func.starts_with(literal(point.area_path, String), Area.path),
        )
        .order_by(func.length(Area.path).desc(), IntakePoint.id)
        .limit(1)
    ).one_or_none()
    return Elsewhere(*row) if row else None


def of_no_call() -> ColumnElement[bool]:
    """Points that residents may pick for whatever they have to say: a call's point takes answers to its question."""
    return IntakePoint.id.not_in(select(OpenCall.point_id))


def of_no_draft_call() -> ColumnElement[bool]:
    """Points that may be named to whoever sees points: what a call asks that was never published isn't known."""
    return IntakePoint.id.not_in(select(OpenCall.point_id).where(OpenCall.state.not_in(PUBLIC)))


def public_calls(session: Session, *, today: date, after: str, limit: int = PAGE) -> Page[CallEntry]:
    """All that were published, the latest first; two queries."""
    where = [OpenCall.state.in_(PUBLIC)]
    total = session.scalar(select(func.count()).select_from(OpenCall).where(*where)) or 0
    key = key_of(after)
    rows = _entries(session, [*where, OpenCall.id < key] if key is not None else where, today=today, limit=limit + 1)
    return page_of(rows, total=total, limit=limit)


def running_calls(session: Session, *, area_path: str, today: date) -> tuple[CallEntry, ...]:
    """The latest few that ask everybody of an area, of one below it, or of one that it lies in."""
    where = [
        OpenCall.state == OpenCallState.OPEN,
        OpenCall.opens_on <= today,
        OpenCall.closes_on >= today,
        IntakePoint.state == PointState.ACTIVE,
        func.starts_with(Area.path, area_path) | func.starts_with(literal(area_path, String), Area.path),
    ]
    return tuple(_entries(session, where, today=today, limit=SHOWN_AT_ONCE))


def calls_in_reach(session: Session, actor: Actor, words: str, *, today: date, after: str, limit: int = PAGE) -> Page[CallRow]:
    """The desk's, the latest first, with how many answered; three queries."""
    where = [
        OpenCall.district_id == actor.district_id,
        within(actor, Permission.OPEN_CALL_MANAGE),
        *holding(words, OpenCall.title, OpenCall.question, Area.name),
    ]
    total = session.scalar(select(func.count()).select_from(OpenCall).join(Area, Area.id == OpenCall.area_id).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(OpenCall.id < key)
    query = select(OpenCall, Area.name).join(Area, Area.id == OpenCall.area_id).where(*where)
    found = session.execute(query.order_by(OpenCall.id.desc()).limit(limit + 1)).all()
    answers = _answers(session, [call.id for call, _ in found])
    return page_of([_row(call, area, answers.get(call.id, 0), today) for call, area in found], total=total, limit=limit)


def call_detail(session: Session, actor: Actor, call_id: int, *, today: date) -> CallDetail:
    """One call in two queries; NotFound for another district's, Forbidden outside the actor's areas."""
    found = session.execute(
        select(OpenCall, Area.name, Area.path, IntakePoint.code, IntakePoint.state)
        .join(Area, Area.id == OpenCall.area_id)
        .join(IntakePoint, IntakePoint.id == OpenCall.point_id)
        .where(OpenCall.id == call_id, OpenCall.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个征题，或者不在您的区。")
    call, area_name, path, code, point_state = found
    if not actor.may(Permission.OPEN_CALL_MANAGE, area_path=path):
        raise Forbidden("这个征题不在您负责的范围。")
    counted, held = session.execute(
        select(
            func.count().filter(Submission.state.not_in(_NOT_COUNTED)),
            func.count().filter(Submission.state == SubmissionState.QUARANTINED),
        ).where(Submission.open_call_id == call_id, own_message())
    ).one()
    return CallDetail(
        row=_row(call, area_name, counted, today),
        version=call.version,
        area_id=call.area_id,
        point_id=call.point_id,
        point_code=code,
        point_state=point_state,
        question=call.question,
        background=call.background,
        result_words=call.result_words,
        held=held,
        actions=tuple(OpenCallAction(one) for one in OPEN_CALL_TABLE.allowed(call.state)),
    )


def _entries(session: Session, where: Sequence[ColumnElement[bool]], *, today: date, limit: int) -> list[CallEntry]:
    rows: Any = session.execute(
        select(OpenCall, Area.name, IntakePoint.code)
        .join(Area, Area.id == OpenCall.area_id)
        .join(IntakePoint, IntakePoint.id == OpenCall.point_id)
        .where(*where)
        .order_by(OpenCall.id.desc())
        .limit(limit)
    )
    return [
        CallEntry(
            call.id,
            call.title,
            area,
            code,
            call.opens_on,
            call.closes_on,
            stage_of(call.state, opens_on=call.opens_on, closes_on=call.closes_on, today=today),
        )
        for call, area, code in rows
    ]


def _answers(session: Session, ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Submission.open_call_id, func.count())
        .where(Submission.open_call_id.in_(ids), Submission.state.not_in(_NOT_COUNTED), own_message())
        .group_by(Submission.open_call_id)
    )
    return {call_id: count for call_id, count in rows if call_id is not None}


def _row(call: OpenCall, area_name: str, answers: int, today: date) -> CallRow:
    return CallRow(call.id, call.title, area_name, call.state, _stage(call, today), call.opens_on, call.closes_on, answers)


def _stage(call: OpenCall, today: date) -> CallStage | None:
    if call.state is OpenCallState.DRAFT:
        return None
    return stage_of(call.state, opens_on=call.opens_on, closes_on=call.closes_on, today=today)
