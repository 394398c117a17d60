"""What the form's own script gets in place of a page: the way to the receipt, or the sentence and a fresh key."""

from flask import Response, jsonify

from intake.domain.errors import DomainError
from intake.services.submission_submit import Stored
from intake.web.errors import status_of
from intake.web.labels import translated
from intake.web.resident.receipt_link import link_to


def stored_answer(stored: Stored, *, photos: str | None) -> Response:
    """`receipt`, `number`, and `photos`: the address that takes the pictures one by one. The argument names those left out of this request."""
    plain = link_to(stored.receipt_number, stored.receipt_salt)
    receipt = link_to(stored.receipt_number, stored.receipt_salt, photos=photos) if photos else plain
    return jsonify({"receipt": receipt, "number": stored.receipt_number, "photos": f"{plain}/photos"})


def refusal(error: DomainError, *, key: str | None) -> tuple[Response, int]:
    """`error`: the sentence, `field`: where it belongs or null, `key`: a fresh one to send with, null where there is no form."""
    said = {"error": translated(error.message), "field": getattr(error, "field", None), "key": key}
    return jsonify(said), status_of(error)
