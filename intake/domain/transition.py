"""What a transition is; each noun's file holds its own table."""

from dataclasses import dataclass
from enum import StrEnum

from intake.domain.errors import InvalidTransition
from intake.domain.permission import Permission


@dataclass(frozen=True, slots=True)
class Transition:
    """One way to leave a state: from any of `sources`, by `action`, to `target`."""

    action: StrEnum
    sources: frozenset[StrEnum]
    target: StrEnum
    permission: Permission | None
    """Who may: None means the machine or the resident with the receipt."""
    words: str
    """What the resident reads, in plain Chinese; empty where it isn't for them."""
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class StateTable:
    """All transitions of one noun, with the state it is born in."""

    noun: str
    states: type[StrEnum]
    initial: StrEnum
    transitions: tuple[Transition, ...]

    def find(self, action: StrEnum, state: StrEnum) -> Transition:
        """The transition for `action` out of `state`; InvalidTransition with a sentence if there is none."""
        for transition in self.transitions:
            if transition.action is action and state in transition.sources:
                return transition
        raise InvalidTransition(f"现在是“{label(state)}”，不能这样处理。请刷新后再看。")

    def allowed(self, state: StrEnum) -> tuple[StrEnum, ...]:
        """Actions that may leave `state`, in the table's order."""
        return tuple(t.action for t in self.transitions if state in t.sources)


LABELS: dict[StrEnum, str] = {}
"""Chinese screen labels of every state, filled by each noun's file."""


def label(state: StrEnum) -> str:
    """The Chinese label of a state."""
    return LABELS[state]
