"""Breaking Chinese text into lines that fit: no mark of punctuation begins a line, no number or address is torn apart."""

import re
from collections.abc import Callable

_UNBREAKABLE = re.compile(
    r"[（「『“‘《【]*"  # an opening mark stays with what follows
    r"(?:[!-~–]+|.)"  # a number, an address or a Latin word stays whole; of Chinese, one character
    r"[，。、；：？！）」』”’》】…·]*"  # a closing mark stays with what precedes
)

Measure = Callable[[str], float]
"""Width of a line, in the same unit as the room given."""


def break_lines(text: str, *, room: float, measure: Measure) -> list[str]:
    """Fill lines in turn; only a piece wider than the room by itself is torn."""
    lines: list[str] = []
    line = ""
    for piece in pieces(text, room=room, measure=measure):
        if line and measure(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def balanced(text: str, *, room: float, measure: Measure) -> list[str]:
    """As few lines as `break_lines` needs, made about equally long, so that no single character is left over."""
    lines = break_lines(text, room=room, measure=measure)
    if len(lines) < 2:
        return lines
    narrow, wide = max(room / 2, measure(text) / len(lines) * 0.9), room
    for _ in range(7):  # to within 1 % of the room
        middle = (narrow + wide) / 2
        attempt = break_lines(text, room=middle, measure=measure)
        if len(attempt) == len(lines):
            lines, wide = attempt, middle
        else:
            narrow = middle
    return lines


def fit(
    text: str, *, room: float, size: float, least: float, most_lines: int, measure_at: Callable[[float], Measure]
) -> tuple[float, list[str]]:
    """The largest size from `size` down to `least` at which the text takes at most `most_lines` lines, and those lines, balanced.

    At `least` it takes as many lines as it needs.
    """
    size = max(size, least)
    while True:
        measure = measure_at(size)
        lines = balanced(text, room=room, measure=measure)
        if size == least or (len(lines) <= most_lines and all(measure(line) <= room for line in lines)):
            return size, lines
        size = max(size * 0.96, least)


def pieces(text: str, *, room: float, measure: Measure) -> list[str]:
    """What a line may break between; a piece wider than the room is torn into characters."""
    found: list[str] = []
    for piece in _UNBREAKABLE.findall(text):
        found.extend([piece] if measure(piece) <= room else piece)
    return found
