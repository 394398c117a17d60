"""Positions as people paste them, and the sheet they are drawn on."""

import itertools
import random

import pytest

from intake.domain.errors import InvalidInput
from intake.domain.map_layout import BOX, WIDTH, Sheet, sheet_of
from intake.domain.position import Position, metres_between, read_position

HERE = Position(30.1204, 124.6071)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        # As one map app writes it, and as the other does.
        ("30.1204,124.6071", HERE),
        ("124.6071,30.1204", HERE),
        # With a keyboard that writes Chinese.
        (" 30.1204，124.6071 ", HERE),
        ("北纬 30.1204 东经 124.6071", HERE),
        # Nothing was written.
        ("", None),
        ("  ", None),
    ],
)
def test_two_numbers_are_read_in_either_order(raw: str, read: Position | None) -> None:
    assert read_position(raw, field="position") == read


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        # One number, three, none.
        ("30.1204", "两个数"),
        ("30.1,124.6,7", "两个数"),
        ("龙池社区门口", "两个数"),
        # Both lie in the range of one.
        ("30.1,31.2", "不在国内"),
        ("-30.1,124.6", "不在国内"),
        ("30.1,174.6", "不在国内"),
    ],
)
def test_what_is_no_position_in_the_country_is_refused_with_the_cure(raw: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        read_position(raw, field="position")
    assert refused.value.field == "position"


def test_a_position_is_written_as_it_can_be_pasted_again() -> None:
    assert read_position(str(HERE), field="position") == HERE
    assert str(Position(30.0, 124.5)) == "30,124.5"


def test_a_thousandth_of_a_degree_is_about_a_hundred_metres_and_less_to_the_east() -> None:
    assert metres_between(HERE, Position(HERE.latitude + 0.001, HERE.longitude)) == pytest.approx(111.3, abs=0.5)
    assert metres_between(HERE, Position(HERE.latitude, HERE.longitude + 0.001)) == pytest.approx(96.3, abs=0.5)


def overlapping(sheet: Sheet) -> int:
    return sum(
        abs(one.x - other.x) < BOX[0] - 0.5 and abs(one.y - other.y) < BOX[1] - 0.5 for one, other in itertools.combinations(sheet.marks, 2)
    )


@pytest.mark.parametrize("count", [1, 2, 5, 8, 12, 20, 35, 40])
def test_marks_never_cover_one_another_nor_leave_the_sheet(count: int) -> None:
    chance = random.Random(count)
    scattered = [Position(30 + chance.gauss(0, 0.02), 124 + chance.gauss(0, 0.02)) for _ in range(count)]
    for positions in (scattered, [HERE] * count):
        sheet = sheet_of(positions, positions)
        assert overlapping(sheet) == 0
        assert all(BOX[0] / 2 <= one.x <= WIDTH - BOX[0] / 2 and BOX[1] / 2 <= one.y <= sheet.height - BOX[1] / 2 for one in sheet.marks)
        assert sheet == sheet_of(positions, positions), "a map that is drawn twice looks another way"


def test_north_is_up_and_east_is_right() -> None:
    north, south, east = Position(30.05, 124.0), Position(30.0, 124.0), Position(30.0, 124.06)
    sheet = sheet_of([north, south, east], [north])
    assert sheet.marks[0].y < sheet.marks[1].y
    assert sheet.marks[1].x < sheet.marks[2].x
    assert len(sheet.dots) == 1
