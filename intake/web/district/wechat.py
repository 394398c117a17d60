"""公众号 on the desk: which account serves the district, its settings, its callback address, and what a check found."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.notification import NoticeKind
from intake.domain.permission import Permission
from intake.domain.wechat_account import ACCOUNT_NAMES, AccountKind, Capability
from intake.domain.wechat_facts import NAME_MAX, OWN_KINDS, AccountFacts
from intake.domain.wechat_finding import FINDINGS, LISTED, OwnCheck, finding_words
from intake.domain.wechat_profile import KIND_WORDS, offered
from intake.domain.wechat_template import NOTICE_NAMES
from intake.queries.area import district_path
from intake.queries.entity_history import entity_history
from intake.queries.wechat_desk import AccountView, Found, account_view, accounts_of
from intake.services.wechat_setup import add_account, ask_check, change_account, rotate_callback
from intake.web.asked import needed, sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.labels import listed, translated
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

wechat_desk = Blueprint("wechat_desk", __name__, url_prefix="/d/wechat")

Page = str | Response | tuple[str, int]
SECRETS_TYPED = ("token", "aes_key", "secret")
"""Never shown again, not even beside an error."""


@wechat_desk.get("")
@requires(Permission.WECHAT_MANAGE)
def index() -> Page:
    """Every account that has to do with the district, the one in use marked."""
    path = district_path(db(), actor().district_id or 0)
    return render_template(
        "wechat_desk/index.html",
        accounts=accounts_of(db(), actor()),
        may_add=actor().may(Permission.WECHAT_MANAGE, area_path=path),
        kinds=ACCOUNT_NAMES,
    )


@wechat_desk.get("/new")
@requires(Permission.WECHAT_MANAGE)
def new() -> Page:
    """An empty form."""
    return _form(None, {"kind": AccountKind.SERVICE.value, "active": ""})


@wechat_desk.post("/new")
@requires(Permission.WECHAT_MANAGE)
def create() -> Page:
    """Make it and lead to its page."""
    try:
        account = add_account(
            db(),
            vault=wiring().vault,
            actor=actor(),
            area_id=actor().district_id or 0,
            facts=_facts(),
            production=wiring().settings.is_production,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _form(None, _typed_but_secrets(), error=error)
    return redirect(url_for("wechat_desk.show", account_id=account.id, done="added"), code=303)


@wechat_desk.get("/<int:account_id>")
@requires(Permission.WECHAT_MANAGE)
def show(account_id: int) -> Page:
    """Everything about one account but its secrets."""
    return _show(account_id)


@wechat_desk.get("/<int:account_id>/settings")
@requires(Permission.WECHAT_MANAGE)
def edit(account_id: int) -> Page:
    """The form with what is stored."""
    found = own(account_id)
    return _form(found, _stored(found))


@wechat_desk.post("/<int:account_id>/settings")
@requires(Permission.WECHAT_MANAGE)
def save(account_id: int) -> Page:
    """Write what was changed."""
    try:
        change_account(
            db(),
            vault=wiring().vault,
            actor=actor(),
            account_id=own(account_id).id,
            version=version_sent(),
            facts=_facts(),
            production=wiring().settings.is_production,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _form(own(account_id), _typed_but_secrets(), error=error)
    return redirect(url_for("wechat_desk.show", account_id=account_id, done="changed"), code=303)


@wechat_desk.post("/<int:account_id>/callback")
@requires(Permission.WECHAT_MANAGE)
def rotate(account_id: int) -> Page:
    """Another callback address."""
    try:
        rotate_callback(db(), actor=actor(), account_id=own(account_id).id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _show(account_id, error=error)
    return redirect(url_for("wechat_desk.show", account_id=account_id, done="rotated"), code=303)


@wechat_desk.post("/<int:account_id>/check")
@requires(Permission.WECHAT_MANAGE)
def check(account_id: int) -> Page:
    """Ask a worker; the page shows how far it is."""
    ask_check(db(), actor=actor(), account_id=own(account_id).id, at=wiring().clock.now())
    return redirect(url_for("wechat_desk.show", account_id=account_id) + "#progress", code=303)


@wechat_desk.get("/<int:account_id>/progress")
@requires(Permission.WECHAT_MANAGE)
def progress(account_id: int) -> str:
    """The part of the page that changes while a worker is at it."""
    return render_template("wechat_desk/progress.html", **_check_card(own(account_id)))


def own(account_id: int) -> AccountView:
    """The account, where the actor's district has to do with it; NotFound otherwise."""
    return account_view(db(), actor(), account_id)


