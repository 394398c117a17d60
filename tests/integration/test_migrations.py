"""Migrations go up, down and up again, end where the models are, and keep history from being rewritten."""

import threading
import uuid
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

import intake.migrations
from intake.adapters.migrate import current, downgrade, head, upgrade
from intake.models import Base
from intake.wiring import Wiring
from tests.conftest import test_database_url
from tests.factories.matters import told
from tests.factories.town import Town

APPEND_ONLY = ("history", "audit_entries", "audit_links")
TABLES = sorted(Base.metadata.tables)


def superuser(database: str) -> psycopg.Connection[Any]:
    return connected("zhibao_super", database)


def connected(user: str, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(test_database_url(user, database).replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def revisions() -> list[str]:
    """Oldest first."""
    config = Config()
    config.set_main_option("script_location", str(next(iter(intake.migrations.__path__))))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture
def empty() -> Iterator[str]:
    """A database of the owner without any table of ours."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    with superuser("postgres") as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER zhibao_owner TEMPLATE zhibao STRATEGY FILE_COPY")
    yield name
    with superuser("postgres") as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def at(database: str) -> str:
    engine = create_engine(test_database_url("zhibao_owner", database), poolclass=pool.NullPool)
    with engine.connect() as connection:
        return current(connection)


SHAPE = {
    "columns": """SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, '') FROM information_schema.columns
                  WHERE table_schema = 'public' AND table_name <> 'alembic_version'""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
                      WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text <> 'alembic_version'""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
    "sequences": "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
}


def shape(database: str) -> dict[str, set[tuple[Any, ...]]]:
    """Everything the models promise: columns, constraints with their texts, indexes with their conditions, sequences."""
    with superuser(database) as admin:
        return {part: set(admin.execute(query).fetchall()) for part, query in SHAPE.items()}


def test_each_revision_goes_up_down_and_up_on_an_empty_database(empty: str) -> None:
    url, before = test_database_url("zhibao_owner", empty), shape(empty)
    steps = ["base", *revisions()]
    assert steps[-1] == head()
    for below, revision in pairwise(steps):
        upgrade(url, revision=revision)
        raised = shape(empty)
        downgrade(url, revision=below)
        assert at(empty) == ("" if below == "base" else below)
        upgrade(url, revision=revision)
        assert at(empty) == revision
        assert shape(empty) == raised
    downgrade(url, revision="base")
    assert shape(empty) == before


def test_models_and_migrations_agree(database: str) -> None:
    engine = create_engine(test_database_url("zhibao_owner", database), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


# Alembic compares neither conditions nor values: a state added to an enum without a migration would be refused by the old CHECK.
def test_models_and_migrations_agree_to_the_letter(empty: str, database: str) -> None:
    engine = create_engine(test_database_url("zhibao_owner", empty), poolclass=pool.NullPool)
    Base.metadata.create_all(engine)
    made, migrated = shape(empty), shape(database)
    for part in SHAPE:
        assert made[part] == migrated[part], part
    assert len(migrated["constraints"]) > len(TABLES)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("user", ["zhibao_app", "zhibao_owner"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE", "DELETE FROM {} WHERE id < 0"])
def test_nobody_rewrites_history(wiring: Wiring, town: Town, database: str, table: str, user: str, act: str) -> None:
    told(wiring, town.longchi_code, "路灯坏了")
    with connected(user, database) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(act.format(table))


@pytest.mark.parametrize(
    "act",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE history DISABLE TRIGGER ALL",
        "DROP TRIGGER history_append_only ON history",
        "DROP TABLE submissions",
        "ALTER TABLE submissions ADD COLUMN more text",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "TRUNCATE submissions",
        "UPDATE alembic_version SET version_num = 'x'",
        "SET session_replication_role = replica",
        "SET ROLE zhibao_owner",
    ],
)
def test_the_application_changes_rows_and_never_the_house(database: str, act: str) -> None:
    with connected("zhibao_app", database) as connection:
        before = shape(database)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(act)
        assert shape(database) == before


@pytest.mark.parametrize("table", [table for table in TABLES if table not in APPEND_ONLY])
def test_the_application_reads_and_writes_every_other_table(database: str, table: str) -> None:
    with connected("zhibao_app", database) as connection:
        connection.execute(f"SELECT 1 FROM {table} LIMIT 1")
        connection.execute(f"DELETE FROM {table} WHERE false")
        columns = Base.metadata.tables[table].primary_key.columns
        connection.execute(f"UPDATE {table} SET {columns[0].name} = {columns[0].name} WHERE false")


def test_two_starters_do_not_race(empty: str) -> None:
    url, errors = test_database_url("zhibao_owner", empty), list[BaseException]()

    def start() -> None:
        try:
            upgrade(url)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the assertion shows it
            errors.append(error)

    starters = [threading.Thread(target=start) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert errors == []
    assert at(empty) == head()


def test_every_row_carries_its_district() -> None:
    reasons = {
        "areas": "a city stands above districts, so the column may be empty there",
        "audit_links": "a link belongs to the chain of the house; its entry has the district",
        "wechat_messages": "a message may come before its point is known",
        "wechat_accounts": "a city's account serves every district below it",
        "wechat_templates": "as their account",
        "wechat_followers": "somebody may write before a point is known",
        "wechat_rights": "as their follower",
        "chat_drafts": "words may come before the point is picked",
        "chat_parts": "as their draft",
        "submission_files": "a picture may come before its point is known",
    }
    without = {
        name for name, table in Base.metadata.tables.items() if "district_id" not in table.columns or table.columns["district_id"].nullable
    }
    assert without == set(reasons)
