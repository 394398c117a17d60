"""What goes into the decision and what comes out."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workers.triage.message import Reason

Kind = Literal["attach", "open", "unsure"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """The new message: its masked text, with the place behind it, and what triage made of it."""

    text: str
    grams: tuple[int, ...]
    area_id: int
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier message that shares rare grams; `text` is its masked text or the beginning of it."""

    submission_id: int
    topic_id: int | None
    grams: tuple[int, ...]
    text: str
    area_id: int
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SameMatter:
    """What to suggest.

    `attach` — joins `topic_id`; when that is None, joins the lone `submission_id`, and the two make a topic.
    `unsure` — possibly the same as `topic_id` or `submission_id`: show it, don't join.
    `open`   — nothing like it: stands alone, both ids are None.
    `others` are further topics worth a look with their scores, best first; `merge_with` those of them that the message would have
    joined just as well, so that they may be one matter. `sentence` is where in the message's text (start, end) the words stand that
    agree most with the message it resembles.
    """

    kind: Kind
    topic_id: int | None
    submission_id: int | None
    score: float
    reasons: tuple[Reason, ...]
    others: tuple[tuple[int, float], ...]
    sentence: tuple[int, int] | None = None
    merge_with: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` turns back into an equal suggestion."""
        return {
            "kind": self.kind,
            "topic_id": self.topic_id,
            "submission_id": self.submission_id,
            "score": self.score,
            "reasons": [reason.to_json() for reason in self.reasons],
            "others": [list(other) for other in self.others],
            "sentence": list(self.sentence) if self.sentence else None,
            "merge_with": list(self.merge_with),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "SameMatter":
        """The suggestion that `to_json` wrote."""
        start_end = raw.get("sentence")
        return cls(
            raw["kind"],
            raw["topic_id"],
            raw["submission_id"],
            raw["score"],
            tuple(Reason.from_json(reason) for reason in raw["reasons"]),
            tuple((topic, score) for topic, score in raw["others"]),
            (start_end[0], start_end[1]) if start_end else None,
            tuple(raw.get("merge_with", ())),
        )
