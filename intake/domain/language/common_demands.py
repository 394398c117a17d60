"""What the residents behind one matter ask for: the same demand in other words counts once, with how many asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.language.grams import telling_grams
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.title import title_for

MOST = 12
"""A page that lists more is a page of everyone's words."""
_SHARED = 3
"""As many telling two-character pieces in common make two demands one, where the lexicon names no trouble in either."""
_UNTITLED = 40


@dataclass(frozen=True, slots=True)
class CommonDemand:
    """One thing that somebody asks for."""

    text: str
    """As whoever comes first in the list said it, masked."""
    title: str
    voices: int
    """How many messages ask for it."""


@dataclass(slots=True)
class _Group:
    text: str
    problems: set[str]
    grams: frozenset[str]
    voices: int = 0


def common_demands(messages: Sequence[Sequence[str]], lexicon: Lexicon) -> tuple[CommonDemand, ...]:
    """The demands of `messages`, each the masked demands of one resident; what most ask for comes first, at most 12."""
    groups: list[_Group] = []
    for message in messages:
        counted: set[int] = set()
        for demand in message:
            if not demand.strip():
                continue
            number = _find(groups, demand, lexicon)
            if number not in counted:
                groups[number].voices += 1
                counted.add(number)
    first = sorted(range(len(groups)), key=lambda number: (-groups[number].voices, number))[:MOST]
    return tuple(
        CommonDemand(
            text=groups[number].text,
            title=title_for(groups[number].text, lexicon) or groups[number].text[:_UNTITLED],
            voices=groups[number].voices,
        )
        for number in first
    )


def _find(groups: list[_Group], demand: str, lexicon: Lexicon) -> int:
    """The number of the group that `demand` belongs to, a new one where it is like none."""
    plain = matching_form(demand)
    problems = set(lexicon.problem_words(lexicon.words_in(plain)))
    grams = frozenset(telling_grams(plain))
    for number, group in enumerate(groups):
        same_trouble = not problems.isdisjoint(group.problems)
        same_words = not (problems and group.problems) and len(grams & group.grams) >= _SHARED
        if same_trouble or same_words:
            return number
    groups.append(_Group(demand.strip(), problems, grams))
    return len(groups) - 1
