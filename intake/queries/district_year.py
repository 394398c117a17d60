"""全区的一年: visits, disputes, services, receptions and shifts of a district by street, never by person (rows Y3, S1)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.activity import ActivityKind
from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.point import AreaKind
from intake.domain.year import Done, Year
from intake.models import Activity, Area, DutyShift, Venue
from intake.queries.pages import covers_district, within


@dataclass(frozen=True, slots=True)
class StreetYear:
    """What was put on record in one street."""

    name: str
    """Empty for what names no street: of the whole district, or without a place."""
    shifts: int
    done: dict[ActivityKind, Done]

    def of(self, kind: str) -> Done:
        """By the kind's code, for templates."""
        return self.done.get(ActivityKind(kind), Done())


@dataclass(frozen=True, slots=True)
class DistrictYear:
    """All streets in the order of the tree, and their sum."""

    year: Year
    shifts: int
    done: dict[ActivityKind, Done]
    streets: tuple[StreetYear, ...]


def district_year(session: Session, actor: Actor, year: Year, *, today: date) -> DistrictYear:
    """The year within the actor's areas, in three queries; what names no place counts where they see the whole district."""
    whole = covers_district(actor, Permission.LEDGER_VIEW)
    areas = session.execute(
        select(Area.id, Area.name, Area.kind, Area.path)
        .where(Area.district_id == actor.district_id, within(actor, Permission.LEDGER_VIEW))
        .order_by(Area.id)
    ).all()
    streets = [one for one in areas if one.kind is AreaKind.STREET]
    place: dict[int | None, int | None] = {
        one.id: next((street.id for street in streets if one.path.startswith(street.path)), None) for one in areas
    }
    if whole:
        place[None] = None
    rows = {street_id: _Row() for street_id in (*(one.id for one in streets), None)}
    for area_id, kind, done in _done(session, actor, year):
        if area_id in place:
            rows[place[area_id]].add(kind, done)
    for area_id, shifts in _shifts(session, actor, year, today=today):
        if area_id in place:
            rows[place[area_id]].shifts += shifts
    names = {one.id: one.name for one in streets}
    listed = [StreetYear(names.get(key or 0, ""), row.shifts, row.done) for key, row in rows.items()]
    shown = tuple(row for row in listed if row.name or row.shifts or row.done)
    return DistrictYear(year, sum(row.shifts for row in shown), _sum(shown), shown)


@dataclass(slots=True)
class _Row:
    """What is added up for one street."""

    shifts: int = 0
    done: dict[ActivityKind, Done] = field(default_factory=dict)

    def add(self, kind: ActivityKind, done: Done) -> None:
        """One area's entries of one kind."""
        before = self.done.get(kind, Done())
        self.done[kind] = Done(before.times + done.times, before.people + done.people, before.settled + done.settled)


def _sum(streets: tuple[StreetYear, ...]) -> dict[ActivityKind, Done]:
    return {
        kind: Done(
            sum(one.of(kind).times for one in streets),
            sum(one.of(kind).people for one in streets),
            sum(one.of(kind).settled for one in streets),
        )
        for kind in ActivityKind
    }


def _done(session: Session, actor: Actor, year: Year) -> Iterator[tuple[int | None, ActivityKind, Done]]:
    """By area and kind: a district has a few hundred areas, and many times as many entries."""
    rows = session.execute(
        select(Activity.area_id, Activity.kind, func.count(), func.sum(Activity.people), func.count().filter(Activity.settled.is_(True)))
        .where(
            Activity.district_id == actor.district_id,
            Activity.day.between(year.first, year.last),
            Activity.removed_at.is_(None),
        )
        .group_by(Activity.area_id, Activity.kind)
    )
    for area_id, kind, times, people, settled in rows:
        yield area_id, kind, Done(times, people, settled)


def _shifts(session: Session, actor: Actor, year: Year, *, today: date) -> Iterator[tuple[int, int]]:
    yield from session.execute(
        select(Venue.area_id, func.count())
        .select_from(DutyShift)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .where(
            DutyShift.district_id == actor.district_id,
            DutyShift.day.between(year.first, min(year.last, today)),
            DutyShift.cancelled_at.is_(None),
        )
        .group_by(Venue.area_id)
    )
