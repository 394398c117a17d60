"""Limits counted in Redis, and in this process while Redis is away."""

import threading
import time
from functools import lru_cache

import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
_BREAK_SECONDS = 5.0


@lru_cache(maxsize=64)
def _item(limit: str) -> RateLimitItem:
    return parse(limit)


class RedisRateLimiter:
    """Fixed windows: a limit is a brake, not a promise, so the simplest count serves."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._shared = FixedWindowRateLimiter(RedisStorage("redis://", connection_pool=redis.connection_pool))
        self._local = FixedWindowRateLimiter(MemoryStorage())
        self._open_until = 0.0
        self._lock = threading.Lock()

    def hit(self, limit: str, *key: str) -> bool:
        """Count one attempt; False when the limit is spent."""
        return self._ask("hit", limit, key)

    def hit_all(self, *limits: tuple[str, tuple[str, ...]]) -> bool:
        """Count one attempt against each (limit, key) in one round trip; False when any is spent."""
        return all(self.hit_each(*limits))

    def hit_each(self, *limits: tuple[str, tuple[str, ...]]) -> tuple[bool, ...]:
        """The same, and for each whether it was still within."""
        if time.monotonic() >= self._open_until:
            try:
                with self._redis.pipeline(transaction=True) as pipe:
                    for limit, key in limits:
                        # One transaction, so that a key can't run out between the two and live on without an end.
                        item = _item(limit)
                        name = item.key_for(*key)
                        pipe.set(name, 0, ex=item.get_expiry(), nx=True)
                        pipe.incr(name)
                    counts = pipe.execute()[1::2]
                return tuple(count <= _item(limit).amount for count, (limit, _) in zip(counts, limits, strict=True))
            except RedisError as error:
                self._break(error)
        return tuple(self._ask("hit", limit, key) for limit, key in limits)  # each is counted, also behind a spent one

    def spent(self, limit: str, *key: str) -> bool:
        """Whether the limit is spent, without counting."""
        return not self._ask("test", limit, key)

    def _ask(self, what: str, limit: str, key: tuple[str, ...]) -> bool:
        if time.monotonic() >= self._open_until:
            try:
                return bool(getattr(self._shared, what)(_item(limit), *key))
            except RedisError as error:
                self._break(error)
        return bool(getattr(self._local, what)(_item(limit), *key))

    def _break(self, error: RedisError) -> None:
        with self._lock:
            self._open_until = time.monotonic() + _BREAK_SECONDS
        log.warning("limits_unreachable", error=type(error).__name__)
