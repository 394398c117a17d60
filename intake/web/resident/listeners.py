"""“12 位委员在听”: counted at most once a minute per community and process, since the number is only for the eye."""

import threading
import time

from intake.queries.point import PointView, listeners_at
from intake.web.unit_of_work import db

_SECONDS = 60.0
_MOST = 10_000
_counts: dict[int, tuple[float, int]] = {}
_lock = threading.Lock()


def listeners(point: PointView) -> int:
    """How many listen at the point, at most a minute old."""
    counted_at, count = _counts.get(point.id, (0.0, 0))
    if counted_at and time.monotonic() - counted_at < _SECONDS:
        return count
    count = listeners_at(db(), point)
    with _lock:
        if len(_counts) >= _MOST:
            _counts.clear()
        _counts[point.id] = (time.monotonic(), count)
    return count
