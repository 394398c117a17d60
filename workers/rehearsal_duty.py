"""值班与履职 of the demo: a season of shifts at three venues, one handed on and one cancelled, and what members put on record. All invented."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.activity import ActivityKind
from intake.domain.actor import Actor
from intake.domain.working_days import SHANGHAI, holidays_of
from intake.models import Area, DutyShift, Venue
from intake.services.activity import note, note_shift
from intake.services.duty import ShiftFacts, Shifting, ask_colleague, cancel_shift, make_shifts
from intake.wiring import Wiring

WEEKS_BEFORE, WEEKS_AFTER = 10, 8
_TUESDAY, _WEDNESDAY, _SATURDAY = 1, 2, 5


@dataclass(frozen=True, slots=True)
class Season:
    """Who sits where, on which weekday (0 is Monday)."""

    venue: str
    person: str
    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Did:
    """What somebody put on record, so many days before the end."""

    person: str
    kind: ActivityKind
    days_ago: int
    area: str
    people: int
    words: str
    settled: bool | None = None


SEASONS = (
    Season("丰山街道委员工作站", "秦雨桐", _WEDNESDAY, time(14), time(17)),
    Season("周明远委员工作室", "周明远", _SATURDAY, time(9), time(11)),
    Season("望渚街道委员接待室", "何景行", _TUESDAY, time(9), time(11)),
)
DID = (
    Did("周明远", ActivityKind.VISIT, 3, "龙池社区", 12, "走访紫薇苑的老人，都盼着加装电梯。"),
    Did("周明远", ActivityKind.RECEPTION, 9, "龙池社区", 5, "说得最多的是晚上停车。"),
    Did("周明远", ActivityKind.MEDIATION, 16, "龙池社区", 0, "楼上楼下漏水，商量好各出一半修。", settled=True),
    Did("周明远", ActivityKind.SERVICE, 23, "凤桐社区", 30, "帮老人在手机上办医保。"),
    Did("周明远", ActivityKind.VISIT, 38, "凤桐社区", 8, "进企业，问用工。"),
    Did("秦雨桐", ActivityKind.MEDIATION, 12, "龙池社区", 0, "菜场摊位占道，再约一次。", settled=False),
    Did("何景行", ActivityKind.VISIT, 20, "望渚社区", 15, "进学校，看放学时的路口。"),
)


def keep_calendar(session: Session, wiring: Wiring, *, staff: Actor, actor: Callable[[str], Actor], ends: datetime) -> None:
    """All of it, in the weeks around `ends`; `actor` gives whoever is called so."""
    first = ends - timedelta(weeks=WEEKS_BEFORE)
    for one in SEASONS:
        _season(session, wiring, one, who=actor(one.person), staff=staff, at=first)
    _put_on_record(session, actor, ends=ends)
    _hand_on(session, actor, at=ends)
    areas = {one.name: one.id for one in session.execute(select(Area.name, Area.id).where(Area.district_id == staff.district_id))}
    for number, did in enumerate(DID):
        at = ends - timedelta(days=did.days_ago)
        note(
            session,
            actor=actor(did.person),
            kind=did.kind,
            day=_day(at),
            area_id=areas[did.area],
            venue_id=None,
            people=did.people,
            words=did.words,
            settled=did.settled,
            nonce=hashlib.sha256(f"did/{number}".encode()).digest()[:16],
            at=at,
        )


def _season(session: Session, wiring: Wiring, one: Season, *, who: Actor, staff: Actor, at: datetime) -> None:
    day = _day(at)
    begins = day + timedelta(days=(one.weekday - day.weekday()) % 7)
    venue_id = session.scalars(select(Venue.id).where(Venue.name == one.venue, Venue.district_id == staff.district_id)).one()
    assert who.user_id is not None
    until = begins + timedelta(weeks=WEEKS_BEFORE + WEEKS_AFTER)
    facts = ShiftFacts(venue_id=venue_id, user_id=who.user_id, day=begins, until=until, starts=one.starts, ends=one.ends, note="")
    make_shifts(session, facts, actor=staff, holidays=holidays_of(wiring.workflow), at=at)


def _put_on_record(session: Session, actor: Callable[[str], Actor], *, ends: datetime) -> None:
    """Of the last two months, all but the last week's, which the pages offer to put on record."""
    for one in SEASONS:
        who = actor(one.person)
        past = DutyShift.day.between(_day(ends) - timedelta(days=55), _day(ends) - timedelta(days=7))
        for shift_id in session.scalars(select(DutyShift.id).where(DutyShift.user_id == who.user_id, past).order_by(DutyShift.day)):
            note_shift(session, actor=who, shift_id=shift_id, at=ends)


def _hand_on(session: Session, actor: Callable[[str], Actor], *, at: datetime) -> None:
    """何景行 asks 周明远 to take one, and can't come to another."""
    asking = actor("何景行")
    ahead = session.scalars(
        select(DutyShift).where(DutyShift.user_id == asking.user_id, DutyShift.day > _day(at)).order_by(DutyShift.day).limit(2)
    ).all()
    colleague_id = actor("周明远").user_id
    assert colleague_id is not None
    handed, missed = (Shifting(actor=asking, shift_id=one.id, version=one.version, at=at) for one in ahead)
    ask_colleague(session, handed, colleague_id=colleague_id)
    cancel_shift(session, missed, words="外出培训，这一次不开门")


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
