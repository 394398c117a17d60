"""A real worker process: triages what a wake-up announces, loses and doubles nothing when killed, and outlives an emptied Valkey."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq.utils import as_text
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.adapters.embedded.valkey import EmbeddedValkey
from intake.adapters.redis_queue import RqJobQueue
from intake.cli.installation import environment_of
from intake.domain.submission import SubmissionState
from intake.ports import JOBS, Wake
from intake.services.submission_triage import lock_same_matter
from intake.wiring import Wiring
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import assert_triaged_exactly_once, in_state, waiting_for_the_district
from workers.worker import NICENESS

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Start `python -m workers …` with this test's servers; everything started is gone afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **env: str) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment_of(settings), **env}
        with (tmp_path / f"{len(started)}.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "workers", *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def eventually(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def triaged(session: Session) -> int:
    session.rollback()
    return in_state(session, SubmissionState.TRIAGED)


def registered(redis: Redis) -> list[str]:
    """Process ids of the workers that RQ knows."""
    pids = [redis.hget(as_text(key), "pid") for key in redis.smembers("rq:workers")]
    return [as_text(pid) for pid in pids if pid is not None]


def test_a_worker_triages_what_a_wake_up_announces(wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    worker = start("worker", "triage")
    for number in range(5):
        say(wiring, town.longchi_code, f"幸福里{number}栋路灯不亮，电话13812345678")
    eventually(lambda: triaged(session) == 5, "five sentences triaged")
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= NICENESS  # somebody may be waiting for the web
    assert_triaged_exactly_once(session, 5)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert registered(wiring.redis) == []


def test_a_worker_writes_no_residents_words(wiring: Wiring, town: Town, session: Session, start: Start, tmp_path: Path) -> None:
    worker = start("worker", "triage", ZHIBAO_LOG_LEVEL="DEBUG")
    say(wiring, town.longchi_code, "幸福里3栋路灯不亮，电话13812345678")
    eventually(lambda: triaged(session) == 1, "triaged")
    worker.send_signal(signal.SIGTERM)
    worker.wait(PATIENCE)
    written = (tmp_path / "0.log").read_text(encoding="utf-8")
    assert "triaged" in written
    assert "路灯" not in written
    assert "1381234" not in written


def test_a_worker_killed_in_mid_batch_loses_and_doubles_nothing(wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    for number in range(30):
        say(wiring, town.longchi_code, f"幸福里{number}栋路灯不亮")
    with wiring.sessions() as gate:
        lock_same_matter(gate, town.district_id)
        worker = start("worker", "triage")
        eventually(lambda: waiting_for_the_district(session), "the worker holds a batch")
        worker.kill()
        worker.wait()
    eventually(lambda: not waiting_for_the_district(session), "the database has noticed")
    assert triaged(session) == 0
    assert in_state(session, SubmissionState.RECEIVED) == 30
    start("worker", "triage")
    RqJobQueue(wiring.redis).wake(Wake.TRIAGE)  # what the sweep does within 30 s
    eventually(lambda: triaged(session) == 30, "the next worker has done it all")
    assert_triaged_exactly_once(session, 30)


def test_a_worker_goes_on_after_valkey_was_emptied(wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    worker = start("worker", "triage")
    eventually(lambda: registered(wiring.redis) == [str(worker.pid)], "registered")
    say(wiring, town.longchi_code, "幸福里1栋路灯不亮")
    eventually(lambda: triaged(session) == 1, "the first")
    wiring.redis.flushdb()
    say_silently(wiring, town)
    RqJobQueue(wiring.redis).wake(Wake.TRIAGE)  # what the sweep does within 30 s
    eventually(lambda: triaged(session) == 2, "the second")
    eventually(lambda: registered(wiring.redis) == [str(worker.pid)], "registered again")
    assert worker.poll() is None


def test_valkey_emptied_in_mid_batch_costs_nothing(wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    say(wiring, town.longchi_code, "幸福里1栋路灯不亮")
    with wiring.sessions() as gate:
        lock_same_matter(gate, town.district_id)
        worker = start("worker", "triage")
        eventually(lambda: waiting_for_the_district(session), "the worker holds a batch")
        wiring.redis.flushdb()
    eventually(lambda: triaged(session) == 1, "the batch in hand")
    say(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    eventually(lambda: triaged(session) == 2, "the one after")
    assert_triaged_exactly_once(session, 2)
    assert worker.poll() is None


def say_silently(wiring: Wiring, town: Town) -> None:
    """A sentence whose wake-up is lost."""
    say(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    wiring.redis.delete(*(f"rq:queue:{queue}" for queue, _ in JOBS.values()), "wake:triage")


def test_worker_and_scheduler_start_without_redis_and_stop_when_asked(start: Start, tmp_path: Path) -> None:
    away = {"REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
    processes = [start("worker", "triage", **away), start("schedule", **away)]
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    eventually(lambda: all("unreachable" in log.read_text(encoding="utf-8") for log in logs), "both noticed")
    assert [process.poll() for process in processes] == [None, None]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(PATIENCE) for process in processes] == [0, 0]


def test_the_sweep_finds_a_sentence_whose_wake_up_was_lost(wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    say(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    wiring.redis.flushdb()
    start("worker", "triage")
    start("schedule")
    eventually(lambda: triaged(session) == 1, "swept up")


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey that a test may kill."""
    with tempfile.TemporaryDirectory(prefix="zhibao-valkey-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        paths = DataPaths.of(Path(folder) / "data")
        paths.prepare()
        server = EmbeddedValkey(paths)
        server.start()
        yield server
        server.stop()


def test_worker_and_scheduler_outlive_a_killed_valkey(
    wiring: Wiring, town: Town, session: Session, start: Start, own_valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    env = {"REDIS_URL": own_valkey.url()}
    redis = Redis.from_url(own_valkey.url())
    worker, scheduler = start("worker", "triage", **env), start("schedule", **env)
    eventually(lambda: registered(redis) == [str(worker.pid)], "registered")
    assert own_valkey.process is not None
    os.kill(own_valkey.process.pid, signal.SIGKILL)
    signs = ("could not connect", "redis_unreachable")  # while it waits, or in the middle of a job
    eventually(lambda: any(sign in (tmp_path / "0.log").read_text(encoding="utf-8") for sign in signs), "the worker noticed")
    say(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    assert (worker.poll(), scheduler.poll()) == (None, None)
    own_valkey.stop()
    own_valkey.start()
    eventually(lambda: triaged(session) == 1, "swept up after the restart")
    redis.close()
    own_valkey.stop()
    for process in (worker, scheduler):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(PATIENCE) for process in (worker, scheduler)] == [0, 0]


def test_a_busy_worker_ends_after_its_batch_when_asked(wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    say(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    with wiring.sessions() as gate:
        lock_same_matter(gate, town.district_id)
        worker = start("worker", "triage")
        eventually(lambda: waiting_for_the_district(session), "the worker holds a batch")
        worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert_triaged_exactly_once(session, 1)


@pytest.mark.parametrize("arguments", [(), ("worker",), ("worker", "nothing"), ("dance",)])
def test_anything_else_is_refused_with_a_line_of_usage(start: Start, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert start(*arguments).wait(PATIENCE) == 2
    assert "usage:" in (tmp_path / "0.log").read_text(encoding="utf-8")
