"""公众号资料: what an administrator enters about an account, and what is wrong with it, each with its cure."""

import re
from dataclasses import dataclass, replace

from intake.domain.errors import InvalidInput
from intake.domain.text import clean_line
from intake.domain.wechat_account import AccountKind

NAME_MAX = 40
OWN_KINDS = frozenset({AccountKind.SERVICE, AccountKind.SUBSCRIPTION})
"""Kinds that belong to us, so that there are keys to enter."""
_APP_ID = re.compile(r"wx[0-9a-f]{16}")
_ORIGINAL_ID = re.compile(r"gh_[0-9a-z]{12}")
_TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
_SECRET = re.compile(r"[A-Za-z0-9]{32}")


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What stands in the form; an empty secret keeps the one that is stored."""

    kind: AccountKind
    name: str
    app_id: str
    original_id: str
    token: str
    aes_key: str
    secret: str
    active: bool


def checked_facts(facts: AccountFacts, *, stored: frozenset[str], production: bool) -> AccountFacts:
    """The facts without blanks that came along when copying; InvalidInput names the first wrong field and its cure.

    `stored` names the secrets that are kept (token, aes_key, secret). An account in use needs all that its kind works with.
    """
    name = clean_line(facts.name, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写公众号名称，居民看到的就是它。", field="name")
    plain = replace(
        facts,
        name=name,
        app_id=_unspaced(facts.app_id),
        original_id=_unspaced(facts.original_id),
        token=_unspaced(facts.token),
        aes_key=_unspaced(facts.aes_key),
        secret=_unspaced(facts.secret),
    )
    _check_ids(plain)
    _check_secrets(plain)
    if plain.active and plain.kind in OWN_KINDS:
        _check_complete(plain, stored, production=production)
    return plain


def _unspaced(words: str) -> str:
    return "".join(words.split())


def _check_ids(facts: AccountFacts) -> None:
    app_id = facts.app_id
    if app_id.startswith("gh_"):
        raise InvalidInput("这是原始 ID，请填到下一格。AppID 以 wx 开头，在“设置与开发－基本配置”里。", field="app_id")
    if app_id and not _APP_ID.fullmatch(app_id):
        raise InvalidInput("AppID 是 wx 加 16 个小写字母和数字，请从“设置与开发－基本配置”整段复制。", field="app_id")
    if facts.original_id.startswith("wx"):
        raise InvalidInput("这是 AppID，请填到上一格。原始 ID 以 gh_ 开头，在“公众号设置－账号详情”最下面。", field="original_id")
    if facts.original_id and not _ORIGINAL_ID.fullmatch(facts.original_id):
        raise InvalidInput("原始 ID 是 gh_ 加 12 个小写字母和数字，在“公众号设置－账号详情”最下面。", field="original_id")


def _check_secrets(facts: AccountFacts) -> None:
    if facts.token and not _TOKEN.fullmatch(facts.token):
        raise InvalidInput("Token 是 3 到 32 个英文字母和数字，自己定一个，两边填得一样。", field="token")
    if facts.aes_key and not _AES_KEY.fullmatch(facts.aes_key):
        count = len(facts.aes_key)
        raise InvalidInput(
            f"EncodingAESKey 要正好 43 个英文字母和数字，这里有 {count} 个字符。请在平台点“随机生成”，再整段复制过来。", field="aes_key"
        )
    if facts.secret and not _SECRET.fullmatch(facts.secret):
        count = len(facts.secret)
        raise InvalidInput(
            f"AppSecret 要正好 32 个字母和数字，这里有 {count} 个字符。平台只显示一次，没有记下的请在平台点“重置”。", field="secret"
        )


def _check_complete(facts: AccountFacts, stored: frozenset[str], *, production: bool) -> None:
    """An account in use without one of these would look as if it worked, and lose what residents say."""
    if not facts.app_id:
        raise InvalidInput("启用前请填 AppID，在“设置与开发－基本配置”里。", field="app_id")
    if not facts.original_id:
        raise InvalidInput("启用前请填原始 ID，在“公众号设置－账号详情”最下面。", field="original_id")
    if not (facts.token or "token" in stored):
        raise InvalidInput("启用前请填 Token：自己定 3 到 32 个字母和数字，两边填得一样。没有它，谁都能冒充微信。", field="token")
    if production and not (facts.aes_key or "aes_key" in stored):
        raise InvalidInput("正式运行必须用安全模式，启用前请填 EncodingAESKey。", field="aes_key")
    if not (facts.secret or "secret" in stored):
        raise InvalidInput("启用前请填 AppSecret，没有它不能发消息、取照片。", field="secret")
