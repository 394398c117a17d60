"""Wake-ups through RQ: coalesced by a short-lived key, random job ids, a circuit breaker on the web side."""

import threading
import time
import uuid

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from intake.ports import FORKING_QUEUES, JOBS, Wake

log = structlog.get_logger(__name__)

COALESCE_SECONDS = 5
BREAK_SECONDS = 5.0
JOB_TIMEOUT = 60
LONG_JOB_TIMEOUT = 1800
"""Seconds for a job of `FORKING_QUEUES`: the largest batch of posters takes minutes on a slow machine."""
FAILURE_TTL = 3600


def wake_key(kind: Wake) -> str:
    """The key that coalesces wake-ups of `kind`; a job deletes it as its first act."""
    return f"wake:{kind.value}"


def web_redis(url: str) -> Redis:
    """A client for requests: 0.2 s and no retry, since the database is the truth and a sweep follows in 30 s."""
    return Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0), health_check_interval=0)


class RqJobQueue:
    """Sends wake-ups; after a failure it keeps quiet for 5 s so that a hung Redis costs one request 0.2 s, not all of them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queues = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name, _ in JOBS.values()}
        self._open_until = 0.0
        self._lock = threading.Lock()

    def wake(self, kind: Wake) -> bool:
        """Send or coalesce one wake-up; False when Redis can't be reached just now."""
        if time.monotonic() < self._open_until:
            return False
        queue, path = JOBS[kind]
        try:
            if self._redis.set(wake_key(kind), "1", nx=True, ex=COALESCE_SECONDS):
                timeout = LONG_JOB_TIMEOUT if queue in FORKING_QUEUES else JOB_TIMEOUT
                self._queues[queue].enqueue_call(
                    path, job_id=uuid.uuid4().hex, result_ttl=0, failure_ttl=FAILURE_TTL, timeout=timeout, ttl=3600
                )
        except RedisError as error:
            with self._lock:
                self._open_until = time.monotonic() + BREAK_SECONDS
            log.warning("queue_unreachable", kind=kind.value, error=type(error).__name__)
            return False
        return True
