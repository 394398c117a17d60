"""The simulated platform's memory: accounts, what was sent, a clock that can be moved, ordered faults; all behind one lock."""

import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.wechat_platform.codes import Refused
from tests.wechat_platform.faults import Faults
from tests.wechat_platform.people import People
from tests.wechat_platform.templates import LONG_TERM, ONCE, TEMPLATE, Template
from tests.wechat_platform.tokens import TokenDesk

RIGHTS = frozenset({"customer", "template", "subscription", "scene", "oauth", "js", "menu", "media"})
DAY_LIMITS = {
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/token": 2_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/bizsend": 500_000,
    "/cgi-bin/qrcode/create": 100_000,
}
MINUTE_LIMITS = {"/cgi-bin/stable_token": 10_000}
SHANGHAI_SECONDS = 8 * 3600

TEMPLATES = (
    Template("TM-progress", "办理进度提醒", ("character_string1", "thing2", "phrase3", "time4"), TEMPLATE),
    Template("ONCE-progress", "诉求处理结果通知", ("character_string1", "thing2", "time3"), ONCE),
    Template("LONG-progress", "办件进度通知", ("character_string1", "thing2", "time3"), LONG_TERM),
)
"""What a new account has."""


@dataclass(frozen=True)
class Sent:
    """One thing that reached a resident."""

    number: int
    app_id: str
    openid: str
    kind: str
    """text, template or subscription."""
    at: float
    words: str = ""
    template_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    link: str = ""


@dataclass
class Media:
    """A stored file."""

    media_type: str
    content: bytes
    at: float


@dataclass
class Code:
    """An OAuth code."""

    openid: str
    at: float
    used: bool = False


class Account:
    """One official account on the platform."""

    def __init__(self, world: "World", *, app_id: str, secret: str, original_id: str, rights: frozenset[str] = RIGHTS) -> None:
        self.world = world
        self.app_id = app_id
        self.secret = secret
        self.original_id = original_id
        self.rights = rights
        self.whitelisted = True
        self.people = People(world.now)
        self.tokens = TokenDesk(world.now)
        self.templates = {template.id: template for template in TEMPLATES}
        self.media: dict[str, Media] = {}
        self.scenes: dict[str, str] = {}
        self.scene_limit = 100_000
        self.codes: dict[str, Code] = {}
        self.menu: list[dict[str, Any]] | None = None
        self.visitor: str | None = None
        """Whose browser opens the authorize page when it says nothing itself."""
        self.snapshot = False
        """The visitor only previews the page (快照页)."""
        self.once_ids: dict[tuple[str, str], tuple[int, float]] = {}
        self.day_limits = dict(DAY_LIMITS)
        self.minute_limits = dict(MINUTE_LIMITS)
        self._calls: Counter[tuple[str, int, int]] = Counter()

    def need(self, right: str) -> None:
        """Refused 48001 without it."""
        if right not in self.rights:
            raise Refused(48001)

    def count(self, path: str) -> None:
        """One call; Refused 45009 over the day's, 45011 over the minute's limit."""
        now = self.world.now()
        day, minute = int(now + SHANGHAI_SECONDS) // 86400, int(now) // 60
        if self._calls[path, 0, day] >= self.day_limits.get(path, 10**9):
            raise Refused(45009)
        if self._calls[path, 1, minute] >= self.minute_limits.get(path, 10**9):
            raise Refused(45011)
        self._calls[path, 0, day] += 1
        self._calls[path, 1, minute] += 1

    def used_today(self, path: str) -> int:
        """Calls since midnight in Shanghai."""
        return self._calls[path, 0, int(self.world.now() + SHANGHAI_SECONDS) // 86400]

    def most_in_a_minute(self, path: str) -> int:
        """The busiest minute so far."""
        return max((calls for (called, scale, _), calls in self._calls.items() if called == path and scale == 1), default=0)

    def keep_media(self, content: bytes, media_type: str) -> str:
        """Store a file as if a resident had sent it; its media id."""
        media_id = secrets.token_urlsafe(48)
        self.media[media_id] = Media(media_type, content, self.world.now())
        return media_id


class World:
    """Everything the platform remembers."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything."""
        with self.lock:
            self.seconds: Callable[[], float] = time.time
            self.offset = 0.0
            self.accounts: dict[str, Account] = {}
            self.everything_sent: list[Sent] = []
            self.faults = Faults()
            self.asked: Counter[str] = Counter()
            """Requests by path, refused ones too."""
            self._numbers = itertools.count(2_400_000_000_000_000_001)

    def now(self) -> float:
        """The platform's clock, Unix seconds."""
        return self.seconds() + self.offset

    def forward(self, **parts: float) -> None:
        """Move the clock by days, hours, minutes, seconds."""
        scale = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
        self.offset += sum(scale[name] * value for name, value in parts.items())

    def open_account(self, *, app_id: str, secret: str, original_id: str, rights: frozenset[str] = RIGHTS) -> Account:
        """A new official account."""
        account = Account(self, app_id=app_id, secret=secret, original_id=original_id, rights=rights)
        with self.lock:
            self.accounts[app_id] = account
        return account

    def note(self, account: Account, openid: str, kind: str, **facts: Any) -> Sent:
        """Something reached a resident."""
        sent = Sent(next(self._numbers), account.app_id, openid, kind, self.now(), **facts)
        self.everything_sent.append(sent)
        return sent

    def sent(self, openid: str | None = None) -> list[Sent]:
        """What reached somebody, or everybody, oldest first."""
        with self.lock:
            return [one for one in self.everything_sent if openid is None or one.openid == openid]
