"""防刷 of a point, set by hand."""

from flask import redirect, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.point import PointGuard
from intake.services.point_guard import set_guard
from intake.web.asked import needed, version_sent
from intake.web.district.places import Page, places, point_page
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring


@places.post("/points/<int:point_id>/guard")
@requires(Permission.POINTS_MANAGE)
def guard_point(point_id: int) -> Page:
    """By itself, always on, or always off."""
    try:
        set_guard(
            db(),
            actor=actor(),
            point_id=point_id,
            guard=needed(PointGuard, "guard"),
            version=version_sent(),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return point_page(point_id, error=error)
    return redirect(url_for("places.point", point_id=point_id, done="guard") + "#guard", code=303)
