"""What the platform posts to an account, read and verified: a resident's message, or something that happened."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What it is; the first five are said by a resident."""

    TEXT = "text"
    """文字."""
    IMAGE = "image"
    """照片."""
    VOICE = "voice"
    """语音."""
    LOCATION = "location"
    """位置."""
    LINK = "link"
    """链接."""
    SUBSCRIBE = "subscribe"
    """关注, perhaps by scanning a code."""
    SCAN = "scan"
    """A follower scanned a code (扫码)."""
    UNSUBSCRIBE = "unsubscribe"
    """取消关注."""
    CLICK = "click"
    """A menu button that tells us its key."""
    SUBSCRIPTIONS = "subscriptions"
    """Subscription notices allowed, or taken back (订阅通知的授权)."""
    ARRIVAL = "arrival"
    """Whether notices sent earlier arrived."""
    OTHER = "other"
    """Nothing that we do anything about."""


SAID = frozenset({EventKind.TEXT, EventKind.IMAGE, EventKind.VOICE, EventKind.LOCATION, EventKind.LINK})
"""A message, which opens the time in which the platform lets us write back."""
TOUCHED = frozenset({EventKind.SUBSCRIBE, EventKind.SCAN, EventKind.CLICK})
"""A tap, which opens a short time."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one notice: the platform's number of it, and whether it reached the resident."""

    platform_id: str
    ok: bool
    reason: str
    """In the platform's own words; empty where it arrived."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One verified message or event; repeats of it are equal in every field."""

    kind: EventKind
    account: str
    """ToUserName, the account's own id (gh_…)."""
    openid: str
    """FromUserName."""
    created_at: datetime
    dedupe_key: str
    """ASCII, at most 70 characters: `message:<MsgId>`, or `event:<sha256>` of what the platform names an event by."""
    text: str = ""
    """What the resident wrote; the label of a location, the title of a link, what the platform itself heard in a voice message."""
    scene: str | None = None
    """The scene code scanned, without `qrscene_`."""
    message_id: int = 0
    """MsgId; 0 for an event."""
    media_id: str = ""
    """Of a picture or voice; the platform keeps it for three days."""
    latitude: float | None = None
    longitude: float | None = None
    address: str = ""
    """Of a link; empty unless it is http or https."""
    key: str = ""
    """EventKey of a menu button."""
    subscriptions: tuple[tuple[str, bool], ...] = ()
    """(template id, whether the resident allows it)."""
    arrivals: tuple[Arrival, ...] = ()
