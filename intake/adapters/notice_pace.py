"""How fast an account may be written for, and until when not at all; counted in Redis for all workers, in this process while Redis is away.

Losing it costs little: the pace begins anew, and an account that was stopped is asked once more and stopped again.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from redis import Redis
from redis.exceptions import RedisError

from intake.ports import Clock

log = structlog.get_logger(__name__)
T = TypeVar("T")

TROUBLE_SECONDS = 3600
"""After so long without trouble the count begins anew."""
PATIENCE = 3
"""Failures in a row that are borne before an account is stopped."""
FIRST_STOP, LONGEST_STOP = 60, 600
"""Seconds; each stop is twice as long as the one before."""
_BREAK_SECONDS = 5.0

# The next free moment of the account, in microseconds of Redis's own clock; the caller has it from now on.
_RESERVE = """
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
redis.call('SET', KEYS[1], string.format('%d', free + tonumber(ARGV[1])), 'PX', 60000)
return free - now
"""


class NoticePace:
    """Reserves moments so that an account never sends faster than it may, and remembers which account is stopped."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._reserve = redis.register_script(_RESERVE)
        self._free: dict[str, float] = {}
        self._stopped: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._away_until = 0.0
        self._lock = threading.Lock()

    def reserve(self, account: str, *, a_second: int) -> float:
        """Seconds to wait before the next message of `account` may leave; that moment is the caller's."""
        apart = 1_000_000 // a_second
        wait = self._ask(lambda: float(self._reserve(keys=[f"notices:free:{account}"], args=[apart])) / 1e6)
        if wait is not None:
            return wait
        with self._lock:
            now = time.monotonic()
            free = max(self._free.get(account, 0.0), now)
            self._free[account] = free + apart / 1e6
            return free - now

    def stop(self, account: str, *, seconds: int) -> datetime:
        """Nothing more for `account` until then."""
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._lock:
            self._stopped[account] = until.timestamp()
        self._ask(lambda: self._redis.set(f"notices:stopped:{account}", until.timestamp(), ex=max(1, seconds)))
        return until

    def stopped(self, accounts: Sequence[str]) -> dict[str, datetime]:
        """Those of `accounts` that are stopped just now, and until when."""
        if not accounts:
            return {}
        kept = self._ask(lambda: self._redis.mget([f"notices:stopped:{account}" for account in accounts])) or [None] * len(accounts)
        now = self._clock.now().timestamp()
        with self._lock:
            untils = {
                account: max(float(value or 0), self._stopped.get(account, 0.0)) for account, value in zip(accounts, kept, strict=True)
            }
        return {account: datetime.fromtimestamp(until, UTC) for account, until in untils.items() if until > now}

    def failed(self, account: str) -> int:
        """One more failure in a row: for how many seconds the account is better stopped, 0 for not yet."""
        key = f"notices:trouble:{account}"
        with self._lock:
            self._failures[account] = self._failures.get(account, 0) + 1
        count = self._ask(lambda: self._counted(key)) or self._failures[account]
        return min(LONGEST_STOP, FIRST_STOP << min(10, count - PATIENCE)) if count >= PATIENCE else 0

    def went_well(self, account: str) -> None:
        """The row of failures is over."""
        with self._lock:
            if not self._failures.pop(account, 0):
                return
        self._ask(lambda: self._redis.delete(f"notices:trouble:{account}"))

    def _counted(self, key: str) -> int:
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.incr(key)
            pipe.expire(key, TROUBLE_SECONDS)
            return int(pipe.execute()[0])

    def _ask(self, question: Callable[[], T]) -> T | None:
        """The answer of Redis; None while it is away, which is tried again after 5 s."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return question()
        except RedisError as error:
            self._away_until = time.monotonic() + _BREAK_SECONDS
            log.warning("pace_unreachable", error=type(error).__name__)
            return None
