"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from intake.domain.actor import Actor
from intake.domain.device import device_of
from intake.domain.permission import Permission
from intake.domain.referral import UnitKind
from intake.domain.wechat_account import Capability
from intake.queries.referral_units import kind_of_unit
from intake.services.lease import release
from intake.services.sign_in import SignIn, SignInOutcome, sign_in, sign_out
from intake.web.account.known_browser import remember, spared, was_wrong
from intake.web.account.tries import one_try
from intake.web.guard import COOKIE_KEY, current_actor, open_to_all, sign_in_form
from intake.web.language import translate as _
from intake.web.own_path import own_path
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import accounts_that, inside_wechat

account = Blueprint("account", __name__)
HALF_KEY = "half"
"""In the signed cookie: a sign-in that waits for its code."""
FIRST_PAGES = (
    (Permission.SCREEN_VIEW, "district.home"),
    (Permission.TRIAGE_VIEW, "member.queue"),
    (Permission.REFERRAL_ASSIGN, "office.home"),
    (Permission.REFERRAL_ANSWER, "department_desk.home"),
    (Permission.ASSISTED_FILE, "community.ask_file"),
    (Permission.PLACES_VIEW, "district.upkeep"),
    (Permission.CITY_VIEW, "city.index"),
    (Permission.OWN_ACCOUNT, "account.own"),
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
    """Check, open a session or ask for the code, lead on; the answer doesn't tell a wrong name from a wrong password."""
    wired = wiring()
    session.pop(HALF_KEY, None)
    login, target = request.form.get("login", "")[:64].replace("\x00", ""), own_path(request.form.get("next", ""))
    with one_try(login) as this:
        if not this.may:
            return _again(_("尝试太多次了，请一小时后再来。"), login, target, 429)
        # Its own session: the count of failed tries must outlive the refusal.
        with wired.sessions.begin() as own:
            tried = sign_in(
                own,
                vault=wired.vault,
                limiter=wired.limiter,
                login=login,
                password=request.form.get("password", "")[:256],
                hours=wired.settings.session_hours,
                device=device_here(),
                spared=spared(),
                at=wired.clock.now(),
            )
        this.failed = tried.outcome in {SignInOutcome.LOCKED, SignInOutcome.REFUSED}
    if tried.outcome is SignInOutcome.LOCKED:
        return _again(_("错的次数太多，暂时锁定，请过 %(minutes)s 分钟再试。", minutes=tried.wait_minutes), login, target, 429)
    if tried.outcome is SignInOutcome.REFUSED:
        was_wrong()
        return _again(_("登录名或密码不对。"), login, target, 401)
    return go_in(tried, target, way="password")


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
        person = current_actor()
        with wiring().sessions.begin() as own:
            sign_out(own, token=token, at=wiring().clock.now())
            if person is not None:
                release(own, actor=person)
    session.clear()
    return redirect(url_for("account.sign_in"), code=303)


def go_in(tried: SignIn, target: str = "", *, way: str) -> Response:
    """On to `target`, a path of ours, for whoever is signed in; to the page that asks for the code for whoever is half so."""
    if tried.outcome is SignInOutcome.CODE:
        return _half_in(tried, target, way=way)
    session.clear()
    session[COOKIE_KEY] = tried.token
    session.permanent = True
    # Made here and not by the first page: of two pages opened at once the later answer's cookie would undo the earlier one's forms.
    generate_csrf()
    answer = redirect(target or url_for("account.start"), code=303)
    remember(answer, user_id=tried.user_id)
    return answer


def device_here() -> str:
    """With what this browser says it is (`device_of`)."""
    return device_of(request.headers.get("User-Agent", "")[:1_000])


def _half_in(tried: SignIn, target: str, *, way: str) -> Response:
    """Nothing is reachable with this: no session row, only who proved the first step, how, and when."""
    session.clear()
    since = int(wiring().clock.now().timestamp())
    session[HALF_KEY] = {"user": tried.user_id, "mark": tried.mark, "way": way, "since": since, "next": target}
    return redirect(url_for("account.ask_code"), code=303)


def _works_in_duty_room(person: Actor) -> bool:
    return person.unit_id is not None and kind_of_unit(db(), person.unit_id) is UnitKind.DUTY


def _again(error: str, login: str, target: str, status: int) -> tuple[str, int]:
    return _page(error, login, target), status


def _page(error: str, login: str, target: str) -> str:
    by_wechat = accounts_that(Capability.OAUTH) if inside_wechat() else ()
    return render_template("account/sign_in.html", error=error, login=login, next=target, by_wechat=by_wechat)
