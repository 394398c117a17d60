"""Photos chosen in the form itself, without WeChat's own album; what of them was left out is said on the receipt, once."""

import re
from typing import BinaryIO, cast

import structlog
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from intake.domain.form_photo import LEFT_BECAUSE, PHOTO_BYTES, PHOTOS_MOST, PhotoLeft
from intake.queries.point import PointView
from intake.services.form_photo import Beside, photos_not_there, take_photos
from intake.services.submission_submit import Stored
from intake.web.errors import error_page, too_large
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.in_wechat import photos_sent
from intake.web.unit_of_work import db, wiring
from intake.web.uploads import FORM_BYTES

log = structlog.get_logger(__name__)

FIELD = "photos"
_LEFT = re.compile(r"([1-9][0-9]?)-([a-z]{1,8})")
_MEGABYTES = PHOTO_BYTES * PHOTOS_MOST // 1024 // 1024


def keep_photos(stored: Stored, point: PointView) -> str | None:
    """Keep what was chosen beside a sentence that was just stored; the photos left out as the receipt's address names them, None for none.

    Only the send that stored the words keeps photos: a repeat of it says which of them are there.
    """
    chosen = [cast("BinaryIO", one.stream) for one in request.files.getlist(FIELD) if one.filename]
    if not chosen:
        return None
    wired = wiring()
    if stored.repeated:
        left = photos_not_there(db(), stored.submission_id, chosen)
    else:
        room = max(0, PHOTOS_MOST - len(photos_sent()))
        beside = Beside(stored.submission_id, point.district_id, wired.clock.now())
        left = take_photos(db(), beside, chosen, room=room, store=wired.objects)
    if PhotoLeft.STORE in left.values():
        log.error("photos_not_stored", submission=stored.submission_id)
    return "_".join(f"{number}-{because}" for number, because in left.items()) or None


def photos_left() -> tuple[tuple[int, str], ...]:
    """Number and reason of each photo that the receipt's address says was left out; what makes no sense is passed over."""
    named = (_LEFT.fullmatch(one) for one in request.args.get(FIELD, "")[:1_000].split("_"))
    known = {because.value: LEFT_BECAUSE[because] for because in PhotoLeft}
    return tuple((int(one[1]), known[one[2]]) for one in named if one is not None and one[2] in known)


@resident.errorhandler(RequestEntityTooLarge)
def much_too_large(_error: RequestEntityTooLarge) -> Page:
    """More than one form may carry: nothing of it was read, so only the page before still has the words."""
    if request.endpoint != "resident.send" or (request.content_length or 0) <= FORM_BYTES:
        return too_large()
    return error_page(413, f"照片加起来超过 {_MEGABYTES} MB，这次什么都没有收到。请退回上一页，少选几张照片再提交。")
