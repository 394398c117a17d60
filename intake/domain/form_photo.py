"""照片 chosen in the resident's form: how many, and why one was left out; the words beside them arrive whatever happens to a photo."""

from enum import StrEnum

from intake.domain.file_type import Flaw
from intake.domain.submission_file import MOST_BYTES, FileKind

PHOTOS_MOST = 6
"""For one form, those from WeChat's album counted."""
PHOTO_BYTES = MOST_BYTES[FileKind.PHOTO]
"""Of one as it is sent."""


class PhotoLeft(StrEnum):
    """Why a photo was left out; the values stand in the receipt's address."""

    LARGE = "large"
    """Over `PHOTO_BYTES`."""
    HEIC = "heic"
    """A format that can't be read here."""
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
    """The words had arrived before, without it."""


LEFT_BECAUSE: dict[PhotoLeft, str] = {
    PhotoLeft.LARGE: f"超过 {PHOTO_BYTES // 1024 // 1024} MB，太大了。请在手机里缩小，或截图。",
    PhotoLeft.HEIC: "是手机的 HEIC 照片，这里打不开。请另存为 JPG，或截图。",
    PhotoLeft.KIND: "不是 JPG 或 PNG 照片，打不开。请另存为 JPG，或截图。",
    PhotoLeft.MIXED: "里面混着别的内容，不能用。请重新拍一张。",
    PhotoLeft.EMPTY: "是空的，可能还没有下载到手机里。",
    PhotoLeft.MANY: f"多出来了，一次最多 {PHOTOS_MOST} 张。",
    PhotoLeft.STORE: "我们这边没有存好，不是您的照片有问题。",
    PhotoLeft.LATER: "没有收下。这段话先前已经收到，再提交时不另收照片。",
}
"""What the receipt says after the photo's number."""
OF_FLAW: dict[Flaw, PhotoLeft] = {Flaw.HEIC: PhotoLeft.HEIC, Flaw.MIXED: PhotoLeft.MIXED}
"""Whatever else is wrong, it is no photo."""
