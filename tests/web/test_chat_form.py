"""The same draft in the chat and on the form: opened there, edited there, sent once, whoever is faster."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.chat_draft import DraftState, SentBy
from intake.domain.point import PointAction
from intake.domain.submission import Channel
from intake.models import Submission, WeChatFollower
from intake.services.chat_draft import due_drafts, send
from intake.services.chat_link import token_of
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.web.chatting import AUNT, change, drafts, link_in, parts, pause, platform_before, scene_of, submissions
from tests.web.pages import hidden, words_of
from tests.wechat_platform.platform import Platform


@pytest.fixture
def aunt(app: Flask, wiring: Wiring, clock: TestClock, town: Town) -> Iterator[Platform]:
    """王阿姨 has scanned 龙池社区."""
    with platform_before(app, wiring, clock, safe=True) as platform:
        platform.follow(AUNT, scene_of(town.longchi_code))
        yield platform


def opened(client: FlaskClient, path: str) -> dict[str, str]:
    """The fields of the form behind a link."""
    page = client.get(path).get_data(as_text=True)
    return {"key": hidden(page, "key"), "draft": hidden(page, "draft")}


def test_the_link_in_the_chat_opens_the_form_with_what_was_said(aunt: Platform, client: FlaskClient) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    aunt.location(AUNT, 31.2, 118.3, "幸福路 12 号")
    aunt.image(AUNT)
    page = client.get(path)
    html = page.get_data(as_text=True)
    assert ">路灯坏了</textarea>" in html
    assert 'value="幸福路 12 号"' in html
    assert "照片正在检查" in words_of(page)
    assert "微信里就不再另送" in words_of(page)


def test_sent_on_the_form_it_is_the_drafts_submission_as_edited(aunt: Platform, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = opened(client, path)
    answer = client.post(path.partition("?")[0], data={**fields, "text": "幸福里的路灯坏了", "place": "3 号楼", "contact": "13800000021"})
    (sent,) = submissions(wiring)
    assert answer.status_code == 303
    assert sent.receipt_number in answer.location
    assert (sent.text_written, sent.place, sent.channel) == ("幸福里的路灯坏了", "3 号楼", Channel.WECHAT_TEXT)
    assert sent.contact_hint == "138••••0021"
    assert sent.follower_id == drafts(wiring)[0].follower_id
    assert drafts(wiring)[0].sent_by is SentBy.FORM
    assert [part.words for part in parts(wiring)] == ["路灯坏了"], "what was said stays as lineage"
    assert sent.receipt_number in aunt.text(AUNT, "发送")
    assert "记下了" in aunt.text(AUNT, "还有垃圾没人收"), "a new draft"


def test_pressing_twice_gives_one_receipt(aunt: Platform, client: FlaskClient, wiring: Wiring) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = {**opened(client, path), "text": "幸福里的路灯坏了", "contact": "13800000021"}
    first, second = (client.post(path.partition("?")[0], data=fields) for _ in range(2))
    assert first.location == second.location
    assert len(submissions(wiring)) == 1


def test_while_the_form_is_open_the_pause_waits(aunt: Platform, client: FlaskClient, wiring: Wiring, clock: TestClock) -> None:
    client.get(link_in(aunt.text(AUNT, "路灯坏了")))
    pause(wiring, clock, minutes=20)
    assert submissions(wiring) == []
    pause(wiring, clock, minutes=15)
    assert len(submissions(wiring)) == 1


def test_what_the_pause_sent_gives_its_receipt_for_the_same_words(
    aunt: Platform, client: FlaskClient, wiring: Wiring, clock: TestClock
) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = opened(client, path)
    pause(wiring, clock, minutes=40)
    answer = client.post(path.partition("?")[0], data={**fields, "text": "路灯坏了"})
    assert answer.status_code == 303
    assert submissions(wiring)[0].receipt_number in answer.location


def test_words_edited_after_the_pause_had_sent_it_are_not_lost(
    aunt: Platform, client: FlaskClient, wiring: Wiring, clock: TestClock
) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = opened(client, path)
    pause(wiring, clock, minutes=40)
    where = path.partition("?")[0]
    answer = client.post(where, data={**fields, "text": "路灯坏了，一共三盏"})
    assert answer.status_code == 409
    assert "刚才已经送出" in words_of(answer)
    html = answer.get_data(as_text=True)
    assert ">路灯坏了，一共三盏</textarea>" in html
    assert 'name="draft"' not in html
    again = client.post(where, data={"key": hidden(html, "key"), "text": "路灯坏了，一共三盏"})
    assert again.status_code == 303
    assert [one.text_written for one in submissions(wiring)] == ["路灯坏了", "路灯坏了，一共三盏"]


@pytest.mark.parametrize("token", ["1.aaaaaaaaaaaaaaaaaaaaaa", "x", "1", "99999999999999999999.aaaaaaaaaaaaaaaaaaaaaa", "1.\x00"])
def test_a_link_that_is_none_gives_a_plain_form_and_says_so(aunt: Platform, client: FlaskClient, town: Town, token: str) -> None:
    aunt.text(AUNT, "路灯坏了")
    page = client.get(f"/p/{town.longchi_code}", query_string={"draft": token})
    assert page.status_code == 200
    assert "这个链接里的话已经送出，或者已经清除" in words_of(page)
    assert "路灯坏了" not in words_of(page)


def test_the_link_of_what_was_sent_shows_nothing_of_it(aunt: Platform, client: FlaskClient, wiring: Wiring) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    aunt.text(AUNT, "发送")
    page = client.get(path)
    assert "已经送出" in words_of(page)
    assert "路灯坏了" not in words_of(page)


def test_a_link_leads_only_to_the_drafts_own_point(aunt: Platform, client: FlaskClient, town: Town) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了")).replace(town.longchi_code, town.ziwei_code)
    assert "路灯坏了" not in words_of(client.get(path))


def test_the_form_of_a_paused_point_keeps_the_draft(aunt: Platform, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = opened(client, path)
    change(wiring, town.longchi_code, PointAction.PAUSE, "停电。")
    answer = client.post(path.partition("?")[0], data={**fields, "text": "路灯坏了"})
    assert answer.status_code == 409
    assert drafts(wiring)[0].state is DraftState.OPEN


def test_chat_form_and_pause_at_once_make_one_submission(aunt: Platform, client: FlaskClient, wiring: Wiring, app: Flask) -> None:
    """Each of the three that may send is started many times behind one barrier."""
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = {**opened(client, path), "text": "路灯坏了"}
    (draft,) = drafts(wiring)
    together, receipts, failures = threading.Barrier(12), [], []

    def by_chat() -> str:
        return aunt.text(AUNT, "发送")

    def by_form() -> str:
        return str(app.test_client().post(path.partition("?")[0], data=fields).location)

    def by_pause() -> str:
        with wiring.sessions.begin() as session:
            return send(session, vault=wiring.vault, draft_id=draft.id, by=SentBy.PAUSE, at=wiring.clock.now()).receipt_number

    def run(act: object) -> None:
        together.wait()
        try:
            receipts.append(act())  # type: ignore[operator]  # one of the three above
        except Exception as error:  # noqa: BLE001 -- whatever it is, the assertion shows it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in (by_chat, by_form, by_pause) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    (sent,) = submissions(wiring)
    assert len(receipts) == 12
    assert all(sent.receipt_number in receipt for receipt in receipts)


def test_a_word_that_comes_while_it_is_being_sent_is_not_lost(aunt: Platform, wiring: Wiring) -> None:
    aunt.text(AUNT, "路灯坏了")
    (draft,) = drafts(wiring)
    answers: list[str] = []
    with wiring.sessions.begin() as session:
        send(session, vault=wiring.vault, draft_id=draft.id, by=SentBy.PAUSE, at=wiring.clock.now())
        talking = threading.Thread(target=lambda: answers.append(aunt.text(AUNT, "还有垃圾没人收")))
        talking.start()
        talking.join(0.5)
        assert talking.is_alive(), "the word waits for the draft's row"
    talking.join()
    assert "记下了" in answers[0], "it begins the next draft"
    aunt.text(AUNT, "发送")
    assert [one.text_written for one in submissions(wiring)] == ["路灯坏了", "还有垃圾没人收"]


# --- from the form to the chat -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def known(client: FlaskClient, wiring: Wiring, aunt: Platform, app: Flask) -> FlaskClient:
    """王阿姨's own browser inside WeChat."""
    from intake.web.follower_cookie import remember

    with wiring.sessions() as session:
        follower = session.query(WeChatFollower).one()
    with app.test_request_context():
        answer = app.make_response("")
        remember(answer, follower_id=follower.id, account=follower.account)
        cookie = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)
    client.set_cookie(cookie[0], cookie[1], secure=True, domain="localhost")
    return client


