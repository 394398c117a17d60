"""Chromium that says it is WeChat's browser, the simulated platform, and a stand-in for the bridge that WeChat gives its pages."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from intake.adapters.wechat import oauth
from intake.adapters.wechat.client import WeChatClient
from intake.domain.submission_file import FileState
from intake.models import SubmissionFile, User, WeChatBinding
from intake.queries.actor import actor_of_user
from intake.queries.wechat_account import account_by_key
from intake.services.wechat_account import keys_of
from intake.services.wechat_binding import issue_ticket
from tests.browser.conftest import Enter, Site
from tests.browser.looking import wrong_on_phone
from tests.browser.people import Person
from tests.browser.test_sizes import FIRST_LOAD, WITHOUT_SCRIPT, loading
from tests.factories.town import town_in
from tests.factories.wechat import CALLBACK_KEY, make_account
from tests.wechat_platform.server import WeChatServer, running

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0.50.2701(0x28003253)"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BRIDGE = """
window.asked = [];
window.WeixinJSBridge = {
  on() {},
  invoke(name, args, tell) {
    window.asked.push(name);
    const answers = {
      preVerifyJSAPI: { err_msg: "preVerifyJSAPI:ok" },
      getNetworkType: { err_msg: "network_type:wifi" },
      chooseImage: { err_msg: "chooseImage:ok", localIds: JSON.stringify(["local-1", "local-2"]) },
      getLocalImgData: { err_msg: "getLocalImgData:ok", localData: "PIXEL" },
      uploadImage: { err_msg: "uploadImage:ok", serverId: `media-${args.localId}` },
      geoLocation: { err_msg: "geoLocation:ok", latitude: 31.230412, longitude: "121.473700" },
      scanQRCode: { err_msg: "scanQRCode:ok", resultStr: window.scanned },
      ...window.answers,
    };
    setTimeout(() => tell(answers[name] ?? { err_msg: `${name}:fail` }), 0);
  },
};
""".replace("PIXEL", PIXEL)


@pytest.fixture(scope="module")
def platform(site: Site) -> Iterator[WeChatServer]:
    """The platform, and a verified service account whose ticket lies ready."""
    with running() as server:
        wired = site.wiring
        server.world.seconds = lambda: wired.clock.now().timestamp()
        wired.settings = replace(wired.settings, base_url=site.url, wechat_api_url=server.url, wechat_connect_url=server.url)
        wired.wechat = WeChatClient(wired.redis, api_url=server.url, connect_url=server.url, clock=wired.clock)
        with wired.sessions.begin() as session:
            make_account(session, wired.vault, area_id=town_in(session).district_id)
        with wired.sessions() as session:
            account = account_by_key(session, CALLBACK_KEY)
        assert account is not None
        wired.wechat.renew_ticket(keys_of(wired.vault, account))
        yield server


WeChat = Callable[..., Person]


@pytest.fixture
def wechat(enter: Enter, platform: WeChatServer, monkeypatch: pytest.MonkeyPatch) -> WeChat:
    """A telephone with WeChat's browser; `answers` are what the bridge says other than well."""
    # On a busy machine the platform may need longer than a resident is kept waiting, and the page would rightly go on without a name.
    monkeypatch.setattr(oauth, "EXCHANGE_SECONDS", 30.0)

    def come(openid: str = "oAunt", *, answers: str = "{}", scanned: str = "", **options: Any) -> Person:
        platform.account.visitor = openid
        person = enter(user_agent=WECHAT, **options)
        person.page.add_init_script(f"window.answers = {answers}; window.scanned = {scanned!r};{BRIDGE}")
        return person

    return come


def test_the_form_opens_and_knows_whose_matters_these_are(wechat: WeChat, site: Site) -> None:
    aunt = wechat()
    aunt.open(f"/p/{LONGCHI}")
    assert aunt.path.partition("#")[0] == f"/p/{LONGCHI}"
    aunt.page.fill("#text", "幸福里路灯坏了")
    aunt.button("提交").click()
    aunt.page.wait_for_url("**/r/**")
    aunt.open("/mine")
    aunt.link("幸福里路灯坏了").or_(aunt.page.get_by_role("link").filter(has_text="幸福里路灯坏了")).first.click()
    aunt.page.wait_for_url("**/r/**")
    aunt.sees("幸福里路灯坏了")
    aunt.open("/mine")
    aunt.button("退出").click()
    aunt.sees("已退出")


