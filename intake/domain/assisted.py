"""代填: a community worker files for somebody who can't, with consent; on the spot, by telephone or from a paper slip."""

from enum import StrEnum


class SpokenBy(StrEnum):
    """Who told the worker: the relation to whose matter it is."""

    SELF = "self"
    """本人."""
    FAMILY = "family"
    """家里人."""
    NEIGHBOUR = "neighbour"
    """邻居."""
    GUARDIAN = "guardian"
    """监护人: for a child, or for somebody who can't decide alone."""
    OTHER = "other"
    """其他人."""


class Consent(StrEnum):
    """How the person agreed that it be filed in their name."""

    SPOKEN = "spoken"
    """当面口头同意."""
    PHONE = "phone"
    """电话里同意."""
    WRITTEN = "written"
    """纸条上签了名."""
    GUARDIAN = "guardian"
    """监护人同意."""


SPOKEN_BY_NAMES: dict[SpokenBy, str] = {
    SpokenBy.SELF: "本人",
    SpokenBy.FAMILY: "家里人",
    SpokenBy.NEIGHBOUR: "邻居",
    SpokenBy.GUARDIAN: "监护人",
    SpokenBy.OTHER: "其他人",
}
CONSENT_NAMES: dict[Consent, str] = {
    Consent.SPOKEN: "当面口头同意",
    Consent.PHONE: "电话里同意",
    Consent.WRITTEN: "纸条上签了名",
    Consent.GUARDIAN: "监护人同意",
}
"""Screen names."""
CHILD_BELOW = 14
"""Years: for somebody younger only a guardian may agree (PIPL, article 31)."""
