"""通知: what is told to a resident, and how far it got."""

from enum import StrEnum

from intake.domain.transition import LABELS, StateTable, Transition


class NoticeKind(StrEnum):
    """What the notice is about."""

    DECISION = "decision"
    """A member decided on the submission (委员处理)."""
    TOPIC_DECISION = "topic_decision"
    """Staff decided on the topic behind it (筛选结果)."""
    OUTCOME = "outcome"
    """A result was told, and a verdict is asked for (办理结果)."""


class NoticeChannel(StrEnum):
    """How it travels."""

    RECEIPT = "receipt"
    """It stands on the receipt page (回执页)."""


class NoticeState(StrEnum):
    """How far it got."""

    PENDING = "pending"
    """待发."""
    SENDING = "sending"
    """发送中: claimed and committed before anything leaves the house."""
    SENT = "sent"
    """已送达."""
    UNCERTAIN = "uncertain"
    """不确定: the sender died between sending and noting it; never sent twice by itself."""
    FAILED = "failed"
    """没送到."""
    CANCELLED = "cancelled"
    """已取消: the decision behind it was undone in time."""


class NoticeAction(StrEnum):
    """What moves a notice."""

    CLAIM = "claim"
    """A worker takes it."""
    DELIVER = "deliver"
    """The channel took it."""
    RETRY = "retry"
    """The channel asked to try later."""
    FAIL = "fail"
    """The channel never will."""
    LOSE = "lose"
    """Claimed long ago and never noted."""
    CANCEL = "cancel"
    """Undone before it left."""


S, A = NoticeState, NoticeAction
LABELS.add({S.PENDING: "待发", S.SENDING: "发送中", S.SENT: "已送达", S.UNCERTAIN: "不确定", S.FAILED: "没送到", S.CANCELLED: "已取消"})

NOTICE_TABLE = StateTable(
    noun="notification",
    states=S,
    initial=S.PENDING,
    transitions=(
        Transition(A.CLAIM, frozenset({S.PENDING}), S.SENDING, None, ""),
        Transition(A.DELIVER, frozenset({S.SENDING}), S.SENT, None, ""),
        Transition(A.RETRY, frozenset({S.SENDING}), S.PENDING, None, ""),
        Transition(A.FAIL, frozenset({S.SENDING}), S.FAILED, None, ""),
        Transition(A.LOSE, frozenset({S.SENDING}), S.UNCERTAIN, None, ""),
        Transition(A.CANCEL, frozenset({S.PENDING}), S.CANCELLED, None, ""),
    ),
)
"""Source: architecture.md rule 5."""
