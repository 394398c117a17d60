"""查找: what a member finds by a word, and what is never found."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.held import Held
from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from intake.models import Submission, SubmissionGrams
from intake.queries import submission_search
from intake.services.retention import apply_retention
from intake.services.submission_split import split
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.hands import recused
from tests.factories.matters import attach, deciding, held, told, topic_of, triage
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture(params=["the latest are read", "the index is asked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways must find the same."""
    if request.param == "the index is asked":
        monkeypatch.setattr(submission_search, "LATEST", 1)
    return str(request.param)


def heard(wiring: Wiring, code: str, text: str) -> Stored:
    """A sentence as triage leaves it, known to the index."""
    stored = told(wiring, code, text)
    with wiring.sessions.begin() as session:
        session.get_one(SubmissionGrams, stored.submission_id).grams = list(grams_of(matching_form(text)))
    return stored


def found(person: Person, q: str, **more: str) -> list[str]:
    """The texts of the rows, marks and all, in their order."""
    response = person.client.get("/m/search", query_string={"q": q, **more})
    assert response.status_code == 200
    return [
        re.sub(r"</?mark>", "", one)
        for one in re.findall(r'<span class="excerpt" lang="zh-CN">(.*?)</span>', response.get_data(as_text=True))
    ]


@pytest.fixture
def said(wiring: Wiring, town: Town) -> list[str]:
    """Four at two communities of 丰山街道."""
    texts = ["3号楼路灯不亮", "电梯停运，路灯也暗", "垃圾没人收 100% 是真的", "ATM 取款机_坏了"]
    for number, text in enumerate(texts):
        heard(wiring, (town.longchi_code, town.ziwei_code)[number % 2], text)
    return texts


FOUND: tuple[tuple[str, list[int]], ...] = (
    # Two characters, the newest first.
    ("路灯", [1, 0]),
    # A phrase, as it stands.
    ("路灯不亮", [0]),
    # Every word must be there.
    ("路灯 电梯", [1]),
    ("路灯 垃圾", []),
    # One character beside a longer word narrows.
    ("路灯 暗", [1]),
    # In traditional characters, and capitals or small letters.
    ("路燈", [1, 0]),
    ("atm", [3]),
    # What LIKE would read as anything is itself.
    ("100%", [2]),
    ("取款机_坏", [3]),
    ("路%灯", []),
    # Pieces that all stand there, though not beside each other.
    ("灯不路灯", []),
)


def test_what_residents_said_is_found_by_two_characters(way: str, zhou: Person, said: list[str]) -> None:
    for q, numbers in FOUND:
        assert found(zhou, q) == [said[number] for number in numbers], q


def test_what_was_asked_for_is_marked_and_nothing_of_the_residents_becomes_markup(zhou: Person, wiring: Wiring, town: Town) -> None:
    heard(wiring, town.longchi_code, "<b>路灯</b>坏了")
    page = zhou.get("/m/search?q=路灯").get_data(as_text=True)
    assert "&lt;b&gt;<mark>路灯</mark>&lt;/b&gt;坏了" in page


SAID_TO_WHATEVER_IS_TYPED = (
    ("", "写一两个词就能找"),
    ("灯", "请至少写两个字"),
    ("灯 亮", "请至少写两个字"),
    ("没有人说过", "没有找到"),
    ("路灯" * 100, "没有找到"),
    ("\x00路", "请至少写两个字"),
    ("😀😀", "没有找到"),
    ("——", "没有找到"),
    ("我们", "没有找到"),
    ("%_", "没有找到"),
    ("ZB-2611-00000", "没有找到"),
)


def test_whatever_is_typed_gets_an_answer_that_says_what_to_do(way: str, zhou: Person, said: list[str]) -> None:
    for q, says in SAID_TO_WHATEVER_IS_TYPED:
        response = zhou.client.get("/m/search", query_string={"q": q})
        assert response.status_code == 200
        assert says in words_of(response), q


def test_a_page_key_nobody_issued_does_no_harm(zhou: Person, said: list[str]) -> None:
    assert found(zhou, "路灯", after="x") == found(zhou, "路灯", after="9" * 30) == found(zhou, "路灯")


def test_words_without_a_piece_for_the_index_are_looked_for_among_the_latest_and_the_page_says_so(
    zhou: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(wiring, town.longchi_code, "我们这里没有灯")
    assert "只找了最近的来件" not in words_of(zhou.get("/m/search?q=我们")), "they were all there are"
    monkeypatch.setattr(submission_search, "LATEST", 1)
    assert "只找了最近的来件" in words_of(zhou.get("/m/search?q=我们"))


def test_nothing_of_another_area_or_district_is_found(way: str, app: Flask, zhou: Person, wiring: Wiring, town: Town) -> None:
    elsewhere = heard(wiring, town.shiqiao_code, "石桥的路灯坏了")
    assert found(zhou, "路灯") == []
    assert found(zhou, elsewhere.receipt_number) == []
    assert found(sign_in(app.test_client(), "hemiao"), "路灯") == ["石桥的路灯坏了"]
    assert found(sign_in(app.test_client(), "wangjing"), "路灯") == ["石桥的路灯坏了"], "staff see the whole district"
    assert found(sign_in(app.test_client(), "sunyi"), "路灯") == [], "the neighbouring district"
    assert sign_in(app.test_client(), "gaoqiang").client.get("/m/search?q=路灯").status_code == 403


def test_what_was_withdrawn_held_back_or_erased_is_not_found(way: str, zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    gone, kept = heard(wiring, town.longchi_code, "撤回的路灯"), heard(wiring, town.longchi_code, "还在的路灯")
    held(wiring, town.longchi_code, "广告路灯", Held.ADVERTISING)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=gone.submission_id, at=wiring.clock.now())
    assert found(zhou, "路灯") == ["还在的路灯"]
    assert found(zhou, gone.receipt_number) == []
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=kept.submission_id, at=wiring.clock.now())
        apply_retention(session, workflow=wiring.workflow, at=clock.now() + timedelta(days=31), limit=10)
    assert found(zhou, "路灯") == []


