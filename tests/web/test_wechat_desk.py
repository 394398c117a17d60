"""公众号 on the desk: entered, shown without its secrets, checked, its menu, templates and verification file; degraded by kind."""

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.wechat_account import CAPABILITIES, AccountKind, Capability
from intake.domain.wechat_finding import OwnCheck
from intake.models import Area, AuditEntry, WeChatAccount, WeChatTemplate
from intake.queries.wechat_account import account_by_id, account_of_area
from intake.services.wechat_account import opened
from intake.wiring import Wiring
from tests.factories.administrators import street_administrator
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.factories.wechat import APP_ID, ORIGINAL_ID, make_account
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

SECRETS = {"token": "zhibao2026", "aes_key": "b" * 43, "secret": "c" * 32}
FACTS = {"kind": "service", "name": "云栖政协", "app_id": APP_ID, "original_id": ORIGINAL_ID, "active": "1", **SECRETS}
MENU = {"name-1": "我要反映", "path-1": "/", "name-2": "查回执", "path-2": "/r"}


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员 of the district."""
    return sign_in(client, "chenli")


def post(person: Person, path: str, data: Mapping[str, object] = {}, /, **more: object) -> TestResponse:
    """Send a form that wasn't on any page."""
    token = hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    return person.client.post(path, data={"csrf_token": token, **data, **more})


def made(wiring: Wiring, area_id: int, kind: AccountKind = AccountKind.SERVICE) -> int:
    with wiring.sessions.begin() as session:
        return make_account(session, wiring.vault, area_id=area_id, kind=kind)


def stored(wiring: Wiring, account_id: int) -> WeChatAccount:
    with wiring.sessions() as session:
        return session.get_one(WeChatAccount, account_id)


def only(wiring: Wiring) -> WeChatAccount:
    with wiring.sessions() as session:
        return session.query(WeChatAccount).one()


def test_an_account_is_entered_sealed_and_used_by_the_district(chen: Person, wiring: Wiring, town: Town) -> None:
    assert all(f'name="{field}"' in chen.get("/d/wechat/new").get_data(as_text=True) for field in FACTS)
    answer = post(chen, "/d/wechat/new", FACTS)
    assert answer.status_code == 303
    page = words_of(chen.get(answer.location))
    assert "已接入" in page
    account = only(wiring)
    assert f"https://zhibao.example/wechat/{account.callback_key}" in chen.get(f"/d/wechat/{account.id}").get_data(as_text=True)
    assert len(account.callback_key) >= 20
    with wiring.sessions() as session:
        used = account_of_area(session, town.longchi_id)
        assert used is not None
        assert {name: opened(wiring.vault, used, name) for name in SECRETS} == SECRETS
        entry = session.query(AuditEntry).filter_by(action="wechat.add").one()
        assert entry.detail == {"kind": "service", "fields": ["token", "aes_key", "secret"]}


# The next step is one that works: the callback answers only for an account in use, of a kind that has one.
@pytest.mark.parametrize(("change", "said"), [({"active": ""}, "还没有启用"), ({"kind": "partner"}, "已保存。")])
def test_what_comes_next_depends_on_the_account(chen: Person, change: dict[str, str], said: str) -> None:
    page = words_of(chen.get(post(chen, "/d/wechat/new", FACTS | change).location))
    assert said in page
    assert "下一步：把回调地址" not in page


def test_no_page_ever_shows_a_secret_again(chen: Person, wiring: Wiring, town: Town) -> None:
    post(chen, "/d/wechat/new", FACTS)
    account = only(wiring)
    pages = [f"/d/wechat/{account.id}{part}" for part in ("", "/settings", "/menu", "/templates", "/verification", "/progress")]
    for page in [*pages, "/d/wechat"]:
        html = chen.get(page).get_data(as_text=True)
        assert not [name for name, secret in SECRETS.items() if secret in html], page
    refused = post(chen, f"/d/wechat/{account.id}/settings", {**FACTS, "version": account.version, "app_id": "wrong"})
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert not [name for name, secret in SECRETS.items() if secret in html]
    assert "已填，重填才会改" in html


