"""The optional assistant (起草助手): what it may be asked for, how a request can end, and what bounds it."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from intake.domain.working_days import SHANGHAI


class DraftPurpose(StrEnum):
    """What a draft is for."""

    TITLE = "title"
    """标题."""
    SUMMARY = "summary"
    """摘要."""


class DraftOutcome(StrEnum):
    """How a request ended; every end is recorded, so that the budget is true and a fault is seen."""

    ASKED = "asked"
    """已发出: written before the request leaves, so that one whose fate is unknown still counts."""
    DRAFTED = "drafted"
    """有草稿."""
    UNREACHABLE = "unreachable"
    """连不上或超时."""
    REFUSED = "refused"
    """对方拒绝，或回答不能用."""


class Failure(StrEnum):
    """Why there is no draft; stands in the draft's place, and `FAILURE_WORDS` says it."""

    OFF = "off"
    """No assistant is set up (未启用)."""
    AWAY = "away"
    """No connection (连不上)."""
    UNTRUSTED = "untrusted"
    """Its certificate isn't to be believed, so nothing was sent (证书不可信)."""
    SLOW = "slow"
    """No whole answer in time (超时)."""
    BUSY = "busy"
    """It says to come later: 408, 429, 5xx (太忙)."""
    LOST = "lost"
    """The worker died over it, or none came (没有下文)."""
    DENIED = "denied"
    """Key or account isn't accepted: 401, 402, 403 (不认密钥)."""
    MISDIRECTED = "misdirected"
    """Nothing lives at the address, or it points elsewhere: 3xx, 404, 405, 410 (地址不对)."""
    REJECTED = "rejected"
    """It doesn't want this request: any other status (不接受)."""
    UNREADABLE = "unreadable"
    """The answer is too large, or not what the interface promises (读不懂)."""
    EMPTY = "empty"
    """No words are left after cleaning (空的)."""
    TOO_LONG = "too_long"
    """More than was asked for (太长)."""
    NO_WORDS = "no_words"
    """Nothing to send: all words behind the topic are gone (没有原话)."""


UNREACHABLE = frozenset({Failure.AWAY, Failure.UNTRUSTED, Failure.SLOW, Failure.BUSY, Failure.LOST})
"""Failures to get an answer at all; several in a row let the assistant rest."""

PURPOSE_NAMES: dict[DraftPurpose, str] = {DraftPurpose.TITLE: "标题", DraftPurpose.SUMMARY: "摘要"}
"""Screen names."""

FAILURE_WORDS: dict[Failure, str] = {
    Failure.OFF: "没有启用助手。",
    Failure.AWAY: "连不上助手。请过几分钟再试，还不行请联系管理员。",
    Failure.UNTRUSTED: "助手的证书不可信，什么也没有发出去。请管理员检查 ZHIBAO_ASSISTANT_URL。",
    Failure.SLOW: "助手没有按时答完。请过几分钟再试。",
    Failure.BUSY: "助手那边太忙，这次没有写。请过几分钟再试。",
    Failure.LOST: "这次没有下文，可能后台刚好重启。请再请一次。",
    Failure.DENIED: "助手不认我们的密钥或账户。请管理员检查 ZHIBAO_ASSISTANT_KEY。",
    Failure.MISDIRECTED: "助手的地址不对。请管理员检查 ZHIBAO_ASSISTANT_URL。",
    Failure.REJECTED: "助手不接受这样的请求。请管理员检查模型名和接口。",
    Failure.UNREADABLE: "助手的回答读不懂，没有保留。请再请一次，或者自己写。",
    Failure.EMPTY: "助手的回答是空的。请再请一次，或者自己写。",
    Failure.TOO_LONG: "助手写得太长，没有保留。请再请一次，或者自己写。",
    Failure.NO_WORDS: "这个议题下已经没有居民的原话，没有什么可以送去起草。",
}
"""What the page says; each is what happened and what to do."""

LONGEST: dict[DraftPurpose, int] = {DraftPurpose.TITLE: 40, DraftPurpose.SUMMARY: 120}
"""Characters of a draft, and of what a person makes of it."""

MOST_VOICES = 12
"""Residents whose words leave for one draft."""
MOST_CHARACTERS = 200
"""Of each of them."""
MOST_TOKENS_OUT = 300
"""What the assistant may write; it is told so and cut off there."""
RESERVED_IN, RESERVED_OUT = 3_000, MOST_TOKENS_OUT
"""What a request counts until it is known better: a character is one token at the most, nearly always."""

MOST_WAITING = 5
"""Requests of one district that may wait at once."""
CLAIM_WITHIN = timedelta(minutes=5)
"""A request older than this isn't sent any more: nobody waits for it."""
LOST_AFTER = timedelta(minutes=7)
"""A request without an end after this has none: the longest call ends well before."""
RESTS_AFTER, RESTS_FOR = 3, timedelta(minutes=5)
"""After so many requests in a row without an answer the assistant isn't asked for a while."""
KEPT = timedelta(days=30)
"""How long the words of a draft stay; what it cost stays for the record."""


class AssistantFailed(Exception):
    """No usable answer; `spent` when it may have cost something all the same. Carries nothing of what was sent or came back."""

    def __init__(self, failure: Failure, *, spent: bool) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.spent = spent


def outcome_of(failure: Failure) -> DraftOutcome:
    """How a request with this failure is recorded."""
    return DraftOutcome.UNREACHABLE if failure in UNREACHABLE else DraftOutcome.REFUSED


def budget_month(at: datetime) -> tuple[datetime, date]:
    """When the calendar month of `at` began in Shanghai, and the day on which the budget begins anew."""
    first = at.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1).date()
