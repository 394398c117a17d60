"""What a file that was sent in is, by its bytes alone: neither its name nor what the browser says counts."""

import re
from enum import StrEnum
from pathlib import PurePosixPath

from intake.domain.attachment import MEDIA_TYPES, MOST_PIXELS
from intake.domain.errors import InvalidInput
from intake.domain.text import clean

HEAD_BYTES = 4096
"""As much of the beginning as is looked at."""
TAIL_BYTES = 70_000
"""As much of the end: an archive ends with its index, and perhaps a comment of up to 65,535 bytes."""
NAME_MAX = 80
FIELD = "files"
MOST_PAGES = 200
"""Of one PDF."""
PICTURE_TOO_LARGE = f"照片超过 {MOST_PIXELS // 1_000_000} 兆像素，请缩小后再上传。"
PICTURE_BROKEN = "照片打不开，可能已经损坏。请重新拍照或另存为 JPG 再上传。"
DOCUMENT_BROKEN = "PDF 打不开，可能已经损坏。请重新导出再上传。"
DOCUMENT_LOCKED = "PDF 有密码，打不开。请去掉密码再上传。"
DOCUMENT_ACTS = "PDF 里带有脚本、附件或会自动运行的内容，不能用。请用“打印到 PDF”重新导出再上传。"
DOCUMENT_LONG = f"PDF 超过 {MOST_PAGES} 页，请只上传有关的几页。"
TOO_MUCH_WORK = "这个文件打开后太大或太复杂，处理不了。请缩小，或截图后再上传。"
FILE_GONE = "文件没有存好，请重新上传。"
"""Why a worker could not make a file anew, as its sender reads it."""

_PICTURES = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    # As telephones keep photos; AVIF has the same wrapping and another inside, for which there is no decoder here.
    "image/heic": re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cx]|m[is]f1)(?!.{4}avi)", re.DOTALL),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
_BEGINS = {**_PICTURES, "application/pdf": re.compile(rb"%PDF-")}
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|svg|iframe|\?php|\?xml-stylesheet)", re.IGNORECASE)
_ARCHIVE_END = b"PK\x05\x06"


class Flaw(StrEnum):
    """Why bytes can't be taken."""

    KIND = "kind"
    """No kind that is taken."""
    MIXED = "mixed"
    """Two kinds at once."""
    CUT = "cut"
    """Its end is missing."""


def picture_type(head: bytes) -> str | None:
    """The type of the picture that begins so; None for what is none that is taken."""
    return next((kind for kind, begins in _PICTURES.items() if begins.match(head)), None)


def kind_of(head: bytes, tail: bytes) -> str | Flaw:
    """The type of a file that begins with `head` and ends with `tail`, or what is wrong with it: one that is two kinds at once is none."""
    found = next((kind for kind, begins in _BEGINS.items() if begins.match(head)), None)
    if found is None:
        return Flaw.KIND
    if _also_something_else(found, head, tail):
        return Flaw.MIXED
    return Flaw.CUT if found == "application/pdf" and b"%%EOF" not in tail[-2048:] else found


def media_type_of(head: bytes, tail: bytes, *, name: str) -> str:
    """The same of a file that an officer sends; InvalidInput (field `files`) with what to do instead."""
    found = kind_of(head, tail)
    if found is Flaw.KIND:
        raise InvalidInput(f"“{name}”不是能用的格式。请上传照片（JPG、PNG、HEIC）或 PDF。", field=FIELD)
    if found is Flaw.MIXED:
        raise InvalidInput(f"“{name}”里混着别的内容，不能用。请重新拍照，或重新导出 PDF 再上传。", field=FIELD)
    if found is Flaw.CUT:
        raise InvalidInput(f"“{name}”不完整，可能没有传完。请重新导出 PDF 再上传。", field=FIELD)
    return found


def _also_something_else(found: str, head: bytes, tail: bytes) -> bool:
    """Whether other programs would take it for a page, an archive or a document of another kind."""
    pictured_as_document = found != "application/pdf" and b"%PDF-" in head
    return pictured_as_document or _MARKUP.search(head) is not None or _ARCHIVE_END in tail


def shown_name(raw: str, *, media_type: str) -> str:
    """The name that people read: no folders, no control characters, at most 80 characters, with the ending of its type."""
    bare = raw.replace("\\", "/").rsplit("/", 1)[-1]
    words = " ".join(clean(bare).text.replace("\ufffd", "").split()).strip(". ")
    stem = PurePosixPath(words).stem if PurePosixPath(words).suffix else words
    return (stem[:NAME_MAX].strip(". ") or "文件") + MEDIA_TYPES[media_type]


def sent_name(raw: str) -> str:
    """The same before anybody knows its type, to name it in an error."""
    return " ".join(clean(raw.replace("\\", "/").rsplit("/", 1)[-1]).text.split())[:NAME_MAX] or "文件"