def test_a_secret_left_empty_stays_and_one_entered_replaces_it(chen: Person, wiring: Wiring, town: Town) -> None:
    post(chen, "/d/wechat/new", FACTS)
    account = only(wiring)
    kept = {**FACTS, "token": "", "aes_key": "", "secret": "d" * 32, "version": account.version}
    assert post(chen, f"/d/wechat/{account.id}/settings", kept).status_code == 303
    with wiring.sessions() as session:
        row = account_by_id(session, account.id)
        assert row is not None
        assert opened(wiring.vault, row, "token") == SECRETS["token"]
        assert opened(wiring.vault, row, "secret") == "d" * 32
        assert row.version == account.version + 1
        assert session.query(AuditEntry).filter_by(action="wechat.change").one().detail == {"fields": ["secret"]}


def test_saving_without_a_change_is_no_change(chen: Person, wiring: Wiring, town: Town) -> None:
    post(chen, "/d/wechat/new", FACTS)
    account = only(wiring)
    same = {**FACTS, "token": "", "aes_key": "", "secret": "", "version": account.version}
    assert post(chen, f"/d/wechat/{account.id}/settings", same).status_code == 303
    assert stored(wiring, account.id).version == account.version


def test_whoever_is_slower_reads_what_stands_there_now(chen: Person, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    first = {**FACTS, **dict.fromkeys(SECRETS, ""), "version": 1}
    assert post(chen, f"/d/wechat/{account_id}/settings", {**first, "name": "云栖区政协"}).status_code == 303
    slower = post(chen, f"/d/wechat/{account_id}/settings", {**first, "name": "我写的名字"})
    assert slower.status_code == 409
    html = slower.get_data(as_text=True)
    assert "我写的名字" in html
    assert "云栖区政协" in html


# One field for each setting that a person can get wrong; the rest of what was typed stays.
@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"app_id": ORIGINAL_ID}, "AppID 以 wx 开头"),
        ({"original_id": APP_ID}, "原始 ID 以 gh_ 开头"),
        ({"aes_key": "b" * 42}, "正好 43 个"),
        ({"token": "-"}, "3 到 32 个"),
        ({"secret": "x"}, "正好 32 个"),
        ({"kind": "official"}, "请先选一个"),
    ],
)
def test_a_wrong_setting_comes_back_with_its_cure(chen: Person, wiring: Wiring, town: Town, change: dict[str, str], cure: str) -> None:
    answer = post(chen, "/d/wechat/new", {**FACTS, **change})
    assert answer.status_code == 422
    assert cure in words_of(answer)
    assert 'value="云栖政协"' in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(WeChatAccount).count() == 0


def test_of_two_who_connect_one_account_at_once_the_slower_is_told(chen: Person, wiring: Wiring, town: Town) -> None:
    told: list[TestResponse] = []
    slower = threading.Thread(target=lambda: told.append(post(chen, "/d/wechat/new", FACTS)))
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=session.query(Area).filter_by(name="望江区").one().id)
        slower.start()
        slower.join(1)
    slower.join()
    assert told[0].status_code == 422
    assert "已经接在别处" in words_of(told[0])


