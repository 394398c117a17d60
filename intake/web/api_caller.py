"""Whose key opens a request: in the header `X-Api-Key`, or in the form's field `api_key`, as Open311 wants it; never in an address."""

from flask import g, request

from intake.domain.errors import Forbidden
from intake.queries.api_key import Caller, caller_of
from intake.services.api_key import key_hash, note_use
from intake.web.unit_of_work import db, wiring

HEADER = "X-Api-Key"
FIELD = "api_key"


def key_caller() -> Caller | None:
    """The system whose key came along; None for no key and for one that opens nothing. Asked for once a request."""
    if "api_caller" not in g:
        secret = request.headers.get(HEADER, "") or (request.form.get(FIELD, "") if request.method == "POST" else "")
        g.api_caller = caller_of(db(), key_hash(secret)) if secret else None
        if g.api_caller is not None:
            note_use(db(), g.api_caller.key_id, at=wiring().clock.now())
    found: Caller | None = g.api_caller
    return found


def require_key() -> Caller:
    """The same; Forbidden without a key that opens."""
    found = key_caller()
    if found is None:
        raise Forbidden("没有接口密钥，或者密钥已经收回。请向区政协办公室要一把，放在 api_key 里。")
    return found
