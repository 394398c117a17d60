"""An edition of the year's plan: what was printed, and what the next one says instead. Words are those of the paper, which is Chinese."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class ItemField(StrEnum):
    """What a plan prints of an item, in the order of its columns."""

    TITLE = "title"
    """议题."""
    FORM = "form"
    """协商形式."""
    DAYS = "days"
    """时间."""
    LEAD_CHAIR = "lead_chair"
    """领衔主席."""
    PROPOSERS = "proposers"
    """提出."""
    CONVENOR = "convenor"
    """召集人."""
    UNITS = "units"
    """参加单位."""
    WORDS = "words"
    """说明."""
    TOPIC = "topic"
    """议题编号."""


ITEM_FIELD_NAMES: dict[ItemField, str] = {
    ItemField.TITLE: "议题",
    ItemField.FORM: "协商形式",
    ItemField.DAYS: "时间",
    ItemField.LEAD_CHAIR: "领衔主席",
    ItemField.PROPOSERS: "提出",
    ItemField.CONVENOR: "召集人",
    ItemField.UNITS: "参加单位",
    ItemField.WORDS: "说明",
    ItemField.TOPIC: "议题编号",
}
"""Screen names."""


@dataclass(frozen=True, slots=True)
class PrintedItem:
    """One consultation as it was printed; `item_id` tells that it is the same in the next edition."""

    item_id: int
    quarter: int
    starts_on: date | None
    ends_on: date | None
    cells: Mapping[ItemField, str]

    @property
    def title(self) -> str:
        """What it is about."""
        return self.cells.get(ItemField.TITLE, "")

    @property
    def months(self) -> tuple[int, int]:
        """The first and last month of its road map."""
        return months_of(self.quarter, self.starts_on, self.ends_on)


@dataclass(frozen=True, slots=True)
class PrintedPlan:
    """All that an edition says."""

    title: str
    words: str
    quota: int
    items: tuple[PrintedItem, ...]

    def frozen(self) -> dict[str, Any]:
        """As an edition keeps it."""
        return {
            "title": self.title,
            "words": self.words,
            "quota": self.quota,
            "items": [
                {
                    "item_id": one.item_id,
                    "quarter": one.quarter,
                    "starts_on": _iso(one.starts_on),
                    "ends_on": _iso(one.ends_on),
                    "cells": {field.value: words for field, words in one.cells.items()},
                }
                for one in self.items
            ],
        }


def thawed(kept: Mapping[str, Any]) -> PrintedPlan:
    """What an edition kept."""
    return PrintedPlan(
        title=kept["title"],
        words=kept["words"],
        quota=kept["quota"],
        items=tuple(
            PrintedItem(
                item_id=one["item_id"],
                quarter=one["quarter"],
                starts_on=_day(one["starts_on"]),
                ends_on=_day(one["ends_on"]),
                cells={ItemField(name): words for name, words in one["cells"].items()},
            )
            for one in kept["items"]
        ),
    )


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One cell that says something else than before."""

    field: ItemField
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PlanDifferences:
    """What one edition says that the one before didn't; the order within a quarter alone is no difference."""

    title: tuple[str, str] | None
    words: tuple[str, str] | None
    quota: tuple[int, int] | None
    """Before and after, where they differ."""
    added: tuple[PrintedItem, ...]
    dropped: tuple[PrintedItem, ...]
    moved: tuple[tuple[PrintedItem, int], ...]
    """In another quarter now, and the one before."""
    changed: tuple[tuple[PrintedItem, tuple[FieldChange, ...]], ...]

    def __bool__(self) -> bool:
        return bool(self.title or self.words or self.quota or self.added or self.dropped or self.moved or self.changed)


def differences(before: PrintedPlan, after: PrintedPlan) -> PlanDifferences:
    """Item by item and field by field; items are the same where their id is."""
    old, new = {one.item_id: one for one in before.items}, {one.item_id for one in after.items}
    both = [(old[one.item_id], one) for one in after.items if one.item_id in old]
    changes = ((now, _changed(was, now)) for was, now in both)
    return PlanDifferences(
        title=(before.title, after.title) if before.title != after.title else None,
        words=(before.words, after.words) if before.words != after.words else None,
        quota=(before.quota, after.quota) if before.quota != after.quota else None,
        added=tuple(one for one in after.items if one.item_id not in old),
        dropped=tuple(one for one in before.items if one.item_id not in new),
        moved=tuple((now, was.quarter) for was, now in both if was.quarter != now.quarter),
        changed=tuple((one, cells) for one, cells in changes if cells),
    )


def _changed(before: PrintedItem, after: PrintedItem) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field, before.cells.get(field, ""), after.cells.get(field, ""))
        for field in ItemField
        if before.cells.get(field, "") != after.cells.get(field, "")
    )


def days_printed(starts_on: date | None, ends_on: date | None) -> str:
    """2027-04-10 to 12 as the paper has it: 4月10日—12日; empty where no day is set."""
    if starts_on is None and ends_on is None:
        return ""
    if starts_on is None or ends_on is None or starts_on == ends_on:
        only = starts_on or ends_on
        assert only is not None
        return f"{only.month}月{only.day}日" + ("起" if ends_on is None else "前" if starts_on is None else "")
    until = (
        f"{ends_on.day}日" if (starts_on.year, starts_on.month) == (ends_on.year, ends_on.month) else f"{ends_on.month}月{ends_on.day}日"
    )
    return f"{starts_on.month}月{starts_on.day}日—{until}"


def months_of(quarter: int, starts_on: date | None, ends_on: date | None) -> tuple[int, int]:
    """From the month it begins to the one it ends, both counted; those of its quarter as far as no day says more."""
    first = starts_on.month if starts_on is not None else quarter * 3 - 2
    last = ends_on.month if ends_on is not None else max(first, quarter * 3)
    return min(first, last), last


def by_quarter(items: Sequence[PrintedItem]) -> dict[int, tuple[PrintedItem, ...]]:
    """The items of each of the four, empty ones too."""
    return {quarter: tuple(one for one in items if one.quarter == quarter) for quarter in (1, 2, 3, 4)}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _day(raw: str | None) -> date | None:
    return date.fromisoformat(raw) if raw else None
