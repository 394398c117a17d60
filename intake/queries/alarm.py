"""紧急呼叫: what rings for a person, the list with who saw what when, and the steps a resident reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.alarm import ALARM_TABLE, CALLED_NAMES, AlarmAction, AlarmState, CalledAs, CloseReason
from intake.domain.permission import Permission
from intake.domain.referral import UnitKind
from intake.domain.submission import SubmissionState
from intake.models import Alarm, AlarmCall, Area, Department, HistoryEntry, Submission, User
from intake.queries.kept import PEOPLE_KEPT, written_out
from intake.queries.lease import recused
from intake.queries.pages import within

PAGE = 20


@dataclass(frozen=True, slots=True)
class Ringing:
    """What the banner says."""

    count: int
    area_name: str
    raised_at: datetime
    """Of the oldest, as its area."""
    mine: bool
    """Whether that one is in the person's own hands."""
    repeated: bool
    """Whether everybody was called again, since nobody took it."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One emergency on the page."""

    id: int
    version: int
    state: AlarmState
    submission_id: int
    text: str
    """Masked."""
    place: str
    area_name: str
    withdrawn: bool
    has_contact: bool
    raised_at: datetime
    repeated_at: datetime | None
    changed_at: datetime
    taken_by: str
    mine: bool
    closed_words: str


@dataclass(frozen=True, slots=True)
class AlarmPage:
    """One page, those that are open first, and the key of the next."""

    rows: tuple[AlarmRow, ...]
    open_count: int
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who was called, as what, and when they saw it."""

    name: str
    called_as: CalledAs
    called_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlarmStep:
    """One line for the receipt."""

    at: datetime
    words: str
    written: str
    """What the person who closed it wrote."""


_CLOSED = case((Alarm.state == AlarmState.CLOSED, 1), else_=0)


def can_see(actor: Actor) -> ColumnElement[bool]:
    """Alarms, joined to their Area, that are the actor's concern: of the areas whose submissions they read, those they were called to, and
    for a duty office that isn't closed all it could be called to.
    """
    called = select(AlarmCall.id).where(AlarmCall.alarm_id == Alarm.id, AlarmCall.user_id == actor.user_id).exists()
    of_duty_office = (
        select(Department.id).where(Department.id == actor.unit_id, Department.kind == UnitKind.DUTY, Department.active).exists()
    )
    return and_(
        Alarm.district_id == actor.district_id,
        within(actor, Permission.ALARM_ANSWER),
        ~recused(actor, Alarm.submission_id),
        or_(within(actor, Permission.TRIAGE_VIEW), called, of_duty_office),
    )


def ringing(session: Session, actor: Actor) -> Ringing | None:
    """What the actor was called to and hasn't seen, or what rings again, or what they have in hand; one query over the few that are open."""
    row = session.execute(_ringing(actor)).one_or_none()
    return Ringing(*row) if row is not None else None


@lru_cache(maxsize=PEOPLE_KEPT)
def _ringing(actor: Actor) -> Select[int, str, datetime, bool, bool]:
    mine = and_(Alarm.state == AlarmState.TAKEN, Alarm.taken_by == actor.user_id)
    again = and_(Alarm.state == AlarmState.RAISED, Alarm.repeated_at.is_not(None))
    calls_me = (  # asked of each open alarm: joined, everybody's calls of all times would be read with every page
        select(AlarmCall.id)
        .where(AlarmCall.alarm_id == Alarm.id, AlarmCall.user_id == actor.user_id, or_(AlarmCall.seen_at.is_(None), again))
        .exists()
    )
    return written_out(
        select(func.count().over(), Area.name, Alarm.raised_at, mine, again)
        .join(Area, Area.id == Alarm.area_id)
        .where(
            Alarm.district_id == actor.district_id,
            Alarm.state != AlarmState.CLOSED,
            ~recused(actor, Alarm.submission_id),
            or_(mine, calls_me),
        )
        .order_by(mine, Alarm.raised_at)
        .limit(1)
    )


