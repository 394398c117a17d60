"""The calls we use, as the platform answers them: one function each, (account, request) to a JSON object."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from tests.wechat_platform.codes import Refused
from tests.wechat_platform.templates import LONG_TERM, ONCE, TEMPLATE, Template, check_fields
from tests.wechat_platform.world import Account

MEDIA_SECONDS = 3 * 86400
CODE_SECONDS = 300
MOST_WORDS = 2048
ONCE_SECONDS = 600
"""How long a client_msg_id is remembered."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""
    content_type: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body; Refused 47001 when it isn't an object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            raise Refused(47001) from None
        if not isinstance(found, dict):
            raise Refused(47001)
        return found


@dataclass(frozen=True)
class File:
    """An answer that isn't the API's JSON."""

    media_type: str
    content: bytes
    status: int = 200
    location: str = ""
    """Where a browser is sent instead."""


Call = Callable[[Account, Asked], dict[str, Any] | File]


def send_customer_message(account: Account, asked: Asked) -> dict[str, Any]:
    """客服消息."""
    account.need("customer")
    facts = asked.json()
    if facts.get("msgtype") != "text":
        raise Refused(40066, "only text is played")
    words = str(facts.get("text", {}).get("content", ""))
    if not words:
        raise Refused(44004)
    if len(words.encode()) > MOST_WORDS:
        raise Refused(45002)
    account.people.spend_reply(facts.get("touser", ""))
    account.world.note(account, facts["touser"], "text", words=words)
    return {}


def send_template(account: Account, asked: Asked) -> dict[str, Any]:
    """模板消息."""
    account.need("template")
    facts = asked.json()
    template = _template(account, facts, {TEMPLATE})
    openid = str(facts.get("touser", ""))
    if not any(person.openid == openid for person in account.people.all()):
        raise Refused(40003)
    if not account.people.known(openid).following:
        raise Refused(43004)
    fields = check_fields(template, facts.get("data", {}))
    once = (openid, str(facts.get("client_msg_id", "")))
    now = account.world.now()
    if once[1] and once in account.once_ids and now - account.once_ids[once][1] < ONCE_SECONDS:
        return {"msgid": account.once_ids[once][0]}
    sent = account.world.note(account, openid, "template", template_id=template.id, fields=fields, link=facts.get("url", ""))
    account.once_ids[once] = (sent.number, now)
    return {"msgid": sent.number}


def send_subscription(account: Account, asked: Asked) -> dict[str, Any]:
    """订阅通知."""
    account.need("subscription")
    facts = asked.json()
    template = _template(account, facts, {ONCE, LONG_TERM})
    fields = check_fields(template, facts.get("data", {}))
    openid = str(facts.get("touser", ""))
    account.people.spend_notice(openid, template.id)
    sent = account.world.note(account, openid, "subscription", template_id=template.id, fields=fields, link=facts.get("page", ""))
    return {"msgid": sent.number}


def _template(account: Account, facts: dict[str, Any], kinds: set[int]) -> Template:
    found = account.templates.get(str(facts.get("template_id", "")))
    if found is None or found.kind not in kinds:
        raise Refused(40037)
    return found


def get_media(account: Account, asked: Asked) -> File:
    """获取临时素材."""
    account.need("media")
    found = account.media.get(asked.query.get("media_id", ""))
    if found is None or account.world.now() - found.at > MEDIA_SECONDS:
        raise Refused(40007)
    return File(found.media_type, found.content)


def upload_media(account: Account, asked: Asked) -> dict[str, Any]:
    """新增临时素材, as the JS-SDK does it for a resident."""
    account.need("media")
    message = message_from_bytes(b"Content-Type: " + asked.content_type.encode() + b"\r\n\r\n" + asked.body)
    parts = [part for part in message.walk() if part.get_filename()]
    if not parts:
        raise Refused(47001)
    content = parts[0].get_payload(decode=True)
    media_id = account.keep_media(content if isinstance(content, bytes) else b"", parts[0].get_content_type())
    return {"type": asked.query.get("type", "image"), "media_id": media_id, "created_at": int(account.world.now())}


def make_scene(account: Account, asked: Asked) -> dict[str, Any]:
    """带参数的二维码; a permanent one counts once, however often it is asked for."""
    account.need("scene")
    facts = asked.json()
    scene = str(facts.get("action_info", {}).get("scene", {}).get("scene_str", ""))
    if facts.get("action_name") != "QR_LIMIT_STR_SCENE" or not 1 <= len(scene) <= 64:
        raise Refused(40053)
    if scene not in account.scenes and len(account.scenes) >= account.scene_limit:
        raise Refused(45029)
    ticket = account.scenes.setdefault(scene, f"gQ{len(account.scenes):08x}")
    return {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket}"}


