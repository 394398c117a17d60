"""自定义菜单 and 域名校验文件 of an account."""

from flask import current_app, render_template, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.utils import redirect

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.wechat_account import Capability
from intake.domain.wechat_finding import OwnCheck
from intake.domain.wechat_menu import MOST_BUTTONS, PATH_MAX
from intake.domain.wechat_verification import TEXT_MAX
from intake.queries.wechat_desk import AccountView
from intake.services.wechat_setup import set_menu, set_verification
from intake.web.asked import sent, typed, version_sent
from intake.web.district.wechat import Page, found_words, own, wechat_desk
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

LINES = range(1, MOST_BUTTONS + 1)


@wechat_desk.get("/<int:account_id>/menu")
@requires(Permission.WECHAT_MANAGE)
def menu(account_id: int) -> Page:
    """The buttons as they are kept; a set to begin with where there are none."""
    found = own(account_id)
    kept = [(one.name, one.path) for one in found.menu] or _suggested(found)
    values: dict[str, str] = {}
    for number, (name, path) in enumerate(kept, start=1):
        values |= {f"name-{number}": name, f"path-{number}": path}
    return _menu(found, values)


@wechat_desk.post("/<int:account_id>/menu")
@requires(Permission.WECHAT_MANAGE)
def send_menu(account_id: int) -> Page:
    """Keep the buttons and have them sent."""
    buttons = [(sent(f"name-{number}"), sent(f"path-{number}")) for number in LINES]
    try:
        for number, (_name, path) in enumerate(buttons, start=1):
            _check_page(path, number)
        set_menu(db(), actor=actor(), account_id=own(account_id).id, version=version_sent(), buttons=buttons, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _menu(own(account_id), typed(), error=error)
    return redirect(url_for("wechat_desk.show", account_id=account_id, done="menu"), code=303)


@wechat_desk.get("/<int:account_id>/verification")
@requires(Permission.WECHAT_MANAGE)
def verification(account_id: int) -> Page:
    """The file's name and text."""
    found = own(account_id)
    return _verification(found, {"verify_name": found.verify_name, "verify_text": found.verify_text})


@wechat_desk.post("/<int:account_id>/verification")
@requires(Permission.WECHAT_MANAGE)
def save_verification(account_id: int) -> Page:
    """Keep it; it is served from the root at once."""
    try:
        set_verification(
            db(),
            actor=actor(),
            account_id=own(account_id).id,
            version=version_sent(),
            name=sent("verify_name"),
            text=sent("verify_text"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _verification(own(account_id), typed(), error=error)
    return redirect(url_for("wechat_desk.show", account_id=account_id, done="verification"), code=303)


def _check_page(path: str, number: int) -> None:
    """A button that leads nowhere is found now, not by residents."""
    path = path.strip()
    if not path.startswith("/") or path.startswith("//"):
        return  # the service says what is wrong with its shape
    try:
        current_app.url_map.bind("localhost").match(path.partition("?")[0].partition("#")[0], method="GET")
    except RequestRedirect:
        return
    except HTTPException:
        raise InvalidInput("我们网站上没有这一页，请从网页地址栏复制域名后面的部分。", field=f"path-{number}") from None


def _suggested(found: AccountView) -> list[tuple[str, str]]:
    where = url_for("public.area", area_id=found.area_id) if found.district_id is not None else url_for("public.home")
    return [(_("我要反映"), url_for("public.home")), (_("查回执"), url_for("resident.find")), (_("在办什么"), where)]


def _menu(found: AccountView, values: dict[str, str], *, error: DomainError | None = None) -> Page:
    last = next((one for one in found.findings if one.code == OwnCheck.MENU), None)
    page = render_template(
        "wechat_desk/menu.html",
        account=found,
        offered=found.can(Capability.MENU),
        values=values,
        lines=LINES,
        shown=[values[f"name-{number}"] for number in LINES if values.get(f"name-{number}", "").strip()],
        path_max=PATH_MAX,
        last=(last, *found_words(last)) if last is not None else None,
        base_url=wiring().settings.base_url,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _verification(found: AccountView, values: dict[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "wechat_desk/verification.html",
        account=found,
        values=values,
        text_max=TEXT_MAX,
        address=f"{wiring().settings.base_url}/{found.verify_name}" if found.verify_name else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
