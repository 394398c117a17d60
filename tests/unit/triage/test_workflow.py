import datetime as dt
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.workflow import DEFAULT_FILE, WorkflowError, default_workflow, load_workflow
from intake.domain.working_days import SHANGHAI, HolidayTable, _calendar_knows, add_working_days, is_working_day, working_days_between

MOMENTS = st.integers(0, 2_700 * 24).map(lambda hours: dt.datetime(2019, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_the_shipped_workflow_holds_the_agreed_deadlines() -> None:
    workflow = default_workflow()
    assert (workflow.owner.convenor_after_working_days, workflow.owner.staff_after_working_days) == (2, 4)
    assert workflow.retention.contact_days == 180
    assert workflow.same_matter.window_days == 90
    assert not workflow.release.second_person
    assert workflow.holidays.off == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("contact_days = 180", "contact_days = 0", "[retention] contact_days"),
        ("contact_days = 180", "contact_days = true", "[retention] contact_days"),
        ("contact_days = 180", "", "contact_days is missing"),
        ("window_days = 90", "window_days = 90\nwindows = 1", "windows is unknown"),
        ("staff_after_working_days = 4", "staff_after_working_days = 2", "staff_after_working_days must be greater"),
        ("[same_matter]", "[other]", "unknown section [other]"),
        ("second_person = false", "second_person = 0", "[release] needs second_person"),
        ("second_person = false", "", "[release] needs second_person"),
        ("off = []", 'off = ["soon"]', "[holidays]: off must be a list of dates"),
        ("off = []", "off = [2027-01-01]\nextra = 1", "only file, off, working"),
        ("off = []", "off = [2027-01-01]", "2027-01-01 is both"),
        ('file = ""', 'file = "missing.toml"', "missing.toml"),
    ],
)
def test_a_malformed_file_is_refused_by_the_name_of_its_entry(tmp_path: Path, old: str, new: str, named: str) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace(old, new, 1)
    if named.endswith("both"):
        text = text.replace("working = []", "working = [2027-01-01]", 1)
    path = tmp_path / "workflow.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkflowError) as refusal:
        load_workflow(path)
    assert named in str(refusal.value)


def test_announced_days_may_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "workflow.toml"
    path.write_text(DEFAULT_FILE.read_text(encoding="utf-8").replace('file = ""', 'file = "2027.toml"'), encoding="utf-8")
    (tmp_path / "2027.toml").write_text("off = [2027-01-01]\nworking = [2027-01-02]\n", encoding="utf-8")
    holidays = load_workflow(path).holidays
    assert holidays.off == frozenset({dt.date(2027, 1, 1)})
    assert holidays.working == frozenset({dt.date(2027, 1, 2)})


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        # A week's end is passed over.
        ("2026-03-06T17:00", 1, "2026-03-09T17:00"),
        # What comes on a Saturday has Monday as its first day.
        ("2026-03-07T10:00", 2, "2026-03-10T10:00"),
        # The October holiday, and the first day isn't counted.
        ("2026-09-30T09:00", 1, "2026-10-08T09:00"),
        # No days, no move.
        ("2026-03-07T10:00", 0, "2026-03-07T10:00"),
    ],
)
def test_a_deadline_counts_working_days_only(start: str, days: int, end: str) -> None:
    assert add_working_days(at(start), days) == at(end)


def test_days_are_counted_in_shanghai_whatever_the_zone_of_the_clock() -> None:
    late_on_thursday_in_london = dt.datetime(2026, 3, 5, 23, tzinfo=dt.UTC)  # already Friday in Shanghai
    assert add_working_days(late_on_thursday_in_london, 1) == dt.datetime(2026, 3, 8, 23, tzinfo=dt.UTC)


@given(MOMENTS, st.integers(0, 40))
def test_adding_and_counting_agree(start: dt.datetime, days: int) -> None:
    end = add_working_days(start, days)
    assert working_days_between(start, end) == days
    assert working_days_between(end, start) == -days
    assert days == 0 or is_working_day(end.astimezone(SHANGHAI).date())


@given(
    st.dates(dt.date(2017, 1, 1), dt.date(2031, 12, 31)),
    st.integers(0, 900),
    st.sets(st.dates(dt.date(2017, 1, 1), dt.date(2031, 12, 31)), max_size=20),
    st.sets(st.dates(dt.date(2017, 1, 1), dt.date(2031, 12, 31)), max_size=20),
)
def test_counting_is_what_looking_at_each_day_gives(first: dt.date, days: int, off: set[dt.date], working: set[dt.date]) -> None:
    table = HolidayTable(off=frozenset(off), working=frozenset(working))
    start, end = (dt.datetime.combine(day, dt.time(9), SHANGHAI) for day in (first, first + dt.timedelta(days=days)))
    one_by_one = sum(is_working_day(first + dt.timedelta(days=n), holidays=table) for n in range(1, days + 1))
    assert working_days_between(start, end, holidays=table) == one_by_one


def test_announced_days_win_over_the_calendar() -> None:
    table = HolidayTable(off=frozenset({dt.date(2026, 3, 9)}), working=frozenset({dt.date(2026, 3, 8)}))
    assert add_working_days(at("2026-03-06T09:00"), 1, holidays=table) == at("2026-03-08T09:00")
    assert add_working_days(at("2026-03-06T09:00"), 2, holidays=table) == at("2026-03-10T09:00")


def test_a_year_nobody_announced_falls_back_to_weekdays_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    _calendar_knows.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert add_working_days(at("2099-05-01T09:00"), 10) == at("2099-05-15T09:00")
    assert len(caplog.records) == 1
    assert "2099" in caplog.text


def test_naive_moments_and_negative_days_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        add_working_days(dt.datetime(2026, 3, 6), 1)  # noqa: DTZ001 -- the mistake under test
    with pytest.raises(ValueError, match="0 or more"):
        add_working_days(at("2026-03-06T09:00"), -1)
