"""分成几件 on the phone, and what the resident reads of it."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.submission import SubmissionState
from intake.domain.triage_result import Verdict
from intake.models import Contributor, Submission, SubmissionPart
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.matters import receipt_path, told, triage
from tests.factories.photos import photo_said
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

TWO = "幸福里 3 号楼路灯坏了。紫薇路井盖响了半个月。"
LID = TWO.index("紫薇路")


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def two(wiring: Wiring, town: Town) -> Stored:
    """Two matters in one message."""
    return told(wiring, town.longchi_code, TWO)


def the_part(wiring: Wiring, stored: Stored) -> Stored:
    with wiring.sessions() as session:
        child = (
            session.query(Submission)
            .join(SubmissionPart, SubmissionPart.submission_id == Submission.id)
            .order_by(Submission.id.desc())
            .first()
        )
        assert child is not None
        assert child.parent_id == stored.submission_id
        return Stored(child.id, child.receipt_number, child.receipt_salt, repeated=False)


def test_a_message_is_split_looked_at_and_put_together_again(zhou: Person, wiring: Wiring, town: Town, two: Stored) -> None:
    card = f"/m/cards/{two.submission_id}"
    assert f'href="{card}/split"' in zhou.get(card).get_data(as_text=True)
    looked = zhou.get(f"{card}/split?s0=0&s{LID}=1")
    assert "会分成这样" in words_of(looked)
    assert "居民会读到：您说了几件事，分开办理，每一件都会告诉您。" in words_of(looked)
    page = zhou.press(f"{card}/split?s0=0&s{LID}=1", f"{card}/split")
    assert re.search(r"<s[^>]*>紫薇路井盖响了半个月。</s>", page.get_data(as_text=True))
    part = the_part(wiring, two)
    # The resident sees it on the receipt they have, and follows each by its own.
    receipt = zhou.client.get(receipt_path(wiring, two))
    assert "您说了几件事，分开办理" in words_of(receipt)
    own = receipt_path(wiring, part)
    assert own in unescape(receipt.get_data(as_text=True))
    assert two.receipt_number in words_of(zhou.client.get(own))
    assert "那张回执上的这几句也一起去掉" in words_of(zhou.client.get(own))
    assert receipt_path(wiring, two) not in zhou.client.get(own).get_data(as_text=True)
    triage(wiring, part)
    back = zhou.press(f"/m/cards/{part.submission_id}", f"/m/cards/{part.submission_id}/rejoin")
    assert back.request.path == card
    assert "</s>" not in back.get_data(as_text=True)
    assert submission_of(wiring, part).state is SubmissionState.REJOINED
    assert "已并回" in words_of(zhou.client.get(receipt_path(wiring, part)))
    assert "和这一件一起办理。" in words_of(zhou.client.get(receipt_path(wiring, two)))


# The machine read the whole message: the name it found may be of the sentence that has left.
def test_what_was_found_in_the_whole_is_not_offered_for_what_is_left(zhou: Person, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, TWO, verdict=Verdict.OPEN)
    card = f"/m/cards/{stored.submission_id}"
    assert "建议另立议题" in words_of(zhou.get(card))
    page = words_of(zhou.press(f"{card}/split?s0=0&s{LID}=1", f"{card}/split"))
    assert "建议另立议题" not in page
    assert "系统拿不准，请您看看" in page


def test_of_two_who_split_at_once_the_second_reads_so_with_the_choice_kept(app: Flask, zhou: Person, wiring: Wiring, two: Stored) -> None:
    path = f"/m/cards/{two.submission_id}/split"
    html = zhou.client.get(f"{path}?s0=0&s{LID}=1").get_data(as_text=True)
    sent = {name: hidden(html, name) for name in ("csrf_token", "version")} | {"s0": "0", f"s{LID}": "1"}
    assert zhou.client.post(path, data=sent).status_code == 303
    late = zhou.client.post(path, data=sent)
    assert late.status_code == 409
    assert "刚刚有人处理过" in words_of(late)
    with wiring.sessions() as session:
        assert session.query(SubmissionPart).count() == 1


def test_who_may_split_and_take_back(app: Flask, wiring: Wiring, town: Town) -> None:
    for login, status in (
        ("laozhou", 303),  # the convenor of the street
        ("wangjing", 303),  # staff
        ("hemiao", 403),  # a member of another street
        ("sunyi", 404),  # staff of another district
        ("fangmin", 403),  # an office has no cards
    ):
        two = told(wiring, town.longchi_code, TWO)
        browser = app.test_client()
        person = sign_in(browser, login)
        path = f"/m/cards/{two.submission_id}/split"
        assert browser.get(path).status_code == (200 if status == 303 else status), login
        token = hidden(person.get("/account/digest").get_data(as_text=True), "csrf_token")
        sent = {"csrf_token": token, "version": str(submission_of(wiring, two).version), "s0": "0", f"s{LID}": "1"}
        assert browser.post(path, data=sent).status_code == status, login
        if status != 303:
            sign_in(app.test_client(), "zhou").press(f"{path}?s0=0&s{LID}=1", path)
        part = the_part(wiring, two)
        path = f"/m/cards/{part.submission_id}/rejoin"
        assert browser.post(path, data={"csrf_token": token, "version": "1"}).status_code == status, login


def test_a_stranger_is_sent_to_sign_in(app: Flask, two: Stored) -> None:
    assert "/sign-in" in app.test_client().get(f"/m/cards/{two.submission_id}/split").headers["Location"]


def test_what_is_decided_or_says_one_thing_offers_no_split(zhou: Person, wiring: Wiring, town: Town, two: Stored) -> None:
    one = told(wiring, town.longchi_code, "路灯坏了")
    assert "/split" not in zhou.get(f"/m/cards/{one.submission_id}").get_data(as_text=True)
    assert "只有一句话" in words_of(zhou.get(f"/m/cards/{one.submission_id}/split"))
    zhou.press(f"/m/cards/{two.submission_id}", "/open-topic", title="路灯")
    page = zhou.client.get(f"/m/cards/{two.submission_id}/split?s0=0&s{LID}=1")
    assert "不能再分" in words_of(page)
    with wiring.sessions() as session:
        assert session.query(SubmissionPart).count() == 0


def test_the_message_s_photo_is_on_the_parts_card_and_not_on_its_receipt(zhou: Person, wiring: Wiring, town: Town) -> None:
    two = told(wiring, town.longchi_code, TWO, verdict=Verdict.OPEN)
    with wiring.sessions() as session:
        topic_id = session.query(Contributor).filter_by(submission_id=two.submission_id).one().topic_id
    file_id = photo_said(wiring, topic_id)
    zhou.press(f"/m/cards/{two.submission_id}/split?s0=0&s{LID}=1", f"/m/cards/{two.submission_id}/split")
    part = the_part(wiring, two)
    triage(wiring, part)
    assert f"/said/{file_id}" in zhou.get(f"/m/cards/{part.submission_id}").get_data(as_text=True)
    assert f"/said/{file_id}" not in zhou.client.get(receipt_path(wiring, part)).get_data(as_text=True)


def test_the_split_page_costs_the_same_for_two_sentences_and_for_twenty(zhou: Person, wiring: Wiring, town: Town, two: Stored) -> None:
    many = told(wiring, town.longchi_code, "".join(f"第{n}盏路灯坏了。" for n in range(20)))
    few = cost(wiring, zhou, f"/m/cards/{two.submission_id}/split", "每一句归哪一件")
    assert cost(wiring, zhou, f"/m/cards/{many.submission_id}/split", "每一句归哪一件") == few


# Each way of a card shows the very sentence of the receipt.
def test_every_way_says_what_the_resident_will_read(zhou: Person, wiring: Wiring, two: Stored) -> None:
    page = words_of(zhou.get(f"/m/cards/{two.submission_id}"))
    for sentence in (
        "委员看过，并入了议题。",
        "委员看过，立为议题。",
        "委员答复了您。",
        "委员已转给有关单位，等答复。",
        "委员看过，没有采用。",
        "委员想请您补充。",
    ):
        assert f"居民会读到：{sentence}" in page
    zhou.press(f"/m/cards/{two.submission_id}", "/refer", words="请城管局看。")
    assert "委员已转给有关单位，等答复。" in words_of(zhou.client.get(receipt_path(wiring, two)))


# The message is handled on with what is left; what its resident took back stands on nobody's page any more.
def test_what_a_resident_takes_back_of_a_message_is_read_nowhere(app: Flask, zhou: Person, wiring: Wiring, two: Stored) -> None:
    card = f"/m/cards/{two.submission_id}"
    zhou.press(f"{card}/split?s0=0&s{LID}=1", f"{card}/split")
    part = the_part(wiring, two)
    triage(wiring, part)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=part.submission_id, at=wiring.clock.now())
    jing = sign_in(app.test_client(), "wangjing")
    for person, path in (
        (zhou, "/m"),
        (zhou, card),
        (zhou, "/m/search?q=幸福里"),
        (jing, f"/d/submissions/{two.submission_id}"),
    ):
        page = words_of(person.get(path))
        assert "幸福里 3 号楼路灯坏了" in page, path
        assert "井盖" not in page, path
    assert "（这几句已撤回。）" in words_of(zhou.get(card))
    assert "井盖" not in words_of(zhou.get(f"{card}/split"))
    assert "幸福里 3 号楼" not in words_of(zhou.get("/m/search?q=井盖响了"))
    receipt = words_of(zhou.client.get(receipt_path(wiring, two)))
    assert "幸福里 3 号楼路灯坏了。（这几句已撤回。）" in receipt
