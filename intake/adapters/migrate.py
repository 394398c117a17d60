"""Bringing a database to the newest shape, under a lock so that two starters don't race."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

_LOCK = 7_210_433
"""Advisory lock number of migrations; any constant that nothing else uses."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    return config


def upgrade(url: str, *, revision: str = "head") -> None:
    """Run every pending migration as the owner at `url`."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, *, revision: str) -> None:
    """Take migrations back to `revision`."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, work: "object") -> None:
    assert callable(work)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as guard:
        guard.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _LOCK})
        guard.commit()
        config = _config()
        config.attributes["url"] = url
        work(config)


def head() -> str:
    """The newest revision in the code."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(connection: Connection) -> str:
    """The revision the database is at, empty for none."""
    return MigrationContext.configure(connection).get_current_revision() or ""
