"""值班日历: which days a season of shifts falls on (row S1)."""

from dataclasses import dataclass
from datetime import date, timedelta

from intake.domain.working_days import HolidayTable, is_working_day

NOTE_MAX = 120
SEASON_DAYS = 190
"""As long as one season may be: half a year, made in one go."""
AHEAD_DAYS = 400
"""How far ahead a shift may lie."""
_SATURDAY = 5
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Season:
    """Days of a shift that repeats weekly, and those left out because they are holidays."""

    days: tuple[date, ...]
    skipped: tuple[date, ...]


def season(first: date, last: date, *, holidays: HolidayTable) -> Season:
    """The weekday of `first` from `first` to `last`, both included; none where `last` is before `first`."""
    days = [first + n * _WEEK for n in range(max(0, (last - first).days // 7 + 1))] if last >= first else []
    free = {day for day in days if is_holiday(day, holidays=holidays)}
    return Season(days=tuple(day for day in days if day not in free), skipped=tuple(sorted(free)))


def is_holiday(day: date, *, holidays: HolidayTable) -> bool:
    """Whether `day` belongs to a public holiday: a weekday that is off, or a weekend beside one; an ordinary weekend isn't one."""
    if is_working_day(day, holidays=holidays):
        return False
    if day.weekday() < _SATURDAY:
        return True
    friday = day - timedelta(days=day.weekday() - 4)
    return any(not is_working_day(one, holidays=holidays) for one in (friday, friday + timedelta(days=3)))
