"""本区设置 on the desk."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from intake.domain.errors import DomainError, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.queries.district_profile import district_emblem, district_profile
from intake.queries.entity_history import entity_history
from intake.services.district_profile import EMBLEM_BYTES, NUMBER_MAX, ProfileFacts, save_profile
from intake.web.asked import sent, typed, version_sent
from intake.web.errors import status_of, too_large
from intake.web.guard import actor, current_actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring
from qr_assets.code import ACTION
from qr_assets.spec import LIMITS, TITLE

profile = Blueprint("profile", __name__, url_prefix="/d/settings")

Page = str | AnyResponse | tuple[str, int]
BODY_BYTES = 2 * EMBLEM_BYTES
"""So that a file somewhat too large comes back as a sentence beside its field."""
FIELDS = ("operator", "phone", "phone_hours", "icp_number", "police_number", "poster_title", "colour")


@profile.url_value_preprocessor
def _take_larger_bodies(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    request.max_content_length = BODY_BYTES


@profile.errorhandler(RequestEntityTooLarge)
def much_too_large(_error: RequestEntityTooLarge) -> Page:
    """A file over BODY_BYTES is refused before anything of the form is read, the permission included: ask for it here."""
    person = current_actor()
    if request.method != "POST" or person is None or not person.may(Permission.DISTRICT_MANAGE):
        return too_large()
    limit = EMBLEM_BYTES // 1024
    error = InvalidInput(f"徽标文件太大，最多 {limit} kB，请缩小后再传。这次什么都没有保存，别的改动请再写一遍。", field="emblem")
    return _form(error, values=None), 413


@profile.get("")
@requires(Permission.DISTRICT_MANAGE)
def edit() -> Page:
    """The form with what is set."""
    return _edit()


@profile.post("")
@requires(Permission.DISTRICT_MANAGE)
def save() -> Page:
    """Save it; an emblem is drawn anew before it is kept."""
    try:
        upload = request.files.get("emblem")
        save_profile(
            db(),
            actor=actor(),
            version=version_sent(),
            facts=ProfileFacts(**{field: sent(field) for field in FIELDS}),
            emblem=upload.read(EMBLEM_BYTES + 1) if upload is not None else None,
            remove_emblem=request.form.get("remove_emblem") == "1",
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _edit(error=error)
    return redirect(url_for("profile.edit", done=1), code=303)


@profile.get("/emblem")
@requires(Permission.DISTRICT_MANAGE)
def emblem() -> Response:
    """The emblem as it is printed."""
    picture = district_emblem(db(), actor().district_id or 0)
    if picture is None:
        raise NotFound("还没有徽标。")
    return Response(picture, mimetype="image/png")


def _edit(*, error: DomainError | None = None) -> Page:
    page = _form(error, values=typed() if error is not None else None)
    return (page, status_of(error)) if error is not None else page


def _form(error: DomainError | None, *, values: dict[str, str] | None) -> str:
    """The form with `values`, without them with what is stored."""
    district_id = actor().district_id or 0
    stored = district_profile(db(), district_id)
    return render_template(
        "profile/edit.html",
        stored=stored,
        values={field: getattr(stored, field) for field in FIELDS} if values is None else values,
        history=entity_history(db(), district_id=district_id, noun="district_profile", entity_id=stored.id),
        error=error,
        done=_("已保存。新打印的海报和页脚都用新的设置。") if "done" in request.args else "",
        limits=LIMITS,
        number_max=NUMBER_MAX,
        emblem_kb=EMBLEM_BYTES // 1024,
        default_colour=ACTION,
        default_title=TITLE,
    )
