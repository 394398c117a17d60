"""Where a message says what the machine named in its reasons, so that a card can mark it."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 20
"""A word longer than this is a sentence, and a marked sentence helps nobody."""

_NAMED = re.compile(r"^(?:同一地点|同一问题|同样说到|提到)：(.+)$|^都说到“(.+)”$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the message."""

    text: str
    marked: bool
    gone: bool = False
    """Whether its sentence left the message and is handled apart."""


def words_named(reasons: Iterable[str]) -> tuple[str, ...]:
    """The words of the message that reasons quote, each once; a reason about anything else names none."""
    named: dict[str, None] = {}
    for reason in reasons:
        found = _NAMED.match(str(reason))
        if found is not None:
            named |= dict.fromkeys(word.strip() for word in (found[1] or found[2]).split("、"))
    return tuple(word for word in named if 2 <= len(word) <= LONGEST)


def pieces(text: str, reasons: Iterable[str]) -> tuple[Piece, ...]:
    """`text` cut where `reasons` quote it; joined again the pieces are `text`.

    Reasons quote the form the machine compares, in which blanks and capitals differ: both are passed over.
    """
    marked = bytearray(len(text))
    for word in words_named(reasons):
        spread = r"\s*".join(re.escape(character) for character in word if not character.isspace())
        for match in re.finditer(spread, text, re.IGNORECASE):
            marked[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    made: list[Piece] = []
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or marked[position] != marked[start]:
            made.append(Piece(text[start:position], bool(marked[start])))
            start = position
    return tuple(made)


def with_gone(shown: Iterable[Piece], spans: Iterable[tuple[int, int]]) -> tuple[Piece, ...]:
    """The pieces, cut so that those inside of `spans`, counted over all of them, stand apart as gone."""
    left = tuple(spans)
    return tuple(_cut(shown, left)) if left else tuple(shown)


def _cut(shown: Iterable[Piece], spans: tuple[tuple[int, int], ...]) -> Iterator[Piece]:
    at = 0
    for piece in shown:
        end = at + len(piece.text)
        edges = sorted({at, end, *(edge for span in spans for edge in span if at < edge < end)})
        for start, stop in itertools.pairwise(edges):
            yield Piece(piece.text[start - at : stop - at], piece.marked, any(first <= start and stop <= last for first, last in spans))
        at = end
