"""A small map without a map: positions brought onto a sheet, marks pushed apart until each can be pressed by itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.position import Position

WIDTH = 328.0
"""Of the sheet, in its own units: CSS pixels of the narrowest phone."""
BOX = (78.0, 70.0)
"""What a mark and its name need, the mark in the middle."""
EDGE = 6.0
LOWEST, HIGHEST = 220.0, 420.0
"""Of a sheet before its marks are pushed apart; it grows with them."""
ROUNDS = 80
"""After so many, what is still crowded is moved down, row by row."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the sheet, from its upper left corner."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Marks in the order of their positions, and the dots behind them, which stay where they truly lie."""

    width: float
    height: float
    marks: tuple[Spot, ...]
    dots: tuple[Spot, ...]


def sheet_of(marks: Sequence[Position], dots: Sequence[Position]) -> Sheet:
    """North is up, and a kilometre is as long to the east as to the north; no two boxes of marks overlap."""
    spots = _scaled(_flat([*marks, *dots]))
    moved = _apart(spots[: len(marks)])
    lines = [one.y for one in moved] or [0.0]
    height = max(LOWEST, max(lines) - min(lines) + BOX[1] + 2 * EDGE)
    down = (height - max(lines) - min(lines)) / 2
    return Sheet(
        WIDTH, math.ceil(height), tuple(_lower(one, down) for one in moved), tuple(_lower(one, down) for one in spots[len(marks) :])
    )


def _flat(positions: Sequence[Position]) -> list[tuple[float, float]]:
    """East and south in degrees of latitude: good enough for a district."""
    middle = sum(one.latitude for one in positions) / len(positions) if positions else 0.0
    shrink = math.cos(math.radians(middle))
    return [(one.longitude * shrink, -one.latitude) for one in positions]


def _scaled(flat: Sequence[tuple[float, float]]) -> list[Spot]:
    """As large as a sheet of the usual size holds, in the middle of it."""
    if not flat:
        return []
    (left, top), (right, bottom) = ([end(one[axis] for one in flat) for axis in range(2)] for end in (min, max))
    rooms = WIDTH - BOX[0] - 2 * EDGE, HIGHEST - BOX[1] - 2 * EDGE
    scales = [room / size for room, size in zip(rooms, (right - left, bottom - top), strict=True) if size > 0]
    scale = min(scales, default=1.0)
    return [Spot(WIDTH / 2 + (x - (left + right) / 2) * scale, (y - top) * scale) for x, y in flat]


def _apart(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    """Pushed apart, each pair by half of what overlaps, along the shorter way; never over the sides, and as far up and down as it takes."""
    moved = [[one.x, one.y] for one in spots]
    low, high = EDGE + BOX[0] / 2, WIDTH - EDGE - BOX[0] / 2
    for _ in range(ROUNDS):
        if not _push(moved):
            break
        for spot in moved:
            spot[0] = min(max(spot[0], low), high)
    return _settled([Spot(*one) for one in moved])


def _settled(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    """From north to south, each moved down until it lies on none of those above it."""
    laid: dict[int, Spot] = {}
    for place, spot in sorted(enumerate(spots), key=lambda one: (one[1].y, one[1].x, one[0])):
        y = spot.y
        for above in sorted((one for one in laid.values() if abs(one.x - spot.x) < BOX[0]), key=lambda one: one.y):
            if abs(above.y - y) < BOX[1]:
                y = above.y + BOX[1]
        laid[place] = Spot(spot.x, y)
    return tuple(laid[place] for place in range(len(spots)))


def _push(spots: list[list[float]]) -> bool:
    """One round; whether anything overlapped."""
    found = False
    for place, one in enumerate(spots):
        for other in spots[place + 1 :]:
            overlaps = [size - abs(one[axis] - other[axis]) for axis, size in enumerate(BOX)]
            if min(overlaps) <= 0.01:
                continue
            found = True
            axis = 0 if overlaps[0] <= overlaps[1] else 1
            way = 1.0 if one[axis] >= other[axis] else -1.0
            # A little more than needed on one axis alone keeps three in a corner from blocking one another for ever.
            one[axis] += way * overlaps[axis] * 0.51
            other[axis] -= way * overlaps[axis] * 0.51
            one[1 - axis] += way * 0.05
    return found


def _lower(spot: Spot, down: float) -> Spot:
    return Spot(round(spot.x, 1), round(spot.y + down, 1))
