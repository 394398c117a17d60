"""人员 on the desk: the list, one person with roles and devices, a new account."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.granting import grantable
from intake.domain.permission import ROLE_NAMES, Permission, Role
from intake.queries.area import area_choices, district_path
from intake.queries.departments import department_choices
from intake.queries.entity_history import entity_history
from intake.queries.leave import leave_of
from intake.queries.people import PersonFilter, people_in_reach, person_detail
from intake.queries.wechat_binding import binding_of
from intake.services import person as service
from intake.services.leave import come_back, go_away
from intake.services.person import NAME_MAX, PASSWORD_MIN, RESET_HOURS
from intake.services.second_factor import take_off
from intake.services.wechat_binding import unbind_person
from intake.web.asked import day_sent, id_asked, id_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_svg

people = Blueprint("people", __name__, url_prefix="/d/people")

Page = str | Response | tuple[str, int]


@people.get("")
@requires(Permission.PEOPLE_MANAGE)
def index() -> Page:
    """People within reach, narrowed by words, role, area and whether they can sign in."""
    active = {"yes": True, "no": False}.get(request.args.get("active", ""))
    asked = PersonFilter(words=words_asked(), role=one_of(Role, request.args.get("role", "")), area_id=id_asked("area"), active=active)
    after = request.args.get("after", "")
    filters = {
        "q": asked.words,
        "role": asked.role or "",
        "area": asked.area_id or "",
        "active": "" if active is None else "yes" if active else "no",
    }
    return render_template(
        "people/index.html",
        page=people_in_reach(db(), actor(), asked, after=after),
        after=after,
        filters=filters,
        areas=area_choices(db(), actor(), Permission.PEOPLE_MANAGE),
    )


@people.get("/new")
@requires(Permission.PEOPLE_MANAGE)
def new() -> Page:
    """An empty form; an invitation is offered first, since it needs no password to be told."""
    return _new({})


@people.post("/new")
@requires(Permission.PEOPLE_MANAGE)
def create() -> Page:
    """Make the account and lead to it."""
    try:
        made = service.add_person(
            db(),
            actor=actor(),
            login=sent("login", longest=64),
            name=sent("name"),
            password=sent("password"),
            role=needed(Role, "role"),
            area_id=area_sent(),
            department_id=id_sent("department"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _new(typed(), error=error)
    return redirect(url_for("people.person", user_id=made.id, done="created"), code=303)


@people.get("/<int:user_id>")
@requires(Permission.PEOPLE_MANAGE)
def person(user_id: int) -> Page:
    """One person."""
    return _person(user_id)


@people.post("/<int:user_id>/facts")
@requires(Permission.PEOPLE_MANAGE)
def change(user_id: int) -> Page:
    """Save name and department."""
    try:
        service.change_person(
            db(),
            actor=actor(),
            user_id=user_id,
            version=version_sent(),
            name=sent("name"),
            department_id=id_sent("department"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _person(user_id, error=error, form="facts")
    return _done(user_id, "changed")


@people.post("/<int:user_id>/roles")
@requires(Permission.PEOPLE_MANAGE)
def grant(user_id: int) -> Page:
    """One more role."""
    try:
        service.give_role(db(), actor=actor(), user_id=user_id, role=needed(Role, "role"), area_id=area_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error, form="roles")
    return _done(user_id, "granted")


@people.post("/<int:user_id>/roles/<int:grant_id>/revoke")
@requires(Permission.PEOPLE_MANAGE)
def revoke(user_id: int, grant_id: int) -> Page:
    """Take a role away."""
    try:
        service.revoke_role(db(), actor=actor(), user_id=user_id, grant_id=grant_id, at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "revoked")


@people.post("/<int:user_id>/deactivate")
@requires(Permission.PEOPLE_MANAGE)
def deactivate(user_id: int) -> Page:
    """Close the account and sign every device out."""
    try:
        service.deactivate(db(), actor=actor(), user_id=user_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "deactivated")


@people.post("/<int:user_id>/reactivate")
@requires(Permission.PEOPLE_MANAGE)
def reactivate(user_id: int) -> Page:
    """Open the account again."""
    try:
        service.reactivate(db(), actor=actor(), user_id=user_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "reactivated")


@people.post("/<int:user_id>/away")
@requires(Permission.PEOPLE_MANAGE)
def away(user_id: int) -> Page:
    """Away until a day, and who has their referrals meanwhile."""
    try:
        go_away(
            db(),
            actor=actor(),
            user_id=user_id,
            version=version_sent(),
            last_day=day_sent("last_day"),
            stand_in_id=id_sent("stand_in"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _person(user_id, error=error, form="away")
    return _done(user_id, "away")


@people.post("/<int:user_id>/back")
@requires(Permission.PEOPLE_MANAGE)
def back(user_id: int) -> Page:
    """Back before the day."""
    try:
        come_back(db(), actor=actor(), user_id=user_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "back")


@people.post("/<int:user_id>/sessions/<int:session_id>/end")
@requires(Permission.PEOPLE_MANAGE)
def end_session(user_id: int, session_id: int) -> Page:
    """Sign one device out."""
    try:
        service.end_session(db(), actor=actor(), user_id=user_id, session_id=session_id, at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "signed-out")


@people.post("/<int:user_id>/wechat/unbind")
@requires(Permission.PEOPLE_MANAGE)
def unbind_wechat(user_id: int) -> Page:
    """Take the person's WeChat off and sign every device out."""
    try:
        unbind_person(db(), actor=actor(), user_id=user_id, at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "unbound")


