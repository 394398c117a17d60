"""照片 beside a resident's words, in the form or added later: how many, and why one was left out; the words arrive whatever happens."""

from enum import StrEnum

from intake.domain.file_type import Flaw
from intake.domain.submission import SubmissionState
from intake.domain.submission_file import MOST_BYTES, FileKind

PHOTOS_MOST = 6
"""For one submission: those from WeChat and those added later counted, removed and refused ones not."""
PHOTO_BYTES = MOST_BYTES[FileKind.PHOTO]
"""Of one as it is sent."""


_OVER = frozenset({SubmissionState.WITHDRAWN, SubmissionState.REJOINED, SubmissionState.CLOSED})


def may_take_photos(state: SubmissionState, *, is_erased: bool) -> bool:
    """Whether photos may still be added beside a submission's words, and one's own taken back."""
    return state not in _OVER and not is_erased


class PhotoLeft(StrEnum):
    """Why a photo was left out; the values stand in the receipt's address."""

    LARGE = "large"
    """Over `PHOTO_BYTES`."""
    KIND = "kind"
    """No photo."""
    MIXED = "mixed"
    """A photo with something else inside."""
    EMPTY = "empty"
    """No bytes came."""
    MANY = "many"
    """Beyond `PHOTOS_MOST`."""
    STORE = "store"
    """Our store failed."""
    LATER = "later"
    """The words had arrived before, and nothing may be added to them any more."""


LEFT_BECAUSE: dict[PhotoLeft, str] = {
    PhotoLeft.LARGE: f"超过 {PHOTO_BYTES // 1024 // 1024} MB，太大了。请在手机里缩小，或截图。",
    PhotoLeft.KIND: "不是照片，或是这里打不开的格式。请另存为 JPG，或截图。",
    PhotoLeft.MIXED: "里面混着别的内容，不能用。请重新拍一张。",
    PhotoLeft.EMPTY: "是空的，可能还没有下载到手机里。",
    PhotoLeft.MANY: f"多出来了，一件事最多 {PHOTOS_MOST} 张。",
    PhotoLeft.STORE: "我们这边没有存好，不是您的照片有问题。",
    PhotoLeft.LATER: "没有收下。这件事已经撤回或办结，不再收照片。",
}
"""What the receipt says after the photo's number."""
OF_FLAW: dict[Flaw, PhotoLeft] = {Flaw.MIXED: PhotoLeft.MIXED}
"""Whatever else is wrong, it is no photo."""
