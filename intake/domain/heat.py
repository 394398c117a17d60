"""热度: how much a topic asks for attention, 0 to 100, made of four parts that explain themselves.

Counted are people, not messages: whoever writes a thousand times is one person, who spoke for the first time at one moment in one place.
The sum explains an order on the board; it decides nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from intake.domain.submission import Urgency

PartCode = Literal["people", "growth", "spread", "urgency"]
MOST: dict[PartCode, int] = {"people": 50, "growth": 20, "spread": 15, "urgency": 15}
"""The points each part can bring; together 100."""
HALF_AT_PEOPLE = 12
"""As many people bring half of the points for people; the next twelve bring a third of the rest."""
HALF_AT_GROWTH = 8
"""As many more people than usual in a week bring half of the points for growth, so that two more mean little."""
RECENT_DAYS, BEFORE_DAYS = 7, 21
"""The week that is looked at, and the three before it that say what is usual."""
_URGENT = {Urgency.EMERGENCY: 15, Urgency.SOON: 7, Urgency.NORMAL: 0}


@dataclass(frozen=True, slots=True)
class HeatFacts:
    """What is known of a topic's voices; each sender is counted at the first word and where that was said."""

    senders: int
    """Different devices, WeChat accounts, and members who saw it themselves."""
    unnamed: int
    """Messages that came with neither: somebody else's each, or one person's all."""
    recent: int
    """Senders and unnamed messages that were new in the last RECENT_DAYS."""
    before: int
    """Those that were new in the BEFORE_DAYS before."""
    areas: int
    urgency: Urgency

    @property
    def people(self) -> int:
        """People as far as they can be told apart: unnamed messages count less the more there are."""
        return self.senders + damped(self.unnamed)


@dataclass(frozen=True, slots=True)
class HeatPart:
    """One part: its points, the most it can bring, and why, in a Chinese sentence that says the points as well."""

    code: PartCode
    points: int
    most: int
    words: str

    def to_json(self) -> dict[str, str | int]:
        """Plain values, as they stand in the topic's row."""
        return {"code": self.code, "points": self.points, "most": self.most, "words": self.words}


@dataclass(frozen=True, slots=True)
class Heat:
    """The sum and its parts, in the order of MOST."""

    points: int
    parts: tuple[HeatPart, ...]


def damped(messages: int) -> int:
    """How many people as many messages without any sign of their sender stand for: 1 for 1, 6 for 8, 14 for 40, 39 for 1,000."""
    return round(8 * math.log1p(messages / 8)) if messages > 1 else messages


def heat_of(facts: HeatFacts) -> Heat:
    """The heat of a topic: more people, more of them lately than usual, from more places, more urgent."""
    points = _points(facts, factor=1.0)
    parts = tuple(HeatPart(code, points[code], most, _WORDS[code](facts, points[code])) for code, most in MOST.items())
    return Heat(sum(points.values()), parts)


def corrected_heat(facts: HeatFacts, factor: float) -> int:
    """The heat if each of these people stood for `factor` (1 to 2, `domain/under_reporting.py`): never less than it is, never over 100."""
    return sum(_points(facts, factor=factor).values())


def _points(facts: HeatFacts, *, factor: float) -> dict[PartCode, int]:
    people = facts.people
    recent = min(facts.recent, people)
    weekly = facts.before * RECENT_DAYS / BEFORE_DAYS
    scores: dict[PartCode, float] = {
        "people": _saturating(people * factor, HALF_AT_PEOPLE),
        "growth": _saturating(max(0.0, recent - weekly) * factor, HALF_AT_GROWTH),
        "spread": 1 - 1 / facts.areas if facts.areas > 1 else 0.0,
        "urgency": _URGENT[facts.urgency] / MOST["urgency"],
    }
    return {code: round(MOST[code] * score) for code, score in scores.items()}


def _saturating(value: float, half_at: int) -> float:
    """0 for none, a half at `half_at`, towards 1 for ever more."""
    return value / (value + half_at)


def _people_words(facts: HeatFacts, points: int) -> str:
    people = facts.people
    return f"{people} 人反映（+{points}）"


def _growth_words(facts: HeatFacts, points: int) -> str:
    recent, weekly = min(facts.recent, facts.people), round(facts.before * RECENT_DAYS / BEFORE_DAYS)
    return f"近 7 天新增 {recent} 人，此前每周约 {weekly} 人（+{points}）"


def _spread_words(facts: HeatFacts, points: int) -> str:
    areas = facts.areas
    return f"涉及 {areas} 个社区（+{points}）"


def _urgency_words(facts: HeatFacts, points: int) -> str:
    if facts.urgency is Urgency.EMERGENCY:
        return f"有紧急来件（+{points}）"
    return f"有较急来件（+{points}）" if facts.urgency is Urgency.SOON else "没有紧急来件（+0）"


_WORDS: dict[PartCode, Callable[[HeatFacts, int], str]] = {
    "people": _people_words,
    "growth": _growth_words,
    "spread": _spread_words,
    "urgency": _urgency_words,
}
