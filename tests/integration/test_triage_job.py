"""The triage job on a real database: once and only once, together, and past a message that breaks it."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from intake.domain.submission import SubmissionAction, SubmissionState, Urgency
from intake.domain.triage_result import TriageResult
from intake.models import Contributor, Finding, HistoryEntry, Submission, SubmissionGrams, Topic
from intake.ports import NullJobQueue, Wake
from intake.services.submission_triage import store_results
from intake.services.submission_withdraw import withdraw
from intake.services.transition import move
from intake.wiring import Wiring
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import assert_triaged_exactly_once, in_state, jobs_in_this_process, topics_of
from workers import district_model
from workers.jobs import triage_batch
from workers.triage.message import Finding as Found
from workers.triage.message import Message
from workers.triage.pipeline import Pipeline, default_pipeline
from workers.triage.same_matter import decide

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


def breaking_at(word: str, error: Exception) -> Callable[[Any, Any], Pipeline]:
    """A pipeline that breaks at messages which hold `word`."""
    make = default_pipeline

    def broken(taxonomy: Any, model: Any) -> Pipeline:
        stages = make(taxonomy, model)

        def run(message: Message, finding: Found) -> Found:
            if word in message.text:
                raise error
            return stages.begin(message, finding)

        return replace(stages, begin=run)

    return broken


def test_a_message_that_breaks_the_machine_goes_to_a_person_and_holds_up_nobody(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(district_model, "default_pipeline", breaking_at("有毒", ValueError("有毒 13812345678")))
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

    monkeypatch.setattr(district_model, "default_pipeline", breaking_at("有毒", ValueError()))
    monkeypatch.setattr("workers.suggestion.personal_data", broken)
    poisonous = say(wiring, town.longchi_code, "有毒的一句话，电话13812345678")
    triage_batch.run()
    assert submission_of(wiring, poisonous).text_masked == ""


def test_a_row_that_cannot_be_stored_by_the_machine_is_stored_without_it(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store_results

    def picky(session: Session, found: Sequence[tuple[Submission, TriageResult]], **rest: Any) -> Any:
        stored = real(session, found, **rest)
        if any("紫薇苑" in result.masked and not result.model_version.endswith("+failed") for _, result in found):
            session.execute(text("SELECT 1/0"))
        return stored

    monkeypatch.setattr(triage_batch, "store_results", picky)
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
    real = store_results

    def refuses(session: Session, found: Sequence[tuple[Submission, TriageResult]], **rest: Any) -> Any:
        for submission, _ in found:
            if "紫薇苑" in submission.text_written:
                raise ValueError(submission.text_written)
        return real(session, found, **rest)

    monkeypatch.setattr(triage_batch, "BATCH", 1)
    monkeypatch.setattr(triage_batch, "store_results", refuses)
    for sentence in (PARKING, PARKING, LAMP):
        say(wiring, town.longchi_code, sentence)
    triage_batch.run()
    assert in_state(session, SubmissionState.RECEIVED) == 2
    assert in_state(session, SubmissionState.TRIAGED) == 1
    monkeypatch.setattr(triage_batch, "store_results", real)
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


def test_the_own_street_comes_first_among_equals(wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[list[int]] = []

    def watched(incoming: Any, candidates: Sequence[Any], **rest: Any) -> Any:
        compared.append([one.submission_id for one in candidates])
        return decide(incoming, candidates, **rest)

    here = say(wiring, town.longchi_code, LAMP).submission_id
    there = say(wiring, town.shiqiao_code, LAMP).submission_id
    triage_batch.run()
    monkeypatch.setattr("workers.suggestion.decide", watched)
    for code, nearer in ((town.longchi_code, here), (town.shiqiao_code, there)):
        say(wiring, code, LAMP)
        triage_batch.run()
        assert compared[-1][0] == nearer
        assert {here, there} <= set(compared[-1])


ADVERT = "低息贷款当天放款，办理请加微信 dk88888，联系电话 13812345678"


def test_what_looks_like_an_advert_waits_for_staff_and_nothing_gathers_around_it(wiring: Wiring, town: Town, session: Session) -> None:
    held = say(wiring, town.longchi_code, ADVERT)
    say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    submission = submission_of(wiring, held)
    assert (submission.state, submission.owner_id, submission.escalate_at) == (SubmissionState.QUARANTINED, None, None)
    assert "13812345678" not in submission.text_masked
    finding = session.scalars(select(Finding).where(Finding.submission_id == submission.id)).one()
    assert finding.content["screen"]["kind"] == "advertising"
    step = session.scalars(select(HistoryEntry).where(HistoryEntry.entity_id == submission.id, HistoryEntry.action == "quarantine")).one()
    assert (step.reason_code, step.to_state) == ("advertising", "quarantined")
    assert session.scalars(select(SubmissionGrams.submission_id)).all() != [submission.id]
    assert submission.id not in set().union(*topics_of(session).values())
    assert session.scalar(select(func.count()).select_from(SubmissionGrams)) == 1


def test_what_staff_let_go_is_triaged_and_not_held_back_again(wiring: Wiring, town: Town, session: Session) -> None:
    held = say(wiring, town.longchi_code, ADVERT)
    triage_batch.run()
    submission = session.get_one(Submission, held.submission_id)
    move(session, submission, SubmissionAction.RELEASE, actor=actor(session, town.jing_id), at=wiring.clock.now(), area_path="/1/2/")
    session.commit()
    triage_batch.run()
    assert submission_of(wiring, held).state is SubmissionState.TRIAGED
    assert [len(ids) for ids in topics_of(session).values()] == [1]


def test_a_flood_from_one_device_is_held_back_from_its_third_repetition(wiring: Wiring, town: Town, session: Session) -> None:
    ids = [say(wiring, town.longchi_code, PARKING).submission_id for _ in range(6)]
    session.execute(text("UPDATE submissions SET device_hash = '\\x01'"))
    session.commit()
    triage_batch.run()
    states = {row.id: row.state for row in session.execute(select(Submission.id, Submission.state))}
    assert [states[one] is SubmissionState.QUARANTINED for one in ids] == [False, False, False, True, True, True]


def test_a_danger_is_never_held_back_however_often_it_is_sent(wiring: Wiring, town: Town, session: Session) -> None:
    for _ in range(8):
        say(wiring, town.longchi_code, "幸福里5栋着火了，浓烟很大，里面有人")
    session.execute(text("UPDATE submissions SET device_hash = '\\x01'"))
    session.commit()
    triage_batch.run()
    assert in_state(session, SubmissionState.TRIAGED) == 8


def test_the_sentence_that_brought_a_message_to_its_topic_is_kept(wiring: Wiring, town: Town, session: Session) -> None:
    say(wiring, town.longchi_code, LAMP)
    triage_batch.run()
    second = say(wiring, town.longchi_code, "您好，我是这里的老住户。" + LAMP_AGAIN + "。谢谢你们")
    triage_batch.run()
    row = session.scalars(select(Contributor).where(Contributor.submission_id == second.submission_id)).one()
    words = submission_of(wiring, second).text_masked
    assert row.sentence_start is not None
    assert row.sentence_end is not None
    assert "路灯" in words[row.sentence_start : row.sentence_end]
    assert "老住户" not in words[row.sentence_start : row.sentence_end]
    assert row.score is not None
    assert row.model_version is not None