def test_a_typed_code_leads_to_the_form_by_way_of_the_platform(wechat: WeChat) -> None:
    """A form of ours may not be redirected to another host; a page in between leads on."""
    aunt = wechat("oTyped")
    aunt.open("/")
    aunt.page.fill("[name=code]", LONGCHI)
    aunt.button("打开").click()
    aunt.page.wait_for_url(f"**/p/{LONGCHI}")
    expect(aunt.link("我反映过的事")).to_be_visible()


def test_photos_are_chosen_uploaded_and_sent_by_their_names(wechat: WeChat, site: Site) -> None:
    aunt = wechat("oPhotos")
    aunt.open(f"/p/{LONGCHI}")
    part = aunt.page.locator("[data-photos]")
    aunt.button("添加照片").click()
    expect(aunt.page.locator("#photos")).to_be_hidden()
    expect(part.locator("img")).to_have_count(2)
    part.get_by_role("button", name="去掉").first.click()
    expect(part.locator("img")).to_have_count(1)
    aunt.page.fill("#text", "井盖没了，看照片")
    aunt.button("提交").click()
    aunt.page.wait_for_url("**/r/**")
    with site.wiring.sessions() as session:
        rows = session.query(SubmissionFile).all()
        assert [(row.media_id, row.state) for row in rows] == [("media-local-2", FileState.AWAITED)]
        session.query(SubmissionFile).delete()
        session.commit()


def test_a_photo_that_cannot_be_uploaded_says_so_and_the_words_go_all_the_same(wechat: WeChat) -> None:
    aunt = wechat("oNoUpload", answers='{ uploadImage: { err_msg: "uploadImage:fail" } }')
    aunt.open(f"/p/{LONGCHI}")
    aunt.button("添加照片").click()
    aunt.sees("有照片没有传上去")
    aunt.page.fill("#text", "井盖没了")
    aunt.button("提交").click()
    aunt.sees("已收到")


def test_a_refused_form_keeps_the_photos_that_were_chosen(wechat: WeChat) -> None:
    aunt = wechat("oKept")
    aunt.open(f"/p/{LONGCHI}")
    aunt.button("添加照片").click()
    expect(aunt.page.locator("[data-photos] img")).to_have_count(2)
    aunt.button("提交").click()
    aunt.page.locator("[role=alert]").wait_for()
    expect(aunt.page.locator("[data-photos] li")).to_have_count(2)


def test_the_place_is_filled_in_by_a_tap_and_can_be_read(wechat: WeChat) -> None:
    aunt = wechat("oPlace")
    aunt.open(f"/p/{LONGCHI}")
    aunt.page.get_by_text("位置", exact=True).click()
    assert "geoLocation" not in aunt.page.evaluate("window.asked")
    aunt.page.fill("#place", "菜场北门")
    aunt.button("填上我现在的位置").click()
    expect(aunt.page.locator("#place")).to_have_value("菜场北门 定位：31.23041,121.47370")


def test_without_the_place_one_writes_it(wechat: WeChat) -> None:
    aunt = wechat("oNoPlace", answers='{ geoLocation: { err_msg: "geoLocation:cancel" } }')
    aunt.open(f"/p/{LONGCHI}")
    aunt.page.get_by_text("位置", exact=True).click()
    aunt.button("填上我现在的位置").click()
    expect(aunt.page.locator("#place")).to_have_attribute("placeholder", "没有取到位置，请直接写")
    expect(aunt.page.locator("#place")).to_have_value("")


@pytest.mark.parametrize("foreign", ["https://evil.example/p/nvgch2345a", "javascript:alert(1)", "电话 110", "SITE/r/ZB-1"])
def test_the_scanner_opens_forms_of_ours_alone(wechat: WeChat, site: Site, foreign: str) -> None:
    aunt = wechat("oScan", scanned=foreign.replace("SITE", site.url))
    aunt.open("/")
    aunt.button("扫一扫海报").click()
    aunt.sees("不是直报点的二维码，再扫一次")
    assert aunt.path == "/"


def test_a_scanned_poster_opens_its_form(wechat: WeChat, site: Site) -> None:
    aunt = wechat("oScan", scanned=f"{site.url}/p/{LONGCHI}")
    aunt.open("/")
    aunt.button("扫一扫海报").click()
    aunt.page.wait_for_url(f"**/p/{LONGCHI}*")


