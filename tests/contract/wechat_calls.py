"""Every call that we make of WeChat's platform, as a table: how it is made, its path, and whether asking twice could do harm."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from intake.adapters.wechat.client import WeChatClient
from intake.ports import WeChatKeys
from tests.factories.wechat import APP_ID, ORIGINAL_ID, SECRET
from tests.wechat_platform.server import WeChatServer
from tests.wechat_platform.world import Code

KEYS = WeChatKeys(account=ORIGINAL_ID, app_id=APP_ID, secret=SECRET)
AUNT = "oAunt6_bIyUhqmFvNNa1VcJ2pXw"
"""The openid of 王阿姨."""
LINK = "https://zhibao.example/n/1"
FIELDS = {"character_string1": "LC-0001", "thing2": "幸福里路灯不亮", "phrase3": "已处理", "time4": "2026年11月3日 09:00"}
NOTICE = {"character_string1": "LC-0001", "thing2": "幸福里路灯不亮", "time3": "2026-11-03 09:00"}
PICTURE = b"\xff\xd8" + b"p" * 150_000


@dataclass(frozen=True)
class Call:
    """One call: how it is made, and where it arrives."""

    name: str
    path: str
    make: Callable[[WeChatClient, WeChatServer], Any]
    sends: bool = False
    """A resident would see it twice."""


def _fetch_media(client: WeChatClient, server: WeChatServer) -> tuple[str, bytes]:
    target = io.BytesIO()
    media_id = server.account.keep_media(PICTURE, "image/jpeg")
    return client.fetch_media(KEYS, media_id, target, most_bytes=len(PICTURE)), target.getvalue()


def _exchange_code(client: WeChatClient, server: WeChatServer) -> str:
    server.account.codes["c0de"] = Code(AUNT, server.world.now())
    return client.exchange_code(KEYS, "c0de")


def _renew_ticket(client: WeChatClient, _server: WeChatServer) -> str | None:
    client.renew_ticket(KEYS)
    return client.ticket(KEYS)


CALLS = (
    Call("send_text", "/cgi-bin/message/custom/send", lambda client, _: client.send_text(KEYS, AUNT, "收到了"), sends=True),
    Call(
        "send_template",
        "/cgi-bin/message/template/send",
        lambda client, _: client.send_template(KEYS, AUNT, template_id="TM-progress", fields=FIELDS, link=LINK),
        sends=True,
    ),
    Call(
        "send_subscription",
        "/cgi-bin/message/subscribe/bizsend",
        lambda client, _: client.send_subscription(KEYS, AUNT, template_id="ONCE-progress", fields=NOTICE, link=LINK),
        sends=True,
    ),
    Call("fetch_media", "/cgi-bin/media/get", _fetch_media),
    Call("make_scene", "/cgi-bin/qrcode/create", lambda client, _: client.make_scene(KEYS, "longchi-3")),
    Call("put_menu", "/cgi-bin/menu/create", lambda client, _: client.put_menu(KEYS, [("说一件事", LINK)])),
    Call("delete_menu", "/cgi-bin/menu/delete", lambda client, _: client.put_menu(KEYS, [])),
    Call("exchange_code", "/sns/oauth2/access_token", _exchange_code),
    Call("renew_ticket", "/cgi-bin/ticket/getticket", _renew_ticket),
)
