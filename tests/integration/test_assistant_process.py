"""A real worker on the assistant's queue: it drafts, and killed in the middle of a call it never asks a second time."""

import signal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from intake.adapters.redis_queue import RqJobQueue
from intake.domain.assistant import DraftOutcome
from intake.models import AssistantDraft
from intake.ports import SystemClock, Wake
from intake.services.assistant_draft import ask
from intake.wiring import Wiring
from tests.contract.endpoint import Endpoint, endpoint, says
from tests.factories.matters import told, topic_of
from tests.factories.town import Town, actor
from tests.faults.test_worker_process import Start, eventually, start  # noqa: F401 -- `start` is a fixture

SECRET = "sk-for-the-worker-alone"


@pytest.fixture
def topic(wiring: Wiring, town: Town) -> int:
    wiring.clock = SystemClock()  # the worker's clock is the machine's
    return topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "幸福里3号楼路灯不亮"))


def asked(wiring: Wiring, town: Town, topic_id: int, purpose: str) -> int:
    with wiring.sessions.begin() as session:
        at = wiring.clock.now()
        return ask(session, actor=actor(session, town.jing_id), topic_id=topic_id, purpose=purpose, monthly_tokens=99_999, at=at)


def outcome(wiring: Wiring, draft_id: int) -> DraftOutcome:
    with wiring.sessions() as session:
        return session.get_one(AssistantDraft, draft_id).outcome


def environment(server: Endpoint) -> dict[str, str]:
    return {"ZHIBAO_ASSISTANT_URL": server.url, "ZHIBAO_ASSISTANT_MODEL": "district-7b", "ZHIBAO_ASSISTANT_KEY": SECRET}


def test_a_worker_drafts_and_one_killed_over_a_call_is_not_repeated(
    wiring: Wiring,
    town: Town,
    topic: int,
    start: Start,  # noqa: F811 -- the fixture
) -> None:
    queue = RqJobQueue(wiring.redis)
    with endpoint(says("幸福里路灯不亮")) as server:

        def wait(_request: BaseHTTPRequestHandler, _body: dict[str, Any]) -> None:
            server.let_go.wait(60)

        server.behave = wait
        lost = asked(wiring, town, topic, "title")
        worker = start("worker", "assistant", **environment(server))
        queue.wake(Wake.ASSIST)
        eventually(lambda: len(server.asked) == 1, "the call is on its way")
        worker.kill()
        worker.wait()
        server.behave = says("幸福里路灯不亮")
        drafted = asked(wiring, town, topic, "summary")
        successor = start("worker", "assistant", **environment(server), ZHIBAO_LOG_LEVEL="DEBUG")
        wiring.redis.delete("wake:assist")
        queue.wake(Wake.ASSIST)
        eventually(lambda: outcome(wiring, drafted) is DraftOutcome.DRAFTED, "the next one is drafted")
        successor.send_signal(signal.SIGTERM)
        assert successor.wait(60) == 0
        assert outcome(wiring, lost) is DraftOutcome.ASKED  # the sweep gives it up when its time is over
        assert len(server.asked) == 2
        assert [one["Authorization"] for one in server.headers] == [f"Bearer {SECRET}"] * 2


def test_a_worker_writes_neither_key_nor_words(
    wiring: Wiring,
    town: Town,
    topic: int,
    start: Start,  # noqa: F811 -- the fixture
    tmp_path: Path,
) -> None:
    with endpoint(says("这是机器写的")) as server:
        worker = start("worker", "assistant", **environment(server), ZHIBAO_LOG_LEVEL="DEBUG")
        drafted = asked(wiring, town, topic, "title")
        RqJobQueue(wiring.redis).wake(Wake.ASSIST)
        eventually(lambda: outcome(wiring, drafted) is DraftOutcome.DRAFTED, "drafted")
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    written = (tmp_path / "0.log").read_text(encoding="utf-8")
    assert "draft_settled" in written
    for secret in (SECRET, "幸福里", "这是机器写的"):
        assert secret not in written
