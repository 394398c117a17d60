"""公众号: its sealed keys, opened where they are used."""

from intake.ports import Vault, WeChatKeys
from intake.queries.wechat_account import AccountRow

SECRETS = ("token", "aes_key", "secret")
"""Which of an account's facts are sealed."""


def secret_context(account_id: int, name: str) -> str:
    """Binds a sealed secret to its account, so that a cipher moved to another row doesn't open."""
    return f"wechat-account:{account_id}:{name}"


def opened(vault: Vault, account: AccountRow, name: str) -> str:
    """One of `SECRETS` in clear; empty where none is set."""
    cipher: bytes | None = getattr(account, f"{name}_cipher")
    return vault.open(cipher, context=secret_context(account.id, name)) if cipher else ""


def keys_of(vault: Vault, account: AccountRow) -> WeChatKeys:
    """What the platform is asked with."""
    return WeChatKeys(account=account.original_id, app_id=account.app_id, secret=opened(vault, account, "secret"))
