"""What goes into triage and what comes out: frozen, and JSON on both sides."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from intake.domain.language.demands import Demand
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
    known_places: tuple[str, ...] = ()
    """Names of the district's streets, communities and points."""
    sender_recent: int = 0
    """How many messages the same device sent in the 24 hours before this one; 0 where devices can't be told apart."""
    sender_same_text: int = 0
    """How many of those said the same, word for word."""

    def to_json(self) -> Json:
        """Plain values that `from_json` turns back into an equal message."""
        return {
            "text": self.text,
            "area_id": self.area_id,
            "area_names": list(self.area_names),
            "received_at": self.received_at.isoformat(),
            "known_places": list(self.known_places),
            "sender_recent": self.sender_recent,
            "sender_same_text": self.sender_same_text,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Message":
        """The message that `to_json` wrote."""
        return cls(
            raw["text"],
            raw["area_id"],
            tuple(raw["area_names"]),
            dt.datetime.fromisoformat(raw["received_at"]),
            known_places=tuple(raw.get("known_places", ())),
            sender_recent=raw.get("sender_recent", 0),
            sender_same_text=raw.get("sender_same_text", 0),
        )


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
class Note:
    """A kind (`Held`, `Elsewhere`) and what speaks for it."""

    kind: str
    reasons: tuple[Reason, ...]

    def to_json(self) -> Json:
        """Plain values that `from_json` turns back into an equal note."""
        return {"kind": self.kind, "reasons": [reason.to_json() for reason in self.reasons]}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Note":
        """The note that `to_json` wrote."""
        return cls(raw["kind"], tuple(Reason.from_json(reason) for reason in raw["reasons"]))


Where = Literal["here", "named", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Place:
    """A name of a place: `here` in the sender's own area or district, `named` by its ending alone, `elsewhere` in another city."""

    name: str
    where: Where


@dataclass(frozen=True, slots=True)
class Finding:
    """What triage found in one message; `normalised`, `grams`, `masked` and `title_hint` hold no personal data that was recognised."""

    normalised: str = ""
    spans: tuple[Span, ...] = ()
    masked: str = ""
    screen: Note | None = None
    """Why it should wait for staff (待核); None for a message like any other."""
    route_out: Note | None = None
    """Who else could help sooner; it is triaged all the same."""
    places: tuple[Place, ...] = ()
    demands: tuple[Demand, ...] = ()
    """Spans over `masked`."""
    category: str | None = None
    category_confidence: float = 0.0
    category_reasons: tuple[Reason, ...] = ()
    category_others: tuple[tuple[str, float], ...] = ()
    """The next categories with their probabilities; the first ones when `category` is None."""
    field: str | None = None
    """The broad field that the learnt model reads, such as 城乡建设; None when it isn't sure."""
    field_confidence: float = 0.0
    field_reasons: tuple[Reason, ...] = ()
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
            "screen": self.screen.to_json() if self.screen else None,
            "route_out": self.route_out.to_json() if self.route_out else None,
            "places": [asdict(place) for place in self.places],
            "demands": [asdict(demand) for demand in self.demands],
            "category": self.category,
            "category_confidence": self.category_confidence,
            "category_reasons": [reason.to_json() for reason in self.category_reasons],
            "category_others": [list(other) for other in self.category_others],
            "field": self.field,
            "field_confidence": self.field_confidence,
            "field_reasons": [reason.to_json() for reason in self.field_reasons],
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
            screen=Note.from_json(raw["screen"]) if raw.get("screen") else None,
            route_out=Note.from_json(raw["route_out"]) if raw.get("route_out") else None,
            places=tuple(Place(**place) for place in raw.get("places", ())),
            demands=tuple(Demand(**demand) for demand in raw.get("demands", ())),
            category=raw["category"],
            category_confidence=raw["category_confidence"],
            category_reasons=tuple(Reason.from_json(reason) for reason in raw["category_reasons"]),
            category_others=tuple((code, probability) for code, probability in raw.get("category_others", ())),
            field=raw.get("field"),
            field_confidence=raw.get("field_confidence", 0.0),
            field_reasons=tuple(Reason.from_json(reason) for reason in raw.get("field_reasons", ())),
            urgency=raw["urgency"],
            urgency_reasons=tuple(Reason.from_json(reason) for reason in raw["urgency_reasons"]),
            grams=tuple(raw["grams"]),
            title_hint=raw["title_hint"],
            model_version=raw["model_version"],
        )
