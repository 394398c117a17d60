"""How far a consultation of the plan is, told by its topic's state; each beside its own day, never beside another."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from intake.domain.topic import TopicState


class Progress(StrEnum):
    """Where one item stands."""

    OPEN = "open"
    """议题待定: a placeholder."""
    POOLED = "pooled"
    """待印发: its topic enters the plan with the edition that names it."""
    PLANNED = "planned"
    """待协商."""
    CONSULTING = "consulting"
    """协商中."""
    DELIVERING = "delivering"
    """办理中: it was held, its report delivered."""
    DELIVERED = "delivered"
    """已办结."""
    ELSEWHERE = "elsewhere"
    """议题有变化: it was merged, referred or not taken up meanwhile; somebody must look."""


P = Progress
PROGRESS_NAMES: dict[Progress, str] = {
    P.OPEN: "议题待定",
    P.POOLED: "待印发",
    P.PLANNED: "待协商",
    P.CONSULTING: "协商中",
    P.DELIVERING: "办理中",
    P.DELIVERED: "已办结",
    P.ELSEWHERE: "议题有变化",
}
"""Screen names."""
HELD = frozenset({P.DELIVERING, P.DELIVERED})
"""The consultation has taken place."""
_OF_STATE = {
    TopicState.POOLED: P.POOLED,
    TopicState.PLANNED: P.PLANNED,
    TopicState.CONSULTING: P.CONSULTING,
    TopicState.DELIVERING: P.DELIVERING,
    TopicState.DELIVERED: P.DELIVERED,
}


def progress_of(state: TopicState | None) -> Progress:
    """Of an item by its topic's state; None where it has no topic."""
    return P.OPEN if state is None else _OF_STATE.get(state, P.ELSEWHERE)


def last_day(year: int, quarter: int, ends_on: date | None) -> date:
    """By when it is to have taken place: its own last day, else that of its quarter."""
    month = quarter * 3
    return ends_on or date(year, month, monthrange(year, month)[1])


def is_overdue(progress: Progress, due: date, *, today: date) -> bool:
    """Whether its day is over and it hasn't taken place."""
    return progress not in HELD and due < today


@dataclass(frozen=True, slots=True)
class Tally:
    """A plan in numbers."""

    quota: int
    planned: int
    """Items that stand in it."""
    open: int
    """Of these, without a topic so far."""
    consulting: int
    held: int
    delivered: int
    """Of those held, those whose matter is done."""
    overdue: int

    @property
    def lacking(self) -> int:
        """How many items the plan lacks of its quota."""
        return max(0, self.quota - self.planned)

    @property
    def to_hold(self) -> int:
        """How many must still be held to reach the quota."""
        return max(0, self.quota - self.held)


def tally(quota: int, items: Sequence[tuple[Progress, bool]]) -> Tally:
    """Of each item how far it is and whether its day is over."""
    steps = [progress for progress, _ in items]
    return Tally(
        quota=quota,
        planned=len(steps),
        open=steps.count(P.OPEN),
        consulting=steps.count(P.CONSULTING),
        held=sum(one in HELD for one in steps),
        delivered=steps.count(P.DELIVERED),
        overdue=sum(late for _, late in items),
    )
