"""批示: a leader's instruction, given on paper and registered by staff; internal by default (row G3)."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class InstructionState(StrEnum):
    """Whether it was followed to the end."""

    REGISTERED = "registered"
    """已登记."""
    FOLLOWING = "following"
    """落实中: sent on to units."""
    CLOSED = "closed"
    """已落实, with what came of it."""


class InstructionAction(StrEnum):
    """What moves it."""

    SEND_ON = "send_on"
    """转办: to a unit, once or more."""
    CLOSE = "close"
    """办结."""
    REOPEN = "reopen"
    """继续落实."""


class CloseReason(StrEnum):
    """Why it was closed (history holds the code; what came of it stands on its page)."""

    DONE = "done"
    """已落实."""
    NOTED = "noted"
    """阅知即可，没有要办的事."""
    REPLACED = "replaced"
    """另有批示."""


class ReopenReason(StrEnum):
    """Why it is followed again."""

    UNFINISHED = "unfinished"
    """还没有落实到位."""
    NEW_DEMAND = "new_demand"
    """领导又有要求."""
    MISTAKE = "mistake"
    """办结是误操作."""


CLOSE_REASONS: dict[CloseReason, str] = {
    CloseReason.DONE: "已落实",
    CloseReason.NOTED: "阅知即可，没有要办的事",
    CloseReason.REPLACED: "另有批示",
}
"""Screen names."""
REOPEN_REASONS: dict[ReopenReason, str] = {
    ReopenReason.UNFINISHED: "还没有落实到位",
    ReopenReason.NEW_DEMAND: "领导又有要求",
    ReopenReason.MISTAKE: "办结是误操作",
}
"""Screen names."""
STEP_WORDS: dict[str, str] = {"begin": "登记了批示", "send_on": "转给单位落实", "close": "批示办结", "reopen": "恢复落实"}
"""Screen words of its history, by action."""
NUMBER_MAX, LEADER_MAX, SUBJECT_MAX, UNIT_MAX, WORDS_MAX = 40, 60, 120, 60, 2_000

LABELS.add({InstructionState.REGISTERED: "已登记", InstructionState.FOLLOWING: "落实中", InstructionState.CLOSED: "已落实"})
INSTRUCTION_TABLE = StateTable(
    noun="instruction",
    states=InstructionState,
    initial=InstructionState.REGISTERED,
    transitions=(
        Transition(
            InstructionAction.SEND_ON,
            frozenset({InstructionState.REGISTERED, InstructionState.FOLLOWING}),
            InstructionState.FOLLOWING,
            P.INSTRUCTION_REGISTER,
            "",
        ),
        Transition(
            InstructionAction.CLOSE,
            frozenset({InstructionState.REGISTERED, InstructionState.FOLLOWING}),
            InstructionState.CLOSED,
            P.INSTRUCTION_REGISTER,
            "",
            needs_reason=True,
        ),
        Transition(
            InstructionAction.REOPEN,
            frozenset({InstructionState.CLOSED}),
            InstructionState.FOLLOWING,
            P.INSTRUCTION_REGISTER,
            "",
            needs_reason=True,
        ),
    ),
)
