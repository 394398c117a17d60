"""留言 on the pages: the resident's receipt, the member's card and queue, the desk; and answering what was asked."""

import pytest
from flask.testing import FlaskClient

from intake.domain.submission import SubmissionState
from intake.services.submission_detail import ask
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, receipt_path, told, topic_of
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    """幸福里的路灯, which waits for 周明远."""
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client.application.test_client(), "zhou")


def writes(client: FlaskClient, wiring: Wiring, stored: Stored, words: str) -> int:
    path = receipt_path(wiring, stored)
    once = hidden(client.get(path).get_data(as_text=True), "once")
    return client.post(f"{path}/messages", data={"once": once, "words": words}).status_code


def test_words_go_to_and_fro_and_what_is_new_says_so(client: FlaskClient, zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    assert writes(client, wiring, lamp, "东边也不亮，电话13812345678") == 303
    assert "新留言" in words_of(zhou.get("/m"))
    assert "居民留言，1 件没看" in words_of(zhou.get("/m"))
    card = f"/m/cards/{lamp.submission_id}"
    shown = words_of(zhou.get(card))
    assert "东边也不亮" in shown
    assert "13812345678" not in shown
    assert "1 条没看" in shown
    assert "明天一起修。" in words_of(zhou.press(card, "/messages", words="明天一起修。"))
    assert "新留言" not in words_of(zhou.get("/m"))
    page = words_of(client.get(receipt_path(wiring, lamp)))
    assert "周明远 · 11 月 3 日 09:00 新 明天一起修。" in page
    assert "您 · 11 月 3 日 09:00 东边也不亮，电话13812345678" in page
    assert " 新 明天一起修。" not in words_of(client.get(receipt_path(wiring, lamp)))


def test_words_on_what_is_in_a_topic_are_found_without_the_queue(
    client: FlaskClient, zhou: Person, wiring: Wiring, town: Town, lamp: Stored
) -> None:
    topic_of(wiring, town.zhou_id, "路灯不亮", lamp)
    writes(client, wiring, lamp, "什么时候修？")
    assert "什么时候修？" in words_of(zhou.get("/m/messages"))
    jing = sign_in(client.application.test_client(), "wangjing")
    desk = f"/d/submissions/{lamp.submission_id}"
    assert "什么时候修？" in words_of(jing.get(desk))
    jing.press(desk, "/messages/read")
    assert "没有没看的留言" in words_of(zhou.get("/m/messages"))
    jing.press(desk, "/messages", words="下周三。")
    assert "王静" in words_of(client.get(receipt_path(wiring, lamp)))
    assert "下周三。" in words_of(client.get(receipt_path(wiring, lamp)))


def test_what_was_typed_too_long_stays_on_every_page(client: FlaskClient, zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    long = "灯" * 501
    refused = client.post(f"{receipt_path(wiring, lamp)}/messages", data={"once": "a", "words": long})
    assert refused.status_code == 422
    assert long in refused.get_data(as_text=True)
    on_card = zhou.press(f"/m/cards/{lamp.submission_id}", "/messages", words=long)
    assert on_card.status_code == 422
    assert long in on_card.get_data(as_text=True)
    jing = sign_in(client.application.test_client(), "wangjing")
    at_desk = jing.press(f"/d/submissions/{lamp.submission_id}", "/messages", words=long)
    assert at_desk.status_code == 422
    assert long in at_desk.get_data(as_text=True)


def test_the_eleventh_of_a_day_is_kept_in_the_box(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    for number in range(10):
        assert writes(client, wiring, lamp, f"第 {number} 句") == 303
    path = receipt_path(wiring, lamp)
    refused = client.post(f"{path}/messages", data={"once": "more", "words": "再一句"})
    assert refused.status_code == 429
    assert ">再一句</textarea>" in refused.get_data(as_text=True)


def test_another_link_writes_nothing(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    path = receipt_path(wiring, lamp)[:-1] + "x"
    assert client.post(f"{path}/messages", data={"once": "a", "words": "您好"}).status_code == 404
    other_site = client.post(
        f"{receipt_path(wiring, lamp)}/messages", data={"once": "a", "words": "您好"}, headers={"Origin": "https://evil.example"}
    )
    assert other_site.status_code == 403
    assert "您好" not in words_of(client.get(receipt_path(wiring, lamp)))


def test_a_member_of_another_community_neither_reads_nor_writes(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    writes(client, wiring, lamp, "什么时候修？")
    hemiao = sign_in(client.application.test_client(), "hemiao")
    assert "什么时候修？" not in words_of(hemiao.get("/m/messages"))
    token = hidden(hemiao.get("/m/me").get_data(as_text=True), "csrf_token")
    answer = hemiao.client.post(f"/m/cards/{lamp.submission_id}/messages", data={"csrf_token": token, "once": "a", "words": "您好"})
    assert answer.status_code == 403


def test_what_was_asked_is_answered_on_the_receipt(client: FlaskClient, zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        ask(session, card, words="是几号楼？", workflow=wiring.workflow)
    page = words_of(client.get(receipt_path(wiring, lamp)))
    assert "请您补充" in page
    assert "是几号楼？" in page
    assert "请在 11 月 17 日以前补充" in page
    path = f"{receipt_path(wiring, lamp)}/detail"
    assert client.post(path, data={"words": " "}).status_code == 422
    assert client.post(path, data={"words": "3 号楼东头。"}).status_code == 303
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED
    assert "3 号楼东头。" in words_of(client.get(receipt_path(wiring, lamp)))
    late = client.post(path, data={"words": "还有 5 号楼。"})
    assert late.status_code == 409
    assert "还有 5 号楼。" in late.get_data(as_text=True)


def test_the_list_of_words_costs_the_same_for_one_and_for_many(
    client: FlaskClient, zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    writes(client, wiring, lamp, "第 0 句")
    one = cost(wiring, zhou, "/m/messages", "第 0 句")
    queue = cost(wiring, zhou, "/m", "新留言")
    for number in range(1, 15):
        writes(client, wiring, told(wiring, town.longchi_code, f"第 {number} 件"), f"第 {number} 句")
    assert cost(wiring, zhou, "/m/messages", "第 14 句") == one
    assert cost(wiring, zhou, "/m", "居民留言，15 件没看") == queue
