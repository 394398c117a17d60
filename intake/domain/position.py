"""Where something lies: degrees of GCJ-02, as Chinese maps and WeChat count."""

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from intake.domain.errors import InvalidInput

LATITUDES, LONGITUDES = (3.0, 54.0), (73.0, 136.0)
"""Within which a position of ours lies. The two don't meet, so that either may be written first."""
LONGEST = 60
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_METRES_A_DEGREE = 111_320


@dataclass(frozen=True, slots=True)
class Position:
    """A place on the map, in degrees."""

    latitude: float
    longitude: float

    def __str__(self) -> str:
        """As a person may paste it: 31.2304,121.4737."""
        return f"{self.latitude:.6f}".rstrip("0").rstrip(".") + "," + f"{self.longitude:.6f}".rstrip("0").rstrip(".")


def position_of(latitude: float | None, longitude: float | None) -> Position | None:
    """The position that two columns hold; None where nobody wrote it down."""
    return Position(latitude, longitude) if latitude is not None and longitude is not None else None


def read_position(raw: str, *, field: str) -> Position | None:
    """Two numbers as they come from a map, latitude and longitude in either order; None for nothing.

    Raises InvalidInput (that field) for anything else, and for what doesn't lie in the country.
    """
    text = unicodedata.normalize("NFKC", raw[: LONGEST + 1]).strip()
    if not text:
        return None
    numbers = [float(found) for found in _NUMBER.findall(text)]
    if len(numbers) != 2 or len(text) > LONGEST:
        raise InvalidInput("位置要写两个数，例如 31.2304,121.4737，可以从地图里复制。", field=field)
    low, high = sorted(numbers)
    if not (_within(low, LATITUDES) and _within(high, LONGITUDES)):
        raise InvalidInput("这个位置不在国内，请对着地图再看一遍，两个数都要抄全。", field=field)
    return Position(latitude=low, longitude=high)


def metres_between(one: Position, other: Position) -> float:
    """How far apart they lie, good enough within a city."""
    north = one.latitude - other.latitude
    east = (one.longitude - other.longitude) * math.cos(math.radians((one.latitude + other.latitude) / 2))
    return math.hypot(north, east) * _METRES_A_DEGREE


def middle_of(positions: Iterable[Position | None]) -> Position | None:
    """The middle of those that are known; None where none is."""
    laid = [one for one in positions if one is not None]
    if not laid:
        return None
    return Position(sum(one.latitude for one in laid) / len(laid), sum(one.longitude for one in laid) / len(laid))


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
