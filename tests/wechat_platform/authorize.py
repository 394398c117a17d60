"""open.weixin.qq.com's page inside WeChat: it sends the visitor on with a code at once, without asking (snsapi_base)."""

import html
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tests.wechat_platform.calls import Asked, File
from tests.wechat_platform.world import Code, World


def authorize(world: World, asked: Asked) -> File:
    """Whose browser it is, says `?openid=`, else the cookie, else the account's `visitor`; otherwise the page offers those it knows."""
    query = asked.query
    account = world.accounts.get(query.get("appid", ""))
    redirect = query.get("redirect_uri", "")
    if account is None or "oauth" not in account.rights or not redirect.startswith(("http://", "https://")):
        return _page("redirect_uri域名与后台配置不一致，错误码:10003")
    if query.get("response_type") != "code" or query.get("scope") != "snsapi_base":
        return _page("Scope 参数错误或没有 Scope 权限，错误码:10005")
    openid = query.get("openid") or asked.cookies.get("openid") or account.visitor or ""
    if not openid:
        known = [person.openid for person in account.people.all()]
        return _page("".join(_offer(query, one) for one in known) or "这个公众号还没有人关注。")
    account.people.known(openid)
    code = secrets.token_hex(16)
    account.codes[code] = Code(openid, world.now())
    return File("text/html", b"", status=302, location=_with(redirect, {"code": code, "state": query.get("state", "")}))


def _page(words: str) -> File:
    return File("text/html; charset=utf-8", words.encode())


def _offer(query: Mapping[str, str], openid: str) -> str:
    address = f"/connect/oauth2/authorize?{urlencode({**query, 'openid': openid})}"
    return f'<p><a href="{html.escape(address)}">{html.escape(openid)}</a></p>'


def _with(address: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *more.items()])))
