"""值班日历: one's own shifts, those of one's areas day by day, a month for the desk, and one shift."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.models import Activity, Area, DutyShift, User, Venue
from intake.queries.pages import PAGE, Page, key_of, page_of, within

OWN_SHOWN = 60
MONTH_SHOWN = 1_500
"""As many shifts as one month's table holds; a larger district looks at one place at a time."""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """Somebody's shift; hours are Shanghai's."""

    id: int
    day: date
    starts: time
    ends: time
    venue_id: int
    venue_name: str
    address: str
    area_name: str
    user_id: int
    name: str
    note: str
    """Of a cancelled one, why."""
    asked_id: int | None
    asked_name: str
    is_cancelled: bool
    version: int


@dataclass(frozen=True, slots=True)
class OwnDuty:
    """What a member sees first."""

    asked: tuple[ShiftRow, ...]
    """Colleagues' shifts that one was asked to take."""
    today: tuple[ShiftRow, ...]
    coming: tuple[ShiftRow, ...]
    """At most OWN_SHOWN together with today's."""

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than are shown."""
        return len(self.today) + len(self.coming) == OWN_SHOWN


@dataclass(frozen=True, slots=True)
class DutyDay:
    """One day of a month's table."""

    day: date
    shifts: tuple[ShiftRow, ...]


@dataclass(frozen=True, slots=True)
class DutyMonth:
    """Every day of a month with its shifts by place and hour."""

    days: tuple[DutyDay, ...]
    count: int
    """Without cancelled ones."""
    is_cut: bool
    """More than MONTH_SHOWN: the days at the end lack some."""


_asked = aliased(User)
_ROW: Any = (  # typed by ShiftRow, whose fields it follows
    DutyShift.id,
    DutyShift.day,
    DutyShift.starts,
    DutyShift.ends,
    Venue.id,
    Venue.name,
    Venue.address,
    Area.name,
    User.id,
    User.name,
    DutyShift.note,
    DutyShift.asked_id,
    func.coalesce(_asked.name, ""),
    DutyShift.cancelled_at.is_not(None),
    DutyShift.version,
)


def own_duty(session: Session, actor: Actor, *, today: date) -> OwnDuty:
    """What the actor was asked to take and what lies before them, in two queries; what was cancelled is there too, with why."""
    asked = _rows(session, DutyShift.asked_id == actor.user_id, DutyShift.day >= today, DutyShift.cancelled_at.is_(None))
    own = _rows(session, DutyShift.user_id == actor.user_id, DutyShift.day >= today)
    return OwnDuty(
        asked=asked,
        today=tuple(one for one in own if one.day == today),
        coming=tuple(one for one in own if one.day > today),
    )


_LAST = aliased(DutyShift)


def calendar(session: Session, actor: Actor, *, since: date, after: str = "", limit: int = PAGE) -> Page[ShiftRow]:
    """A page of the shifts of the actor's areas from a day on, day by day, in two queries; `after` is the last shift shown.

    Cancelled ones stand there with why, for whoever would go there.
    """
    where: list[ColumnElement[bool]] = [
        DutyShift.district_id == actor.district_id,
        DutyShift.day >= since,
        within(actor, Permission.LEDGER_KEEP),
    ]
    total = session.scalar(_joined(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        place = select(_LAST.day, _LAST.starts, _LAST.id).where(_LAST.id == key).subquery()
        where.append(
            tuple_(DutyShift.day, DutyShift.starts, DutyShift.id) > tuple_(*(select(column).scalar_subquery() for column in place.c))
        )
    return page_of(_rows(session, *where, limit=limit + 1), total=total, limit=limit)


def duty_month(session: Session, actor: Actor, first: date, *, venue_id: int | None) -> DutyMonth:
    """The month that begins on `first`, within the areas whose calendar the actor makes, of one venue or of all; one query."""
    following = (first + timedelta(days=31)).replace(day=1)
    where = [
        DutyShift.district_id == actor.district_id,
        DutyShift.day >= first,
        DutyShift.day < following,
        within(actor, Permission.DUTY_MANAGE),
    ]
    if venue_id is not None:
        where.append(DutyShift.venue_id == venue_id)
    rows = _rows(session, *where, limit=MONTH_SHOWN + 1)
    shown = rows[:MONTH_SHOWN]
    return DutyMonth(
        days=tuple(_days(first, following, shown)), count=sum(not one.is_cancelled for one in shown), is_cut=len(rows) > MONTH_SHOWN
    )


def shift_of(session: Session, actor: Actor, shift_id: int) -> ShiftRow:
    """One shift: one's own, one that one was asked to take, or one of one's areas; NotFound otherwise."""
    seen = or_(
        DutyShift.user_id == actor.user_id,
        DutyShift.asked_id == actor.user_id,
        within(actor, Permission.LEDGER_KEEP),
        within(actor, Permission.DUTY_MANAGE),
    )
    found = _rows(session, DutyShift.id == shift_id, DutyShift.district_id == actor.district_id, seen)
    if not found:
        raise NotFound("没有这一班，或者不在您负责的范围。")
    return found[0]


def managed_venues(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    """(id, name) of the venues in use whose calendar the actor makes, by name; for a select."""
    rows = session.execute(
        select(Venue.id, Venue.name)
        .join(Area, Area.id == Venue.area_id)
        .where(Venue.district_id == actor.district_id, Venue.ended_at.is_(None), within(actor, Permission.DUTY_MANAGE))
        .order_by(Venue.name, Venue.id)
    )
    return tuple((row.id, row.name) for row in rows)


def shifts_to_note(session: Session, actor: Actor, *, since: date, today: date) -> tuple[ShiftRow, ...]:
    """The actor's shifts from `since` to `today` that were never put on their record, the latest first."""
    noted = select(Activity.id).where(Activity.user_id == actor.user_id, Activity.shift_id == DutyShift.id).exists()
    rows = _rows(session, DutyShift.user_id == actor.user_id, DutyShift.day.between(since, today), DutyShift.cancelled_at.is_(None), ~noted)
    return tuple(reversed(rows))


def _days(first: date, following: date, rows: Iterable[ShiftRow]) -> Iterable[DutyDay]:
    by_day: dict[date, list[ShiftRow]] = {first + timedelta(days=n): [] for n in range((following - first).days)}
    for row in rows:
        by_day[row.day].append(row)
    return (DutyDay(day, tuple(shifts)) for day, shifts in by_day.items())


def _joined(query: Any) -> Any:
    return (
        query.select_from(DutyShift)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .join(Area, Area.id == Venue.area_id)
        .join(User, User.id == DutyShift.user_id)
        .outerjoin(_asked, _asked.id == DutyShift.asked_id)
    )


def _rows(session: Session, *where: ColumnElement[bool], limit: int = OWN_SHOWN) -> tuple[ShiftRow, ...]:
    asked = _joined(select(*_ROW)).where(*where).order_by(DutyShift.day, DutyShift.starts, DutyShift.id).limit(limit)
    return tuple(ShiftRow(*row) for row in session.execute(asked))
