"""The second step of signing in: the code of an authenticator, or a recovery code."""

from datetime import UTC, datetime, timedelta

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import Expired
from intake.services.second_factor import USED_CODE, WRONG_CODE, HalfSignIn, finish_sign_in
from intake.services.sign_in import SignIn, SignInOutcome
from intake.web.account.known_browser import spared, was_wrong
from intake.web.account.tries import one_try
from intake.web.account.views import HALF_KEY, device_here, go_in
from intake.web.account.wechat_sign_in import account
from intake.web.guard import open_to_all, sign_in_form
from intake.web.language import translate as _
from intake.web.own_path import own_path
from intake.web.unit_of_work import wiring

__all__ = ["account"]

Page = str | Response | tuple[str, int]
HALF_LASTS = timedelta(minutes=5)


@account.get("/sign-in/code")
@open_to_all
def ask_code() -> Page:
    """Asks for the code; whoever hasn't just given the password is led to that."""
    return _begin_anew() if _half() is None else render_template("account/code.html", error="")


@account.post("/sign-in/code")
@sign_in_form
def send_code() -> Page:
    """Open the session; a wrong code counts as a wrong password does."""
    half = _half()
    if half is None:
        return _begin_anew()
    with one_try() as this:
        if not this.may:
            return _again(_("尝试太多次了，请一小时后再来。"), 429)
        try:
            tried = _try(half)
        except Expired:
            return _begin_anew()
        this.failed = tried.outcome not in {SignInOutcome.DONE, SignInOutcome.LOCKED}
    if tried.outcome is SignInOutcome.LOCKED:
        return _again(_("错的次数太多，暂时锁定，请过 %(minutes)s 分钟再试。", minutes=tried.wait_minutes), 429)
    if tried.outcome is not SignInOutcome.DONE:
        was_wrong()
        return _again(USED_CODE if tried.outcome is SignInOutcome.CODE else WRONG_CODE, 401)
    target = own_path(session[HALF_KEY].get("next", ""))
    if tried.by_recovery:
        target = url_for("account.second_factor", done="recovery", next=target or None)
    return go_in(tried, target, way=half.way)


def _try(half: HalfSignIn) -> SignIn:
    wired = wiring()
    # Its own session: the count of failed tries must outlive the refusal.
    with wired.sessions.begin() as own:
        return finish_sign_in(
            own,
            vault=wired.vault,
            half=half,
            code=request.form.get("code", "")[:64],
            hours=wired.settings.session_hours,
            device=device_here(),
            spared=spared(),
            at=wired.clock.now(),
        )


def _half() -> HalfSignIn | None:
    """Who gave the first step in this browser within five minutes."""
    kept = session.get(HALF_KEY)
    if not isinstance(kept, dict):
        return None
    age = wiring().clock.now() - datetime.fromtimestamp(kept["since"], UTC)
    return HalfSignIn(user_id=kept["user"], way=kept["way"], mark=kept["mark"]) if age <= HALF_LASTS else None


def _begin_anew() -> Response:
    target = own_path(session.pop(HALF_KEY, {}).get("next", ""))
    return redirect(url_for("account.sign_in", next=target or None, late="1"), code=303)


def _again(error: str, status: int) -> tuple[str, int]:
    return render_template("account/code.html", error=error), status
