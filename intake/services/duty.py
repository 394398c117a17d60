"""值班日历: shifts at venues, made for a day or a season, cancelled with a word, and handed to a colleague who says yes (row S1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.duty import AHEAD_DAYS, NOTE_MAX, SEASON_DAYS, season
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.text import clean_line
from intake.domain.working_days import SHANGHAI, HolidayTable
from intake.models import Area, DutyShift, User, Venue
from intake.queries.member_group import serves
from intake.services.audit import record


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """What a form asks for; days and hours are Shanghai's. `until` is the last day of a weekly season, None for a single shift."""

    venue_id: int
    user_id: int
    day: date | None
    until: date | None
    starts: time | None
    ends: time | None
    note: str


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it."""

    shift_ids: tuple[int, ...]
    skipped: tuple[date, ...]
    """Holidays, on which nobody sits."""


@dataclass(frozen=True, slots=True)
class Shifting:
    """What every act on a shift carries; `version` is the one on the person's screen."""

    actor: Actor
    shift_id: int
    version: int
    at: datetime


def make_shifts(session: Session, facts: ShiftFacts, *, actor: Actor, holidays: HolidayTable, at: datetime) -> Made:
    """One shift, or one a week until `until` without public holidays; all of them or none.

    Raises InvalidInput naming the field, also where the person already sits somewhere at one of those hours; Forbidden outside the
    actor's areas.
    """
    venue = _venue(session, actor, facts.venue_id)
    starts, ends = _hours(facts)
    days, skipped = _days(facts, holidays=holidays, today=at.astimezone(SHANGHAI).date())
    note = clean_line(facts.note, limit=NOTE_MAX, field="note")
    person = _member(session, actor, facts.user_id, field="person")
    _refuse_overlap(session, person, days, starts, ends)
    assert actor.user_id is not None
    shifts = [
        DutyShift(
            district_id=venue.district_id,
            venue_id=venue.id,
            user_id=person.id,
            day=day,
            starts=starts,
            ends=ends,
            note=note,
            made_by=actor.user_id,
            created_at=at,
        )
        for day in days
    ]
    session.add_all(shifts)
    session.flush()
    record(
        session,
        actor=actor,
        district_id=venue.district_id,
        action="duty.make",
        noun="venue",
        entity_id=venue.id,
        at=at,
        user=person.id,
        shifts=[shift.id for shift in shifts],
    )
    return Made(tuple(shift.id for shift in shifts), skipped)


def cancel_shift(session: Session, shifting: Shifting, *, words: str) -> DutyShift:
    """Nobody sits there then, and the calendar says why; by whoever makes the calendar, or whose shift it is."""
    shift, path = _lock(session, shifting)
    if shift.user_id != shifting.actor.user_id:
        require(shifting.actor, Permission.DUTY_MANAGE, area_path=path)
    said = clean_line(words, limit=NOTE_MAX, field="words")
    if not said:
        raise InvalidInput("请写一句为什么取消，日历上会写出来。", field="words")
    shift.cancelled_at, shift.note, shift.asked_id = shifting.at, said, None
    return _changed(session, shifting, shift, "cancel")


def ask_colleague(session: Session, shifting: Shifting, *, colleague_id: int) -> DutyShift:
    """Ask a named colleague to take one's own shift; asking somebody else takes the place of an earlier question."""
    whose = select(DutyShift.user_id).where(DutyShift.id == shifting.shift_id, DutyShift.district_id == shifting.actor.district_id)
    if session.scalar(whose) != shifting.actor.user_id:
        _own(session, shifting)  # says why not
    # The person before the shift, as whoever takes it does: the other way round two of them would wait for each other.
    colleague = _member(session, shifting.actor, colleague_id, field="colleague")
    shift = _own(session, shifting)
    if colleague.id == shift.user_id:
        raise InvalidInput("这一班本来就是您的，请选一位同事。", field="colleague")
    _refuse_overlap(session, colleague, [shift.day], shift.starts, shift.ends, field="colleague")
    shift.asked_id = colleague.id
    return _changed(session, shifting, shift, "ask", user=colleague.id)


def take_shift(session: Session, shifting: Shifting) -> DutyShift:
    """The asked colleague takes it, and it is theirs; nobody has to approve."""
    assert shifting.actor.user_id is not None
    person = _member(session, shifting.actor, shifting.actor.user_id, field="person")
    shift, _ = _lock(session, shifting)
    if shift.asked_id != person.id:
        raise Conflict("这一班现在没有请您来值，可能已经收回，或者请了别人。")
    _refuse_overlap(session, person, [shift.day], shift.starts, shift.ends)
    before, shift.user_id, shift.asked_id = shift.user_id, person.id, None
    return _changed(session, shifting, shift, "take", before=before)


def end_asking(session: Session, shifting: Shifting) -> DutyShift:
    """The asked colleague can't, or whoever asked doesn't need them any more; the shift stays whose it is."""
    shift, _ = _lock(session, shifting)
    if shifting.actor.user_id not in {shift.user_id, shift.asked_id}:
        raise Forbidden("这一班不是您的，也没有请您来值。")
    shift.asked_id = None
    return _changed(session, shifting, shift, "end_asking")


