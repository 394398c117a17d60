"""直报点 on the desk: the list, one point, its facts, state, code and weekly rota."""

from collections.abc import Mapping

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.point import POINT_GUARD_NAMES, POINT_KIND_NAMES, WEEKDAY_NAMES, PointAction, PointKind, PointState
from intake.domain.position import read_position
from intake.domain.poster_batch import FORMAT_NAMES
from intake.domain.scene_code import MOST_SCENES
from intake.domain.wechat_refusal import refusal_words
from intake.queries.area import area_choices
from intake.queries.entity_history import entity_history
from intake.queries.points import RECENT_DAYS, PointDetail, PointFilter, listeners_of, point_detail, points_in_reach
from intake.queries.scene_code import scene_of_point
from intake.services.place import NAME_MAX, NOTE_MAX, PointFacts, add_point, change_facts, change_point, rotate_code, set_rota
from intake.web.asked import id_asked, id_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_png, code_svg
from qr_assets.spec import LIMITS

places = Blueprint("places", __name__, url_prefix="/d")

Page = str | AnyResponse | tuple[str, int]


@places.get("/points")
@requires(Permission.PLACES_VIEW)
def points() -> Page:
    """Points within reach, narrowed by words, state, kind and area."""
    asked = PointFilter(
        words=words_asked(),
        state=one_of(PointState, request.args.get("state", "")),
        kind=one_of(PointKind, request.args.get("kind", "")),
        area_id=id_asked("area"),
    )
    after = request.args.get("after", "")
    filters = {"q": asked.words, "state": asked.state or "", "kind": asked.kind or "", "area": asked.area_id or ""}
    return render_template(
        "places/points.html",
        page=points_in_reach(db(), actor(), asked, after=after),
        after=after,
        filters=filters,
        areas=area_choices(db(), actor(), Permission.PLACES_VIEW),
        kinds=POINT_KIND_NAMES,
        states=tuple(PointState),
        now=wiring().clock.now(),
    )


@places.get("/points/new")
@requires(Permission.POINTS_MANAGE)
def new_point() -> Page:
    """An empty form; `?area=` chooses the area."""
    return _new_point({"area": str(id_asked("area") or ""), "kind": PointKind.COMMUNITY.value})


