"""提出人: in whose name a topic is proposed (domain.md, Topic; rows G1, J1)."""

from enum import StrEnum


class ProposerKind(StrEnum):
    """Who stands behind the proposal; of a group see `GroupKind`."""

    MEMBER = "member"
    """委员: alone, or jointly with others who agreed."""
    GROUP = "group"
    """专委会、界别、联络组、联组."""


JOINT_MOST = 30
"""Members whom one proposal may ask to join."""
