"""What we ask of WeChat's platform, over real HTTP: every call once well, and once under each way in which it can go wrong."""

import io
import time
from collections.abc import Callable

import pytest
from redis import Redis

from intake.adapters.redis_queue import web_redis
from intake.adapters.wechat.client import WeChatClient
from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError
from intake.ports import AccountCheck, WeChatApi
from tests.contract.conftest import client_of
from tests.contract.wechat_calls import AUNT, CALLS, FIELDS, KEYS, LINK, NOTICE, PICTURE, Call
from tests.factories.clock import TestClock
from tests.factories.wechat import SECRET
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer

EVERY_CALL = pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
SHORT = 0.3
"""Seconds that a call may take where the platform is slow."""
HALF_OF_IT = 30.0
"""Of the minute that the slowest answers here would take: whoever is done by then has given up, on however busy a machine."""


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make every call's time limit short; a token still has its time."""

    def shorten() -> None:
        for where in ("platform.SECONDS", "media.MEDIA_SECONDS", "oauth.EXCHANGE_SECONDS"):
            monkeypatch.setattr(f"intake.adapters.wechat.{where}", SHORT)

    return shorten


def test_the_client_fills_the_port(client: WeChatClient) -> None:
    port: WeChatApi = client
    assert port.ticket(KEYS) is None


# --- each call, well ------------------------------------------------------------------------------------------------------------------


def test_words_reach_the_resident(client: WeChatClient, platform: WeChatServer) -> None:
    client.send_text(KEYS, AUNT, "收到了，回执号 LC-0001。\n“<b>” & 😀")

    assert [sent.words for sent in platform.world.sent(AUNT)] == ["收到了，回执号 LC-0001。\n“<b>” & 😀"]


def test_a_template_message_arrives_with_its_fields_link_and_number(client: WeChatClient, platform: WeChatServer) -> None:
    number = client.send_template(KEYS, AUNT, template_id="TM-progress", fields=FIELDS, link=LINK)

    (sent,) = platform.world.sent(AUNT)
    assert (str(sent.number), sent.kind, dict(sent.fields), sent.link) == (number, "template", FIELDS, LINK)


def test_a_subscription_notice_arrives_and_uses_its_right_up(client: WeChatClient, platform: WeChatServer) -> None:
    number = client.send_subscription(KEYS, AUNT, template_id="ONCE-progress", fields=NOTICE, link=LINK)

    (sent,) = platform.world.sent(AUNT)
    assert (str(sent.number), sent.kind, dict(sent.fields), sent.link) == (number, "subscription", NOTICE, LINK)
    assert platform.account.people.known(AUNT).subscriptions["ONCE-progress"] == 0


def test_the_same_template_message_again_is_one_message(client: WeChatClient, platform: WeChatServer) -> None:
    first = client.send_template(KEYS, AUNT, template_id="TM-progress", fields=FIELDS, link=LINK)

    assert client.send_template(KEYS, AUNT, template_id="TM-progress", fields=FIELDS, link=LINK) == first
    assert client.send_template(KEYS, AUNT, template_id="TM-progress", fields=FIELDS, link=f"{LINK}2") != first
    assert len(platform.world.sent(AUNT)) == 2


def test_media_is_written_as_it_is(client: WeChatClient, platform: WeChatServer) -> None:
    target = io.BytesIO()
    media_id = platform.account.keep_media(PICTURE, "image/jpeg")

    assert client.fetch_media(KEYS, media_id, target, most_bytes=len(PICTURE)) == "image/jpeg"
    assert target.getvalue() == PICTURE


def test_media_that_looks_like_json_is_media(client: WeChatClient, platform: WeChatServer) -> None:
    target = io.BytesIO()
    media_id = platform.account.keep_media(b'{"errcode": 40001}', "audio/amr")

    assert client.fetch_media(KEYS, media_id, target, most_bytes=100) == "audio/amr"
    assert target.getvalue() == b'{"errcode": 40001}'


def test_a_scene_code_has_an_address_and_keeps_it(client: WeChatClient, platform: WeChatServer) -> None:
    address = client.make_scene(KEYS, "longchi-3")

    assert address.startswith("http://weixin.qq.com/q/")
    assert client.make_scene(KEYS, "longchi-3") == address
    assert client.make_scene(KEYS, "longchi-4") != address
    assert len(platform.account.scenes) == 2


@pytest.mark.parametrize("scene", ["", "a" * 65, "龙池", "a b"])
def test_what_cannot_be_a_scene_is_never_asked_for(client: WeChatClient, platform: WeChatServer, scene: str) -> None:
    with pytest.raises(PermanentDeliveryError) as refused:
        client.make_scene(KEYS, scene)
    assert refused.value.code == "scene"
    assert not platform.world.asked


