"""What goes into triage and what comes out: frozen, and JSON on both sides."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from intake.domain.personal_data import Span

Urgency = Literal["emergency", "soon", "normal"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One resident's words as written; `area_names` runs from the district down to the community."""

    text: str
    area_id: int
    area_names: tuple[str, ...]
    received_at: dt.datetime

    def to_json(self) -> Json:
        """Plain values that `from_json` turns back into an equal message."""
        return {
            "text": self.text,
            "area_id": self.area_id,
            "area_names": list(self.area_names),
            "received_at": self.received_at.isoformat(),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Message":
        """The message that `to_json` wrote."""
        return cls(raw["text"], raw["area_id"], tuple(raw["area_names"]), dt.datetime.fromisoformat(raw["received_at"]))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the machine suggests something; `words` are shown to a member, such as 同一地点：幸福里."""

    code: str
    words: str

    def to_json(self) -> Json:
        """Plain values that `from_json` turns back into an equal reason."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Reason":
        """The reason that `to_json` wrote."""
        return cls(raw["code"], raw["words"])


@dataclass(frozen=True, slots=True)
class Finding:
    """What triage found in one message; `normalised`, `grams`, `masked` and `title_hint` hold no personal data that was recognised."""

    normalised: str = ""
    spans: tuple[Span, ...] = ()
    masked: str = ""
    category: str | None = None
    category_confidence: float = 0.0
    category_reasons: tuple[Reason, ...] = ()
    urgency: Urgency = "normal"
    urgency_reasons: tuple[Reason, ...] = ()
    grams: tuple[int, ...] = ()
    title_hint: str = ""
    model_version: str = ""

    def to_json(self) -> Json:
        """Plain values that `from_json` turns back into an equal finding."""
        return {
            "normalised": self.normalised,
            "spans": [span.to_json() for span in self.spans],
            "masked": self.masked,
            "category": self.category,
            "category_confidence": self.category_confidence,
            "category_reasons": [reason.to_json() for reason in self.category_reasons],
            "urgency": self.urgency,
            "urgency_reasons": [reason.to_json() for reason in self.urgency_reasons],
            "grams": list(self.grams),
            "title_hint": self.title_hint,
            "model_version": self.model_version,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Finding":
        """The finding that `to_json` wrote."""
        return cls(
            normalised=raw["normalised"],
            spans=tuple(Span.from_json(span) for span in raw["spans"]),
            masked=raw["masked"],
            category=raw["category"],
            category_confidence=raw["category_confidence"],
            category_reasons=tuple(Reason.from_json(reason) for reason in raw["category_reasons"]),
            urgency=raw["urgency"],
            urgency_reasons=tuple(Reason.from_json(reason) for reason in raw["urgency_reasons"]),
            grams=tuple(raw["grams"]),
            title_hint=raw["title_hint"],
            model_version=raw["model_version"],
        )
