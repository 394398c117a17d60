"""佐证: evidence as people look at it, each by their part in the matter."""

from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response

from intake.domain.errors import Expired
from intake.domain.permission import Permission
from intake.queries.attachment import StoredFile, file_for
from intake.services.attachment import small_key
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

attachments = Blueprint("attachments", __name__)

SANDBOX = "default-src 'none'; style-src 'none'; sandbox; frame-ancestors 'none'"
"""Whatever a browser makes of the bytes, it runs nothing and reaches nobody."""
_TYPES = frozenset({"image/jpeg", "application/pdf"})


@attachments.get("/files/<int:attachment_id>")
@requires(Permission.EVIDENCE_VIEW)
def show(attachment_id: int) -> Response:
    """One file; `?small=1` a small picture of it."""
    found = file_for(db(), actor(), attachment_id)
    answer = stored_file(found)
    if not is_small(found.media_type):
        note_visit("attachment.view", "attachment", {}, entity_id=attachment_id)
    return answer


def is_small(media_type: str) -> bool:
    """Whether a page asks for the small picture it shows; to open the whole one somebody presses it. Nothing else has a small one."""
    return media_type == "image/jpeg" and "small" in request.args


def stored_file(found: StoredFile) -> Response:
    """The bytes: a picture that we drew is shown, anything else is only kept; Expired when the store has lost it.

    Caches between don't keep it, the person's own browser does for an hour.
    """
    key = small_key(found.key) if is_small(found.media_type) else found.key
    assert found.media_type in _TYPES, "nothing else becomes ready"
    try:
        size, file = wiring().objects.size(key), wiring().objects.open(key)
    except FileNotFoundError:
        raise Expired("这个文件已经不在了，请联系答复的单位。") from None
    answer = send_file(file, mimetype=found.media_type, as_attachment=not found.is_picture, download_name=found.name)
    answer.content_length = size
    answer.headers["Cache-Control"] = "private, max-age=3600"
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
