"""On the desk: declines to look at again, candidates that nobody proposes, appeals; and a member's question on the card."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.services import submission_decide as decide
from intake.services.appeal import appeal_submission, appeal_topic
from intake.services.decline_check import draw_checks
from intake.services.submission_detail import add_detail
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import decided, deciding, receipt_path, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

LAMP = "幸福里的路灯坏了"


@pytest.fixture
def jing(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "wangjing")


@pytest.fixture
def zhou(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "zhou")


def declined(wiring: Wiring, town: Town, text: str = LAMP) -> Stored:
    stored = told(wiring, town.longchi_code, text)
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.decline(session, card, reason="already_done", words="上周修好了。")
    return stored


def drawn(wiring: Wiring) -> None:
    """Everything that was declined is looked at again."""
    every = replace(wiring.workflow, check=replace(wiring.workflow.check, decline_sample_percent=100))
    with wiring.sessions.begin() as session:
        draw_checks(session, workflow=every, undo_seconds=60, at=wiring.clock.now() + timedelta(minutes=2))


# --- 抽查 ----------------------------------------------------------------------------------------------------------------------------


def test_staff_agree_or_take_it_up_and_read_how_often(wiring: Wiring, town: Town, jing: Person, client: FlaskClient) -> None:
    first, second = declined(wiring, town, "路灯坏了"), declined(wiring, town, "井盖没了")
    drawn(wiring)
    assert "抽查 2" in words_of(jing.get("/d"))
    page = words_of(jing.get("/d/checks"))
    assert "看过的 0 / 抽到的 2" in page
    assert "上周修好了。" in page
    assert "周明远" not in page
    assert "已记下：同意原来的处理" in words_of(jing.press("/d/checks", "/agree"))
    refused = jing.press("/d/checks", "/disagree", words="  ")
    assert refused.status_code == 422
    assert "请写明为什么重新受理" in words_of(refused)
    page = words_of(jing.press("/d/checks", "/disagree", words="现场还没有修好。"))
    assert "已重新受理" in page
    assert "同意原来处理的 1 / 看过的 2" in page
    assert [submission_of(wiring, one).state for one in (first, second)] == [SubmissionState.DECLINED, SubmissionState.REOPENED]
    receipt = words_of(client.get(receipt_path(wiring, second)))
    assert "工作人员复核后重新受理。" in receipt
    assert "现场还没有修好。" in receipt
    assert "复核 1" in words_of(jing.get("/d"))


def test_the_slower_one_keeps_the_words(wiring: Wiring, town: Town, jing: Person) -> None:
    declined(wiring, town)
    drawn(wiring)
    html = jing.get("/d/checks").get_data(as_text=True)
    path = re.findall(r'action="(/d/checks/\d+/disagree)"', html)[0]
    jing.press("/d/checks", "/agree")
    late = jing.client.post(path, data={"csrf_token": hidden(html, "csrf_token"), "words": "现场还没有修好。"})
    assert late.status_code == 409
    assert "现场还没有修好。" in words_of(late)


def test_members_do_not_check_one_another(wiring: Wiring, town: Town, zhou: Person) -> None:
    declined(wiring, town)
    drawn(wiring)
    assert zhou.client.get("/d/checks").status_code == 403


def test_the_checks_cost_the_same_for_one_and_for_twenty(wiring: Wiring, town: Town, jing: Person) -> None:
    declined(wiring, town, "第 0 件事")
    drawn(wiring)
    one = cost(wiring, jing, "/d/checks", "第 0 件事")
    for number in range(1, 21):
        declined(wiring, town, f"第 {number} 件事")
    drawn(wiring)
    assert cost(wiring, jing, "/d/checks", "第 19 件事") == one
    page = jing.get("/d/checks").get_data(as_text=True)
    assert "第 20 件事" not in page
    assert "第 20 件事" in words_of(jing.get("/d/checks?after=" + page.split("?after=")[1].split('"')[0]))


# --- 闲置的候选议题 --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def idle(wiring: Wiring, town: Town, clock: TestClock) -> int:
    """A candidate that nobody proposed for 20 working days and one more week."""
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP))
    clock.forward(days=35)
    return topic


def test_what_is_idle_waits_for_staff_and_is_taken_up(wiring: Wiring, idle: int, app: Flask) -> None:
    jing = sign_in(app.test_client(), "wangjing")
    home = jing.get("/d").get_data(as_text=True)
    assert 'href="/d/idle"' in home
    page = words_of(jing.get("/d/idle"))
    assert "1 个等着决定" in page
    assert "幸福里路灯" in page
    jing.press("/d/idle", "/take-up")
    assert topic_row(wiring, idle).state is TopicState.PROPOSED
    assert "没有闲置的候选议题" in words_of(jing.get("/d/idle"))


def test_or_ended_with_a_word_to_everybody(wiring: Wiring, idle: int, app: Flask) -> None:
    jing = sign_in(app.test_client(), "wangjing")
    refused = jing.press("/d/idle", "/reject", words="")
    assert refused.status_code == 422
    assert "请写明理由" in words_of(refused)
    assert "已记为不立项" in words_of(jing.press("/d/idle", "/reject", words="今年已列入改造。"))
    assert topic_row(wiring, idle).state is TopicState.REJECTED


def test_a_fresh_candidate_is_not_idle(wiring: Wiring, town: Town, clock: TestClock, app: Flask) -> None:
    topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP))
    clock.forward(days=14)
    assert "没有闲置的候选议题" in words_of(sign_in(app.test_client(), "wangjing").get("/d/idle"))


def test_the_idle_cost_the_same_for_one_and_for_twenty(wiring: Wiring, town: Town, idle: int, app: Flask, clock: TestClock) -> None:
    one = cost(wiring, sign_in(app.test_client(), "wangjing"), "/d/idle", "幸福里路灯")
    for number in range(19):
        topic_of(wiring, town.zhou_id, f"第 {number} 个议题", told(wiring, town.longchi_code, LAMP))
    clock.forward(days=35)
    assert cost(wiring, sign_in(app.test_client(), "wangjing"), "/d/idle", "第 18 个议题") == one


# --- 申请复核 ------------------------------------------------------------------------------------------------------------------------


def test_an_appeal_waits_on_the_desk_and_shows_why_on_the_card(wiring: Wiring, town: Town, jing: Person, zhou: Person) -> None:
    stored = declined(wiring, town)
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=stored.submission_id, words="还是不亮", at=wiring.clock.now())
    assert "复核 1" in words_of(jing.get("/d"))
    card = f"/m/cards/{stored.submission_id}"
    assert "居民申请复核时说" in words_of(jing.get(card))
    assert "还是不亮" in words_of(jing.get(card))
    assert "这一件由别的同志来看" in words_of(zhou.get(card))
    # Who has had the page open since before the appeal is told, and keeps the words.
    sent = {
        "csrf_token": hidden(zhou.client.get("/m/me").get_data(as_text=True), "csrf_token"),
        "version": str(submission_of(wiring, stored).version),
    }
    refused = zhou.client.post(f"{card}/decline", data={**sent, "reason": "already_done", "words": "真的修好了。"})
    assert refused.status_code == 403
    assert "换一位同志来看" in words_of(refused)
    assert "真的修好了。" in refused.get_data(as_text=True)


def test_why_a_topic_is_screened_again_stands_beside_it(wiring: Wiring, town: Town, jing: Person) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯", stored))
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "今年没有安排。")
    with wiring.sessions.begin() as session:
        appeal_topic(session, submission_id=stored.submission_id, words="大家天天摸黑", at=wiring.clock.now())
    for page in (f"/d/topics/{topic}", f"/d/topics?topic={topic}"):
        assert "大家天天摸黑" in words_of(jing.get(page)), page


def test_members_read_why_a_topic_that_was_turned_down_waits_again(wiring: Wiring, town: Town, zhou: Person) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯", stored))
    page, why = f"/m/topics/{topic}", "有居民申请复核，区政协正在重新筛选"
    assert why not in words_of(zhou.get(page))
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "今年没有安排。")
    with wiring.sessions.begin() as session:
        appeal_topic(session, submission_id=stored.submission_id, words="大家天天摸黑", at=wiring.clock.now())
    assert why in words_of(zhou.get(page))
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "再看一次，值得商量。")
    assert why not in words_of(zhou.get(page))


# --- 请补充 --------------------------------------------------------------------------------------------------------------------------


def test_a_member_asks_and_reads_the_answer_below_the_words(wiring: Wiring, town: Town, zhou: Person, client: FlaskClient) -> None:
    stored = told(wiring, town.longchi_code, LAMP, verdict=Verdict.OPEN)
    card = f"/m/cards/{stored.submission_id}"
    refused = zhou.press(card, "/ask", words=" ")
    assert refused.status_code == 422
    assert "请写明想请居民补充什么" in words_of(refused)
    assert "上一件已请居民补充" in words_of(zhou.press(card, "/ask", words="是几号楼门口？"))
    receipt = words_of(client.get(receipt_path(wiring, stored)))
    assert "委员想请您补充。" in receipt
    assert "是几号楼门口？" in receipt
    with wiring.sessions.begin() as session:
        add_detail(
            session,
            submission_id=stored.submission_id,
            words="3 号楼，电话 13812345678",
            workflow=wiring.workflow,
            at=wiring.clock.now() + timedelta(minutes=1),
        )
    page = words_of(zhou.get(card))
    assert "居民补充" in page
    assert "3 号楼，电话 138••••5678" in page
    assert "13812345678" not in page


def test_a_question_is_taken_back_like_any_decision(wiring: Wiring, town: Town, zhou: Person) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    zhou.press(f"/m/cards/{stored.submission_id}", "/ask", words="是几号楼门口？")
    zhou.press("/m", "/undo")
    assert submission_of(wiring, stored).state is SubmissionState.TRIAGED
