"""Cleaning what people type without changing what they said."""

import re
import unicodedata
from dataclasses import dataclass

from intake.domain.errors import InvalidInput

TEXT_MAX = 5_000
PLACE_MAX = 120
CONTACT_MAX = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]")
_WORDLIKE = re.compile(r"[^\W_]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class CleanText:
    """The text that is stored, and how many characters had to be replaced."""

    text: str
    replaced: int


def clean(raw: str) -> CleanText:
    """Line ends unified, NUL, control and direction-override characters replaced by U+FFFD and counted, outer blanks cut."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    text, replaced = _CONTROL.subn("\ufffd", text)
    return CleanText(unicodedata.normalize("NFC", text).strip(), replaced)


def clean_message(raw: str) -> CleanText:
    """A resident's sentence; InvalidInput (field `text`) when it is empty, says nothing, or is over 5,000 characters."""
    cleaned = clean(raw)
    words = len(_WORDLIKE.findall(cleaned.text))
    if not cleaned.text.replace("\ufffd", "").strip():
        raise InvalidInput("请先写一句话：在哪里、什么事。", field="text")
    if words == 0:
        raise InvalidInput("只有表情或符号，看不出是什么事。请加几个字，比如“幸福里路灯不亮”。", field="text")
    if words < 2:
        raise InvalidInput("只有一个字，看不出是什么事。请再写几个字。", field="text")
    if len(cleaned.text) > TEXT_MAX:
        over = len(cleaned.text) - TEXT_MAX
        raise InvalidInput(f"最多 {TEXT_MAX} 个字，多了 {over} 个。请留下最要紧的；写的内容还在框里。", field="text")
    return cleaned


def clean_line(raw: str, *, limit: int, field: str) -> str:
    """An optional single line; InvalidInput naming `field` when it is over `limit` characters."""
    text = " ".join(clean(raw).text.split())
    if len(text) > limit:
        raise InvalidInput(f"最多 {limit} 个字，请写短一点。", field=field)
    return text
