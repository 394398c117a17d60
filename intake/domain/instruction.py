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


LABELS.add({InstructionState.REGISTERED: "已登记", InstructionState.FOLLOWING: "落实中", InstructionState.CLOSED: "已落实"})
INSTRUCTION_TABLE = StateTable(
    noun="instruction",
    states=InstructionState,
    initial=InstructionState.REGISTERED,
    transitions=(
        Transition(
            InstructionAction.SEND_ON, frozenset({InstructionState.REGISTERED}), InstructionState.FOLLOWING, P.INSTRUCTION_REGISTER, ""
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
