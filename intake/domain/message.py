"""留言: between a resident without an account and whoever has the matter, on the receipt page."""

from enum import StrEnum


class MessageFrom(StrEnum):
    """Who wrote it."""

    RESIDENT = "resident"
    """居民."""
    MEMBER = "member"
    """委员或工作人员."""


MESSAGE_MAX = 500
"""Characters of one message."""
