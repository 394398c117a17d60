"""全区情况: the daily counts of a period and of one to compare it with, added up; today is counted as it is looked at."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.daily_count import WHOLES, Measure
from intake.domain.dashboard import (
    COLUMNS,
    Against,
    Dashboard,
    Ground,
    Moment,
    Place,
    Step,
    Sums,
    areas_of,
    compared_with,
    length,
    step_for,
    steps_of,
)
from intake.domain.errors import NotFound
from intake.domain.figures import Period
from intake.domain.permission import Permission
from intake.domain.point import AreaKind, PointState
from intake.domain.position import position_of
from intake.domain.working_days import SHANGHAI
from intake.models import Area, CountedDay, DailyCount, DistrictCount, IntakePoint
from intake.queries.day_count import counted_on
from intake.queries.open_call import of_no_call
from intake.queries.pages import within

FRESH = dt.timedelta(days=2)
"""Days so near that nobody has counted yet are counted as they are looked at: the job runs each hour."""


@dataclass(frozen=True, slots=True)
class DashboardAsked:
    """What the page is narrowed to."""

    period: Period
    area_id: int | None = None
    """None: the widest that the actor sees."""
    step: Step | None = None
    against: Against = Against.BEFORE


@dataclass(slots=True)
class _Tally:
    """Counts added up as they are read."""

    sums: dict[tuple[str, str], int] = field(default_factory=dict)
    by_area: dict[int, dict[str, int]] = field(default_factory=dict)
    by_day: dict[tuple[dt.date, str], int] = field(default_factory=dict)

    def add(self, area_id: int, day: dt.date, measure: Measure, part: str, count: int) -> None:
        """Something that was counted just now."""
        self.sums[measure, part] = self.sums.get((measure, part), 0) + count
        if measure in COLUMNS:
            area = self.by_area.setdefault(area_id, {})
            area[measure] = area.get(measure, 0) + count
        if measure in WHOLES:
            self.by_day[day, measure] = self.by_day.get((day, measure), 0) + count


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose counts, where."""

    district_id: int
    root: Place
    places: tuple[Place, ...]
    """The root and all below it."""
    ids: frozenset[int]

    @property
    def is_whole(self) -> bool:
        """Whether it is the district, whose counts stand added up."""
        return self.root.kind is AreaKind.DISTRICT

    @property
    def table(self) -> type[DailyCount] | type[DistrictCount]:
        """Where its counts stand."""
        return DistrictCount if self.is_whole else DailyCount

    def where(self, period: Period) -> ColumnElement[bool]:
        """Those of a period."""
        of_area = [] if self.is_whole else [DailyCount.area_id.in_(self.ids)]
        return and_(self.table.district_id == self.district_id, self.table.day.between(period.first, period.last), *of_area)


def dashboard(session: Session, actor: Actor, asked: DashboardAsked, *, at: dt.datetime) -> Dashboard:
    """The page in seven queries at most, however long the period; NotFound for an area outside the actor's."""
    scope, today = _scope(session, actor, asked.area_id), at.astimezone(SHANGHAI).date()
    earlier = compared_with(asked.period, asked.against)
    counted = _counted_days(session, scope.district_id, asked.period, earlier)
    tally = _Tally(
        sums=_sums(session, scope, asked.period),
        by_area=_by_area(session, scope, asked.period),
        by_day=_by_day(session, scope, asked.period, earlier),
    )
    _add_live(session, scope, asked.period, tally, counted=counted, today=today)
    past = Period(asked.period.first, min(asked.period.last, today - dt.timedelta(days=1)))
    compared = all(day in counted for day in _days(earlier))
    step = step_for(asked.period, asked.step)
    return Dashboard(
        period=asked.period,
        earlier=earlier,
        against=asked.against,
        step=step,
        ground=_ground(scope, tally.by_area),
        now=Sums(tally.sums),
        then=Sums(_sums(session, scope, earlier)) if compared else None,
        moments=_moments(asked.period, earlier if compared else None, step, tally.by_day, until=today),
        areas=areas_of(scope.root, scope.places, tally.by_area),
        missing=sum(day not in counted and day < today - FRESH for day in _days(past)),
        counted_at=max((counted[day] for day in _days(past) if day in counted), default=None),
    )


def _scope(session: Session, actor: Actor, area_id: int | None) -> _Scope:
    places = [
        Place(row.id, row.parent_id, row.name, row.kind, row.path, row.points, position_of(row.latitude, row.longitude))
        for row in session.execute(_places(actor))
    ]
    root = next((one for one in places if area_id is None or one.id == area_id), None)
    if root is None or actor.district_id is None:
        raise NotFound("没有这个区域，或者不在您能看的范围。")
    inside = tuple(one for one in places if one.path.startswith(root.path))
    return _Scope(actor.district_id, root, inside, frozenset(one.id for one in inside))


