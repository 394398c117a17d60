"""The platform's rules as our classes of error: whose right is over, what never works, what works later; each met in earnest."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import pytest

from intake.adapters.wechat.client import WeChatClient
from intake.adapters.wechat.errors import ACCOUNT, AFTER_SECONDS, PERMANENT, SPENT, STALE_TOKEN, delivery_error
from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError, RightSpent
from tests.contract.wechat_calls import AUNT, FIELDS, KEYS, LINK, NOTICE
from tests.factories.clock import TestClock
from tests.wechat_platform.people import LONG
from tests.wechat_platform.server import WeChatServer

STRANGER = "oSomebodyElsesAccount_VcJ2px"


def code_of(act: Callable[[], Any], kind: type[PermanentDeliveryError] | type[RetryableDeliveryError]) -> str:
    with pytest.raises(kind) as refused:
        act()
    assert type(refused.value) is kind
    return refused.value.code


def say(client: WeChatClient, openid: str = AUNT, words: str = "收到了") -> Callable[[], None]:
    return lambda: client.send_text(KEYS, openid, words)


def remind(client: WeChatClient, *, openid: str = AUNT, template_id: str = "TM-progress", **fields: str) -> Callable[[], str]:
    return lambda: client.send_template(KEYS, openid, template_id=template_id, fields={**FIELDS, **fields}, link=LINK)


def notify(client: WeChatClient, *, openid: str = AUNT, template_id: str = "ONCE-progress", **fields: str) -> Callable[[], str]:
    return lambda: client.send_subscription(KEYS, openid, template_id=template_id, fields={**NOTICE, **fields}, link=LINK)


# --- customer messages -----------------------------------------------------------------------------------------------------------------


def test_five_words_after_a_message_and_no_sixth(client: WeChatClient, platform: WeChatServer) -> None:
    for _ in range(5):
        say(client)()
    assert code_of(say(client), RightSpent) == "45047"
    assert len(platform.world.sent(AUNT)) == 5

    platform.account.people.write(AUNT)
    say(client)()


def test_no_words_after_48_hours(client: WeChatClient, clock: TestClock) -> None:
    clock.forward(hours=47, minutes=59)
    say(client)()
    clock.forward(minutes=1)
    assert code_of(say(client), RightSpent) == "45015"


def test_three_words_in_the_minute_after_a_tap(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    clock.forward(days=3)
    platform.account.people.touch(AUNT)
    for _ in range(3):
        say(client)()
    assert code_of(say(client), RightSpent) == "45047"
    platform.account.people.touch(AUNT)
    clock.forward(minutes=1)
    assert code_of(say(client), RightSpent) == "45015"


def test_no_words_to_who_left(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.people.unfollow(AUNT)
    assert code_of(say(client), RightSpent) == "45015"


def test_no_words_to_another_accounts_openid(client: WeChatClient) -> None:
    assert code_of(say(client, STRANGER), PermanentDeliveryError) == "40003"


def test_words_over_2048_bytes_are_never_sent(client: WeChatClient, platform: WeChatServer) -> None:
    assert code_of(say(client, words="字" * 683), PermanentDeliveryError) == "too_long"
    assert not platform.world.asked
    say(client, words="字" * 682 + "ab")()


def test_empty_words_are_refused_by_the_platform(client: WeChatClient) -> None:
    assert code_of(say(client, words=""), PermanentDeliveryError) == "44004"


# --- templates and subscriptions -------------------------------------------------------------------------------------------------------


def test_no_template_message_to_who_left(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.people.unfollow(AUNT)
    assert code_of(remind(client), RightSpent) == "43004"


def test_a_template_of_another_account_is_none(client: WeChatClient) -> None:
    assert code_of(remind(client, template_id="TM-elsewhere"), PermanentDeliveryError) == "40037"
    assert code_of(notify(client, template_id="TM-progress"), PermanentDeliveryError) == "40037"


# A field over its limit is refused by the platform, whole message and all: 20 characters of a thing, a moment as a moment, 5 of a phrase.
@pytest.mark.parametrize(
    "field",
    [
        {"thing2": "路" * 21},
        {"thing2": ""},
        {"thing2": "路灯\n不亮"},
        {"time4": "明天上午"},
        {"time4": "2026年11月3日 24:00"},
        {"phrase3": "已经处理好了"},
        {"phrase3": "done"},
        {"character_string1": "编号一"},
        {"character_string1": "x" * 33},
    ],
)
def test_a_field_that_breaks_its_rule_is_permanent(client: WeChatClient, field: dict[str, str]) -> None:
    assert code_of(remind(client, **field), PermanentDeliveryError) == "47003"


def test_a_field_at_its_limit_passes(client: WeChatClient) -> None:
    remind(client, thing2="路" * 20, phrase3="已处理完", character_string1="x" * 32, time4="2026-11-03 09:00:00")()


def test_one_notice_for_one_tap(client: WeChatClient, platform: WeChatServer) -> None:
    notify(client)()
    assert code_of(notify(client), RightSpent) == "43101"
    platform.account.people.subscribe(AUNT, "ONCE-progress", 2)
    notify(client)()
    notify(client)()


def test_a_long_term_subscription_has_no_end_until_it_is_taken_back(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.people.subscribe(AUNT, "LONG-progress", LONG)
    for _ in range(4):
        notify(client, template_id="LONG-progress")()
    platform.account.people.refuse(AUNT, "LONG-progress")
    assert code_of(notify(client, template_id="LONG-progress"), RightSpent) == "43101"


def test_a_subscription_reaches_who_left(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.people.unfollow(AUNT)
    notify(client)()
    assert len(platform.world.sent(AUNT)) == 1


@pytest.mark.parametrize("make", [say, remind, notify])
def test_a_subscription_account_without_the_right_says_so(client: WeChatClient, platform: WeChatServer, make: Any) -> None:
    platform.account.rights = frozenset()
    assert code_of(make(client), PermanentDeliveryError) == "48001"


# --- quotas ----------------------------------------------------------------------------------------------------------------------------


def test_the_days_quota_begins_anew_at_midnight_in_shanghai(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    platform.account.day_limits["/cgi-bin/message/template/send"] = 1
    remind(client)()
    with pytest.raises(RetryableDeliveryError) as refused:
        remind(client)()
    assert refused.value.code == "45009"
    assert refused.value.after_seconds is not None

    clock.forward(seconds=refused.value.after_seconds - 61)
    assert code_of(remind(client), RetryableDeliveryError) == "45009"
    clock.forward(seconds=61)
    remind(client)()


def test_the_minutes_quota_begins_anew_in_a_minute(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    platform.account.minute_limits["/cgi-bin/message/template/send"] = 1
    remind(client)()
    with pytest.raises(RetryableDeliveryError) as refused:
        remind(client)()
    assert (refused.value.code, refused.value.after_seconds) == ("45011", 60)

    clock.forward(seconds=60)
    remind(client)()


def test_scene_codes_end_with_the_quota(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.scene_limit = 1
    address = client.make_scene(KEYS, "longchi-3")
    assert code_of(lambda: client.make_scene(KEYS, "longchi-4"), PermanentDeliveryError) == "45029"
    assert client.make_scene(KEYS, "longchi-3") == address


# The platform's own rules for buttons come back with its codes.
@pytest.mark.parametrize(("buttons", "code"), [([("说", LINK)] * 4, "40016"), ([("六个汉字的名", LINK)], "40018")])
def test_a_menu_against_the_rules_is_permanent(client: WeChatClient, buttons: list[tuple[str, str]], code: str) -> None:
    assert code_of(lambda: client.put_menu(KEYS, buttons), PermanentDeliveryError) == code


# --- media and codes -------------------------------------------------------------------------------------------------------------------


def test_media_is_gone_after_three_days(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    media_id = platform.account.keep_media(b"picture", "image/jpeg")
    clock.forward(days=3)
    client.fetch_media(KEYS, media_id, io.BytesIO(), most_bytes=100)
    clock.forward(seconds=1)
    assert code_of(lambda: client.fetch_media(KEYS, media_id, io.BytesIO(), most_bytes=100), PermanentDeliveryError) == "40007"
    assert code_of(lambda: client.fetch_media(KEYS, "&access_token=x", io.BytesIO(), most_bytes=100), PermanentDeliveryError) == "40007"


def test_media_of_a_revoked_token_is_fetched_by_the_second_try(client: WeChatClient, platform: WeChatServer) -> None:
    say(client)()
    platform.account.tokens.withdraw()
    target = io.BytesIO()
    client.fetch_media(KEYS, platform.account.keep_media(b"picture", "image/jpeg"), target, most_bytes=100)
    assert target.getvalue() == b"picture"


class Stay(HTTPRedirectHandler):
    """Doesn't follow, so that the address can be looked at."""

    def redirect_request(self, *_: Any) -> None:
        return None


