"""A clock that tests turn."""

from datetime import UTC, datetime, timedelta


class TestClock:
    """Starts on Tuesday 2026-11-03, 09:00 in Shanghai."""

    __test__ = False

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def forward(self, **parts: float) -> None:
        self.time += timedelta(**parts)
