"""附件: evidence and scans; nothing that was sent in is shown before a worker has read and re-encoded it."""

from enum import StrEnum

from intake.domain.transition import LABELS, StateTable, Transition


class AttachmentKind(StrEnum):
    """What it is for."""

    EVIDENCE = "evidence"
    """佐证."""
    SCAN = "scan"
    """纸质答复扫描件."""


class AttachmentState(StrEnum):
    """Whether it may be shown."""

    RECEIVED = "received"
    """正在检查."""
    READY = "ready"
    """可以查看."""
    REFUSED = "refused"
    """不能用: with the reason."""


class AttachmentAction(StrEnum):
    """What moves it."""

    CLEAN = "clean"
    """A worker re-encoded it."""
    REFUSE = "refuse"
    """A worker could not, and says why."""


LABELS.add({AttachmentState.RECEIVED: "正在检查", AttachmentState.READY: "可以查看", AttachmentState.REFUSED: "不能用"})
ATTACHMENT_TABLE = StateTable(
    noun="attachment",
    states=AttachmentState,
    initial=AttachmentState.RECEIVED,
    transitions=(
        Transition(AttachmentAction.CLEAN, frozenset({AttachmentState.RECEIVED}), AttachmentState.READY, None, ""),
        Transition(AttachmentAction.REFUSE, frozenset({AttachmentState.RECEIVED}), AttachmentState.REFUSED, None, ""),
    ),
)
MOST_FILES = 6
"""For one answer."""
MOST_BYTES = 10 * 1024 * 1024
"""Of one file as it is sent."""
MOST_PIXELS = 50_000_000
"""Of one picture; read from its header before anything is decoded."""
MEDIA_TYPES = {"image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic", "image/webp": ".webp", "application/pdf": ".pdf"}
"""What is taken, by what the bytes say, not the name."""


class Unusable(Exception):
    """A worker looked into a file and it can't be used; the message is the sentence that its sender reads."""
