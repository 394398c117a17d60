"""WGS-84, which satellites and Open311 count in, and GCJ-02, which maps in China and we do: they lie some 500 m apart."""

import math

from intake.domain.position import LATITUDES, LONGITUDES, Position

_AXIS = 6_378_245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, in metres, on which GCJ-02 stands."""
_ECCENTRICITY = 0.006_693_421_622_965_943
"""Squared, of the same."""
_ROUNDS = 4
"""Of the way back, which has no formula: each makes the error a thousand times smaller."""


def lies_in_china(at: Position) -> bool:
    """Whether the shift is defined there: within the bounds that positions of ours have."""
    return LATITUDES[0] <= at.latitude <= LATITUDES[1] and LONGITUDES[0] <= at.longitude <= LONGITUDES[1]


def from_wgs84(at: Position) -> Position:
    """GCJ-02 for a position in WGS-84, both in degrees. Source: the widely published approximation, good to a metre or two."""
    north, east = _shift(at)
    return Position(at.latitude + north, at.longitude + east)


def to_wgs84(at: Position) -> Position:
    """WGS-84 for a position in GCJ-02, to well below a metre of what `from_wgs84` would turn back."""
    guess = at
    for _ in range(_ROUNDS):
        there = from_wgs84(guess)
        guess = Position(guess.latitude + at.latitude - there.latitude, guess.longitude + at.longitude - there.longitude)
    return guess


def _shift(at: Position) -> tuple[float, float]:
    x, y = at.longitude - 105.0, at.latitude - 35.0
    waves = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + waves
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + waves
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    latitude = math.radians(at.latitude)
    magic = 1.0 - _ECCENTRICITY * math.sin(latitude) ** 2
    metres_north = _AXIS * (1.0 - _ECCENTRICITY) / magic**1.5
    metres_east = _AXIS / math.sqrt(magic) * math.cos(latitude)
    return math.degrees(north / metres_north), math.degrees(east / metres_east)
