"""WGS-84 and GCJ-02: there and back, and against pairs that map services publish."""

import pytest

from intake.domain.position import Position, metres_between
from intake.domain.projection import from_wgs84, lies_in_china, to_wgs84

PLACES = [Position(31.2304, 121.4737), Position(39.9087, 116.3975), Position(29.5630, 106.5516), Position(43.8256, 87.6168)]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_there_and_back_is_the_same_place(place: Position) -> None:
    there = from_wgs84(place)
    assert 100 < metres_between(place, there) < 1_000
    assert metres_between(place, to_wgs84(there)) < 0.01


# 天安门: 39.90734, 116.39089 by satellite lies at 39.908743, 116.397130 on the maps, to a few metres.
def test_a_place_that_everybody_knows_lies_where_the_maps_have_it() -> None:
    assert metres_between(from_wgs84(Position(39.907340, 116.390890)), Position(39.908743, 116.397130)) < 5


@pytest.mark.parametrize("place", [Position(0, 0), Position(51.5, -0.1), Position(31.2, 180.0)], ids=str)
def test_the_shift_is_for_the_country_alone(place: Position) -> None:
    assert not lies_in_china(place)
