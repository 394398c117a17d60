"""Valkey killed, hung or emptied: every form keeps getting its receipt, and triage goes on once it is back."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from redis import Redis
from sqlalchemy import ColumnElement, Engine, Select, create_engine, func, pool, select
from sqlalchemy.orm import Session

from intake.models import Finding, Submission
from tests.faults.conftest import Place
from tests.faults.visitors import eventually, get, say

pytestmark = pytest.mark.faults


@dataclass(slots=True)
class Street:
    """The town in a running installation, where each test speaks of a street of its own."""

    place: Place
    engine: Engine
    name: str

    def say(self, numbers: range) -> None:
        """One sentence for each number, each answered with a receipt that opens."""
        for number in numbers:
            answer = say(self.place.port, self.place.town.longchi_code, f"{self.name}{number}号楼路灯不亮")
            assert answer.status == 303, answer.words
            assert f"{self.name}{number}号楼" in get(self.place.port, answer.location).words

    def triaged(self) -> int:
        """Seen by the machine, even where so many came at once that it holds them for staff."""
        return self._count(select(func.count()).select_from(Submission).where(self._own, Submission.triaged_at.is_not(None)))

    def each_once(self, count: int) -> None:
        assert self._count(select(func.count()).select_from(Submission).where(self._own)) == count
        found = select(func.count()).select_from(Finding).join(Submission, Submission.id == Finding.submission_id)
        assert self._count(found.where(self._own)) == count

    @property
    def _own(self) -> ColumnElement[bool]:
        return Submission.text_written.startswith(self.name)

    def _count(self, query: Select[int]) -> int:
        with Session(self.engine) as session:
            return session.scalar(query) or 0


@contextmanager
def speaking_of(name: str, place: Place) -> Iterator[Street]:
    engine = create_engine(place.installation.settings.database_url, poolclass=pool.NullPool)
    yield Street(place, engine, name)
    engine.dispose()


def test_valkey_killed_while_people_send(place: Place) -> None:
    with speaking_of("幸福里", place) as street:
        others = {name: place.pid(name) for name in ("web", "worker-triage-1", "scheduler")}
        street.say(range(3))
        assert eventually(lambda: street.triaged() == 3)
        valkey = place.pid("valkey")
        with place.keeping_away():
            os.kill(valkey, signal.SIGKILL)
            street.say(range(3, 9))
            assert "database ok" in get(place.port, "/readyz").page
            assert not place.back("valkey", former=valkey), "all of this while it was away"
        assert eventually(lambda: place.back("valkey", former=valkey))
        assert eventually(lambda: street.triaged() == 9), "the sweep found what had no wake-up"
        street.say(range(9, 11))
        assert eventually(lambda: street.triaged() == 11)
        street.each_once(11)
        assert {name: place.pid(name) for name in others} == others, "nothing else had to be restarted"


def test_valkey_hung_while_people_send(place: Place) -> None:
    with speaking_of("书院弄", place) as street:
        street.say(range(2))
        assert eventually(lambda: street.triaged() == 2)
        valkey = place.pid("valkey")
        os.kill(valkey, signal.SIGSTOP)
        try:
            street.say(range(2, 8))
            assert "queue away" in get(place.port, "/readyz").page
        finally:
            os.kill(valkey, signal.SIGCONT)
        assert eventually(lambda: street.triaged() == 8)
        street.each_once(8)


def test_valkey_emptied_while_people_send(place: Place) -> None:
    with speaking_of("紫薇苑", place) as street, Redis.from_url(place.installation.settings.redis_url) as valkey:
        street.say(range(2))
        assert eventually(lambda: street.triaged() == 2)
        for number in range(2, 8):
            street.say(range(number, number + 1))
            valkey.flushall()
        assert eventually(lambda: street.triaged() == 8)
        street.each_once(8)