def test_a_signature_that_wechat_refuses_leaves_the_page_plain(wechat: WeChat) -> None:
    aunt = wechat("oRefused", answers='{ preVerifyJSAPI: { err_msg: "preVerifyJSAPI:fail_invalid signature" } }')
    aunt.open(f"/p/{LONGCHI}")
    while "preVerifyJSAPI" not in aunt.page.evaluate("window.asked"):
        aunt.page.wait_for_timeout(20)
    aunt.page.wait_for_timeout(100)
    expect(aunt.page.locator("[data-photos]")).to_be_hidden()
    expect(aunt.page.locator("#photos")).to_be_visible()
    aunt.page.fill("#text", "路灯坏了")
    aunt.button("提交").click()
    aunt.sees("已收到")


def test_without_script_wechats_own_buttons_are_not_there_and_the_form_works(wechat: WeChat) -> None:
    aunt = wechat("oPlain", java_script_enabled=False)
    aunt.open(f"/p/{LONGCHI}")
    expect(aunt.page.locator("[data-photos]")).to_be_hidden()
    aunt.page.fill("#text", "路灯坏了")
    aunt.button("提交").click()
    aunt.page.wait_for_url("**/r/**")


def test_nothing_of_it_is_loaded_outside_wechat_and_the_library_not_before_the_form(enter: Enter, wechat: WeChat) -> None:
    outside = loading(enter(), f"/p/{LONGCHI}")
    assert not [url for url in outside.sizes if "wechat" in url or "weixin" in url]
    assert sum(outside.sizes.values()) <= FIRST_LOAD
    aunt = wechat("oSmall")
    aunt.open(f"/p/{LONGCHI}")
    inside = loading(aunt, f"/p/{LONGCHI}")
    assert [url for url in inside.sizes if "weixin-js-sdk" in url]
    assert inside.of("Document", "Stylesheet") <= WITHOUT_SCRIPT
    assert sum(inside.sizes.values()) <= FIRST_LOAD, inside.sizes
    assert all(url.startswith(aunt.page.url.split("/p/")[0]) for url in inside.sizes), "the library reports to nobody"


def test_a_member_binds_the_telephone_and_signs_in_without_a_password(wechat: WeChat, site: Site) -> None:
    zhou = wechat("oZhou")
    with site.wiring.sessions.begin() as session:
        member = actor_of_user(session, session.query(User).filter_by(login="zhou").one().id)
        assert member is not None
        token = issue_ticket(session, actor=member, at=site.wiring.clock.now())
    zhou.open(f"/bind/{token}")
    zhou.sees("绑定到“周明远”？")
    zhou.button("是我，绑定").click()
    zhou.sees("绑定好了")
    zhou.open("/sign-in?next=/m/topics")
    zhou.link("微信登录").click()
    zhou.sees("周明远，您好")
    zhou.button("登录").click()
    zhou.page.wait_for_url("**/m/topics")
    zhou.open("/account/wechat")
    zhou.sees("已绑定")
    zhou.button("解绑微信").click()
    zhou.sees("已解绑")
    with site.wiring.sessions() as session:
        assert session.query(WeChatBinding).one().ended_at is not None


def on_the_form(person: Person, _site: Site) -> None:
    person.open(f"/p/{LONGCHI}")
    person.page.locator("[data-photos] > button").click()
    expect(person.page.locator("[data-photos] img")).to_have_count(2)


def on_a_link(person: Person, site: Site) -> None:
    with site.wiring.sessions.begin() as session:
        member = actor_of_user(session, session.query(User).filter_by(login="liqing").one().id)
        assert member is not None
        token = issue_ticket(session, actor=member, at=site.wiring.clock.now())
    person.open(f"/bind/{token}")


PAGES: dict[str, Callable[[Person, Site], None]] = {
    "form": on_the_form,
    "own items": lambda person, _site: person.open("/mine"),
    "sign in": lambda person, _site: person.open("/sign-in"),
    "whose link": on_a_link,
}


@pytest.mark.parametrize("name", PAGES)
def test_page_inside_wechat(name: str, wechat: WeChat, site: Site) -> None:
    aunt = wechat("oLooked")
    aunt.say(LONGCHI, "幸福里路灯坏了")
    wrong = wrong_on_phone(aunt, lambda _page, _seen: PAGES[name](aunt, site), None, site)
    assert not wrong, "\n".join(wrong)
