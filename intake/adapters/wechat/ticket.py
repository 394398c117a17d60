"""The jsapi_ticket of an account, which a worker leaves in Redis and pages only read."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from intake.domain.errors import RetryableDeliveryError
from intake.ports import Clock

PREFIX = "zhibao:wechat:ticket:"
RENEW_BEFORE = timedelta(minutes=10)


class Tickets:
    """Keeps tickets for all processes; fetching one twice gives the same, so there is no lock."""

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    def current(self, app_id: str) -> str | None:
        """The ticket; None where there is none, it is over, or Redis is away."""
        try:
            found = self._read(app_id)
        except RedisError:
            return None
        return found[0] if found and self._clock.now() < found[1] else None

    def renew(self, app_id: str, fetch: Callable[[], tuple[str, int]]) -> None:
        """Fetch and leave a ticket unless there is one for ten more minutes; RetryableDeliveryError `redis` when it can't be left."""
        try:
            found = self._read(app_id)
            if found and self._clock.now() < found[1] - RENEW_BEFORE:
                return
            ticket, seconds = fetch()
            facts = {"ticket": ticket, "ends_at": (self._clock.now() + timedelta(seconds=seconds)).isoformat()}
            self._redis.set(PREFIX + app_id, json.dumps(facts), ex=max(1, seconds))
        except RedisError:
            raise RetryableDeliveryError(code="redis") from None

    def _read(self, app_id: str) -> tuple[str, datetime] | None:
        stored = self._redis.get(PREFIX + app_id)
        if not isinstance(stored, bytes | str):
            return None
        try:
            facts = json.loads(stored)
            return str(facts["ticket"]), datetime.fromisoformat(facts["ends_at"])
        except (ValueError, LookupError, TypeError):
            return None
