"""Who may enter: every view carries its access, and one that doesn't is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import Flask, current_app, redirect, request, session, url_for
from flask import g as request_globals
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from intake.domain.actor import Actor
from intake.domain.errors import FactorMissing, Forbidden, SignedOut
from intake.domain.permission import Permission
from intake.queries.actor import actor_of_session
from intake.queries.own_account import has_second_factor
from intake.services.sign_in import token_hash
from intake.web.api_caller import require_key
from intake.web.asked import wants_json
from intake.web.errors import KEPT_FIELDS
from intake.web.unit_of_work import db, wiring

View = TypeVar("View", bound=Callable[..., Any])
COOKIE_KEY = "s"
csrf = CSRFProtect()
SWITCHING_ON = frozenset({"account.second_factor", "account.begin_second_factor", "account.confirm_second_factor"})
"""All that is open to somebody who has to switch the second step on first; signing out is open to everybody."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks for."""

    kind: Literal["open", "anonymous_form", "sign_in", "signed", "keyed", "permission"]
    """open: anybody reads. anonymous_form: signed key and Origin instead of a session. sign_in: CSRF without a person yet. signed: verified
    by the adapter. keyed: by another system's key (接口密钥). permission: a signed-in person with `permission`."""
    permission: Permission | None = None


def _mark(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]  # functions take attributes; the guard and the route document read it
        return view

    return mark


open_to_all = _mark(Access("open"))
anonymous_form = _mark(Access("anonymous_form"))
sign_in_form = _mark(Access("sign_in"))
signed_request = _mark(Access("signed"))
keyed_request = _mark(Access("keyed"))


def requires(permission: Permission) -> Callable[[View], View]:
    """The outer fence; the service checks area and state."""
    return _mark(Access("permission", permission))


def init_guard(app: Flask) -> None:
    """Install the check in front of every request."""
    csrf.init_app(app)
    app.before_request(_check)


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What a route asks for, None where nobody said."""
    if endpoint == "static":
        return Access("open")
    return getattr(app.view_functions[endpoint], "access", None)


def _check() -> Response | None:
    if request.endpoint is None:
        return None  # 404 or 405 follows
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise Forbidden("这一页没有开放。")
    if access.kind == "anonymous_form":
        _check_origin()
    if access.kind == "keyed":
        require_key()
    if access.kind == "sign_in":
        csrf.protect()
    return _check_person(access) if access.kind == "permission" else None


def _check_person(access: Access) -> Response | None:
    person = current_actor()
    if person is None:
        if wants_json():
            raise SignedOut("登录已过期。请先登录，您写的内容还在手机上。")
        if _has_typed():
            raise SignedOut("登录已过期。您写的内容在下面，请先复制；重新登录后再提交。")
        target = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("account.sign_in", next=target), code=303)
    csrf.protect()
    if access.permission is not None and not person.may(access.permission):
        raise Forbidden("您没有打开这一页的权限。需要的话请联系区政协办公室。")
    if request.endpoint not in SWITCHING_ON and needs_second_factor(person) and not has_second_factor(db(), person.user_id or 0):
        if wants_json() or _has_typed():
            raise FactorMissing("您的角色要求两步登录，请先打开，再回来提交。您写的内容还在。")
        return redirect(url_for("account.second_factor"), code=303)
    return None


def _has_typed() -> bool:
    return request.method == "POST" and any(request.form.get(name) for name in KEPT_FIELDS)


def needs_second_factor(person: Actor) -> bool:
    """Whether the installation wants a second step of one of their roles (ZHIBAO_TOTP_ROLES)."""
    wanted = wiring().settings.roles_with_totp
    return bool(wanted) and any(grant.role.value in wanted for grant in person.grants)


def current_actor() -> Actor | None:
    """The signed-in person, asked for once a request."""
    if "actor" not in request_globals:
        token = session.get(COOKIE_KEY)
        request_globals.actor = (
            actor_of_session(
                db(), token_hash=token_hash(token), idle_minutes=wiring().settings.session_idle_minutes, at=wiring().clock.now()
            )
            if isinstance(token, str)
            else None
        )
    found: Actor | None = request_globals.actor
    return found


def actor() -> Actor:
    """The person behind a guarded request."""
    found = current_actor()
    assert found is not None, "the guard let nobody in"
    return found


def _check_origin() -> None:
    """A page of another site must not send our form; old browsers send no Origin, private ones `null`, and the signed key still holds."""
    origin = request.headers.get("Origin")
    if request.method != "POST" or origin in {None, "null"}:
        return
    if origin not in {request.host_url.rstrip("/"), wiring().settings.base_url}:
        raise Forbidden("请从直报点自己的页面提交。")
