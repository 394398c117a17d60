"""The secret link of a receipt: made, and checked before anything of it is shown."""

from flask import url_for

from intake.domain.errors import InvalidInput, NotFound
from intake.domain.receipt import parse_receipt_number
from intake.queries.receipt import ReceiptSecret, Received, receipt_secret, received
from intake.services.receipt import token_fits, token_for
from intake.web.unit_of_work import db, wiring


def link_to(number: str, salt: bytes, *, new: int | None = None, photos: str | None = None) -> str:
    """The receipt's address with its secret part; `photos` names those that were left out, as codes."""
    return url_for("resident.receipt", number=number, token=token_for(wiring().vault, number, salt), new=new, photos=photos)


def secret_by_link(number: str, token: str) -> ReceiptSecret:
    """What stands behind a link that fits; NotFound, in the same words, for any other."""
    canonical = _canonical(number)
    return _fitting(receipt_secret(db(), canonical) if canonical else None, token)


def received_by_link(number: str, token: str) -> Received:
    """The submission behind a link that fits; NotFound, in the same words, for any other."""
    canonical = _canonical(number)
    found = received(db(), canonical) if canonical else None
    _fitting(found.secret if found is not None else None, token)
    assert found is not None, "what fits was found"
    return found


def _canonical(number: str) -> str:
    """Empty for what can be no receipt's number."""
    try:
        return parse_receipt_number(number)
    except InvalidInput:
        return ""


def _fitting(secret: ReceiptSecret | None, token: str) -> ReceiptSecret:
    if secret is None or not token_fits(wiring().vault, secret.number, secret.salt, token):
        raise NotFound("没有找到这张回执。链接可能没复制全，可以用回执号和查询码来查。")
    return secret
