"""Which sentence of a message speaks of the matter: a submission may hold several demands, and a person wants to see which one counted."""

import re

from intake.domain.language.grams import telling_grams
from intake.domain.language.matching_form import matching_form, matching_forms

_READ = 2400
_SENTENCE = re.compile(r"[^。！？!?;；\n]+")
_SHORTEST = 2


def best_sentence(text: str, other: str) -> tuple[int, int] | None:
    """Start and end, in `text`, of the sentence that shares most pieces with `other`; the first among equals, None where nothing is shared."""
    theirs = telling_grams(matching_form(other[:_READ]))
    sentences = [(match, bare) for match in _SENTENCE.finditer(text[:_READ]) if len(bare := match[0].strip()) >= _SHORTEST]
    best, most = None, 0
    for (match, bare), form in zip(sentences, matching_forms([bare for _, bare in sentences]), strict=True):
        shared = len(theirs.intersection(telling_grams(form)))
        if shared > most:
            start = match.start() + match[0].index(bare)
            best, most = (start, start + len(bare)), shared
    return best
