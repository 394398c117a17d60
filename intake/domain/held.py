"""Why a message waits for a person before anybody is asked to decide on it (待核)."""

from enum import StrEnum


class Held(StrEnum):
    """Why a message is held back."""

    EMPTY = "empty"
    """没有内容."""
    GIBBERISH = "gibberish"
    """看不出意思."""
    ADVERTISING = "advertising"
    """广告."""
    ABUSE = "abuse"
    """只有辱骂."""
    FLOODING = "flooding"
    """同一设备重复提交."""


HELD_NAMES: dict[Held, str] = {
    Held.EMPTY: "没有内容",
    Held.GIBBERISH: "看不出意思",
    Held.ADVERTISING: "像是广告",
    Held.ABUSE: "只有骂人的话",
    Held.FLOODING: "同一设备大量提交",
}
"""Screen names."""
