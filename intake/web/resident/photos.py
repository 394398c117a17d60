"""Photos chosen in the form itself, without WeChat's own album; what of them was left out is said on the receipt, once."""

import re
from collections.abc import Sequence
from typing import BinaryIO, cast

import structlog
from flask import make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from intake.domain.errors import InvalidInput
from intake.domain.form_photo import LEFT_BECAUSE, PHOTO_BYTES, PHOTOS_MOST, PhotoLeft
from intake.services.form_photo import Taken, take_photos
from intake.services.submission_submit import Stored
from intake.web.asked import wants_json
from intake.web.errors import error_page, too_large
from intake.web.resident.answers_json import refusal
from intake.web.resident.blueprint import Page, resident
from intake.web.unit_of_work import db, wiring
from intake.web.uploads import FORM_BYTES

log = structlog.get_logger(__name__)

FIELD = "photos"
_LEFT = re.compile(r"([1-9][0-9]?)-([a-z]{1,8})")
_TAKES_PHOTOS = frozenset({"resident.send", "resident.add_photos"})
_MEGABYTES = PHOTO_BYTES * PHOTOS_MOST // 1024 // 1024


def keep_photos(stored: Stored) -> str | None:
    """Keep what was chosen beside a sentence that is stored, be it now or before: the words may have gone ahead, from the chat or in a try
    whose answer was lost. The photos left out, as the receipt's address names them, None for none.
    """
    chosen = photos_chosen()
    return left_codes(keep_beside(stored.submission_id, chosen)) if chosen else None


def photos_chosen() -> list[BinaryIO]:
    """What was chosen; a field left empty is no photo."""
    return [cast("BinaryIO", one.stream) for one in request.files.getlist(FIELD) if one.filename]


def keep_beside(submission_id: int, chosen: Sequence[BinaryIO]) -> Taken:
    """Take them; a store that failed is said to whoever runs it."""
    wired = wiring()
    taken = take_photos(db(), submission_id, chosen, store=wired.objects, at=wired.clock.now())
    if PhotoLeft.STORE in taken.left.values():
        log.error("photos_not_stored", submission=submission_id)
    return taken


def left_codes(taken: Taken) -> str | None:
    """Those left out, as `photos_left` reads them in an address; None for none."""
    return "_".join(f"{number}-{because}" for number, because in taken.left.items()) or None


def photos_left() -> tuple[tuple[int, str], ...]:
    """Number and reason of each photo that the receipt's address says was left out; what makes no sense is passed over."""
    named = (_LEFT.fullmatch(one) for one in request.args.get(FIELD, "")[:1_000].split("_"))
    known = {because.value: LEFT_BECAUSE[because] for because in PhotoLeft}
    return tuple((int(one[1]), known[one[2]]) for one in named if one is not None and one[2] in known)


@resident.errorhandler(RequestEntityTooLarge)
def much_too_large(_error: RequestEntityTooLarge) -> Page:
    """More than one form may carry: nothing of it was read, so only the page before still has the words."""
    if request.endpoint not in _TAKES_PHOTOS or (request.content_length or 0) <= FORM_BYTES:
        return too_large()
    words = f"照片加起来超过 {_MEGABYTES} MB，这次什么都没有收到。请退回上一页，少选几张照片再提交。"
    if wants_json():
        answer, _ = refusal(InvalidInput(words, field=FIELD), key=None)
        return make_response(answer, 413)
    return error_page(413, words)
