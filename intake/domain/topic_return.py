"""退回: what a topic still lacks, ticked by whoever sends it back and read by everyone behind it."""

from collections.abc import Collection
from enum import StrEnum


class Missing(StrEnum):
    """What a member is to add."""

    PLACE = "place"
    """在哪里."""
    WORDS = "words"
    """居民原话."""
    NUMBERS = "numbers"
    """人数和次数."""
    VISIT = "visit"
    """现场情况."""
    TRIED = "tried"
    """以前找过谁."""
    SIMILAR = "similar"
    """相似的议题."""
    REQUEST = "request"
    """希望怎么办."""


MISSING_NAMES: dict[Missing, str] = {
    Missing.PLACE: "具体地点",
    Missing.WORDS: "居民原话",
    Missing.NUMBERS: "人数和次数",
    Missing.VISIT: "现场情况",
    Missing.TRIED: "以前找过哪些单位、结果怎样",
    Missing.SIMILAR: "与相似议题的区别",
    Missing.REQUEST: "希望解决到什么程度",
}
"""As they stand in the words of the decision."""


def with_missing(words: str, missing: Collection[Missing]) -> str:
    """The words of a return, with what is missing behind them; as they are where nothing is ticked or they say it already."""
    if not missing:
        return words
    listed = "、".join(MISSING_NAMES[one] for one in Missing if one in missing)
    sentence = f"请补充：{listed}。"
    return words if sentence in words else f"{words.rstrip()}\n{sentence}".lstrip()
