"""Making an account from an invitation, and setting a new password from a link an administrator sent."""

from flask import render_template, request
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput, NotFound, TooMany
from intake.models import User
from intake.queries.invitations import invitation_view
from intake.services.invitation import accept_invitation, find_invitation
from intake.services.person import PASSWORD_MIN, find_reset, reset_password
from intake.services.sign_in import sign_in
from intake.web.account.views import account, device_here, go_in
from intake.web.asked import typed
from intake.web.errors import status_of
from intake.web.guard import open_to_all, sign_in_form
from intake.web.unit_of_work import db, wiring

__all__ = ["account"]

Page = str | Response | tuple[str, int]


@account.get("/invite/<token>")
@open_to_all
def invitation(token: str) -> Page:
    """Who invites, for which role and area; or why the link can't be used and what to do."""
    try:
        return _invited(token)
    except DomainError as error:
        return _closed(error)


@account.post("/invite/<token>")
@sign_in_form
def accept(token: str) -> Page:
    """Make the account and sign in."""
    try:
        _brake()
        password = _password()
        user = accept_invitation(
            db(), token=token, login=request.form.get("login", "")[:64].replace("\x00", ""), password=password, at=wiring().clock.now()
        )
    except InvalidInput as error:
        db().rollback()
        return _invited(token, error=error)
    except DomainError as error:
        return _closed(error)
    return _enter(user, password)


@account.get("/reset/<token>")
@open_to_all
def reset(token: str) -> Page:
    """Asks for the new password; or says why the link can't be used."""
    try:
        return _resetting(token)
    except DomainError as error:
        return _closed(error)


@account.post("/reset/<token>")
@sign_in_form
def set_password(token: str) -> Page:
    """Set it, end every other session, sign in."""
    try:
        _brake()
        password = _password()
        user = reset_password(db(), vault=wiring().vault, token=token, password=password, at=wiring().clock.now())
    except InvalidInput as error:
        db().rollback()
        return _resetting(token, error=error)
    except DomainError as error:
        return _closed(error)
    return _enter(user, password)


def _invited(token: str, *, error: DomainError | None = None) -> Page:
    _brake()
    found = find_invitation(db(), token=token, at=wiring().clock.now())
    page = render_template(
        "account/invitation.html",
        invitation=invitation_view(db(), found.id),
        token=token,
        login=typed().get("login", ""),
        error=error,
        password_min=PASSWORD_MIN,
    )
    return (page, status_of(error)) if error is not None else page


def _resetting(token: str, *, error: DomainError | None = None) -> Page:
    _brake()
    user = find_reset(db(), vault=wiring().vault, token=token, at=wiring().clock.now())
    page = render_template("account/reset.html", name=user.name, login=user.login, token=token, error=error, password_min=PASSWORD_MIN)
    return (page, status_of(error)) if error is not None else page


def _brake() -> None:
    """Only wrong links count: a hall full of invited people shares one address."""
    wired = wiring()
    if wired.limiter.spent(wired.settings.login_limit, "wrong-link", request.remote_addr or ""):
        raise TooMany("试的次数太多了，请一小时后再打开链接。")


def _closed(error: DomainError) -> Page:
    db().rollback()
    wired = wiring()
    if isinstance(error, NotFound):
        wired.limiter.hit(wired.settings.login_limit, "wrong-link", request.remote_addr or "")
    return render_template("account/invitation_closed.html", error=error), status_of(error)


def _password() -> str:
    """What was typed twice; the longest that is read is more than the service takes."""
    password = request.form.get("password", "")[:300]
    if password != request.form.get("again", "")[:300]:
        raise InvalidInput("两次写的密码不一样，请再写一遍。", field="again")
    return password


def _enter(user: User, password: str) -> Response:
    """Sign in on this device, as if the new password had been typed at the door: a second factor is asked for here too."""
    wired = wiring()
    tried = sign_in(
        db(),
        vault=wired.vault,
        limiter=wired.limiter,
        login=user.login,
        password=password,
        hours=wired.settings.session_hours,
        device=device_here(),
        spared=user.id,
        at=wired.clock.now(),
    )
    return go_in(tried, way="password")
