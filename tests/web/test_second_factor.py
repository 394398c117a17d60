"""两步登录: switched on by a first code, asked for on every way in, and taken off by who may."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pyotp
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.cli.users import users
from intake.domain.errors import Conflict
from intake.domain.permission import Role
from intake.models import AuditEntry, LoginSession, RecoveryCode, User
from intake.services.person import UNIT_ROLES, issue_reset
from intake.wiring import Wiring
from tests.factories.administrators import person_with, street_administrator
from tests.factories.clock import TestClock
from tests.factories.town import PASSWORD, Town, actor
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

WRONG = "000000"
"""What no test's secret gives: `Authenticator.now` says so if it ever should."""


class Authenticator:
    """The app on the telephone, whose clock may be off."""

    def __init__(self, secret: str, clock: TestClock) -> None:
        self.secret, self.clock = secret, clock

    def now(self, *, off: float = 0) -> str:
        code = pyotp.TOTP(self.secret).at(int(self.clock.now().timestamp() + off))
        assert code != WRONG
        return code


def fill(client: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    """Send a form of `page`."""
    token = hidden(client.get(page).get_data(as_text=True), "csrf_token")
    return client.post(path, data={"csrf_token": token, **fields})


def switch_on(person: Person, clock: TestClock) -> tuple[Authenticator, list[str]]:
    """Through the pages; the authenticator and the ten recovery codes."""
    scan = fill(person.client, "/account", "/account/second-factor/begin", current=PASSWORD).get_data(as_text=True)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", scan)
    assert secret is not None
    app = Authenticator(secret[1].replace(" ", ""), clock)
    page = words_of(fill(person.client, "/account", "/account/second-factor/confirm", code=app.now()))
    return app, re.findall(r"\d{5} \d{5}", page)


def door(client: FlaskClient, login: str = "zhou", *, going: str = "") -> TestResponse:
    """The first step."""
    return fill(client, "/sign-in", "/sign-in", login=login, password=PASSWORD, next=going)


def second(client: FlaskClient, code: str) -> TestResponse:
    """The second step."""
    return fill(client, "/sign-in/code", "/sign-in/code", code=code)


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """A browser that has never been here."""
    return app.test_client()


def user(wiring: Wiring, user_id: int) -> User:
    with wiring.sessions() as session:
        return session.get_one(User, user_id)


# --- switching on ---------------------------------------------------------------------------------------------------------------------


def test_it_counts_from_the_first_right_code_and_signs_the_other_devices_out(
    zhou: Person, phone: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    sign_in(phone, "zhou")
    scan = fill(zhou.client, "/account", "/account/second-factor/begin", current=PASSWORD)
    page = scan.get_data(as_text=True)
    assert "<svg" in page
    assert "otpauth://totp/" in page
    assert "%E4%BA%91%E6%A0%96%E5%8C%BA" in page, "the district's name stands in the authenticator"
    assert user(wiring, town.zhou_id).totp_since is None
    assert "otpauth" not in zhou.get("/account/second-factor").get_data(as_text=True), "shown once"
    assert phone.get("/m").status_code == 200
    codes = switch_on(zhou, clock)[1]
    assert len(set(codes)) == 10
    assert zhou.get("/m").request.path == "/m"
    assert phone.get("/m").status_code == 303, "the other device is out"
    row = user(wiring, town.zhou_id)
    assert row.totp_since == clock.now()
    with wiring.sessions() as session:
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(hashes) == 10
    assert not any(code.replace(" ", "").encode() in bytes(stored) for code in codes for stored in hashes)
    assert "恢复码还剩 10 个" in words_of(zhou.get("/account/second-factor"))
    assert not any(code in words_of(zhou.get("/account/second-factor")) for code in codes)


def test_switching_on_asks_for_the_password_and_a_right_code(zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    refused = fill(zhou.client, "/account", "/account/second-factor/begin", current="guess")
    assert refused.status_code == 422
    assert "otpauth" not in refused.get_data(as_text=True)
    assert "请先按“开始”" in words_of(fill(zhou.client, "/account", "/account/second-factor/confirm", code=WRONG))
    scan = fill(zhou.client, "/account", "/account/second-factor/begin", current=PASSWORD).get_data(as_text=True)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", scan)
    assert found is not None
    app = Authenticator(found[1].replace(" ", ""), clock)
    for code, sentence in (
        (WRONG, "验证码不对"),
        (app.now(off=180), "手机的时间快了大约 3 分钟"),
        (app.now(off=-600), "手机的时间慢了大约 10 分钟"),
    ):
        again = fill(zhou.client, "/account", "/account/second-factor/confirm", code=code)
        assert again.status_code == 422
        assert sentence in words_of(again)
        assert found[1] in words_of(again), "the same secret stays on the page"
    assert user(wiring, town.zhou_id).totp_since is None
    assert door(zhou.client).location == "/start", "nothing is asked for yet"


def test_a_secret_that_waits_is_shown_to_the_device_that_gave_the_password_alone(
    zhou: Person, phone: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    sign_in(phone, "zhou")
    scan = fill(zhou.client, "/account", "/account/second-factor/begin", current=PASSWORD).get_data(as_text=True)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", scan)
    assert found is not None
    own = Authenticator(found[1].replace(" ", ""), clock)
    for code in (WRONG, own.now()):
        elsewhere = fill(phone, "/account", "/account/second-factor/confirm", code=code)
        assert elsewhere.status_code == 409
        assert found[1] not in elsewhere.get_data(as_text=True)
    clock.forward(minutes=31)
    assert "请先按“开始”" in words_of(fill(zhou.client, "/account", "/account/second-factor/confirm", code=own.now()))
    assert user(wiring, town.zhou_id).totp_since is None


# --- signing in -----------------------------------------------------------------------------------------------------------------------


def test_half_signed_in_reaches_nothing(zhou: Person, phone: FlaskClient, wiring: Wiring, clock: TestClock) -> None:
    app, _ = switch_on(zhou, clock)
    with wiring.sessions() as session:
        before = session.query(LoginSession).count()
    assert door(phone, going="/m/topics").location == "/sign-in/code"
    for path in ("/m", "/account", "/account/second-factor", "/account/devices", "/d", "/said/1"):
        assert phone.get(path).status_code == 303, path
        assert phone.get(path).location.startswith("/sign-in"), path
    assert phone.get("/start").location == "/sign-in"
    with wiring.sessions() as session:
        assert session.query(LoginSession).count() == before
    clock.forward(seconds=30)
    assert second(phone, app.now()).location == "/m/topics"
    assert phone.get("/m").status_code == 200


def test_the_second_step_lasts_five_minutes_and_a_new_try_forgets_it(zhou: Person, phone: FlaskClient, clock: TestClock) -> None:
    app, _ = switch_on(zhou, clock)
    assert phone.get("/sign-in/code").location.startswith("/sign-in"), "nobody has given the first step"
    door(phone)
    token = hidden(phone.get("/sign-in/code").get_data(as_text=True), "csrf_token")
    clock.forward(minutes=5, seconds=1)
    assert phone.post("/sign-in/code", data={"csrf_token": token, "code": app.now()}).location.startswith("/sign-in?")
    assert phone.get("/m").status_code == 303
    door(phone)
    fill(phone, "/sign-in", "/sign-in", login="zhou", password="guess", next="")
    assert phone.get("/sign-in/code").status_code == 303, "the wrong try forgot it"


def test_a_new_password_and_a_factor_taken_off_end_the_half_sign_in(
    zhou: Person, phone: FlaskClient, app: Flask, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    own, codes = switch_on(zhou, clock)
    door(phone)
    page = hidden(phone.get("/sign-in/code").get_data(as_text=True), "csrf_token")
    clock.forward(seconds=60)
    fields = {"current": PASSWORD, "code": codes[0], "password": "another-password", "again": "another-password"}
    assert fill(zhou.client, "/account", "/account/password", **fields).status_code == 303
    assert phone.post("/sign-in/code", data={"csrf_token": page, "code": own.now()}).location.startswith("/sign-in?")


# Where the telephone's clock is: in the middle, at the last second before and behind, and one step too far.
@pytest.mark.parametrize(("off", "fits"), [(0, True), (30, True), (-30, True), (60, False), (-60, False)])
def test_one_step_to_either_side_is_near_enough(zhou: Person, phone: FlaskClient, clock: TestClock, off: float, *, fits: bool) -> None:
    app, _ = switch_on(zhou, clock)
    clock.forward(minutes=10)
    door(phone)
    answer = second(phone, app.now(off=off))
    assert answer.status_code == (303 if fits else 401)
    if not fits:
        assert "自动设置时间" in words_of(answer)
        assert "分钟" not in words_of(answer).split("验证码不对")[1][:60], "a guesser learns nothing of other times"


def test_a_code_works_once_and_none_before_it(zhou: Person, phone: FlaskClient, app: Flask, clock: TestClock) -> None:
    own, _ = switch_on(zhou, clock)
    door(phone)
    assert "刚刚用过" in words_of(second(phone, own.now())), "the one that switched it on"
    clock.forward(seconds=60)
    early = own.now(off=-30)
    assert second(phone, f" {own.now()[:3]} {own.now()[3:]} ").status_code == 303, "with blanks, as it is shown"
    thief = app.test_client()
    door(thief)
    assert second(thief, own.now()).status_code == 401
    assert second(thief, early).status_code == 401
    assert thief.get("/m").status_code == 303


def test_wrong_codes_lock_like_wrong_passwords_and_the_password_alone_forgets_nothing(
    zhou: Person, phone: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    own, _ = switch_on(zhou, clock)
    clock.forward(minutes=1)
    for _round in range(5):
        door(phone)  # a known password between the tries gives no new ones
        assert second(phone, WRONG).status_code == 401
    locked = second(phone, own.now())
    assert locked.status_code == 429
    assert "暂时锁定，请过 1 分钟再试" in words_of(locked)
    assert door(phone).status_code == 429
    clock.forward(seconds=61)
    door(phone)
    assert second(phone, own.now()).status_code == 303
    assert user(wiring, town.zhou_id).failed_tries == 0


def test_a_recovery_code_works_once_and_says_how_many_are_left(
    zhou: Person, phone: FlaskClient, app: Flask, wiring: Wiring, clock: TestClock
) -> None:
    _, codes = switch_on(zhou, clock)
    door(phone, going="/m/topics")
    answer = second(phone, codes[0].replace(" ", "-"))
    assert answer.location.startswith("/account/second-factor?done=recovery")
    page = phone.get(answer.location)
    assert "还剩 9 个" in words_of(page)
    assert 'href="/m/topics"' in page.get_data(as_text=True)
    other = app.test_client()
    door(other)
    assert second(other, codes[0]).status_code == 401
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="second_factor.recovery").count() == 1
        assert {row.way for row in session.query(LoginSession)} == {"password", "recovery_code"}


def test_the_session_is_another_after_the_second_step(zhou: Person, phone: FlaskClient, clock: TestClock) -> None:
    own, _ = switch_on(zhou, clock)
    clock.forward(minutes=1)
    door(phone)
    with phone.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        assert "s" not in cookie
    assert second(phone, own.now()).status_code == 303
    with phone.session_transaction() as cookie:
        assert "planted" not in cookie
        assert "half" not in cookie
        assert cookie["s"]


@pytest.mark.parametrize("going", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_second_step_leads_to_no_other_site(zhou: Person, phone: FlaskClient, clock: TestClock, going: str) -> None:
    _, codes = switch_on(zhou, clock)
    door(phone, going=going)
    clock.forward(minutes=1)
    answer = second(phone, codes[1])
    assert "evil" not in answer.location
    page = phone.get("/account/second-factor", query_string={"done": "recovery", "next": going}).get_data(as_text=True)
    assert 'href="/start">继续' in page


def test_a_reset_link_does_not_go_round_the_code(zhou: Person, phone: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    own, _ = switch_on(zhou, clock)
    with wiring.sessions.begin() as session:
        version = session.get_one(User, town.zhou_id).version
        link = issue_reset(
            session, vault=wiring.vault, actor=actor(session, town.li_id), user_id=town.zhou_id, version=version, at=clock.now()
        )
    answer = fill(phone, f"/reset/{link}", f"/reset/{link}", password="a-new-password", again="a-new-password")
    assert answer.location == "/sign-in/code"
    assert phone.get("/m").status_code == 303
    clock.forward(minutes=1)
    assert second(phone, own.now()).status_code == 303


# --- changing and taking off ----------------------------------------------------------------------------------------------------------


def test_codes_are_renewed_and_the_factor_switched_off_with_password_and_code(
    zhou: Person, phone: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    own, codes = switch_on(zhou, clock)
    clock.forward(minutes=1)
    for path in ("/account/second-factor/codes", "/account/second-factor/off"):
        for fields in ({"current": PASSWORD, "code": WRONG}, {"current": "guess", "code": own.now()}):
            assert fill(zhou.client, "/account", path, **fields).status_code == 422
    renewed = words_of(fill(zhou.client, "/account", "/account/second-factor/codes", current=PASSWORD, code=own.now()))
    assert len(set(re.findall(r"\d{5} \d{5}", renewed)) - set(codes)) == 10
    door(phone)
    assert second(phone, codes[0]).status_code == 401, "the old ones stopped working"
    clock.forward(minutes=1)
    assert fill(zhou.client, "/account", "/account/second-factor/off", current=PASSWORD, code=own.now()).status_code == 303
    row = user(wiring, town.zhou_id)
    assert (row.totp_cipher, row.totp_since, row.totp_last) == (None, None, None)
    assert door(phone).location == "/start"
    with wiring.sessions() as session:
        assert session.query(RecoveryCode).count() == 0


def test_an_administrator_takes_it_off_within_their_reach_and_never_their_own(
    zhou: Person, app: Flask, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    switch_on(zhou, clock)
    street_administrator(wiring, town.street_id)
    other = person_with(wiring, "linqing", "林青", (Role.MEMBER, town.shiqiao_id))
    switch_on(sign_in(app.test_client(), "linqing"), clock)
    gu, chen = sign_in(app.test_client(), "guning"), sign_in(app.test_client(), "chenli")
    switch_on(chen, clock)
    for person, user_id, status in ((gu, other, 404), (chen, town.li_id, 403), (zhou, town.zhou_id, 403)):
        version = str(user(wiring, user_id).version)
        path = f"/d/people/{user_id}/second-factor/take-off"
        assert fill(person.client, "/account", path, version=version).status_code == status
        assert user(wiring, user_id).totp_since is not None
    assert fill(gu.client, "/account", f"/d/people/{town.zhou_id}/second-factor/take-off", version="1").status_code == 409
    done = gu.press(f"/d/people/{town.zhou_id}", "/second-factor/take-off")
    assert "两步登录已取消" in words_of(done)
    assert zhou.client.get("/m").status_code == 303, "every device is out"
    assert door(app.test_client()).location == "/start"
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="second_factor.taken_off", entity_id=town.zhou_id).count() == 1


def test_who_must_have_it_is_led_to_it_before_anything_else(app: Flask, wiring: Wiring, town: Town, clock: TestClock) -> None:
    wiring.settings = replace(wiring.settings, totp_roles="staff, admin")
    jing, zhou = sign_in(app.test_client(), "wangjing"), sign_in(app.test_client(), "zhou")
    for path in ("/d", "/d/topics", "/account/devices", "/account/password", "/m"):
        assert jing.client.get(path).location == "/account/second-factor", path
    assert fill(jing.client, "/account/second-factor", "/account/second-factor/off", current=PASSWORD).location == "/account/second-factor"
    assert "您的角色要求两步登录" in words_of(jing.get("/d"))
    assert zhou.client.get("/m").status_code == 200
    # What waits on a phone to be sent goes on waiting; what was typed on a page is shown once more.
    asked = jing.client.get("/m/kept.json", headers={"Accept": "application/json"})
    assert (asked.status_code, asked.get_json()["sign_in"]) == (401, "/account/second-factor")
    token = hidden(jing.client.get("/account/second-factor").get_data(as_text=True), "csrf_token")
    typed = jing.client.post("/m/cards/1/answer", data={"csrf_token": token, "version": "2", "words": "我来联系物业。"})
    assert typed.status_code == 403
    assert "我来联系物业。" in words_of(typed)
    scan = fill(jing.client, "/account/second-factor", "/account/second-factor/begin", current=PASSWORD).get_data(as_text=True)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", scan)
    assert found is not None
    own = Authenticator(found[1].replace(" ", ""), clock)
    fill(jing.client, "/account/second-factor", "/account/second-factor/confirm", code=own.now())
    assert jing.client.get("/d").status_code == 200
    clock.forward(minutes=1)
    refused = fill(jing.client, "/account", "/account/second-factor/off", current=PASSWORD, code=own.now())
    assert refused.status_code == 403
    assert user(wiring, town.jing_id).totp_since is not None


# --- password and devices -------------------------------------------------------------------------------------------------------------


def test_the_password_is_changed_with_the_present_one_and_the_others_are_out(zhou: Person, phone: FlaskClient, wiring: Wiring) -> None:
    sign_in(phone, "zhou")
    new = "a-better-password"

    def change(**fields: str) -> TestResponse:
        return fill(zhou.client, "/account/password", "/account/password", **{"current": PASSWORD, "password": new, "again": new, **fields})

    for fields, status in (({"current": "guess"}, 422), ({"again": "other"}, 422), ({"password": "short", "again": "short"}, 422)):
        assert change(**fields).status_code == status
    assert change(password=PASSWORD, again=PASSWORD).status_code == 422
    assert phone.get("/m").status_code == 200
    assert change().location == "/account/devices?done=password"
    assert zhou.client.get("/m").status_code == 200
    assert phone.get("/m").status_code == 303
    assert fill(phone, "/sign-in", "/sign-in", login="zhou", password=new, next="").status_code == 303


BROWSERS = {
    "Mozilla/5.0 (Linux; Android 13; V2243A) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.49": "微信 · 安卓手机",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0": "Edge · Windows 电脑",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1": "Safari · iPhone",
    "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 Safari/537.36 ArkWeb/4.1 HuaweiBrowser/5.0": "华为浏览器 · 鸿蒙",
    "curl/8 <b>": "别的浏览器 · 别的系统",
}


def test_devices_are_named_and_a_new_kind_stands_on_top(app: Flask, town: Town, clock: TestClock, wiring: Wiring) -> None:
    people = []
    for browser in BROWSERS:
        client = app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = browser
        people.append(sign_in(client, "zhou"))
        clock.forward(minutes=2)
    page = people[0].get("/account/devices")
    for name in BROWSERS.values():
        assert name in words_of(page)
    assert "MicroMessenger" not in page.get_data(as_text=True)
    assert words_of(page).count("以前没有用这样的设备登录过") == 4, "all but the first"
    again = app.test_client()
    again.environ_base["HTTP_USER_AGENT"] = next(iter(BROWSERS))
    shown = words_of(sign_in(again, "zhou").get("/account/devices"))
    assert shown.index("curl" if "curl" in shown else "别的浏览器") < shown.index("正在用的这台"), "new ones first"
    with wiring.sessions() as session:
        assert all(len(row.device) < 20 for row in session.query(LoginSession))


def test_one_device_and_all_others_are_signed_out_by_oneself_alone(
    app: Flask, zhou: Person, phone: FlaskClient, wiring: Wiring, town: Town
) -> None:
    sign_in(phone, "zhou")
    jing = sign_in(app.test_client(), "wangjing")
    with wiring.sessions() as session:
        ids = {row.user_id: row.id for row in session.query(LoginSession).order_by(LoginSession.id)}
    path = f"/account/devices/{ids[town.zhou_id]}/end"
    assert fill(jing.client, "/account", path).status_code == 404
    assert fill(zhou.client, "/account", f"/account/devices/{ids[town.jing_id]}/end").status_code == 404
    assert phone.get("/m").status_code == 200
    assert jing.client.get("/d").status_code == 200
    assert fill(zhou.client, "/account", path).location == "/account/devices?done=one"
    assert phone.get("/m").status_code == 303
    assert zhou.client.get("/m").status_code == 200
    sign_in(phone, "zhou")
    zhou.press("/account/devices", "/end-others")
    assert phone.get("/m").status_code == 303
    assert jing.client.get("/d").status_code == 200


# --- the lock -------------------------------------------------------------------------------------------------------------------------


def test_wrong_tries_from_elsewhere_cannot_keep_somebody_out_of_a_browser_they_know(
    zhou: Person, phone: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    def guess(client: FlaskClient) -> int:
        return fill(client, "/sign-in", "/sign-in", login="zhou", password="guess", next="").status_code

    zhou.press("/account", "/sign-out")
    phone.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    for _round in range(5):
        guess(phone)
    for _hour in range(20):  # as soon as the lock ends, the next wrong try
        clock.forward(hours=1, seconds=1)
        guess(phone)
    assert user(wiring, town.zhou_id).locked_until is not None
    assert "暂时锁定" in words_of(door(phone))
    assert door(zhou.client).status_code == 303, "their own browser lets them in"
    assert user(wiring, town.zhou_id).locked_until is None
    # But it isn't a way to try on and on.
    before = user(wiring, town.zhou_id).failed_tries
    assert [guess(zhou.client) for _round in range(10)] == [401] * 10
    assert user(wiring, town.zhou_id).failed_tries == before
    for _round in range(5):
        guess(zhou.client)
    assert "暂时锁定" in words_of(door(zhou.client))


@pytest.mark.parametrize("forge", [lambda raw: raw[:-2] + "AA", lambda raw: "x" * len(raw), lambda raw: ""])
def test_a_forged_cookie_of_a_known_browser_spares_nobody(zhou: Person, phone: FlaskClient, forge: Callable[[str], str]) -> None:
    cookie = zhou.client.get_cookie("zhibao_at")
    assert cookie is not None
    phone.set_cookie("zhibao_at", forge(cookie.value))
    for _round in range(5):
        fill(phone, "/sign-in", "/sign-in", login="zhou", password="guess", next="")
    assert door(phone).status_code == 429


def test_looking_at_devices_costs_the_same_for_one_and_for_twenty(zhou: Person, app: Flask, wiring: Wiring) -> None:
    one = cost(wiring, zhou, "/account/devices", "正在用的这台")
    for _device in range(19):
        sign_in(app.test_client(), "zhou")
    assert cost(wiring, zhou, "/account/devices", "其他设备全部退出") == one


def test_whoever_runs_the_server_can_let_the_only_administrator_in_again(
    app: Flask, wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(sign_in(app.test_client(), "chenli"), clock)

    @contextmanager
    def on_the_tests_servers() -> Iterator[Wiring]:
        yield wiring

    monkeypatch.setattr("intake.cli.users.connected", on_the_tests_servers)
    assert "chenli" in CliRunner().invoke(users, ["drop-second-factor", " Chenli "], catch_exceptions=False).output
    assert door(app.test_client(), "chenli").location == "/start"
    with pytest.raises(Conflict):
        CliRunner().invoke(users, ["drop-second-factor", "chenli"], catch_exceptions=False)


# --- everybody has an account page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reaches_its_own_account(app: Flask, wiring: Wiring, town: Town, role: Role) -> None:
    person_with(wiring, "qianyi", "钱一", (role, town.district_id))
    person = sign_in(app.test_client(), "qianyi")
    if role not in UNIT_ROLES:  # who belongs to no unit yet has no desk
        assert person.get("/start").status_code == 200
    for path in ("/account", "/account/second-factor", "/account/devices", "/account/password"):
        assert person.client.get(path).status_code == 200, path
