"""The engine: one pool a process; a restarted PostgreSQL is noticed by the pool, at most one request a process pays for it."""

import time

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

REST_SECONDS = 1.0


def make_engine(url: str, *, pool_size: int) -> Engine:
    """An engine with `pool_size` connections, each limited to 15 s a statement."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        hide_parameters=True,  # an error's text must not quote a resident
        pool_timeout=5,
        pool_recycle=1800,
        connect_args={"connect_timeout": 3, "options": "-c statement_timeout=15000 -c timezone=UTC -c lock_timeout=10000 -c jit=off"},
    )
    _ping_after_idle(engine)
    return engine


def _ping_after_idle(engine: Engine) -> None:
    """Ask a connection that rested over a second whether it still lives; asking each time would cost every request a round trip.

    A connection that died while busy fails one request, and SQLAlchemy then empties the whole pool.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["rested_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info.get("rested_since", float("inf")) > REST_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions that keep attributes readable after commit, so that a view may use what a service returned."""
    return sessionmaker(engine, expire_on_commit=False)
