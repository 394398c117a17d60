"""聊天草稿: what one resident says to an account, message by message, until it is sent as one submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intake.domain.submission import Channel
from intake.domain.text import PLACE_MAX, TEXT_MAX, clean
from intake.domain.transition import LABELS, StateTable, Transition


class DraftState(StrEnum):
    """Whether it still takes words."""

    OPEN = "open"
    """还在写."""
    SENT = "sent"
    """已送出."""
    DROPPED = "dropped"
    """没有送出: thrown away by the resident, or never ended and erased after its days."""


class DraftAction(StrEnum):
    """What ends it."""

    SEND = "send"
    """"发送", a pause, or the form."""
    DROP = "drop"
    """"不发了", or too old."""


class SentBy(StrEnum):
    """How it was sent."""

    WORD = "word"
    """The resident wrote "发送"."""
    PAUSE = "pause"
    """Nothing more came for a while."""
    FORM = "form"
    """The same draft was sent from the form."""


class PartKind(StrEnum):
    """What one message holds."""

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


LABELS.add({DraftState.OPEN: "还在写", DraftState.SENT: "已送出", DraftState.DROPPED: "没有送出"})

DRAFT_TABLE = StateTable(
    noun="chat_draft",
    states=DraftState,
    initial=DraftState.OPEN,
    transitions=(
        Transition(DraftAction.SEND, frozenset({DraftState.OPEN}), DraftState.SENT, None, ""),
        Transition(DraftAction.DROP, frozenset({DraftState.OPEN}), DraftState.DROPPED, None, ""),
    ),
)

VOICE_MARK = "（语音）"
PHOTO_MARK = "（照片）"
"""What stands in the text for something that was spoken or pictured and that nobody wrote down."""
_WITHOUT_WORDS = frozenset({Channel.WECHAT_VOICE, Channel.WECHAT_IMAGE, Channel.MEMBER})
"""Ways in that ask for no words."""
_SAYS = frozenset({PartKind.TEXT, PartKind.VOICE, PartKind.LINK})
"""Kinds that say what the matter is; a picture or a place waits for words."""
MOST_PARTS = 60
MOST_PHOTOS = 9
"""Of one draft."""
MOST_LETTERS = TEXT_MAX - (len(VOICE_MARK) + 1) * MOST_PARTS
"""Of what is written in one draft, so that there is room for the marks of what is spoken."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a draft."""

    kind: PartKind
    sent_at: datetime
    message_id: int
    words: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """What a draft says as one sentence of a resident."""

    text: str
    place: str
    channel: Channel


def says_something(kind: PartKind) -> bool:
    """Whether a part of this kind tells what the matter is, so that a pause may send it."""
    return kind in _SAYS


def compose(parts: Sequence[Part]) -> Composed:
    """One text of a draft's parts, each on its line, in the order of the platform's time and number; the last place counts.

    A voice stands there by what was heard in it, after a mark, or by the mark alone where that is too much for one submission; pictures
    alone are only a mark.
    """
    ordered = sorted(parts, key=lambda part: (part.sent_at, part.message_id))
    lines = [line for part in ordered if (line := _line(part))]
    if sum(len(line) + 1 for line in lines) > TEXT_MAX:
        lines = [VOICE_MARK if line.startswith(VOICE_MARK) else line for line in lines]
    kinds = {part.kind for part in ordered}
    if not lines and PartKind.IMAGE in kinds:
        lines = [PHOTO_MARK]
    places = [_place(part) for part in ordered if part.kind is PartKind.LOCATION]
    return Composed("\n".join(lines), places[-1] if places else "", _channel(kinds))


def is_unheard(text: str, channel: Channel) -> bool:
    """Whether a text is nothing but marks: spoken or pictured, and nobody has written down a word of it."""
    return channel in _WITHOUT_WORDS and set(text.split("\n")) <= {VOICE_MARK, PHOTO_MARK}


def voice_line(heard: str) -> str:
    """How a voice stands in a text."""
    return VOICE_MARK + " ".join(heard.split())


def _line(part: Part) -> str:
    match part.kind:
        case PartKind.TEXT:
            return clean(part.words).text
        case PartKind.VOICE:
            return voice_line(clean(part.words).text)
        case PartKind.LINK:
            return " ".join(one for one in (" ".join(clean(part.words).text.split()), part.address) if one)
        case PartKind.IMAGE | PartKind.LOCATION:
            return ""


def _place(part: Part) -> str:
    label = " ".join(clean(part.words).text.split())
    if label or part.latitude is None or part.longitude is None:
        return label[:PLACE_MAX]
    return f"{part.latitude:.5f}, {part.longitude:.5f}"


def _channel(kinds: set[PartKind]) -> Channel:
    if kinds & {PartKind.TEXT, PartKind.LINK}:
        return Channel.WECHAT_TEXT
    return Channel.WECHAT_VOICE if PartKind.VOICE in kinds else Channel.WECHAT_IMAGE
