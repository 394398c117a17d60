"""公开内容: what the public may read of a topic, once named staff released it (先审后发)."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class ReleaseKind(StrEnum):
    """What it tells the public."""

    IN_HAND = "in_hand"
    """正在办: what is being done."""
    DECISION = "decision"
    """决定与理由: what was decided, and why."""
    RESULT = "result"
    """办理结果: what came of it."""


KIND_NAMES: dict[ReleaseKind, str] = {
    ReleaseKind.IN_HAND: "正在办",
    ReleaseKind.DECISION: "决定与理由",
    ReleaseKind.RESULT: "办理结果",
}
"""Screen names."""


class ReleaseState(StrEnum):
    """Whether the public can read it."""

    DRAFT = "draft"
    """待审."""
    RELEASED = "released"
    """已公开."""
    WITHDRAWN = "withdrawn"
    """已撤下."""


class ReleaseAction(StrEnum):
    """What moves a release."""

    PUBLISH = "publish"
    """公开."""
    WITHDRAW = "withdraw"
    """撤下."""


S, A = ReleaseState, ReleaseAction
LABELS.add({S.DRAFT: "待审", S.RELEASED: "已公开", S.WITHDRAWN: "已撤下"})

RELEASE_TABLE = StateTable(
    noun="release",
    states=S,
    initial=S.DRAFT,
    transitions=(
        Transition(A.PUBLISH, frozenset({S.DRAFT, S.WITHDRAWN}), S.RELEASED, P.RELEASE_PUBLISH, ""),
        Transition(A.WITHDRAW, frozenset({S.DRAFT, S.RELEASED}), S.WITHDRAWN, P.RELEASE_PUBLISH, "", needs_reason=True),
    ),
)
"""Source: product.md, Principles: nothing is public until named staff release it."""
