"""Which grams of a message the index keeps and is asked for: those that tell most, near its beginning."""

import math
from collections.abc import Iterable, Mapping, Sequence

from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from workers.triage.same_matter.background import BACKGROUND_MESSAGES, base_background
from workers.triage.same_matter.reading import head_of

STORED_GRAMS = 32
"""Telling grams kept in the index per message."""

ASKED_GRAMS = 64
"""Telling grams of a new message that the index is asked for."""

OPENING_CHARACTERS = 150
"""A matter is named before that; what comes later is detail that no other message shares."""

_FIRST_SENTENCE = 2.0
"""A gram of the first sentence or of the place counts this much more: people name their matter at once."""


def choose_rare(grams: Sequence[int], df: Mapping[int, int], n: int = STORED_GRAMS) -> tuple[int, ...]:
    """The `n` grams found in the fewest messages (`df` counts messages by gram; a missing gram counts 0), rarest first.

    `rare_grams` finds more where the text is at hand.
    """
    expected = base_background().expected
    return tuple(sorted(set(grams), key=lambda gram: (df.get(gram, 0) + expected(gram), gram))[:n])


def rare_grams(text: str, place: str = "", *, df: Mapping[int, int], total: int, n: int = STORED_GRAMS) -> tuple[int, ...]:
    """The `n` grams by which a message (masked `text`, masked `place`) is found again, most telling first."""
    normalised = matching_form(text[: 4 * OPENING_CHARACTERS])
    named = grams_of(matching_form(place))
    first = {*grams_of(head_of(normalised)), *named}
    grams = {*grams_of(normalised[:OPENING_CHARACTERS]), *named}
    worth = gram_weights(grams, df=df, total=total)
    for gram in first:
        worth[gram] *= _FIRST_SENTENCE
    return tuple(sorted(sorted(grams), key=worth.__getitem__, reverse=True)[:n])


def gram_weight(gram: int, *, df: Mapping[int, int], total: int) -> float:
    """How much a shared gram counts when candidates are ranked; above 0."""
    return gram_weights((gram,), df=df, total=total)[gram]


def gram_weights(grams: Iterable[int], *, df: Mapping[int, int], total: int) -> dict[int, float]:
    """`gram_weight` of each of `grams`."""
    expected, heard, log = base_background().expected, df.get, math.log
    seen = BACKGROUND_MESSAGES + total + 1
    return {gram: log(max(seen / (expected(gram) + heard(gram, 0) + 1), 1.0)) + 0.1 for gram in grams}
