"""聊天草稿: what one resident says to an account, message by message, until it is sent as one submission."""

from enum import StrEnum

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
    IMAGE = "image"
    VOICE = "voice"
    LOCATION = "location"
    LINK = "link"


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
