"""网页授权: who opens the form inside WeChat is known, silently; whatever goes wrong, the form opens all the same."""

import re
import time
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.adapters.wechat.oauth import EXCHANGE_SECONDS
from intake.domain.actor import MACHINE
from intake.domain.point import PointAction
from intake.domain.wechat_account import AccountKind
from intake.models import Area, IntakePoint, Submission, WeChatAccount, WeChatFollower
from intake.services.place import change_point
from intake.services.wechat_follower import forget_followers
from intake.web.follower_cookie import NAME
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.factories.wechat import CALLBACK_KEY, ORIGINAL_ID, make_account
from tests.web.inside_wechat import AUNT, SITE, UNCLE, WECHAT, Telephone, telephone
from tests.web.pages import hidden, send_sentence, words_of
from tests.web.test_query_counts import cost, statements
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer

EXCHANGE = "/sns/oauth2/access_token"


@pytest.fixture
def aunt(app: Flask, served: WeChatServer) -> Telephone:
    return telephone(app, served, AUNT)


def followers(wiring: Wiring) -> list[WeChatFollower]:
    with wiring.sessions() as session:
        return session.query(WeChatFollower).order_by(WeChatFollower.id).all()


def submission(wiring: Wiring) -> Submission:
    with wiring.sessions() as session:
        return session.query(Submission).one()


