"""What the machine hands over for one submission; workers fill it in, the service stores it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from intake.domain.submission import Urgency


class Verdict(StrEnum):
    """What the machine suggests."""

    ATTACH = "attach"
    """Joins an existing topic (建议并入)."""
    OPEN = "open"
    """Opens a candidate (建议另立)."""
    UNSURE = "unsure"
    """Doesn't know; a person decides (拿不准)."""


@dataclass(frozen=True, slots=True)
class TriageResult:
    """Everything stored for one submission; `content` is the finding as JSON, without the resident's text."""

    submission_id: int
    model_version: str
    masked: str
    place_masked: str
    category: str | None
    urgency: Urgency
    verdict: Verdict
    topic_id: int | None
    """Of `attach`, the topic to join; of `open`, the id drawn for the new one, if it was drawn before."""
    score: float | None
    reasons: tuple[str, ...]
    title: str
    content: dict[str, Any]
    grams: tuple[int, ...]
    rare: tuple[int, ...]
    quarantine: str | None = None
    """Why it waits for staff (`Held`): suggested for nothing and compared with nothing until they let it go."""
    sentence: tuple[int, int] | None = None
    """Where the sentence that brought it to its topic stands in `masked`."""
