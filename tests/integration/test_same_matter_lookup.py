"""The same-matter index: what it knows, what a lookup reads, and that neither grows with the district."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from intake.ports import NullJobQueue
from intake.queries.same_matter import (
    SIGHTINGS_KEPT,
    Question,
    document_counts,
    documents_total,
    earlier_rows,
    sharing_rare_grams,
    sighting,
)
from intake.wiring import Wiring
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import assert_triaged_exactly_once, jobs_in_this_process
from workers.jobs import triage_batch

LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了"
LAMP_AGAIN = "幸福里3栋楼下路灯坏了没人修，晚上太黑"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
READ_BY_KEY = ("gram_sightings", "gram_counts", "submission_grams", "submissions", "contributors", "topics")
BITMAP_READ = re.compile(r"Bitmap Heap Scan on (?P<table>\w+)[^\n]*\n\s*Recheck Cond: (?P<condition>[^\n]*)")
BY_KEY = re.compile(r"\b(id|submission_id|gram) = ")


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


@contextmanager
def statements(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    seen: list[tuple[str, Any]] = []

    def listen(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        seen.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def rare_of(session: Session, submission_id: int) -> list[int]:
    return list(session.execute(text("SELECT rare FROM submission_grams WHERE submission_id = :id"), {"id": submission_id}).scalar_one())


def test_the_index_finds_who_shares_rare_grams_and_knows_its_counts(wiring: Wiring, town: Town, session: Session) -> None:
    first, second = (say(wiring, town.longchi_code, words).submission_id for words in (LAMP, LAMP_AGAIN))
    triage_batch.run()
    rare = rare_of(session, second)
    counts = document_counts(session, district_id=town.district_id, grams=[*rare, 12345])
    assert set(counts.values()) == {1, 2}
    assert 12345 not in counts
    assert documents_total(session, district_id=town.district_id) == 2
    weights = dict.fromkeys(rare, 2.0)
    questions = [Question(weights, LONG_AGO), Question({}, LONG_AGO), Question(weights, wiring.clock.now() + timedelta(days=2))]
    found = sharing_rare_grams(session, district_id=town.district_id, questions=questions, limit=5)
    assert found[0][0][1] == pytest.approx(2.0 * len(rare))
    assert [submission_id for submission_id, _ in found[0]] == [second, first]
    assert found[1:] == ((), ())
    assert sharing_rare_grams(session, district_id=town.district_id, questions=questions[:1], limit=1)[0] == found[0][:1]
    assert sharing_rare_grams(session, district_id=town.district_id + 1, questions=questions[:1], limit=5) == ((),)
    assert set(earlier_rows(session, [first, second, 10**9])) == {first, second}


def test_a_gram_remembers_only_the_last_who_said_it(wiring: Wiring, town: Town, session: Session) -> None:
    stored = [say(wiring, town.longchi_code, LAMP).submission_id for _ in range(SIGHTINGS_KEPT + 6)]
    triage_batch.run()
    seen = session.execute(text("SELECT seen FROM gram_sightings")).scalars().all()
    assert max(map(len, seen)) == SIGHTINGS_KEPT
    assert [sighting(one, wiring.clock.now()) for one in stored[: -SIGHTINGS_KEPT - 1 : -1]] in seen


def test_days_sort_before_ids() -> None:
    day = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert sighting(5, day) < sighting(6, day) < sighting(1, day + timedelta(days=1))


def test_a_batch_asks_as_often_as_one_message(wiring: Wiring, town: Town, session: Session) -> None:
    counted = []
    for number in (3, 30):  # the first looks at one matter, one topic and several people, as the second does
        for _ in range(number):
            say(wiring, town.longchi_code, LAMP)
        triage_batch.run()
        say(wiring, town.longchi_code, LAMP)
        for _ in range(number - 1):
            say(wiring, town.longchi_code, LAMP_AGAIN)
        with statements(session) as seen:
            triage_batch.run()
        counted.append([statement.split("(")[0][:60] for statement, _ in seen])
    assert len(counted[0]) >= len(counted[1]), counted
    assert_triaged_exactly_once(session, 66)


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
        owner = create_engine(
            wiring.settings.owner_database_url, isolation_level="AUTOCOMMIT"
        )  # only the owner may; else autovacuum does it
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
