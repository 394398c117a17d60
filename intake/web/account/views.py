"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from intake.domain.permission import Permission
from intake.services.sign_in import SignInOutcome, sign_in, sign_out
from intake.web.guard import COOKIE_KEY, current_actor, open_to_all, sign_in_form
from intake.web.language import translate as _
from intake.web.unit_of_work import wiring

account = Blueprint("account", __name__)
FIRST_PAGES = (
    (Permission.SCREEN_VIEW, "district.home"),
    (Permission.TRIAGE_VIEW, "member.queue"),
    (Permission.REFERRAL_ASSIGN, "office.home"),
    (Permission.REFERRAL_ANSWER, "department_desk.home"),
    (Permission.SHEET_PRINT, "community.board_sheet"),
    (Permission.PLACES_VIEW, "district.upkeep"),
)
"""Where work begins, by what one may do: the first that holds."""


@account.get("/sign-in", endpoint="sign_in")
@open_to_all
def sign_in_page() -> str:
    """The form; it keeps where the person was going."""
    return render_template("account/sign_in.html", error="", login="", next=_safe(request.args.get("next", "")))


@account.post("/sign-in", endpoint="sign_in_send")
@sign_in_form
def send() -> Response | tuple[str, int]:
    """Check, open a session, lead on; the answer doesn't tell a wrong name from a wrong password."""
    wired = wiring()
    login, target = request.form.get("login", "")[:64].replace("\x00", ""), _safe(request.form.get("next", ""))
    if not wired.limiter.hit(wired.settings.login_limit, "login", request.remote_addr or ""):
        return _again(_("尝试太多次了，请一小时后再来。"), login, target, 429)
    # Its own session: the count of failed tries must outlive the refusal.
    with wired.sessions.begin() as db:
        tried = sign_in(
            db,
            login=login,
            password=request.form.get("password", "")[:256],
            hours=wired.settings.session_hours,
            at=wired.clock.now(),
        )
    if tried.outcome is SignInOutcome.LOCKED:
        return _again(_("错的次数太多，暂时锁定，请过 %(minutes)s 分钟再试。", minutes=tried.wait_minutes), login, target, 429)
    if tried.outcome is SignInOutcome.REFUSED:
        return _again(_("登录名或密码不对。"), login, target, 401)
    session.clear()
    session[COOKIE_KEY] = tried.token
    session.permanent = True
    return redirect(target or url_for("account.start"), code=303)


@account.get("/start")
@open_to_all
def start() -> Response:
    """Each role's own first page."""
    person = current_actor()
    if person is None:
        return redirect(url_for("account.sign_in"), code=303)
    first = next((page for permission, page in FIRST_PAGES if person.may(permission)), "public.home")
    return redirect(url_for(first), code=303)


@account.post("/sign-out")
@sign_in_form
def leave() -> Response:
    """End this device's session."""
    token = session.get(COOKIE_KEY)
    if isinstance(token, str):
        with wiring().sessions.begin() as db:
            sign_out(db, token=token, at=wiring().clock.now())
    session.clear()
    return redirect(url_for("account.sign_in"), code=303)


def _again(error: str, login: str, target: str, status: int) -> tuple[str, int]:
    return render_template("account/sign_in.html", error=error, login=login, next=target), status


def _safe(target: str) -> str:
    """Only our own paths: another site must not be reached through our sign-in.

    Browsers read a backslash as a slash and skip tabs and line ends, so a target with either is refused rather than understood.
    """
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours else ""
