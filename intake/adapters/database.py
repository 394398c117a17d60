"""The engine: one pool a process, pre-pinged so that a restarted PostgreSQL is noticed by the pool and not by a resident."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker


def make_engine(url: str, *, pool_size: int) -> Engine:
    """An engine with `pool_size` connections, each limited to 15 s a statement."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_pre_ping=True,
        pool_timeout=5,
        pool_recycle=1800,
        connect_args={"connect_timeout": 3, "options": "-c statement_timeout=15000 -c timezone=UTC -c lock_timeout=10000"},
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions that keep attributes readable after commit, so that a view may use what a service returned."""
    return sessionmaker(engine, expire_on_commit=False)
