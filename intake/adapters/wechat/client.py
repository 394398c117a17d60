"""What we ask of the platform, on wechatpy's client with the cures of its faults."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, TypeVar

from redis import Redis

from intake.adapters.wechat import oauth
from intake.adapters.wechat.check import check
from intake.adapters.wechat.media import fetch_media
from intake.adapters.wechat.platform import Platform, fetch_token
from intake.adapters.wechat.ticket import Tickets
from intake.adapters.wechat.token import Tokens
from intake.adapters.wechat.transport import Transport, session_over
from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError
from intake.ports import AccountCheck, Clock, WeChatKeys

MOST_WORDS = 2048
"""Bytes of a customer message."""

_SCENE = re.compile(r"[0-9A-Za-z_-]{1,64}")

T = TypeVar("T")


class WeChatClient:
    """Every call with a shared token, a time limit and the platform's errors as ours; see `WeChatApi`. One instance serves all threads."""

    def __init__(self, redis: Redis, *, api_url: str, connect_url: str, clock: Clock) -> None:
        self._transport = Transport()
        self._http = session_over(self._transport)
        self._api_url = api_url
        self._connect_url = connect_url
        self._clock = clock
        self._tokens = Tokens(redis, clock=clock, fetch=self._fetch_token)
        self._tickets = Tickets(redis, clock=clock)
        self._platforms: dict[WeChatKeys, Platform] = {}

    def send_text(self, keys: WeChatKeys, openid: str, words: str) -> None:
        """客服消息; permanent `too_long` over 2,048 bytes."""
        if len(words.encode()) > MOST_WORDS:
            raise PermanentDeliveryError(code="too_long")
        self._platform(keys).message.send_text(openid, words)

    def send_template(self, keys: WeChatKeys, openid: str, *, template_id: str, fields: Mapping[str, str], link: str) -> str:
        """模板消息; the platform's number. It takes the same message to the same person once in ten minutes (`client_msg_id`)."""
        asked = {"touser": openid, "template_id": template_id, "url": link, "data": _data(fields)}
        answer = self._platform(keys).post("message/template/send", data={**asked, "client_msg_id": _once_id(asked)})
        return str(answer.get("msgid", ""))

    def send_subscription(self, keys: WeChatKeys, openid: str, *, template_id: str, fields: Mapping[str, str], link: str) -> str:
        """订阅通知; the platform's number where it gives one."""
        asked = {"touser": openid, "template_id": template_id, "page": link, "data": _data(fields)}
        answer = self._platform(keys).post("message/subscribe/bizsend", data=asked)
        return str(answer.get("msgid", ""))

    def fetch_media(self, keys: WeChatKeys, media_id: str, target: BinaryIO, *, most_bytes: int) -> str:
        """Write a picture or voice to `target`, its media type; after an error what was written is worthless."""
        return _harmless(
            lambda: fetch_media(self._platform(keys), self._transport, media_id, target, most_bytes=most_bytes, at=self._clock.now())
        )

    def make_scene(self, keys: WeChatKeys, scene: str) -> str:
        """A permanent scene code; the same scene again gives the same code. Permanent `scene` for what can't be one, 45029 for the quota."""
        if not _SCENE.fullmatch(scene):
            raise PermanentDeliveryError(code="scene")
        asked = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        return _text(_harmless(lambda: self._platform(keys).qrcode.create(asked)), "url")

    def put_menu(self, keys: WeChatKeys, buttons: Sequence[tuple[str, str]]) -> None:
        """Replace the menu by (name, address); none takes it away."""
        menu = self._platform(keys).menu
        asked = {"button": [{"type": "view", "name": name, "url": address} for name, address in buttons]}
        _harmless((lambda: menu.create(asked)) if buttons else menu.delete)

    def check(self, keys: WeChatKeys) -> tuple[AccountCheck, ...]:
        """Ask the platform what works with these keys; see `intake.adapters.wechat.check` for the codes."""
        return check(self._platform(keys), lambda: self._tokens.asked_now(keys))

    def authorize_address(self, keys: WeChatKeys, redirect: str, state: str) -> str:
        """Where a browser inside WeChat is sent; ValueError for a state that isn't 1 to 128 letters and digits."""
        return oauth.authorize_address(keys, connect_url=self._connect_url, redirect=redirect, state=state)

    def exchange_code(self, keys: WeChatKeys, code: str) -> str:
        """The openid behind an OAuth code; 2 s at most."""
        return oauth.openid_of(keys, code, http=self._http, api_url=self._api_url, at=self._clock.now())

    def ticket(self, keys: WeChatKeys) -> str | None:
        """The jsapi_ticket that a worker left in Redis."""
        return self._tickets.current(keys.app_id)

    def renew_ticket(self, keys: WeChatKeys) -> None:
        """Leave a fresh jsapi_ticket in Redis where the last one ends within ten minutes."""

        def fetch() -> tuple[str, int]:
            answer = _harmless(self._platform(keys).jsapi.get_ticket)
            return _text(answer, "ticket"), int(_text(answer, "expires_in"))

        self._tickets.renew(keys.app_id, fetch)

    def _platform(self, keys: WeChatKeys) -> Platform:
        """wechatpy looks through itself when it is made, so it is made once for each set of keys."""
        found = self._platforms.get(keys)
        if found is None:
            found = Platform(keys, http=self._http, tokens=self._tokens, api_url=self._api_url, clock=self._clock)
            self._platforms[keys] = found
        return found

    def _fetch_token(self, keys: WeChatKeys, force: bool) -> tuple[str, int]:  # noqa: FBT001 – a Callable knows no keywords
        return fetch_token(keys, force=force, http=self._http, api_url=self._api_url, at=self._clock.now())


def _harmless(ask: Callable[[], T]) -> T:
    """For what may be asked twice: not to know whether it was done is reason enough to ask again."""
    try:
        return ask()
    except DeliveryUnknown as error:
        raise RetryableDeliveryError(code=error.code) from None


def _data(fields: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in fields.items()}


def _once_id(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()[:32]


def _text(answer: Mapping[str, Any], name: str) -> str:
    if not answer.get(name):
        raise RetryableDeliveryError(code="unreadable")
    return str(answer[name])