def test_the_menu_is_replaced_and_taken_away(client: WeChatClient, platform: WeChatServer) -> None:
    client.put_menu(KEYS, [("说一件事", LINK), ("我说过的", f"{LINK}2")])
    assert platform.account.menu == [
        {"type": "view", "name": "说一件事", "url": LINK},
        {"type": "view", "name": "我说过的", "url": f"{LINK}2"},
    ]

    client.put_menu(KEYS, [])
    assert platform.account.menu is None


@EVERY_CALL
def test_every_call_works_again_after_it_did(call: Call, client: WeChatClient, platform: WeChatServer) -> None:
    call.make(client, platform)
    platform.account.people.subscribe(AUNT, "ONCE-progress")
    call.make(client, platform)


# --- each call, when the platform refuses ----------------------------------------------------------------------------------------------

# A code of the platform decides the class and when to try again, whichever call it answers. The clock stands at 09:00 in Shanghai.
REFUSALS = [
    (-1, RetryableDeliveryError, 10),
    (-1000, RetryableDeliveryError, None),
    (45009, RetryableDeliveryError, 15 * 3600 + 60),
    (45011, RetryableDeliveryError, 60),
    (48001, PermanentDeliveryError, None),
    (99999, PermanentDeliveryError, None),
    (40164, RetryableDeliveryError, 600),
]


@EVERY_CALL
@pytest.mark.parametrize(("code", "kind", "after"), REFUSALS)
def test_a_refusal_has_its_class(
    call: Call, client: WeChatClient, platform: WeChatServer, code: int, kind: type[Exception], after: int | None
) -> None:
    platform.world.faults.order(call.path, Fault.ERROR, code=code)

    with pytest.raises(kind) as refused:
        call.make(client, platform)
    assert getattr(refused.value, "code", None) == str(code)
    assert getattr(refused.value, "after_seconds", None) == after
    assert platform.world.asked[call.path] == 0
    call.make(client, platform)


# --- each call, when the network or the platform fails ---------------------------------------------------------------------------------

# Not done, and known not to be: worth another try, for those that send as well.
NOT_DONE = [(500, "http_500"), (502, "http_502"), (503, "http_503"), (302, "http_302"), (403, "http_403")]


@EVERY_CALL
@pytest.mark.parametrize(("status", "code"), NOT_DONE)
def test_a_page_of_something_before_the_platform_is_worth_another_try(
    call: Call, client: WeChatClient, platform: WeChatServer, status: int, code: str
) -> None:
    platform.world.faults.order(call.path, Fault.STATUS, code=status)

    with pytest.raises(RetryableDeliveryError) as refused:
        call.make(client, platform)
    assert refused.value.code == code


# It had left, and what became of it nobody knows: those that send say so, the others are simply asked again.
UNKNOWN = [
    (Fault.STATUS, 504, {"http_504"}),
    (Fault.SLOW, 0, {"timeout"}),
    (Fault.DROPPED, 0, {"dropped"}),
    (Fault.CUT, 0, {"dropped"}),
    (Fault.HTML, 0, {"unreadable"}),
    (Fault.HUGE, 0, {"too_large"}),
    (Fault.NESTED, 0, {"unreadable"}),
]


@EVERY_CALL
@pytest.mark.parametrize(("fault", "status", "codes"), UNKNOWN, ids=[f"{fault.value}-{status}" for fault, status, _ in UNKNOWN])
def test_an_answer_that_never_came_is_unknown_to_those_that_send(
    call: Call, client: WeChatClient, platform: WeChatServer, hurry: Callable[[], None], fault: Fault, status: int, codes: set[str]
) -> None:
    platform.world.faults.order(call.path, fault, code=status, seconds=60)
    if fault is Fault.SLOW:
        hurry()

    began = time.monotonic()
    with pytest.raises(DeliveryUnknown if call.sends else RetryableDeliveryError) as failed:
        call.make(client, platform)
    assert getattr(failed.value, "code", None) in codes
    assert time.monotonic() - began < HALF_OF_IT
    while fault is Fault.SLOW and not platform.world.asked[call.path] and time.monotonic() - began < HALF_OF_IT:
        time.sleep(0.01)  # the platform may be later to read it than we to give it up
    assert platform.world.asked[call.path] == (1 if fault not in {Fault.HTML, Fault.STATUS} else 0)


