"""The timetable and the sweep: what is due when, and what happens while the queue is away."""

import importlib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest

from intake.ports import JOBS, Wake
from tests.factories.clock import TestClock
from workers.schedule import TIMETABLE, Daily, Every, Sweep, due

HALF_MINUTE = Every(Wake.TRIAGE, timedelta(seconds=30))
AT_THREE = Daily(Wake.RETENTION, time(3, 0))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("rule", "entry", "since", "now", "expected"),
    [
        ("nothing before the beat", HALF_MINUTE, "2026-11-03T01:00:01Z", "2026-11-03T01:00:29Z", []),
        ("on the beat", HALF_MINUTE, "2026-11-03T01:00:29Z", "2026-11-03T01:00:30Z", [Wake.TRIAGE]),
        ("a beat is sent once", HALF_MINUTE, "2026-11-03T01:00:30Z", "2026-11-03T01:00:31Z", []),
        ("beats that were slept through count once", HALF_MINUTE, "2026-11-03T01:00:01Z", "2026-11-03T02:00:01Z", [Wake.TRIAGE]),
        ("three in the morning is Shanghai's", AT_THREE, "2026-11-03T18:59:59Z", "2026-11-03T19:00:00Z", [Wake.RETENTION]),
        ("not three in the morning in London", AT_THREE, "2026-11-03T02:59:59Z", "2026-11-03T03:00:01Z", []),
        ("once a day", AT_THREE, "2026-11-03T19:00:00Z", "2026-11-04T18:59:59Z", []),
        ("a clock set back sends everything once", AT_THREE, "2026-11-04T01:00:00Z", "2026-11-03T01:00:00Z", [Wake.RETENTION]),
    ],
)
def test_what_is_due(rule: str, entry: Every | Daily, since: str, now: str, expected: list[Wake]) -> None:
    assert due([entry], since=moment(since), now=moment(now)) == expected, rule


def test_everything_is_due_at_the_start() -> None:
    assert due(TIMETABLE, since=None, now=datetime(2026, 11, 3, tzinfo=UTC)) == [entry.kind for entry in TIMETABLE]


def test_every_kind_of_work_is_swept() -> None:
    assert sorted(entry.kind for entry in TIMETABLE) == sorted(Wake)


@pytest.mark.parametrize("kind", Wake)
def test_every_job_can_be_found_by_its_path(kind: Wake) -> None:
    module, _, function = JOBS[kind][1].rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


class FlakyQueue:
    """Away until told otherwise."""

    def __init__(self) -> None:
        self.away = True
        self.woken: list[Wake] = []

    def wake(self, kind: Wake) -> bool:
        if not self.away:
            self.woken.append(kind)
        return not self.away


def sweep_of(queue: FlakyQueue, clock: TestClock, timetable: Sequence[Every | Daily]) -> Sweep:
    return Sweep(queue, clock, timetable)


def test_what_could_not_be_sent_is_sent_once_the_queue_is_back() -> None:
    queue, clock = FlakyQueue(), TestClock()
    sweep = sweep_of(queue, clock, [HALF_MINUTE, AT_THREE])
    sweep.tick()
    clock.forward(seconds=1)
    sweep.tick()
    assert queue.woken == []
    queue.away = False
    clock.forward(seconds=1)
    sweep.tick()
    assert sorted(queue.woken) == [Wake.RETENTION, Wake.TRIAGE]
    clock.forward(seconds=1)
    sweep.tick()
    assert len(queue.woken) == 2
