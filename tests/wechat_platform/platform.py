"""The platform's sending side: real signed requests over real HTTP to a running callback, and a close look at the answers.

The receiving side (tokens, customer messages, notices, OAuth) gets modules of its own beside this one.
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

from tests.wechat_platform.sealing import Seal, signature

ANSWER_WITHIN = 5.0
"""Seconds the platform waits."""
TRIES = 3
"""How often it sends a message that isn't answered."""


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
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(6054768590064713728))

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

    def retry(self, openid: str, content: str, *, same_nonce: bool = True) -> list[str]:
        """Write `content`, and send it thrice as if no answer had come; return all three answers."""
        return self.redeliver(self.text_message(openid, content), same_nonce=same_nonce)

    def text_message(self, openid: str, content: str, msg_id: int | None = None) -> str:
        """Build a text message without sending it."""
        return self._xml(openid, MsgType="text", Content=content, MsgId=str(msg_id or next(self._ids)))

    def event(self, openid: str, event: str, key: str) -> str:
        """Build an event without sending it; events have no MsgId."""
        return self._xml(openid, MsgType="event", Event=event, EventKey=key)

    def redeliver(self, message: str, *, same_nonce: bool) -> list[str]:
        """Send one message three times, under one nonce or three; which of them the real platform does is undocumented."""
        first = self.credentials()
        return [self.deliver(message, first if same_nonce else self.credentials()) for _ in range(TRIES)]

    def deliver(self, message: str, credentials: Credentials | None = None) -> str:
        """Post `message` and return the text of the reply, "" for the empty body; CallbackError for whatever the platform rejects."""
        credentials = credentials or self.credentials()
        body, args = self.seal(message, credentials)
        answer = self._send(body, args).decode()
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

    def _xml(self, openid: str, **facts: str) -> str:
        root = ET.Element("xml")
        for name, value in {"ToUserName": self.account, "FromUserName": openid, "CreateTime": str(int(self.seconds())), **facts}.items():
            ET.SubElement(root, name).text = value
        return ET.tostring(root, encoding="unicode")

    def _send(self, body: bytes | None, args: Mapping[str, str]) -> bytes:
        request = Request(f"{self.base_url}{self.path}?{urlencode(args)}", data=body, headers={"Content-Type": "text/xml"})
        opener = build_opener(ProxyHandler({}))  # the callback is on this machine, whatever proxy the environment names
        try:
            with opener.open(request, timeout=ANSWER_WITHIN) as response:
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


def _children(xml: str) -> dict[str, str]:
    root = ET.fromstring(xml)
    names = [child.tag for child in root]
    if len(names) != len(set(names)):
        raise CallbackError(200, "a field stands twice in the reply")
    return {child.tag: child.text or "" for child in root}
