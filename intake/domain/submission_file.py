"""照片与语音: what a resident sends beside the words; shown only after a worker has made it anew."""

from enum import StrEnum

from intake.domain.transition import LABELS, StateTable, Transition


class FileKind(StrEnum):
    """What it is."""

    PHOTO = "photo"
    """照片."""
    VOICE = "voice"
    """语音."""


class FileState(StrEnum):
    """Whether it may be seen or heard."""

    AWAITED = "awaited"
    """等着取回: it lies with the platform, which keeps it for three days."""
    RECEIVED = "received"
    """正在检查: here, in quarantine."""
    READY = "ready"
    """可以查看."""
    REFUSED = "refused"
    """没有取到，或不能用: with the reason."""


class FileAction(StrEnum):
    """What moves it."""

    TAKE = "take"
    """Its bytes are here."""
    CLEAN = "clean"
    """A worker made it anew."""
    REFUSE = "refuse"
    """A worker could not, and says why."""


LABELS.add(
    {FileState.AWAITED: "等着取回", FileState.RECEIVED: "正在检查", FileState.READY: "可以查看", FileState.REFUSED: "不能用"}
)

FILE_TABLE = StateTable(
    noun="submission_file",
    states=FileState,
    initial=FileState.AWAITED,
    transitions=(
        Transition(FileAction.TAKE, frozenset({FileState.AWAITED}), FileState.RECEIVED, None, ""),
        Transition(FileAction.CLEAN, frozenset({FileState.RECEIVED}), FileState.READY, None, ""),
        Transition(FileAction.REFUSE, frozenset({FileState.AWAITED, FileState.RECEIVED}), FileState.REFUSED, None, ""),
    ),
)
