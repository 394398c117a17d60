"""The pace: moments are handed out one after the other for each account, also while Redis is away; stops are remembered by all."""

import time
from collections.abc import Iterator

import pytest
from redis import Redis

from intake.adapters.notice_pace import FIRST_STOP, LONGEST_STOP, PATIENCE, NoticePace
from intake.adapters.redis_queue import web_redis
from intake.wiring import Wiring
from tests.factories.clock import TestClock


@pytest.fixture
def nowhere() -> Iterator[Redis]:
    """A Redis that is away."""
    client = web_redis("redis://127.0.0.1:9/0")
    yield client
    client.close()


def test_workers_share_one_row_of_moments_for_each_account(wiring: Wiring, clock: TestClock) -> None:
    one, two = NoticePace(wiring.redis, clock), NoticePace(wiring.redis, clock)
    began = time.monotonic()
    waits = [pace.reserve("gh_a", a_second=1) for _ in range(10) for pace in (one, two)]
    took = time.monotonic() - began
    assert waits[0] == 0
    assert 18.9 - took <= waits[-1] <= 19, "the twentieth leaves 19 s after the first, less what asking took"
    assert waits == sorted(waits)
    assert one.reserve("gh_b", a_second=20) == 0


def test_an_idle_account_saves_nothing_up(wiring: Wiring, clock: TestClock) -> None:
    pace = NoticePace(wiring.redis, clock)
    pace.reserve("gh_a", a_second=1000)
    time.sleep(0.1)
    waits = [pace.reserve("gh_a", a_second=1) for _ in range(3)]
    assert waits[0] == 0, "a hundred that weren't sent are no reason to send two at once"
    assert 0 < waits[1] < waits[2]


def test_the_pace_is_kept_in_this_process_while_redis_is_away(nowhere: Redis, clock: TestClock) -> None:
    pace = NoticePace(nowhere, clock)
    waits = [pace.reserve("gh_a", a_second=1) for _ in range(20)]
    assert waits[-1] > 10
    pace.stop("gh_a", seconds=60)
    assert list(pace.stopped(["gh_a", "gh_b"])) == ["gh_a"]


def test_a_stop_is_seen_by_other_workers_and_ends(wiring: Wiring, clock: TestClock) -> None:
    one, two = NoticePace(wiring.redis, clock), NoticePace(wiring.redis, clock)
    until = one.stop("gh_a", seconds=600)
    assert two.stopped(["gh_a", "gh_b"]) == {"gh_a": until}
    wiring.redis.flushdb()
    assert one.stopped(["gh_a"]) == {"gh_a": until}, "who stopped it knows it without Redis"
    clock.forward(seconds=601)
    assert one.stopped(["gh_a"]) == {}
    assert one.stopped([]) == {}


def test_failures_in_a_row_stop_an_account_for_longer_each_time(wiring: Wiring, clock: TestClock) -> None:
    pace = NoticePace(wiring.redis, clock)
    stops = [pace.failed("gh_a") for _ in range(PATIENCE + 6)]
    assert stops[: PATIENCE - 1] == [0] * (PATIENCE - 1)
    assert stops[PATIENCE - 1 : PATIENCE + 2] == [FIRST_STOP, FIRST_STOP * 2, FIRST_STOP * 4]
    assert stops[-1] == LONGEST_STOP
    pace.went_well("gh_a")
    assert pace.failed("gh_a") == 0
