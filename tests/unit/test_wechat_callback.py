"""The edge where WeChat's messages come in: what is believed, what is refused, and that nothing else ever happens."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from wechatpy.crypto import WeChatCrypto

from intake.adapters.wechat.callback import (
    MAX_BODY,
    CallbackRefused,
    LocalReplayMemory,
    RedisReplayMemory,
    Refusal,
    ReplayMemory,
    WeChatCallback,
)
from intake.domain.chat_event import Arrival, EventKind, Incoming
from tests.wechat_platform import vectors
from tests.wechat_platform.platform import CallbackError, Credentials, Platform
from tests.wechat_platform.sealing import Seal, signature

TOKEN = "longchi-token"
APP_ID = "wx5f1e0c9a7b3d2468"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
ZHOU = "oZhou6_bIyUhqmFvNNa1VcJ2pXw"
"""The openid of 召集人老周."""


class StoppedClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


def make_callback(**changes: Any) -> WeChatCallback:
    facts: dict[str, Any] = {
        "token": TOKEN,
        "app_id": APP_ID,
        "aes_key": AES_KEY,
        "require_encryption": False,
        "clock": StoppedClock(),
        "replay": LocalReplayMemory(),
    }
    return WeChatCallback(**{**facts, **changes})


def make_platform(*, aes_key: str | None = AES_KEY, token: str = TOKEN, app_id: str = APP_ID, base_url: str = "") -> Platform:
    return Platform(base_url, token, app_id, aes_key, seconds=NOW.timestamp)


MODES = pytest.mark.parametrize("aes_key", [None, AES_KEY], ids=["plain", "safe"])
SAFE = make_platform()
PLAIN = make_platform(aes_key=None)
CREDENTIALS = Credentials(timestamp=str(int(NOW.timestamp())), nonce="1320562132")


def refusal(callback: WeChatCallback, args: dict[str, str], body: bytes) -> tuple[int, Refusal]:
    with pytest.raises(CallbackRefused) as caught:
        callback.receive(args, body)
    return caught.value.status, caught.value.reason_code


def receive(platform: Platform, message: str, callback: WeChatCallback | None = None) -> Incoming:
    body, args = platform.seal(message, platform.credentials())
    return (callback or make_callback()).receive(args, body)


# --- what comes in -----------------------------------------------------------------------------------------------------------------


@MODES
def test_a_text_is_read_with_its_sender_and_time(aes_key: str | None) -> None:
    platform = make_platform(aes_key=aes_key)

    assert receive(platform, platform.text_message(ZHOU, "三号楼<电梯>又坏了 & 没人管", 77)) == Incoming(
        kind=EventKind.TEXT,
        account=platform.account,
        openid=ZHOU,
        text="三号楼<电梯>又坏了 & 没人管",
        scene=None,
        created_at=NOW,
        dedupe_key="message:77",
        message_id=77,
    )


@pytest.mark.parametrize(
    ("event", "key", "kind", "scene"),
    [
        # following by a poster's code tells which poster
        ("subscribe", "qrscene_longchi-3", "subscribe", "longchi-3"),
        # following by search tells nothing
        ("subscribe", "", "subscribe", None),
        # following after a payment carries a key that is no scene
        ("subscribe", "last_trade_no_4200", "subscribe", None),
        # a follower scans: the key comes bare
        ("SCAN", "longchi-3", "scan", "longchi-3"),
        ("unsubscribe", "", "unsubscribe", None),
        # menus, locations and events not invented yet are nobody's scene
        ("CLICK", "menu-1", "click", None),
        ("VIEW", "https://zhibao.example/", "other", None),
        ("brand_new_event", "qrscene_9", "other", None),
    ],
)
def test_events_are_told_apart(event: str, key: str, kind: str, scene: str | None) -> None:
    incoming = receive(SAFE, SAFE.event(ZHOU, event, key))

    assert (incoming.kind, incoming.scene, incoming.text) == (kind, scene, "")


def test_what_a_resident_sends_is_read_by_its_kind() -> None:
    image = receive(SAFE, SAFE.message(ZHOU, "image", 5, PicUrl="http://mmbiz.qpic.cn/1", MediaId="m-1"))
    voice = receive(SAFE, SAFE.message(ZHOU, "voice", 6, MediaId="m-2", Format="amr", Recognition="路灯坏了"))
    place = receive(SAFE, SAFE.message(ZHOU, "location", 7, Location_X="31.2", Location_Y="118.30", Scale="15", Label="幸福里"))
    link = receive(SAFE, SAFE.message(ZHOU, "link", 8, Title="通知", Description="x", Url="https://example.org/a"))

    assert (image.kind, image.media_id, image.message_id, image.text) == ("image", "m-1", 5, "")
    assert (voice.kind, voice.media_id, voice.text) == ("voice", "m-2", "路灯坏了")
    assert (place.kind, place.latitude, place.longitude, place.text) == ("location", 31.2, 118.3, "幸福里")
    assert (link.kind, link.text, link.address) == ("link", "通知", "https://example.org/a")


def test_a_link_that_is_no_web_address_loses_it() -> None:
    assert receive(SAFE, SAFE.message(ZHOU, "link", 8, Title="通知", Url="javascript:alert(1)")).address == ""


def test_a_video_is_something_else() -> None:
    incoming = receive(SAFE, SAFE.message(ZHOU, "video", 9, MediaId="m-1"))

    assert (incoming.kind, incoming.message_id, incoming.text) == ("other", 9, "")


def test_reports_on_notices_are_read() -> None:
    failed = SAFE.event(ZHOU, "TEMPLATESENDJOBFINISH", None, MsgID="200163836", Status="failed:user block")
    rows = [
        {"TemplateId": "T-1", "MsgID": "1700827132819554304", "ErrorCode": "0", "ErrorStatus": "success"},
        {"TemplateId": "T-2", "MsgID": "not a number", "ErrorCode": "0", "ErrorStatus": "success"},
    ]
    arrived = SAFE.event(ZHOU, "subscribe_msg_sent_event", None, SubscribeMsgSentEvent={"List": rows[0]})
    misshapen = SAFE.event(ZHOU, "subscribe_msg_sent_event", None, SubscribeMsgSentEvent={"List": rows[1]})

    assert receive(SAFE, failed).arrivals == (Arrival("200163836", ok=False, reason="failed:user block"),)
    assert receive(SAFE, arrived).arrivals == (Arrival("1700827132819554304", ok=True, reason=""),)
    assert receive(SAFE, misshapen).arrivals == ()


def test_two_reports_of_one_second_are_two() -> None:
    reports = [SAFE.event(ZHOU, "TEMPLATESENDJOBFINISH", None, MsgID=number, Status="success") for number in ("1", "2")]

    assert len({receive(SAFE, one).dedupe_key for one in reports}) == 2


def test_what_a_resident_allows_is_read_row_by_row() -> None:
    rows = "".join(
        f"<List><TemplateId>T-{number}</TemplateId><SubscribeStatusString>{said}</SubscribeStatusString></List>"
        for number, said in enumerate(("accept", "reject"))
    )
    event = SAFE.event(ZHOU, "subscribe_msg_popup_event", None).replace(
        "</xml>", f"<SubscribeMsgPopupEvent>{rows}</SubscribeMsgPopupEvent></xml>"
    )

    assert receive(SAFE, event).subscriptions == (("T-0", True), ("T-1", False))


def test_text_that_looks_like_markup_stays_text() -> None:
    typed = "<!DOCTYPE a [<!ENTITY b 'c'>]> &b; ]]>"

    assert receive(PLAIN, PLAIN.text_message(ZHOU, typed)).text == typed


def test_dedupe_keys_tell_events_apart_by_all_that_the_platform_names() -> None:
    events = [
        SAFE.event(ZHOU, "SCAN", "a"),
        SAFE.event(ZHOU, "SCAN", "b"),
        SAFE.event(ZHOU, "subscribe", "a"),
        SAFE.event(ZHOU, "invented", "a"),
        SAFE.event(ZHOU + "2", "SCAN", "a"),
        SAFE.event(ZHOU, "SCAN", "a").replace(str(int(NOW.timestamp())), str(int(NOW.timestamp()) + 1)),
    ]

    keys = [receive(SAFE, event).dedupe_key for event in events]

    assert len(set(keys)) == len(events)
    assert all(key.isascii() and len(key) <= 70 for key in keys)


# --- who is believed ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "  \n"])
@MODES
def test_an_empty_token_accepts_nothing_even_when_signed_with_it(token: str, aes_key: str | None) -> None:
    callback = make_callback(token=token)
    platform = make_platform(aes_key=aes_key, token=token.strip())
    body, args = platform.seal(platform.text_message(ZHOU, "x"), CREDENTIALS)

    assert not callback.enabled
    assert refusal(callback, args, body) == (403, Refusal.DISABLED)
    with pytest.raises(CallbackRefused):
        callback.verify_url({**args, "echostr": "1"})


@pytest.mark.parametrize(
    ("facts", "enabled"),
    [
        # plain mode needs a token alone
        ({"aes_key": None}, True),
        ({"aes_key": ""}, True),
        # safe mode needs key and app id, or the check of the app id would compare nothing with nothing
        ({"require_encryption": True}, True),
        ({"require_encryption": True, "aes_key": None}, False),
        ({"app_id": ""}, False),
    ],
)
def test_half_a_configuration_is_off(facts: dict[str, Any], *, enabled: bool) -> None:
    assert make_callback(**facts).enabled is enabled


@pytest.mark.parametrize("aes_key", ["short", "!" * 43, "键" * 43, "A" * 44])
def test_a_mistyped_key_is_named_at_start(aes_key: str) -> None:
    with pytest.raises(ValueError, match="WECHAT_AES_KEY"):
        make_callback(aes_key=aes_key)


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
@pytest.mark.parametrize("value", [None, "", "é" * 40, "A" * 40, "1409735669 ", "\udc80", "-1", "0" * 5000, "]]>"])
def test_missing_or_misshapen_arguments_are_refused(name: str, value: str | None) -> None:
    body, args = PLAIN.seal(PLAIN.text_message(ZHOU, "x"), CREDENTIALS)
    args = {k: v for k, v in args.items() if k != name} if value is None else {**args, name: value}

    status, reason = refusal(make_callback(), args, body)

    assert (status, reason) in {(403, Refusal.UNSIGNED), (403, Refusal.BAD_SIGNATURE)}


@pytest.mark.parametrize(
    ("late", "believed"),
    [(timedelta(seconds=300), True), (timedelta(seconds=301), False), (timedelta(seconds=-300), True), (timedelta(seconds=-301), False)],
)
@MODES
def test_a_request_is_fresh_for_five_minutes_either_way(aes_key: str | None, late: timedelta, *, believed: bool) -> None:
    callback = make_callback(clock=StoppedClock(NOW + late))
    platform = make_platform(aes_key=aes_key)
    body, args = platform.seal(platform.text_message(ZHOU, "x"), CREDENTIALS)

    if believed:
        assert callback.receive(args, body).text == "x"
    else:
        assert refusal(callback, args, body) == (403, Refusal.STALE)


@MODES
def test_another_token_is_refused(aes_key: str | None) -> None:
    platform = make_platform(aes_key=aes_key, token="guessed")
    body, args = platform.seal(platform.text_message(ZHOU, "x"), CREDENTIALS)

    assert refusal(make_callback(), args, body) == (403, Refusal.BAD_SIGNATURE)


def test_a_tampered_sealed_body_is_refused() -> None:
    body, args = SAFE.seal(SAFE.text_message(ZHOU, "x"), CREDENTIALS)
    other, _ = SAFE.seal(SAFE.text_message(ZHOU, "y"), CREDENTIALS)

    assert refusal(make_callback(), args, other) == (403, Refusal.BAD_SIGNATURE)
    assert make_callback().receive(args, body).text == "x"


def test_plain_text_around_a_sealed_message_counts_for_nothing() -> None:
    body, args = SAFE.seal(SAFE.text_message(ZHOU, "真"), CREDENTIALS)
    body = body.replace(b"<Encrypt>", "<Content>假</Content><MsgType>text</MsgType><MsgId>1</MsgId><Encrypt>".encode())

    assert make_callback().receive(args, body).text == "真"


@pytest.mark.parametrize("encrypt_type", [None, "raw", "AES", ""])
def test_plain_text_is_refused_where_safe_mode_is_required(encrypt_type: str | None) -> None:
    body, args = PLAIN.seal(PLAIN.text_message(ZHOU, "x"), CREDENTIALS)
    if encrypt_type is not None:
        args["encrypt_type"] = encrypt_type

    assert refusal(make_callback(require_encryption=True), args, body) == (403, Refusal.NOT_ENCRYPTED)
    assert make_callback(require_encryption=False).receive(args, body).text == "x"


def test_a_plain_message_dressed_as_sealed_is_refused() -> None:
    body, args = PLAIN.seal(PLAIN.text_message(ZHOU, "x"), CREDENTIALS)
    dressed = {**args, "encrypt_type": "aes", "msg_signature": args["signature"]}

    assert refusal(make_callback(require_encryption=True), dressed, body) == (400, Refusal.UNREADABLE)


def test_a_sealed_message_needs_a_key_here() -> None:
    body, args = SAFE.seal(SAFE.text_message(ZHOU, "x"), CREDENTIALS)

    assert refusal(make_callback(aes_key=None), args, body) == (403, Refusal.NO_KEY)


def test_a_message_for_another_account_is_refused() -> None:
    platform = make_platform(app_id="wx0000000000000000")
    body, args = platform.seal(platform.text_message(ZHOU, "x"), CREDENTIALS)

    assert refusal(make_callback(), args, body) == (403, Refusal.WRONG_APP)


# --- repeats -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_nonce", [True, False])
@MODES
def test_a_retry_is_the_same_message_again(aes_key: str | None, *, same_nonce: bool) -> None:
    callback, platform = make_callback(), make_platform(aes_key=aes_key)
    message = platform.text_message(ZHOU, "x")
    sent = [platform.seal(message, CREDENTIALS if same_nonce else platform.credentials()) for _ in range(3)]

    assert len({callback.receive(args, body) for body, args in sent}) == 1


def test_a_signature_read_in_a_log_signs_no_other_message() -> None:
    callback = make_callback()
    body, args = PLAIN.seal(PLAIN.text_message(ZHOU, "真", 1), CREDENTIALS)
    forged, _ = PLAIN.seal(PLAIN.text_message("oStranger", "假", 1), CREDENTIALS)
    callback.receive(args, body)

    assert [refusal(callback, args, forged) for _ in range(3)] == [(403, Refusal.NONCE_REUSED)] * 3
    assert callback.receive(args, body).text == "真"


def test_junk_does_not_use_up_a_nonce() -> None:
    callback = make_callback()
    body, args = PLAIN.seal(PLAIN.text_message(ZHOU, "x"), CREDENTIALS)

    assert refusal(callback, args, b"<xml>") == (400, Refusal.UNREADABLE)
    assert callback.receive(args, body).text == "x"


def unreachable_redis() -> RedisReplayMemory:
    return RedisReplayMemory(Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)))


@pytest.mark.parametrize("make", [LocalReplayMemory, unreachable_redis])
def test_a_key_belongs_to_its_first_owner(make: type[ReplayMemory]) -> None:
    memory = make()

    assert [memory.claim("k", owner, ttl=60) for owner in ("a", "b", "a", "b")] == [True, False, True, False]


def test_a_key_is_free_again_after_its_time() -> None:
    seconds = [0.0]
    memory = LocalReplayMemory(seconds=lambda: seconds[0])
    memory.claim("k", "a", ttl=60)

    seconds[0] = 59.9
    assert not memory.claim("k", "b", ttl=60)
    seconds[0] = 60
    assert memory.claim("k", "b", ttl=60)


def test_the_memory_stays_small() -> None:
    memory = LocalReplayMemory(capacity=2)
    for key in ("first", "second", "third"):
        memory.claim(key, "a", ttl=60)

    assert [memory.claim(key, "b", ttl=60) for key in ("third", "second", "first")] == [False, False, True]


# --- junk --------------------------------------------------------------------------------------------------------------------------

BILLION_LAUGHS = '<!DOCTYPE xml [<!ENTITY a "哈"><!ENTITY b "&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>'
OUTSIDE_ENTITY = '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>'
JUNK = {
    "nothing": b"",
    "no markup": b"hello",
    "zero bytes": b"\0" * 64,
    "not utf-8": "<xml><Content>电梯</Content></xml>".encode("gb2312"),
    "another encoding, declared": '<?xml version="1.0" encoding="gb2312"?><xml><Content>电梯</Content></xml>'.encode("gb2312"),
    "utf-16": "<xml/>".encode("utf-16"),
    "unfinished": b"<xml><ToUserName>",
    "another root": b"<html/>",
    "an empty root": b"<xml/>",
    "text for a root": b"<xml>hello</xml>",
    "json": b'{"xml": 1}',
    "a bomb of entities": BILLION_LAUGHS.encode(),
    "an entity from outside": OUTSIDE_ENTITY.encode(),
    "deep nesting": b"<xml>" + b"<a>" * 20_000,
    "deep nesting, closed": b"<xml>" + b"<a>" * 9_000 + b"</a>" * 9_000 + b"</xml>",
    "many attributes": b"<xml " + b" ".join(b'a%d="1"' % i for i in range(5_000)) + b"/>",
    "an empty envelope": b"<xml><Encrypt></Encrypt></xml>",
    "an envelope of elements": b"<xml><Encrypt><a/></Encrypt></xml>",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK.keys())
@pytest.mark.parametrize("layer", ["plain", "envelope", "sealed"])
def test_junk_is_refused_quietly_at_every_layer(junk: bytes, layer: str) -> None:
    body, args = junk, SAFE.signed(CREDENTIALS)
    if layer == "envelope":
        args |= {"encrypt_type": "aes", "msg_signature": signature(TOKEN, CREDENTIALS.timestamp, CREDENTIALS.nonce, "")}
    if layer == "sealed":
        body, args = SAFE.seal(junk.decode("utf-8", "ignore"), CREDENTIALS)

    status, _ = refusal(make_callback(), args, body)

    assert status in {400, 403}
    if layer == "plain":
        assert status == 400


@pytest.mark.parametrize("sealed", ["", "=", "AAAA", "A" * 43, "键", "QUFB" * 8, "!" * 64])
def test_signed_envelopes_around_nonsense_are_unreadable(sealed: str) -> None:
    args = SAFE.signed(CREDENTIALS) | {"encrypt_type": "aes"}
    args["msg_signature"] = signature(TOKEN, CREDENTIALS.timestamp, CREDENTIALS.nonce, sealed)

    assert refusal(make_callback(), args, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()) == (400, Refusal.UNREADABLE)


@pytest.mark.parametrize("declared", ['"三号楼"', 'SYSTEM "file:///etc/hostname"'])
def test_entities_are_refused_even_in_a_message_that_has_everything(declared: str) -> None:
    body = f"<!DOCTYPE xml [<!ENTITY a {declared}>]>" + PLAIN.text_message(ZHOU, "哈").replace("哈", "&a;")

    assert refusal(make_callback(), PLAIN.signed(CREDENTIALS), body.encode()) == (400, Refusal.UNREADABLE)


def test_a_body_over_the_cap_is_not_parsed() -> None:
    message = PLAIN.text_message(ZHOU, "x").encode()
    _, args = PLAIN.seal("", CREDENTIALS)

    assert refusal(make_callback(), args, message + b" " * MAX_BODY) == (400, Refusal.TOO_LARGE)
    assert make_callback().receive(args, message + b"\n" * (MAX_BODY - len(message))).text == "x"


@pytest.mark.parametrize("field", ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId"])
@pytest.mark.parametrize("value", [None, "", "<b>1</b>", "<![CDATA[]]]]><![CDATA[>]]>", "9" * 5000])
def test_a_message_without_its_fields_is_incomplete(field: str, value: str | None) -> None:
    root = {"ToUserName": "gh_1", "FromUserName": ZHOU, "CreateTime": "1409735668", "MsgType": "text", "Content": "x", "MsgId": "1"}
    if value is None:
        del root[field]
    else:
        root[field] = value
    body = "<xml>" + "".join(f"<{name}>{text}</{name}>" for name, text in root.items()) + "</xml>"
    if field == "MsgType" and value and value.startswith(("9", "<!")):
        assert make_callback().receive(SAFE.signed(CREDENTIALS), body.encode()).kind == "other"  # any word may become a type some day
    else:
        assert refusal(make_callback(), SAFE.signed(CREDENTIALS), body.encode()) == (400, Refusal.INCOMPLETE)


def test_a_field_given_twice_is_no_field() -> None:
    body = PLAIN.text_message(ZHOU, "x").replace("</xml>", "<FromUserName>oStranger</FromUserName></xml>")

    assert refusal(make_callback(), PLAIN.signed(CREDENTIALS), body.encode()) == (400, Refusal.INCOMPLETE)


XML_PIECES = st.lists(
    st.sampled_from(
        [
            *("<xml>", "</xml>", "<Encrypt>", "</Encrypt>", "<![CDATA[", "]]>", "<!DOCTYPE x [", "&a;", "<a "),
            *("<ToUserName>g</ToUserName>", "<FromUserName>o</FromUserName>", "<CreateTime>1409735668</CreateTime>"),
            *("<MsgType>event</MsgType>", "<Event>SCAN</Event>", "<MsgType>text</MsgType>", "<MsgId>1</MsgId>"),
        ]
    ).map(str.encode)
    | st.binary(max_size=20)
    | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
).map(b"".join)
UNHURRIED = settings(deadline=None)  # a busy machine is no finding
BODIES = st.binary(max_size=300) | XML_PIECES | XML_PIECES.map(lambda inside: b"<xml>" + inside + b"</xml>")


def believed_or_refused(args: dict[str, str], body: bytes) -> None:
    try:
        assert isinstance(make_callback().receive(args, body), Incoming)
    except CallbackRefused as error:
        assert error.status in {400, 403}


@UNHURRIED
@given(body=BODIES)
def test_no_signed_plain_body_does_anything_else(body: bytes) -> None:
    believed_or_refused(SAFE.signed(CREDENTIALS), body)


@UNHURRIED
@given(inside=BODIES.map(lambda body: body.decode("utf-8", "replace")))
def test_no_sealed_body_does_anything_else(inside: str) -> None:
    body, args = SAFE.seal(inside, CREDENTIALS)
    believed_or_refused(args, body)


@UNHURRIED
@given(sealed=st.text(alphabet="ABab01+/=", max_size=100) | st.binary(max_size=96).map(lambda raw: raw.hex()))
def test_no_signed_ciphertext_does_anything_else(sealed: str) -> None:
    args = SAFE.signed(CREDENTIALS) | {"msg_signature": signature(TOKEN, CREDENTIALS.timestamp, CREDENTIALS.nonce, sealed)}
    believed_or_refused(args, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())


ARGUMENTS = st.dictionaries(
    st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "echostr"]),
    st.text(max_size=45) | st.sampled_from([CREDENTIALS.timestamp, "aes", "raw", "0" * 40]),
)


@UNHURRIED
@given(args=ARGUMENTS, body=st.binary(max_size=50))
def test_no_arguments_do_anything_but_be_refused(args: dict[str, str], body: bytes) -> None:
    refusal(make_callback(), args, body)
    with pytest.raises(CallbackRefused):
        make_callback().verify_url(args)


# --- handshake and published vectors -----------------------------------------------------------------------------------------------


def vector_args(sample: vectors.Sample) -> dict[str, str]:
    return {"timestamp": sample.timestamp, "nonce": sample.nonce, "msg_signature": sample.msg_signature}


def vector_callback(sample: vectors.Sample) -> WeChatCallback:
    clock = StoppedClock(datetime.fromtimestamp(int(sample.timestamp), UTC))
    return make_callback(token=sample.token, app_id=sample.app_id, aes_key=sample.aes_key, require_encryption=True, clock=clock)


def test_tencents_sample_message_opens() -> None:
    sample = vectors.OFFICIAL_TEXT
    body = f"<xml><ToUserName>{vectors.OFFICIAL_TEXT_ACCOUNT}</ToUserName><Encrypt><![CDATA[{sample.sealed}]]></Encrypt></xml>".encode()

    assert vector_callback(sample).receive(vector_args(sample), body) == Incoming(
        kind=EventKind.TEXT,
        account=vectors.OFFICIAL_TEXT_ACCOUNT,
        openid=vectors.OFFICIAL_TEXT_OPENID,
        text=vectors.OFFICIAL_TEXT_CONTENT,
        scene=None,
        created_at=datetime.fromtimestamp(vectors.OFFICIAL_TEXT_CREATED, UTC),
        dedupe_key=f"message:{vectors.OFFICIAL_TEXT_MESSAGE_ID}",
        message_id=int(vectors.OFFICIAL_TEXT_MESSAGE_ID),
    )


def test_tencents_sample_handshakes_are_answered() -> None:
    sealed, plain = vectors.OFFICIAL_ECHO, vectors.OFFICIAL_TEXT
    plain_args = {"timestamp": plain.timestamp, "nonce": plain.nonce, "signature": vectors.OFFICIAL_TEXT_PLAIN_SIGNATURE}

    assert vector_callback(sealed).verify_url({**vector_args(sealed), "echostr": sealed.sealed}) == "1616140317555161061"
    assert vector_callback(plain).verify_url({**plain_args, "echostr": "shr5ch"}) == "shr5ch"


def test_the_simulator_seals_as_tencents_sample_does() -> None:
    seal = Seal(aes_key=vectors.FIXED_PREFIX_AES_KEY, app_id=vectors.FIXED_PREFIX_APP_ID)

    assert seal.close(vectors.FIXED_PREFIX_TEXT, prefix=vectors.FIXED_PREFIX) == vectors.FIXED_PREFIX_SEALED
    assert seal.open(vectors.FIXED_PREFIX_SEALED) == vectors.FIXED_PREFIX_TEXT


@pytest.mark.parametrize("echo", ["", "<script>alert(1)</script> ", "回声", "1" * 513])
def test_a_handshake_never_echoes_what_could_be_markup(echo: str) -> None:
    with pytest.raises(CallbackRefused) as caught:
        make_callback().verify_url({**SAFE.signed(CREDENTIALS), "echostr": echo})
    assert caught.value.status == 400


def test_a_stale_or_forged_handshake_is_refused() -> None:
    args = {**SAFE.signed(CREDENTIALS), "echostr": "1"}

    for callback in (make_callback(clock=StoppedClock(NOW + timedelta(minutes=6))), make_callback(token="another")):
        with pytest.raises(CallbackRefused) as caught:
            callback.verify_url(args)
        assert caught.value.status == 403


@UNHURRIED
@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_wechatpy_and_the_simulator_read_each_other(text: str) -> None:
    seal, theirs = Seal(aes_key=AES_KEY, app_id=APP_ID), WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    sealed = seal.close(text)
    signed = signature(TOKEN, "1409735669", "1", sealed)

    assert theirs.decrypt_message({"Encrypt": sealed}, signed, "1409735669", "1") == text
    envelope = theirs.encrypt_message(text, "1", "1409735669")
    assert seal.open(envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0]) == text


# --- answers, over real HTTP -------------------------------------------------------------------------------------------------------

QUOTED = "您说的是：“]]></Content><MsgType><![CDATA[news]]></MsgType>”\x00 & <b>"


class Host(BaseHTTPRequestHandler):
    """The smallest web view around a callback: it quotes what it was told."""

    callback: WeChatCallback

    def do_GET(self) -> None:
        self._answer(lambda args, _: self.callback.verify_url(args).encode())

    def do_POST(self) -> None:
        self._answer(self._post)

    def _post(self, args: dict[str, str], body: bytes) -> bytes:
        incoming = self.callback.receive(args, body)
        said = {"unsubscribe": "", "text": f"{incoming.text}{QUOTED}"}.get(incoming.kind, f"{incoming.kind} {incoming.scene}")
        return self.callback.reply_text(incoming, said, args)

    def _answer(self, act: Any) -> None:
        try:
            args = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            status, answer = 200, act(args, self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except CallbackRefused as error:
            status, answer = error.status, b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 – the base class's name
        """Stay quiet."""


@pytest.fixture(params=[None, AES_KEY], ids=["plain", "safe"])
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    callback = make_callback(aes_key=request.param, require_encryption=request.param is not None)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("TestHost", (Host,), {"callback": callback})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield make_platform(aes_key=request.param, base_url=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_the_platform_shakes_hands_and_gets_its_answers(platform: Platform) -> None:
    assert platform.handshake()
    assert platform.follow(ZHOU, "longchi-3") == "subscribe longchi-3"
    assert platform.follow(ZHOU) == "subscribe None"
    assert platform.scan(ZHOU, "longchi-3") == "scan longchi-3"
    assert platform.unfollow(ZHOU) == ""


def test_a_quoted_resident_cannot_write_the_reply(platform: Platform) -> None:
    assert platform.text(ZHOU, "电梯") == "电梯" + QUOTED.replace("\x00", "")


@pytest.mark.parametrize("same_nonce", [True, False])
def test_a_message_sent_thrice_gets_one_answer(platform: Platform, *, same_nonce: bool) -> None:
    assert len(set(platform.retry(ZHOU, "电梯", same_nonce=same_nonce))) == 1


def test_strangers_are_turned_away_over_http(platform: Platform) -> None:
    with pytest.raises(CallbackError, match="403"):
        replace(platform, token="guessed").text(ZHOU, "x")