def make_menu(account: Account, asked: Asked) -> dict[str, Any]:
    """创建菜单."""
    account.need("menu")
    buttons = asked.json().get("button", [])
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise Refused(40016)
    if any(not 1 <= len(str(button.get("name", "")).encode()) <= 16 for button in buttons):
        raise Refused(40018)
    account.menu = buttons
    return {}


def get_menu(account: Account, _asked: Asked) -> dict[str, Any]:
    """查询菜单."""
    account.need("menu")
    if not account.menu:
        raise Refused(46003)
    return {"menu": {"button": account.menu}}


def delete_menu(account: Account, _asked: Asked) -> dict[str, Any]:
    """删除菜单."""
    account.need("menu")
    account.menu = None
    return {}


def get_ticket(account: Account, _asked: Asked) -> dict[str, Any]:
    """jsapi_ticket; the same one while the token holds."""
    account.need("js")
    return {"ticket": f"ticket-of-{account.app_id}-{int(account.world.now()) // 7200}", "expires_in": 7200}


def list_templates(account: Account, _asked: Asked) -> dict[str, Any]:
    """模板列表."""
    account.need("template")
    mine = [template for template in account.templates.values() if template.kind == TEMPLATE]
    return {"template_list": [{"template_id": one.id, "title": one.title, "content": _content(one)} for one in mine]}


def list_subscriptions(account: Account, _asked: Asked) -> dict[str, Any]:
    """私有模板列表 of 订阅通知."""
    account.need("subscription")
    mine = [template for template in account.templates.values() if template.kind != TEMPLATE]
    return {"data": [{"priTmplId": one.id, "title": one.title, "content": _content(one), "type": one.kind} for one in mine]}


def _content(template: Template) -> str:
    return "\n".join(f"{{{{{name}.DATA}}}}" for name in template.fields)


_NEEDED = {
    "/cgi-bin/message/custom/send": "customer",
    "/cgi-bin/message/template/send": "template",
    "/cgi-bin/message/subscribe/bizsend": "subscription",
    "/cgi-bin/qrcode/create": "scene",
}


def get_quota(account: Account, asked: Asked) -> dict[str, Any]:
    """查询调用额度."""
    path = str(asked.json().get("cgi_path", ""))
    if path not in _NEEDED:
        raise Refused(76021)
    account.need(_NEEDED[path])
    limit, used = account.day_limits[path], account.used_today(path)
    return {"quota": {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}}


WITH_TOKEN: dict[tuple[str, str], Call] = {
    ("POST", "/cgi-bin/message/custom/send"): send_customer_message,
    ("POST", "/cgi-bin/message/template/send"): send_template,
    ("POST", "/cgi-bin/message/subscribe/bizsend"): send_subscription,
    ("GET", "/cgi-bin/media/get"): get_media,
    ("POST", "/cgi-bin/media/upload"): upload_media,
    ("POST", "/cgi-bin/qrcode/create"): make_scene,
    ("POST", "/cgi-bin/menu/create"): make_menu,
    ("GET", "/cgi-bin/menu/get"): get_menu,
    ("GET", "/cgi-bin/menu/delete"): delete_menu,
    ("GET", "/cgi-bin/ticket/getticket"): get_ticket,
    ("GET", "/cgi-bin/template/get_all_private_template"): list_templates,
    ("GET", "/wxaapi/newtmpl/gettemplate"): list_subscriptions,
    ("POST", "/cgi-bin/openapi/quota/get"): get_quota,
}
"""Calls that carry an access_token."""


def give_common_token(account: Account, _asked: Asked) -> dict[str, Any]:
    """获取接口调用凭据, the old way."""
    token = account.tokens.common()
    return {"access_token": token.value, "expires_in": int(token.ends_at - account.world.now())}


def give_stable_token(account: Account, asked: Asked) -> dict[str, Any]:
    """获取稳定版接口调用凭据."""
    token = account.tokens.stable(force=asked.json().get("force_refresh") is True)
    return {"access_token": token.value, "expires_in": int(token.ends_at - account.world.now())}


def exchange_code(account: Account, asked: Asked) -> dict[str, Any]:
    """换取用户授权凭证; a code is good once, for five minutes."""
    account.need("oauth")
    found = account.codes.get(asked.query.get("code", ""))
    if found is None:
        raise Refused(40029)
    if found.used:
        raise Refused(40163)
    if account.world.now() - found.at > CODE_SECONDS:
        raise Refused(42003)
    found.used = True
    facts = {"access_token": "of-the-person", "expires_in": 7200, "refresh_token": "of-the-person", "scope": "snsapi_base"}
    return {**facts, "openid": found.openid, **({"is_snapshotuser": 1} if account.snapshot else {})}


WITH_SECRET: dict[tuple[str, str], Call] = {
    ("GET", "/cgi-bin/token"): give_common_token,
    ("POST", "/cgi-bin/stable_token"): give_stable_token,
    ("GET", "/sns/oauth2/access_token"): exchange_code,
}
"""Calls that carry AppID and AppSecret."""
