"""Days that were counted, and what the counts say."""

from datetime import date

from sqlalchemy import func, select

from intake.domain.daily_count import Measure
from intake.domain.figures import Period
from intake.models import DailyCount
from intake.services.daily_count import count_days
from intake.wiring import Wiring

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def counted(wiring: Wiring, district_id: int, period: Period = NOVEMBER) -> None:
    """Count the days as the job does."""
    with wiring.sessions.begin() as session:
        count_days(session, district_id=district_id, period=period, at=wiring.clock.now())


def counts(wiring: Wiring, district_id: int, measure: Measure, *, period: Period = NOVEMBER) -> dict[str, int]:
    """By part, over all areas and days of the period."""
    with wiring.sessions() as session:
        rows = session.execute(
            select(DailyCount.part, func.sum(DailyCount.count))
            .where(
                DailyCount.district_id == district_id,
                DailyCount.measure == measure.value,
                DailyCount.day.between(period.first, period.last),
            )
            .group_by(DailyCount.part)
        )
        return {part: int(count) for part, count in rows}
