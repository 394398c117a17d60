"""Where the sentences of a message begin and end, so that a person can say which belong together."""

import re
from collections.abc import Iterable
from itertools import pairwise

MOST = 40
"""A longer message is offered in this many pieces; the last holds the rest."""
_END = re.compile(r"[。！!？?；;\n]+[”’」』）)\s]*")


def sentences_in(text: str, *, starts: Iterable[int] = (), whole: Iterable[tuple[int, int]] = ()) -> tuple[tuple[int, int], ...]:
    """The sentences of `text` in order, together covering it; also cut at `starts`, and never inside one of the stretches `whole`.

    A stretch without a letter or a digit belongs to the sentence before it.
    """
    kept = tuple(whole)
    cuts = {match.end() for match in _END.finditer(text)} | {start for start in starts if 0 < start < len(text)}
    free = sorted(cut for cut in cuts if cut < len(text) and not any(start < cut < end for start, end in kept))
    found: list[tuple[int, int]] = []
    for start, end in pairwise([0, *free, len(text)]):
        if found and (len(found) == MOST or not any(map(str.isalnum, text[start:end]))):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found) if text.strip() else ()