def test_a_receipt_number_finds_its_own_however_it_is_typed(zhou: Person, wiring: Wiring, town: Town) -> None:
    lamp = heard(wiring, town.longchi_code, "路灯坏了")
    heard(wiring, town.longchi_code, "电梯坏了")
    for typed in (lamp.receipt_number, lamp.receipt_number.lower(), lamp.receipt_number.replace("-", " "), lamp.receipt_number[3:]):
        assert found(zhou, typed) == ["路灯坏了"]


def test_what_waits_what_is_done_and_what_i_did_apart(way: str, zhou: Person, wiring: Wiring, town: Town) -> None:
    mine, theirs = heard(wiring, town.longchi_code, "第一盏路灯"), heard(wiring, town.longchi_code, "第二盏路灯")
    attach(wiring, town.laozhou_id, theirs, topic_of(wiring, town.zhou_id, "路灯", mine))
    heard(wiring, town.longchi_code, "第三盏路灯")
    assert found(zhou, "路灯", part="waiting") == ["第三盏路灯"]
    assert found(zhou, "路灯", part="done") == ["第二盏路灯", "第一盏路灯"]
    assert found(zhou, "路灯", part="mine") == ["第一盏路灯"]
    assert len(found(zhou, "路灯", part="whatever")) == 3


def test_twelve_are_found_once_each_though_new_ones_arrive_between_pages(
    way: str, zhou: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        heard(wiring, town.longchi_code, f"路灯 {number:02d}")
    monkeypatch.setattr(submission_search, "PAGE", 5)
    seen, after = [], ""
    for _ in range(4):
        html = zhou.client.get("/m/search", query_string={"q": "路灯", "after": after}).get_data(as_text=True)
        seen += re.findall(r"<mark>路灯</mark> (\d\d)", html)
        heard(wiring, town.longchi_code, "路灯刚刚坏了")
        following = re.search(r"after=(\d+)\"[^>]*rel=\"next\"", html)
        if following is None:
            break
        after = following.group(1)
    assert seen == [f"{number:02d}" for number in range(11, -1, -1)]


def test_searching_costs_the_same_for_one_and_for_twenty(way: str, zhou: Person, wiring: Wiring, town: Town) -> None:
    heard(wiring, town.longchi_code, "路灯 0")
    one = cost(wiring, zhou, "/m/search?q=路灯", "路灯")
    for number in range(1, 20):
        heard(wiring, town.longchi_code, f"路灯 {number}")
    assert cost(wiring, zhou, "/m/search?q=路灯", "19") == one


def test_topics_are_found_by_their_name_and_a_word_that_finds_none_leads_to_the_submissions(
    zhou: Person, wiring: Wiring, town: Town
) -> None:
    topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "路灯坏了"))
    topic_of(wiring, town.zhou_id, "电梯停运", told(wiring, town.longchi_code, "电梯坏了"))
    page = words_of(zhou.get("/m/topics?q=路灯"))
    assert "幸福里路灯" in page
    assert "电梯停运" not in page
    nothing = zhou.get("/m/topics?q=噪声")
    assert "没有找到" in words_of(nothing)
    assert "/m/search?q=" in nothing.get_data(as_text=True)


def test_what_somebody_stepped_back_from_is_not_found_by_them_nor_what_is_split_off_it(
    way: str, app: Flask, zhou: Person, wiring: Wiring, town: Town
) -> None:
    text = "物业不修路灯。路灯下井盖也松了。"
    stored = heard(wiring, town.longchi_code, text)
    recused(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        split(session, deciding(wiring, town.laozhou_id, stored), choice={7: 1}, vault=wiring.vault)
        child = session.query(Submission).filter_by(parent_id=stored.submission_id).one()
        part = Stored(child.id, child.receipt_number, child.receipt_salt, repeated=False)
    triage(wiring, part)
    with wiring.sessions.begin() as session:
        session.get_one(SubmissionGrams, part.submission_id).grams = list(grams_of(matching_form("路灯下井盖也松了。")))
    assert found(sign_in(app.test_client(), "laozhou"), "路灯") == ["路灯下井盖也松了。", text]
    for q in ("路灯", stored.receipt_number, part.receipt_number):
        assert found(zhou, q) == [], q
