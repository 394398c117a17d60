"""建议: what the machine would do with whole topics (merge, split, gather into a class); a person accepts or dismisses it."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class ProposalKind(StrEnum):
    """What is proposed."""

    MERGE = "merge"
    """两个议题可能是一件事: `topic_ids` are the two, the one to keep first."""
    SPLIT = "split"
    """一个议题里可能有两件事: `topic_ids` is the one, `submission_ids` would leave together."""
    CLASS = "class"
    """一类事: `topic_ids` are alike in several communities."""


PROPOSAL_NAMES: dict[ProposalKind, str] = {
    ProposalKind.MERGE: "可能是一件事",
    ProposalKind.SPLIT: "可能是两件事",
    ProposalKind.CLASS: "可能是一类事",
}
"""Screen names."""


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    """待定."""
    ACCEPTED = "accepted"
    """已采纳."""
    DISMISSED = "dismissed"
    """未采纳: the machine doesn't propose the same again."""
    OUTDATED = "outdated"
    """已过时: a topic it speaks of was decided or changed meanwhile."""


class ProposalAction(StrEnum):
    """What moves a proposal."""

    ACCEPT = "accept"
    """采纳."""
    DISMISS = "dismiss"
    """不采纳."""
    OUTDATE = "outdate"
    """过时."""
    REOPEN = "reopen"
    """撤销: what was accepted is taken back."""


S, A = ProposalState, ProposalAction
LABELS.add({S.OPEN: "待定", S.ACCEPTED: "已采纳", S.DISMISSED: "未采纳", S.OUTDATED: "已过时"})

PROPOSAL_TABLE = StateTable(
    noun="topic_proposal",
    states=S,
    initial=S.OPEN,
    transitions=(
        Transition(A.ACCEPT, frozenset({S.OPEN}), S.ACCEPTED, P.SCREEN_DECIDE, ""),
        Transition(A.DISMISS, frozenset({S.OPEN}), S.DISMISSED, P.SCREEN_DECIDE, ""),
        Transition(A.OUTDATE, frozenset({S.OPEN}), S.OUTDATED, None, ""),
        Transition(A.REOPEN, frozenset({S.ACCEPTED, S.DISMISSED}), S.OPEN, P.SCREEN_DECIDE, ""),
    ),
)
"""Source: issue “Triage that people trust”: the machine proposes, a person decides, and either can be taken back."""
