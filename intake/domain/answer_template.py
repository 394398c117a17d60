"""常用答复: words that staff wrote for a decision, with gaps that a member fills in before a resident reads them."""

import re

from intake.domain.errors import InvalidInput
from intake.domain.submission import SubmissionAction

TITLE_MAX, WORDS_MAX = 30, 500
"""Characters of a title, and of the words, which are a decision's."""
ACTION_NAMES: dict[SubmissionAction, str] = {
    SubmissionAction.ANSWER: "直接答复",
    SubmissionAction.REFER: "转报有关单位",
    SubmissionAction.DECLINE: "不采用",
    SubmissionAction.ASK: "请补充",
}
"""The decisions that may start from a template, as their forms on the card are called."""
_GAP = re.compile(r"〔(?!\d{4}〕)[^〔〕]{0,40}〕")
"""A year alone isn't one: 政办〔2026〕12号 is how papers are numbered."""


def gaps_in(words: str) -> tuple[str, ...]:
    """What is still to be filled in, brackets and all, each once: 〔哪一天〕."""
    return tuple(dict.fromkeys(_GAP.findall(words)))


def refuse_gaps(words: str) -> None:
    """InvalidInput (field `words`) while a gap is left in words that a resident is about to read."""
    gaps = gaps_in(words)
    if gaps:
        left = "、".join(gaps[:3])
        raise InvalidInput(f"还有没填的地方：{left}。请填好，或者删掉，再发出。", field="words")
