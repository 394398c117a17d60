"""接口密钥 on the desk: given to another system, shown once, taken back."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.api_key import keys_in_reach
from intake.services.api_key import NAME_MAX, give_key, revoke_key
from intake.web.asked import sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

api_keys = Blueprint("api_keys", __name__, url_prefix="/d/api-keys")

Page = str | Response | tuple[str, int]


@api_keys.get("")
@requires(Permission.API_KEYS_MANAGE)
def index() -> Page:
    """Keys within reach, the latest first."""
    return _index()


@api_keys.post("/new")
@requires(Permission.API_KEYS_MANAGE)
def give() -> Page:
    """Make a key and show it, once: only its hash is kept."""
    try:
        given = give_key(db(), actor=actor(), name=sent("name"), point_code=sent("point_code", longest=NAME_MAX), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _index(values=typed(), error=error)
    return render_template("api_keys/given.html", given=given, address=f"{wiring().settings.base_url}/open311/v2")


@api_keys.post("/<int:key_id>/revoke")
@requires(Permission.API_KEYS_MANAGE)
def revoke(key_id: int) -> Page:
    """It opens nothing from now on."""
    try:
        revoke_key(db(), actor=actor(), key_id=key_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _index(error=error)
    return redirect(url_for("api_keys.index", done="revoked"), code=303)


def _index(*, values: Mapping[str, str] | None = None, error: DomainError | None = None) -> Page:
    after = request.args.get("after", "")
    page = render_template(
        "api_keys/index.html",
        page=keys_in_reach(db(), actor(), after=after),
        after=after,
        values=values or {},
        name_max=NAME_MAX,
        error=error,
        done=_("已收回。拿着它的系统从现在起什么也做不了。") if request.args.get("done") == "revoked" else "",
    )
    return (page, status_of(error)) if error is not None else page
