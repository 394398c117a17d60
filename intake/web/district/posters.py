"""海报: one poster at once, or a batch in the background, found again on its page."""

from io import BytesIO
from typing import BinaryIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, Expired, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.poster_batch import FORMAT_NAMES, MOST_WAITING, BatchState, PosterFormat
from intake.domain.working_days import SHANGHAI
from intake.queries.poster import district_look, point_to_print
from intake.queries.poster_batch import areas_to_print, batch_detail, batches_of
from intake.services.poster import poster_desk, single_poster
from intake.services.poster_batch import order_batch, retry_batch
from intake.web.errors import status_of
from intake.web.exported import note_export, note_visit
from intake.web.guard import actor, requires
from intake.web.language import translate
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring
from qr_assets.fonts import FontsMissingError

posters = Blueprint("posters", __name__, url_prefix="/d")

Page = str | Response | tuple[str, int]
MIME = {"pdf": "application/pdf", "png": "image/png"}
LISTED = 200
"""Left-out points that a page names."""


@posters.get("/posters")
@requires(Permission.POSTERS_PRINT)
def index() -> Page:
    """What can be ordered, and what was."""
    return _index()


@posters.post("/posters")
@requires(Permission.POSTERS_PRINT)
def order() -> Page:
    """Order a batch; its page shows how far it is."""
    try:
        batch_id = order_batch(
            db(),
            actor=actor(),
            area_id=whole_number(request.form.get("area", ""), field="area"),
            format=request.form.get("format", ""),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _index(error=error)
    return redirect(url_for("posters.batch", batch_id=batch_id), code=303)


@posters.get("/posters/<int:batch_id>")
@requires(Permission.POSTERS_PRINT)
def batch(batch_id: int) -> Page:
    """One batch: how far it is, its file, and what was left out."""
    return _batch(batch_id)


@posters.get("/posters/<int:batch_id>/progress")
@requires(Permission.POSTERS_PRINT)
def progress(batch_id: int) -> str:
    """The part of its page that changes, asked for again and again while it is being drawn."""
    return render_template("posters/progress.html", batch=batch_detail(db(), actor(), batch_id), formats=FORMAT_NAMES, listed=LISTED)


@posters.post("/posters/<int:batch_id>/retry")
@requires(Permission.POSTERS_PRINT)
def retry(batch_id: int) -> Page:
    """Draw a failed one again."""
    try:
        retry_batch(db(), actor=actor(), batch_id=batch_id, version=whole_number(request.form.get("version", "")), at=wiring().clock.now())
    except DomainError as error:
        return _batch(batch_id, error=error)
    return redirect(url_for("posters.batch", batch_id=batch_id), code=303)


@posters.get("/posters/<int:batch_id>/download")
@requires(Permission.POSTERS_PRINT)
def download(batch_id: int) -> Response:
    """The PDF, piece by piece from the store."""
    found = batch_detail(db(), actor(), batch_id)
    if found.row.state is not BatchState.DONE:
        raise NotFound("这批海报还没有生成好，请回到它的页面看进度。")
    gone = Expired("文件已过期，请回到这批海报的页面，点“重新生成”。")
    if found.file_key is None:
        raise gone
    try:
        size, file = wiring().objects.size(found.file_key), wiring().objects.open(found.file_key)
    except FileNotFoundError:
        raise gone from None
    day = found.row.ordered_at.astimezone(SHANGHAI)
    name = f"{found.row.area_name}-{translate(FORMAT_NAMES[found.row.format])}-{day:%Y%m%d}-{batch_id}.pdf"
    note_export("poster_batch", batch_id)
    answer = _file(file, "pdf", name=name)
    answer.content_length = size
    return answer


@posters.get("/points/<int:point_id>/poster.<any(pdf,png):kind>")
@requires(Permission.POSTERS_PRINT)
def single(point_id: int, kind: str) -> Page:
    """One poster, drawn while somebody waits (under a second)."""
    point = point_to_print(db(), actor(), point_id)
    raw = request.args.get("format", PosterFormat.A4.value)
    chosen = next((one for one in PosterFormat if one.value == raw), None)
    if chosen is None:
        raise InvalidInput("没有这种规格的海报，请从直报点的页面重新选择。", field="format")
    try:
        desk = poster_desk(district_look(db(), point.district_id), wiring().settings, at=wiring().clock.now())
    except (ValueError, FontsMissingError) as error:
        return render_template("posters/refused.html", point=point, reason=str(error), of_point=False), 422
    try:
        drawn = single_poster(desk.spec(point), chosen, kind=kind)
    except ValueError as error:
        return render_template("posters/refused.html", point=point, reason=str(error), of_point=True), 422
    name = f"{point.name}-{translate(FORMAT_NAMES[chosen])}.{kind}"
    note_visit("poster.export", "point", {"format": chosen.value}, entity_id=point_id)
    return _file(BytesIO(drawn), kind, name=name)


def _file(file: BinaryIO, kind: str, *, name: str) -> Response:
    """To keep under a Chinese name (`filename*`, RFC 6266), and nowhere on the way."""
    answer = send_file(file, mimetype=MIME[kind], as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _index(*, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "posters/index.html",
        areas=areas_to_print(db(), actor()),
        batches=batches_of(db(), actor(), after=request.args.get("after", "")),
        after=request.args.get("after", ""),
        formats=FORMAT_NAMES,
        chosen_area=request.values.get("area", ""),
        chosen_format=request.values.get("format", PosterFormat.A4.value),
        most=MOST_WAITING,
        days=wiring().workflow.retention.poster_file_days,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _batch(batch_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    found = batch_detail(db(), actor(), batch_id)
    page = render_template(
        "posters/batch.html",
        batch=found,
        formats=FORMAT_NAMES,
        listed=LISTED,
        days=wiring().workflow.retention.poster_file_days,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
