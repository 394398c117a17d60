"""微信绑定: one's own page, with a code for the telephone; and the page that opens there."""

from flask import redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict, DomainError, NotFound, TooMany
from intake.domain.permission import ROLE_NAMES, Permission
from intake.domain.wechat_account import Capability
from intake.models import WeChatBindTicket
from intake.queries.wechat_account import AccountRow
from intake.queries.wechat_binding import binding_of, person_to_bind
from intake.services.sign_in import token_hash
from intake.services.wechat_binding import NOT_FOR_ADMINISTRATORS, PASSWORD_ROLES, TICKET_MINUTES, bind, find_ticket, issue_ticket, unbind
from intake.web.account.reminders import account
from intake.web.authorise import ask_platform, came_back_unknown
from intake.web.errors import status_of
from intake.web.follower_cookie import Known, known
from intake.web.guard import COOKIE_KEY, actor, open_to_all, requires, sign_in_form
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import able, account_of, inside_wechat
from qr_assets.code import code_svg

__all__ = ["account"]

Page = str | Response | tuple[str, int]
AWAY = "本区还没有能确认身份的公众号，暂时不能绑定微信。需要的话请联系管理员。"


@account.get("/account/wechat")
@requires(Permission.OWN_ACCOUNT)
def own_wechat() -> Page:
    """Whether one's WeChat is bound, since when; and what to do about it."""
    return _own()


@account.post("/account/wechat/ticket")
@requires(Permission.OWN_ACCOUNT)
def bind_ticket() -> Page:
    """A code to scan, or inside WeChat a link to press; it is shown on this answer and never again."""
    try:
        _able_account(actor().district_id or 0)
        token = issue_ticket(db(), actor=actor(), at=wiring().clock.now())
    except DomainError as error:
        return _own(error=error)
    path = url_for("account.ask_bind", token=token)
    picture = Markup(code_svg(wiring().settings.base_url + path, label=_("二维码")))  # noqa: S704 - drawn by ourselves from an address of ours
    return render_template("account/wechat_ticket.html", path=path, picture=picture, minutes=TICKET_MINUTES, inside=inside_wechat())


@account.post("/account/wechat/unbind")
@requires(Permission.OWN_ACCOUNT)
def unbind_own() -> Page:
    """Take the binding off."""
    try:
        unbind(db(), actor=actor(), this_device=token_hash(session[COOKIE_KEY]), at=wiring().clock.now())
    except DomainError as error:
        return _own(error=error)
    return redirect(url_for("account.own_wechat", done="unbound"), code=303)


@account.get("/bind/<token>")
@open_to_all
def ask_bind(token: str) -> Page:
    """Names the person, once the platform has named the telephone's owner; or says what to do instead."""
    try:
        ticket = _ticket(token)
        serving = _able_account(ticket.district_id)
    except DomainError as error:
        return _refused(error)
    if not inside_wechat():
        return render_template("account/bind_outside.html")
    if _named(serving) is not None:
        return _confirm(ticket, token)
    if came_back_unknown():
        return _unnamed(token)
    return ask_platform(serving, url_for("account.ask_bind", token=token))


@account.post("/bind/<token>")
@sign_in_form
def do_bind(token: str) -> Page:
    """Bind whoever the platform has just named to the person of the link."""
    try:
        ticket = _ticket(token)
        person = _named(_able_account(ticket.district_id))
        if person is None:
            return _unnamed(token)
        user = bind(db(), token=token, follower_id=person.follower_id, at=wiring().clock.now())
    except Conflict as error:
        db().rollback()
        return _confirm(_ticket(token), token, error=error)
    except DomainError as error:
        return _refused(error)
    return render_template("account/bound.html", name=user.name)


def _own(*, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    done = {"unbound": _("已解绑，其他设备都已退出。")}.get(request.args.get("done", ""), "")
    page = render_template(
        "account/wechat.html",
        binding=binding_of(db(), actor().user_id or 0),
        not_offered=_not_offered(),
        done=done,
        error=error,
        inside=inside_wechat(),
    )
    return (page, status_of(error)) if error is not None else page


def _not_offered() -> str:
    """Why this person can't bind here; empty where they can."""
    if any(grant.role in PASSWORD_ROLES for grant in actor().grants):
        return NOT_FOR_ADMINISTRATORS
    return "" if able(account_of(actor().district_id or 0), Capability.OAUTH) else AWAY


def _confirm(ticket: WeChatBindTicket, token: str, *, error: DomainError | None = None) -> Page:
    page = render_template("account/bind.html", one=person_to_bind(db(), ticket.user_id), roles=ROLE_NAMES, token=token, error=error)
    return (page, status_of(error)) if error is not None else page


def _unnamed(token: str) -> Page:
    return render_template("account/bind_unknown.html", again=url_for("account.ask_bind", token=token))


def _able_account(district_id: int) -> AccountRow:
    """The account that tells who somebody of this district is; NotFound where none can."""
    found = account_of(district_id)
    if found is None or not able(found, Capability.OAUTH):
        raise NotFound(AWAY)
    return found


def _named(serving: AccountRow) -> Known | None:
    """Whom the platform has just named to us, through this very account."""
    found = known()
    fits = found is not None and found.account == serving.original_id and found.is_fresh(wiring().clock.now())
    return found if fits else None


def _ticket(token: str) -> WeChatBindTicket:
    """The link's ticket; only wrong links count against an address, as with invitations."""
    wired = wiring()
    address = request.remote_addr or ""
    if wired.limiter.spent(wired.settings.login_limit, "wrong-link", address):
        raise TooMany("试的次数太多了，请一小时后再打开链接。")
    try:
        return find_ticket(db(), token=token, at=wired.clock.now())
    except NotFound:
        wired.limiter.hit(wired.settings.login_limit, "wrong-link", address)
        raise


def _refused(error: DomainError) -> Page:
    db().rollback()
    return render_template("account/invitation_closed.html", error=error), status_of(error)
