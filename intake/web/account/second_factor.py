"""两步登录: switching it on and off, and the codes for the day the telephone is gone."""

from datetime import UTC, datetime, timedelta

from flask import redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict, DomainError
from intake.domain.permission import Permission
from intake.domain.second_factor import address_of, in_groups
from intake.queries.own_account import account_name, second_factor_of
from intake.queries.public_page import district_name
from intake.services import second_factor as service
from intake.web.account.own import account, prove_oneself, this_device
from intake.web.errors import status_of
from intake.web.guard import actor, needs_second_factor, requires
from intake.web.language import translate as _
from intake.web.own_path import own_path
from intake.web.unit_of_work import db, wiring
from qr_assets.secret_code import secret_svg

__all__ = ["account"]

Page = str | Response | tuple[str, int]
SCANNING_KEY = "scanning"
"""In the signed cookie: since when a secret waits for its first code."""
SCANNING_LASTS = timedelta(minutes=30)


@account.get("/account/second-factor")
@requires(Permission.OWN_ACCOUNT)
def second_factor() -> Page:
    """Whether it is on, and what to do about it."""
    return _own()


@account.post("/account/second-factor/begin")
@requires(Permission.OWN_ACCOUNT)
def begin_second_factor() -> Page:
    """A secret to scan; it is shown on this answer and never again."""
    try:
        prove_oneself()
        secret = service.begin(db(), vault=wiring().vault, actor=actor())
    except DomainError as error:
        return _own(error=error, form="begin")
    session[SCANNING_KEY] = int(wiring().clock.now().timestamp())
    return _scan(secret)


@account.post("/account/second-factor/confirm")
@requires(Permission.OWN_ACCOUNT)
def confirm_second_factor() -> Page:
    """On from now, if the first code is right."""
    wired = wiring()
    if not _is_scanning():
        return _own(error=Conflict("请先按“开始”，再扫码。"))
    try:
        codes = service.confirm(
            db(),
            vault=wired.vault,
            actor=actor(),
            code=request.form.get("code", "")[:64],
            this_device=this_device(),
            at=wired.clock.now(),
        )
    except Conflict as error:
        return _own(error=error)
    except DomainError as error:
        db().rollback()
        waiting = service.waiting_secret(db(), vault=wired.vault, actor=actor())
        return _own(error=error) if waiting is None else _scan(waiting, error=error)
    session.pop(SCANNING_KEY)
    return _codes(codes, title=_("两步登录已打开"))


@account.post("/account/second-factor/codes")
@requires(Permission.OWN_ACCOUNT)
def renew_recovery_codes() -> Page:
    """Ten new recovery codes."""
    try:
        prove_oneself()
        codes = service.renew_codes(db(), vault=wiring().vault, actor=actor(), at=wiring().clock.now())
    except DomainError as error:
        return _own(error=error, form="codes")
    return _codes(codes, title=_("新的恢复码"))


@account.post("/account/second-factor/off")
@requires(Permission.OWN_ACCOUNT)
def switch_second_factor_off() -> Page:
    """No code is asked for any more."""
    try:
        prove_oneself()
        required = needs_second_factor(actor())
        service.switch_off(db(), actor=actor(), required=required, this_device=this_device(), at=wiring().clock.now())
    except DomainError as error:
        return _own(error=error, form="off")
    return redirect(url_for("account.second_factor", done="off"), code=303)


def _is_scanning() -> bool:
    """Whether this very device gave the password for it, not long ago: nobody else is shown the secret, or switches it on."""
    since = session.get(SCANNING_KEY)
    return isinstance(since, int) and wiring().clock.now() - datetime.fromtimestamp(since, UTC) < SCANNING_LASTS


def _scan(secret: str, *, error: DomainError | None = None) -> Page:
    login = account_name(db(), actor().user_id or 0)
    address = address_of(secret, login=login, issuer=" ".join((district_name(db(), actor().district_id or 0), "直报点")))
    picture = Markup(secret_svg(address, label=_("两步登录的二维码")))  # noqa: S704 - drawn by ourselves from an address of ours
    page = render_template("account/second_factor_scan.html", secret=in_groups(secret, 4), picture=picture, address=address, error=error)
    return (page, status_of(error)) if error is not None else page


def _codes(codes: tuple[str, ...], *, title: str) -> str:
    return render_template("account/recovery_codes.html", codes=[in_groups(code, 5) for code in codes], title=title)


def _own(*, error: DomainError | None = None, form: str = "") -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "account/second_factor.html",
        factor=second_factor_of(db(), actor().user_id or 0),
        required=needs_second_factor(actor()),
        error=error,
        form=form,
        done=request.args.get("done", ""),
        target=own_path(request.args.get("next", "")),
    )
    return (page, status_of(error)) if error is not None else page
