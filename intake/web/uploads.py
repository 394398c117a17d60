"""Files on their way in: which addresses take them, how large a request may be there, and what was sent."""

import re
from typing import BinaryIO, cast

from flask import Flask, request

from intake.domain.attachment import MOST_BYTES
from intake.domain.form_photo import PHOTO_BYTES, PHOTOS_MOST
from intake.domain.import_mapping import MOST_BYTES as TABLE_MOST_BYTES
from intake.services.attachment import Incoming
from intake.web.spool import SpoolingRequest

BODY_BYTES = 2 * MOST_BYTES + 512 * 1024
"""For one request: two of the largest files, or six photos as phones take them, and the words beside them."""
TAKES_FILES = re.compile(
    r"/(?:dept/referrals/\d{1,19}/(?:files|answer)|d/referrals/\d{1,19}/paper-reply|d/approvals/(?:plan|topic)/\d{1,19})"
)
"""Addresses where a request may be that large."""
FORM_BYTES = PHOTOS_MOST * PHOTO_BYTES + 512 * 1024
"""For a resident's form with its photos, and a member's with photos and voice."""
_FORM = re.compile(r"/p/[0-9A-Za-z]{1,40}|/worker/file|/m/captures?(?:/\d{1,19}/files)?|/r/[0-9A-Za-z-]{1,40}/[0-9A-Za-z_-]{1,80}/photos")
"""Where that is sent; everywhere else the usual bound stands."""
TABLE_BYTES = TABLE_MOST_BYTES + 512 * 1024
"""For a table to be imported, and what is said of it."""
_TABLE = "/d/imports"
FIELD = "files"


def body_limit(path: str, *, usual: int) -> int:
    """Bytes that a request to `path` may have; also asked by the server, before anything of it is read (cli/web_worker.py)."""
    if _FORM.fullmatch(path):
        return FORM_BYTES
    if path == _TABLE:
        return TABLE_BYTES
    return BODY_BYTES if TAKES_FILES.fullmatch(path) else usual


def init_uploads(app: Flask) -> None:
    """Let the addresses that take files take them: the form only in parts, since any other body is read into memory whole."""
    app.request_class = SpoolingRequest

    @app.url_value_preprocessor
    def allow(_endpoint: str | None, _values: dict[str, object] | None) -> None:
        if request.method != "POST":
            return
        if TAKES_FILES.fullmatch(request.path):
            request.max_content_length = BODY_BYTES
        elif request.path == _TABLE and request.mimetype == "multipart/form-data":
            request.max_content_length = TABLE_BYTES
        elif _FORM.fullmatch(request.path) and request.mimetype == "multipart/form-data":
            request.max_content_length = FORM_BYTES


def files_sent() -> list[Incoming]:
    """What was chosen in the form, each readable again; a field left empty is no file."""
    return [Incoming(one.filename, cast("BinaryIO", one.stream)) for one in request.files.getlist(FIELD) if one.filename]
