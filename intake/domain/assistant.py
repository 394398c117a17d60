"""The optional assistant: what it may be asked for, and how a request can end."""

from enum import StrEnum


class DraftPurpose(StrEnum):
    """What a draft is for."""

    TITLE = "title"
    """标题."""
    SUMMARY = "summary"
    """摘要."""


class DraftOutcome(StrEnum):
    """How a request ended; every end is recorded, so that the budget is true and a fault is seen."""

    ASKED = "asked"
    """已发出: written before the request leaves, so that one whose fate is unknown still counts."""
    DRAFTED = "drafted"
    """有草稿."""
    UNREACHABLE = "unreachable"
    """连不上或超时."""
    REFUSED = "refused"
    """对方拒绝，或回答不能用."""
