"""地图: where something was told, drawn by the server on an empty sheet, with the same facts in a list beside it."""

from dataclasses import dataclass

from flask import render_template
from werkzeug.wrappers import Response

from intake.domain.map_layout import BOX, Sheet, Spot, sheet_of
from intake.queries.public_map import MapPlace, PublicMap, public_map
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import cacheable
from intake.web.public.heard import heard_in
from intake.web.public.scope import scope_asked
from intake.web.unit_of_work import db


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the sheet; `spot` is None for one that stands only in the list."""

    number: int
    place: MapPlace
    spot: Spot | None


@public.get("/map")
@open_to_all
def where() -> Response:
    """The places below an area; with several districts and none asked for, the districts."""
    scope = scope_asked()
    if scope.area is None:
        return cacheable(render_template("public/map.html", scope=scope, marks=(), sheet=None, box=BOX))
    found = public_map(db(), scope.area, heard_in(scope.area.district_id))
    sheet = _sheet(found)
    return cacheable(render_template("public/map.html", scope=scope, marks=_marks(found, sheet), sheet=sheet, box=BOX))


def _sheet(found: PublicMap) -> Sheet | None:
    positions = [one.position for one in found.places if one.position is not None]
    return sheet_of(positions, found.dots) if positions else None


def _marks(found: PublicMap, sheet: Sheet | None) -> tuple[Mark, ...]:
    spots = iter(sheet.marks if sheet is not None else ())
    return tuple(Mark(number, place, next(spots) if place.position is not None else None) for number, place in enumerate(found.places, 1))
