"""One access_token per account for all processes, in Redis under a lock.

The token is the account's, not ours: whoever fetches one by the old call withdraws everybody else's. `stable_token` doesn't, and asked
again it gives the same one, so nothing here can do harm by asking twice; the lock only saves calls. It ends by itself after
`LOCK_SECONDS`, so a holder that dies holds up the others for no longer. While Redis is away each process remembers for itself.

A token that is refused is fetched anew without force first, which is enough when the platform replaced it. Only when the very token comes
back is it forced, since that is allowed twenty times a day (and does nothing twice in 30 s).
"""

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError

from intake.domain.errors import RetryableDeliveryError
from intake.ports import Clock, WeChatKeys

log = structlog.get_logger(__name__)

PREFIX = "zhibao:wechat:token:"
RENEW_BEFORE = timedelta(minutes=5)
"""The platform gives a new token this long before the end of the old one, and takes both meanwhile."""
LOCK_SECONDS = 8
"""Longer than a fetch may take (`FETCH_SECONDS`)."""
FETCH_SECONDS = 5.0
WAIT_SECONDS = 10.0
"""How long a call waits for somebody else's fetch."""
LOOK_AGAIN_SECONDS = 0.05
FORCE_PAUSE_SECONDS = 24 * 3600 // 20
"""So that a day's twenty forced refreshes last the day."""

_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

Fetch = Callable[[WeChatKeys, bool], tuple[str, int]]
"""Asks the platform, forcing or not: the token and its seconds. Raises delivery errors."""


@dataclass(frozen=True, slots=True)
class Held:
    """A token and its times."""

    token: str
    renew_at: datetime
    ends_at: datetime


def place_of(keys: WeChatKeys) -> str:
    """Where the token lies: found by those who know the secret, not by whoever enters a foreign account's AppID."""
    return f"{PREFIX}{keys.app_id}:{hashlib.sha256(keys.secret.encode()).hexdigest()[:16]}"


class Tokens:
    """Hands out the accounts' tokens; one instance serves all threads."""

    def __init__(self, redis: Redis, *, clock: Clock, fetch: Fetch) -> None:
        self._redis = redis
        self._clock = clock
        self._fetch = fetch
        self._own: dict[str, Held] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def current(self, keys: WeChatKeys) -> str:
        """A token that holds for another while; whoever comes first in its last minutes renews it, the others use it meanwhile."""
        held = self._read(keys)
        if held is None:
            return self._renewed(keys, lambda found: found is not None)
        if self._clock.now() >= held.renew_at:
            return self._early(keys, held)
        return held.token

    def replacement(self, keys: WeChatKeys, failed: str) -> str:
        """Another token than `failed`, which the platform refused; of many who ask at once one fetches."""
        return self._renewed(keys, lambda found: found is not None and found.token != failed, failed=failed)

    def asked_now(self, keys: WeChatKeys) -> str:
        """The token as the platform gives it now, whatever was known: for checks of the keys."""
        return self._fetched(keys, force=False).token

    def _early(self, keys: WeChatKeys, held: Held) -> str:
        with self._lock(keys.app_id, wait=0.0) as mine:
            if mine:
                try:
                    return self._fetched(keys, force=False).token
                except RetryableDeliveryError as error:
                    log.warning("wechat_token_kept", app_id=keys.app_id, code=error.code)
        return held.token

    def _renewed(self, keys: WeChatKeys, good: Callable[[Held | None], bool], *, failed: str = "") -> str:
        with self._lock(keys.app_id, wait=WAIT_SECONDS, until=lambda: good(self._read(keys))) as mine:
            held = self._read(keys)
            if held is not None and good(held):
                return held.token
            if not mine:
                raise RetryableDeliveryError(code="token_busy", after_seconds=LOCK_SECONDS)
            fetched = self._fetched(keys, force=False)
            if fetched.token == failed:
                if not self._may_force(keys.app_id):
                    raise RetryableDeliveryError(code="token_refused", after_seconds=60)
                fetched = self._fetched(keys, force=True)
            return fetched.token

    def _fetched(self, keys: WeChatKeys, *, force: bool) -> Held:
        token, seconds = self._fetch(keys, force)
        now = self._clock.now()
        ends_at = now + timedelta(seconds=seconds)
        held = Held(token, max(ends_at - RENEW_BEFORE, now + timedelta(seconds=seconds / 2)), ends_at)
        self._write(keys, held, seconds)
        log.info("wechat_token", app_id=keys.app_id, seconds=seconds, forced=force)
        return held

    def _read(self, keys: WeChatKeys) -> Held | None:
        try:
            stored = self._redis.get(place_of(keys))
        except RedisError:
            held = self._own.get(place_of(keys))
        else:
            held = _held(stored)
        return held if held is not None and self._clock.now() < held.ends_at else None

    def _write(self, keys: WeChatKeys, held: Held, seconds: int) -> None:
        self._own[place_of(keys)] = held
        facts = {"token": held.token, "renew_at": held.renew_at.isoformat(), "ends_at": held.ends_at.isoformat()}
        try:
            self._redis.set(place_of(keys), json.dumps(facts), ex=max(1, seconds))
        except RedisError as error:
            log.warning("wechat_token_not_shared", app_id=keys.app_id, error=type(error).__name__)

    def _may_force(self, app_id: str) -> bool:
        """Once in `FORCE_PAUSE_SECONDS`; never while Redis is away, since then nobody counts."""
        try:
            return bool(self._redis.set(f"{PREFIX}{app_id}:forced", "1", nx=True, ex=FORCE_PAUSE_SECONDS))
        except RedisError:
            return False

    @contextmanager
    def _lock(self, app_id: str, *, wait: float, until: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Whether the lock is ours: of this process first, then of all; False when it wasn't free in time, or `until` came true."""
        with self._guard:
            own = self._locks.setdefault(app_id, threading.Lock())
        end = time.monotonic() + wait
        if not own.acquire(timeout=wait) if wait else not own.acquire(blocking=False):
            yield False
            return
        try:
            name = uuid.uuid4().hex
            mine = self._take(app_id, name)
            while not mine and time.monotonic() < end and not until():
                time.sleep(LOOK_AGAIN_SECONDS)
                mine = self._take(app_id, name)
            try:
                yield mine
            finally:
                if mine:
                    self._release(app_id, name)
        finally:
            own.release()

    def _take(self, app_id: str, name: str) -> bool:
        try:
            return bool(self._redis.set(f"{PREFIX}{app_id}:lock", name, nx=True, ex=LOCK_SECONDS))
        except RedisError:
            return True

    def _release(self, app_id: str, name: str) -> None:
        try:
            self._redis.eval(_RELEASE, 1, f"{PREFIX}{app_id}:lock", name)
        except RedisError:
            log.warning("wechat_token_lock_left", app_id=app_id)


def _held(stored: object) -> Held | None:
    if not isinstance(stored, bytes | str):
        return None
    try:
        facts = json.loads(stored)
        return Held(facts["token"], datetime.fromisoformat(facts["renew_at"]), datetime.fromisoformat(facts["ends_at"]))
    except (ValueError, LookupError, TypeError):
        return None
