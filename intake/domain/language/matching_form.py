"""One way of writing for matching; the text as written is kept elsewhere."""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

MAX_CHARACTERS = 4_000
"""What is matched; a longer text is kept whole and redacted whole, but nobody's matter needs more words than these."""

_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\ufeff]+")
_REPEATED = re.compile(r"([^\w\s])\1+")


def matching_form(text: str) -> str:
    """`text` in NFKC, small letters and simplified characters, with single spaces and single punctuation; idempotent."""
    # What no encoding can hold is no word, and the converter is a C++ library.
    whole = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    folded = _simplified(unicodedata.normalize("NFKC", whole).lower())
    # Small letters can undo NFKC (İ becomes i with a combining dot), hence the second pass.
    folded = unicodedata.normalize("NFKC", folded)[:MAX_CHARACTERS]
    return _REPEATED.sub(r"\1", _SPACE.sub(" ", folded)).strip()


def _simplified(text: str) -> str:
    """Simplified characters, by phrases: 頭髮 and 發財 go different ways, 乾隆 stays."""
    return text if text.isascii() else str(_converter().convert(text))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")
