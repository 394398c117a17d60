"""全市情况: daily counts of every district of a city; no row of a district is read but its areas, its points and these."""

import datetime as dt

from sqlalchemy import Integer, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.city import CityCounts, DistrictCounts, said, said_of
from intake.domain.daily_count import Measure
from intake.domain.dashboard import length
from intake.domain.figures import Period
from intake.domain.outcome import Verdict
from intake.domain.permission import Permission
from intake.domain.point import AreaKind, PointState
from intake.domain.working_days import SHANGHAI
from intake.models import Area, CountedDay, DistrictCount, IntakePoint
from intake.queries.open_call import of_no_call
from intake.queries.pages import within

COUNTED = (
    Measure.HEARD,
    Measure.WITHDRAWN,
    Measure.HEARD_DECIDED,
    Measure.HEARD_TOLD,
    Measure.TOPIC_OPENED,
    Measure.TOPIC_APPROVED,
    Measure.TOLD,
    Measure.VERDICT,
)


_CITY = aliased(Area)


def city_counts(session: Session, actor: Actor, period: Period, *, at: dt.datetime) -> CityCounts:
    """The districts below the areas in which the actor sees the city, in the order of their making; four queries however many there are."""
    past = Period(period.first, min(period.last, at.astimezone(SHANGHAI).date() - dt.timedelta(days=1)))
    rows = session.execute(
        select(Area.id, Area.name, _CITY.name)
        .join(_CITY, _CITY.id == Area.parent_id)
        .where(Area.kind == AreaKind.DISTRICT, within(actor, Permission.CITY_VIEW))
        .order_by(Area.id)
    ).all()
    ids = [row[0] for row in rows]
    counts, covered, days = _counts(session, ids, past), _covered(session, ids), _counted_days(session, ids, past)
    districts = tuple(
        _district((row[0], row[1], row[2]), counts.get(row[0], {}), covered.get(row[0], (0, 0)), missing=length(past) - days.get(row[0], 0))
        for row in rows
    )
    return CityCounts(tuple(dict.fromkeys(row[2] for row in rows)), past, districts)


def _counts(session: Session, ids: list[int], period: Period) -> dict[int, dict[tuple[str, str], int]]:
    part = case((DistrictCount.measure == Measure.VERDICT, DistrictCount.part), else_="")
    rows = session.execute(
        select(DistrictCount.district_id, DistrictCount.measure, part, func.sum(DistrictCount.count))
        .where(
            DistrictCount.district_id.in_(ids),
            DistrictCount.measure.in_([one.value for one in COUNTED]),
            DistrictCount.day.between(period.first, period.last),
        )
        .group_by(DistrictCount.district_id, DistrictCount.measure, part)
    )
    found: dict[int, dict[tuple[str, str], int]] = {}
    for district_id, measure, words, count in rows:
        found.setdefault(district_id, {})[measure, words] = count
    return found


def _covered(session: Session, ids: list[int]) -> dict[int, tuple[int, int]]:
    """(communities, those with a code in use) by district."""
    in_use = (
        select(IntakePoint.id).where(and_(IntakePoint.area_id == Area.id, IntakePoint.state == PointState.ACTIVE, of_no_call())).exists()
    )
    rows = session.execute(
        select(Area.district_id, func.count(), func.sum(in_use.cast(Integer)))
        .where(Area.district_id.in_(ids), Area.kind == AreaKind.COMMUNITY)
        .group_by(Area.district_id)
    )
    return {district_id: (communities, covered) for district_id, communities, covered in rows if district_id is not None}


def _counted_days(session: Session, ids: list[int], period: Period) -> dict[int, int]:
    rows = session.execute(
        select(CountedDay.district_id, func.count())
        .where(CountedDay.district_id.in_(ids), CountedDay.day.between(period.first, period.last))
        .group_by(CountedDay.district_id)
    )
    return {row[0]: row[1] for row in rows}


def _district(who: tuple[int, str, str], counts: dict[tuple[str, str], int], covered: tuple[int, int], *, missing: int) -> DistrictCounts:
    def of(measure: Measure) -> int:
        return sum(count for (one, _), count in counts.items() if one == measure.value)

    stays, asked, opened = of(Measure.HEARD) - of(Measure.WITHDRAWN), of(Measure.TOLD), of(Measure.TOPIC_OPENED)
    verdicts = of(Measure.VERDICT)
    said_verdicts = said_of(verdicts, said(asked))
    return DistrictCounts(
        id=who[0],
        name=who[1],
        city=who[2],
        communities=covered[0],
        covered=covered[1],
        heard=said(of(Measure.HEARD)),
        staying=said(stays),
        decided=said_of(of(Measure.HEARD_DECIDED), said(stays)),
        told=said_of(of(Measure.HEARD_TOLD), said(stays)),
        opened=said(opened),
        approved=said(of(Measure.TOPIC_APPROVED)),
        asked=said(asked),
        said=said_verdicts,
        solved=said_of(counts.get((Measure.VERDICT.value, Verdict.SOLVED.value), 0), said_verdicts),
        missing=max(missing, 0),
    )
