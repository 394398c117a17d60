"""微信绑定与微信登录: tied by a link that works once, and by whom the platform has just named."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from intake.domain.errors import DomainError
from intake.domain.permission import Role
from intake.models import AuditEntry, LoginSession, RoleGrant, User, WeChatAccount, WeChatBinding, WeChatBindTicket, WeChatFollower
from intake.services.person import issue_reset, reset_password
from intake.services.wechat_binding import TICKET_MINUTES, bind, issue_ticket, unbind_person
from intake.services.wechat_sign_in import sign_in_by_wechat
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import PASSWORD, Town, actor
from tests.factories.wechat import CALLBACK_KEY
from tests.web.inside_wechat import AUNT, UNCLE, Telephone, telephone
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_second_factor import switch_on
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer

ENTER = f"/wechat/{CALLBACK_KEY}/enter?next=/sign-in/wechat"


@pytest.fixture
def phone(app: Flask, served: WeChatServer) -> Telephone:
    """周明远's telephone."""
    return telephone(app, served, AUNT)


@pytest.fixture
def zhou(app: Flask, served: WeChatServer, town: Town) -> Person:
    """周明远 at a computer."""
    return sign_in(app.test_client(), "zhou")


def link_of(wiring: Wiring, user_id: int) -> str:
    """The path of a fresh link of this person."""
    with wiring.sessions.begin() as session:
        return f"/bind/{issue_ticket(session, actor=actor(session, user_id), at=wiring.clock.now())}"


def tie(phone: Telephone, path: str) -> str:
    """Open the link and press the button; what the page says."""
    page = phone.open(path).get_data(as_text=True)
    return words_of(phone.post(path, csrf_token=hidden(page, "csrf_token")))


def bindings(wiring: Wiring) -> list[tuple[int, bool]]:
    with wiring.sessions() as session:
        return [(row.user_id, row.ended_at is None) for row in session.query(WeChatBinding).order_by(WeChatBinding.id)]


def audited(wiring: Wiring, action: str) -> int:
    with wiring.sessions() as session:
        return session.scalar(select(func.count()).where(AuditEntry.action == action)) or 0


def enter(phone: Telephone) -> str:
    """Press 微信登录 and the button after it; where it leads, or what stands in the way."""
    page = phone.open(ENTER).get_data(as_text=True)
    answer = phone.post("/sign-in/wechat", csrf_token=hidden(page, "csrf_token"), next="")
    return answer.location or words_of(answer)


def test_a_code_on_the_desk_binds_the_telephone_that_scans_it(zhou: Person, phone: Telephone, wiring: Wiring, town: Town) -> None:
    page = zhou.press("/account/wechat", "/account/wechat/ticket")
    assert f"{TICKET_MINUTES} 分钟内有效" in words_of(page)
    assert "<svg" in page.get_data(as_text=True)
    path = link_of(wiring, town.zhou_id)  # what the picture holds is made the same way; the one shown is ended by it
    asked = words_of(phone.open(path))
    assert "绑定到“周明远”？" in asked
    assert "云栖区" in asked
    assert "委员" in asked
    assert bindings(wiring) == []
    assert "绑定好了" in tie(phone, path)
    assert bindings(wiring) == [(town.zhou_id, True)]
    assert "已绑定" in words_of(zhou.get("/account/wechat"))
    assert audited(wiring, "wechat.bind") == 1
    assert "绑定微信" in words_of(sign_in(phone.client.application.test_client(), "chenli").get(f"/d/people/{town.zhou_id}"))


def test_on_the_telephone_it_is_a_link(app: Flask, phone: Telephone, served: WeChatServer, town: Town) -> None:
    sign_in(phone.client, "zhou")
    page = phone.press("/account/wechat", "/account/wechat/ticket").get_data(as_text=True)
    path = next(part for part in page.split('"') if part.startswith("/bind/"))
    assert '<svg class="code' not in page
    assert "绑定到“周明远”？" in words_of(phone.open(path))


