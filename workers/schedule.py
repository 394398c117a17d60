"""The sweep: sends wake-ups by the clock, so that a row is found even if its own wake-up was lost.

Not RQ's CronScheduler, for what its source (rq 3.0, cron.py) does: `start()` calls `enqueue_jobs`, `heartbeat` and `register_death` with
no handler for a connection error, so that it ends when Redis goes away; `get_next_enqueue_time` reads cron fields in the machine's local
time; and it enqueues jobs by itself, past the key that coalesces wake-ups. Our jobs need none of its records: what there is to do stands
in the database.
"""

import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import FrameType

import structlog

from config.logging import configure_logging
from config.settings import Settings, SettingsError
from intake.adapters.redis_queue import RqJobQueue, web_redis
from intake.domain.working_days import SHANGHAI
from intake.ports import Clock, JobQueue, SystemClock, Wake

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Every:
    """A wake-up at each full interval since 1970, so that several schedulers and restarts keep the same beat."""

    kind: Wake
    interval: timedelta

    def last_before(self, moment: datetime) -> datetime:
        """The newest beat at or before `moment`."""
        return moment - (moment - _EPOCH) % self.interval


@dataclass(frozen=True, slots=True)
class Daily:
    """A wake-up at one time of day in Shanghai, whatever the machine's zone."""

    kind: Wake
    at: time

    def last_before(self, moment: datetime) -> datetime:
        """The newest such time at or before `moment`."""
        local = moment.astimezone(SHANGHAI)
        today = datetime.combine(local.date(), self.at, tzinfo=SHANGHAI)
        return today if today <= local else today - _DAY


TIMETABLE: tuple[Every | Daily, ...] = (
    Every(Wake.TRIAGE, timedelta(seconds=30)),
    Every(Wake.NOTIFY, timedelta(seconds=30)),
    Every(Wake.ALARM, timedelta(seconds=60)),
    Every(Wake.ROUNDS, timedelta(seconds=60)),
    Every(Wake.CHAIN_AUDIT, timedelta(seconds=60)),
    Every(Wake.POSTERS, timedelta(seconds=30)),
    Every(Wake.IMPORTS, timedelta(seconds=30)),
    Every(Wake.ATTACHMENTS, timedelta(seconds=30)),
    Every(Wake.ASSIST, timedelta(seconds=30)),
    Every(Wake.DRAFTS, timedelta(seconds=30)),
    Every(Wake.MEDIA, timedelta(seconds=30)),
    Every(Wake.FILES, timedelta(seconds=30)),
    Every(Wake.TRANSCRIBE, timedelta(seconds=60)),
    Every(Wake.WECHAT, timedelta(seconds=60)),
    Every(Wake.ESCALATE, timedelta(minutes=5)),
    Every(Wake.TOPIC_UPKEEP, timedelta(hours=1)),
    Every(Wake.COUNT_DAYS, timedelta(hours=1)),
    Daily(Wake.RETENTION, time(3, 0)),
    Daily(Wake.RETRAIN, time(3, 30)),
    Daily(Wake.DIGEST, time(8, 30)),
)
"""Every periodic job there is."""


def timetable_of(settings: Settings) -> tuple[Every | Daily, ...]:
    """What is swept in this installation: without an assistant nobody works on its queue, so nothing is put there."""
    return tuple(entry for entry in TIMETABLE if entry.kind is not Wake.ASSIST or settings.assistant_on)


def due(timetable: Sequence[Every | Daily], *, since: datetime | None, now: datetime) -> list[Wake]:
    """The kinds with a beat after `since` up to and with `now`, each once.

    All of them at the start (`since` None) or when the clock was set back: the machine may have been off at three in the morning, and an
    extra wake-up costs nothing.
    """
    if since is None or now < since:
        return [entry.kind for entry in timetable]
    return [entry.kind for entry in timetable if entry.last_before(now) > since]


class Sweep:
    """Sends what is due, and keeps what couldn't be sent for the next second."""

    def __init__(self, queue: JobQueue, clock: Clock, timetable: Sequence[Every | Daily] = TIMETABLE) -> None:
        self._queue = queue
        self._clock = clock
        self._timetable = timetable
        self._since: datetime | None = None
        self._unsent: set[Wake] = set()

    def tick(self) -> None:
        """Look at the clock once; never raises for a queue that is away."""
        now = self._clock.now()
        waiting = self._unsent | set(due(self._timetable, since=self._since, now=now))
        self._since = now
        self._unsent = {kind for kind in sorted(waiting) if not self._queue.wake(kind)}


def keep_time() -> int:
    """Sweep until SIGTERM or SIGINT, which end it at once; returns 0. SettingsError when REDIS_URL is missing."""
    settings = Settings.from_env()
    if not settings.redis_url:
        raise SettingsError("REDIS_URL is not set; `zhibao up` sets it by itself, the scheduler run alone needs it in the environment")
    configure_logging(settings.log_level)
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    redis = web_redis(settings.redis_url)
    timetable = timetable_of(settings)
    sweep = Sweep(RqJobQueue(redis), SystemClock(), timetable)
    log.info("schedule_started", entries=len(timetable))
    while not stop.is_set():
        sweep.tick()
        stop.wait(TICK_SECONDS)
    redis.close()
    log.info("schedule_stopped")
    return 0
