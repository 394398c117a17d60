"""One way of writing for matching; the text as written is kept elsewhere."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from opencc import OpenCC

MAX_CHARACTERS = 4_000
"""What is matched; a longer text is kept whole and redacted whole, but nobody's matter needs more words than these."""

_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\ufeff]+")
_REPEATED = re.compile(r"([^\w\s])\1+")
_PARTING = "\ue000"
"""A character of nobody's language: it is folded into nothing else, and no phrase goes across it."""


def matching_form(text: str) -> str:
    """`text` in NFKC, small letters and simplified characters, with single spaces and single punctuation; idempotent."""
    return _tidied(_folded(text[:MAX_CHARACTERS])[:MAX_CHARACTERS])


def matching_forms(texts: Sequence[str]) -> list[str]:
    """`matching_form` of each of `texts`: many short ones at once cost little more than one."""
    together = _PARTING.join(text[:MAX_CHARACTERS] for text in texts)
    ours_alone = together.count(_PARTING) == len(texts) - 1 and "\x00" not in together
    if ours_alone and len(folded := _folded(together)) <= MAX_CHARACTERS:
        forms = _tidied(folded).split(_PARTING)
        if len(forms) == len(texts):
            return [form.strip() for form in forms]
    return [matching_form(text) for text in texts]


def _folded(text: str) -> str:
    # What no encoding can hold is no word, and the converter is a C++ library.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    # Small letters can undo NFKC (İ becomes i with a combining dot), hence the second pass.
    return unicodedata.normalize("NFKC", _simplified(unicodedata.normalize("NFKC", whole).lower()))


def _tidied(folded: str) -> str:
    return _REPEATED.sub(r"\1", _SPACE.sub(" ", folded)).strip()


def _simplified(text: str) -> str:
    """Simplified characters, by phrases: 頭髮 and 發財 go different ways, 乾隆 stays."""
    return text if text.isascii() else str(_converter().convert(text))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")
