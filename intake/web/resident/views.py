"""The form behind a code, the receipt, tracking and withdrawing: all without cookies and without script."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, Expired, InvalidInput, NotFound, TooMany
from intake.domain.language.route_out import route_out
from intake.domain.point import PointState
from intake.domain.receipt import parse_receipt_number
from intake.domain.submission import Channel, SubmissionState
from intake.domain.text import TEXT_MAX
from intake.queries.point import PointView, point_by_code, successor_of
from intake.queries.receipt import ReceiptSecret, receipt_secret, receipt_view
from intake.services.form_key import issue_form_key, read_form_key
from intake.services.receipt import code_fits, code_for, token_fits, token_for
from intake.services.submission_submit import Stored, already_stored, read_sentence, submit
from intake.services.submission_withdraw import withdraw
from intake.web.errors import status_of
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import translate as _
from intake.web.resident.around import around
from intake.web.resident.device import device_key
from intake.web.resident.similar import similar_at
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_svg

resident = Blueprint("resident", __name__)

Page = str | Response | tuple[str, int]
WAITING = frozenset({SubmissionState.RECEIVED, SubmissionState.TRIAGED, SubmissionState.QUARANTINED, SubmissionState.REOPENED})
"""While nobody has decided, a receipt says who else could help sooner."""


@resident.get("/p/<code>")
@open_to_all
def form(code: str) -> Page:
    """The form of one point, or the sentence of a paused one."""
    point = _point(code)
    if point.state is not PointState.ACTIVE:
        return render_template("resident/closed.html", point=point), 200 if point.state is PointState.PAUSED else 410
    return _form(point)


@resident.post("/p/<code>")
@anonymous_form
def send(code: str) -> Page:
    """Store the sentence once and lead to its receipt; whatever is wrong, the text stays in the box."""
    point = _point(code)
    try:
        stored = _store(point)
    except Expired as error:
        return _form(point, error=error, key=None)
    except DomainError as error:
        return _form(point, error=error, key=request.form.get("key"))
    return redirect(_link(stored.receipt_number, stored.receipt_salt, new=1), code=303)


@resident.get("/p/<code>/similar")
@open_to_all
def similar(code: str) -> Page:
    """What is under way nearby and like the words in `q`: only what staff released."""
    return similar_at(_point(code))


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
    return redirect(_link(secret.number, secret.salt), code=303)


@resident.get("/r/<number>")
@open_to_all
def ask_code(number: str) -> Page:
    """The address on a printed receipt: asks for the words."""
    return render_template("resident/find.html", number=number, error=None)


@resident.get("/r/<number>/<token>")
@open_to_all
def receipt(number: str, token: str) -> Page:
    """The receipt: where it stands and every step so far."""
    secret = _by_link(number, token)
    view = receipt_view(db(), secret.submission_id)
    return render_template(
        "resident/receipt.html",
        receipt=view,
        code=code_for(wiring().vault, view.number, view.salt),
        token=token,
        new="new" in request.args,
        turn_to=route_out(view.text) if view.state in WAITING else None,
    )


@resident.get("/r/<number>/<token>/code.svg")
@open_to_all
def receipt_code(number: str, token: str) -> tuple[str, dict[str, str]]:
    """The receipt's own address as a code, for another telephone or a helper's."""
    secret = _by_link(number, token)
    address = wiring().settings.base_url + _link(secret.number, secret.salt)
    return code_svg(address, emblem=False), {"Content-Type": "image/svg+xml", "Cache-Control": "private, max-age=86400"}


@resident.get("/r/<number>/<token>/withdraw")
@open_to_all
def ask_withdraw(number: str, token: str) -> Page:
    """Says what withdrawing means before it is done."""
    view = receipt_view(db(), _by_link(number, token).submission_id)
    return render_template("resident/withdraw.html", receipt=view, token=token, days=wiring().workflow.retention.withdrawn_text_days)


@resident.post("/r/<number>/<token>/withdraw")
@anonymous_form
def do_withdraw(number: str, token: str) -> Page:
    """Withdraw and return to the receipt."""
    withdraw(db(), submission_id=_by_link(number, token).submission_id, at=wiring().clock.now())
    return redirect(url_for("resident.receipt", number=number, token=token), code=303)


@resident.get("/privacy")
@open_to_all
def privacy() -> Page:
    """Who handles what, why, how long, and what a resident may ask (PIPL)."""
    return render_template("resident/privacy.html", retention=wiring().workflow.retention)


def _point(code: str) -> PointView:
    sound = len(code) <= 40 and "\x00" not in code
    point = point_by_code(db(), code.lower()) if sound else None
    if point is None:
        moved = successor_of(db(), code.lower()) if sound else None
        if moved is not None:
            # Its new code isn't told: the old one may have been changed because it was abused.
            raise Expired(_("这张海报旧了，%(name)s换了新的二维码。请扫墙上的新海报，或到社区服务台说。", name=moved.name))
        raise NotFound("没有这个直报点。二维码可能旧了，请看看墙上的新海报，或到社区服务台说。")
    return point


def _form(point: PointView, *, error: DomainError | None = None, key: str | None = None) -> Page:
    fresh = issue_form_key(wiring().vault, point_id=point.id, at=wiring().clock.now())
    page = render_template(
        "resident/form.html",
        point=point,
        around=around(point, at=wiring().clock.now()),
        error=error,
        turn_to=route_out(request.form.get("text", "")[:TEXT_MAX]) if error is not None else None,
        key=key or fresh,
        field_name=getattr(error, "field", None),
    )
    return (page, status_of(error)) if error is not None else page


def _store(point: PointView) -> Stored:
    wired, now = wiring(), wiring().clock.now()
    key = read_form_key(wired.vault, request.form.get("key", ""), point_id=point.id)
    sentence = read_sentence(
        text=request.form.get("text", ""), place=request.form.get("place", ""), contact=request.form.get("contact", "")
    )
    once = key.idempotency_key(sentence.message.text, sentence.place, sentence.contact)
    if (now - key.opened_at).total_seconds() > wired.settings.form_key_hours * 3600:
        # A send whose answer was lost may be repeated days later: it gets its receipt, not a second submission.
        stored = already_stored(db(), once)
        if stored is not None:
            return stored
        raise Expired(_("这一页打开得太久了。写的内容还在，请再按一次提交。"))
    device = device_key()
    settings = wired.settings
    if not wired.limiter.hit_all(
        (settings.device_limit, ("send-device", device.hex())),
        (settings.point_limit, ("send-point", str(point.id))),
        (settings.address_limit, ("send-address", request.remote_addr or "")),
    ):
        # A repeat of what is stored gets its receipt; only something new is too much.
        stored = already_stored(db(), once)
        if stored is not None:
            return stored
        raise TooMany(_("这里提交得太多了，请过一小时再试。写的内容还在框里；着急的话请打电话或到社区服务台说。"))
    return submit(db(), vault=wired.vault, point=point, key=once, sentence=sentence, channel=Channel.FORM, at=now, device_hash=device)


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


def _by_link(number: str, token: str) -> ReceiptSecret:
    try:
        secret = receipt_secret(db(), parse_receipt_number(number))
    except InvalidInput:
        secret = None
    if secret is None or not token_fits(wiring().vault, secret.number, secret.salt, token):
        raise NotFound("没有找到这张回执。链接可能没复制全，可以用回执号和查询码来查。")
    return secret


def _link(number: str, salt: bytes, *, new: int | None = None) -> str:
    return url_for("resident.receipt", number=number, token=token_for(wiring().vault, number, salt), new=new)