def alarms_page(session: Session, actor: Actor, *, after: str = "") -> AlarmPage:
    """A page of the actor's alarms, open ones first, each kind newest first, in two statements; `after` is a page's `next_key`."""
    open_count = session.scalar(
        select(func.count()).select_from(Alarm).join(Area, Area.id == Alarm.area_id).where(can_see(actor), Alarm.state != AlarmState.CLOSED)
    )
    query = (
        select(Alarm, Submission, Area.name, User.name)
        .join(Submission, Submission.id == Alarm.submission_id)
        .join(Area, Area.id == Alarm.area_id)
        .outerjoin(User, User.id == Alarm.taken_by)
        .where(can_see(actor))
    )
    key = _key(after)
    if key is not None:
        query = query.where(tuple_(_CLOSED, -Alarm.id) > tuple_(*key))
    found = session.execute(query.order_by(_CLOSED, -Alarm.id).limit(PAGE + 1)).all()
    rows = tuple(_row(actor, alarm, submission, area, taker or "") for alarm, submission, area, taker in found[:PAGE])
    next_key = f"{int(rows[-1].state is AlarmState.CLOSED)}_{rows[-1].id}" if len(found) > PAGE else ""
    return AlarmPage(rows=rows, open_count=open_count or 0, next_key=next_key)


def _row(actor: Actor, alarm: Alarm, submission: Submission, area_name: str, taker: str) -> AlarmRow:
    return AlarmRow(
        id=alarm.id,
        version=alarm.version,
        state=alarm.state,
        submission_id=submission.id,
        text=submission.text_masked,
        place=submission.place_masked,
        area_name=area_name,
        withdrawn=submission.state is SubmissionState.WITHDRAWN,
        has_contact=submission.contact_cipher is not None,
        raised_at=alarm.raised_at,
        repeated_at=alarm.repeated_at,
        changed_at=alarm.state_changed_at,
        taken_by=taker,
        mine=alarm.taken_by == actor.user_id,
        closed_words=alarm.closed_words,
    )


def _key(after: str) -> tuple[int, int] | None:
    """The place in a page key; None for anything nobody was given."""
    closed, _, alarm_id = after.partition("_")
    if closed in {"0", "1"} and alarm_id.isascii() and alarm_id.isdecimal() and len(alarm_id) < 19:
        return int(closed), -int(alarm_id)
    return None


def calls_of(session: Session, alarm_ids: Sequence[int]) -> dict[int, tuple[Call, ...]]:
    """Who was called to each, in the order of the receipt's words; one statement."""
    found: dict[int, list[Call]] = {alarm_id: [] for alarm_id in alarm_ids}
    if alarm_ids:
        rows = session.execute(
            select(AlarmCall, User.name)
            .join(User, User.id == AlarmCall.user_id)
            .where(AlarmCall.alarm_id.in_(alarm_ids))
            .order_by(AlarmCall.id)
        )
        for call, name in rows:
            found[call.alarm_id].append(Call(name, CalledAs(call.as_role), call.called_at, call.seen_at))
    order = list(CALLED_NAMES)
    return {alarm_id: tuple(sorted(calls, key=lambda call: order.index(call.called_as))) for alarm_id, calls in found.items()}


def alarm_steps(session: Session, submission_id: int) -> tuple[AlarmStep, ...]:
    """What the resident reads of it: who was told, who has it in hand, what was done; one statement for a submission that never was one,
    two for one that was.
    """
    rows = session.execute(
        select(HistoryEntry, User.name, Alarm.id, Alarm.closed_words)
        .join(Alarm, (HistoryEntry.noun == ALARM_TABLE.noun) & (HistoryEntry.entity_id == Alarm.id))
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .where(Alarm.submission_id == submission_id)
        .order_by(HistoryEntry.id)
    ).all()
    if not rows:
        return ()
    called = set(session.scalars(select(AlarmCall.as_role).where(AlarmCall.alarm_id == rows[0][2]).distinct()))
    label = "、".join(name for called_as, name in CALLED_NAMES.items() if called_as.value in called)
    closings = [entry.id for entry, *_ in rows if entry.action == AlarmAction.CLOSE.value]
    return tuple(
        AlarmStep(
            at=entry.at,
            words=f"已通知{label}。" if entry.action == "begin" else _words(entry, name or ""),
            written=words if closings and entry.id == closings[-1] else "",
        )
        for entry, name, _, words in rows
    )


_WORDS = {transition.action.value: transition.words for transition in ALARM_TABLE.transitions}


def _words(entry: HistoryEntry, name: str) -> str:
    if entry.action == AlarmAction.TAKE.value and name:
        return f"{name}正在处理。"
    if entry.reason_code == CloseReason.FALSE_ALARM.value:
        return "看过了，不是紧急情况，按一般来件办理。"
    return _WORDS[entry.action]
