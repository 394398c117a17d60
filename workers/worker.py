"""The process that works on one queue, for as long as nobody tells it to stop.

What RQ 3.0's worker does when Redis goes away, by its source (worker/base.py): a connection lost while it waits is retried with back-off;
a timeout, or a connection lost anywhere else, ends `work()`; a Redis that is away at the start raises out of the constructor. So `work`
below makes a new worker each time one ends by itself. When Redis is emptied the waiting BLMOVE simply goes on; only the registration is
gone, and the next heartbeat writes it again.
"""

import ctypes
import importlib
import os
import signal
import sys
import time
from types import FrameType

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker, Worker, worker_registration
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from config.collector import resting, spare_the_collector
from config.logging import configure_logging
from config.settings import Settings
from intake.ports import FORKING_QUEUES, JOBS
from workers.runtime import process_wiring, request_stop, stopping, use_wiring, wait_for_stop

log = structlog.get_logger(__name__)

MAINTENANCE_SECONDS = 30
WORKER_TTL = 45
"""RQ waits 15 s less than this for a job, and looks after its registries only between two waits."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
HEALTHY_SECONDS = 30.0
"""A worker that lived this long wasn't ended by the trouble of the one before it."""
_PR_SET_PDEATHSIG = 1


class _Enduring(BaseWorker):
    """What makes RQ's workers outlive Redis."""

    max_connection_wait_time = LONGEST_PAUSE

    def _install_signal_handlers(self) -> None:
        """Leave the process's own handlers in place; they call `request_stop`."""

    def subscribe(self) -> None:
        """Listen for no commands: nobody sends any, and the thread would need care of its own."""

    def heartbeat(self, timeout: int | None = None, pipeline: "Pipeline | None" = None) -> None:
        """Sign in again if Redis was emptied, then say that we live."""
        if pipeline is None and not self.connection.sismember(self.redis_workers_keys, self.key):
            log.warning("worker_registered_anew", worker=self.name)
            self.connection.hset(self.key, mapping=self.serialize())
            worker_registration.register(self)
        super().heartbeat(timeout, pipeline)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Note the request before RQ raises out of an idle moment: an exception that a finaliser or a handler of the library swallowed there
        would otherwise leave a worker that nobody told to end.
        """
        self._stop_requested = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ's method has no annotations

    def set_shutdown_requested_date(self) -> None:
        """Note the request, unless Redis is away: this runs in a signal handler in the middle of a job."""
        try:
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]  # RQ's method has no annotations
        except RedisError:
            log.warning("redis_unreachable", during="stop")

    def register_death(self) -> None:
        """Sign out, unless Redis is away: the registration ends by itself."""
        try:
            super().register_death()  # type: ignore[no-untyped-call]  # as above
        except RedisError:
            log.warning("redis_unreachable", during="sign-out")


class QueueWorker(_Enduring, SimpleWorker):
    """Works in its own process: no child per job, for jobs of a moment."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Take a breath after each: what is written meanwhile is one batch, where a busy web would otherwise wake us for every row."""
        super().execute_job(job, queue)
        wait_for_stop(BREATH_SECONDS)


class ForkingWorker(_Enduring, Worker):
    """Works in a child per job, which gives its memory back when it ends and takes nobody along when it is killed."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Ask the child too: it ends at the next good moment, not minutes later."""
        if self.horse_pid:
            try:
                os.kill(self.horse_pid, signal.SIGTERM)
            except ProcessLookupError:
                log.debug("child_already_gone")
        super().request_stop(signum, frame)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """In the child: connections of its own, and no life of its own after the worker's death."""
        use_wiring(None)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """SIGTERM asks for the end instead of making it; Ctrl-C goes to the worker, which passes it on."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda _number, _frame: request_stop())


def worker_redis(url: str) -> Redis:
    """A client that may block; RQ sets its timeout to 10 s beyond the longest wait. One retry, for a connection gone stale."""
    return Redis.from_url(url, socket_connect_timeout=3.0, retry=Retry(NoBackoff(), 1))


BREATH_SECONDS = 0.3
"""Nobody sees it: the first row after a quiet moment is taken at once, and a job and its wake-up cost as much as triage of several messages."""
NICENESS = 5
"""Somebody waits for an answer of the web, nobody for a worker: where both want the processor, the web goes first."""


class _Signals:
    """SIGTERM and SIGINT: the first ends the worker after its job or batch, a second one at once."""

    def __init__(self) -> None:
        self.worker: QueueWorker | ForkingWorker | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        request_stop()
        if self.worker is not None:
            self.worker.request_stop(number, frame)


def work(queue: str) -> int:
    """Work on `queue` until SIGTERM or SIGINT; returns 0. SettingsError when the environment lacks something.

    Exactly one queue: RQ then moves a job instead of popping it, so that a killed worker's job isn't lost on the way. The jobs of
    FORKING_QUEUES run in a child each.
    """
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    wiring = process_wiring()
    signals = _Signals()
    kind = ForkingWorker if queue in FORKING_QUEUES else QueueWorker
    with resting():
        for name, path in JOBS.values():
            if name == queue:
                importlib.import_module(path.rpartition(".")[0])  # once here, not anew in each child
    # A batch makes tens of thousands of things that all end with it: looked at as often as usual they cost a sixth of triage's time.
    spare_the_collector(between=50_000)
    log.info("worker_started", queue=queue)
    pause = FIRST_PAUSE
    while not stopping():
        began = time.monotonic()
        redis = worker_redis(settings.redis_url)
        try:
            worker = kind(
                [Queue(queue, connection=redis, serializer=JSONSerializer)],
                connection=redis,
                serializer=JSONSerializer,
                worker_ttl=WORKER_TTL,
                maintenance_interval=MAINTENANCE_SECONDS,
                log_job_description=False,
            )
            signals.worker = worker
            if not stopping():
                worker.work(logging_level="DEBUG" if settings.log_level.upper() == "DEBUG" else "WARNING")
        except RedisError as error:
            log.warning("redis_unreachable", during="work", error=type(error).__name__)
        except StopRequested:
            break
        finally:
            signals.worker = None
            redis.close()
        if stopping():
            break
        log.warning("worker_begins_anew", queue=queue)
        pause = FIRST_PAUSE if time.monotonic() - began > HEALTHY_SECONDS else min(LONGEST_PAUSE, pause * 2)
        wait_for_stop(pause)
    wiring.close()
    log.info("worker_stopped", queue=queue)
    return 0
