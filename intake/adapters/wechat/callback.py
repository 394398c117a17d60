"""WeChat's callback: what the platform posts to us, verified, opened and answered, on wechatpy's crypto and replies.

wechatpy 1.8.18 compares signatures with `!=`, accepts an empty token, knows neither freshness nor replay, lets junk bodies raise
anything, and closes a CDATA section early when a reply contains its end mark. The cures are here, so that no caller needs to know.

Which repeats are refused. The platform sends a message up to three times and promises only that its content stays the same; whether
timestamp and nonce do is nowhere written. So a repeat is never refused for being a repeat: it carries the same `dedupe_key`, by which
the caller stores once and answers alike. What is refused, in plain mode, is the same timestamp and nonce under a *different* message: there
the signature doesn't cover the body, and whoever reads one query string in a log could otherwise sign a forged message for five minutes. In
safe mode the signature covers what is sealed, so that nothing needs to be remembered.
"""

import base64
import binascii
import hashlib
import hmac
import math
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

import xmltodict  # wechatpy's own parser, asked directly because its messages hide fields
from redis import Redis
from redis.exceptions import RedisError
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException
from wechatpy.replies import TextReply
from wechatpy.utils import WeChatSigner

from intake.domain.chat_event import Arrival, EventKind, Incoming
from intake.ports import Clock

MAX_BODY = 64 * 1024
"""Bytes; a real message stays under 4 kB, and the platform's longest text is 2,048 bytes."""

_MESSAGES: dict[str, EventKind] = {
    "text": EventKind.TEXT,
    "image": EventKind.IMAGE,
    "voice": EventKind.VOICE,
    "location": EventKind.LOCATION,
    "link": EventKind.LINK,
}
_EVENTS: dict[str, EventKind] = {
    "subscribe": EventKind.SUBSCRIBE,
    "scan": EventKind.SCAN,
    "unsubscribe": EventKind.UNSUBSCRIBE,
    "click": EventKind.CLICK,
    "subscribe_msg_popup_event": EventKind.SUBSCRIPTIONS,
    "subscribe_msg_change_event": EventKind.SUBSCRIPTIONS,
    "subscribe_msg_sent_event": EventKind.ARRIVAL,
    "templatesendjobfinish": EventKind.ARRIVAL,
}
_LISTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
"""Where an event about subscription notices keeps its rows."""
_MOST_ROWS = 20
_LARGEST = 2**63 - 1

