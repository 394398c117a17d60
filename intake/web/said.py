"""照片与语音 that residents sent, for the pages that show them: the bytes, and the question a card asks."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO

from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response

from intake.domain.errors import Expired
from intake.domain.permission import Permission
from intake.queries.submission_file import FileSaid, StoredSaid, file_for, files_on_card, heard_since
from intake.services.attachment import small_key
from intake.web.attachments import SANDBOX, is_small
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

said = Blueprint("said", __name__)

_TYPES = frozenset({"image/jpeg", "audio/mpeg"})
_ONE_HEARING = timedelta(hours=1)
"""So long whoever plays a voice fetches further pieces of it."""


@said.get("/said/<int:file_id>")
@requires(Permission.VOICE_HEAR)
def show(file_id: int) -> Response:
    """One photo or voice; `?small=1` a small picture."""
    found = file_for(db(), actor(), file_id)
    answer = said_file(found)
    if found.media_type == "image/jpeg":
        if not is_small(found.media_type):
            note_visit("photo.view", "submission_file", {}, entity_id=file_id)
    elif _begins(file_id):
        note_visit("voice.hear", "submission_file", {}, entity_id=file_id)
    return answer


def _begins(file_id: int) -> bool:
    """A voice is fetched in pieces, by iPhones after a question for two bytes. The hearing is the piece it begins with, or, for whoever asks
    for another by hand, the first that they get.
    """
    begin, end = request.range.ranges[0] if request.range is not None and request.range.ranges else (0, None)
    if begin == 0:
        return end != 2
    return not heard_since(db(), actor(), file_id, since=wiring().clock.now() - _ONE_HEARING)


@said.app_template_global()
def files_said(submission_id: int) -> tuple[FileSaid, ...]:
    """What came beside the words of a submission, for the page that shows it; one question."""
    return files_on_card(db(), submission_id)


def said_file(found: StoredSaid) -> Response:
    """The bytes, in ranges too, without which an iPhone plays nothing; Expired when the store has lost it.

    Read whole: a photo made anew is about a megabyte, a voice below a quarter. The person's own browser keeps it, and asks each time whether
    it may still show it: it may have been taken back, or parts of it covered since.
    """
    assert found.media_type in _TYPES, "nothing else becomes ready"
    is_photo = found.media_type == "image/jpeg"
    key = small_key(found.key) if is_small(found.media_type) else found.key
    tag = sha256(key.encode()).hexdigest()[:20]
    if request.if_none_match.contains(tag):
        answer = Response(status=304)
        answer.set_etag(tag)
    else:
        try:
            with wiring().objects.open(key) as file:
                bytes_ = BytesIO(file.read())
        except FileNotFoundError:
            raise Expired("这张照片或这段语音已经不在了。") from None
        name = "photo.jpg" if is_photo else "voice.mp3"
        answer = send_file(bytes_, mimetype=found.media_type, download_name=name, conditional=True, etag=tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