def test_only_the_hash_of_the_link_is_stored(wiring: Wiring, served: WeChatServer, town: Town) -> None:
    token = link_of(wiring, town.zhou_id).rpartition("/")[2]
    with wiring.sessions() as session:
        row = session.query(WeChatBindTicket).one()
    assert token.encode() not in row.token_hash
    assert row.expires_at - row.created_at == timedelta(minutes=TICKET_MINUTES)


def test_the_link_works_once(phone: Telephone, app: Flask, served: WeChatServer, wiring: Wiring, town: Town) -> None:
    path = link_of(wiring, town.zhou_id)
    tie(phone, path)
    late = telephone(app, served, UNCLE).open(path)
    assert late.status_code == 410
    assert "已经用过" in words_of(late)
    assert bindings(wiring) == [(town.zhou_id, True)]


def test_the_link_ends_after_ten_minutes_and_with_a_newer_one(phone: Telephone, wiring: Wiring, town: Town, clock: TestClock) -> None:
    first = link_of(wiring, town.zhou_id)
    second = link_of(wiring, town.zhou_id)
    assert "后来又生成了新的" in words_of(phone.open(first))
    clock.forward(minutes=TICKET_MINUTES)
    assert "过了 10 分钟" in words_of(phone.open(second))


@pytest.mark.parametrize("token", ["x", "周", "a" * 400])
def test_a_made_up_link_says_what_to_do(phone: Telephone, town: Town, token: str) -> None:
    answer = phone.open(f"/bind/{token}")
    assert answer.status_code == 404
    assert "重新生成一个" in words_of(answer)


def test_guessing_links_is_braked(phone: Telephone, wiring: Wiring, town: Town) -> None:
    path = link_of(wiring, town.zhou_id)
    for number in range(30):
        phone.get(f"/bind/guess{number}")
    assert phone.get(path).status_code == 429


def test_outside_wechat_the_link_says_where_to_open_it_and_is_not_spent(app: Flask, phone: Telephone, wiring: Wiring, town: Town) -> None:
    path = link_of(wiring, town.zhou_id)
    assert "请在微信里打开" in words_of(app.test_client().get(path))
    assert "绑定好了" in tie(phone, path)


def test_a_platform_that_names_nobody_leaves_the_link_for_another_try(phone: Telephone, wiring: Wiring, town: Town) -> None:
    path = link_of(wiring, town.zhou_id)
    phone.platform.world.faults.order("/sns/oauth2/access_token", Fault.STATUS, code=502)
    assert "微信这次没有确认身份" in words_of(phone.open(path))
    assert "绑定好了" in tie(phone, path)


