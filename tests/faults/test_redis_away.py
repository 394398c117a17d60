"""Valkey killed, hung or emptied: every form keeps getting its receipt, and triage goes on once it is back."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, func, pool, select
from sqlalchemy.orm import Session

from intake.domain.submission import SubmissionState
from intake.models import Finding, Submission
from tests.faults.conftest import Install, Place
from tests.faults.visitors import eventually, get, say

pytestmark = pytest.mark.faults


@contextmanager
def looking(place: Place) -> Iterator[Engine]:
    engine = create_engine(place.installation.settings.database_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


def triaged(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Submission).where(Submission.state == SubmissionState.TRIAGED)) or 0


def say_all(place: Place, numbers: range) -> None:
    """One sentence for each number, each answered with a receipt that opens."""
    for number in numbers:
        answer = say(place.port, place.town.longchi_code, f"幸福里{number}号楼路灯不亮")
        assert answer.status == 303, answer.words
        assert f"幸福里{number}号楼" in get(place.port, answer.location).words


def each_once(engine: Engine, count: int) -> None:
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == count
        assert session.scalar(select(func.count()).select_from(Finding)) == count


def test_valkey_killed_while_people_send(install: Install) -> None:
    with install(work=True, first_delay=4.0) as place, looking(place) as engine:
        others = {name: place.pid(name) for name in ("web", "worker-triage-1", "scheduler")}
        say_all(place, range(3))
        assert eventually(lambda: triaged(engine) == 3)
        valkey = place.pid("valkey")
        os.kill(valkey, signal.SIGKILL)
        say_all(place, range(3, 9))
        assert "database ok" in get(place.port, "/readyz").page
        assert not place.back("valkey", former=valkey), "all of this while it was away"
        assert eventually(lambda: place.back("valkey", former=valkey))
        assert eventually(lambda: triaged(engine) == 9), "the sweep found what had no wake-up"
        say_all(place, range(9, 11))
        assert eventually(lambda: triaged(engine) == 11)
        each_once(engine, 11)
        assert {name: place.pid(name) for name in others} == others, "nothing else had to be restarted"


def test_valkey_hung_while_people_send(install: Install) -> None:
    with install(work=True) as place, looking(place) as engine:
        say_all(place, range(2))
        assert eventually(lambda: triaged(engine) == 2)
        valkey = place.pid("valkey")
        os.kill(valkey, signal.SIGSTOP)
        try:
            say_all(place, range(2, 8))
            assert "queue away" in get(place.port, "/readyz").page
        finally:
            os.kill(valkey, signal.SIGCONT)
        assert eventually(lambda: triaged(engine) == 8)
        each_once(engine, 8)


def test_valkey_emptied_while_people_send(install: Install) -> None:
    with install(work=True) as place, looking(place) as engine, Redis.from_url(place.installation.settings.redis_url) as valkey:
        say_all(place, range(2))
        assert eventually(lambda: triaged(engine) == 2)
        for number in range(2, 8):
            say_all(place, range(number, number + 1))
            valkey.flushall()
        assert eventually(lambda: triaged(engine) == 8)
        each_once(engine, 8)
