"""The platform's sending side: real signed requests over real HTTP to a running callback, and a close look at the answers.

The receiving side (tokens, customer messages, notices, OAuth) is `server.py` beside this one. With `simulated` set to an account of it, the
two are one platform: who writes or taps here may be written to there, and a picture sent here can be fetched there.
"""

import itertools
import secrets
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from tests.wechat_platform.people import LONG
from tests.wechat_platform.sealing import Seal, signature
from tests.wechat_platform.world import Account

Fact = str | Mapping[str, "Fact"]
"""A field of a message: words, or fields again."""

ANSWER_WITHIN = 5.0
"""Seconds the platform waits."""
TRIES = 3
"""How often it sends a message that isn't answered."""
TOUCHES = {"subscribe", "SCAN", "CLICK"}
"""Events after which the account may write for a minute; opening a page from the menu (VIEW) isn't one."""
PICTURE, VOICE = b"\xff\xd8\xff\xe0 a picture \xff\xd9", b"#!AMR\n a voice"
"""What is sent when a test doesn't care; neither can be decoded."""


class CallbackError(Exception):
    """The callback answered with something the platform shows to the resident as 该公众号提供的服务出现故障."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status


@dataclass(frozen=True)
class Credentials:
    """What a request is signed with."""

    timestamp: str
    nonce: str


@dataclass
class Platform:
    """One account's platform, posting to `base_url` + `path`; without `aes_key` in plain mode (明文模式), else in safe mode (安全模式)."""

    base_url: str
    token: str
    app_id: str
    aes_key: str | None
    path: str = "/wechat"
    account: str = "gh_10f6c3c3ac5a"
    seconds: Callable[[], float] = time.time
    simulated: Account | None = None
    """The account on the receiving side, which learns what people do here."""
    insists: bool = False
    """Send a message again, thrice in all, that isn't answered in time or with an error, as the platform does."""
    answer_within: float = ANSWER_WITHIN
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(6054768590064713728 + time.time_ns() % 10**15))

    def handshake(self) -> str:
        """Save the callback's address on the settings page: send a random `echostr`, return what came back (it should be the same)."""
        echo = str(secrets.randbelow(10**19))
        answer = self._send(None, {**self.signed(self.credentials()), "echostr": echo}).decode()
        if answer != echo:
            raise CallbackError(200, "another echostr came back")
        return answer

    def follow(self, openid: str, scene: str | None = None) -> str:
        """Follow the account, by scanning `scene` if given; return the greeting."""
        return self.deliver(self.event(openid, "subscribe", f"qrscene_{scene}" if scene else ""))

    def unfollow(self, openid: str) -> str:
        """Unfollow the account; the answer, if any, reaches nobody."""
        return self.deliver(self.event(openid, "unsubscribe", ""))

    def scan(self, openid: str, scene: str) -> str:
        """Scan `scene` as a follower; return the answer."""
        return self.deliver(self.event(openid, "SCAN", scene))

    def text(self, openid: str, content: str, msg_id: int | None = None) -> str:
        """Write `content` to the account; return the answer."""
        return self.deliver(self.text_message(openid, content, msg_id))

    def image(self, openid: str, content: bytes = PICTURE, media_type: str = "image/jpeg") -> str:
        """Send a picture; return the answer."""
        media_id = self._kept(content, media_type)
        facts = {"PicUrl": f"http://mmbiz.qpic.cn/{media_id}", "MediaId": media_id}
        return self.deliver(self.message(openid, "image", **facts))

    def voice(self, openid: str, content: bytes = VOICE, *, heard: str = "", media_type: str = "audio/amr") -> str:
        """Say something, with what the platform itself heard where the account has that switched on; return the answer."""
        facts = {"MediaId": self._kept(content, media_type), "Format": "amr"}
        return self.deliver(self.message(openid, "voice", **facts, **({"Recognition": heard} if heard else {})))

    def location(self, openid: str, latitude: float, longitude: float, label: str = "") -> str:
        """Send a place from the map; return the answer."""
        facts = {"Location_X": f"{latitude:.6f}", "Location_Y": f"{longitude:.6f}", "Scale": "15", "Label": label}
        return self.deliver(self.message(openid, "location", **facts))

    def link(self, openid: str, title: str, address: str, description: str = "") -> str:
        """Forward a page; return the answer."""
        return self.deliver(self.message(openid, "link", Title=title, Description=description, Url=address))

    def tap(self, openid: str, key: str) -> str:
        """Tap a button of the menu that asks the account; return the answer."""
        return self.deliver(self.event(openid, "CLICK", key))

    def open_from_menu(self, openid: str, address: str) -> str:
        """Tap a button of the menu that opens a page; the answer, if any, reaches nobody."""
        return self.deliver(self.event(openid, "VIEW", address))

    def subscribe(self, openid: str, template_id: str, *, long: bool = False, accept: bool = True) -> str:
        """Allow one more notice of a template, or with `long` as many as we like, in the window that a page opens; or decline."""
        if self.simulated is not None and accept:
            self.simulated.people.subscribe(openid, template_id, LONG if long else 1)
        facts = {"TemplateId": template_id, "SubscribeStatusString": "accept" if accept else "reject", "PopupScene": "1"}
        return self.deliver(self.event(openid, "subscribe_msg_popup_event", None, SubscribeMsgPopupEvent={"List": facts}))

    def unsubscribe(self, openid: str, template_id: str) -> str:
        """Take a subscription back in the settings."""
        if self.simulated is not None:
            self.simulated.people.refuse(openid, template_id)
        facts = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
        return self.deliver(self.event(openid, "subscribe_msg_change_event", None, SubscribeMsgChangeEvent={"List": facts}))

    def template_arrived(self, openid: str, number: int | str, status: str = "success") -> str:
        """Say what became of a template message; `status` may be "failed:user block" or "failed: system failed"."""
        return self.deliver(self.event(openid, "TEMPLATESENDJOBFINISH", None, MsgID=str(number), Status=status))

    def subscription_arrived(self, openid: str, number: int | str, template_id: str, error: int = 0) -> str:
        """Say what became of a subscription notice; `error` 0 is success."""
        facts = {
            "TemplateId": template_id,
            "MsgID": str(number),
            "ErrorCode": str(error),
            "ErrorStatus": "success" if error == 0 else "failed",
        }
        return self.deliver(self.event(openid, "subscribe_msg_sent_event", None, SubscribeMsgSentEvent={"List": facts}))

    def retry(self, openid: str, content: str, *, same_nonce: bool = True) -> list[str]:
        """Write `content`, and send it thrice as if no answer had come; return all three answers."""
        return self.redeliver(self.text_message(openid, content), same_nonce=same_nonce)

    def text_message(self, openid: str, content: str, msg_id: int | None = None) -> str:
        """Build a text message without sending it."""
        return self.message(openid, "text", msg_id, Content=content)

    def message(self, openid: str, kind: str, msg_id: int | None = None, /, **facts: str) -> str:
        """Build any message without sending it."""
        return self._xml(openid, MsgType=kind, **facts, MsgId=str(msg_id or next(self._ids)))

    def event(self, openid: str, event: str, key: str | None, /, **facts: Fact) -> str:
        """Build an event without sending it; events have no MsgId, and some no EventKey."""
        return self._xml(openid, MsgType="event", Event=event, **({} if key is None else {"EventKey": key}), **facts)

    def redeliver(self, message: str, *, same_nonce: bool) -> list[str]:
        """Send one message three times, under one nonce or three; which of them the real platform does is undocumented."""
        first = self.credentials()
        return [self.deliver(message, first if same_nonce else self.credentials()) for _ in range(TRIES)]

    def deliver(self, message: str, credentials: Credentials | None = None) -> str:
        """Post `message` and return the text of the reply, "" for the empty body; CallbackError for whatever the platform rejects."""
        self._tell(message)
        body, args = self.seal(message, credentials or self.credentials())
        answer = self._insist(body, args).decode()
        return "" if answer in {"", "success"} else self._reply(answer, message)

    def seal(self, message: str, credentials: Credentials) -> tuple[bytes, dict[str, str]]:
        """Body and query arguments of the request that carries `message`."""
        args = self.signed(credentials)
        if not self.aes_key:
            return message.encode(), args
        sealed = Seal(aes_key=self.aes_key, app_id=self.app_id).close(message)
        args["encrypt_type"] = "aes"
        args["msg_signature"] = signature(self.token, credentials.timestamp, credentials.nonce, sealed)
        return f"<xml><ToUserName><![CDATA[{self.account}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode(), args

    def signed(self, credentials: Credentials) -> dict[str, str]:
        """Query arguments every request carries."""
        return {
            "signature": signature(self.token, credentials.timestamp, credentials.nonce),
            "timestamp": credentials.timestamp,
            "nonce": credentials.nonce,
        }

    def credentials(self) -> Credentials:
        """Fresh timestamp and nonce."""
        return Credentials(timestamp=str(int(self.seconds())), nonce=str(secrets.randbelow(2**31)))

    def _kept(self, content: bytes, media_type: str) -> str:
        return self.simulated.keep_media(content, media_type) if self.simulated is not None else secrets.token_urlsafe(48)

    def _tell(self, message: str) -> None:
        """Let the receiving side know who did what; a message too broken to read is nobody's."""
        if self.simulated is None:
            return
        try:
            facts = {child.tag: child.text or "" for child in ET.fromstring(message)}
        except ET.ParseError:
            return
        openid, event = facts.get("FromUserName", ""), facts.get("Event", "")
        people = self.simulated.people
        if facts.get("MsgType") != "event":
            people.write(openid)
        elif event == "subscribe":
            people.follow(openid)
        elif event == "unsubscribe":
            people.unfollow(openid)
        elif event in TOUCHES:
            people.touch(openid)

    def _xml(self, openid: str, **facts: Fact) -> str:
        root = ET.Element("xml")
        _fill(root, {"ToUserName": self.account, "FromUserName": openid, "CreateTime": str(int(self.seconds())), **facts})
        return ET.tostring(root, encoding="unicode")

    def _insist(self, body: bytes, args: Mapping[str, str]) -> bytes:
        for _ in range(TRIES - 1 if self.insists else 0):
            try:
                return self._send(body, args)
            except (OSError, CallbackError):
                continue
        return self._send(body, args)

    def _send(self, body: bytes | None, args: Mapping[str, str]) -> bytes:
        request = Request(f"{self.base_url}{self.path}?{urlencode(args)}", data=body, headers={"Content-Type": "text/xml"})
        opener = build_opener(ProxyHandler({}))  # the callback is on this machine, whatever proxy the environment names
        try:
            with opener.open(request, timeout=self.answer_within) as response:
                answer: bytes = response.read()
                return answer
        except HTTPError as error:
            with error:
                raise CallbackError(error.code, error.read().decode(errors="replace")) from None

    def _reply(self, answer: str, message: str) -> str:
        reply = _children(answer)
        if self.aes_key:
            sealed = reply["Encrypt"]
            if signature(self.token, reply["TimeStamp"], reply["Nonce"], sealed) != reply["MsgSignature"]:
                raise CallbackError(200, "the reply is signed wrongly")
            reply = _children(Seal(aes_key=self.aes_key, app_id=self.app_id).open(sealed))
        sent = _children(message)
        if (reply["FromUserName"], reply["ToUserName"]) != (sent["ToUserName"], sent["FromUserName"]):
            raise CallbackError(200, "the reply goes to somebody else")
        if reply["MsgType"] != "text" or not reply["CreateTime"].isdecimal():
            raise CallbackError(200, "not a text reply")
        return reply["Content"]


def _fill(element: ET.Element, facts: Mapping[str, Fact]) -> None:
    for name, value in facts.items():
        child = ET.SubElement(element, name)
        if isinstance(value, str):
            child.text = value
        else:
            _fill(child, value)


def _children(xml: str) -> dict[str, str]:
    root = ET.fromstring(xml)
    names = [child.tag for child in root]
    if len(names) != len(set(names)):
        raise CallbackError(200, "a field stands twice in the reply")
    return {child.tag: child.text or "" for child in root}
