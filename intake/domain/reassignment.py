"""换人: a submission goes from one person to another by a person's act, with the reason."""

from enum import StrEnum


class ReassignmentKind(StrEnum):
    """Why it changed hands."""

    HAND_OVER = "hand_over"
    """转交: to a named colleague."""
    ESCALATE = "escalate"
    """上交: to the convenor or the staff before the clock does it."""
    RECUSE = "recuse"
    """回避: the member's own firm or department is concerned; never theirs again."""
