"""Working days in China: the State Council's calendar, and the days a district announces besides."""

import datetime as dt
import itertools
import logging
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

from config.workflow import Workflow

SHANGHAI = ZoneInfo("Asia/Shanghai")
_LOG = logging.getLogger(__name__)
_SATURDAY = 5
_FROM_YEAR = 2020


@dataclass(frozen=True, slots=True)
class HolidayTable:
    """Announced days that win over the calendar package; `working` are make-up days (调休)."""

    off: frozenset[dt.date] = frozenset()
    working: frozenset[dt.date] = frozenset()


NO_ANNOUNCED_DAYS = HolidayTable()


def holidays_of(workflow: Workflow) -> HolidayTable:
    """The days that the district's workflow file announces."""
    return HolidayTable(off=workflow.holidays.off, working=workflow.holidays.working)


def is_announced(year: int, *, holidays: HolidayTable = NO_ANNOUNCED_DAYS) -> bool:
    """Whether the holidays of `year` are known, from the calendar package or from the district; if not, its days are an estimate."""
    return _calendar_knows(year) or any(day.year == year for day in holidays.off | holidays.working)


def is_working_day(day: dt.date, *, holidays: HolidayTable = NO_ANNOUNCED_DAYS) -> bool:
    """Whether offices work on `day` (a date in Shanghai); Monday to Friday, with one warning, for years nobody announced."""
    if day in holidays.working:
        return True
    if day in holidays.off:
        return False
    if _calendar_knows(day.year):
        return day in _working_days(day.year)
    return day.weekday() < _SATURDAY


def add_working_days(start: dt.datetime, days: int, *, holidays: HolidayTable = NO_ANNOUNCED_DAYS) -> dt.datetime:
    """The same time of day on the `days`-th working day after the day of `start`; the first day isn't counted (民法典第二百零一条).

    `start` must be aware; the answer has its time zone, while days are counted in Shanghai. Raises ValueError for a naive start or
    fewer than 0 days.
    """
    if days < 0:
        raise ValueError("days: 0 or more")
    local = _shanghai(start)
    day = local.date()
    left = days
    while left:
        day += dt.timedelta(days=1)
        left -= is_working_day(day, holidays=holidays)
    return dt.datetime.combine(day, local.timetz()).astimezone(start.tzinfo)


def working_days_between(a: dt.datetime, b: dt.datetime, *, holidays: HolidayTable = NO_ANNOUNCED_DAYS) -> int:
    """How many working days lie after the day of `a`, up to and with the day of `b`; negative when `b` is the earlier day."""
    first, last = _shanghai(a).date(), _shanghai(b).date()
    if last < first:
        return -working_days_between(b, a, holidays=holidays)
    ordinary = _working_days_to(last) - _working_days_to(first)
    announced = (day for day in holidays.off | holidays.working if first < day <= last)
    return ordinary + sum(is_working_day(day, holidays=holidays) - is_working_day(day) for day in announced)


def _shanghai(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    return moment.astimezone(SHANGHAI)


def _working_days_to(day: dt.date) -> int:
    """Working days from the first of January 2020 up to and with `day`, announced ones apart; counted backwards before that."""
    years = sum(_counted(year)[-1] for year in range(_FROM_YEAR, day.year)) - sum(
        _counted(year)[-1] for year in range(day.year, _FROM_YEAR)
    )
    return years + _counted(day.year)[day.timetuple().tm_yday - 1]


@cache
def _counted(year: int) -> tuple[int, ...]:
    # A matter of two years ago would be counted day by day on every row of a page.
    first = dt.date(year, 1, 1)
    days = (first + dt.timedelta(days=n) for n in range((dt.date(year + 1, 1, 1) - first).days))
    return tuple(itertools.accumulate(is_working_day(day) for day in days))


@cache
def _working_days(year: int) -> frozenset[dt.date]:
    # Asked for every day of every deadline on a page: the package takes fifty times as long to say it once more.
    first = dt.date(year, 1, 1)
    days = (first + dt.timedelta(days=n) for n in range((dt.date(year + 1, 1, 1) - first).days))
    return frozenset(day for day in days if chinese_calendar.is_workday(day))


@cache
def _calendar_knows(year: int) -> bool:
    # Cached per year, so that the warning comes once and not for every day that is counted.
    try:
        chinese_calendar.is_workday(dt.date(year, 1, 1))
    except NotImplementedError:
        _LOG.warning("the holidays of %d are not in the calendar package: Monday to Friday are taken as working days", year)
        return False
    return True
