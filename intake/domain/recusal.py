"""回避: does a message speak of a firm or department that its reader has a part in?"""

import re
from collections.abc import Iterable

from intake.domain.language.matching_form import matching_form

SHORTEST = 2
"""Characters of a name: a single one stands in every second message…"""
SHORTENED = 3
"""… and what is left of a longer one must still say who it is: 物业 alone is everybody's."""
_LEGAL_FORM = re.compile(r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|公司)$")
_SEAT = re.compile(r"^(?:[一-鿿]{2,4}省)?[一-鿿]{2,3}市(?:[一-鿿]{1,3}[区县])?")
"""Where a firm sits, as it begins its name with: 临江市云栖区安居物业有限公司 is 安居物业 in everybody's mouth."""
_NEITHER = re.compile(r"[^\w]+")


def concerning(text: str, names: Iterable[str]) -> str:
    """The first of `names` that `text` speaks of, as it was written down; empty when it speaks of none.

    Width, capitals, traditional characters, blanks and punctuation don't matter, nor where the firm sits and which kind of company it is.
    """
    said = _plain(text)
    return next((name for name in names if any(form in said for form in _forms(name))), "")


def _forms(name: str) -> tuple[str, ...]:
    whole = _plain(name)
    short = _LEGAL_FORM.sub("", _SEAT.sub("", whole))
    return tuple(form for form, least in ((whole, SHORTEST), (short, SHORTENED)) if len(form) >= least)


def _plain(text: str) -> str:
    return _NEITHER.sub("", matching_form(text))
