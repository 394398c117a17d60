"""A copy of the database to read figures from, so that counting never slows the desk down; while it can't be used the database itself is read."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from intake.adapters.database import make_engine

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

MOST_BEHIND = timedelta(minutes=10)
"""A copy further behind isn't read."""
REST_SECONDS = 30.0
"""So long a copy that failed is left alone: whoever waits shouldn't wait for it again."""
_BEHIND = text("""
SELECT CASE
  WHEN NOT pg_is_in_recovery() THEN 0
  WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
  ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 864000)
END""")
"""Seconds. Where nothing is written the last transaction is old though nothing is missing, hence the second line; one that has replayed nothing
yet counts as ten days behind.
"""


@dataclass(frozen=True, slots=True)
class Read(Generic[Value]):
    """What was read, and from where."""

    value: Value
    behind: timedelta | None = None
    """How far the copy is behind; None where there is none or it doesn't answer."""
    instead: bool = False
    """Whether the database itself was read though there is a copy."""


class Replica:
    """The copy; connects when first asked."""

    def __init__(self, url: str, *, pool_size: int) -> None:
        self._engine = make_engine(url, pool_size=pool_size)
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._rests_until = 0.0

    def read(self, ask: Callable[[Session], Value], *, instead: Callable[[], Value]) -> Read[Value]:
        """What `ask` says of the copy, or `instead` where that is away, too far behind or fails; what `ask` itself refuses is raised."""
        behind: timedelta | None = None
        if time.monotonic() >= self._rests_until:
            try:
                with Session(self._reading) as session:
                    behind = self.behind(session)
                    if behind <= MOST_BEHIND:
                        return Read(ask(session), behind)
            except SQLAlchemyError as error:
                self._rests_until = time.monotonic() + REST_SECONDS
                log.warning("replica_failed", error=type(error).__name__)
        return Read(instead(), behind, instead=True)

    def behind(self, session: Session) -> timedelta:
        """How far it is behind what it copies."""
        return timedelta(seconds=float(session.execute(_BEHIND).scalar_one()))

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()
