"""The platform's codes as our errors: whether this resident may not be told this way now, whether nothing helps, or when to try again.

Source: 全局返回码 and the tables of the calls used (发送客服消息, 发送模板消息, 发送订阅通知, 获取稳定版接口调用凭据, 生成带参数的二维码). A code that
stands nowhere here is permanent when positive, since the platform numbers refusals so, and worth another try when negative.
"""

from datetime import datetime, timedelta

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError, RightSpent
from intake.domain.working_days import SHANGHAI

STALE_TOKEN = frozenset({40001, 40014, 42001})
"""The token was replaced, withdrawn or is over: fetch once, ask once more."""

SPENT = {
    43004: "doesn't follow the account",
    43019: "was put on the account's blacklist",
    43101: "refused or used up the subscription",
    45015: "the 48 hours or the minute are over, or unfollowed since",
    45047: "all customer messages of these 48 hours, or of this minute, are used",
    48002: "switched the account's messages off",
    50002: "the resident's own account is restricted",
}
"""RightSpent: this channel not for this resident now; another one may."""

PERMANENT = {
    40003: "not an openid of this account",
    40007: "the media id is unknown or has expired",
    40029: "the OAuth code is none",
    40036: "the template id has a wrong length",
    40037: "no such template in this account",
    40163: "the OAuth code was used before",
    41030: "the page behind the link isn't allowed",
    42003: "the OAuth code is over",
    43107: "the account may not send subscription notices any more",
    45002: "the words are too long",
    45026: "the account has as many templates as it may have",
    45029: "the account has as many scene codes as it may have",
    45166: "the words are not allowed",
    45168: "the words are not allowed",
    47003: "a field of the template breaks the template's rules",
    48001: "the account doesn't have this right",
    48004: "the platform closed this right to the account",
}
"""PermanentDeliveryError: this message never goes by this channel. Kept for the reader; unknown positive codes are treated alike."""

ACCOUNT_PAUSE_SECONDS = 600
ACCOUNT = {
    40002: "grant_type",
    40013: "the AppID is none",
    40125: "the AppSecret is wrong",
    40164: "this server's address isn't on the account's whitelist",
    41002: "the AppID is missing",
    41004: "the AppSecret is missing",
    50004: "the account may not have a token",
    50007: "the account is frozen",
    89503: "an administrator of the account must confirm this server's address",
    89506: "an administrator refused this server's address for now",
    89507: "an administrator refused this server's address for an hour",
}
"""RetryableDeliveryError after ten minutes: the account's settings are wrong, which says nothing about the message."""

AFTER_SECONDS = {
    -1: 10,
    40001: 60,
    40014: 60,
    42001: 60,
    43108: 5,
    45011: 60,
}
"""RetryableDeliveryError: busy; a token that is refused although it is new; two messages to one person at once; the minute's quota."""

DAY_QUOTA = 45009


def delivery_error(code: int, *, at: datetime, said: str = "") -> Exception:
    """The error for a code that isn't 0, to be raised; `at` decides when the day's quota begins anew (midnight in Shanghai).

    `said` is the platform's own sentence, for a check of the settings; it never names a resident.
    """
    name = str(code)
    if code in SPENT:
        return RightSpent(code=name)
    if code == DAY_QUOTA:
        return RetryableDeliveryError(code=name, after_seconds=seconds_to_midnight(at))
    if code in ACCOUNT:
        return RetryableDeliveryError(said, code=name, after_seconds=ACCOUNT_PAUSE_SECONDS)
    if code in AFTER_SECONDS or code < 0:
        return RetryableDeliveryError(code=name, after_seconds=AFTER_SECONDS.get(code))
    return PermanentDeliveryError(code=name)


def seconds_to_midnight(at: datetime) -> int:
    """Until a minute past the next midnight in Shanghai; at least 60."""
    here = at.astimezone(SHANGHAI)
    tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=1, second=0, microsecond=0)
    return int((tomorrow - here).total_seconds())
