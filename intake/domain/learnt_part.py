"""The parts of triage that learn, and how much a district must have decided before one does."""

from enum import StrEnum

from intake.domain.transition import LABELS


class LearntPart(StrEnum):
    """What a model is for; the value is the name of its task, as versions hold it."""

    CATEGORY = "classify"
    """类别: which category a message is about."""
    SAME_MATTER = "same-matter"
    """是不是一件事: how likely two messages are about one matter."""


LABELS.add({LearntPart.CATEGORY: "类别", LearntPart.SAME_MATTER: "是不是一件事"})

PAIRS_NEEDED = 60
"""Pairs of messages that people have joined or kept apart, before the district's own pair scorer is learnt. By judgement: fewer move it less
than the figures on the rest of them waver."""
EITHER_KIND_NEEDED = 5
"""Of those learnt from and of those that judge, so many must be one matter and so many must be two."""
