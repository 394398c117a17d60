"""照片与语音: what a resident sends beside the words; shown only after a worker has made it anew."""

from datetime import timedelta
from enum import StrEnum

from intake.domain.file_type import picture_type
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


LABELS.add({FileState.AWAITED: "等着取回", FileState.RECEIVED: "正在检查", FileState.READY: "可以查看", FileState.REFUSED: "不能用"})

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

MOST_BYTES: dict[FileKind, int] = {FileKind.PHOTO: 10 * 1024 * 1024, FileKind.VOICE: 2 * 1024 * 1024}
"""Of one as it is fetched."""
MOST_SECONDS = 60
"""Of a voice message."""
KEPT_BY_PLATFORM = timedelta(days=3)
FETCH_AFTER = tuple(timedelta(seconds=one) for one in (15, 60, 600, 3_600, 21_600, 43_200))
"""Waits between tries; the last one repeats until the platform has thrown it away."""
HEAR_MOST_TRIES = 5

NOT_FETCHED: dict[FileKind, str] = {
    FileKind.PHOTO: "照片没有取到（微信只保留三天）。",
    FileKind.VOICE: "语音没有取到（微信只保留三天）。",
}
TOO_LARGE: dict[FileKind, str] = {
    FileKind.PHOTO: f"照片超过 {MOST_BYTES[FileKind.PHOTO] // 1024 // 1024} MB，没有收下。",
    FileKind.VOICE: f"语音超过 {MOST_BYTES[FileKind.VOICE] // 1024 // 1024} MB，没有收下。",
}
BROKEN: dict[FileKind, str] = {FileKind.PHOTO: "照片打不开，不能显示。", FileKind.VOICE: "语音打不开，不能播放。"}
VOICE_TOO_LONG = f"语音超过 {MOST_SECONDS} 秒，不能播放。"
"""Why a file can't be used, as whoever looks at it reads it."""

_VOICE_BEGINS = (
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "audio/webm"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)
_BOXES = b"ftyp"
"""From the fifth byte on: MP4 and its kin, as iPhones record."""


def sent_type(kind: FileKind, head: bytes) -> str | None:
    """What bytes that begin with `head` are, whatever the platform calls them; None for what isn't taken."""
    if kind is FileKind.PHOTO:
        return picture_type(head)
    if head[4:8] == _BOXES:
        return "audio/mp4"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    return next((name for begins, name in _VOICE_BEGINS if head.startswith(begins)), None)
