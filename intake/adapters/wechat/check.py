"""What an administrator wants to know about an account's keys, asked of the platform itself.

Codes, always in this order; a later one is missing when an earlier one makes it unknowable. `detail` is the platform's code of a refusal,
or what is named here.

- `reachable`: the platform answers at all
- `app_id`, `secret`: it knows them
- `ip_whitelist`: this server may ask; refused, `detail` is the address to enter
- `token`: it gives a token; whatever else it refused
- `customer_message`, `template_message`, `subscription_notice`, `scene_code`: what the account may do; `detail` is left/of today
- `js_sdk`: it gives a jsapi_ticket
- `menu`: there is a menu; `detail` is the number of its buttons
- `template` for each 模板消息 and `subscription` for each 订阅通知 of the account; `detail` is its id, a blank, its title
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from intake.adapters.wechat.platform import Platform
from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError
from intake.ports import AccountCheck

RIGHTS = {
    "customer_message": "/cgi-bin/message/custom/send",
    "template_message": "/cgi-bin/message/template/send",
    "subscription_notice": "/cgi-bin/message/subscribe/bizsend",
    "scene_code": "/cgi-bin/qrcode/create",
}
"""Each right by the call whose quota tells of it."""

NO_MENU = "46003"
_KEYS = ("reachable", "app_id", "secret", "ip_whitelist", "token")
_BLAMED = {"40013": "app_id", "41002": "app_id", "40125": "secret", "41004": "secret", "40164": "ip_whitelist"}
_ADDRESS = re.compile(r"invalid ip ([0-9a-fA-F.:]{3,45})")

Failure = (PermanentDeliveryError, RetryableDeliveryError, DeliveryUnknown)


def check(platform: Platform, token: Callable[[], str]) -> tuple[AccountCheck, ...]:
    """Everything that can be known; never raises. `token` asks the platform for one now, whatever is remembered."""
    try:
        token()
    except Failure as error:
        return tuple(_keys(error))
    return (*(AccountCheck(code, ok=True) for code in _KEYS), *_rights(platform), *_belongings(platform))


def _keys(error: Exception) -> Iterator[AccountCheck]:
    """What a refused token says: everything before the blamed key is right, what follows can't be known."""
    code = getattr(error, "code", "")
    blamed = _BLAMED.get(code, "token" if code.lstrip("-").isdecimal() else "reachable")
    for name in _KEYS[: _KEYS.index(blamed)]:
        yield AccountCheck(name, ok=True)
    yield AccountCheck(blamed, ok=False, detail=_address(str(error)) or code)


def _address(said: str) -> str:
    found = _ADDRESS.search(said)
    return found[1] if found else ""


def _rights(platform: Platform) -> Iterator[AccountCheck]:
    for name, path in RIGHTS.items():
        yield _asked(name, partial(_quota_left, platform, path))
    yield _asked("js_sdk", partial(_ticket, platform))


def _quota_left(platform: Platform, path: str) -> str:
    quota = platform.post("openapi/quota/get", data={"cgi_path": path})["quota"]
    return f"{int(quota['remain'])}/{int(quota['daily_limit'])}"


def _ticket(platform: Platform) -> str:
    platform.jsapi.get_ticket()
    return ""


def _belongings(platform: Platform) -> Iterator[AccountCheck]:
    menu = _asked("menu", lambda: str(len(platform.menu.get()["menu"]["button"])))
    yield AccountCheck("menu", ok=False, detail="") if menu.detail == NO_MENU else menu
    yield from _listed("template", lambda: platform.template.get_all_private_template()["template_list"], "template_id")
    newtmpl = platform.API_BASE_URL.removesuffix("cgi-bin/") + "wxaapi/newtmpl/gettemplate"
    yield from _listed("subscription", lambda: platform.get(newtmpl)["data"], "priTmplId")


def _listed(code: str, ask: Callable[[], Any], id_name: str) -> Iterator[AccountCheck]:
    """One for each; nothing where the account has no such right, which `_rights` has said."""
    try:
        rows = [f"{row[id_name]} {row['title']}" for row in ask()]
    except (*Failure, LookupError, TypeError, ValueError):
        return
    for row in rows:
        yield AccountCheck(code, ok=True, detail=row)


def _asked(code: str, ask: Callable[[], str]) -> AccountCheck:
    try:
        return AccountCheck(code, ok=True, detail=ask())
    except Failure as error:
        return AccountCheck(code, ok=False, detail=error.code)
    except (LookupError, TypeError, ValueError):
        return AccountCheck(code, ok=False, detail="unreadable")
