"""换人 on the pages: who looks at a card, taking it over, handing it over, passing it up, stepping back; and who has what."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.permission import Role
from intake.domain.submission import Urgency
from intake.models import AuditEntry, Reassignment, Submission, SubmissionLease, SubmissionPart
from intake.services.appeal import appeal_submission
from intake.services.submission_split import split
from intake.services.submission_submit import Stored
from intake.web.chosen_person import LIST_MOST
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.hands import handed_over, looked_at, passed_up, recused
from tests.factories.matters import deciding, receipt_path, told, triage
from tests.factories.referrals import referred, replied
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, as_it_is, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

JSON = {"Accept": "application/json"}


@pytest.fixture
def bin_(wiring: Wiring, town: Town) -> Stored:
    """At 紫薇社区: 李青's turn."""
    return told(wiring, town.ziwei_code, "紫薇的垃圾没人收")


@pytest.fixture
def qing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "liqing")


@pytest.fixture
def zhou(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "zhou")


@pytest.fixture
def laozhou(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "laozhou")


def card(stored: Stored) -> str:
    return f"/m/cards/{stored.submission_id}"


def held_by(wiring: Wiring, stored: Stored) -> int | None:
    with wiring.sessions() as session:
        row = session.get(SubmissionLease, stored.submission_id)
        return row.user_id if row is not None else None


def token(person: Person) -> str:
    return hidden(person.client.get("/m/me").get_data(as_text=True), "csrf_token")


def sends(person: Person, stored: Stored, act: str, version: int = 2, **fields: str) -> TestResponse:
    """As the phone's script does, without opening the card."""
    data = {"csrf_token": token(person), "version": str(version), **fields}
    return person.client.post(f"{card(stored)}/{act}", data=data, headers=JSON)


# --- the lease ------------------------------------------------------------------------------------------------------------------------


def test_opening_a_card_takes_it_and_others_see_who_looks_at_it(
    qing: Person, zhou: Person, laozhou: Person, wiring: Wiring, town: Town, bin_: Stored, clock: TestClock
) -> None:
    assert "您在看，到 09:10" in words_of(qing.get(card(bin_)))
    assert held_by(wiring, bin_) == town.qing_id
    seen = words_of(zhou.get(card(bin_)))
    assert "李青正在看，到 09:10" in seen
    assert "紫薇的垃圾没人收" in seen  # reading stays free
    assert "接手" not in seen
    assert "接手" in words_of(laozhou.get(card(bin_)))
    assert held_by(wiring, bin_) == town.qing_id
    refused = zhou.press(card(bin_), "/answer", **as_it_is("我来联系物业。"))
    assert refused.status_code == 409
    assert "李青正在看这一件，到 09:10" in words_of(refused)
    assert "我来联系物业。" in words_of(refused)
    clock.forward(minutes=10)
    assert "您在看，到 09:20" in words_of(zhou.get(card(bin_)))


def test_who_was_taken_over_reads_by_whom_and_keeps_every_word(
    qing: Person, laozhou: Person, wiring: Wiring, town: Town, bin_: Stored
) -> None:
    qing.get(card(bin_))
    assert "您在看" in words_of(laozhou.press(card(bin_), "/take-over"))
    late = qing.press(card(bin_), "/answer", **as_it_is("我已经打了电话。"))
    assert late.status_code == 409
    assert "老周正在看这一件" in words_of(late)
    assert "我已经打了电话。" in words_of(late)
    assert submission_of(wiring, bin_).state.value == "triaged"


def test_whoever_declined_reads_that_somebody_else_looks_at_what_was_appealed(wiring: Wiring, zhou: Person, bin_: Stored) -> None:
    assert sends(zhou, bin_, "decline", reason="already_done", words="收过了。").status_code == 200
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=bin_.submission_id, words="还没收", at=wiring.clock.now())
    page = zhou.get(card(bin_))
    assert "这一件由别的同志来看" in words_of(page)
    assert "现在由王静来看，您不用再处理" in words_of(page)
    for offered in ("更多处理方式", "接手", "撤销", "您在看"):
        assert offered not in words_of(page)
    assert held_by(wiring, bin_) is None
    refused = sends(zhou, bin_, "undo")
    assert refused.status_code == 403
    assert refused.json is not None
    assert "换一位同志" in refused.json["error"]