@places.post("/points/new")
@requires(Permission.POINTS_MANAGE)
def create_point() -> Page:
    """Make it and lead to its page."""
    try:
        area_id = id_sent("area")
        if area_id is None:
            raise InvalidInput("请选择直报点挂在哪个区域。", field="area")
        point = add_point(db(), actor=actor(), area_id=area_id, facts=_facts(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _new_point(typed(), error=error)
    return redirect(url_for("places.point", point_id=point.id, done="created"), code=303)


@places.get("/points/<int:point_id>")
@requires(Permission.PLACES_VIEW)
def point(point_id: int) -> Page:
    """Everything about one point."""
    return point_page(point_id)


@places.get("/points/<int:point_id>/code.png")
@requires(Permission.PLACES_VIEW)
def code_picture(point_id: int) -> Response:
    """The code as a picture to save."""
    found = detail_of(point_id)
    picture = code_png(_address(found), module_px=20)
    note_visit("point_code.export", "point", {}, entity_id=point_id)
    return Response(picture, mimetype="image/png", headers={"Content-Disposition": f'attachment; filename="{found.row.code}.png"'})


@places.get("/points/<int:point_id>/facts")
@requires(Permission.POINTS_MANAGE)
def edit_point(point_id: int) -> Page:
    """The form with what stands there now."""
    return _facts_form(detail_of(point_id))


@places.post("/points/<int:point_id>/facts")
@requires(Permission.POINTS_MANAGE)
def change_point_facts(point_id: int) -> Page:
    """Save name, kind, telephone and position."""
    try:
        change_facts(db(), actor=actor(), point_id=point_id, version=version_sent(), facts=_facts(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _facts_form(detail_of(point_id), error=error)
    return redirect(url_for("places.point", point_id=point_id, done="changed"), code=303)


@places.post("/points/<int:point_id>/move")
@requires(Permission.POINTS_MANAGE)
def move_point(point_id: int) -> Page:
    """Pause, resume or retire, with the sentence residents read."""
    try:
        change_point(
            db(),
            actor=actor(),
            point_id=point_id,
            action=needed(PointAction, "action"),
            note=sent("note"),
            version=version_sent(),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return point_page(point_id, error=error)
    return redirect(url_for("places.point", point_id=point_id, done="moved"), code=303)


@places.get("/points/<int:point_id>/rotate")
@requires(Permission.POINTS_MANAGE)
def ask_rotate(point_id: int) -> Page:
    """Says what a new code means before it is made."""
    return render_template("places/rotate.html", point=detail_of(point_id), error=None)


@places.post("/points/<int:point_id>/rotate")
@requires(Permission.POINTS_MANAGE)
def rotate(point_id: int) -> Page:
    """A new code, once the person said that the posters will be changed."""
    try:
        if request.form.get("confirm") != "1":
            raise InvalidInput("请先勾选：墙上的海报都会换成新的。", field="confirm")
        rotate_code(db(), actor=actor(), point_id=point_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return render_template("places/rotate.html", point=detail_of(point_id), error=error), status_of(error)
    return redirect(url_for("places.point", point_id=point_id, done="rotated"), code=303)


@places.get("/points/<int:point_id>/rota")
@requires(Permission.POINTS_MANAGE)
def rota(point_id: int) -> Page:
    """Who listens on which weekday."""
    return _rota(detail_of(point_id))


@places.post("/points/<int:point_id>/rota")
@requires(Permission.POINTS_MANAGE)
def change_rota(point_id: int) -> Page:
    """Save the week."""
    try:
        days = {day: {whole_number(raw, field=f"day-{day}") for raw in request.form.getlist(f"day-{day}")} for day in range(7)}
        set_rota(db(), actor=actor(), point_id=point_id, version=version_sent(), days=days, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _rota(detail_of(point_id), error=error)
    return redirect(url_for("places.point", point_id=point_id, done="rota"), code=303)


def detail_of(point_id: int) -> PointDetail:
    """The point, where the person may see it; NotFound or Forbidden otherwise."""
    return point_detail(db(), actor(), point_id, at=wiring().clock.now())


def _address(detail: PointDetail) -> str:
    return f"{wiring().settings.base_url}/p/{detail.row.code}"


def _facts() -> PointFacts:
    position = read_position(sent("position"), field="position")
    return PointFacts(
        kind=needed(PointKind, "kind"),
        name=sent("name"),
        helper_name=sent("helper_name"),
        helper_phone=sent("helper_phone"),
        helper_hours=sent("helper_hours"),
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
    )


def _new_point(values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "places/new_point.html",
        values=values,
        error=error,
        areas=area_choices(db(), actor(), Permission.POINTS_MANAGE),
        kinds=POINT_KIND_NAMES,
        limits=LIMITS,
        name_max=NAME_MAX,
    )
    return (page, status_of(error)) if error is not None else page


def _facts_form(detail: PointDetail, *, error: DomainError | None = None) -> Page:
    stored = {
        "kind": detail.row.kind.value,
        "name": detail.row.name,
        "helper_name": detail.helper_name,
        "helper_phone": detail.row.helper_phone,
        "helper_hours": detail.helper_hours,
        "position": str(detail.position or ""),
    }
    page = render_template(
        "places/facts.html",
        point=detail,
        stored=stored,
        values=typed() if error is not None else stored,
        error=error,
        kinds=POINT_KIND_NAMES,
        limits=LIMITS,
        name_max=NAME_MAX,
    )
    return (page, status_of(error)) if error is not None else page


def _rota(detail: PointDetail, *, error: DomainError | None = None) -> Page:
    found = listeners_of(db(), detail, district_id=actor().district_id or 0)
    chosen = {
        (one.user_id, day)
        for one in found
        for day in range(7)
        if (str(one.user_id) in request.form.getlist(f"day-{day}") if error is not None else day in one.days)
    }
    page = render_template("places/rota.html", point=detail, listeners=found, chosen=chosen, weekdays=WEEKDAY_NAMES, error=error)
    return (page, status_of(error)) if error is not None else page


def point_page(point_id: int, *, error: DomainError | None = None) -> Page:
    """A point's page, with the refusal of what was just tried there."""
    detail = detail_of(point_id)
    done = {
        "created": _("已建好。先看看二维码，再打印海报。"),
        "changed": _("已保存。"),
        "moved": _("已记下，居民扫码时马上能看到。"),
        "rotated": _("已换新码。请打印新海报，把墙上的旧海报换下来。"),
        "rota": _("值班表已保存，从下一件来件起按新的来。"),
        "guard": _("已保存，下一次打开表单起按新的来。"),
        "scene": _("已交给后台生成，一般不到半分钟。"),
    }.get(request.args.get("done", ""), "")
    page = render_template(
        "places/point.html",
        point=detail,
        address=_address(detail),
        picture=Markup(code_svg(_address(detail), label=_("二维码"))),  # noqa: S704 - drawn by ourselves from an address of ours
        history=entity_history(db(), district_id=actor().district_id or 0, noun="point", entity_id=point_id),
        kinds=POINT_KIND_NAMES,
        guards=POINT_GUARD_NAMES,
        weekdays=WEEKDAY_NAMES,
        formats=FORMAT_NAMES,
        scene=scene_of_point(db(), point_id=point_id, area_id=detail.area_id),
        most_scenes=MOST_SCENES,
        refusal_words=refusal_words,
        recent_days=RECENT_DAYS,
        note=typed().get("note", "") if error is not None else "",
        tried=request.form.get("action", "") if error is not None else "",
        note_max=NOTE_MAX,
        error=error,
        done=done,
    )
    return (page, status_of(error)) if error is not None else page
