"""区域 on the desk: the tree, one area, adding below it and giving it another name."""

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.point import AREA_KIND_NAMES, AreaKind
from intake.queries.area import area_detail, area_tree
from intake.queries.entity_history import entity_history
from intake.services.place import NAME_MAX, add_area, rename_area, set_residents
from intake.web.asked import count_sent, needed, sent, typed, version_sent
from intake.web.district.places import Page, places
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

__all__ = ["places"]


@places.get("/areas")
@requires(Permission.PLACES_VIEW)
def areas() -> Page:
    """The tree with counts."""
    return render_template("places/areas.html", rows=area_tree(db(), actor()), kinds=AREA_KIND_NAMES)


@places.get("/areas/<int:area_id>")
@requires(Permission.PLACES_VIEW)
def area(area_id: int) -> Page:
    """One area."""
    return _area(area_id)


@places.post("/areas/<int:area_id>/below")
@requires(Permission.POINTS_MANAGE)
def add_below(area_id: int) -> Page:
    """A street or community below it."""
    try:
        made = add_area(db(), actor=actor(), parent_id=area_id, kind=needed(AreaKind, "kind"), name=sent("name"), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _area(area_id, error=error, adding=typed())
    return redirect(url_for("places.area", area_id=made.id, done="added"), code=303)


@places.post("/areas/<int:area_id>/name")
@requires(Permission.POINTS_MANAGE)
def rename(area_id: int) -> Page:
    """Another name."""
    try:
        rename_area(db(), actor=actor(), area_id=area_id, version=version_sent(), name=sent("name"), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _area(area_id, error=error, renaming=typed())
    return redirect(url_for("places.area", area_id=area_id, done="renamed"), code=303)


@places.post("/areas/<int:area_id>/residents")
@requires(Permission.POINTS_MANAGE)
def change_residents(area_id: int) -> Page:
    """How many people live there."""
    try:
        residents = count_sent("residents")
        set_residents(db(), actor=actor(), area_id=area_id, version=version_sent(), residents=residents, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _area(area_id, error=error, counting=typed())
    return redirect(url_for("places.area", area_id=area_id, done="residents"), code=303)


def _area(
    area_id: int,
    *,
    error: DomainError | None = None,
    adding: Mapping[str, str] | None = None,
    renaming: Mapping[str, str] | None = None,
    counting: Mapping[str, str] | None = None,
) -> Page:
    detail = area_detail(db(), actor(), area_id)
    done = {
        "added": _("已建好。下一步：在这里建直报点。"),
        "renamed": _("已改名。新打印的海报上是新名称。"),
        "residents": _("已保存。筛选议题时会用到。"),
    }
    page = render_template(
        "places/area.html",
        area=detail,
        kinds=AREA_KIND_NAMES,
        history=entity_history(db(), district_id=actor().district_id or 0, noun="area", entity_id=area_id),
        error=error,
        adding=adding,
        renaming=renaming,
        counting=counting,
        name_max=NAME_MAX,
        done=done.get(request.args.get("done", ""), ""),
    )
    return (page, status_of(error)) if error is not None else page
