"""Stations with shifts, made by the services that staff would call."""

from datetime import date, time

from sqlalchemy import select

from intake.domain.venue import VenueKind
from intake.domain.working_days import holidays_of
from intake.models import Area, DutyShift, IntakePoint, Venue
from intake.services.duty import Made, ShiftFacts, Shifting, make_shifts
from intake.wiring import Wiring
from tests.factories.town import actor

NINE, ELEVEN = time(9), time(11)


def station(wiring: Wiring, area_id: int, name: str = "丰山委员工作站", *, code: str | None = None) -> int:
    """A station in use; with `code`, at whose wall that point hangs."""
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, area_id)
        point_id = session.scalar(select(IntakePoint.id).where(IntakePoint.code == code)) if code is not None else None
        venue = Venue(
            district_id=area.district_id,
            kind=VenueKind.STATION,
            name=name,
            area_id=area_id,
            point_id=point_id,
            address="丰山路 8 号一楼",
            created_at=wiring.clock.now(),
        )
        session.add(venue)
        session.flush()
        return venue.id


def facts(
    venue_id: int, user_id: int, day: date | None, *, until: date | None = None, starts: time | None = NINE, ends: time | None = ELEVEN
) -> ShiftFacts:
    """From nine to eleven unless said otherwise."""
    return ShiftFacts(venue_id=venue_id, user_id=user_id, day=day, until=until, starts=starts, ends=ends, note="")


def made(wiring: Wiring, by: int, asked: ShiftFacts) -> Made:
    """What the person `by` puts into the calendar."""
    with wiring.sessions.begin() as session:
        return make_shifts(session, asked, actor=actor(session, by), holidays=holidays_of(wiring.workflow), at=wiring.clock.now())


def shift(wiring: Wiring, by: int, asked: ShiftFacts) -> int:
    """The id of a single one."""
    return made(wiring, by, asked).shift_ids[0]


def shifting(wiring: Wiring, user_id: int, shift_id: int) -> Shifting:
    """What a person holds who has the shift on the screen now."""
    with wiring.sessions() as session:
        version = session.get_one(DutyShift, shift_id).version
        return Shifting(actor=actor(session, user_id), shift_id=shift_id, version=version, at=wiring.clock.now())


def shift_row(wiring: Wiring, shift_id: int) -> DutyShift:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(DutyShift, shift_id)
