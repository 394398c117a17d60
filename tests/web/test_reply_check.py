"""A draft answer is looked at before it is sent: remarks first, the words kept, and a second press sends them as they are."""

import re

import pytest
from flask.testing import FlaskClient

from config.taxonomy import default_taxonomy
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicState
from intake.models import Decision
from intake.models import Finding as StoredFinding
from intake.wiring import Wiring
from tests.factories.matters import receipt_path, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, as_it_is, hidden, send_sentence, sign_in, words_of
from workers.triage.message import Finding, Message
from workers.triage.pipeline import default_pipeline

STOCK = "您反映的问题我们高度重视，已转相关部门。"


@pytest.fixture
def zhou(client: FlaskClient) -> Person:
    return sign_in(client, "zhou")


def decisions(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.query(Decision).count()


def test_an_answer_of_stock_phrases_is_shown_again_with_what_it_lacks(zhou: Person, wiring: Wiring, town: Town) -> None:
    lamp = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了。另外垃圾没人清运，请处理")
    card = f"/m/cards/{lamp.submission_id}"
    page = zhou.press(card, "/answer", words=STOCK)
    assert page.status_code == 422
    said = words_of(page)
    assert "还没有发出" in said
    assert "只有客套话和“已转办”" in said
    assert "没有答到：幸福里3号楼路灯坏了" in said
    assert "没有答到：垃圾没人清运" in said
    assert f">{STOCK}</textarea>" in page.get_data(as_text=True)
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED
    assert decisions(wiring) == 0


def test_the_button_beside_the_remarks_sends_the_same_words(zhou: Person, wiring: Wiring, town: Town) -> None:
    lamp = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")
    card = f"/m/cards/{lamp.submission_id}"
    page = zhou.press(card, "/answer", words=STOCK).get_data(as_text=True)
    button = re.search(r'<button[^>]*name="checked" value="([0-9a-f]+)"[^>]*>就这样发出', page)
    assert button is not None
    assert zhou.press(card, "/answer", words=STOCK, checked=button[1]).status_code == 200
    assert submission_of(wiring, lamp).state is SubmissionState.ANSWERED


def test_other_words_are_looked_at_anew(zhou: Person, wiring: Wiring, town: Town) -> None:
    lamp = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")
    card = f"/m/cards/{lamp.submission_id}"
    page = zhou.press(card, "/answer", words="是您自己没看清楚，灯是好的。", checked=as_it_is(STOCK)["checked"])
    assert page.status_code == 422
    assert "像在怪居民" in words_of(page)
    assert decisions(wiring) == 0


@pytest.mark.parametrize("words", ["师傅明天来修。", "物业电工已更换灯泡，今晚就亮；再有问题打社区电话。"])
def test_an_answer_that_says_who_does_what_and_when_goes_straight_out(zhou: Person, wiring: Wiring, town: Town, words: str) -> None:
    lamp = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")
    zhou.press(f"/m/cards/{lamp.submission_id}", "/answer", words=words)
    assert submission_of(wiring, lamp).state is SubmissionState.ANSWERED


def test_a_reason_of_stock_phrases_is_shown_again_on_the_board(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    jing = sign_in(client, "wangjing")
    lamp = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp))
    before = decisions(wiring)
    page = jing.press(f"/d/topics/{topic}", "/decide", action="reject", words="我们高度重视，将尽快处理。")
    assert page.status_code == 422
    assert "还没有发出" in words_of(page)
    assert "我们高度重视，将尽快处理。</textarea>" in page.get_data(as_text=True)
    assert decisions(wiring) == before
    kept = hidden(page.get_data(as_text=True), "checked")
    assert jing.press(f"/d/topics/{topic}", "/decide", action="reject", words="我们高度重视，将尽快处理。", checked=kept).status_code == 200
    assert topic_row(wiring, topic).state is TopicState.REJECTED


def test_the_receipt_says_whom_to_call_where_minutes_count(client: FlaskClient, town: Town) -> None:
    page = words_of(client.get(send_sentence(client, town.longchi_code, "幸福里 3 号楼着火了，快来人").location))
    assert "再打 119" in page
    assert "我们照样收" in page
    calm = words_of(client.get(send_sentence(client, town.longchi_code, "幸福里 3 号楼路灯坏了").location))
    assert "再打 119" not in calm


def test_a_form_that_is_refused_says_so_too(client: FlaskClient, town: Town) -> None:
    page = send_sentence(client, town.longchi_code, "老板拖欠工资三个月", place="幸" * 200)
    assert page.status_code == 422
    assert "12333" in words_of(page)
    assert "老板拖欠工资三个月</textarea>" in page.get_data(as_text=True)


def test_once_somebody_decided_the_receipt_sends_nobody_elsewhere(zhou: Person, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "健身房跑路了，办的卡退不了")
    assert "12315" in words_of(client.get(receipt_path(wiring, stored)))
    zhou.press(f"/m/cards/{stored.submission_id}", "/answer", **as_it_is("已请市场监管所联系商家，本周五前给您回话。"))
    assert "12315" not in words_of(client.get(receipt_path(wiring, stored)))


def test_a_card_says_who_else_could_help_and_what_several_things_are_asked(zhou: Person, wiring: Wiring, town: Town) -> None:
    text = "老板拖欠工资三个月。另外幸福里路灯坏了"
    stored = told(wiring, town.longchi_code, text)
    card = f"/m/cards/{stored.submission_id}"
    assert "劳动监察和仲裁" not in words_of(zhou.get(card))
    found = default_pipeline(default_taxonomy())(Message(text, 1, ("龙池社区",), wiring.clock.now()), Finding()).to_json()
    with wiring.sessions() as session:
        kept = session.query(StoredFinding).filter_by(submission_id=stored.submission_id).one()
        kept.content = {**kept.content, "route_out": found["route_out"], "demands": found["demands"]}
        session.commit()
    page = words_of(zhou.get(card))
    assert "劳动监察和仲裁" in page
    assert "好像说了 2 件事" in page


def test_a_card_of_an_earlier_version_of_the_machine_is_shown_as_it_was(zhou: Person, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里路灯坏了")
    with wiring.sessions() as session:
        kept = session.query(StoredFinding).filter_by(submission_id=stored.submission_id).one()
        kept.content = {**kept.content, "route_out": {"kind": "a kind that is no more", "reasons": []}, "demands": []}
        session.commit()
    assert zhou.get(f"/m/cards/{stored.submission_id}").status_code == 200
