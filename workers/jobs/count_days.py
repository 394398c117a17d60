"""Counts what happened each day, so that pages about months add up days and not messages (每天的数)."""

import time

import structlog
from sqlalchemy import select

from intake.domain.point import AreaKind
from intake.models import Area
from intake.ports import Wake
from intake.services.daily_count import count_days, due_days
from workers.runtime import job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

SECONDS = 40.0
"""After this long no further month is begun, well before RQ's 60 s; the next hour goes on with it."""


@job(Wake.COUNT_DAYS)
def run() -> None:
    """Count the days that are due, a month a transaction and the newest first.

    A repeat is harmless: a day is counted anew as a whole, and what was counted today isn't due.
    """
    at = process_wiring().clock.now()
    end = time.monotonic() + SECONDS
    with job_session() as session:
        due = {
            one: due_days(session, district_id=one, at=at)
            for one in session.scalars(select(Area.id).where(Area.kind == AreaKind.DISTRICT).order_by(Area.id))
        }
    waiting = sorted(((period, one) for one, periods in due.items() for period in periods), key=lambda each: each[0].last, reverse=True)
    for number, (period, district_id) in enumerate(waiting):
        if stopping() or time.monotonic() > end:
            log.info("days_left", months=len(waiting) - number)
            return
        with job_session() as session:
            count_days(session, district_id=district_id, period=period, at=at)
        log.info("days_counted", district=district_id, first=str(period.first), last=str(period.last), of=len(waiting), done=number + 1)
