"""What the phone's script is answered: done once however often it is sent, refused with how the card stands now, nobody signed in."""

from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.submission import SubmissionState
from intake.models import Decision
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in
from tests.web.test_query_counts import statements

NONCE, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
JSON = {"Accept": "application/json"}


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    """周明远 of 丰山街道, signed in on his phone."""
    return sign_in(client, "zhou")


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")


def card(stored: Stored) -> str:
    return f"/m/cards/{stored.submission_id}"


def fields(person: Person, stored: Stored, **more: str) -> dict[str, str]:
    """What the script sends: the card's version and token, words and a nonce."""
    page = person.client.get(card(stored), headers={"X-Ahead": "1"}).get_data(as_text=True)
    return {name: hidden(page, name) for name in ("csrf_token", "version")} | {"words": "师傅今天下午来修。", "nonce": NONCE} | more


def send(person: Person, stored: Stored, sent: dict[str, str], act: str = "answer") -> TestResponse:
    return person.client.post(f"{card(stored)}/{act}", data=sent, headers=JSON)


def said(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = answer.get_json()
    return found


def decisions(wiring: Wiring) -> list[tuple[int | None, bytes | None]]:
    with wiring.sessions() as session:
        return [(one.submission_id, one.nonce) for one in session.query(Decision).order_by(Decision.id)]


def test_the_same_press_sent_twice_is_one_decision(zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    sent = fields(zhou, lamp)
    first, again = said(send(zhou, lamp, sent)), said(send(zhou, lamp, sent))
    assert (first["done"], first["again"]) == (True, False)
    assert (again["done"], again["again"]) == (True, True)
    assert first["undo"] == f"{card(lamp)}/undo"
    assert "上一件已答复" in first["toast"]
    assert (first["heading"], first["left"], first["done_today"]) == ("待研判 0 件", 0, 1)
    assert first["next"].startswith("/m/next")
    assert decisions(wiring) == [(lamp.submission_id, bytes.fromhex(NONCE))]
    undone = said(zhou.client.post(first["undo"], data={"csrf_token": sent["csrf_token"]}, headers=JSON))
    assert undone == {"done": True, "again": False, "next": card(lamp), "undo": None}
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED


def test_the_same_press_sent_twice_at_once_is_one_decision(app: Flask, town: Town, wiring: Wiring, lamp: Stored) -> None:
    people = [sign_in(app.test_client(), "zhou") for _ in range(2)]
    sent, together, answers = [fields(person, lamp) for person in people], Barrier(2), list[dict[str, Any]]()

    def press(number: int) -> None:
        together.wait()
        answers.append(said(send(people[number], lamp, sent[number])))

    threads = [Thread(target=press, args=(number,)) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answer["again"] for answer in answers) == [False, True]
    assert decisions(wiring) == [(lamp.submission_id, bytes.fromhex(NONCE))]


def test_a_nonce_stands_for_one_persons_decision_on_one_card(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, clock: TestClock, lamp: Stored
) -> None:
    assert said(send(zhou, lamp, fields(zhou, lamp)))["done"]
    other = told(wiring, town.longchi_code, "另一件事，井盖没了")
    assert send(zhou, other, fields(zhou, other)).status_code == 409
    clock.forward(minutes=11)
    laozhou = sign_in(app.test_client(), "laozhou")
    taken = send(laozhou, other, fields(laozhou, other))
    assert taken.status_code == 409
    assert "编号已经用在别处" in said(taken)["error"]
    for wrong in ("xyz", NONCE + "00", "0123456789ABCDEF" * 2):
        assert send(zhou, other, fields(zhou, other, nonce=wrong)).status_code == 422
    assert submission_of(wiring, other).state is SubmissionState.TRIAGED
    assert len(decisions(wiring)) == 1


def test_somebody_was_faster_and_the_answer_says_who(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, clock: TestClock, lamp: Stored
) -> None:
    late = fields(zhou, lamp)
    clock.forward(minutes=11)
    laozhou = sign_in(app.test_client(), "laozhou")
    assert said(send(laozhou, lamp, fields(laozhou, lamp, nonce=OTHER)))["done"]
    answer = send(zhou, lamp, late)
    assert answer.status_code == 409
    assert said(answer) | {"error": ""} == {"error": "", "field": None, "state": "已答复", "by": "老周", "card": card(lamp)}


# What is wrong with what was sent → status, field, a part of the sentence. Nothing is recorded.
WRONG: dict[str, tuple[str, dict[str, str], int, str | None, str]] = {
    "no words": ("answer", {"words": ""}, 422, "words", ""),
    "no reason": ("decline", {}, 422, "reason", "请选一个不采用的理由"),
    "remarks to be looked at first": ("answer", {"words": "知道了。"}, 422, "words", "请您看一眼"),
    "another session's token": ("answer", {"csrf_token": "x"}, 400, None, "请刷新"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_refusal_names_the_field_and_records_nothing(zhou: Person, wiring: Wiring, lamp: Stored, what: str) -> None:
    act, more, status, field, words = WRONG[what]
    answer = send(zhou, lamp, fields(zhou, lamp, **more), act)
    assert answer.status_code == status
    assert said(answer).get("field") == field
    assert words in said(answer)["error"]
    assert decisions(wiring) == []


def test_nobody_signed_in_is_told_where_to(app: Flask, zhou: Person, lamp: Stored) -> None:
    sent = fields(zhou, lamp)
    stranger = app.test_client()
    for answer in (stranger.post(f"{card(lamp)}/answer", data=sent, headers=JSON), stranger.get("/m/kept.json", headers=JSON)):
        assert answer.status_code == 401
        assert said(answer)["sign_in"] == "/sign-in?next=/m/kept"
    assert stranger.get("/m/kept.json").status_code == 303, "a person's browser is led there"


def test_what_may_lie_on_the_phone_is_ones_own_queue_without_what_others_hold(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    cards = [told(wiring, town.longchi_code, f"第 {number} 件事，路灯坏了") for number in range(3)]
    told(wiring, town.shiqiao_code, "石桥的井盖没了")
    sign_in(app.test_client(), "laozhou").get(card(cards[1]))  # it is his for ten minutes
    zhou.client.get("/m/kept.json", headers=JSON)
    with statements(wiring) as few:
        kept = said(zhou.client.get("/m/kept.json", headers=JSON))
    assert [one["url"] for one in kept["cards"]] == [card(cards[0]), card(cards[2])]
    assert all(one["version"] == submission_of(wiring, stored).version for one, stored in zip(kept["cards"], cards[::2], strict=True))
    assert kept["who"] == town.zhou_id
    assert 0 < kept["seconds"] <= 24 * 3600
    for number in range(20):
        clock.forward(seconds=1)
        told(wiring, town.longchi_code, f"又是第 {number} 件事")
    with statements(wiring) as many:
        assert len(said(zhou.client.get("/m/kept.json", headers=JSON))["cards"]) == wiring.workflow.member.cards_kept - 1
    assert len(many) <= len(few)


def test_the_page_of_what_lies_on_the_phone_and_the_phones_own_attributes(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    for path in ("/m", "/m/kept", card(lamp)):
        page = zhou.get(path).get_data(as_text=True)
        assert f'data-who="{town.zhou_id}"' in page, path
        assert 'data-worker="/sw.js"' in page, path
    assert "13800000021" not in zhou.get(card(told(wiring, town.longchi_code, "灯坏了，请回电", contact="13800000021"))).get_data(
        as_text=True
    )


def test_what_is_taken_back_is_this_press_and_no_other(app: Flask, zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    first = fields(zhou, lamp)
    assert said(send(zhou, lamp, first))["undo"] == f"{card(lamp)}/undo"
    other = told(wiring, town.longchi_code, "另一件事，井盖没了")
    assert said(send(zhou, other, fields(zhou, other, nonce=OTHER)))["undo"] == f"{card(other)}/undo"
    again = said(send(zhou, lamp, first))
    assert (again["again"], again["undo"]) == (True, None), "the newest decision is another"
    assert "toast" not in again
    for login, status in (("liqing", 404), ("laozhou", 409), ("gaoqiang", 403)):  # another area's member, a colleague there, a unit
        stranger = sign_in(app.test_client(), login)
        token = hidden(stranger.client.get("/account").get_data(as_text=True), "csrf_token")
        assert stranger.client.post(f"{card(lamp)}/undo", data={"csrf_token": token}, headers=JSON).status_code == status, login
