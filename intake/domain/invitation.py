"""邀请: a link or code with which one person makes an account."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class InvitationState(StrEnum):
    """Whether it can still be used; one that expired stays `open` and is refused by its date."""

    OPEN = "open"
    """等待接受."""
    USED = "used"
    """已接受."""
    REVOKED = "revoked"
    """已收回."""


class InvitationAction(StrEnum):
    """What moves an invitation."""

    ACCEPT = "accept"
    """接受."""
    REVOKE = "revoke"
    """收回."""


S, A = InvitationState, InvitationAction
LABELS.add({S.OPEN: "等待接受", S.USED: "已接受", S.REVOKED: "已收回"})

INVITATION_TABLE = StateTable(
    noun="invitation",
    states=S,
    initial=S.OPEN,
    transitions=(
        Transition(A.ACCEPT, frozenset({S.OPEN}), S.USED, None, ""),
        Transition(A.REVOKE, frozenset({S.OPEN}), S.REVOKED, P.PEOPLE_MANAGE, ""),
    ),
)
"""Accepting needs no permission but the secret in the link."""
