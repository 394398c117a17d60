"""常用答复: written by staff, begun from on a card, and never sent with a gap in them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.answer_templates import default_templates
from config.taxonomy import default_taxonomy
from intake.domain.answer_template import ACTION_NAMES, WORDS_MAX, gaps_in
from intake.domain.permission import Role
from intake.domain.submission import SubmissionState
from intake.models import AnswerTemplate, Submission
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.matters import told
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, as_it_is, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

LIST = "/d/templates"
FIXED = {"action": "answer", "category": "street-lights", "title": "路灯报修了", "words": "已经报修，〔哪一天〕前修好。"}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def newest(wiring: Wiring) -> AnswerTemplate:
    with wiring.sessions() as session:
        found = session.query(AnswerTemplate).order_by(AnswerTemplate.id.desc()).first()
        assert found is not None
        return found


def test_what_is_shipped_can_be_used_as_it_is() -> None:
    codes = {one.code for one in default_taxonomy().categories}
    actions = {action.value for action in ACTION_NAMES}
    assert {one.action for one in default_templates()} == actions
    for one in default_templates():
        assert one.category is None or one.category in codes, one.title
        assert len(one.words) <= WORDS_MAX
    assert gaps_in("〔哪一天〕前修好，见政办〔2026〕12号；〔哪一天〕") == ("〔哪一天〕",)


def test_staff_write_change_retire_and_bring_back(jing: Person, wiring: Wiring) -> None:
    assert "放入一套常用的" in words_of(jing.get(LIST))
    refused = jing.press(f"{LIST}/new", f"{LIST}/new", **{**FIXED, "title": ""})
    assert refused.status_code == 422
    assert FIXED["words"] in refused.get_data(as_text=True)
    assert "已存好" in words_of(jing.press(f"{LIST}/new", f"{LIST}/new", **FIXED))
    made = newest(wiring)
    path = f"{LIST}/{made.id}"
    html = jing.get(path).get_data(as_text=True)
    sent = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version"), **FIXED}
    assert jing.client.post(path, data={**sent, "title": "报修了"}).status_code == 303
    late = jing.client.post(path, data={**sent, "words": "我写的另一句"})
    assert late.status_code == 409
    assert "我写的另一句" in late.get_data(as_text=True)
    assert "已停用" in words_of(jing.press(path, f"{path}/retire"))
    assert "报修了" not in words_of(jing.get(LIST))
    assert "报修了" in words_of(jing.get(f"{LIST}?retired=1"))
    assert "已恢复" in words_of(jing.press(path, f"{path}/retire"))
    assert newest(wiring).retired_at is None


def test_a_district_without_any_takes_the_shipped_ones_once(jing: Person, wiring: Wiring) -> None:
    page = jing.press(LIST, f"{LIST}/defaults")
    assert default_templates()[0].title in words_of(page)
    token = hidden(page.get_data(as_text=True), "csrf_token")
    assert jing.client.post(f"{LIST}/defaults", data={"csrf_token": token}).status_code == 409
    with wiring.sessions() as session:
        assert session.query(AnswerTemplate).count() == len(default_templates())


def test_only_the_districts_own_staff_keep_them(app: Flask, jing: Person, wiring: Wiring) -> None:
    jing.press(f"{LIST}/new", f"{LIST}/new", **FIXED)
    path = f"{LIST}/{newest(wiring).id}"
    for login, listed, one in (("zhou", 403, 403), ("fangmin", 403, 403), ("sunyi", 200, 404)):
        browser = app.test_client()
        token = hidden(sign_in(browser, login).get("/account/digest").get_data(as_text=True), "csrf_token")
        assert (browser.get(LIST).status_code, browser.get(path).status_code) == (listed, one), login
        for act in ("", "/retire"):
            assert browser.post(path + act, data={**FIXED, "csrf_token": token, "version": "1"}).status_code == one, login
    assert "/sign-in" in app.test_client().get(LIST).headers["Location"]


def test_a_card_offers_those_of_its_action_its_category_first(app: Flask, jing: Person, wiring: Wiring, town: Town) -> None:
    jing.press(f"{LIST}/new", f"{LIST}/new", **{**FIXED, "category": "", "title": "去看过了"})
    jing.press(f"{LIST}/new", f"{LIST}/new", **FIXED)
    chosen = newest(wiring).id
    jing.press(f"{LIST}/new", f"{LIST}/new", **{**FIXED, "category": "noise", "title": "噪声的"})
    jing.press(f"{LIST}/new", f"{LIST}/new", **{**FIXED, "action": "ask", "category": "", "title": "请写清在哪里"})
    lamp = told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")
    with wiring.sessions.begin() as session:
        session.get_one(Submission, lamp.submission_id).category = "street-lights"
    zhou = sign_in(app.test_client(), "zhou")
    card = f"/m/cards/{lamp.submission_id}"
    page = words_of(zhou.get(card))
    assert page.index("路灯报修了") < page.index("去看过了")
    assert "噪声的" not in page
    assert page.index("去看过了") < page.index("请写清在哪里")
    # Without script a link writes the words into the form they are for, and into no other.
    begun = zhou.get(f"{card}?panel=answer&template={chosen}").get_data(as_text=True)
    assert begun.count(f">{FIXED['words']}</textarea>") == 1
    assert f">{FIXED['words']}</textarea>" not in zhou.get(f"{card}?panel=decline&template={chosen}").get_data(as_text=True)
    assert zhou.client.get(f"{card}?panel=answer&template=999999").status_code == 200
    # Not sent with a gap, by whichever way.
    for way in ("answer", "refer", "ask"):
        refused = zhou.press(card, f"/{way}", **as_it_is(FIXED["words"]))
        assert refused.status_code == 422, way
        assert "还有没填的地方：〔哪一天〕" in words_of(refused)
        assert FIXED["words"] in refused.get_data(as_text=True)
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED
    zhou.press(card, "/answer", **as_it_is("已经报修，周五前修好。"))
    assert submission_of(wiring, lamp).state is SubmissionState.ANSWERED


def test_the_list_costs_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring) -> None:
    jing.press(f"{LIST}/new", f"{LIST}/new", **{**FIXED, "title": "第一条"})
    few = cost(wiring, jing, LIST, "第一条")
    with wiring.sessions.begin() as session:
        one = session.query(AnswerTemplate).one()
        session.add_all(
            AnswerTemplate(
                district_id=one.district_id,
                action="ask",
                title=f"第{n}条",
                words="请补充",
                created_by=one.created_by,
                created_at=one.created_at,
            )
            for n in range(20)
        )
    assert cost(wiring, jing, LIST, "第19条") == few


def test_staff_of_one_street_read_the_districts_and_change_none(app: Flask, jing: Person, wiring: Wiring, town: Town) -> None:
    jing.press(f"{LIST}/new", f"{LIST}/new", **FIXED)
    path = f"{LIST}/{newest(wiring).id}"
    person_with(wiring, "jiedao", "小街", (Role.STAFF, town.street_id))
    street = sign_in(app.test_client(), "jiedao")
    listed = street.get(LIST)
    assert FIXED["words"] in words_of(listed)
    assert "新写一条" not in words_of(listed)
    html = street.get(path)
    assert FIXED["words"] in words_of(html)
    assert "由区里统一维护" in words_of(html)
    assert "停用" not in words_of(html).replace("已停用", "")
    sent = {
        **FIXED,
        "csrf_token": hidden(street.get("/account/digest").get_data(as_text=True), "csrf_token"),
        "version": "1",
        "title": "改了",
    }
    for way in (f"{LIST}/new", path, f"{path}/retire", f"{LIST}/defaults"):
        assert street.client.post(way, data=sent).status_code == 403, way
    assert street.client.get(f"{LIST}/new").status_code == 403
    assert (newest(wiring).title, newest(wiring).retired_at) == (FIXED["title"], None)