def test_whoever_is_known_may_keep_the_words_and_go_on_in_the_chat(
    known: FlaskClient, aunt: Platform, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    where = f"https://localhost/p/{town.longchi_code}"
    page = known.get(where).get_data(as_text=True)
    assert "存下，回微信接着说" in page
    fields = {"key": hidden(page, "key"), "text": "路灯坏了", "keep": "1"}
    for _ in range(2):
        kept = known.post(where, data=fields, headers={"Origin": "https://localhost"})
        assert "存下了" in words_of(kept)
    assert submissions(wiring) == []
    assert aunt.text(AUNT, "三天了") == ""
    pause(wiring, clock)
    assert submissions(wiring)[0].text_written == "路灯坏了\n三天了"


def test_who_has_left_is_told_before_words_are_kept_for_nobody(known: FlaskClient, aunt: Platform, wiring: Wiring, town: Town) -> None:
    aunt.unfollow(AUNT)
    where = f"https://localhost/p/{town.longchi_code}"
    fields = {"key": hidden(known.get(where).get_data(as_text=True), "key"), "text": "路灯坏了", "keep": "1"}
    answer = known.post(where, data=fields)
    assert answer.status_code == 409
    assert ">路灯坏了</textarea>" in answer.get_data(as_text=True)
    assert drafts(wiring) == []


def test_outside_wechat_the_form_offers_nothing_new(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert "存下" not in page
    client.post(f"/p/{town.longchi_code}", data={"key": hidden(page, "key"), "text": "路灯坏了", "keep": "1"})
    with wiring.sessions() as session:
        assert session.query(Submission).one().channel is Channel.FORM


def keep(known: FlaskClient, town: Town, text: str) -> Callable[[], TestResponse]:
    """Press 存下，回微信接着说 on the form of 龙池社区."""
    where = f"https://localhost/p/{town.longchi_code}"
    fields = {"key": hidden(known.get(where).get_data(as_text=True), "key"), "text": text, "keep": "1"}
    return lambda: known.post(where, data=fields, headers={"Origin": "https://localhost"})


def test_words_kept_while_the_pause_sends_begin_the_next_draft(known: FlaskClient, aunt: Platform, wiring: Wiring, town: Town) -> None:
    """The pause holds the draft, then needs the follower: neither may wait for the other, and no word is lost."""
    aunt.text(AUNT, "路灯坏了")
    (draft,) = drafts(wiring)
    press, answers = keep(known, town, "还有垃圾没人收"), list[TestResponse]()
    keeping = threading.Thread(target=lambda: answers.append(press()))
    with wiring.sessions.begin() as session:
        assert due_drafts(session, at=wiring.clock.now() + timedelta(hours=1), limit=5) == [draft.id]
        keeping.start()
        keeping.join(0.5)
        assert keeping.is_alive(), "the words wait for the draft's row"
        send(session, vault=wiring.vault, draft_id=draft.id, by=SentBy.PAUSE, at=wiring.clock.now())
    keeping.join()
    assert "存下了" in words_of(answers[0])
    aunt.text(AUNT, "发送")
    assert [one.text_written for one in submissions(wiring)] == ["路灯坏了", "还有垃圾没人收"]


def test_the_form_and_a_word_in_the_chat_do_not_wait_for_each_other(
    known: FlaskClient, aunt: Platform, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form sends the draft and notes where the follower is; the chat notes the follower and adds to the draft."""
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    fields = {**opened(known, f"https://localhost{path}"), "text": "路灯坏了"}
    talks: list[threading.Thread] = []
    answers: list[str] = []

    def slowly(*args: object, **kwargs: object) -> object:
        stored = send(*args, **kwargs)  # type: ignore[arg-type]  # as the form calls it
        talks.append(threading.Thread(target=lambda: answers.append(aunt.text(AUNT, "还有垃圾没人收"))))
        talks[0].start()
        talks[0].join(0.5)
        return stored

    monkeypatch.setattr("intake.web.resident.draft.send", slowly)
    answer = known.post(f"https://localhost{path.partition('?')[0]}", data=fields, headers={"Origin": "https://localhost"})
    talks[0].join()
    assert answer.status_code == 303
    assert "记下了" in answers[0]


def test_so_much_is_kept_in_an_hour_as_is_taken_in_the_chat(known: FlaskClient, aunt: Platform, wiring: Wiring, town: Town) -> None:
    wiring.settings = replace(wiring.settings, device_limit="2/hour")
    assert [keep(known, town, f"路灯坏了{number}")().status_code for number in range(3)] == [200, 200, 429]
    assert [part.words for part in parts(wiring)] == ["路灯坏了0", "路灯坏了1"]


def test_nothing_is_kept_for_a_point_that_takes_nothing(known: FlaskClient, aunt: Platform, wiring: Wiring, town: Town) -> None:
    press = keep(known, town, "路灯坏了")
    change(wiring, town.longchi_code, PointAction.PAUSE, "龙池社区搬家，周一再开。")
    answer = press()
    assert answer.status_code == 409
    assert "周一再开" in words_of(answer)
    assert drafts(wiring) == []


def test_a_voice_sent_from_the_form_as_it_is_stays_one_that_is_listened_to(
    aunt: Platform, client: FlaskClient, wiring: Wiring, town: Town
) -> None:
    aunt.voice(AUNT)
    (draft,) = drafts(wiring)
    token = token_of(wiring.vault, draft.id, draft.link_salt)
    path = f"/p/{town.longchi_code}"
    client.post(path, data={**opened(client, f"{path}?draft={token}"), "text": "（语音）", "contact": "13800000021"})
    assert submissions(wiring)[0].channel is Channel.WECHAT_VOICE


def test_what_is_said_in_the_chat_while_the_form_is_open_goes_with_it(aunt: Platform, client: FlaskClient, wiring: Wiring) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    page = client.get(path).get_data(as_text=True)
    fields = {name: hidden(page, name) for name in ("key", "draft", "seen")}
    aunt.text(AUNT, "三天了")
    aunt.location(AUNT, 31.2, 118.3, "幸福路 12 号")
    where = path.partition("?")[0]
    first, again = (client.post(where, data={**fields, "text": "幸福里路灯坏了"}) for _ in range(2))
    (sent,) = submissions(wiring)
    assert (sent.text_written, sent.place) == ("幸福里路灯坏了\n三天了", "幸福路 12 号")
    assert first.status_code == again.status_code == 303
    assert sent.receipt_number in again.location


def test_what_no_longer_fits_below_the_form_is_said_and_nothing_is_lost(aunt: Platform, client: FlaskClient, wiring: Wiring) -> None:
    path = link_in(aunt.text(AUNT, "路灯坏了"))
    page = client.get(path).get_data(as_text=True)
    fields = {name: hidden(page, name) for name in ("key", "draft", "seen")}
    aunt.text(AUNT, "三天了" * 100)
    answer = client.post(path.partition("?")[0], data={**fields, "text": "灯" * 4_990})
    assert answer.status_code == 422
    assert "最多 5000 个字" in words_of(answer)
    assert drafts(wiring)[0].state is DraftState.OPEN