def test_a_cookie_of_yesterday_binds_nobody_without_asking_the_platform_again(
    phone: Telephone, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    phone.open(f"/p/{town.longchi_code}")
    clock.forward(days=1)
    path = link_of(wiring, town.zhou_id)
    assert phone.get(path).status_code == 302
    token = hidden(phone.get("/sign-in").get_data(as_text=True), "csrf_token")
    assert "请再试一次" in words_of(phone.post(path, csrf_token=token))
    assert bindings(wiring) == []


def test_another_site_cannot_press_the_button(phone: Telephone, wiring: Wiring, town: Town) -> None:
    path = link_of(wiring, town.zhou_id)
    phone.open(path)
    assert phone.post(path).status_code == 400
    assert bindings(wiring) == []


def test_a_telephone_that_is_somebody_elses_is_refused_with_a_cure(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    path = link_of(wiring, town.qing_id)
    assert "已经绑定了另一个账号" in tie(phone, path)
    assert bindings(wiring) == [(town.zhou_id, True)]


def test_a_new_telephone_takes_the_place_of_the_old_one(
    app: Flask, phone: Telephone, served: WeChatServer, wiring: Wiring, town: Town
) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    tie(telephone(app, served, UNCLE), link_of(wiring, town.zhou_id))
    assert bindings(wiring) == [(town.zhou_id, False), (town.zhou_id, True)]
    with wiring.sessions() as session:
        assert session.query(WeChatBinding).filter(WeChatBinding.ended_at.is_not(None)).one().openid_cipher == b""
    assert "还没有绑定账号" in words_of(phone.open(ENTER))


def test_two_links_at_once_on_one_telephone_bind_one_person(phone: Telephone, wiring: Wiring, town: Town) -> None:
    phone.open(f"/p/{town.longchi_code}")
    with wiring.sessions() as session:
        follower_id = session.query(WeChatFollower).one().id
    tokens = [link_of(wiring, user_id).rpartition("/")[2] for user_id in (town.zhou_id, town.qing_id)]
    together, told = threading.Barrier(2), list[str]()

    def one(token: str) -> None:
        together.wait()
        try:
            with wiring.sessions.begin() as session:
                bind(session, token=token, follower_id=follower_id, at=wiring.clock.now())
        except DomainError as error:
            told.append(error.message)

    threads = [threading.Thread(target=one, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bindings(wiring)) == 1
    assert ["已经绑定了另一个账号" in words for words in told] == [True]


def open_links(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.query(WeChatBindTicket).filter(WeChatBindTicket.used_at.is_(None)).count()


def test_of_two_links_made_at_once_one_works(wiring: Wiring, served: WeChatServer, town: Town) -> None:
    other = threading.Thread(target=link_of, args=(wiring, town.zhou_id))
    with wiring.sessions.begin() as session:
        issue_ticket(session, actor=actor(session, town.zhou_id), at=wiring.clock.now())
        other.start()
        other.join(0.5)
    other.join()
    assert open_links(wiring) == 1


def test_unbinding_ends_the_link_that_another_device_had_made(app: Flask, phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    left = link_of(wiring, town.zhou_id)
    sign_in(app.test_client(), "chenli").press(f"/d/people/{town.zhou_id}", "/wechat/unbind")
    assert phone.get(left).status_code == 410
    assert open_links(wiring) == 0


def test_a_new_password_ends_links_too(wiring: Wiring, served: WeChatServer, town: Town) -> None:
    link_of(wiring, town.zhou_id)
    with wiring.sessions.begin() as session:
        admin = actor(session, town.li_id)
        version = session.get_one(User, town.zhou_id).version
        token = issue_reset(session, vault=wiring.vault, actor=admin, user_id=town.zhou_id, version=version, at=wiring.clock.now())
        reset_password(session, vault=wiring.vault, token=token, password="neues-passwort-1", at=wiring.clock.now())
    assert open_links(wiring) == 0


def test_administrators_sign_in_by_password_alone(app: Flask, phone: Telephone, wiring: Wiring, town: Town) -> None:
    admin = sign_in(app.test_client(), "chenli")
    page = admin.get("/account/wechat")
    assert "管理员请用密码登录" in words_of(page)
    assert "开始绑定" not in words_of(page)
    token = hidden(admin.get("/d/people").get_data(as_text=True), "csrf_token")
    assert admin.client.post("/account/wechat/ticket", data={"csrf_token": token}).status_code == 403
    tie(phone, link_of(wiring, town.zhou_id))
    with wiring.sessions.begin() as session:  # 周明远 becomes one afterwards
        session.add(RoleGrant(district_id=town.district_id, user_id=town.zhou_id, role=Role.ADMIN, area_id=town.street_id))
    assert "管理员请用登录名和密码登录" in words_of(phone.open(ENTER))


def test_a_district_without_such_an_account_says_so(app: Flask, with_platform: WeChatServer, wiring: Wiring, town: Town) -> None:
    page = sign_in(app.test_client(), "zhou")
    assert "暂时不能绑定微信" in words_of(page.get("/account/wechat"))
    token = hidden(page.get("/account").get_data(as_text=True), "csrf_token")
    assert page.client.post("/account/wechat/ticket", data={"csrf_token": token}).status_code == 404
    with wiring.sessions() as session:
        assert session.query(WeChatBindTicket).count() == 0


# Signing in


def test_signing_in_takes_two_taps_and_no_password(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    offered = phone.get("/sign-in?next=/m/topics").get_data(as_text=True)
    way = re.search(r'href="(/wechat/[^"]+)"', offered)
    assert way is not None
    page = phone.open(way.group(1))
    assert "周明远，您好" in words_of(page)
    html = page.get_data(as_text=True)
    answer = phone.post("/sign-in/wechat", csrf_token=hidden(html, "csrf_token"), next=hidden(html, "next"))
    assert answer.location == "/m/topics"
    assert phone.get("/m").status_code == 200
    with wiring.sessions() as session:
        entry = session.query(AuditEntry).filter_by(action="sign_in").one()
        assert (entry.entity_id, entry.detail) == (town.zhou_id, {"way": "wechat"})


def test_outside_wechat_and_without_an_account_it_is_not_offered(
    app: Flask, served: WeChatServer, wiring: Wiring, clock: TestClock
) -> None:
    assert "微信登录" not in words_of(app.test_client().get("/sign-in"))
    phone = telephone(app, served)
    assert "微信登录" in words_of(phone.get("/sign-in"))
    with wiring.sessions.begin() as session:
        session.query(WeChatAccount).one().active = False
    clock.forward(minutes=2)
    assert "微信登录" not in words_of(phone.get("/sign-in"))


def test_an_earlier_session_of_this_browser_does_not_survive_the_sign_in(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    sign_in(phone.client, "liqing")
    with phone.client.session_transaction() as cookie:
        before = cookie["s"]
    assert enter(phone) == "/start"
    with phone.client.session_transaction() as cookie:
        assert cookie["s"] != before
    assert "周明远" in words_of(phone.get("/account/wechat"))


def test_whoever_is_bound_to_nobody_is_told_the_way(phone: Telephone, town: Town) -> None:
    words = words_of(phone.open(ENTER))
    assert "还没有绑定账号" in words
    assert "用密码登录" in words


def test_a_closed_account_is_not_opened_by_wechat(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    with wiring.sessions.begin() as session:
        session.get_one(User, town.zhou_id).active = False
    assert "已经停用" in words_of(phone.open(ENTER))
    token = hidden(phone.get("/sign-in").get_data(as_text=True), "csrf_token")
    assert phone.post("/sign-in/wechat", csrf_token=token).status_code == 403


def test_wechat_is_no_way_round_the_second_step(phone: Telephone, zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    own, _codes = switch_on(zhou, clock)
    tie(phone, link_of(wiring, town.zhou_id))
    clock.forward(minutes=1)
    assert enter(phone) == "/sign-in/code"
    assert phone.open("/m").request.path != "/m"
    page = phone.open("/sign-in/code").get_data(as_text=True)
    assert phone.post("/sign-in/code", csrf_token=hidden(page, "csrf_token"), code=own.now()).location == "/start"
    with wiring.sessions() as session:
        assert session.query(LoginSession).order_by(LoginSession.id.desc()).first().way == "wechat_totp"  # type: ignore[union-attr]  # there is one


def test_a_sign_in_that_waits_for_an_unbinding_finds_nothing_bound(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    with wiring.sessions() as session:
        follower_id = session.query(WeChatFollower).one().id
    told: list[str] = []

    def waiting() -> None:
        try:
            with wiring.sessions.begin() as session:
                sign_in_by_wechat(
                    session, vault=wiring.vault, follower_id=follower_id, hours=1, device="", spared=None, at=wiring.clock.now()
                )
        except DomainError as error:
            told.append(error.message)

    other = threading.Thread(target=waiting)
    with wiring.sessions.begin() as session:
        unbind_person(session, actor=actor(session, town.li_id), user_id=town.zhou_id, at=wiring.clock.now())
        other.start()
        other.join(0.5)
    other.join()
    assert ["还没有绑定账号" in words for words in told] == [True]
    with wiring.sessions() as session:
        assert session.query(LoginSession).filter(LoginSession.user_id == town.zhou_id, LoginSession.ended_at.is_(None)).count() == 0


def test_a_lock_by_wrong_passwords_holds_here_too(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    with wiring.sessions.begin() as session:
        session.get_one(User, town.zhou_id).locked_until = wiring.clock.now() + timedelta(minutes=3)
    assert "请过 3 分钟再试" in enter(phone)


def test_tries_are_counted_with_those_by_password(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    page = phone.open(ENTER).get_data(as_text=True)
    for _ in range(30):
        wiring.limiter.hit(wiring.settings.login_limit, "login", "127.0.0.1")
    answer = phone.post("/sign-in/wechat", csrf_token=hidden(page, "csrf_token"))
    assert answer.status_code == 429


def test_a_cookie_of_an_hour_ago_signs_nobody_in(phone: Telephone, wiring: Wiring, town: Town, clock: TestClock) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    page = phone.open(ENTER).get_data(as_text=True)
    clock.forward(hours=1)
    assert phone.post("/sign-in/wechat", csrf_token=hidden(page, "csrf_token")).location == "/sign-in/wechat"
    assert "微信这次没有确认身份" in words_of(phone.get("/sign-in/wechat"))
    with wiring.sessions() as session:
        assert session.query(LoginSession).count() == 0


def test_sign_in_by_wechat_leads_to_no_other_site(phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    page = phone.open(f"{ENTER}%3Fnext=//evil.example/").get_data(as_text=True)
    assert hidden(page, "next") == ""
    assert phone.post("/sign-in/wechat", csrf_token=hidden(page, "csrf_token"), next="//evil.example/").location == "/start"


# Taking it off


def test_taking_it_off_signs_out_every_device_but_this_one(zhou: Person, phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    assert enter(phone) == "/start"
    assert phone.get("/m").status_code == 200
    assert "已解绑" in words_of(zhou.press("/account/wechat", "/account/wechat/unbind"))
    assert bindings(wiring) == [(town.zhou_id, False)]
    assert zhou.client.get("/m").status_code == 200
    assert phone.get("/m").status_code == 303
    assert "还没有绑定账号" in words_of(phone.open(ENTER))
    assert audited(wiring, "wechat.unbind") == 1


def test_taking_off_what_is_off_says_so(zhou: Person, wiring: Wiring, town: Town) -> None:
    token = hidden(zhou.get("/account/wechat").get_data(as_text=True), "csrf_token")
    answer = zhou.client.post("/account/wechat/unbind", data={"csrf_token": token})
    assert answer.status_code == 409
    assert "现在没有绑定微信" in words_of(answer)


def test_an_administrator_takes_it_off_for_somebody(app: Flask, phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    enter(phone)
    admin = sign_in(app.test_client(), "chenli")
    done = words_of(admin.press(f"/d/people/{town.zhou_id}", "/wechat/unbind"))
    assert "微信已解绑" in done
    assert "没有绑定" in done
    assert "解绑微信 " in done  # in the history
    assert phone.get("/m").status_code == 303


def test_an_administrator_of_elsewhere_cannot(app: Flask, phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    admin = sign_in(app.test_client(), "chenli")
    token = hidden(admin.get("/d/people").get_data(as_text=True), "csrf_token")
    answer = admin.client.post(f"/d/people/{town.stranger_id}/wechat/unbind", data={"csrf_token": token})
    assert answer.status_code == 404
    staff = sign_in(app.test_client(), "wangjing")
    token = hidden(staff.get("/account/wechat").get_data(as_text=True), "csrf_token")
    assert staff.client.post(f"/d/people/{town.zhou_id}/wechat/unbind", data={"csrf_token": token}).status_code == 403
    assert bindings(wiring) == [(town.zhou_id, True)]


def test_the_password_still_opens_the_account(app: Flask, phone: Telephone, wiring: Wiring, town: Town) -> None:
    tie(phone, link_of(wiring, town.zhou_id))
    assert sign_in(app.test_client(), "zhou", PASSWORD).get("/m").status_code == 200
