"""JS-SDK: a signature for our own pages where a ticket lies ready, and nothing for anybody else."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.submission_file import FileKind, FileState
from intake.domain.wechat_account import AccountKind, Capability, can
from intake.models import Submission, SubmissionFile, WeChatAccount
from intake.queries.wechat_account import account_by_key
from intake.services.wechat_account import keys_of
from intake.web.wechat.js_config import signature_of
from intake.wiring import Wiring
from tests.factories.town import Town
from tests.factories.wechat import APP_ID, CALLBACK_KEY, ORIGINAL_ID, make_account
from tests.web.inside_wechat import SITE, Telephone, telephone
from tests.web.pages import hidden
from tests.wechat_platform.server import WeChatServer

CONFIG = f"/wechat/{CALLBACK_KEY}/js-config"


@pytest.fixture
def served(served: WeChatServer, wiring: Wiring) -> WeChatServer:
    """For whose account a worker has left a ticket."""
    leave_ticket(wiring)
    return served


@pytest.fixture
def phone(app: Flask, served: WeChatServer) -> Telephone:
    return telephone(app, served)


def leave_ticket(wiring: Wiring) -> str:
    with wiring.sessions() as session:
        account = account_by_key(session, CALLBACK_KEY)
    assert account is not None
    keys = keys_of(wiring.vault, account)
    wiring.wechat.renew_ticket(keys)
    return wiring.wechat.ticket(keys) or ""


def test_the_signature_is_the_platforms_own() -> None:
    """The sample of the platform's documentation."""
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    made = signature_of(ticket=ticket, nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, address="http://mp.weixin.qq.com?params=value")
    assert made == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_a_page_of_ours_gets_what_the_buttons_need(phone: Telephone, wiring: Wiring, town: Town) -> None:
    address = f"{SITE}/p/{town.longchi_code}?wx=0"
    told = phone.client.get(CONFIG, query_string={"url": f"{address}#text"}).get_json()
    assert set(told) == {"appId", "timestamp", "nonceStr", "signature"}
    assert told["appId"] == APP_ID
    ticket = leave_ticket(wiring)
    assert told["signature"] == signature_of(ticket=ticket, nonce=told["nonceStr"], timestamp=told["timestamp"], address=address)


@pytest.mark.parametrize(
    "address", ["", "https://evil.example/", "https://zhibao.example.evil.example/", "https://zhibao.example", "x" * 2_000, f"{SITE}/\n"]
)
def test_no_other_page_gets_any(client: FlaskClient, served: WeChatServer, town: Town, address: str) -> None:
    assert client.get(CONFIG, query_string={"url": address}).status_code == 204


def test_without_a_ticket_the_answer_is_empty_and_the_platform_is_not_asked(
    client: FlaskClient, served: WeChatServer, wiring: Wiring
) -> None:
    wiring.redis.flushdb()
    asked = dict(served.world.asked)
    assert client.get(CONFIG, query_string={"url": f"{SITE}/p/x"}).status_code == 204
    assert dict(served.world.asked) == asked


def test_an_address_that_asks_without_end_gets_no_more(client: FlaskClient, served: WeChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.web.wechat.js_config.ADDRESS_LIMIT", "2/hour")
    assert [client.get(CONFIG, query_string={"url": f"{SITE}/"}).status_code for _ in range(3)] == [200, 200, 204]


def test_a_key_that_is_none_s_is_nothing(client: FlaskClient, served: WeChatServer) -> None:
    assert client.get("/wechat/nobodys/js-config", query_string={"url": f"{SITE}/"}).status_code == 204


@pytest.mark.parametrize("kind", AccountKind)
def test_the_form_offers_what_the_account_can(
    app: Flask, with_platform: WeChatServer, wiring: Wiring, town: Town, kind: AccountKind
) -> None:
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.district_id, kind=kind)
    page = telephone(app, with_platform).open(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert (CONFIG in page) is can(kind, Capability.JS_SDK)
    assert ("wechat-js" in page) is can(kind, Capability.JS_SDK)
    assert "hidden" in page or CONFIG not in page


def files(wiring: Wiring) -> list[SubmissionFile]:
    with wiring.sessions() as session:
        return session.query(SubmissionFile).order_by(SubmissionFile.id).all()


def test_photos_are_awaited_with_the_sentence(phone: Telephone, wiring: Wiring, town: Town) -> None:
    page = phone.open(f"/p/{town.longchi_code}").get_data(as_text=True)
    fields = {"key": hidden(page, "key"), "text": "路灯坏了", "photo": ["media-1", "media_2", "media-1"]}
    assert phone.client.post(f"/p/{town.longchi_code}", data=fields).status_code == 303
    assert phone.client.post(f"/p/{town.longchi_code}", data=fields).status_code == 303  # pressed twice
    with wiring.sessions() as session:
        said = session.query(Submission).one()
    rows = files(wiring)
    assert [row.media_id for row in rows] == ["media-1", "media_2"]
    assert {(row.account, row.kind, row.state, row.submission_id, row.district_id) for row in rows} == {
        (ORIGINAL_ID, FileKind.PHOTO, FileState.AWAITED, said.id, town.district_id)
    }


def test_names_that_can_be_no_photo_s_and_too_many_are_left_out(phone: Telephone, wiring: Wiring, town: Town) -> None:
    page = phone.open(f"/p/{town.longchi_code}").get_data(as_text=True)
    wrong = ["", "a b", "../../x", "照片", "x" * 129, "<b>"]
    right = [f"media{number}" for number in range(12)]
    fields = {"key": hidden(page, "key"), "text": "路灯坏了", "photo": wrong + right}
    assert phone.client.post(f"/p/{town.longchi_code}", data=fields).status_code == 303
    assert [row.media_id for row in files(wiring)] == right[:9]


def test_a_refused_form_keeps_the_photos(phone: Telephone, town: Town) -> None:
    page = phone.open(f"/p/{town.longchi_code}").get_data(as_text=True)
    answer = phone.client.post(
        f"/p/{town.longchi_code}",
        data={"key": hidden(page, "key"), "text": "", "photo": ["media-1"]},
        headers={"User-Agent": "MicroMessenger/8"},
    )
    assert answer.status_code == 422
    assert hidden(answer.get_data(as_text=True), "photo") == "media-1"


def test_without_an_account_that_can_photos_are_nothing(client: FlaskClient, served: WeChatServer, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        session.query(WeChatAccount).one().kind = AccountKind.PARTNER
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    assert client.post(f"/p/{town.longchi_code}", data={"key": key, "text": "路灯坏了", "photo": ["m"]}).status_code == 303
    assert files(wiring) == []
