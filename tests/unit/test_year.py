"""Seasons of shifts without holidays, a year's bounds in Shanghai, and a workbook in which nothing is a formula."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from intake.adapters.papers.writer import OfficialPapers
from intake.domain.activity import ActivityKind
from intake.domain.duty import is_holiday, season
from intake.domain.working_days import HolidayTable
from intake.domain.year import Done, Year, activity_lines, is_year, year_of
from intake.ports import Share, Sheet

NONE = HolidayTable()


# The National Day holiday of 2026 is October 1 to 7; the 8th is an ordinary Thursday.
def test_a_season_leaves_out_the_public_holidays_and_says_which() -> None:
    found = season(date(2026, 9, 17), date(2026, 10, 15), holidays=NONE)
    assert found.skipped == (date(2026, 10, 1),)
    assert found.days == (date(2026, 9, 17), date(2026, 9, 24), date(2026, 10, 8), date(2026, 10, 15))


@pytest.mark.parametrize(
    ("day", "holidays", "expected"),
    [
        # An ordinary weekend: a station may be open on Saturdays.
        (date(2026, 11, 7), NONE, False),
        # A weekend inside the National Day holiday.
        (date(2026, 10, 3), NONE, True),
        # A weekend that was made a working day (调休).
        (date(2026, 10, 10), NONE, False),
        # A day off that the district announces, and the Saturday after it.
        (date(2026, 11, 6), HolidayTable(off=frozenset({date(2026, 11, 6)})), True),
        (date(2026, 11, 7), HolidayTable(off=frozenset({date(2026, 11, 6)})), True),
    ],
)
def test_what_a_holiday_is(day: date, holidays: HolidayTable, *, expected: bool) -> None:
    assert is_holiday(day, holidays=holidays) is expected


def test_a_season_has_each_week_once_both_ends_included() -> None:
    assert len(season(date(2026, 11, 3), date(2026, 12, 1), holidays=NONE).days) == 5
    assert season(date(2026, 11, 3), date(2026, 11, 2), holidays=NONE).days == ()


# Midnight in Shanghai is four in the afternoon in UTC, in winter as in summer.
def test_a_year_begins_and_ends_at_midnight_in_shanghai() -> None:
    year = Year(2028)
    assert year.begins == datetime(2027, 12, 31, 16, tzinfo=UTC)
    assert year.ends == datetime(2028, 12, 31, 16, tzinfo=UTC)
    assert (year.last - year.first).days == 365, "a leap year"
    assert year_of(datetime(2027, 12, 31, 15, 59, tzinfo=UTC)).number == 2027
    assert year_of(datetime(2027, 12, 31, 16, 0, tzinfo=UTC)).number == 2028


def test_there_is_nothing_to_show_of_years_to_come() -> None:
    at = datetime(2026, 11, 3, 1, tzinfo=UTC)
    assert [is_year(number, at=at) for number in (2019, 2020, 2026, 2027)] == [False, True, True, False]


def test_disputes_stand_beside_those_that_were_settled() -> None:
    lines = activity_lines({ActivityKind.MEDIATION: Done(times=4, settled=3)})
    assert [(one.part, one.whole) for one in lines if "调解" in one.words] == [(4, None), (3, 4)]


def test_words_that_look_like_a_formula_are_words_and_numbers_can_be_added_up() -> None:
    sheets = (Sheet("记录", "周明远 · 2026 年", (("记的话", "人数"), ('=HYPERLINK("http://x.example")', 12), ("+1\x0b", 0))),)
    first = OfficialPapers().book(sheets, day=date(2026, 11, 3))
    assert first == OfficialPapers().book(sheets, day=date(2026, 11, 3))
    page = load_workbook(BytesIO(first))["记录"]
    words, number = page["A3"], page["B3"]
    assert (words.data_type, words.value, words.quotePrefix) == ("s", '=HYPERLINK("http://x.example")', True)
    assert (number.data_type, number.value) == ("n", 12)
    assert page["A4"].value == "+1\ufffd"


def test_days_and_shares_are_numbers_with_formats_and_read_as_on_the_page() -> None:
    sheets = (Sheet("数", "11 月", (("日期", "百分数"), (date(2026, 11, 3), Share(37)), (date(2026, 11, 4), Share(0)))),)
    page = load_workbook(BytesIO(OfficialPapers().book(sheets, day=date(2026, 11, 4))))["数"]
    day, share = page["A3"], page["B3"]
    assert (day.is_date, day.value.date(), day.number_format) == (True, date(2026, 11, 3), "yyyy-mm-dd")
    assert (share.data_type, share.value, share.number_format, str(Share(37))) == ("n", 0.37, "0%", "37%")
    assert page["B4"].value == 0