def _own(session: Session, shifting: Shifting) -> DutyShift:
    shift, _ = _lock(session, shifting)
    if shift.user_id != shifting.actor.user_id:
        raise Forbidden("只能请人代自己的班。要换别人的班，请联系排班的人。")
    return shift


def _lock(session: Session, shifting: Shifting) -> tuple[DutyShift, str]:
    """A shift that still lies ahead, held until the transaction ends, and its venue's path."""
    found = session.execute(
        select(DutyShift, Area.path)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .join(Area, Area.id == Venue.area_id)
        .where(DutyShift.id == shifting.shift_id, DutyShift.district_id == shifting.actor.district_id)
        .with_for_update(of=DutyShift)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这一班，或者不在您的区。")
    shift, path = found
    if shift.version != shifting.version:
        raise Conflict("这一班刚刚有人改过，请看看现在的样子再定。")
    if shift.cancelled_at is not None:
        raise Conflict("这一班已经取消了。")
    if shift.day < shifting.at.astimezone(SHANGHAI).date():
        raise Conflict("这一班已经过去，不能再改。没有去的，不记就行。")
    return shift, path


def _changed(session: Session, shifting: Shifting, shift: DutyShift, act: str, **detail: int) -> DutyShift:
    shift.version += 1
    record(
        session,
        actor=shifting.actor,
        district_id=shift.district_id,
        action=f"duty.{act}",
        noun="duty_shift",
        entity_id=shift.id,
        at=shifting.at,
        **detail,
    )
    session.flush()
    return shift


def _venue(session: Session, actor: Actor, venue_id: int) -> Venue:
    """A venue in use that isn't closed before the transaction ends."""
    found = session.execute(
        select(Venue, Area.path)
        .join(Area, Area.id == Venue.area_id)
        .where(Venue.id == venue_id, Venue.district_id == actor.district_id, Venue.ended_at.is_(None))
        .with_for_update(read=True, of=Venue)
    ).one_or_none()
    if found is None:
        raise InvalidInput("请选一个在用的场所。", field="venue")
    venue, path = found
    require(actor, Permission.DUTY_MANAGE, area_path=path)
    return venue


def _member(session: Session, actor: Actor, user_id: int, *, field: str) -> User:
    """A member who can sign in, held until the transaction ends, so that two shifts at one hour can't be made at once."""
    found = session.scalars(
        select(User).where(User.id == user_id, User.district_id == actor.district_id, serves()).with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise InvalidInput("请选一位在任的委员或召集人。", field=field)
    return found


def _hours(facts: ShiftFacts) -> tuple[time, time]:
    if facts.starts is None:
        raise InvalidInput("请写几点开始，比如 9:00。", field="starts")
    if facts.ends is None:
        raise InvalidInput("请写几点结束，比如 11:00。", field="ends")
    if facts.ends <= facts.starts:
        raise InvalidInput("结束要晚于开始。", field="ends")
    return facts.starts, facts.ends


def _days(facts: ShiftFacts, *, holidays: HolidayTable, today: date) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """The days of the shifts, and the holidays left out."""
    if facts.day is None:
        raise InvalidInput("请选哪一天。", field="day")
    if facts.day < today:
        raise InvalidInput("这一天已经过去了，请选今天或以后的一天。", field="day")
    if facts.day > today + timedelta(days=AHEAD_DAYS):
        raise InvalidInput("太远了，请选一年以内的一天。", field="day")
    if facts.until is None:
        return (facts.day,), ()
    if facts.until < facts.day:
        raise InvalidInput("最后一天不能早于第一天。", field="until")
    if facts.until > facts.day + timedelta(days=SEASON_DAYS):
        raise InvalidInput("一次最多排半年，请把最后一天提前，到时再接着排。", field="until")
    found = season(facts.day, facts.until, holidays=holidays)
    if not found.days:
        raise InvalidInput("选的日子都是放假，请换一天。", field="day")
    return found.days, found.skipped


def _refuse_overlap(session: Session, person: User, days: Sequence[date], starts: time, ends: time, *, field: str = "person") -> None:
    clash = session.execute(
        select(DutyShift.day, DutyShift.starts, DutyShift.ends, Venue.name)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .where(
            DutyShift.user_id == person.id,
            DutyShift.day.in_(days),
            DutyShift.cancelled_at.is_(None),
            DutyShift.starts < ends,
            DutyShift.ends > starts,
        )
        .order_by(DutyShift.day)
        .limit(1)
    ).one_or_none()
    if clash is None:
        return
    name, month, day, venue = person.name, clash.day.month, clash.day.day, clash.name
    begins, until = f"{clash.starts:%H:%M}", f"{clash.ends:%H:%M}"
    raise InvalidInput(f"{name} {month} 月 {day} 日 {begins}–{until} 已经在“{venue}”值班，请换个时间或换个人。", field=field)
