"""How a submission belongs to a topic: suggested by the machine, confirmed or removed by a person."""

from enum import StrEnum


class ContributorStatus(StrEnum):
    """Whether a person has agreed."""

    SUGGESTED = "suggested"
    """The machine thinks so (系统建议)."""
    CONFIRMED = "confirmed"
    """A person said so (已确认)."""
    REMOVED = "removed"
    """A person said otherwise, or the topic ended; kept for lineage (已移出)."""
