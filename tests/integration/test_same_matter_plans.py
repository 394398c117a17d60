"""How PostgreSQL answers a lookup of the same matter: by key, whatever the planner believes.

Each in a database of its own: what a planner without statistics believes depends on how many pages the tests before have filled.
"""

import random
import re
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from intake.queries.same_matter import Question, document_counts, earlier_rows, sharing_rare_grams
from intake.wiring import Wiring
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.test_same_matter_lookup import LAMP, LONG_AGO, in_process, statements
from workers.jobs import triage_batch

__all__ = ["in_process"]

READ_BY_KEY = ("gram_sightings", "gram_counts", "submission_grams", "submissions", "contributors", "topics")
BITMAP_READ = re.compile(r"Bitmap Heap Scan on (?P<table>\w+)[^\n]*\n\s*Recheck Cond: (?P<condition>[^\n]*)")
BY_KEY = re.compile(r"\b(id|submission_id|gram) = ")


@pytest.fixture
def database(fresh_database: str) -> str:
    """Never used before."""
    return fresh_database


@pytest.mark.parametrize("analysed", [False, True], ids=["without statistics", "with statistics"])
@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
def test_a_lookup_reads_rows_by_their_key_whatever_the_planner_believes(
    wiring: Wiring, town: Town, session: Session, analysed: bool, plans: str
) -> None:
    say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    chance = random.Random(1)
    changes = {
        "submissions": "'id', 100000 + n, 'receipt_number', 'T' || n",
        "topics": "'id', 100000 + n, 'number', 'T' || n",
        "contributors": "'id', 100000 + n, 'topic_id', 100000 + n, 'submission_id', 100000 + n",
        "submission_grams": "'submission_id', 100000 + n",
    }
    for table, change in changes.items():
        session.execute(
            text(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(one, jsonb_build_object({change}))).* "
                f"FROM {table} AS one, generate_series(1, 5000) AS n"
            )
        )
    for table, column in (("gram_counts", "7"), ("gram_sightings", "ARRAY[100001, 100002]::bigint[]")):
        session.execute(
            text(f"INSERT INTO {table} SELECT :district, n, {column} FROM generate_series(1, 5000) n"),
            {"district": town.district_id},
        )
    session.commit()
    if analysed:
        owner = create_engine(wiring.settings.owner_database_url, isolation_level="AUTOCOMMIT")  # only the owner may
        with owner.connect() as connection:
            for table in READ_BY_KEY:
                connection.execute(text(f"VACUUM (ANALYZE) {table}"))
        owner.dispose()
    grams = chance.sample(range(1, 5001), 3000)
    with statements(session) as seen:
        questions = [Question(dict.fromkeys(grams[at : at + 60], 1.0), LONG_AGO) for at in range(0, 3000, 60)]
        sharing_rare_grams(session, district_id=town.district_id, questions=questions, limit=60)
        earlier_rows(session, range(100_001, 101_001))
        document_counts(session, district_id=town.district_id, grams=grams)
    session.execute(text(f"SET LOCAL plan_cache_mode = {plans}"))
    for at, (statement, parameters) in enumerate(list(seen)):
        plan = "\n".join(plan_of(session, f"lookup_{at}", statement, parameters))
        assert "Index" in plan
        for table in READ_BY_KEY:
            assert f"Seq Scan on {table}" not in plan, plan
            for found in BITMAP_READ.finditer(plan):  # a bitmap of one key reads that row alone; of anything else, pages of others
                assert found["table"] != table or BY_KEY.search(found["condition"]), plan


def plan_of(session: Session, name: str, statement: str, parameters: dict[str, Any]) -> list[str]:
    """The plan of the very statement, prepared as psycopg prepares what is sent often."""
    connection = session.connection()
    names = list(dict.fromkeys(part.split(")s")[0] for part in statement.split("%(")[1:]))
    numbered = statement
    for at, each in enumerate(names, 1):
        numbered = numbered.replace(f"%({each})s", f"${at}")
    types = ", ".join("unknown" for _ in names)
    connection.exec_driver_sql(f"PREPARE {name} ({types}) AS {numbered.replace('%', '%%')}")

    def literal(value: Any) -> str:
        return f"'{{{','.join(map(str, value))}}}'" if isinstance(value, list) else f"'{value}'"

    values = ", ".join(literal(parameters[each]) for each in names)
    plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE {name} ({values})".replace("%", "%%"))]
    connection.exec_driver_sql(f"DEALLOCATE {name}")
    return plan
