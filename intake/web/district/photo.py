"""打码 at the desk: one resident's photo, and the parts of it that nobody shall see."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.photo_blur import PARTS_MOST, Part, read_parts
from intake.queries.submission_file import StoredSaid, photo_to_blur
from intake.services.photo_blur import blur_photo
from intake.web.asked import version_sent
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.said import said_file
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]
SIDES = ("left", "top", "width", "height")
_MORE_ROWS = 4


@district.get("/photos/<int:file_id>")
@requires(Permission.PHOTO_BLUR)
def photo(file_id: int) -> Page:
    """The photo, what is covered, and rows for more."""
    return _page(file_id)


@district.post("/photos/<int:file_id>")
@requires(Permission.PHOTO_BLUR)
def blur(file_id: int) -> Page:
    """Cover what the rows say, and nothing else; `clear` uncovers all."""
    rows = _rows_sent()
    try:
        submission_id = blur_photo(
            db(),
            actor(),
            file_id=file_id,
            version=version_sent(),
            parts=() if "clear" in request.form else read_parts(rows),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _page(file_id, error=error, rows=rows), status_of(error)
    return redirect(url_for("district.submission", submission_id=submission_id), code=303)


@district.get("/photos/<int:file_id>/whole")
@requires(Permission.PHOTO_BLUR)
def whole_photo(file_id: int) -> Response:
    """The photo with nothing covered, for this page alone."""
    found = photo_to_blur(db(), actor(), file_id)
    note_visit("photo.view_whole", "submission_file", {}, entity_id=file_id)
    return said_file(StoredSaid(found.key, "image/jpeg"))


def _page(file_id: int, *, error: DomainError | None = None, rows: list[tuple[str, ...]] | None = None) -> str:
    found = photo_to_blur(db(), actor(), file_id)
    shown = rows if rows is not None else [_in_per_cent(part) for part in found.parts]
    empty = ("",) * len(SIDES)
    return render_template(
        "district/photo.html",
        photo=found,
        rows=[*shown, *[empty] * min(_MORE_ROWS, PARTS_MOST - len(shown))],
        sides=SIDES,
        error=error,
    )


def _rows_sent() -> list[tuple[str, ...]]:
    """What stands in the rows, without those that are empty."""
    columns = [[one[:12].replace("\x00", "") for one in request.form.getlist(side)[: 2 * PARTS_MOST]] for side in SIDES]
    return [row for row in zip(*columns, strict=False) if any(one.strip() for one in row)]


def _in_per_cent(part: Part) -> tuple[str, ...]:
    return tuple(f"{getattr(part, side) * 100:.2f}".rstrip("0").rstrip(".") for side in SIDES)