def _places(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Areas in reach, the widest first, else by age; with their codes in use and the middle of these."""
    in_use = and_(IntakePoint.area_id == Area.id, IntakePoint.state == PointState.ACTIVE, of_no_call())
    depth = func.length(Area.path) - func.length(func.replace(Area.path, "/", ""))
    return (
        select(
            Area.id,
            Area.parent_id,
            Area.name,
            Area.kind,
            Area.path,
            func.count(IntakePoint.id).label("points"),
            func.avg(IntakePoint.latitude).label("latitude"),
            func.avg(IntakePoint.longitude).label("longitude"),
        )
        .outerjoin(IntakePoint, in_use)
        .where(Area.district_id == actor.district_id, within(actor, Permission.DASHBOARD_VIEW))
        .group_by(Area.id)
        .order_by(depth, Area.id)
    )


def _counted_days(session: Session, district_id: int, *periods: Period) -> dict[dt.date, dt.datetime]:
    rows = session.execute(
        select(CountedDay.day, CountedDay.counted_at).where(
            CountedDay.district_id == district_id, or_(*(CountedDay.day.between(one.first, one.last) for one in periods))
        )
    )
    return {row[0]: row[1] for row in rows}


def _sums(session: Session, scope: _Scope, period: Period) -> dict[tuple[str, str], int]:
    table = scope.table
    rows = session.execute(
        select(table.measure, table.part, func.sum(table.count)).where(scope.where(period)).group_by(table.measure, table.part)
    )
    return {(measure, part): count for measure, part, count in rows}


def _by_area(session: Session, scope: _Scope, period: Period) -> dict[int, dict[str, int]]:
    """What stands in the table of areas."""
    rows = session.execute(
        select(DailyCount.area_id, DailyCount.measure, func.sum(DailyCount.count))
        .where(
            DailyCount.district_id == scope.district_id,
            DailyCount.area_id.in_(scope.ids),
            DailyCount.measure.in_([one.value for one in COLUMNS]),
            DailyCount.day.between(period.first, period.last),
        )
        .group_by(DailyCount.area_id, DailyCount.measure)
    )
    found: dict[int, dict[str, int]] = {}
    for area_id, measure, count in rows:
        found.setdefault(area_id, {})[measure] = count
    return found


def _by_day(session: Session, scope: _Scope, period: Period, earlier: Period) -> dict[tuple[dt.date, str], int]:
    """The curves of both periods."""
    table = scope.table
    rows = session.execute(
        select(table.day, table.measure, func.sum(table.count))
        .where(or_(scope.where(period), scope.where(earlier)), table.measure.in_([one.value for one in WHOLES]))
        .group_by(table.day, table.measure)
    )
    return {(day, measure): count for day, measure, count in rows}


def _add_live(session: Session, scope: _Scope, period: Period, tally: _Tally, *, counted: Collection[dt.date], today: dt.date) -> None:
    """Today, and days just over that the job hasn't come to."""
    waiting = [day for day in _days(Period(today - FRESH, today)) if day not in counted and period.first <= day <= period.last]
    if not waiting:
        return
    for area_id, day, measure, part, count, _total in session.execute(counted_on(scope.district_id, Period(min(waiting), max(waiting)))):
        if area_id in scope.ids and day not in counted:
            tally.add(area_id, day, Measure(measure), part, count)


def _ground(scope: _Scope, by_area: Mapping[int, Mapping[str, int]]) -> Ground:
    communities = [one for one in scope.places if one.kind is AreaKind.COMMUNITY]
    heard = {area_id for area_id, counts in by_area.items() if counts.get(Measure.HEARD.value)}
    kind = scope.root.kind
    return Ground(
        name=scope.root.name,
        kind=kind,
        communities=len(communities),
        without_point=sum(not one.points for one in communities),
        silent=sum(bool(one.points) and one.id not in heard for one in communities),
        is_small=kind is AreaKind.COMMUNITY or (kind is AreaKind.STREET and len(heard) < 2),
    )


def _moments(
    period: Period, earlier: Period | None, step: Step, by_day: Mapping[tuple[dt.date, str], int], *, until: dt.date
) -> tuple[Moment, ...]:
    """The curve up to today; beside it the other period's where both fall into the same pieces."""
    pieces = steps_of(period, step)
    others = steps_of(earlier, step) if earlier is not None else ()

    def of(piece: Period, measure: Measure) -> int:
        return sum(by_day.get((day, measure.value), 0) for day in _days(piece))

    matched = [of(one, Measure.HEARD) for one in others] if len(others) == len(pieces) and _alike(pieces, others) else [None] * len(pieces)
    return tuple(
        Moment(piece, of(piece, Measure.HEARD), of(piece, Measure.HEARD_DECIDED), of(piece, Measure.HEARD_TOLD), before)
        for piece, before in zip(pieces, matched, strict=True)
        if piece.first <= until
    )


def _alike(pieces: Sequence[Period], others: Sequence[Period]) -> bool:
    """As long, but for a day that a month may have more."""
    return all(abs(length(one) - length(other)) <= 3 for one, other in zip(pieces, others, strict=True))


def _days(period: Period) -> list[dt.date]:
    return [period.first + dt.timedelta(days=number) for number in range(length(period))]
