"""筛选: what a screener marks from 0 to 3, and decisions that become known together on a day."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition

MARK_MOST = 3


class Criterion(StrEnum):
    """What is weighed; the marks explain a decision, they don't make it."""

    PEOPLE = "people"
    """涉及人数."""
    REPETITION = "repetition"
    """反复程度."""
    SPREAD = "spread"
    """涉及范围."""
    URGENCY = "urgency"
    """紧迫程度."""
    REMIT = "remit"
    """是否政协所能: what party and government need, the public hopes for, and the committee can do."""
    FEASIBILITY = "feasibility"
    """能否办成."""


CRITERION_NAMES: dict[Criterion, str] = {
    Criterion.PEOPLE: "涉及人数",
    Criterion.REPETITION: "反复程度",
    Criterion.SPREAD: "涉及范围",
    Criterion.URGENCY: "紧迫程度",
    Criterion.REMIT: "党政所需、群众所盼、政协所能",
    Criterion.FEASIBILITY: "能否办成",
}
"""Screen names. Source: domain.md, Topic."""


class RoundState(StrEnum):
    """Whether its decisions are known."""

    OPEN = "open"
    """待公布: decisions are written and may still be changed; residents know nothing yet."""
    PUBLISHED = "published"
    """已公布: each was made and told, or stands with the reason why it couldn't be."""
    CANCELLED = "cancelled"
    """已取消."""


class RoundAction(StrEnum):
    """What moves it."""

    PUBLISH = "publish"
    """公布: when its time comes, or at once."""
    CANCEL = "cancel"
    """取消: its topics wait for a decision as before."""


LABELS.add({RoundState.OPEN: "待公布", RoundState.PUBLISHED: "已公布", RoundState.CANCELLED: "已取消"})
ROUND_TABLE = StateTable(
    noun="screening_round",
    states=RoundState,
    initial=RoundState.OPEN,
    transitions=(
        Transition(RoundAction.PUBLISH, frozenset({RoundState.OPEN}), RoundState.PUBLISHED, P.SCREEN_DECIDE, ""),
        Transition(RoundAction.CANCEL, frozenset({RoundState.OPEN}), RoundState.CANCELLED, P.SCREEN_DECIDE, ""),
    ),
)
"""Source: issue of Part 8, "decisions published together on a chosen date"; docs/adr/0042."""
