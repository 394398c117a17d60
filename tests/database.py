"""One database a test process, emptied back to the seeded state after each test: twenty times cheaper than a copy of its own for each.

What a test changed in rows and sequences is undone. Whoever changes the tables themselves asks for `fresh_database`.
"""

import os
import sys
import uuid
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg._preparing import PrepareManager
from sqlalchemy import Engine, QueuePool, make_url
from sqlalchemy.orm import Session, sessionmaker

from intake.wiring import Wiring

TEMPLATE = "zhibao_template"
_MOST_TESTS = 400
"""Then a new copy: deleted rows pile up."""
_SHAPE = """SELECT count(*), coalesce(sum(CASE WHEN t.tgenabled <> 'O' THEN 1 ELSE 0 END), 0),
    (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace), (SELECT count(*) FROM pg_constraint)
    FROM pg_trigger t"""
_COLUMNS = """SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"""
_KNOWN = {"workers.suggestion": "_counts", "workers.jobs.triage_batch": "_names"}
"""Where a worker keeps for a minute what it read in a database, by its engine: the engine stays, the rows don't."""
_SEQUENCES = """SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL
    FROM pg_sequences WHERE schemaname = 'public'"""


def admin_url(database: str) -> str:
    """Where the superuser reaches `database`."""
    return os.environ["ZHIBAO_TEST_PG"].format(database).replace("postgresql+psycopg://", "postgresql://")


def copy_template() -> str:
    """The name of a fresh copy of the seeded template."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(admin_url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER zhibao_owner TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
    return name


def drop(name: str) -> None:
    """Away with it, whoever is still connected."""
    with psycopg.connect(admin_url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass
class ReusedDatabase:
    """A copy of the template that `reset` brings back to how it began."""

    name: str = field(default_factory=copy_template)
    tests: int = 0
    _lent: dict[tuple[str, int], tuple[Engine, Engine, sessionmaker[Session]]] = field(default_factory=dict)
    """Address and size of the pool → what stands on it."""

    def __post_init__(self) -> None:
        self._connection = psycopg.connect(admin_url(self.name), autocommit=True)
        run = self._connection.execute
        run("SET lock_timeout = '5s'; SET statement_timeout = '30s'; SET session_replication_role = replica")
        self._empty = sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in self._tables())
        run(
            sql.SQL("CREATE FUNCTION pg_temp.begin_anew() RETURNS void LANGUAGE plpgsql AS {}").format(
                sql.Literal(sql.SQL("BEGIN {}; {}; END").format(self._empty, self._as_seeded()).as_string(self._connection))
            )
        )
        self._shape = run(_SHAPE).fetchall()

    def _tables(self) -> list[str]:
        found = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        return sorted(table for (table,) in found.fetchall())

    def _as_seeded(self) -> sql.Composed:
        """Statements that bring rows and sequences back into empty tables; the rows are kept where only this connection sees them."""
        run = self._connection.execute
        steps: list[sql.Composed] = []
        for table in self._tables():
            kept, original = sql.Identifier("pg_temp", f"seeds_of_{table}"), sql.Identifier(table)
            if run(sql.SQL("SELECT FROM {} LIMIT 1").format(original)).fetchone() is not None:
                run(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, original))
                columns = sql.SQL(", ").join(sql.Identifier(column) for (column,) in run(_COLUMNS, (table,)).fetchall())
                put_back = "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}"
                steps.append(sql.SQL(put_back).format(original, columns, columns, kept))
        for name, value, called in run(_SEQUENCES).fetchall():
            steps.append(sql.SQL("PERFORM setval({}, {}, {})").format(sql.Literal(name), sql.Literal(value), sql.Literal(called)))
        return sql.SQL(";").join(steps)

    def clear(self) -> None:
        """Not one row, not even the town's; `reset` brings it back."""
        self._connection.execute(self._empty)

    def reset(self) -> bool:
        """Undo what a test did to rows and sequences; False when it did more, and this database can't be used again.

        One function whose statements are planned once: a fourth of what they cost one by one, and one round trip.
        """
        for module, name in _KNOWN.items():
            if module in sys.modules:
                getattr(sys.modules[module], name).clear()
        self.tests += 1
        if self.tests >= _MOST_TESTS:
            return False
        try:
            if self._connection.execute(_SHAPE).fetchall() != self._shape:
                return False
            self._connection.execute("SELECT pg_temp.begin_anew()")
        except psycopg.Error:
            return False
        return True

    def lend(self, wired: Wiring) -> None:
        """Let `wired` work on the engine of the tests before it: statements are compiled once, connections stay open."""
        if make_url(wired.settings.database_url).database == self.name:
            kind = (wired.settings.database_url, wired.settings.web_threads)
            own = (_unhurried(wired.engine), wired.reading, wired.sessions)
            wired.engine, wired.reading, wired.sessions = self._lent.setdefault(kind, own)

    def take_back(self, wired: Wiring) -> None:
        """End with `wired`; its engine stays for the next test unless somebody still holds one of its connections."""
        pool = wired.engine.pool
        if any(wired.engine is engine for engine, _, _ in self._lent.values()) and isinstance(pool, QueuePool) and pool.checkedout() == 0:
            wired.redis.close()
        else:
            wired.close()

    def discard(self) -> None:
        """Close and drop."""
        for engine, _, _ in self._lent.values():
            engine.dispose()
        self._connection.close()
        drop(self.name)


def _keep_what_was_prepared(_: PrepareManager) -> bool:
    """With every rollback psycopg forgets what was prepared, since a table may have been made anew; then PostgreSQL plans all of it again,
    which took half of its time: a test that only looks ends with one. Whoever does make tables anew has a database of their own.
    """
    return False


PrepareManager.clear = _keep_what_was_prepared  # type: ignore[assignment]


def _unhurried(engine: Engine) -> Engine:
    """A request waits 5 s for a connection; many threads on a busy machine may wait longer without a fault of theirs."""
    if isinstance(engine.pool, QueuePool):
        engine.pool._timeout = 60.0
    return engine


_kept: dict[str, Any] = {}


def reused() -> ReusedDatabase:
    """This process's database."""
    if "database" not in _kept:
        _kept["database"] = ReusedDatabase()
    found: ReusedDatabase = _kept["database"]
    return found


def give_back(database: ReusedDatabase) -> None:
    """Make it ready for the next test, or let the next test have a new one."""
    if not database.reset():
        discard()


def discard() -> None:
    """End with it."""
    kept = _kept.pop("database", None)
    if kept is not None:
        kept.discard()