# What the script or the browser fetches before anybody looks is nobody's; the script claims it when it shows it.
@pytest.mark.parametrize("ahead", [{"X-Ahead": "1"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_a_card_fetched_ahead_is_claimed_when_it_is_shown(
    qing: Person, zhou: Person, wiring: Wiring, town: Town, bin_: Stored, ahead: dict[str, str]
) -> None:
    assert qing.client.get(card(bin_), headers=ahead).status_code == 200
    assert held_by(wiring, bin_) is None
    done = sends(qing, bin_, "claim")
    assert (done.status_code, done.json) == (200, {"done": True, "again": False, "next": "/m/next", "undo": None})
    assert held_by(wiring, bin_) == town.qing_id
    refused = sends(zhou, bin_, "claim")
    assert refused.status_code == 409
    assert refused.json is not None
    assert "李青正在看这一件" in refused.json["error"]
    assert refused.json["card"] == card(bin_)


def test_the_next_card_and_signing_out_give_it_back(qing: Person, wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    clock.forward(minutes=1)
    lamp = told(wiring, town.ziwei_code, "紫薇的路灯不亮")
    qing.get(card(bin_))
    assert "紫薇的路灯不亮" in words_of(qing.get(f"/m/next?skip={bin_.submission_id}"))
    assert (held_by(wiring, bin_), held_by(wiring, lamp)) == (None, town.qing_id)
    qing.client.post("/sign-out", data={"csrf_token": token(qing)})
    assert held_by(wiring, lamp) is None


def test_an_emergency_may_be_taken_over_by_anybody_there(qing: Person, zhou: Person, wiring: Wiring, town: Town) -> None:
    gas = told(wiring, town.ziwei_code, "楼道里煤气味很重", urgency=Urgency.EMERGENCY)
    zhou.get(card(gas))
    assert "这是紧急来件，您也可以处理" in words_of(qing.get(card(gas)))
    assert "您在看" in words_of(qing.press(card(gas), "/take-over"))


# --- handing over, passing up, stepping back ------------------------------------------------------------------------------------------


def test_a_colleague_reads_the_sentence_and_the_resident_reads_who_has_it(
    app: Flask, qing: Person, zhou: Person, wiring: Wiring, town: Town, bin_: Stored
) -> None:
    given = qing.press(f"{card(bin_)}/pass", "/hand-over", to=str(town.zhou_id), words="您和物业熟。")
    assert "您转交给了周明远，等对方看" in words_of(given)
    seen = words_of(zhou.get(card(bin_)))
    assert "李青转交给您：" in seen
    assert "您和物业熟。" in seen
    receipt = words_of(app.test_client().get(receipt_path(wiring, bin_)))
    assert "现在由委员周明远看" in receipt
    assert "物业熟" not in receipt
    refused = qing.press(f"{card(bin_)}/pass", "/take-back")
    assert refused.status_code == 409
    assert "周明远正在看这一件" in words_of(refused)
    zhou.get("/m/next")  # nothing else waits: the queue
    with wiring.sessions.begin() as session:
        session.query(SubmissionLease).delete()
    assert "您在看" in words_of(qing.press(f"{card(bin_)}/pass", "/take-back"))
    assert submission_of(wiring, bin_).owner_id == town.qing_id


def test_a_refused_hand_over_keeps_the_colleague_and_the_words(qing: Person, town: Town, bin_: Stored) -> None:
    long = "说" * 201
    refused = qing.press(f"{card(bin_)}/pass", "/hand-over", to=str(town.zhou_id), words=long)
    assert refused.status_code == 422
    assert "最多 200 个字" in words_of(refused)
    assert long in words_of(refused)
    assert f'value="{town.zhou_id}" selected' in refused.get_data(as_text=True)


def test_passing_up_goes_to_the_convenor_at_once(qing: Person, laozhou: Person, bin_: Stored) -> None:
    assert "您上交给了老周，等对方看" in words_of(qing.press(f"{card(bin_)}/pass", "/pass-up", to="convenor", words="要请街道一起看。"))
    assert "李青上交给您：" in words_of(laozhou.get(card(bin_)))


def test_who_steps_back_reads_nothing_more_of_it(qing: Person, zhou: Person, wiring: Wiring, town: Town, bin_: Stored) -> None:
    done = qing.press(f"{card(bin_)}/pass", "/recuse", words="是我家亲戚开的店。")
    assert "已回避" in words_of(done)
    for path in (card(bin_), f"{card(bin_)}/pass", f"{card(bin_)}?panel=answer"):
        refused = qing.get(path)
        assert refused.status_code == 403
        assert "您已回避这一件" in words_of(refused)
        assert "垃圾" not in words_of(refused)
    for path in ("/m", "/m/messages"):
        assert "没人收" not in words_of(qing.get(path)), path
    late = sends(qing, bin_, "answer", words="我写了一半的话")
    assert late.status_code == 403
    assert late.json is not None
    assert (late.json["state"], late.json["card"]) == ("", None)
    assert "亲戚" not in words_of(zhou.get(card(bin_)))  # the reason is for staff
    assert submission_of(wiring, bin_).owner_id == town.zhou_id


def test_who_steps_back_after_deciding_takes_nothing_back_and_leaves_the_referral_to_others(
    qing: Person, laozhou: Person, wiring: Wiring, town: Town, bin_: Stored
) -> None:
    referral = f"/m/referrals/{replied(wiring, town, referred(wiring, town, bin_, by=town.qing_id))}"
    seen = qing.get(referral).get_data(as_text=True)
    assert "紫薇的垃圾没人收" in seen
    recused(wiring, town.qing_id, bin_)
    data = {"csrf_token": hidden(seen, "csrf_token"), "version": hidden(seen, "version"), "words": "好"}
    for answer in (qing.get(referral), *(qing.client.post(f"{referral}/{act}", data=data) for act in ("deliver", "send-back"))):
        assert answer.status_code == 403
        assert "您已回避这一件" in words_of(answer)
        assert "紫薇的垃圾没人收" not in words_of(answer)
    for part in ("check", "open", "ended"):
        assert "紫薇的垃圾没人收" not in words_of(qing.get(f"/m/referrals?part={part}"))
    assert sends(qing, bin_, "undo").status_code == 403
    assert "紫薇的垃圾没人收" in words_of(laozhou.get("/m/referrals"))  # the convenor checks the answer
    assert laozhou.press(referral, "/deliver", words="").status_code == 200


def test_staff_see_through_whose_hands_it_went_and_lift_what_was_a_mistake(
    app: Flask, qing: Person, wiring: Wiring, town: Town, bin_: Stored
) -> None:
    handed_over(wiring, town.zhou_id, bin_, town.qing_id, "您熟悉。")
    recused(wiring, town.qing_id, bin_)
    jing = sign_in(app.test_client(), "wangjing")
    desk = f"/d/submissions/{bin_.submission_id}"
    page = words_of(jing.get(desk))
    assert all(words in page for words in ("周明远转交给李青", "您熟悉。", "李青回避了", "我在那家物业任职。"))
    assert "李青回避了" not in words_of(jing.press(desk, "/lift"))
    assert "紫薇的垃圾没人收" in words_of(qing.get(card(bin_)))


def test_the_script_hears_of_each_act_and_a_repeat_changes_nothing(qing: Person, wiring: Wiring, town: Town, bin_: Stored) -> None:
    done = {"done": True, "next": "/m/next", "undo": None}
    acts: tuple[tuple[str, int, dict[str, str]], ...] = (
        ("hand-over", 2, {"to": str(town.zhou_id), "words": "请看"}),
        ("take-back", 3, {}),
        ("pass-up", 4, {"to": "staff", "words": "请看"}),
        ("recuse", 5, {"words": "亲属"}),
    )
    for act, version, fields in acts:
        for again in (False, True):
            answer = sends(qing, bin_, act, version, **fields)
            assert answer.json == {**done, "again": again}, act
    with wiring.sessions() as session:
        assert session.query(Reassignment).count() == 4


# Every route: another area's member and another district's staff, somebody without the permission, nobody at all.
ACTS = ("claim", "take-over", "hand-over", "pass-up", "take-back", "recuse")


@pytest.mark.parametrize(("login", "status"), [("hemiao", 403), ("sunyi", 404), ("chenli", 403)])
def test_another_areas_card_goes_through_nobodys_hands(
    app: Flask, wiring: Wiring, town: Town, bin_: Stored, login: str, status: int
) -> None:
    person = sign_in(app.test_client(), login)
    csrf = hidden(person.get("/account").get_data(as_text=True), "csrf_token") if login == "chenli" else token(person)
    for act in ACTS:
        to = "staff" if act == "pass-up" else str(town.zhou_id)
        data = {"csrf_token": csrf, "version": "2", "to": to, "words": "请看"}
        answer = person.client.post(f"{card(bin_)}/{act}", data=data, headers=JSON)
        assert answer.status_code == status, act
        assert "垃圾" not in json.dumps(answer.json or {}, ensure_ascii=False)
    for path in (f"{card(bin_)}/pass", f"{card(bin_)}/stepped-back", f"/m/hands/{town.qing_id}"):
        assert person.get(path).status_code in {403, 404}, path
    lift = person.client.post(f"/d/submissions/{bin_.submission_id}/recusals/{town.qing_id}/lift", data={"csrf_token": csrf})
    assert lift.status_code in {403, 404}
    assert held_by(wiring, bin_) is None
    assert submission_of(wiring, bin_).owner_id == town.qing_id


def test_strangers_are_asked_to_sign_in_and_a_closed_card_stays_closed(
    app: Flask, qing: Person, laozhou: Person, town: Town, bin_: Stored
) -> None:
    stranger = app.test_client()
    for act in ACTS:
        assert stranger.post(f"{card(bin_)}/{act}", data={"words": ""}).status_code in {303, 400, 401}
    assert stranger.get("/m/hands").location.startswith("/sign-in")
    qing.press(card(bin_), "/answer", **as_it_is("已经清运。"))
    assert sends(laozhou, bin_, "hand-over", 3, to=str(town.zhou_id), words="请看").status_code == 409
    assert sends(laozhou, bin_, "pass-up", 3, to="staff", words="请看").status_code == 409
    assert sends(laozhou, bin_, "take-over", 3).status_code == 409
    assert "已经有了处理" in words_of(laozhou.get(f"{card(bin_)}/pass"))


# --- who has what ---------------------------------------------------------------------------------------------------------------------


def test_the_convenor_finds_who_has_what_and_a_member_does_not(
    qing: Person, laozhou: Person, wiring: Wiring, town: Town, bin_: Stored
) -> None:
    looked_at(wiring, town.qing_id, bin_)
    page = words_of(laozhou.get("/m/hands"))
    assert page.index("周明远") < page.index("李青") < page.index("老周")  # by name, not by number
    assert "何苗" not in page
    assert "李青正在看" in words_of(laozhou.get(f"/m/hands/{town.qing_id}"))
    assert qing.get("/m/hands").status_code == 403
    assert laozhou.get("/m/hands/999999").status_code == 404
    assert laozhou.get("/m/hands?after=x").status_code == 200


def test_these_pages_cost_the_same_for_one_and_for_twenty(laozhou: Person, wiring: Wiring, town: Town, bin_: Stored) -> None:
    handed_over(wiring, town.zhou_id, bin_, town.qing_id)
    paths = {"/m/hands": "李青", f"/m/hands/{town.qing_id}": "没人收", f"{card(bin_)}/pass": "转交给谁"}
    one = {path: cost(wiring, laozhou, path, shows) for path, shows in paths.items()}
    for number in range(20):
        looked_at(wiring, town.qing_id, told(wiring, town.ziwei_code, f"第 {number} 件事"))
    assert {path: cost(wiring, laozhou, path, shows) for path, shows in paths.items()} == one


def test_lifting_a_recusal_lifts_it_from_all_that_the_message_was_split_into(app: Flask, qing: Person, wiring: Wiring, town: Town) -> None:
    text = "紫薇的垃圾没人收。楼道的灯也坏了。"
    both = told(wiring, town.ziwei_code, text)
    recused(wiring, town.qing_id, both)
    with wiring.sessions.begin() as session:
        split(session, deciding(wiring, town.zhou_id, both), choice={text.index("楼道"): 1}, vault=wiring.vault)
        part = session.query(SubmissionPart).one().submission_id
    with wiring.sessions() as session:
        child = session.get_one(Submission, part)
        triage(wiring, Stored(child.id, child.receipt_number, child.receipt_salt, repeated=False))
    assert qing.get(f"/m/cards/{part}").status_code == 403
    jing = sign_in(app.test_client(), "wangjing")
    desk = f"/d/submissions/{both.submission_id}"
    assert "原件和分出的共 2 件，回避一起取消" in words_of(jing.get(desk))
    jing.press(desk, "/lift")
    for path in (card(both), f"/m/cards/{part}"):
        assert "楼道的灯也坏了" in words_of(qing.get(path))
    with wiring.sessions() as session:
        lifted = {one.entity_id for one in session.query(AuditEntry).filter_by(action="submission.recusal_lift")}
    assert lifted == {both.submission_id, part}


# --- word of it -----------------------------------------------------------------------------------------------------------------------


def test_whoever_is_handed_cards_reads_so_above_their_queue_until_they_act(
    qing: Person, zhou: Person, laozhou: Person, wiring: Wiring, town: Town, bin_: Stored, clock: TestClock
) -> None:
    clock.forward(minutes=1)
    lamp = told(wiring, town.ziwei_code, "紫薇的路灯不亮")
    for stored in (bin_, lamp):
        handed_over(wiring, town.qing_id, stored, town.zhou_id)
    page = zhou.get("/m")
    assert "李青转交给您 2 件" in words_of(page)
    assert f'href="{card(bin_)}"' in page.get_data(as_text=True)
    assert words_of(page).count("李青转交 ") == 2, "and on each of the cards"
    assert "转交给您" not in words_of(qing.get("/m")) + words_of(laozhou.get("/m"))
    zhou.press(card(bin_), "/answer", **as_it_is("今天下午清运。"))
    assert "李青转交给您 1 件" in words_of(zhou.get("/m"))
    clock.forward(minutes=10)  # it has come to the screen after the first
    qing.press(f"{card(lamp)}/pass", "/take-back")
    assert "转交给您" not in words_of(zhou.get("/m"))
    passed_up(wiring, town.qing_id, lamp, Role.CONVENOR)
    assert "李青上交给您 1 件" in words_of(laozhou.get("/m"))


def test_what_was_handed_over_adds_no_statement_for_each(zhou: Person, wiring: Wiring, town: Town, bin_: Stored) -> None:
    handed_over(wiring, town.qing_id, bin_, town.zhou_id)
    one = cost(wiring, zhou, "/m", "李青转交给您 1 件")
    for number in range(12):
        handed_over(wiring, town.qing_id, told(wiring, town.ziwei_code, f"第 {number} 件事"), town.zhou_id)
    assert cost(wiring, zhou, "/m", "李青转交给您 13 件") == one


# --- a long list of colleagues --------------------------------------------------------------------------------------------------------


def test_among_many_a_colleague_is_written_by_name(qing: Person, wiring: Wiring, town: Town, bin_: Stored) -> None:
    for number in range(LIST_MOST):
        person_with(wiring, f"m{number}", f"委员{number:02}", (Role.MEMBER, town.ziwei_id))
    for login in ("wangfang1", "wangfang2"):
        person_with(wiring, login, "王芳", (Role.MEMBER, town.ziwei_id))
    page = f"{card(bin_)}/pass"
    html = qing.get(page).get_data(as_text=True)
    assert '<datalist id="to-offered">' in html
    assert '<option value="周明远">委员</option>' in html
    for name, words in (("周明", "例如：周明远。"), ("张三", "没有叫“张三”的"), ("王芳", "有 2 位叫“王芳”"), ("", "请选一位同事")):
        refused = qing.press(page, "/hand-over", to=name, words="请看看。")
        assert refused.status_code == 422
        assert words in words_of(refused)
        assert f'name="to" value="{name}"' in refused.get_data(as_text=True)
        assert "请看看。" in words_of(refused)
    assert "您转交给了周明远" in words_of(qing.press(page, "/hand-over", to=" 周明远", words="请看看。"))
    assert submission_of(wiring, bin_).owner_id == town.zhou_id
