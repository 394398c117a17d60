"""PostgreSQL dies or restarts under load: people read that their words are still there, and whoever got a receipt is stored once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
import pytest
from sqlalchemy import Engine, create_engine, pool, select
from sqlalchemy.orm import Session

from intake.models import Submission, SubmissionKey
from tests.faults.conftest import Place
from tests.faults.visitors import NOTHING, Answer, ask, eventually, get, post, say
from tests.faults.visitors import form_key as opened_form

pytestmark = pytest.mark.faults

LANES = 6
"""People sending at any moment."""


@dataclass(slots=True)
class Sent:
    """One opened form and everything that came back for it."""

    key: str
    text: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def receipts(self) -> set[str]:
        return {answer.location for answer in self.answers if answer.status == 303}


class Crowd:
    """Opens forms and sends them until told to stop; a send that got no receipt is repeated later, as a person would."""

    def __init__(self, place: Place, street: str) -> None:
        self.place = place
        self.street = street
        self.sent: list[Sent] = []
        self.pages: set[int] = set()
        self._stop = threading.Event()
        self._lanes = [threading.Thread(target=self._walk, args=(lane,)) for lane in range(LANES)]

    @contextmanager
    def sending(self) -> Iterator["Crowd"]:
        for lane in self._lanes:
            lane.start()
        try:
            yield self
        finally:
            self._stop.set()
            for lane in self._lanes:
                lane.join()

    def send(self, one: Sent) -> None:
        one.answers.append(post(self.place.port, self._path, {"key": one.key, "text": one.text}))

    def answered(self, status: int) -> int:
        return sum(answer.status == status for one in self.sent for answer in one.answers)

    @property
    def _path(self) -> str:
        return f"/p/{self.place.town.longchi_code}"

    def _walk(self, lane: int) -> None:
        number = 0
        while not self._stop.is_set():
            page = ask(self.place.port, "GET", self._path)
            self.pages.add(page.status)
            if page.status != 200:
                self._stop.wait(0.05)
                continue
            one = Sent(key=page.field("key"), text=f"{self.street}{lane}号院第{number}件：路灯不亮")
            number += 1
            self.sent.append(one)
            for _ in range(2):
                self.send(one)
                self._stop.wait(0.02)


@contextmanager
def looking(place: Place) -> Iterator[Engine]:
    engine = create_engine(place.installation.settings.database_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


def unhandled(place: Place) -> list[str]:
    """What the web could not explain, from its log."""
    lines = (place.installation.paths.log / "web.log").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "database_unavailable" not in line]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "restarted"])
def test_postgres_away_under_load(place: Place, how: signal.Signals) -> None:
    street = {signal.SIGKILL: "翠竹苑", signal.SIGINT: "望江路"}[how]
    with looking(place) as engine:
        web = place.pid("web")
        web_family = {child.pid for child in psutil.Process(web).children()}
        waiting_at_the_door = Sent(key=opened_form(place.port, place.town.longchi_code), text=f"{street}等在门口的人写的话")
        crowd = Crowd(place, street)
        with crowd.sending():
            assert eventually(lambda: crowd.answered(303) > 20)
            postgres = place.pid("postgres")
            with place.keeping_away():
                os.kill(postgres, how)
                assert eventually(lambda: crowd.answered(503) + (503 in crowd.pages) > 0)
                crowd.send(waiting_at_the_door)
                assert not place.back("postgres", former=postgres), "sent while it was away"
            assert eventually(lambda: place.back("postgres", former=postgres))
            assert eventually(lambda: get(place.port, "/readyz").status == 200)
            before = crowd.answered(303)
            assert eventually(lambda: crowd.answered(303) > before + 20), "people get receipts again"

        refused = waiting_at_the_door.answers[0]
        assert refused.status == 503
        assert "等在门口的人写的话" in refused.words
        assert "没有丢" in refused.words
        assert all(answer.status in {303, 503} for one in crowd.sent for answer in one.answers if answer != NOTHING), {
            (answer.status, answer.words[-400:]) for one in crowd.sent for answer in one.answers if answer.status not in {303, 503}
        }
        assert crowd.answered(0) == 0, "everybody got a page"
        assert crowd.pages <= {200, 503}, unhandled(place)
        assert all(one.text in answer.words for one in crowd.sent for answer in one.answers if answer.status == 503)

        for one in [*crowd.sent, waiting_at_the_door]:
            if not one.receipts:
                crowd.send(one)
            assert len(one.receipts) == 1, f"{one.text}: {[answer.status for answer in one.answers]}"
        with Session(engine) as session:
            rows = session.scalars(select(Submission).where(Submission.text_written.startswith(street))).all()
            stored = {row.text_written: row.receipt_number for row in rows}
            assert len(stored) == len(rows)
            assert len(session.scalars(select(Submission.id)).all()) == len(session.scalars(select(SubmissionKey.key)).all())
        everyone = [*crowd.sent, waiting_at_the_door]
        assert len(stored) == len(everyone)
        assert all(stored[one.text] in next(iter(one.receipts)) for one in everyone)
        assert place.pid("web") == web
        assert {child.pid for child in psutil.Process(web).children()} == web_family, "pools recovered without a restart"
        assert say(place.port, place.town.longchi_code, "井盖没了").status == 303