def found_words(one: Found) -> tuple[str, str]:
    """Title, and what was found with its cure, in the page's language."""
    title, words = finding_words(one.code, ok=one.ok, detail=one.detail)
    said = translated(words)
    if one.code == OwnCheck.TEMPLATES and not one.ok:
        names = dict(NOTICE_NAMES)
        said += listed(translated(names[NoticeKind(kind)]) for kind in one.detail.split(",") if kind in set(NoticeKind))
    return translated(title), said


def callback_address(found: AccountView) -> str:
    """What is pasted into the platform's settings page."""
    return f"{wiring().settings.base_url}/wechat/{found.callback_key}"


def _show(account_id: int, *, error: DomainError | None = None) -> Page:
    found = own(account_id)
    page = render_template(
        "wechat_desk/show.html",
        kinds=ACCOUNT_NAMES,
        kind_words=KIND_WORDS,
        offers=offered(found.kind),
        own_kind=found.kind in OWN_KINDS,
        callback=callback_address(found) if found.can(Capability.CHAT) else "",
        history=entity_history(db(), district_id=found.district_id or found.area_id, noun="wechat_account", entity_id=found.id),
        capability=Capability,
        error=error,
        done=_done(found),
        **_check_card(found),
    )
    return (page, status_of(error)) if error is not None else page


def _done(found: AccountView) -> str:
    return {
        "added": _added(found),
        "changed": _("已保存，一分钟内全部生效。改过密钥的，请再检查一次。"),
        "rotated": _("已换回调地址，旧地址马上失效。请马上到公众平台换成新的，不然收不到消息。"),
        "verification": _("已保存。现在可以到公众平台点“确定”了。"),
        "menu": _("已交给后台发布，一般不到半分钟。"),
    }.get(request.args.get("done", ""), "")


def _added(found: AccountView) -> str:
    if not found.can(Capability.CHAT):
        return _("已保存。")
    if not found.active:
        return _("已存下，还没有启用。填齐以后先启用，再把回调地址填到公众平台：没有启用的，平台验证不通过。")
    return _("已接入。下一步：把回调地址填到公众平台，再回来点“检查设置”。")


def _check_card(found: AccountView) -> dict[str, Any]:
    return {
        "account": found,
        "findings": [(one, *found_words(one)) for one in sorted(found.findings, key=_worst_first) if one.code not in LISTED],
        "overdue": found.overdue(wiring().clock.now()),
    }


def _worst_first(one: Found) -> tuple[bool, int]:
    order = list(FINDINGS)
    return one.ok, order.index(one.code) if one.code in order else len(order)


def _facts() -> AccountFacts:
    return AccountFacts(
        kind=needed(AccountKind, "kind"),
        name=sent("name"),
        app_id=sent("app_id"),
        original_id=sent("original_id"),
        token=sent("token"),
        aes_key=sent("aes_key"),
        secret=sent("secret"),
        active=request.form.get("active") == "1",
    )


def _stored(found: AccountView) -> dict[str, str]:
    return {
        "kind": found.kind.value,
        "name": found.name,
        "app_id": found.app_id,
        "original_id": found.original_id,
        "active": "1" if found.active else "",
    }


def _typed_but_secrets() -> dict[str, str]:
    return {name: value for name, value in typed().items() if name not in SECRETS_TYPED}


def _form(found: AccountView | None, values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "wechat_desk/form.html",
        account=found,
        stored=_stored(found) if found is not None else None,
        secrets=found.stored if found is not None else frozenset(),
        values=values,
        kinds=ACCOUNT_NAMES,
        kind_words=KIND_WORDS,
        name_max=NAME_MAX,
        production=wiring().settings.is_production,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
