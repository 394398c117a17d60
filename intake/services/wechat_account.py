"""公众号: its sealed keys, opened where they are used."""

import structlog

from intake.domain.errors import PermanentError
from intake.ports import Vault, WeChatKeys
from intake.queries.wechat_account import AccountRow

log = structlog.get_logger(__name__)

SECRETS = ("token", "aes_key", "secret")
"""Which of an account's facts are sealed."""


def secret_context(account_id: int, name: str) -> str:
    """Binds a sealed secret to its account, so that a cipher moved to another row doesn't open."""
    return f"wechat-account:{account_id}:{name}"


def opened(vault: Vault, account: AccountRow, name: str) -> str:
    """One of `SECRETS` in clear; empty where none is set, or its field key is gone: the form must open all the same."""
    cipher: bytes | None = getattr(account, f"{name}_cipher")
    try:
        return vault.open(cipher, context=secret_context(account.id, name)) if cipher else ""
    except PermanentError:
        log.error("wechat_secret_unreadable", account=account.id, secret=name)  # noqa: TRY400 - the traceback says no more
        return ""


def keys_of(vault: Vault, account: AccountRow) -> WeChatKeys:
    """What the platform is asked with."""
    return WeChatKeys(account=account.original_id, app_id=account.app_id, secret=opened(vault, account, "secret"))
