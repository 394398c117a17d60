"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.referral import UnitKind
from intake.domain.wechat_account import Capability
from intake.queries.referral_units import kind_of_unit
from intake.services.sign_in import SignInOutcome, sign_in, sign_out
from intake.web.guard import COOKIE_KEY, current_actor, open_to_all, sign_in_form
from intake.web.language import translate as _
from intake.web.own_path import own_path
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import accounts_that, inside_wechat

account = Blueprint("account", __name__)
FIRST_PAGES = (
    (Permission.SCREEN_VIEW, "district.home"),
    (Permission.TRIAGE_VIEW, "member.queue"),
    (Permission.REFERRAL_ASSIGN, "office.home"),
    (Permission.REFERRAL_ANSWER, "department_desk.home"),
    (Permission.ASSISTED_FILE, "community.ask_file"),
    (Permission.PLACES_VIEW, "district.upkeep"),
)
"""Where work begins, by what one may do: the first that holds."""


@account.get("/sign-in", endpoint="sign_in")
@open_to_all
def sign_in_page() -> str:
    """The form; it keeps where the person was going."""
    return _page("", "", own_path(request.args.get("next", "")))


@account.post("/sign-in", endpoint="sign_in_send")
@sign_in_form
def send() -> Response | tuple[str, int]:
    """Check, open a session, lead on; the answer doesn't tell a wrong name from a wrong password."""
    wired = wiring()
    login, target = request.form.get("login", "")[:64].replace("\x00", ""), own_path(request.form.get("next", ""))
    if not wired.limiter.hit(wired.settings.login_limit, "login", request.remote_addr or ""):
        return _again(_("尝试太多次了，请一小时后再来。"), login, target, 429)
    # Its own session: the count of failed tries must outlive the refusal.
    with wired.sessions.begin() as own:
        tried = sign_in(
            own,
            login=login,
            password=request.form.get("password", "")[:256],
            hours=wired.settings.session_hours,
            at=wired.clock.now(),
        )
    if tried.outcome is SignInOutcome.LOCKED:
        return _again(_("错的次数太多，暂时锁定，请过 %(minutes)s 分钟再试。", minutes=tried.wait_minutes), login, target, 429)
    if tried.outcome is SignInOutcome.REFUSED:
        return _again(_("登录名或密码不对。"), login, target, 401)
    return enter(tried.token, target)


@account.get("/start")
@open_to_all
def start() -> Response:
    """Each role's own first page."""
    person = current_actor()
    if person is None:
        return redirect(url_for("account.sign_in"), code=303)
    first = next((page for permission, page in FIRST_PAGES if person.may(permission)), "public.home")
    if first == "office.home" and _works_in_duty_room(person):
        first = "alarms.index"
    return redirect(url_for(first), code=303)


@account.post("/sign-out")
@sign_in_form
def leave() -> Response:
    """End this device's session."""
    token = session.get(COOKIE_KEY)
    if isinstance(token, str):
        with wiring().sessions.begin() as own:
            sign_out(own, token=token, at=wiring().clock.now())
    session.clear()
    return redirect(url_for("account.sign_in"), code=303)


def enter(token: str, target: str = "") -> Response:
    """The browser has a session from now on, and nothing of the one before; on to `target`, a path of ours."""
    session.clear()
    session[COOKIE_KEY] = token
    session.permanent = True
    return redirect(target or url_for("account.start"), code=303)


def _works_in_duty_room(person: Actor) -> bool:
    return person.unit_id is not None and kind_of_unit(db(), person.unit_id) is UnitKind.DUTY


def _again(error: str, login: str, target: str, status: int) -> tuple[str, int]:
    return _page(error, login, target), status


def _page(error: str, login: str, target: str) -> str:
    by_wechat = accounts_that(Capability.OAUTH) if inside_wechat() else ()
    return render_template("account/sign_in.html", error=error, login=login, next=target, by_wechat=by_wechat)
