"""Many workers at once: one topic for each matter, everything once, and counts that a recount confirms."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.adapters.redis_queue import RqJobQueue
from intake.cli.installation import environment_of
from intake.domain.submission import SubmissionState
from intake.models import Submission
from intake.ports import NullJobQueue, Wake
from intake.services.submission_triage import lock_same_matter
from intake.wiring import Wiring
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import assert_triaged_exactly_once, in_state, jobs_in_this_process, topics_of, waiting_for_the_district
from workers.jobs import triage_batch

ROOT = Path(__file__).parents[2]
WORKERS = 4
TIMES = 20
PATIENCE = 90.0
# Each a place and a problem of its own: no two of them are one matter.
MATTERS = (
    "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了",
    "紫薇苑停车位不够，天天有人堵住消防通道",
    "石桥菜场门前污水横流，夏天臭得没法走",
    "龙池公园健身器材断了一根横杆，小孩差点受伤",
    "清河小学放学时段接送车辆把整条路堵死",
    "翠竹苑7号楼电梯三天两头停运，老人爬不动楼",
    "望江路夜市油烟直排，楼上住户不敢开窗",
    "梧桐街公交站没有雨棚，下雨天全身湿透",
    "银杏家园暖气不热，室内只有十四度",
    "荷花池水面漂满垃圾没有人打捞",
    "振兴厂宿舍自来水发黄带铁锈味",
    "长青路窨井盖缺失，夜里有人骑车摔伤",
)


def everybody_says_everything(wiring: Wiring, town: Town, *, times: int = TIMES) -> dict[int, int]:
    """Each matter so many times, in an order in which they cross; submission → matter."""
    codes = (town.longchi_code, town.ziwei_code, town.shiqiao_code)
    order = [matter for matter in range(len(MATTERS)) for _ in range(times)]
    random.Random(5).shuffle(order)
    return {say(wiring, codes[matter % len(codes)], MATTERS[matter]).submission_id: matter for matter in order}


def assert_one_topic_each(session: Session, said: dict[int, int]) -> None:
    session.rollback()
    assert_triaged_exactly_once(session, len(said))
    found = topics_of(session)
    assert Counter(len({said[one] for one in ids}) for ids in found.values()) == {1: len(MATTERS)}
    assert len(found) == len(MATTERS)
    assert sum(map(len, found.values())) == len(said)
    received = select(func.count()).where(Submission.state == SubmissionState.RECEIVED)
    assert session.scalar(received) == 0


@pytest.fixture
def workers(settings: Settings, tmp_path: Path) -> Iterator[Callable[[int], None]]:
    """Starts so many real worker processes; they are gone afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def start(count: int) -> None:
        env = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment_of(settings)}
        for number in range(count):
            with (tmp_path / f"{number}.log").open("wb") as log:
                started.append(
                    subprocess.Popen([sys.executable, "-m", "workers", "worker", "triage"], cwd=ROOT, env=env, stdout=log, stderr=log)
                )

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_four_workers_at_once_open_one_topic_for_each_matter(
    wiring: Wiring, town: Town, session: Session, workers: Callable[[int], None]
) -> None:
    wired, wiring.queue = wiring.queue, NullJobQueue()
    said = everybody_says_everything(wiring, town, times=WORKERS * triage_batch.BATCH // len(MATTERS) + 1)
    wiring.queue = wired
    queue = RqJobQueue(wiring.redis)
    with wiring.sessions() as gate:
        # All of them hold a batch before any of them may decide.
        lock_same_matter(gate, town.district_id)
        workers(WORKERS)
        end = time.monotonic() + PATIENCE
        while waiting_for_the_district(session) < WORKERS:
            assert time.monotonic() < end, "four workers hold a batch"
            queue.wake(Wake.TRIAGE)
            wiring.redis.delete("wake:triage")
            time.sleep(0.1)
    while in_state(session, SubmissionState.RECEIVED):
        assert time.monotonic() < end, "all triaged"
        session.rollback()
        queue.wake(Wake.TRIAGE)
        time.sleep(0.1)
    assert_one_topic_each(session, said)


def test_workers_in_tiny_batches_that_cross_all_the_time_open_one_topic_for_each_matter(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triage_batch, "BATCH", 7)
    wiring.queue = NullJobQueue()
    said = everybody_says_everything(wiring, town)
    errors: list[BaseException] = []
    ready = threading.Barrier(WORKERS)

    def work() -> None:
        try:
            ready.wait()
            triage_batch.run()
        except BaseException as error:
            errors.append(error)
            raise

    with jobs_in_this_process(wiring):
        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert_one_topic_each(session, said)


def test_a_batch_knows_its_own_messages(wiring: Wiring, town: Town, session: Session) -> None:
    wiring.queue = NullJobQueue()
    said = everybody_says_everything(wiring, town)
    with jobs_in_this_process(wiring):
        triage_batch.run()
    assert_one_topic_each(session, said)
