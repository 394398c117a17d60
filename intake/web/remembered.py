"""What many pages show and hardly ever changes, asked for once in a while by each process."""

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Value = TypeVar("Value")
MOST = 10_000


class Remembered(Generic[Value]):
    """Answers by key, at most `seconds` old and `most` in number; belongs to one application, since another may stand on another database."""

    def __init__(self, *, seconds: int, most: int = MOST) -> None:
        self._age, self._most = timedelta(seconds=seconds), most
        self._kept: dict[Hashable, tuple[datetime, Value]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, ask: Callable[[], Value], *, at: datetime) -> Value:
        """The answer remembered for `key`, or what `ask` says now; whatever `ask` raises is raised and nothing remembered."""
        kept = self._kept.get(key)
        if kept is not None and at - kept[0] < self._age:
            return kept[1]
        value = ask()
        with self._lock:
            if len(self._kept) >= self._most:
                self._kept.clear()
            self._kept[key] = (at, value)
        return value

    def stale(self, key: Hashable) -> Value | None:
        """The last answer for `key` however old, for a page that must not ask."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None else None
