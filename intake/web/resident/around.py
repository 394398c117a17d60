"""What stands around the form's box: who listens, who is on duty today, the last matter solved; asked for at most once a minute.

It is only for the eye, and the form is what a mass push hits: each process remembers it per point.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from intake.domain.receipt import SHANGHAI
from intake.queries.point import PointView, listeners_at, on_duty_at
from intake.web.unit_of_work import db

_SECONDS = 60.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class SolvedProof:
    """The latest released result nearby."""

    title: str
    people: int
    url: str


@dataclass(frozen=True, slots=True)
class Around:
    """Beside the box."""

    listeners: int
    on_duty: tuple[str, ...]
    solved: SolvedProof | None


_known: dict[tuple[int, int], tuple[float, Around]] = {}
_lock = threading.Lock()


def around(point: PointView, *, at: datetime) -> Around:
    """What stands around the form of `point`, at most a minute old."""
    day = at.astimezone(SHANGHAI).date()
    key = (point.id, day.toordinal())
    looked_at, found = _known.get(key, (0.0, None))
    if found is not None and time.monotonic() - looked_at < _SECONDS:
        return found
    solved = None
    found = Around(
        listeners=listeners_at(db(), point),
        on_duty=on_duty_at(db(), point, day),
        solved=solved,
    )
    with _lock:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = (time.monotonic(), found)
    return found
