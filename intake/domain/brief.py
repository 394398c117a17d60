"""议题简报: the one page that goes to screening with a topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

PART_MAX = 500
"""Characters of each of the three parts, so that it stays one page."""
QUOTES_MOST, PHOTOS_MOST = 5, 4


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """How many confirmed words came from one community."""

    area_id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a topic, counted over confirmed submissions."""

    told: int
    people: int
    """Different senders as far as devices and WeChat tell them apart."""
    waiting: int
    """Suggested by the machine, not confirmed by anybody."""
    endorsed: int
    places: tuple[PlaceCount, ...]
    first_on: date | None
    last_week: int
    """Of `told`, in the seven days before."""
    urgent: int
    """Soon or emergency."""


def basis_of(behind: Behind) -> str:
    """The counts as a sentence to start from, in the words of an official paper; whoever edits it may say it otherwise."""
    if behind.first_on is None:
        return ""
    since = f"{behind.first_on.year}年{behind.first_on.month}月{behind.first_on.day}日以来"
    parts = [f"{since}，{behind.told}件来件反映同一件事，约{behind.people}人"]
    if behind.endorsed:
        parts.append(f"另有{behind.endorsed}人附议")
    parts.append(f"涉及{len(behind.places)}个社区（{_by_place(behind.places)}）")
    if behind.last_week:
        parts.append(f"最近7天{behind.last_week}件")
    if behind.urgent:
        parts.append(f"其中较急或紧急{behind.urgent}件")
    return "；".join(parts) + "。"


def _by_place(places: Sequence[PlaceCount], most: int = 6) -> str:
    shown = "、".join(f"{place.name}{place.count}件" for place in places[:most])
    return f"{shown}等" if len(places) > most else shown
