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

from intake.ports import Held

log = structlog.get_logger(__name__)
_BREAK_SECONDS = 5.0
_SAME_WINDOW_MS = 500
"""How far two readings of one window's end may lie apart; those of two windows do by a second or more."""
_HOLD = """
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('INCR', KEYS[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
local now = redis.call('TIME')
return now[1] * 1000 + math.floor(now[2] / 1000) + redis.call('PTTL', KEYS[1])
"""
_GIVE_BACK = """
local now = redis.call('TIME')
local ends = now[1] * 1000 + math.floor(now[2] / 1000) + redis.call('PTTL', KEYS[1])
if math.abs(ends - tonumber(ARGV[1])) > tonumber(ARGV[2]) then return 0 end
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
return 1
"""


@lru_cache(maxsize=64)
def _item(limit: str) -> RateLimitItem:
    return parse(limit)


def _note(key: tuple[str, ...]) -> str:
    return "/".join(("NOTE", *key))


class RedisRateLimiter:
    """Fixed windows: a limit is a brake, not a promise, so the simplest count serves."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._storage = RedisStorage("redis://", connection_pool=redis.connection_pool)
        self._shared = FixedWindowRateLimiter(self._storage)
        self._local = FixedWindowRateLimiter(MemoryStorage())
        self._hold_shared, self._give_back_shared = redis.register_script(_HOLD), redis.register_script(_GIVE_BACK)
        self._local_counts = threading.Lock()
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

    def hold(self, limit: str, *key: str) -> Held | None:
        """Look and count in one step, before it is known whether the attempt counts; None, and nothing counted, when the limit is spent."""
        item = _item(limit)
        if time.monotonic() >= self._open_until:
            try:
                ends = int(self._hold_shared(keys=[self._storage.prefixed_key(item.key_for(*key))], args=[item.amount, item.get_expiry()]))
                return Held(limit, key, ends / 1000, shared=True) if ends else None
            except RedisError as error:
                self._break(error)
        with self._local_counts:
            if not self._local.test(item, *key):
                return None
            self._local.hit(item, *key)
            return Held(limit, key, self._local.get_window_stats(item, *key).reset_time, shared=False)

    def give_back(self, held: Held) -> None:
        """Uncount what `hold` counted; nothing once its window has ended."""
        item = _item(held.limit)
        if not held.shared:
            with self._local_counts:
                if self._local.get_window_stats(item, *held.key).reset_time == held.ends:
                    self._local.storage.incr(item.key_for(*held.key), item.get_expiry(), amount=-1)
        elif time.monotonic() >= self._open_until:
            try:
                self._give_back_shared(
                    keys=[self._storage.prefixed_key(item.key_for(*held.key))], args=[round(held.ends * 1000), _SAME_WINDOW_MS]
                )
            except RedisError as error:
                self._break(error)

    def kept(self, *key: str) -> str:
        """What `keep` wrote; empty where nothing is, or nobody can be asked."""
        if time.monotonic() >= self._open_until:
            try:
                found = self._redis.get(_note(key))
                return found.decode() if isinstance(found, bytes) else str(found or "")
            except RedisError as error:
                self._break(error)
        return ""

    def keep(self, words: str, *key: str, seconds: int) -> None:
        """Note a few words beside the counts; lost where nobody can be asked."""
        if time.monotonic() >= self._open_until:
            try:
                self._redis.set(_note(key), words, ex=seconds)
            except RedisError as error:
                self._break(error)

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
