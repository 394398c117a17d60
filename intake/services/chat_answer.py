"""What the chat answers: a code with facts of our own, never what was said; the web turns it into words, again for every repeat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Answer(StrEnum):
    """Which sentence."""

    SILENT = "silent"
    """None: an empty body, which also ends the platform's repeats."""
    GREET = "greet"
    """Where one is, and how this works (place, code, waiting_at)."""
    FIND = "find"
    """No point is known: scan a code, or simply begin to tell."""
    FIRST = "first"
    """The first part of a draft came in (place, draft, salt, advice)."""
    NOTED = "noted"
    """Now there are words with the pictures."""
    WORDS_WANTED = "words_wanted"
    """A picture or a place alone (place, draft, salt, is_place)."""
    ELSEWHERE = "elsewhere"
    """Somebody else can help sooner (advice)."""
    CHOOSE = "choose"
    """Pick a point (points, more, closed_note, closed)."""
    CHOSEN = "chosen"
    """It goes to this point (place, draft, salt, says)."""
    CLOSED = "closed"
    """The point takes nothing just now (closed_note, place)."""
    SENT = "sent"
    """Sent (number, salt)."""
    ALREADY_SENT = "already_sent"
    """It had been sent before (number, salt)."""
    NOTHING_YET = "nothing_yet"
    """Nothing was said that could be sent or dropped."""
    DROPPED = "dropped"
    """Thrown away, as the resident wished."""
    MINE = "mine"
    """The link to one's own items."""
    HELP = "help"
    """How this works."""
    CURE = "cure"
    """A sentence of the domain says what is wrong and what to do (words)."""
    TOO_LONG = "too_long"
    """The draft is full of words; this part wasn't kept."""
    TOO_MUCH = "too_much"
    """The draft has as many messages or pictures as it may have; this one wasn't kept."""
    TOO_OFTEN = "too_often"
    """The resident's limit is spent; this wasn't kept."""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """One answer; `facts` are JSON."""

    code: Answer
    facts: Mapping[str, Any] = field(default_factory=dict)
    submission_id: int | None = None
    """What this message sent."""


SILENCE = ChatAnswer(Answer.SILENT)


def cure(words: str) -> ChatAnswer:
    """What is wrong, in a sentence of the domain."""
    return ChatAnswer(Answer.CURE, {"words": words})
