"""委员随手报: what a member saw, or was told, and writes down (row L2)."""

from enum import StrEnum

from intake.domain.activity import ActivityKind
from intake.domain.submission_file import MOST_SECONDS


class ReportOf(StrEnum):
    """Whose words they are."""

    OWN = "own"
    """委员自己看到的."""
    RESIDENT = "resident"
    """居民托委员反映的."""


REPORT_OF_NAMES: dict[ReportOf, str] = {ReportOf.OWN: "我看到的", ReportOf.RESIDENT: "居民托我反映的"}
"""Screen names."""
HEARD_AT: dict[ActivityKind, str] = {ActivityKind.VISIT: "走访时听到的", ActivityKind.RECEPTION: "接待时听到的"}
"""What a report may come from, and puts on record by the same tap."""
LATE_DAYS = 7
"""So long a report may lie on a phone without signal and still count for the day on which it was written."""

VOICES_MOST = 3
"""Beside one report."""
VOICE_BYTES = 5 * 1024 * 1024
"""Of one as it is sent: a minute as any browser or telephone records it."""


class VoiceLeft(StrEnum):
    """Why a voice was left out; the values stand in an address."""

    LARGE = "large"
    """Over `VOICE_BYTES`."""
    KIND = "kind"
    """Nothing that can be heard."""
    EMPTY = "empty"
    """No bytes came."""
    MANY = "many"
    """Beyond `VOICES_MOST`."""
    STORE = "store"
    """Our store failed."""
    LATER = "later"
    """Nothing may be added to the report any more."""


VOICE_LEFT_BECAUSE: dict[VoiceLeft, str] = {
    VoiceLeft.LARGE: f"录音太大，没有收下。请录短一点，一段最多 {MOST_SECONDS} 秒。",
    VoiceLeft.KIND: "这个文件不是录音，或是这里打不开的格式，没有收下。请在这里重新录一段。",
    VoiceLeft.EMPTY: "录音是空的，没有收下。请重新录一段。",
    VoiceLeft.MANY: f"一件事最多 {VOICES_MOST} 段录音，多出来的没有收下。",
    VoiceLeft.STORE: "录音没有存好，是我们这边的问题，请再传一次。",
    VoiceLeft.LATER: "录音没有收下。这件事已经撤回或办结，不再收录音。",
}
"""What the member reads."""
