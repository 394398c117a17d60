"""One way of writing for matching; the text as written is kept elsewhere."""

import re
import unicodedata

from intake.domain.language.traditional import TO_SIMPLIFIED

MAX_CHARACTERS = 4_000
"""What is matched; a longer text is kept whole and redacted whole, but nobody's matter needs more words than these."""

_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\ufeff]+")
_REPEATED = re.compile(r"([^\w\s])\1+")


def matching_form(text: str) -> str:
    """`text` in NFKC, small letters and simplified characters, with single spaces and single punctuation; idempotent."""
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower().translate(TO_SIMPLIFIED)
    # Small letters can undo NFKC (İ becomes i with a combining dot), hence the second pass.
    folded = unicodedata.normalize("NFKC", folded)[:MAX_CHARACTERS]
    return _REPEATED.sub(r"\1", _SPACE.sub(" ", folded)).strip()
