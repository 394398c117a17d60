"""Topics whose residents said alike."""

from flask import Response

from intake.domain.permission import Permission
from intake.web.district.blueprint import district
from intake.web.guard import requires
from intake.web.similar import alike


@district.get("/similar")
@requires(Permission.SCREEN_VIEW)
def similar() -> Response:
    """Topics like the words in `q`, as JSON."""
    return alike(Permission.SCREEN_VIEW)
