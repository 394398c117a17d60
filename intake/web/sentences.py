"""Sentences that reach a page whole, with their values filled in (相隔 3 天), said in another language.

The catalogue holds them as patterns in the context `say`: 相隔 %(days)s 天. A sentence that fits one is taken apart, and the translation is
filled with its values. `python -m tests.catalogue` makes the patterns from the f-strings of the code and names the values.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import read_mo

CONTEXT = "say"
LONGEST = 500
"""Longer ones are left alone: no sentence of ours is, and matching must stay cheap."""
_OURS = re.compile(r"(?:label|error)(?:_\d+)?")
"""Names of values that are our own words (a state, a role, another sentence), and therefore said too; any other is somebody's name or a
number and stays as it was written."""
_VALUE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One msgid: the shape of its sentences, and the translation with the same names."""

    shape: re.Pattern[str]
    translation: str
    weight: int
    """Characters outside the values: the heavier pattern is the more specific one."""


def pattern_of(msgid: str, translation: str) -> Pattern:
    """The pattern of a msgid with values; one that stands twice must be the same both times."""
    pieces = _VALUE.split(msgid)
    shape, seen = "", set[str]()
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            shape += re.escape(piece.replace("%%", "%"))
        else:
            shape += f"(?P={piece})" if piece in seen else f"(?P<{piece}>.+?)"
            seen.add(piece)
    return Pattern(re.compile(shape, re.DOTALL), translation, sum(map(len, pieces[::2])))


@lru_cache(maxsize=8)
def patterns(folder: Path, locale: str) -> tuple[Pattern, ...]:
    """The patterns of a language, the most specific first; none where its catalogue isn't compiled."""
    compiled = folder / locale / "LC_MESSAGES" / "messages.mo"
    if not compiled.is_file():
        return ()
    with compiled.open("rb") as file:
        held = [pattern_of(str(one.id), str(one.string)) for one in read_mo(file) if _context(one.context) == CONTEXT and one.string]
    return tuple(sorted(held, key=lambda one: -one.weight))


def _context(raw: object) -> object:
    return raw.decode() if isinstance(raw, bytes) else raw  # Babel 2.18 reads contexts of compiled catalogues as bytes


def said(words: str, among: Iterable[Pattern], say: Callable[[str], str]) -> str | None:
    """`words` in the language of the patterns `among`, None where none fits; `say` translates the values that are our own words."""
    if len(words) > LONGEST:
        return None
    for pattern in among:
        found = pattern.shape.fullmatch(words)
        if found is not None:
            values = {name: say(value) if _OURS.fullmatch(name) else value for name, value in found.groupdict().items()}
            return pattern.translation % values
    return None
