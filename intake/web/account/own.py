"""登录与设备: one's own account: password, second step, and where one is signed in."""

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, Forbidden, InvalidInput, TooMany
from intake.domain.permission import ROLE_NAMES, Permission, Role
from intake.queries.own_account import account_name, own_devices, second_factor_of
from intake.queries.wechat_binding import binding_of
from intake.services.own_account import change_password, end_other_devices, end_own_device
from intake.services.person import PASSWORD_MIN
from intake.services.second_factor import USED_CODE, WRONG_CODE, ProofOutcome, prove
from intake.services.sign_in import token_hash
from intake.web.account.code import account
from intake.web.account.known_browser import spared, was_wrong
from intake.web.errors import status_of
from intake.web.guard import COOKIE_KEY, actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

__all__ = ["account"]

Page = str | Response | tuple[str, int]


@account.get("/account")
@requires(Permission.OWN_ACCOUNT)
def own() -> Page:
    """What there is to one's account, and where each is changed."""
    user_id = actor().user_id or 0
    return render_template(
        "account/own.html",
        login=account_name(db(), user_id),
        roles=tuple(ROLE_NAMES[role] for role in Role if any(grant.role is role for grant in actor().grants)),
        factor=second_factor_of(db(), user_id),
        binding=binding_of(db(), user_id),
    )


@account.get("/account/devices")
@requires(Permission.OWN_ACCOUNT)
def devices() -> Page:
    """Where one is signed in."""
    return _devices()


@account.post("/account/devices/<int:session_id>/end")
@requires(Permission.OWN_ACCOUNT)
def end_device(session_id: int) -> Page:
    """Sign one out; whoever signs out this very one is led to the door."""
    ended = end_own_device(db(), actor=actor(), session_id=session_id, at=wiring().clock.now())
    if ended == this_device():
        session.clear()
        return redirect(url_for("account.sign_in"), code=303)
    return redirect(url_for("account.devices", done="one"), code=303)


@account.post("/account/devices/end-others")
@requires(Permission.OWN_ACCOUNT)
def end_others() -> Page:
    """Sign out everywhere but here."""
    end_other_devices(db(), actor=actor(), this_device=this_device(), at=wiring().clock.now())
    return redirect(url_for("account.devices", done="others"), code=303)


@account.get("/account/password")
@requires(Permission.OWN_ACCOUNT)
def password() -> Page:
    """Asks for the present password and the new one."""
    return _password()


@account.post("/account/password")
@requires(Permission.OWN_ACCOUNT)
def send_password() -> Page:
    """Set it; every other device is signed out."""
    try:
        new = request.form.get("password", "")[:300]
        if new != request.form.get("again", "")[:300]:
            raise InvalidInput("两次写的密码不一样，请再写一遍。", field="again")
        prove_oneself()
        change_password(db(), actor=actor(), password=new, this_device=this_device(), at=wiring().clock.now())
    except DomainError as error:
        return _password(error=error)
    return redirect(url_for("account.devices", done="password"), code=303)


def prove_oneself() -> None:
    """The fields `current` (password) and `code` of the form show that it is the person; InvalidInput or TooMany where they don't."""
    wired = wiring()
    # Its own session: the count of failed tries must outlive the refusal.
    with wired.sessions.begin() as apart:
        proof = prove(
            apart,
            vault=wired.vault,
            user_id=actor().user_id or 0,
            password=request.form.get("current", "")[:256],
            code=request.form.get("code", "")[:64],
            spared=spared(),
            at=wired.clock.now(),
        )
    if proof.outcome is ProofOutcome.DONE:
        return
    if proof.outcome is ProofOutcome.LOCKED:
        raise TooMany(f"错的次数太多，暂时锁定，请过 {proof.wait_minutes} 分钟再试。")
    was_wrong()
    if proof.outcome is ProofOutcome.WRONG_PASSWORD:
        raise InvalidInput("现在的密码不对，请再写一遍。", field="current")
    raise InvalidInput(USED_CODE if proof.outcome is ProofOutcome.USED_CODE else WRONG_CODE, field="code")


def this_device() -> bytes:
    """The hash of this session's token."""
    token = session.get(COOKIE_KEY)
    if not isinstance(token, str):
        raise Forbidden("请重新登录后再试。")
    return token_hash(token)


def _devices() -> str:
    done = {
        "one": _("那台设备已退出。"),
        "others": _("其他设备都已退出。"),
        "password": _("新密码已设好，其他设备都已退出。"),
    }.get(request.args.get("done", ""), "")
    idle = wiring().settings.session_idle_minutes
    found = own_devices(db(), actor().user_id or 0, this_device=this_device(), idle_minutes=idle, at=wiring().clock.now())
    return render_template("account/devices.html", devices=found, done=done)


def _password(*, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    factor = second_factor_of(db(), actor().user_id or 0)
    page = render_template("account/password.html", factor=factor, error=error, password_min=PASSWORD_MIN)
    return (page, status_of(error)) if error is not None else page