def test_one_account_is_connected_in_one_place_only(chen: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        neighbour = session.query(Area).filter_by(name="望江区").one().id
    made(wiring, neighbour)
    answer = post(chen, "/d/wechat/new", FACTS)
    assert answer.status_code == 422
    assert "已经接在别处" in words_of(answer)


def test_another_district_s_account_is_as_good_as_none(chen: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        neighbour = session.query(Area).filter_by(name="望江区").one().id
    account_id = made(wiring, neighbour)
    assert chen.get(f"/d/wechat/{account_id}").status_code == 404
    for act in ("check", "callback", "settings", "menu", "verification", "templates"):
        assert post(chen, f"/d/wechat/{account_id}/{act}", {**FACTS, **MENU, "version": 1}).status_code == 404, act
    assert stored(wiring, account_id).version == 1
    assert "云栖政协" not in words_of(chen.get("/d/wechat"))


def test_the_city_s_account_serves_a_district_without_one_and_is_only_shown_there(chen: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        city = session.query(Area).filter_by(name="临江市").one().id
    account_id = made(wiring, city)
    listed = words_of(chen.get("/d/wechat"))
    assert "由上级管理" in listed
    assert "用的是上级的" in listed
    page = chen.get(f"/d/wechat/{account_id}").get_data(as_text=True)
    assert "由上级管理" in page
    assert "testscallbackkey" not in page
    assert post(chen, f"/d/wechat/{account_id}/callback", version=1).status_code == 403
    assert post(chen, f"/d/wechat/{account_id}/settings", {**FACTS, "version": 1}).status_code == 403
    assert stored(wiring, account_id).version == 1
    # An own one takes over.
    post(chen, "/d/wechat/new", {**FACTS, "original_id": "gh_aaaaaaaaaaaa"})
    with wiring.sessions() as session:
        used = account_of_area(session, town.longchi_id)
        assert used is not None
        assert used.id != account_id


def test_the_administrator_of_a_street_looks_but_doesn_t_change(app: Flask, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    street_administrator(wiring, town.street_id)
    gu = sign_in(app.test_client(), "guning")
    assert "接入公众号" not in words_of(gu.get("/d/wechat"))
    assert gu.get(f"/d/wechat/{account_id}").status_code == 200
    assert post(gu, "/d/wechat/new", FACTS).status_code == 403
    assert post(gu, f"/d/wechat/{account_id}/check").status_code == 403


def test_another_callback_address_ends_the_old_one(chen: Person, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    before = stored(wiring, account_id).callback_key
    assert "已换回调地址" in words_of(chen.press(f"/d/wechat/{account_id}", "/callback"))
    after = stored(wiring, account_id).callback_key
    assert after != before
    assert client.get(f"/wechat/{before}").status_code == 404
    assert post(chen, f"/d/wechat/{account_id}/callback", version=1).status_code == 409


# --- what each kind can do -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(AccountKind))
def test_pages_offer_only_what_the_kind_can(chen: Person, wiring: Wiring, town: Town, kind: AccountKind) -> None:
    account_id = made(wiring, town.district_id, kind)
    html = chen.get(f"/d/wechat/{account_id}").get_data(as_text=True)
    able = CAPABILITIES[kind]
    assert (f"/d/wechat/{account_id}/menu" in html) == (Capability.MENU in able)
    assert (f"/d/wechat/{account_id}/templates" in html) == (Capability.TEMPLATE_MESSAGE in able)
    assert ("/wechat/testscallbackkey" in html) == (Capability.CHAT in able)
    assert ("没有密钥要填" in html) == (kind in {AccountKind.PARTNER, AccountKind.NONE})
    assert ("/d/campaigns" in html.split("<main", 1)[1]) == (kind is AccountKind.PARTNER)
    assert html.count("改用：") == len(Capability) - len(able)
    assert ("不能设菜单" in words_of(chen.get(f"/d/wechat/{account_id}/menu"))) == (Capability.MENU not in able)
    assert ("不能发通知" in words_of(chen.get(f"/d/wechat/{account_id}/templates"))) == (Capability.TEMPLATE_MESSAGE not in able)


@pytest.mark.parametrize("kind", list(AccountKind))
def test_what_the_kind_can_t_is_refused_when_it_is_sent_all_the_same(chen: Person, wiring: Wiring, town: Town, kind: AccountKind) -> None:
    account_id = made(wiring, town.district_id, kind)
    able = CAPABILITIES[kind]
    menu = post(chen, f"/d/wechat/{account_id}/menu", {**MENU, "version": 1})
    assert menu.status_code == (303 if Capability.MENU in able else 422)
    template = {"kind": "outcome", "channel": "template", "template_id": "TM-progress", "field-1": "thing2", "fact-1": "what"}
    answer = post(chen, f"/d/wechat/{account_id}/templates", {**template, "version": stored(wiring, account_id).version})
    assert answer.status_code == (303 if Capability.TEMPLATE_MESSAGE in able else 422)


# --- checks ----------------------------------------------------------------------------------------------------------------------------


def test_a_check_is_asked_for_once_and_shows_how_far_it_is(chen: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    account_id = made(wiring, town.district_id)
    asked = clock.now()
    assert "正在检查" in words_of(chen.press(f"/d/wechat/{account_id}", "/check"))
    clock.forward(seconds=5)
    post(chen, f"/d/wechat/{account_id}/check")
    assert stored(wiring, account_id).check_asked_at == asked
    page = chen.get(f"/d/wechat/{account_id}").get_data(as_text=True)
    assert 'hx-trigger="every 2s"' in page
    assert "刷新" in page
    assert stored(wiring, account_id).version == 1, "asking changes no setting"


def test_a_check_that_nobody_does_says_so_and_stops_asking(chen: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    account_id = made(wiring, town.district_id)
    post(chen, f"/d/wechat/{account_id}/check")
    clock.forward(minutes=4)
    page = chen.get(f"/d/wechat/{account_id}/progress").get_data(as_text=True)
    assert "后台几分钟都没有回应" in page
    assert "hx-trigger" not in page
    assert f"/d/wechat/{account_id}/check" in page, "it may be asked for again"


def test_what_was_found_stands_with_its_cure_and_the_worst_first(chen: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    account_id = made(wiring, town.district_id)
    at = clock.now()
    found = [
        (OwnCheck.HTTPS, True, ""),
        ("ip_whitelist", False, "203.0.113.7"),
        (OwnCheck.TEMPLATES, False, "outcome,rate"),
        ("brand_new", False, "99999"),
        ("template", True, "TM-progress 办理进度提醒"),
    ]
    with wiring.sessions.begin() as session:
        account = session.get_one(WeChatAccount, account_id)
        account.check_result = [{"code": str(code), "ok": ok, "detail": detail, "at": at.isoformat()} for code, ok, detail in found]
        account.checked_at = at
    page = words_of(chen.get(f"/d/wechat/{account_id}"))
    assert "加上这台服务器的地址 203.0.113.7" in page
    assert "有了办理结果、请评价结果" in page
    assert "99999" in page
    assert "TM-progress" not in page
    assert page.index("IP 白名单") < page.index("用 https 打开")
    assert "TM-progress" in words_of(chen.get(f"/d/wechat/{account_id}/templates"))


# --- menu, verification file, templates ------------------------------------------------------------------------------------------------


def test_a_menu_is_kept_and_handed_to_a_worker(chen: Person, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    assert "我要反映" in words_of(chen.get(f"/d/wechat/{account_id}/menu")), "a set to begin with"
    answer = chen.press(f"/d/wechat/{account_id}/menu", "/menu", **MENU)
    assert "已交给后台发布" in words_of(answer)
    account = stored(wiring, account_id)
    assert account.menu == [{"name": "我要反映", "path": "/"}, {"name": "查回执", "path": "/r"}]
    assert account.menu_asked_at == wiring.clock.now()


def test_a_button_that_leads_nowhere_is_found_before_residents_do(chen: Person, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    answer = post(chen, f"/d/wechat/{account_id}/menu", {**MENU, "path-2": "/no/such/page", "version": 1})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert "我们网站上没有这一页" in html
    assert 'value="/no/such/page"' in html
    assert stored(wiring, account_id).menu == []


def test_the_verification_file_is_served_from_the_root_while_the_account_is_in_use(
    chen: Person, client: FlaskClient, wiring: Wiring, town: Town
) -> None:
    account_id = made(wiring, town.district_id)
    name, text = "MP_verify_AbCdEf12GhIj34Kl.txt", "AbCdEf12GhIj34Kl"
    assert client.get(f"/{name}").status_code == 404
    answer = post(chen, f"/d/wechat/{account_id}/verification", {"verify_name": name, "verify_text": text, "version": 1})
    assert answer.status_code == 303
    served = client.get(f"/{name}")
    assert (served.status_code, served.mimetype, served.get_data(as_text=True)) == (200, "text/plain", text)
    assert client.get("/MP_verify_AbCdEf12GhIj34KX.txt").status_code == 404
    with wiring.sessions.begin() as session:
        session.get_one(WeChatAccount, account_id).active = False
    assert client.get(f"/{name}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/MP_verify_.txt", "/MP_verify_a%2Fb12345678.txt", "/MP_verify_%00AbCdEf12.txt", "/MP_verify_AbCdEf12.txt/"]
)
def test_nothing_else_under_the_root_is_taken_for_such_a_file(client: FlaskClient, town: Town, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_template_is_set_shown_with_a_preview_replaced_and_taken_away(chen: Person, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    template = {"kind": "outcome", "channel": "template", "template_id": "TM-progress", "field-1": "{{thing2.DATA}}", "fact-1": "what"}
    page = words_of(chen.press(f"/d/wechat/{account_id}/templates", "/templates", **template))
    assert "TM-progress" in page
    assert "您反映的事有了处理" in page
    chen.press(f"/d/wechat/{account_id}/templates", "/templates", **{**template, "template_id": "TM-progress-2"})
    with wiring.sessions() as session:
        row = session.query(WeChatTemplate).one()
        assert (row.template_id, row.fields, row.district_id) == ("TM-progress-2", {"thing2": "what"}, town.district_id)
    assert 'value="TM-progress-2"' in chen.get(f"/d/wechat/{account_id}/templates?template={row.id}").get_data(as_text=True)
    stale = post(chen, f"/d/wechat/{account_id}/templates", {**template, "version": 1})
    assert stale.status_code == 409
    chen.press(f"/d/wechat/{account_id}/templates", "/drop")
    with wiring.sessions() as session:
        assert session.query(WeChatTemplate).count() == 0


def test_the_list_and_a_page_cost_the_same_for_one_account_and_for_many(chen: Person, wiring: Wiring, town: Town) -> None:
    account_id = made(wiring, town.district_id)
    one = cost(wiring, chen, "/d/wechat", "云栖政协")
    page = cost(wiring, chen, f"/d/wechat/{account_id}", "云栖政协")
    with wiring.sessions.begin() as session:
        for number in range(12):
            make_account(
                session,
                wiring.vault,
                area_id=town.district_id,
                original_id=f"gh_{number:012d}",
                callback_key=f"key{number}",
            )
    assert cost(wiring, chen, "/d/wechat", "云栖政协") == one
    assert cost(wiring, chen, f"/d/wechat/{account_id}", "云栖政协") == page


def test_history_names_what_was_done_and_nothing_of_what_was_entered(chen: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    post(chen, "/d/wechat/new", FACTS)
    account = only(wiring)
    clock.time += timedelta(minutes=1)
    post(chen, f"/d/wechat/{account.id}/check")
    page = words_of(chen.get(f"/d/wechat/{account.id}"))
    assert "接入公众号" in page
    assert "陈立" in page
    with wiring.sessions() as session:
        details = [str(entry.detail) for entry in session.query(AuditEntry).filter(AuditEntry.noun == "wechat_account")]
    assert len(details) == 2
    assert not [detail for detail in details for secret in (*SECRETS.values(), APP_ID) if secret in detail]
