"""What a transition is; each noun's file holds its own table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


class Labels:
    """Chinese screen labels of states, looked up by noun and state: `referred` is 已转报 of a submission and 已转办 of a topic.

    A plain dict would mix them up, since members of two StrEnums with the same value are equal.
    """

    def __init__(self) -> None:
        self._words: dict[tuple[type[StrEnum], str], str] = {}

    def add(self, words: Mapping[Any, str]) -> None:
        """Take in one noun's labels, keyed by its states."""
        self._words.update({(type(state), state.value): label for state, label in words.items()})

    def __getitem__(self, state: StrEnum) -> str:
        return self._words[type(state), state.value]

    def __contains__(self, state: StrEnum) -> bool:
        return (type(state), state.value) in self._words

    def values(self) -> Iterable[str]:
        """Every label, for the catalogue of translations."""
        return self._words.values()


LABELS = Labels()
"""Filled by each noun's file."""


def label(state: StrEnum) -> str:
    """The Chinese label of a state."""
    return LABELS[state]
