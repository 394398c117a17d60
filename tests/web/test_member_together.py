"""一起看: a cluster that speaks of one matter is confirmed at one press, and taken back at one."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.topic import TopicAction
from intake.domain.triage_result import Verdict
from intake.models import Decision, Notification, SubmissionLease
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.topic_merge import merge_candidates
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, receipt_path, screening, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def topic(wiring: Wiring, town: Town) -> int:
    return topic_of(wiring, town.zhou_id, "幸福里路灯不亮", told(wiring, town.longchi_code, "路灯坏了"))


@pytest.fixture
def cluster(wiring: Wiring, town: Town, clock: TestClock, topic: int) -> list[Stored]:
    """Three that the machine suggests for the topic, and one of an area that isn't zhou's."""
    made = []
    for code, text in ((town.longchi_code, "楼下路灯又灭了"), (town.ziwei_code, "路灯一闪一闪"), (town.longchi_code, "晚上没有路灯")):
        made.append(told(wiring, code, text, verdict=Verdict.ATTACH, topic_id=topic))
        clock.forward(seconds=1)
    told(wiring, town.shiqiao_code, "石桥的路灯", verdict=Verdict.ATTACH, topic_id=topic)
    return made


def state(wiring: Wiring, stored: Stored) -> SubmissionState:
    return submission_of(wiring, stored).state


def ticks(page: str) -> list[str]:
    return re.findall(r'name="one" value="([^"]+)"', page)


def sent(person: Person, topic: int, one: list[str]) -> TestResponse:
    page = person.get(f"/m/together/{topic}").get_data(as_text=True)
    fields = {"csrf_token": hidden(page, "csrf_token"), "one": one, "shown": re.findall(r'name="shown" value="([^"]+)"', page)}
    response = person.client.post(f"/m/together/{topic}", data=fields, follow_redirects=True)
    assert response.status_code in (200, 409, 422), response.status
    return response


def press(person: Person, topic: int, one: list[str]) -> str:
    return words_of(sent(person, topic, one))


def test_the_card_leads_to_the_cluster_and_one_press_confirms_what_is_ticked(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, topic: int, cluster: list[Stored]
) -> None:
    card = zhou.get(f"/m/cards/{cluster[0].submission_id}")
    assert "这 3 件说的是同一件事，一起看" in words_of(card)
    assert f"/m/together/{topic}" in card.get_data(as_text=True)
    page = zhou.get(f"/m/together/{topic}")
    assert "石桥的路灯" not in words_of(page), "another area's"
    first, _second, third = ticks(page.get_data(as_text=True))
    assert page.get_data(as_text=True).count(" checked>") == 3
    response = sent(zhou, topic, [first, third])
    assert "已并入 2 件" in words_of(response)
    assert [response.get_data(as_text=True).count(sign) for sign in ('name="one"', " checked>")] == [1, 0], "what was set aside stays so"
    assert [state(wiring, one) for one in cluster] == [SubmissionState.IN_TOPIC, SubmissionState.TRIAGED, SubmissionState.IN_TOPIC]
    assert topic_row(wiring, topic).confirmed_count == 3
    with wiring.sessions() as session:
        for one in (cluster[0], cluster[2]):
            decision = session.scalars(select(Decision).where(Decision.submission_id == one.submission_id)).one()
            assert (decision.action, decision.decided_by) == (SubmissionAction.ATTACH.value, town.zhou_id)
            assert session.scalars(select(Notification).where(Notification.decision_id == decision.id)).all()
    assert "幸福里路灯不亮" in words_of(app.test_client().get(receipt_path(wiring, cluster[2])))
    assert "一起看" not in words_of(zhou.get(f"/m/cards/{cluster[1].submission_id}")), "one alone is no cluster"


def test_what_changed_meanwhile_is_left_out_and_said_and_the_others_go_on(
    zhou: Person, wiring: Wiring, town: Town, clock: TestClock, topic: int, cluster: list[Stored]
) -> None:
    gone, taken, free = cluster
    shown = ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=gone.submission_id, at=clock.now())
        session.merge(
            SubmissionLease(
                submission_id=taken.submission_id,
                district_id=town.district_id,
                user_id=town.qing_id,
                taken_at=clock.now(),
                until=clock.now() + timedelta(minutes=10),
            )
        )
    page = words_of(zhou.get(f"/m/together/{topic}"))
    assert "李青在看" in page
    said = press(zhou, topic, shown)
    assert "已并入 1 件" in said
    assert "2 件刚刚有变化，没有动" in said
    assert [state(wiring, one) for one in cluster] == [SubmissionState.WITHDRAWN, SubmissionState.TRIAGED, SubmissionState.IN_TOPIC]
    with wiring.sessions() as session:
        decisions = session.scalars(
            select(Decision.submission_id).where(Decision.submission_id.in_([one.submission_id for one in cluster]))
        )
        assert decisions.all() == [free.submission_id], "nothing is left of what was refused"


def test_pressed_twice_changes_nothing_the_second_time(
    zhou: Person, wiring: Wiring, clock: TestClock, topic: int, cluster: list[Stored]
) -> None:
    shown = ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True))
    page = zhou.get(f"/m/cards/{cluster[0].submission_id}").get_data(as_text=True)
    fields = {"csrf_token": hidden(page, "csrf_token"), "one": shown}
    for _ in range(2):
        clock.forward(seconds=2)
        answer = zhou.client.post(f"/m/together/{topic}", data=fields, follow_redirects=True)
        assert "已并入 3 件" in words_of(answer)
        assert "没有动" not in words_of(answer)
    with wiring.sessions() as session:
        ids = [one.submission_id for one in cluster]
        assert len(session.scalars(select(Decision).where(Decision.submission_id.in_(ids))).all()) == 3
        assert len(session.scalars(select(Notification).where(Notification.submission_id.in_(ids))).all()) == 3


def test_one_press_takes_them_all_back_while_it_is_time(
    zhou: Person, wiring: Wiring, clock: TestClock, topic: int, cluster: list[Stored]
) -> None:
    shown = ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True))
    page = press(zhou, topic, shown)
    assert "撤销刚并入的 3 件" in page
    assert "已撤销，3 件又在待研判里" in words_of(zhou.press(f"/m/together/{topic}", "/undo"))
    assert {state(wiring, one) for one in cluster} == {SubmissionState.TRIAGED}
    assert topic_row(wiring, topic).suggested_count == 4, "the machine's suggestions stand again"
    assert len(ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True))) == 3
    press(zhou, topic, ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True)))
    html = zhou.get(f"/m/together/{topic}").get_data(as_text=True)
    clock.forward(seconds=wiring.settings.undo_seconds + 1)
    late = zhou.client.post(f"/m/together/{topic}/undo", data={"csrf_token": hidden(html, "csrf_token")})
    assert late.status_code == 409
    assert "超过撤销时间" in words_of(late)
    assert "撤销刚并入的" not in words_of(zhou.get(f"/m/together/{topic}"))


def test_a_press_that_makes_no_sense_says_what_to_do(zhou: Person, wiring: Wiring, topic: int, cluster: list[Stored]) -> None:
    nobodys = ["9999_1"]
    for one, says in (
        ([], "一件也没有勾选"),
        (["x"], "这一页不完整"),
        (["1_" + "9" * 30], "这一页不完整"),
        ([f"{number}_1" for number in range(51)], "一次最多 50 件"),
        (nobodys, "1 件刚刚有变化"),
    ):
        assert says in press(zhou, topic, one), one
    assert {state(wiring, stored) for stored in cluster} == {SubmissionState.TRIAGED}


def test_who_may_not_and_a_topic_that_has_ended(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, topic: int, cluster: list[Stored]
) -> None:
    shown = ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True))
    hemiao = sign_in(app.test_client(), "hemiao")
    assert "石桥的路灯" in words_of(hemiao.get(f"/m/together/{topic}"))
    assert "3 件刚刚有变化" in press(hemiao, topic, shown), "submissions of another area"
    assert sign_in(app.test_client(), "gaoqiang").client.get(f"/m/together/{topic}").status_code == 403
    assert sign_in(app.test_client(), "sunyi").client.get(f"/m/together/{topic}").status_code == 404
    decided(wiring, town.jing_id, taken_up(wiring, town.jing_id, topic), TopicAction.REJECT, "不属于协商范围。")
    assert {state(wiring, one) for one in cluster} == {SubmissionState.TRIAGED}
    answer = zhou.client.post(
        f"/m/together/{topic}", data={"csrf_token": hidden(zhou.get("/m/me").get_data(as_text=True), "csrf_token"), "one": shown}
    )
    assert answer.status_code == 409
    assert "已经有了结论" in words_of(answer)


def test_the_cluster_costs_the_same_for_two_and_for_twenty(
    zhou: Person, wiring: Wiring, town: Town, topic: int, cluster: list[Stored]
) -> None:
    few = cost(wiring, zhou, f"/m/together/{topic}", "楼下路灯又灭了")
    for number in range(20):
        told(wiring, town.longchi_code, f"第 {number} 盏路灯", verdict=Verdict.ATTACH, topic_id=topic)
    assert cost(wiring, zhou, f"/m/together/{topic}", "第 19 盏路灯") == few


def test_two_who_press_one_after_the_other_confirm_each_once(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, topic: int, cluster: list[Stored]
) -> None:
    laozhou = sign_in(app.test_client(), "laozhou")
    shown = ticks(laozhou.get(f"/m/together/{topic}").get_data(as_text=True))
    attach(wiring, town.zhou_id, cluster[0], topic)
    said = press(laozhou, topic, shown)
    assert "已并入 2 件" in said
    assert "1 件刚刚有变化" in said


# The page was open while the topic went into another: the press follows it, a second one finds that, and both can be taken back there.
def test_a_press_on_a_topic_that_was_merged_follows_it_and_can_be_taken_back(
    zhou: Person, wiring: Wiring, town: Town, clock: TestClock, topic: int, cluster: list[Stored]
) -> None:
    shown = ticks(zhou.get(f"/m/together/{topic}").get_data(as_text=True))
    survivor = topic_of(wiring, town.zhou_id, "丰山街道路灯", told(wiring, town.ziwei_code, "到处没灯"))
    with wiring.sessions.begin() as session:
        merge_candidates(session, screening(wiring, town.zhou_id, topic), target_topic_id=survivor, words="一起修。")
    token = hidden(zhou.get("/m/me").get_data(as_text=True), "csrf_token")
    for _ in range(2):
        clock.forward(seconds=1)
        answer = zhou.client.post(f"/m/together/{topic}", data={"csrf_token": token, "one": shown}, follow_redirects=True)
        assert "已并入 3 件" in words_of(answer)
        assert "没有动" not in words_of(answer)
        assert "撤销刚并入的 3 件" in words_of(answer)
    assert topic_row(wiring, survivor).confirmed_count == 5
    zhou.client.post(f"/m/together/{topic}/undo", data={"csrf_token": token})
    assert {state(wiring, one) for one in cluster} == {SubmissionState.TRIAGED}