def test_the_form_opens_after_one_silent_way_to_the_platform(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    away = aunt.get(f"/p/{town.longchi_code}")
    assert away.status_code == 302
    asked = parse_qs(urlsplit(away.location).query)
    assert asked["scope"] == ["snsapi_base"]
    assert asked["redirect_uri"][0].startswith(f"{SITE}/wechat/{CALLBACK_KEY}/back?")
    assert re.fullmatch(r"[0-9A-Za-z]{1,128}", asked["state"][0])  # more the platform doesn't take
    back = aunt.get(aunt.on(away))
    assert back.location == f"/p/{town.longchi_code}"
    form = aunt.get(back.location)
    assert "龙池社区" in words_of(form)
    assert "我反映过的事" in words_of(form)
    assert [row.account for row in followers(wiring)] == [ORIGINAL_ID]


def test_what_stays_in_the_browser_names_nobody_and_no_script_reads_it(aunt: Telephone, town: Town) -> None:
    back = aunt.get(aunt.on(aunt.get(f"/p/{town.longchi_code}")))
    flags = next(value for name, value in back.headers if name == "Set-Cookie" and value.startswith(f"{NAME}="))
    for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Max-Age=15552000", "Path=/"):
        assert flag in flags
    assert "Domain" not in flags
    assert AUNT not in flags


def test_a_known_browser_is_not_sent_again_for_half_a_year(aunt: Telephone, town: Town, clock: TestClock) -> None:
    aunt.open(f"/p/{town.longchi_code}")
    clock.forward(days=179)
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 200
    clock.forward(days=2)
    aunt.client.delete_cookie("zhibao_wx_tried")  # it lasts an hour, which the test client doesn't count
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 302


def test_what_is_said_on_the_form_is_the_followers_and_the_point_too(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    page = aunt.open(f"/p/{town.ziwei_code}").get_data(as_text=True)
    assert aunt.post(f"/p/{town.ziwei_code}", key=hidden(page, "key"), text="路灯坏了").status_code == 303
    (follower,), said = followers(wiring), submission(wiring)
    assert (said.follower_id, said.openid_hash) == (follower.id, follower.openid_hash)
    with wiring.sessions() as session:
        assert follower.point_id == session.query(IntakePoint).filter_by(code=town.ziwei_code).one().id
    assert follower.district_id == town.district_id
    assert not follower.following  # opening a page is not following
    assert (follower.wrote_at, follower.touched_at) == (None, None)  # nor does it open a right to write


def test_outside_wechat_the_form_is_as_it_was(client: FlaskClient, served: WeChatServer, wiring: Wiring, town: Town) -> None:
    assert cost(wiring, client, f"/p/{town.longchi_code}", "龙池社区") <= 2
    page = client.get(f"/p/{town.longchi_code}")
    assert "Set-Cookie" not in page.headers
    assert "wechat" not in page.get_data(as_text=True)
    assert send_sentence(client, town.longchi_code, "路灯坏了").status_code == 303
    assert submission(wiring).follower_id is None


# What is offered depends on what the account can; the form opens at once with every other.
@pytest.mark.parametrize("kind", [kind for kind in AccountKind if kind is not AccountKind.SERVICE])
def test_an_account_that_cannot_tell_who_it_is_leaves_the_form_alone(
    app: Flask, with_platform: WeChatServer, wiring: Wiring, town: Town, kind: AccountKind
) -> None:
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.district_id, kind=kind)
    aunt = telephone(app, with_platform)
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 200
    assert aunt.get(f"/wechat/{CALLBACK_KEY}/enter?next=/p/{town.longchi_code}").location.startswith(f"/p/{town.longchi_code}")


# Half-filled settings and an account that was switched off are no account.
@pytest.mark.parametrize(("column", "value"), [("app_id", ""), ("original_id", ""), ("secret_cipher", None), ("active", False)])
def test_an_account_that_lacks_something_leaves_the_form_alone(
    aunt: Telephone, wiring: Wiring, town: Town, column: str, value: object
) -> None:
    with wiring.sessions.begin() as session:
        setattr(session.query(WeChatAccount).one(), column, value)
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 200


def test_the_citys_account_serves_a_district_without_one(app: Flask, with_platform: WeChatServer, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        city = session.query(Area).filter_by(name="临江市").one()
        make_account(session, wiring.vault, area_id=city.id)
    assert telephone(app, with_platform).get(f"/p/{town.longchi_code}").status_code == 302


def test_a_paused_points_sentence_needs_nobodys_name(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
        change_point(session, actor=MACHINE, point_id=point.id, action=PointAction.PAUSE, note="停电。", at=wiring.clock.now())
    assert "停电" in words_of(aunt.get(f"/p/{town.longchi_code}"))


# The form opens whatever the platform does instead of naming somebody.
@pytest.mark.parametrize(
    ("fault", "more"),
    [
        (Fault.ERROR, {"code": 40029}),
        (Fault.ERROR, {"code": -1}),
        (Fault.STATUS, {"code": 502}),
        (Fault.HTML, {}),
        (Fault.DROPPED, {}),
        (Fault.CUT, {}),
        (Fault.NESTED, {}),
    ],
)
def test_whatever_the_platform_says_instead_the_form_opens_and_asks_no_more(
    aunt: Telephone, wiring: Wiring, town: Town, fault: Fault, more: dict[str, int]
) -> None:
    aunt.platform.world.faults.order(EXCHANGE, fault, **more)
    form = aunt.open(f"/p/{town.longchi_code}")
    assert "您想反映什么" in words_of(form)
    assert followers(wiring) == []
    assert aunt.client.get_cookie(NAME) is None
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 200  # for an hour nobody is sent again


def test_a_slow_platform_is_waited_for_two_seconds_without_a_connection(
    aunt: Telephone, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.adapters.wechat.oauth.EXCHANGE_SECONDS", EXCHANGE_SECONDS)
    aunt.platform.world.faults.order(EXCHANGE, Fault.SLOW, seconds=60)
    back = aunt.on(aunt.get(f"/p/{town.longchi_code}"))
    held: list[int] = []
    exchange = wiring.wechat.exchange_code

    def watched(*args: object) -> str:
        held.append(wiring.engine.pool.checkedout())  # type: ignore[attr-defined]  # the queue pool's
        return exchange(*args)  # type: ignore[arg-type]

    wiring.wechat.exchange_code = watched  # type: ignore[method-assign,assignment]
    before = time.monotonic()
    assert aunt.get(back).status_code == 303
    assert EXCHANGE_SECONDS == 2
    assert time.monotonic() - before < 30, "half of what the platform would have taken"
    assert held == [0]


def test_after_five_failures_in_a_minute_nobody_waits_for_the_platform(
    app: Flask, aunt: Telephone, served: WeChatServer, town: Town
) -> None:
    served.world.faults.order(EXCHANGE, Fault.STATUS, times=50, code=503)
    for _ in range(5):
        telephone(app, served).open(f"/p/{town.longchi_code}")
    asked = served.world.asked[EXCHANGE]
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 200
    assert aunt.get(f"/wechat/{CALLBACK_KEY}/enter?next=/p/{town.longchi_code}").location.startswith("/p/")
    assert served.world.asked[EXCHANGE] == asked


def test_codes_that_are_nobodys_do_not_stop_the_others(app: Flask, served: WeChatServer, aunt: Telephone, town: Town) -> None:
    for _ in range(8):
        stranger = telephone(app, served)
        back = stranger.on(stranger.get(f"/p/{town.longchi_code}"))
        stranger.get(re.sub(r"code=\w+", "code=nobodys", back))
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 302


def test_a_browser_without_cookies_is_sent_away_once_and_no_more(aunt: Telephone, town: Town) -> None:
    away = aunt.get(f"/p/{town.longchi_code}")
    for name in ("zhibao_wx_state", "zhibao_wx_tried"):
        aunt.client.delete_cookie(name)
    back = aunt.get(aunt.on(away))
    for name in ("zhibao_wx_state", "zhibao_wx_tried"):
        aunt.client.delete_cookie(name)
    form = aunt.get(back.location)
    assert form.status_code == 200
    assert "您想反映什么" in words_of(form)


def test_a_page_of_the_platforms_own_is_met_once_an_hour_at_most(aunt: Telephone, town: Town) -> None:
    """Its settings don't know our address, say: we never hear of it."""
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 302
    assert aunt.get(f"/p/{town.longchi_code}").status_code == 200


def test_a_link_of_somebody_elses_names_nobody(app: Flask, served: WeChatServer, aunt: Telephone, wiring: Wiring, town: Town) -> None:
    """登录 CSRF: an attacker's code and state in the victim's browser."""
    attacker = telephone(app, served, UNCLE)
    theirs = attacker.on(attacker.get(f"/p/{town.longchi_code}"))
    answer = aunt.get(theirs)
    assert answer.location == f"/p/{town.longchi_code}?wx=0"
    assert aunt.client.get_cookie(NAME) is None
    aunt.client.delete_cookie("zhibao_wx_tried")
    mine = aunt.on(aunt.get(f"/p/{town.longchi_code}"))
    swapped = re.sub(r"code=[^&]+", f"code={parse_qs(urlsplit(theirs).query)['code'][0]}", mine)
    state_of_theirs = parse_qs(urlsplit(theirs).query)["state"][0]
    assert aunt.get(re.sub(r"state=\w+", f"state={state_of_theirs}", swapped)).location.endswith("?wx=0")
    assert followers(wiring) == []


def test_coming_back_twice_counts_once(aunt: Telephone, town: Town) -> None:
    away = aunt.get(f"/p/{town.longchi_code}")
    cookie = aunt.client.get_cookie("zhibao_wx_state")
    assert cookie is not None
    back = aunt.on(away)
    assert aunt.get(back).location == f"/p/{town.longchi_code}"
    aunt.client.set_cookie("zhibao_wx_state", cookie.value)
    assert aunt.get(back).location == f"/p/{town.longchi_code}?wx=0"


def test_coming_back_after_a_quarter_of_an_hour_counts_no_more(aunt: Telephone, town: Town, clock: TestClock) -> None:
    back = aunt.on(aunt.get(f"/p/{town.longchi_code}"))
    clock.forward(minutes=15)
    assert aunt.get(back).location.endswith("?wx=0")


def test_a_state_for_one_page_does_not_fit_another(aunt: Telephone, town: Town) -> None:
    back = aunt.on(aunt.get(f"/p/{town.longchi_code}"))
    other = back.replace(quote(f"/p/{town.longchi_code}", safe=""), quote("/mine", safe=""))
    assert other != back
    assert aunt.get(other).location == "/mine?wx=0"


@pytest.mark.parametrize("state", ["", "zz", "00", "0" * 56, "x" * 500, "\x00"])
def test_a_made_up_state_is_nothing(aunt: Telephone, wiring: Wiring, town: Town, state: str) -> None:
    aunt.get(f"/p/{town.longchi_code}")
    answer = aunt.get(f"/wechat/{CALLBACK_KEY}/back?next=/p/{town.longchi_code}&code=x&state={quote(state)}")
    assert answer.location == f"/p/{town.longchi_code}?wx=0"
    assert followers(wiring) == []


# A way through the platform must not end on another site, however it is written; nor in front of a key that is none's.
@pytest.mark.parametrize(
    "going", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", ""]
)
@pytest.mark.parametrize(
    "door", [f"/wechat/{CALLBACK_KEY}/enter", f"/wechat/{CALLBACK_KEY}/back", "/wechat/nobodys/enter", "/wechat/nobodys/back"]
)
def test_the_way_through_the_platform_ends_on_our_own_pages(app: Flask, served: WeChatServer, town: Town, door: str, going: str) -> None:
    phone = telephone(app, served)
    for headers in ({}, WECHAT):
        answer = phone.client.get(door, query_string={"next": going}, headers=headers)
        if answer.location.startswith(served.url):
            answer = phone.get(phone.on(answer))
        assert urlsplit(answer.location).path == "/mine"
        assert not urlsplit(answer.location).netloc


# What no page of ours ever sends: nobody's account, and no 500.
@pytest.mark.parametrize("door", ["enter", "back", "js-config?url=https://zhibao.example/"])
@pytest.mark.parametrize("key", ["a%00b", "%ff%fe", "%F0%9F%98%80", "x" * 3_000])
def test_a_key_that_can_be_none_is_nobodys(aunt: Telephone, wiring: Wiring, key: str, door: str) -> None:
    with statements(wiring) as asked:
        assert aunt.get(f"/wechat/{key}/{door}").status_code in {204, 303}
    assert asked == []


def test_a_state_cookie_of_strange_letters_is_nobodys(app: Flask, aunt: Telephone, town: Town) -> None:
    back = aunt.on(aunt.get(f"/p/{town.longchi_code}"))
    strange = app.test_client(use_cookies=False).get(back, headers={**WECHAT, "Cookie": "zhibao_wx_state=\xe5\x91\xa8"})
    assert strange.location == f"/p/{town.longchi_code}?wx=0"


def test_an_address_with_bytes_that_are_no_text_opens_the_form_all_the_same(aunt: Telephone, town: Town) -> None:
    """Browsers of old send what was typed as GB2312."""
    bytes_of = {"QUERY_STRING": "from=\xc1\xfa\xb3\xd8"}
    away = aunt.client.get(f"/p/{town.longchi_code}", headers=WECHAT, environ_overrides=bytes_of)
    assert aunt.get(aunt.on(away)).location == f"/p/{town.longchi_code}?from=%C1%FA%B3%D8"
    assert aunt.client.get("/m", environ_overrides=bytes_of).location == "/sign-in?next=/m?from%3D%25C1%25FA%25B3%25D8"


def test_a_lost_field_key_leaves_the_form_open(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        session.query(WeChatAccount).one().secret_cipher = b"\x04gone" + b"x" * 60
    assert "您想反映什么" in words_of(aunt.open(f"/p/{town.longchi_code}"))


@pytest.mark.parametrize("value", ["", "x", "forged", "A" * 60, "é", "AAAAAAAAAAEAAAAA" * 4])
def test_a_forged_cookie_is_nobody(app: Flask, served: WeChatServer, wiring: Wiring, town: Town, value: str) -> None:
    phone = telephone(app, served)
    phone.client.set_cookie(NAME, quote(value))
    assert phone.get(f"/p/{town.longchi_code}").status_code == 302
    key = hidden(phone.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    assert phone.post(f"/p/{town.longchi_code}", key=key, text="路灯坏了").status_code == 303
    assert submission(wiring).follower_id is None


def test_whom_another_account_knows_is_nobody_here(aunt: Telephone, wiring: Wiring, town: Town, clock: TestClock) -> None:
    aunt.open(f"/p/{town.longchi_code}")
    with wiring.sessions.begin() as session:
        session.query(WeChatAccount).one().original_id = "gh_000000000000"
    clock.forward(minutes=2)
    page = aunt.get(f"/p/{town.longchi_code}")
    assert "我反映过的事" not in words_of(page)
    aunt.post(f"/p/{town.longchi_code}", key=hidden(page.get_data(as_text=True), "key"), text="路灯坏了")
    assert submission(wiring).follower_id is None


def test_whoever_was_forgotten_meanwhile_can_send_all_the_same(aunt: Telephone, wiring: Wiring, town: Town, clock: TestClock) -> None:
    page = aunt.open(f"/p/{town.longchi_code}").get_data(as_text=True)
    with wiring.sessions.begin() as session:
        session.query(WeChatFollower).delete()
    assert aunt.post(f"/p/{town.longchi_code}", key=hidden(page, "key"), text="路灯坏了").status_code == 303
    assert submission(wiring).follower_id is None


def test_from_a_page_of_ours_a_page_leads_on_since_a_form_may_not_end_elsewhere(aunt: Telephone, town: Town) -> None:
    answer = aunt.client.get(f"/p/{town.longchi_code}", headers={**WECHAT, "Referer": "http://localhost/"})
    assert answer.status_code == 200
    refresh = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.get_data(as_text=True))
    assert refresh is not None
    assert aunt.get(aunt.from_platform(unescape(refresh.group(1)))).location == f"/p/{town.longchi_code}"


def test_a_long_address_is_not_sent_through_the_platform(aunt: Telephone, town: Town) -> None:
    assert aunt.get(f"/p/{town.longchi_code}?draft={'x' * 2_000}").status_code == 200


def test_what_else_the_address_says_comes_back_with_it(aunt: Telephone, town: Town) -> None:
    path = f"/p/{town.longchi_code}?c={'x' * 300}&care=1"
    assert aunt.get(aunt.on(aunt.get(path))).location == path


def test_in_wecom_nobody_is_sent_to_a_platform_that_names_nobody_there(aunt: Telephone, town: Town) -> None:
    agent = {"User-Agent": f"{WECHAT['User-Agent']} wxwork/4.1.30"}
    assert aunt.client.get(f"/p/{town.longchi_code}", headers=agent).status_code == 200


def test_fetching_ahead_and_heads_are_not_sent_to_the_platform(aunt: Telephone, town: Town) -> None:
    path = f"/p/{town.longchi_code}"
    assert aunt.client.get(path, headers={**WECHAT, "Sec-Purpose": "prefetch"}).status_code == 200
    assert aunt.client.head(path, headers=WECHAT).status_code == 200


def test_recognising_costs_one_statement_and_a_known_form_no_more_than_any(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    aunt.open(f"/p/{town.longchi_code}")
    with statements(wiring) as known:
        assert aunt.get(f"/p/{town.longchi_code}").status_code == 200
    assert len(known) <= 2
    aunt.client.delete_cookie(NAME)
    aunt.client.delete_cookie("zhibao_wx_tried")
    back = aunt.on(aunt.get(f"/p/{town.longchi_code}"))
    with statements(wiring) as recognised:
        assert aunt.get(back).status_code == 303
    assert len(recognised) == 1


def test_coming_again_is_the_same_follower_seen_later(aunt: Telephone, app: Flask, wiring: Wiring, town: Town, clock: TestClock) -> None:
    aunt.open(f"/p/{town.longchi_code}")
    clock.forward(days=1)
    telephone(app, aunt.platform, AUNT).open(f"/p/{town.longchi_code}")
    (row,) = followers(wiring)
    assert row.seen_at == clock.now()
    assert wiring.vault.open(row.openid_cipher, context=f"openid:{ORIGINAL_ID}") == AUNT
    with wiring.sessions.begin() as session:
        assert forget_followers(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 0
