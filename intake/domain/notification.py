"""通知: what is told to a resident, and how far it got."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class NoticeKind(StrEnum):
    """What the notice is about."""

    DECISION = "decision"
    """A member decided on the submission (委员处理)."""
    TOPIC_DECISION = "topic_decision"
    """Staff decided on the topic behind it (筛选结果)."""
    OUTCOME = "outcome"
    """A result was told, and a verdict is asked for (办理结果)."""
    RECEIVED = "received"
    """A draft was sent while nobody looked: here is the receipt (已收到)."""
    JOINED = "joined"
    """It became part of a topic (并入议题)."""
    SESSION = "session"
    """A session about it has a date (协商安排)."""
    RATE = "rate"
    """A result was told a while ago and nobody has said yet whether it solved the matter (请评价)."""
    MESSAGE = "message"
    """Whoever has it wrote something, or asks for detail (留言)."""


class NoticeChannel(StrEnum):
    """How it travels."""

    RECEIPT = "receipt"
    """It stands on the receipt page (回执页)."""
    CUSTOMER = "customer"
    """客服消息: words in the chat, while the platform allows them."""
    LONG = "long"
    """长期订阅通知."""
    ONCE = "once"
    """一次性订阅通知."""
    TEMPLATE = "template"
    """模板消息."""
    SMS = "sms"
    """短信, to the contact left with the submission."""
    BOARD = "board"
    """社区公告栏: nothing else reaches this resident; the printed sheet does."""


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
    EXPIRED = "expired"
    """已过时: it couldn't be sent before it stopped being news, or a newer one told more."""


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
    FALL_BACK = "fall_back"
    """This channel won't, or says later that it didn't arrive; the next one may."""
    EXPIRE = "expire"
    """Too late to be news."""
    SEND_AGAIN = "send_again"
    """Staff decided about an uncertain or failed one (再发一次)."""


S, A = NoticeState, NoticeAction
LABELS.add(
    {
        S.PENDING: "待发",
        S.SENDING: "发送中",
        S.SENT: "已送达",
        S.UNCERTAIN: "不确定",
        S.FAILED: "没送到",
        S.CANCELLED: "已取消",
        S.EXPIRED: "已过时",
    }
)

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
        Transition(A.FALL_BACK, frozenset({S.SENDING, S.SENT}), S.PENDING, None, ""),
        Transition(A.EXPIRE, frozenset({S.PENDING}), S.EXPIRED, None, ""),
        Transition(A.SEND_AGAIN, frozenset({S.UNCERTAIN, S.FAILED}), S.PENDING, P.NOTICES_MANAGE, ""),
    ),
)
"""Source: architecture.md rule 5."""
