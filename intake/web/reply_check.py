"""A draft answer looked at before it is sent: whoever has read the remarks may send it as it is."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from flask import request

from intake.domain.language.reply_gate import Remark


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Remarks on what was typed; `checked` sent along with the same words lets them through."""

    remarks: tuple[Remark, ...] = ()
    checked: str = ""


def look_at(words: str, remarks_on: Callable[[str], tuple[Remark, ...]]) -> LookedAt | None:
    """What to show before `words` are sent; None when nothing is to be said, or it was said about these very words before."""
    mark = checked_mark(words)
    if not words.strip() or request.form.get("checked") == mark:
        return None
    remarks = remarks_on(words)
    return LookedAt(remarks, mark) if remarks else None


def checked_mark(words: str) -> str:
    """What stands in the field `checked` when these words were looked at; line ends and outer blanks don't matter."""
    return hashlib.sha256(" ".join(words.split()).encode("utf-8", "replace")).hexdigest()[:16]