_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_SECONDS = re.compile(r"[0-9]{10}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NAME = re.compile(r"[0-9A-Za-z_@.-]{1,64}")
_MESSAGE_ID = re.compile(r"[0-9]{1,20}")
_MEDIA_ID = re.compile(r"[0-9A-Za-z_.-]{1,512}")
_ECHO = re.compile(r"[\x21-\x7e]{1,512}")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Refusal(StrEnum):
    """Why a callback was refused; the value is safe to log."""

    DISABLED = "disabled"
    """No token, or keys that don't fit together: the callback is off (未启用)."""
    UNSIGNED = "unsigned"
    """Signature, timestamp or nonce is missing or misshapen (缺少签名)."""
    STALE = "stale"
    """The timestamp lies outside the window (已过期)."""
    BAD_SIGNATURE = "bad_signature"
    """Signed with another token, or changed on the way (签名不符)."""
    NOT_ENCRYPTED = "not_encrypted"
    """Plain text where safe mode is required (未加密)."""
    NO_KEY = "no_key"
    """Encrypted, but no EncodingAESKey is set here (缺少密钥)."""
    WRONG_APP = "wrong_app"
    """Encrypted for another account (AppID 不符)."""
    NONCE_REUSED = "nonce_reused"
    """The timestamp and nonce of an earlier, different message (随机数重用)."""
    TOO_LARGE = "too_large"
    """The body is over `MAX_BODY` (内容过大)."""
    UNREADABLE = "unreadable"
    """Not UTF-8, not plain XML, or not decryptable (无法解析)."""
    INCOMPLETE = "incomplete"
    """Readable, but without the fields every message of its kind has (缺少字段)."""
    WRONG_ACCOUNT = "wrong_account"
    """Meant for another account than the one behind this address (公众号不符)."""


_MALFORMED = {Refusal.TOO_LARGE, Refusal.UNREADABLE, Refusal.INCOMPLETE, Refusal.WRONG_ACCOUNT}


class CallbackRefused(Exception):
    """The callback isn't to be believed (`status` 403) or not to be read (400); `reason_code` is for logs, never for the sender."""

    def __init__(self, reason_code: Refusal) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code
        self.status: Literal[400, 403] = 400 if reason_code in _MALFORMED else 403


class ReplayMemory(Protocol):
    """Remembers for a while who used a key first."""

    def claim(self, key: str, owner: str, *, ttl: int) -> bool:
        """Bind a free `key` to `owner` for `ttl` seconds; False when another owner holds it. Atomic; never raises."""
        ...


class LocalReplayMemory:
    """A replay memory for one process; the oldest of `capacity` keys gives way (only signed calls get in, so strangers can't flood it)."""

    def __init__(self, *, capacity: int = 20_000, seconds: Callable[[], float] = time.monotonic) -> None:
        self._owners: dict[str, tuple[str, float]] = {}
        self._capacity = capacity
        self._seconds = seconds
        self._lock = threading.Lock()

    def claim(self, key: str, owner: str, *, ttl: int) -> bool:
        """Bind a free `key` to `owner` for `ttl` seconds; False when another owner holds it."""
        now = self._seconds()
        with self._lock:
            holder, until = self._owners.get(key, ("", now))
            if now < until:
                return holder == owner
            self._owners.pop(key, None)  # so that the renewed key counts as the youngest
            while len(self._owners) >= self._capacity:
                del self._owners[next(iter(self._owners))]
            self._owners[key] = (owner, now + ttl)
            return True


class RedisReplayMemory:
    """A replay memory all processes share; while Redis is away each process remembers for itself.

    `redis` comes with short timeouts (0.2 s) and without retries: the platform waits 5 s for an answer.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._local = LocalReplayMemory()

    def claim(self, key: str, owner: str, *, ttl: int) -> bool:
        """Bind a free `key` to `owner` for `ttl` seconds; False when another owner holds it, here or in Redis."""
        if not self._local.claim(key, owner, ttl=ttl):
            return False
        try:
            with self._redis.pipeline(transaction=True) as steps:
                steps.set(f"zhibao:wechat:{key}", owner, nx=True, ex=ttl)  # SET with NX and GET together needs Redis 7
                steps.get(f"zhibao:wechat:{key}")
                holder = steps.execute()[1]
        except RedisError:
            return True
        return holder in {None, owner, owner.encode()}


class WeChatCallback:
    """Opens what the platform posts and seals what we answer; one instance serves all threads.

    Raises ValueError when `aes_key` is no EncodingAESKey. `window_seconds` is how far the sender's clock may be from ours, either way.
    """

    def __init__(
        self,
        *,
        token: str,
        app_id: str,
        aes_key: str | None,
        require_encryption: bool,
        clock: Clock,
        replay: ReplayMemory,
        window_seconds: int = 300,
    ) -> None:
        self._token = token.strip()
        self._crypto = WeChatCrypto(self._token, _checked_key(aes_key), app_id) if aes_key else None
        self._has_app_id = bool(app_id)
        self._require_encryption = require_encryption
        self._clock = clock
        self._replay = replay
        self._window = window_seconds

    @property
    def enabled(self) -> bool:
        """Whether anything can be accepted: never with an empty token (anyone could sign), nor with half of what safe mode needs."""
        key_fits = self._has_app_id if self._crypto else not self._require_encryption
        return bool(self._token) and key_fits

    def verify_url(self, args: Mapping[str, str]) -> str:
        """Answer the handshake of the platform's settings page: the text to send back as text/plain, or CallbackRefused.

        The platform signs the handshake of a 公众号 plainly even in safe mode; an encrypted `echostr` comes with `msg_signature`.
        """
        self._check_fresh(args)
        echo = args.get("echostr", "")
        if not _ECHO.fullmatch(echo):
            raise CallbackRefused(Refusal.INCOMPLETE)
        if _is_encrypted(args):
            echo = self._open(echo, args)
            if not _ECHO.fullmatch(echo):
                raise CallbackRefused(Refusal.UNREADABLE)
            return echo
        self._check_signature("signature", args)
        return echo

    def receive(self, args: Mapping[str, str], body: bytes) -> Incoming:
        """Turn query arguments and raw body into a message to be believed; anything else whatever raises CallbackRefused."""
        self._check_fresh(args)
        if len(body) > MAX_BODY:
            raise CallbackRefused(Refusal.TOO_LARGE)
        if _is_encrypted(args):
            incoming = _incoming(_root(self._open(_words_of(_root(body)).get("Encrypt", ""), args)))
        elif self._require_encryption:
            raise CallbackRefused(Refusal.NOT_ENCRYPTED)
        else:
            self._check_signature("signature", args)
            incoming = _incoming(_root(body))
            self._check_replay(args, incoming)
        return incoming

    def reply_text(self, incoming: Incoming, text: str, args: Mapping[str, str]) -> bytes:
        """Seal `text` as the answer to `incoming`, encrypted when the request was; no text gives the empty body that stops the retries.

        `args` are those `receive` accepted. The platform cuts texts over 2,048 bytes.
        """
        if not text:
            return b""
        # "]]>" would end the CDATA section that wechatpy writes around the text, and let a quoted resident write reply fields
        content = _NOT_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
        seconds = int(self._clock.now().timestamp())
        reply: str = TextReply(source=incoming.account, target=incoming.openid, content=content, time=seconds).render()
        if self._crypto and _is_encrypted(args):
            reply = self._crypto.encrypt_message(reply, args["nonce"], str(seconds))
        return reply.encode()

    def _check_fresh(self, args: Mapping[str, str]) -> None:
        if not self.enabled:
            raise CallbackRefused(Refusal.DISABLED)
        timestamp = args.get("timestamp", "")
        if not (_SECONDS.fullmatch(timestamp) and _NONCE.fullmatch(args.get("nonce", ""))):
            raise CallbackRefused(Refusal.UNSIGNED)
        if abs(self._clock.now().timestamp() - int(timestamp)) > self._window:
            raise CallbackRefused(Refusal.STALE)

    def _check_signature(self, name: str, args: Mapping[str, str], *signed: str) -> None:
        given = args.get(name, "")
        if not _SIGNATURE.fullmatch(given):
            raise CallbackRefused(Refusal.UNSIGNED)
        if not hmac.compare_digest(self._signature(args, *signed), given):
            raise CallbackRefused(Refusal.BAD_SIGNATURE)

    def _signature(self, args: Mapping[str, str], *signed: str) -> str:
        signer = WeChatSigner()
        signer.add_data(self._token, args["timestamp"], args["nonce"], *signed)
        return str(signer.signature)

    def _open(self, sealed: str, args: Mapping[str, str]) -> str:
        if self._crypto is None:
            raise CallbackRefused(Refusal.NO_KEY)
        self._check_signature("msg_signature", args, sealed)
        try:
            return str(self._crypto.decrypt_message({"Encrypt": sealed}, args["msg_signature"], args["timestamp"], args["nonce"]))
        except InvalidAppIdException:
            raise CallbackRefused(Refusal.WRONG_APP) from None
        except Exception:  # noqa: BLE001 – wechatpy lets base64, cipher, struct, index and decoding errors through, each by its own type
            raise CallbackRefused(Refusal.UNREADABLE) from None

    def _check_replay(self, args: Mapping[str, str], incoming: Incoming) -> None:
        # The plain signature stands for timestamp and nonce: cutting the two elsewhere gives the same signature, hence the same key.
        key = hashlib.sha256(self._signature(args).encode()).hexdigest()
        owner = hashlib.sha256(repr(incoming).encode()).hexdigest()
        # A timestamp may lie a window ahead of our clock and is believed until a window after it.
        if not self._replay.claim(f"nonce:{key}", owner, ttl=2 * self._window + 1):
            raise CallbackRefused(Refusal.NONCE_REUSED)


@dataclass(frozen=True, slots=True)
class CallbackKeys:
    """What one account's settings page and ours have in common."""

    token: str = field(repr=False)
    app_id: str
    aes_key: str = field(repr=False)


class WeChatCallbacks:
    """One WeChatCallback for each account, kept while its keys stay the same; one instance serves all threads."""

    def __init__(self, *, clock: Clock, replay: ReplayMemory, require_encryption: bool, window_seconds: int = 300) -> None:
        self._clock = clock
        self._replay = replay
        self._require_encryption = require_encryption
        self._window = window_seconds
        self._made: dict[tuple[int, int], WeChatCallback] = {}

    def of(self, account_id: int, version: int, keys: Callable[[], CallbackKeys]) -> WeChatCallback:
        """The callback of an account; `keys` is asked only when `version` is new. ValueError when its EncodingAESKey is none."""
        found = self._made.get((account_id, version))
        if found is None:
            opened = keys()
            found = WeChatCallback(
                token=opened.token,
                app_id=opened.app_id,
                aes_key=opened.aes_key or None,
                require_encryption=self._require_encryption,
                clock=self._clock,
                replay=self._replay,
                window_seconds=self._window,
            )
            for old in [key for key in self._made if key[0] == account_id]:
                self._made.pop(old, None)
            self._made[account_id, version] = found
        return found


def _is_encrypted(args: Mapping[str, str]) -> bool:
    return args.get("encrypt_type", "aes" if "msg_signature" in args else "raw") == "aes"


def _checked_key(aes_key: str) -> str:
    try:
        size = len(base64.b64decode(f"{aes_key}=", validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if size != 32:
        raise ValueError("WECHAT_AES_KEY: not an EncodingAESKey (43 letters and digits from the platform's settings page)")
    return aes_key


def _root(xml: str | bytes) -> dict[str, Any]:
    try:
        root = xmltodict.parse(xml.decode() if isinstance(xml, bytes) else xml, disable_entities=True)["xml"]
        return dict(root)
    except Exception:  # noqa: BLE001 – junk raises ExpatError, ValueError, KeyError, TypeError, AttributeError or UnicodeDecodeError
        raise CallbackRefused(Refusal.UNREADABLE) from None


def _words_of(root: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in root.items() if isinstance(value, str)}


def _incoming(root: Mapping[str, Any]) -> Incoming:
    fields = _words_of(root)
    account, openid = fields.get("ToUserName", ""), fields.get("FromUserName", "")
    created, message_type = fields.get("CreateTime", ""), fields.get("MsgType", "").lower()
    if not (_NAME.fullmatch(account) and _NAME.fullmatch(openid) and _SECONDS.fullmatch(created) and message_type):
        raise CallbackRefused(Refusal.INCOMPLETE)
    common = {"account": account, "openid": openid, "created_at": datetime.fromtimestamp(int(created), UTC)}
    return _event(fields, root, common) if message_type == "event" else _message(fields, message_type, common)


def _message(fields: Mapping[str, str], message_type: str, common: Mapping[str, Any]) -> Incoming:
    """What a resident said; a kind that we don't know (a video) is only noticed."""
    if not _MESSAGE_ID.fullmatch(fields.get("MsgId", "")):
        raise CallbackRefused(Refusal.INCOMPLETE)
    kind = _MESSAGES.get(message_type, EventKind.OTHER)
    said: dict[str, Any] = {}
    match kind:
        case EventKind.TEXT:
            said = {"text": fields.get("Content", "")}
        case EventKind.IMAGE | EventKind.VOICE:
            said = {"media_id": fields.get("MediaId", ""), "text": fields.get("Recognition", "") if kind is EventKind.VOICE else ""}
            if not _MEDIA_ID.fullmatch(said["media_id"]):
                raise CallbackRefused(Refusal.INCOMPLETE)
        case EventKind.LOCATION:
            said = {
                "text": fields.get("Label", ""),
                "latitude": _degrees(fields.get("Location_X", ""), most=90),
                "longitude": _degrees(fields.get("Location_Y", ""), most=180),
            }
        case EventKind.LINK:
            address = fields.get("Url", "")
            said = {"text": fields.get("Title", ""), "address": address if address.startswith(("https://", "http://")) else ""}
    key = f"message:{fields['MsgId']}"
    # A number beyond 63 bits is none the platform gives; it still tells repeats apart.
    return Incoming(kind=kind, dedupe_key=key, message_id=min(int(fields["MsgId"]), _LARGEST), **common, **said)


def _degrees(raw: str, *, most: int) -> float:
    try:
        found = float(raw)
    except ValueError:
        found = math.nan
    if not abs(found) <= most:  # also true for what is no number
        raise CallbackRefused(Refusal.INCOMPLETE)
    return found


def _event(fields: Mapping[str, str], root: Mapping[str, Any], common: Mapping[str, Any]) -> Incoming:
    event, event_key = fields.get("Event", "").lower(), fields.get("EventKey", "")
    kind = _EVENTS.get(event, EventKind.OTHER)
    rows = _rows(root, _LISTS.get(event, ""))
    arrivals: tuple[Arrival, ...] = ()
    if event == "templatesendjobfinish":
        arrivals = _arrivals([{"MsgID": fields.get("MsgID", ""), "ErrorStatus": fields.get("Status", "")}])
    elif kind is EventKind.ARRIVAL:
        arrivals = _arrivals(rows)
    facts = [common["openid"], fields["CreateTime"], event, event_key]
    if kind in {EventKind.ARRIVAL, EventKind.SUBSCRIPTIONS}:  # several of one second differ by what they tell alone
        facts.append(repr((fields.get("MsgID", ""), rows)))
    return Incoming(
        kind=kind,
        dedupe_key=f"event:{hashlib.sha256(chr(10).join(facts).encode()).hexdigest()}",
        scene=_scene(kind, event_key),
        key=event_key if kind is EventKind.CLICK else "",
        subscriptions=tuple((row["TemplateId"], row.get("SubscribeStatusString") == "accept") for row in rows if row.get("TemplateId"))
        if kind is EventKind.SUBSCRIPTIONS
        else (),
        arrivals=arrivals,
        **common,
    )


def _rows(root: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    """The rows of an event about subscription notices; a single one isn't a list in XML."""
    held = root.get(name) if name else None
    found = held.get("List") if isinstance(held, dict) else None
    rows = found if isinstance(found, list) else [found]
    return [_words_of(row) for row in rows[:_MOST_ROWS] if isinstance(row, dict)]


def _arrivals(rows: Sequence[Mapping[str, str]]) -> tuple[Arrival, ...]:
    named = [(row["MsgID"], row.get("ErrorStatus", "")) for row in rows if _MESSAGE_ID.fullmatch(row.get("MsgID", ""))]
    return tuple(Arrival(number, status == "success", "" if status == "success" else status) for number, status in named)


def _scene(kind: EventKind, event_key: str) -> str | None:
    if kind is EventKind.SCAN:
        return event_key.removeprefix("qrscene_") or None
    if kind is EventKind.SUBSCRIBE and event_key.startswith("qrscene_"):  # other keys tell of payments and product codes
        return event_key.removeprefix("qrscene_") or None
    return None
