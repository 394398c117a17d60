"""A web process dies between its commit and its reply: who sends again gets the receipt of what was stored, and nothing twice."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import psutil
import pytest
from sqlalchemy import create_engine, func, pool, select
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.models import Submission, SubmissionKey
from tests.factories.town import Town
from tests.faults.conftest import Place, Serve
from tests.faults.visitors import eventually, form_key, get, post, raw_post, say

pytestmark = pytest.mark.faults


def overhear(command: bytes) -> None:
    """Nothing happens."""


class Watched:
    """Valkey with an ear in the line: `hear` gets every command before Valkey does."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = unquote(parts.path)
        self._db = parse_qs(parts.query)["db"][0]
        self._server = socket.create_server(("127.0.0.1", 0))
        self.hear: Callable[[bytes], None] = overhear
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._server.getsockname()[1]}/{self._db}"

    def close(self) -> None:
        for one in (self._server, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._socket)
                self._open += [near, far]
                threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, heard: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if heard:
                    self.hear(data)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def watched(settings: Settings) -> Iterator[Watched]:
    made = Watched(settings.redis_url)
    yield made
    made.close()


def test_killed_between_commit_and_reply(serve: Serve, town: Town, session: Session, watched: Watched) -> None:
    """The wake-up is what a request sends after its commit and before its reply; whoever hears it may kill the sender in between."""
    web = serve(web_processes=1, redis_url=watched.url)
    before = web.workers()

    def kill_at_the_wake_up(command: bytes) -> None:
        if b"wake:triage" in command:
            watched.hear = overhear
            for pid in before:
                os.kill(pid, signal.SIGKILL)

    path = f"/p/{town.longchi_code}"
    fields = {"key": form_key(web.port, town.longchi_code), "text": "幸福里3号楼路灯不亮"}
    watched.hear = kill_at_the_wake_up
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as phone:
        phone.sendall(raw_post(web.port, path, fields))
        with contextlib.suppress(ConnectionResetError):
            assert phone.recv(1) == b"", "no reply came"
    stored = session.scalars(select(Submission)).one()
    assert stored.text_written == "幸福里3号楼路灯不亮"
    assert eventually(lambda: web.workers() - before), "gunicorn has brought it back"
    again, once_more = (post(web.port, path, fields) for _ in range(2))
    assert again.status == 303
    assert again.location == once_more.location
    assert stored.receipt_number in again.location
    assert "幸福里3号楼路灯不亮" in get(web.port, again.location).words
    assert session.scalar(select(func.count()).select_from(SubmissionKey)) == 1
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_the_whole_web_killed_comes_back_and_knows_every_receipt(place: Place) -> None:
    """On a street of its own, as each test of `place`."""
    path = f"/p/{place.town.longchi_code}"
    engine = create_engine(place.installation.settings.database_url, poolclass=pool.NullPool)
    stored = select(func.count()).select_from(Submission)
    with Session(engine) as session:
        before = session.scalar(stored) or 0
    fields = {"key": form_key(place.port, place.town.longchi_code), "text": "荷花塘3号楼路灯不亮"}
    first = post(place.port, path, fields)
    master = place.pid("web")
    family = psutil.Process(master).children(recursive=True)
    assert family
    os.kill(master, signal.SIGKILL)
    assert eventually(lambda: place.back("web", former=master) and get(place.port, "/healthz").status == 200)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family)
    again = post(place.port, path, fields)
    assert (again.status, again.location) == (303, first.location)
    assert say(place.port, place.town.longchi_code, "井盖没了").status == 303
    with Session(engine) as session:
        assert session.scalar(stored) == before + 2
