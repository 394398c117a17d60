"""The same-matter index: what it knows, what a lookup reads, and that neither grows with the district."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
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
