"""The triage job on a real database: once and only once, together, and past a message that breaks it."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.orm import Session

from intake.domain.submission import SubmissionState, Urgency
from intake.models import Contributor, Finding, Submission, Topic
from intake.ports import NullJobQueue, Wake
from intake.queries.same_matter import candidates, document_counts, documents_total
from intake.services.submission_triage import store_result
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town
from tests.integration.jobs import assert_triaged_exactly_once, in_state, jobs_in_this_process, topics_of
from workers.jobs import triage_batch
from workers.triage.message import Finding as Found
from workers.triage.message import Message
from workers.triage.pipeline import Stage, default_pipeline

DEMO = Path(__file__).parents[2] / "intake/cli/demo_data/messages.jsonl"
LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了"
LAMP_AGAIN = "幸福里3栋楼下路灯坏了没人修，晚上太黑"
PARKING = "紫薇苑停车位不够，天天有人堵住消防通道"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def test_a_sentence_gets_masked_words_category_owner_and_a_place(wiring: Wiring, town: Town, session: Session) -> None:
    stored = say(wiring, town.longchi_code, LAMP + "，电话13812345678")
    triage_batch.run()
    submission = submission_of(wiring, stored)
    assert submission.state is SubmissionState.TRIAGED
    assert "13812345678" not in submission.text_masked
    assert submission.text_written.endswith("13812345678")
    assert submission.category is not None
    assert submission.owner_id == town.zhou_id
    finding = session.scalars(select(Finding)).one()
    assert finding.content["verdict"] == "open"
    assert "13812345678" not in str(finding.content)
    topic = session.scalars(select(Topic)).one()
    assert "13812345678" not in topic.title
    assert topic.suggested_count == 1


def test_the_second_word_about_a_lamp_is_suggested_for_the_first_ones_topic_with_reasons(
    wiring: Wiring, town: Town, session: Session
) -> None:
    say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    say(wiring, town.longchi_code, PARKING)
    say(wiring, town.longchi_code, LAMP_AGAIN)
    triage_batch.run()
    rows = session.scalars(select(Contributor).order_by(Contributor.submission_id)).all()
    assert [row.topic_id == rows[0].topic_id for row in rows] == [True, False, True]
    assert any("同一地点" in reason for reason in rows[2].reasons)
    assert any("同一问题" in reason for reason in rows[2].reasons)
    assert all(row.reasons for row in rows)


def test_the_place_that_was_typed_apart_counts_like_the_sentence(wiring: Wiring, town: Town, session: Session) -> None:
    say(wiring, town.longchi_code, LAMP)
    say(wiring, town.longchi_code, "路灯坏了半个月没人修，晚上太黑", place="幸福里3栋")
    triage_batch.run()
    assert [len(ids) for ids in topics_of(session).values()] == [2]


def test_a_second_run_changes_nothing(wiring: Wiring, town: Town, session: Session) -> None:
    for sentence in (LAMP, LAMP_AGAIN, PARKING):
        say(wiring, town.longchi_code, sentence)
    triage_batch.run()
    before = topics_of(session)
    triage_batch.run()
    assert_triaged_exactly_once(session, 3)
    assert topics_of(session) == before


def test_more_than_one_batch_is_worked_off_in_one_run(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triage_batch, "BATCH", 3)
    for number in range(8):
        say(wiring, town.longchi_code, f"龙池社区第{number}件事：{PARKING}")
    triage_batch.run()
    assert_triaged_exactly_once(session, 8)


def test_a_run_that_took_too_long_wakes_its_successor(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage_batch, "BATCH", 1)
    monkeypatch.setattr(triage_batch, "SECONDS", -1.0)
    say(wiring, town.longchi_code, LAMP)
    say(wiring, town.longchi_code, PARKING)
    queue = NullJobQueue()
    wiring.queue = queue
    triage_batch.run()
    assert Wake.TRIAGE in queue.woken


def test_two_workers_at_once_open_one_topic_for_one_lamp(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triage_batch, "BATCH", 3)
    strangers = [json.loads(line)["text"] for line in DEMO.read_text(encoding="utf-8").splitlines()[:60]]
    for number, stranger in enumerate(strangers):
        say(wiring, town.shiqiao_code, stranger.replace("幸福里", "平安里"))
        if number % 3 == 0:
            say(wiring, (town.longchi_code, town.ziwei_code)[number % 2], LAMP_AGAIN)
    errors: list[BaseException] = []
    ready = threading.Barrier(2)

    def work() -> None:
        try:
            ready.wait()
            triage_batch.run()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert_triaged_exactly_once(session, len(strangers) + 20)
    lamps = set(session.scalars(select(Submission.id).where(Submission.text_written == LAMP_AGAIN)))
    assert [ids & lamps for ids in topics_of(session).values() if ids & lamps] == [lamps]


def breaking_at(word: str, error: Exception) -> Callable[[Any], Stage]:
    """A pipeline that breaks at messages which hold `word`."""
    make = default_pipeline

    def broken(taxonomy: Any) -> Stage:
        stages = make(taxonomy)

        def run(message: Message, finding: Found) -> Found:
            if word in message.text:
                raise error
            return stages(message, finding)

        return run

    return broken


def test_a_message_that_breaks_the_machine_goes_to_a_person_and_holds_up_nobody(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triage_batch, "default_pipeline", breaking_at("有毒", ValueError("有毒 13812345678")))
    poisonous = say(wiring, town.longchi_code, "有毒的一句话，电话13812345678")
    say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    assert_triaged_exactly_once(session, 2)
    submission = submission_of(wiring, poisonous)
    assert submission.text_masked == "有毒的一句话，电话138••••5678"
    assert (submission.category, submission.urgency) == (None, Urgency.SOON)
    finding = session.scalars(select(Finding).where(Finding.submission_id == submission.id)).one()
    assert finding.model_version.endswith("+failed")
    assert finding.content["verdict"] == "unsure"
    assert "138" not in str(finding.content)


def test_nothing_unmasked_is_shown_when_even_masking_breaks(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise ValueError(text)

    monkeypatch.setattr(triage_batch, "default_pipeline", breaking_at("有毒", ValueError()))
    monkeypatch.setattr("workers.suggestion.personal_data", broken)
    poisonous = say(wiring, town.longchi_code, "有毒的一句话，电话13812345678")
    triage_batch.run()
    assert submission_of(wiring, poisonous).text_masked == ""


def test_a_row_that_cannot_be_stored_by_the_machine_is_stored_without_it(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store_result

    def picky(session: Session, submission: Submission, result: Any, **rest: Any) -> Any:
        topic = real(session, submission, result, **rest)
        if "紫薇苑" in result.masked and result.category is not None:
            session.execute(text("SELECT 1/0"))
        return topic

    monkeypatch.setattr(triage_batch, "store_result", picky)
    say(wiring, town.longchi_code, LAMP)
    poisonous = say(wiring, town.longchi_code, PARKING)
    say(wiring, town.longchi_code, LAMP_AGAIN)
    triage_batch.run()
    assert_triaged_exactly_once(session, 3)
    assert [len(ids) for ids in topics_of(session).values()] == [2]
    assert submission_of(wiring, poisonous).text_masked == PARKING


def test_a_row_that_cannot_be_stored_at_all_waits_while_the_others_go_on(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store_result

    def refuses(session: Session, submission: Submission, result: Any, **rest: Any) -> Any:
        if "紫薇苑" in submission.text_written:
            raise ValueError(submission.text_written)
        return real(session, submission, result, **rest)

    monkeypatch.setattr(triage_batch, "BATCH", 1)
    monkeypatch.setattr(triage_batch, "store_result", refuses)
    for sentence in (PARKING, PARKING, LAMP):
        say(wiring, town.longchi_code, sentence)
    triage_batch.run()
    assert in_state(session, SubmissionState.RECEIVED) == 2
    assert in_state(session, SubmissionState.TRIAGED) == 1
    monkeypatch.setattr(triage_batch, "store_result", real)
    session.rollback()
    triage_batch.run()
    assert_triaged_exactly_once(session, 3)


def test_the_machine_gives_way_to_a_person_who_holds_a_topic(wiring: Wiring, town: Town, session: Session) -> None:
    say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    say(wiring, town.longchi_code, LAMP_AGAIN)
    with wiring.sessions() as screen:
        screen.execute(select(Topic).with_for_update())
        triage_batch.run()
        assert in_state(session, SubmissionState.RECEIVED) == 1
    session.rollback()
    triage_batch.run()
    assert_triaged_exactly_once(session, 2)


def test_a_sentence_older_than_the_window_is_another_matter(wiring: Wiring, town: Town, session: Session) -> None:
    now = wiring.clock.now()
    wiring.workflow = replace(wiring.workflow, same_matter=replace(wiring.workflow.same_matter, window_days=30))
    say(wiring, town.longchi_code, LAMP_AGAIN, at=now - timedelta(days=31))
    say(wiring, town.longchi_code, LAMP_AGAIN, at=now)
    triage_batch.run()
    assert sorted(len(ids) for ids in topics_of(session).values()) == [1, 1]


def test_nothing_gathers_around_a_sentence_that_was_taken_back(wiring: Wiring, town: Town, session: Session) -> None:
    first = say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    withdraw(session, submission_id=first.submission_id, at=wiring.clock.now())
    session.commit()
    say(wiring, town.longchi_code, LAMP_AGAIN)
    triage_batch.run()
    verdicts = [content["verdict"] for content in session.scalars(select(Finding.content).order_by(Finding.id))]
    assert verdicts == ["open", "open"]


def test_the_own_street_comes_first_among_equals(wiring: Wiring, town: Town, session: Session) -> None:
    here = say(wiring, town.longchi_code, LAMP)
    there = say(wiring, town.shiqiao_code, LAMP)
    triage_batch.run()
    rare = dict.fromkeys(index_row(session, here.submission_id), 2.0)
    for street, nearer in ((street_path(session, town.longchi_id), here), (street_path(session, town.shiqiao_id), there)):
        rows = candidates(session, district_id=town.district_id, area_path=street, rare=rare, since=wiring.clock.now() - timedelta(days=1))
        assert [row.submission_id == nearer.submission_id for row in rows] == [True, False]
        assert rows[0].weight - rows[1].weight == pytest.approx(2.0)


def test_the_index_answers_lookups_and_knows_its_counts(wiring: Wiring, town: Town, session: Session) -> None:
    say(wiring, town.longchi_code, LAMP)
    second = say(wiring, town.longchi_code, LAMP_AGAIN)
    triage_batch.run()
    grams = index_row(session, second.submission_id)
    counts = document_counts(session, district_id=town.district_id, grams=[*grams, 12345])
    assert set(counts.values()) == {1, 2}
    assert 12345 not in counts
    assert documents_total(session, district_id=town.district_id) == 2
    # Five thousand strangers: the planner must go by the grams.
    session.execute(
        text("""
        INSERT INTO submissions (id, district_id, point_id, area_id, channel, state, state_changed_at, version, receipt_number, receipt_salt,
            text_written, text_masked, replaced_characters, place, place_masked, contact_hint, urgency, received_at)
        SELECT 100000 + n, district_id, point_id, area_id, channel, 'closed', received_at, 1, 'T' || n, '', '', '', 0, '', '', '', 'normal', received_at
        FROM submissions, generate_series(1, 5000) n WHERE id = :id"""),
        {"id": second.submission_id},
    )
    session.execute(
        text("""
        INSERT INTO submission_grams (submission_id, district_id, area_id, received_at, grams, rare)
        SELECT s.id, s.district_id, s.area_id, s.received_at, made.g, made.g FROM submissions s
        JOIN (SELECT n, array_agg((random() * 20000)::int) AS g FROM generate_series(1, 5000) n, generate_series(1, 24) GROUP BY n) made
            ON s.id = 100000 + made.n""")
    )
    session.commit()
    # Only the owner may; elsewhere autovacuum does it.
    owner = create_engine(wiring.settings.owner_database_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM (ANALYZE) submission_grams"))
        connection.execute(text("VACUUM (ANALYZE) submissions"))
    owner.dispose()
    plan = explain_candidates(session, town, grams)
    assert "ix_submission_grams_rare" in plan, plan


def index_row(session: Session, submission_id: int) -> list[int]:
    return list(session.execute(text("SELECT rare FROM submission_grams WHERE submission_id = :id"), {"id": submission_id}).scalar_one())


def street_path(session: Session, area_id: int) -> str:
    path = session.execute(text("SELECT path FROM areas WHERE id = :id"), {"id": area_id}).scalar_one()
    return str(path).rstrip("/").rpartition("/")[0] + "/"


def explain_candidates(session: Session, town: Town, grams: list[int]) -> str:
    """The plan of the very statement that `candidates` sends."""
    seen: list[tuple[str, Any]] = []

    def listen(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        seen.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", listen)
    try:
        candidates(
            session,
            district_id=town.district_id,
            area_path="/1/",
            rare=dict.fromkeys(grams, 1.0),
            since=session.execute(text("SELECT now() - interval '90 days'")).scalar_one(),
        )
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    statement, parameters = seen[-1]
    return "\n".join(row[0] for row in session.connection().exec_driver_sql("EXPLAIN " + statement, parameters))