def come_back(client: WeChatClient, platform: WeChatServer) -> str:
    """The code with which a browser inside WeChat comes back."""
    platform.account.visitor = AUNT
    address = client.authorize_address(KEYS, "https://zhibao.example/wechat/k/back?a=1", "state1")
    with pytest.raises(HTTPError) as redirected:
        build_opener(ProxyHandler({}), Stay()).open(Request(address.removesuffix("#wechat_redirect")), timeout=60)
    with redirected.value as answer:
        parts = urlsplit(answer.headers["Location"])
    facts = parse_qs(parts.query)
    assert (parts.netloc, parts.path, facts["a"], facts["state"]) == ("zhibao.example", "/wechat/k/back", ["1"], ["state1"])
    return facts["code"][0]


def test_a_code_is_good_once(client: WeChatClient, platform: WeChatServer) -> None:
    code = come_back(client, platform)
    assert client.exchange_code(KEYS, code) == AUNT
    assert code_of(lambda: client.exchange_code(KEYS, code), PermanentDeliveryError) == "40163"


def test_a_code_is_good_for_five_minutes(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    code = come_back(client, platform)
    clock.forward(minutes=6)
    assert code_of(lambda: client.exchange_code(KEYS, code), PermanentDeliveryError) == "42003"


@pytest.mark.parametrize("code", ["", "nobody", "a b", "x" * 600, "码"])
def test_an_invented_code_is_permanent(client: WeChatClient, code: str) -> None:
    assert code_of(lambda: client.exchange_code(KEYS, code), PermanentDeliveryError) == "40029"


def test_the_made_up_openid_of_a_preview_is_nobodys(client: WeChatClient, platform: WeChatServer) -> None:
    code = come_back(client, platform)
    platform.account.snapshot = True
    assert code_of(lambda: client.exchange_code(KEYS, code), PermanentDeliveryError) == "snapshot"


# --- the table -------------------------------------------------------------------------------------------------------------------------


def test_every_documented_code_has_one_class() -> None:
    tables = [set(SPENT), set(PERMANENT), set(ACCOUNT), set(AFTER_SECONDS), {45009}]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert set(AFTER_SECONDS) >= STALE_TOKEN


@pytest.mark.parametrize("code", SPENT)
def test_a_spent_right_is_permanent_for_this_channel(code: int) -> None:
    error = delivery_error(code, at=datetime(2026, 11, 3, tzinfo=UTC))
    assert isinstance(error, RightSpent)
    assert isinstance(error, PermanentDeliveryError)


@pytest.mark.parametrize("code", PERMANENT)
def test_what_never_works_is_not_a_spent_right(code: int) -> None:
    assert type(delivery_error(code, at=datetime(2026, 11, 3, tzinfo=UTC))) is PermanentDeliveryError


# Midnight in Shanghai is 16:00 UTC; the quota begins anew a minute later, so that clocks may differ.
@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (datetime(2026, 11, 3, 15, 59, 59, tzinfo=UTC), 61),
        (datetime(2026, 11, 3, 16, 0, 0, tzinfo=UTC), 24 * 3600 + 60),
        (datetime(2026, 12, 31, 4, 0, 0, tzinfo=UTC), 12 * 3600 + 60),
    ],
)
def test_the_next_midnight(at: datetime, seconds: int) -> None:
    error = delivery_error(45009, at=at)
    assert isinstance(error, RetryableDeliveryError)
    assert error.after_seconds == seconds
    assert (at + timedelta(seconds=seconds)).astimezone(UTC).strftime("%H:%M") == "16:01"