@people.post("/<int:user_id>/second-factor/take-off")
@requires(Permission.PEOPLE_MANAGE)
def take_second_factor_off(user_id: int) -> Page:
    """For somebody who lost telephone and recovery codes; every device is signed out."""
    try:
        take_off(db(), actor=actor(), user_id=user_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        return _person(user_id, error=error)
    return _done(user_id, "factor-off")


@people.post("/<int:user_id>/reset")
@requires(Permission.PEOPLE_MANAGE)
def reset(user_id: int) -> Page:
    """A link with which the person sets a new password; it is shown on this answer and never again."""
    try:
        token = service.issue_reset(
            db(), vault=wiring().vault, actor=actor(), user_id=user_id, version=version_sent(), at=wiring().clock.now()
        )
    except DomainError as error:
        return _person(user_id, error=error)
    detail = person_detail(db(), actor(), user_id, idle_minutes=wiring().settings.session_idle_minutes, at=wiring().clock.now())
    return link_page(
        title=_("重设密码"),
        name=detail.row.name,
        about=_("他打开链接后自己设新密码。链接 %(hours)s 小时内有效，只能用一次；再发一个，这个就作废。", hours=RESET_HOURS),
        path=url_for("account.reset", token=token),
        back=url_for("people.person", user_id=user_id),
    )


def link_page(*, title: str, name: str, about: str, path: str, back: str) -> str:
    """A secret link with its code: nobody can show it again, since only its hash is kept."""
    address = f"{wiring().settings.base_url}{path}"
    picture = Markup(code_svg(address, label=_("二维码")))  # noqa: S704 - drawn by ourselves from an address of ours
    return render_template("people/link.html", title=title, name=name, about=about, address=address, picture=picture, back=back)


def area_sent() -> int:
    """The area chosen in a form; InvalidInput (field `area`) where none was."""
    found = id_sent("area")
    if found is None:
        raise InvalidInput("请选择负责的区域。", field="area")
    return found


def granting_choices(*, department_id: int | None = None) -> dict[str, object]:
    """What a form offers that gives a role: roles, areas, departments, each within the actor's reach; `department_id` is one that stays."""
    above = district_path(db(), actor().district_id or 0)
    return {
        "roles_offered": tuple((role.value, ROLE_NAMES[role]) for role in grantable(actor(), district_path=above)),
        "areas": area_choices(db(), actor(), Permission.PEOPLE_MANAGE),
        "departments": department_choices(db(), actor(), kept=department_id),
    }


def _done(user_id: int, what: str) -> Response:
    return redirect(url_for("people.person", user_id=user_id, done=what), code=303)


def _new(values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "people/new.html", values=values, error=error, name_max=NAME_MAX, password_min=PASSWORD_MIN, **granting_choices()
    )
    return (page, status_of(error)) if error is not None else page


def _person(user_id: int, *, error: DomainError | None = None, form: str = "") -> Page:
    if error is not None:
        db().rollback()
    detail = person_detail(db(), actor(), user_id, idle_minutes=wiring().settings.session_idle_minutes, at=wiring().clock.now())
    done = {
        "created": _("账号已建好。请当面把登录名和密码告诉本人。"),
        "changed": _("已保存。"),
        "granted": _("已授予。他下次打开页面就能看到。"),
        "revoked": _("已收回。"),
        "deactivated": _("账号已停用，他的设备都已退出。"),
        "reactivated": _("账号已恢复。"),
        "signed-out": _("那台设备已退出。"),
        "away": _("休假已登记，到时候自动恢复。"),
        "back": _("已销假。"),
        "factor-off": _("两步登录已取消，他的设备都已退出。请他用密码登录后重新打开。"),
        "unbound": _("微信已解绑，他的设备都已退出。"),
    }.get(request.args.get("done", ""), "")
    page = render_template(
        "people/person.html",
        one=detail,
        history=entity_history(db(), district_id=actor().district_id or 0, noun="user", entity_id=user_id),
        facts=typed() if form == "facts" else {"name": detail.row.name, "department": str(detail.department_id or "")},
        facts_error=error if form == "facts" else None,
        granting=typed() if form == "roles" else {},
        granting_error=error if form == "roles" else None,
        binding=binding_of(db(), user_id),
        leave=leave_of(db(), user_id, at=wiring().clock.now()),
        away=typed() if form == "away" else {},
        away_error=error if form == "away" else None,
        error=error,
        done=done,
        name_max=NAME_MAX,
        **granting_choices(department_id=detail.department_id),
    )
    return (page, status_of(error)) if error is not None else page
