"""公众号二维码 of a point: asked for, and taken home as a picture."""

from flask import Response, redirect, url_for

from intake.domain.errors import DomainError, NotFound
from intake.domain.permission import Permission
from intake.queries.scene_code import SceneView, scene_of_point
from intake.services.scene_code import ask_scene
from intake.web.district import point_guard
from intake.web.district.areas import places
from intake.web.district.places import Page, detail_of, point_page
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_png, code_svg

__all__ = ["places", "point_guard"]


@places.post("/points/<int:point_id>/scene")
@requires(Permission.POINTS_MANAGE)
def ask_for_scene(point_id: int) -> Page:
    """Have a worker make the code; the point's page shows how far it is."""
    try:
        ask_scene(db(), actor=actor(), point_id=point_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return point_page(point_id, error=error)
    return redirect(url_for("places.point", point_id=point_id, done="scene") + "#scene", code=303)


@places.get("/points/<int:point_id>/scene.<any(png,svg):kind>")
@requires(Permission.PLACES_VIEW)
def scene_picture(point_id: int, kind: str) -> Response:
    """The code as pixels or as lines, to print with."""
    detail = detail_of(point_id)
    scene = _scene(point_id, detail.area_id)
    note_visit("scene.export", "point", {"format": kind}, entity_id=point_id)
    headers = {"Content-Disposition": f'attachment; filename="{detail.row.code}-wechat.{kind}"'}
    if kind == "svg":
        return Response(code_svg(scene.address, label=_("公众号二维码")), mimetype="image/svg+xml", headers=headers)
    return Response(code_png(scene.address, module_px=20), mimetype="image/png", headers=headers)


def _scene(point_id: int, area_id: int) -> SceneView:
    found = scene_of_point(db(), point_id=point_id, area_id=area_id)
    if found is None or not found.address:
        raise NotFound("这个直报点还没有公众号二维码，请回到它的页面看进度。")
    return found