@EVERY_CALL
def test_a_platform_that_is_not_there_got_nothing(
    call: Call, client: WeChatClient, redis: Redis, clock: TestClock, platform: WeChatServer
) -> None:
    client.make_scene(KEYS, "so-that-there-is-a-token")
    client = WeChatClient(redis, api_url="http://127.0.0.1:9", connect_url="http://127.0.0.1:9", clock=clock)

    with pytest.raises(RetryableDeliveryError) as refused:
        call.make(client, platform)
    assert refused.value.code == "unreachable"


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DROPPED, Fault.HTML, Fault.HUGE, Fault.NESTED, Fault.STATUS])
def test_words_that_could_not_leave_for_lack_of_a_token_are_worth_another_try(
    client: WeChatClient, platform: WeChatServer, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    platform.world.faults.order("stable_token", fault, seconds=60, code=504)

    with monkeypatch.context() as hurried:
        if fault is Fault.SLOW:
            hurried.setattr("intake.adapters.wechat.platform.FETCH_SECONDS", SHORT)
        with pytest.raises(RetryableDeliveryError):
            client.send_text(KEYS, AUNT, "收到了")
    client.send_text(KEYS, AUNT, "收到了")
    assert len(platform.world.sent(AUNT)) == 1


def test_a_drip_of_bytes_ends_in_time(client: WeChatClient, platform: WeChatServer, hurry: Callable[[], None]) -> None:
    platform.world.faults.order("custom/send", Fault.DRIP, seconds=60)
    hurry()

    began = time.monotonic()
    with pytest.raises(DeliveryUnknown) as failed:
        client.send_text(KEYS, AUNT, "收到了")
    assert failed.value.code == "timeout"
    assert time.monotonic() - began < HALF_OF_IT


def test_a_connection_that_the_platform_closed_is_not_used_again(client: WeChatClient, platform: WeChatServer) -> None:
    client.send_text(KEYS, AUNT, "一")
    platform.cut_connections()
    client.send_text(KEYS, AUNT, "二")

    assert [sent.words for sent in platform.world.sent(AUNT)] == ["一", "二"]


def test_connections_are_used_again(client: WeChatClient, platform: WeChatServer) -> None:
    for word in "一二三四":
        client.send_text(KEYS, AUNT, word)

    assert platform.connections_since_reset == 1


# --- media, bounded --------------------------------------------------------------------------------------------------------------------


def test_media_over_the_cap_is_refused_before_it_is_read(client: WeChatClient, platform: WeChatServer) -> None:
    target = io.BytesIO()
    media_id = platform.account.keep_media(PICTURE, "image/jpeg")

    with pytest.raises(PermanentDeliveryError) as refused:
        client.fetch_media(KEYS, media_id, target, most_bytes=len(PICTURE) - 1)
    assert refused.value.code == "too_large"
    assert target.getvalue() == b""


def test_media_that_does_not_say_its_length_is_cut_at_the_cap(client: WeChatClient, platform: WeChatServer) -> None:
    target = io.BytesIO()
    media_id = platform.account.keep_media(PICTURE, "image/jpeg")
    platform.world.faults.order("media/get", Fault.LENGTHLESS)

    with pytest.raises(PermanentDeliveryError) as refused:
        client.fetch_media(KEYS, media_id, target, most_bytes=100_000)
    assert refused.value.code == "too_large"
    assert len(target.getvalue()) <= 100_000


def test_an_empty_file_is_worth_another_try(client: WeChatClient, platform: WeChatServer) -> None:
    with pytest.raises(RetryableDeliveryError) as refused:
        client.fetch_media(KEYS, platform.account.keep_media(b"", "image/jpeg"), io.BytesIO(), most_bytes=100)
    assert refused.value.code == "empty"


def test_a_full_disk_is_not_the_platforms_fault(client: WeChatClient, platform: WeChatServer) -> None:
    class Full(io.BytesIO):
        def write(self, _piece: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        client.fetch_media(KEYS, platform.account.keep_media(PICTURE, "image/jpeg"), Full(), most_bytes=10**6)
    client.send_text(KEYS, AUNT, "还能发")


# --- the check -------------------------------------------------------------------------------------------------------------------------


def found(client: WeChatClient) -> dict[str, AccountCheck]:
    return {check.code: check for check in client.check(KEYS)}


def test_a_good_account_is_found_good(client: WeChatClient, platform: WeChatServer) -> None:
    client.put_menu(KEYS, [("说一件事", LINK)])
    checks = client.check(KEYS)

    assert all(check.ok for check in checks)
    assert [check.code for check in checks] == [
        *("reachable", "app_id", "secret", "ip_whitelist", "token"),
        *("customer_message", "template_message", "subscription_notice", "scene_code", "js_sdk"),
        *("menu", "template", "subscription", "subscription"),
    ]
    details = {check.code: check.detail for check in checks}
    assert details["template"] == "TM-progress 办理进度提醒"
    assert details["menu"] == "1"
    assert details["template_message"] == "100000/100000"


# Each wrong setting is found by its own code, and nothing is said about what can't be known then.
@pytest.mark.parametrize(
    ("wrong", "last", "detail"),
    [
        ({"app_id": "wx0000000000000000"}, "app_id", "40013"),
        ({"secret": "s" * 32}, "secret", "40125"),
        ({"whitelisted": False}, "ip_whitelist", "203.0.113.9"),
    ],
)
def test_a_wrong_setting_is_named(client: WeChatClient, platform: WeChatServer, wrong: dict[str, object], last: str, detail: str) -> None:
    client.send_text(KEYS, AUNT, "先有一个令牌")  # a remembered token must not hide a secret that is wrong by now
    if "app_id" in wrong:
        platform.world.accounts["wx0000000000000000"] = platform.world.accounts.pop(KEYS.app_id)
    else:
        ((name, value),) = wrong.items()
        setattr(platform.account, name, value)

    checks = client.check(KEYS)

    assert [check.ok for check in checks] == [True] * (len(checks) - 1) + [False]
    assert (checks[-1].code, checks[-1].detail) == (last, detail)


def test_a_platform_that_is_not_there_is_named(redis: Redis, clock: TestClock) -> None:
    client = WeChatClient(redis, api_url="http://127.0.0.1:9", connect_url="", clock=clock)
    assert client.check(KEYS) == (AccountCheck("reachable", ok=False, detail="unreachable"),)


def test_a_frozen_account_gets_no_token(client: WeChatClient, platform: WeChatServer) -> None:
    platform.world.faults.order("stable_token", Fault.ERROR, code=50007)
    assert client.check(KEYS)[-1] == AccountCheck("token", ok=False, detail="50007")


def test_what_the_account_may_not_do_is_named(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.rights = frozenset({"menu"})
    checks = found(client)

    for code in ("customer_message", "template_message", "subscription_notice", "scene_code", "js_sdk"):
        assert checks[code] == AccountCheck(code, ok=False, detail="48001")
    assert checks["menu"] == AccountCheck("menu", ok=False)
    assert "template" not in checks


@pytest.mark.parametrize("fault", list(Fault))
def test_the_check_never_raises(client: WeChatClient, platform: WeChatServer, hurry: Callable[[], None], fault: Fault) -> None:
    if fault in {Fault.SLOW, Fault.DRIP}:
        hurry()
    platform.world.faults.order("stable_token", fault, seconds=1, code=500)
    client.check(KEYS)
    for path in ("quota/get", "getticket", "menu/get", "get_all_private_template", "gettemplate"):
        platform.world.faults.order(path, fault, seconds=1, code=500)
    client.check(KEYS)
    assert found(client)["token"].ok


# --- who it is -------------------------------------------------------------------------------------------------------------------------


def test_the_authorize_address_is_the_documented_one(redis: Redis, clock: TestClock) -> None:
    client = WeChatClient(redis, api_url="https://api.weixin.qq.com", connect_url="https://open.weixin.qq.com", clock=clock)

    assert client.authorize_address(KEYS, "https://zhibao.example/wechat/k/back?next=/p/1", "abc123") == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
        "&redirect_uri=https%3A%2F%2Fzhibao.example%2Fwechat%2Fk%2Fback%3Fnext%3D%2Fp%2F1"
        "&response_type=code&scope=snsapi_base&state=abc123#wechat_redirect"
    )


@pytest.mark.parametrize("state", ["", "a" * 129, "a.b", "a&b", "态"])
def test_a_state_that_the_platform_would_cut_is_our_mistake(client: WeChatClient, state: str) -> None:
    with pytest.raises(ValueError, match="state"):
        client.authorize_address(KEYS, "https://zhibao.example/", state)


# --- secrets ---------------------------------------------------------------------------------------------------------------------------


@EVERY_CALL
@pytest.mark.parametrize("fault", [None, Fault.ERROR, Fault.STATUS, Fault.HTML, Fault.DROPPED, Fault.SLOW])
def test_neither_secret_nor_token_nor_openid_is_logged_or_raised(
    call: Call,
    client: WeChatClient,
    platform: WeChatServer,
    hurry: Callable[[], None],
    capfd: pytest.CaptureFixture[str],
    fault: Fault | None,
) -> None:
    if fault is Fault.SLOW:
        hurry()
    if fault:
        platform.world.faults.order(call.path, fault, code=500, seconds=2)
    said = ""
    try:
        call.make(client, platform)
    except (PermanentDeliveryError, RetryableDeliveryError, DeliveryUnknown) as error:
        said = f"{error!r} {error} {error.__dict__}"
    said += "".join(capfd.readouterr())

    for kept in (SECRET, platform.account.tokens.stable(force=False).value, AUNT):
        assert kept not in said
    assert "wechat_token" in said or call.name == "exchange_code"  # something was logged, so looking makes sense


def test_redis_away_costs_no_message(platform: WeChatServer, clock: TestClock) -> None:
    client = client_of(platform, web_redis("redis://127.0.0.1:9"), clock)

    for word in "一二三":
        client.send_text(KEYS, AUNT, word)
    assert platform.world.asked["/cgi-bin/stable_token"] == 1
