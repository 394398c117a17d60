"""区政协工作人员: what waits, the board, one topic, the decisions, proposals, what was held back, one submission."""

from intake.web.district import (
    agreement,
    assistant,
    board,
    decline_checks,
    home,
    idle,
    lineage,
    messages,
    photo,
    proposals,
    quarantine,
    quarantine_together,
    reviews,
    similar,
    splitting,
    submission,
)
from intake.web.district.blueprint import district

__all__ = [
    "agreement",
    "assistant",
    "board",
    "decline_checks",
    "district",
    "home",
    "idle",
    "lineage",
    "messages",
    "photo",
    "proposals",
    "quarantine",
    "quarantine_together",
    "reviews",
    "similar",
    "splitting",
    "submission",
]
