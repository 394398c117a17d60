"""Photos after the words: added on the receipt, one by one by the form's script, and one's own taken back."""

from dataclasses import dataclass

from flask import jsonify, make_response, redirect, url_for

from intake.domain.errors import DomainError, InvalidInput, TooMany
from intake.domain.form_photo import LEFT_BECAUSE, PHOTOS_MOST, PhotoLeft, may_take_photos
from intake.domain.submission_file import FileState
from intake.queries.receipt import ReceiptView
from intake.queries.submission_file import FileSaid
from intake.services.form_photo import Taken, remove_photo
from intake.web.asked import wants_json
from intake.web.guard import anonymous_form
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.resident.answers_json import refusal
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.device import device_key
from intake.web.resident.photos import FIELD, keep_beside, left_codes, photos_chosen
from intake.web.resident.receipt import refused
from intake.web.resident.receipt_link import secret_by_link
from intake.web.unit_of_work import db, wiring

PART = "photos"
"""Of the receipt."""


@dataclass(frozen=True, slots=True)
class OwnPhotos:
    """What the receipt says of its photos."""

    photos: tuple[FileSaid, ...]
    room: int
    """How many more may be added."""
    may_change: bool


@resident.post("/r/<number>/<token>/photos")
@anonymous_form
def add_photos(number: str, token: str) -> Page:
    """Add photos, each once however often it is sent; what was left out is named, and a script reads it as JSON."""
    try:
        taken = _take(number, token)
    except DomainError as error:
        if wants_json():
            answer, status = refusal(error, key=None)
            return make_response(answer, status)
        return refused(number, token, PART, error)
    if wants_json():
        return _answer(taken)
    left = left_codes(taken)  # which stand at the top of the page
    return redirect(url_for("resident.receipt", number=number, token=token, photos=left, _anchor=None if left else PART), code=303)


@resident.post("/r/<number>/<token>/photos/<int:file_id>/remove")
@anonymous_form
def remove_own_photo(number: str, token: str, file_id: int) -> Page:
    """Take one's own photo back."""
    secret = secret_by_link(number, token)
    try:
        _brake(secret.number)
        remove_photo(db(), secret.submission_id, file_id=file_id, at=wiring().clock.now())
    except DomainError as error:
        return refused(number, token, PART, error)
    return redirect(url_for("resident.receipt", number=number, token=token, _anchor=PART), code=303)


@resident.app_template_global()
def own_photos(receipt: ReceiptView) -> OwnPhotos:
    """The photos of a receipt, and whether more may come."""
    photos = tuple(one for one in receipt.files if one.is_photo)
    may_change = may_take_photos(receipt.state, is_erased=not receipt.text)
    counted = sum(one.state is not FileState.REFUSED for one in photos)
    return OwnPhotos(photos, max(0, PHOTOS_MOST - counted) if may_change else 0, may_change)


def _take(number: str, token: str) -> Taken:
    secret = secret_by_link(number, token)
    _brake(secret.number)
    chosen = photos_chosen()
    if not chosen:
        raise InvalidInput(_("还没有选照片。请先选照片，再按添加。"), field=FIELD)
    return keep_beside(secret.submission_id, chosen)


def _brake(number: str) -> None:
    limit = wiring().settings.photo_limit
    if not wiring().limiter.hit_all((limit, ("receipt-photos", number)), (limit, ("device-photos", device_key().hex()))):
        raise TooMany(_("一小时里传的照片太多了，请过一会儿再传。已经收下的照片都在。"))


def _answer(taken: Taken) -> Page:
    """`kept`: how many are there, `left`: which aren't, why, and whether the same may be tried `again`; 503 where that goes for all of them."""
    left = [
        {"number": number, "because": translated(LEFT_BECAUSE[because]), "again": because is PhotoLeft.STORE}
        for number, because in taken.left.items()
    ]
    is_down = not taken.kept and all(one["again"] for one in left)
    return make_response(jsonify({"kept": taken.kept, "left": left}), 503 if is_down else 200)
