"""Which account a page has to do with, asked for at most once a minute: a mass push opens the form a thousand times a minute.

A change of settings shows here within that minute. The secrets stay sealed in what is remembered.
"""

import re
from collections.abc import Callable

from flask import Flask, current_app, request, url_for

from intake.domain.wechat_account import Capability
from intake.queries.wechat_account import AccountRow, account_by_key, account_of_area, accounts_in_use
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring

SECONDS = 60
CALLBACK_SECONDS = 5
_KEY = re.compile(r"[0-9A-Za-z_-]{1,64}")

Accounts = tuple[AccountRow, ...]


def init_wechat_accounts(app: Flask) -> None:
    """The memory of this application; and `scan_config()` for a page that belongs to no place."""
    app.extensions["wechat_accounts"] = Remembered[Accounts](seconds=SECONDS)
    app.extensions["wechat_callbacks"] = Remembered[AccountRow | None](seconds=CALLBACK_SECONDS)
    app.jinja_env.globals["scan_config"] = _scan_config


def inside_wechat() -> bool:
    """Whether this is WeChat's own browser, by what it says of itself; nothing is trusted to it.

    企业微信 says it is both, and the platform names nobody there.
    """
    agent = request.headers.get("User-Agent", "")
    return "MicroMessenger/" in agent and "wxwork/" not in agent


def account_at(key: str) -> AccountRow | None:
    """The account in use whose addresses begin with `/wechat/<key>`."""
    return _first(f"key {key}", lambda: account_by_key(db(), key)) if _KEY.fullmatch(key) else None


def callback_account(key: str) -> AccountRow | None:
    """The account whose callback lies there, in use or not; remembered for five seconds, since hundreds of messages a second ask for it."""
    memory: Remembered[AccountRow | None] = current_app.extensions["wechat_callbacks"]
    return memory.get(key, lambda: account_by_key(db(), key), at=wiring().clock.now()) if _KEY.fullmatch(key) else None


def account_of(area_id: int) -> AccountRow | None:
    """The account in use that serves an area."""
    return _first(f"area {area_id}", lambda: account_of_area(db(), area_id))


def accounts_that(capability: Capability) -> Accounts:
    """Every account in use here that can, by id."""
    kept = _memory().get("all", lambda: accounts_in_use(db()), at=wiring().clock.now())
    return tuple(one for one in kept if able(one, capability))


def sole_account(capability: Capability) -> AccountRow | None:
    """The one account here that can, for a page that belongs to no place; None where there are several, or none."""
    found = accounts_that(capability)
    return found[0] if len(found) == 1 else None


def able(account: AccountRow | None, capability: Capability) -> bool:
    """Whether the account can, and everything is filled in that it takes."""
    return account is not None and account.can(capability) and bool(account.original_id and account.app_id and account.secret_cipher)


def js_config_of(account: AccountRow | None) -> str:
    """Where a page's script asks for what WeChat's own buttons need; empty outside WeChat, and where the account hasn't them."""
    if account is None or not inside_wechat() or not able(account, Capability.JS_SDK):
        return ""
    return url_for("wechat.js_config", key=account.callback_key)


def _scan_config() -> str:
    return js_config_of(sole_account(Capability.JS_SDK)) if inside_wechat() else ""


def _first(name: str, ask: Callable[[], AccountRow | None]) -> AccountRow | None:
    found = _memory().get(name, lambda: tuple(one for one in (ask(),) if one is not None and one.active), at=wiring().clock.now())
    return found[0] if found else None


def _memory() -> Remembered[Accounts]:
    memory: Remembered[Accounts] = current_app.extensions["wechat_accounts"]
    return memory
