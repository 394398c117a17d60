import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.deadline import DeadlineLevel, deadline, due_soon_before, overdue_before
from intake.domain.working_days import NO_ANNOUNCED_DAYS, SHANGHAI, HolidayTable, add_working_days

MOMENTS = st.integers(0, 700 * 24).map(lambda hours: dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


START, DUE = at("2026-11-06T10:00"), at("2026-11-20T10:00")
"""A Friday, and ten working days later."""


@pytest.mark.parametrize(
    ("now", "left", "level"),
    [
        # Days are counted, not hours: the first day isn't counted, the last one is.
        ("2026-11-06T23:59", 10, DeadlineLevel.ON_TIME),
        ("2026-11-09T00:01", 9, DeadlineLevel.ON_TIME),
        # Saturdays and Sundays take nothing away.
        ("2026-11-14T12:00", 5, DeadlineLevel.ON_TIME),
        ("2026-11-15T12:00", 5, DeadlineLevel.ON_TIME),
        # Within the district's two working days it is due soon.
        ("2026-11-17T08:00", 3, DeadlineLevel.ON_TIME),
        ("2026-11-18T08:00", 2, DeadlineLevel.DUE_SOON),
        # The last day counts to its end, whatever the hour.
        ("2026-11-20T09:59", 0, DeadlineLevel.DUE_SOON),
        ("2026-11-20T23:59", 0, DeadlineLevel.DUE_SOON),
        # After it, it is overdue at once, though the weekend adds no working day.
        ("2026-11-21T00:00", 0, DeadlineLevel.OVERDUE),
        ("2026-11-24T08:00", -2, DeadlineLevel.OVERDUE),
    ],
)
def test_what_is_left_is_counted_in_working_days_of_the_calendar(now: str, left: int, level: DeadlineLevel) -> None:
    found = deadline(START, DUE, at(now), holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=None)
    assert (found.left, found.level) == (left, level)
    assert found.day == dt.date(2026, 11, 20)
    assert found.last_day is now.startswith("2026-11-20")
    assert found.certain


# A day in Shanghai begins at four in the afternoon of the day before in UTC.
def test_the_zone_of_the_given_times_makes_no_difference() -> None:
    late = dt.datetime(2026, 11, 20, 16, 30, tzinfo=dt.UTC)
    assert (
        deadline(START.astimezone(dt.UTC), DUE.astimezone(dt.UTC), late, holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=None).level
        is DeadlineLevel.OVERDUE
    )


def test_the_share_that_is_used_stays_between_none_and_all() -> None:
    shares = [
        deadline(START, DUE, at(now), holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=None).share
        for now in ("2026-11-05T08:00", "2026-11-06T18:00", "2026-11-13T08:00", "2026-11-20T08:00", "2026-12-20T08:00")
    ]
    assert shares == [0.0, 0.0, 0.5, 1.0, 1.0]
    same_day = deadline(START, START, at("2026-11-06T12:00"), holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=None)
    assert (same_day.share, same_day.left) == (1.0, 0)


def test_while_the_clock_stands_still_nothing_is_used_up_and_nothing_is_overdue() -> None:
    found = deadline(START, DUE, at("2026-12-24T08:00"), holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=at("2026-11-13T08:00"))
    assert (found.level, found.left, found.share, found.last_day) == (DeadlineLevel.PAUSED, 5, 0.5, False)


def test_make_up_days_and_announced_days_count() -> None:
    # 2026-10-01 to 07 are free, 2026-10-10 is a Saturday on which offices work.
    autumn = deadline(
        at("2026-09-30T09:00"), at("2026-10-12T09:00"), at("2026-09-30T09:00"), holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=None
    )
    assert autumn.left == 4
    closed = HolidayTable(off=frozenset({dt.date(2026, 11, 19)}))
    assert deadline(START, DUE, START, holidays=closed, due_soon=2, paused=None).left == 9


# Until somebody announces the year's holidays, a date in it is an estimate by Monday to Friday, and says so.
def test_a_year_that_nobody_announced_is_an_estimate() -> None:
    start, due = at("2049-12-30T09:00"), at("2050-01-10T09:00")
    found = deadline(start, due, start, holidays=NO_ANNOUNCED_DAYS, due_soon=2, paused=None)
    assert (found.certain, found.left) == (False, 7)
    announced = HolidayTable(off=frozenset({dt.date(2050, 1, 3)}))
    known = deadline(start, due, start, holidays=announced, due_soon=2, paused=None)
    assert (known.certain, known.left) == (True, 6)


# A list asks the database with two moments, its rows say what they are by themselves: both must agree.
@given(MOMENTS, st.integers(0, 30), MOMENTS, st.integers(1, 5))
def test_the_database_and_the_page_agree(start: dt.datetime, days: int, now: dt.datetime, due_soon: int) -> None:
    due = add_working_days(start, days) + dt.timedelta(days=days % 3)
    level = deadline(start, due, now, holidays=NO_ANNOUNCED_DAYS, due_soon=due_soon, paused=None).level
    assert (due < overdue_before(now)) is (level is DeadlineLevel.OVERDUE)
    soon = overdue_before(now) <= due < due_soon_before(now, due_soon=due_soon, holidays=NO_ANNOUNCED_DAYS)
    assert soon is (level is DeadlineLevel.DUE_SOON)
