"""Finding a receipt again by its number and five words."""

from flask import redirect, render_template, request

from intake.domain.errors import DomainError, InvalidInput, TooMany
from intake.domain.receipt import parse_receipt_number
from intake.queries.receipt import ReceiptSecret, receipt_secret
from intake.services.receipt import code_fits
from intake.web.errors import status_of
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import translate as _
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.device import device_key
from intake.web.resident.receipt_link import link_to
from intake.web.unit_of_work import db, wiring


@resident.get("/r")
@open_to_all
def find() -> Page:
    """Find a receipt again by number and five words."""
    return render_template("resident/find.html", number=request.args.get("number", ""), error=None)


@resident.post("/r")
@anonymous_form
def open_receipt() -> Page:
    """Check number and words; the answer doesn't tell which of them is wrong."""
    raw = request.form.get("number", "")
    try:
        secret = _checked(parse_receipt_number(raw), request.form.get("code", ""))
    except DomainError as error:
        return render_template("resident/find.html", number=raw, error=error), status_of(error)
    return redirect(link_to(secret.number, secret.salt), code=303)


@resident.get("/r/<number>")
@open_to_all
def ask_code(number: str) -> Page:
    """The address on a printed receipt: asks for the words."""
    return render_template("resident/find.html", number=number, error=None)


def _checked(number: str, code: str) -> ReceiptSecret:
    wired = wiring()
    limit = wired.settings.code_limit
    keys = (("code-number", number), ("code-device", device_key().hex()))
    within = wired.limiter.hit(wired.settings.address_limit, "code-address", request.remote_addr or "")
    if not within or any(wired.limiter.spent(limit, *key) for key in keys):
        raise TooMany(_("试错的次数太多了，请一小时后再试，或拿着回执到社区服务台查。"))
    secret = receipt_secret(db(), number)
    if secret is None or not code_fits(wired.vault, secret.number, secret.salt, code):
        for key in keys:
            wired.limiter.hit(limit, *key)
        raise InvalidInput(_("回执号和查询码对不上，请对着回执再看一遍。"), field="code")
    return secret
