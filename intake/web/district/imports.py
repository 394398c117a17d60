"""导入: a table of the hotline or a message board is sent, mapped, tried, taken in and taken back. Its rows are `import_rows`."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from flask import Blueprint, redirect, render_template, request, stream_with_context, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.import_mapping import FIELD_NAMES, MOST_BYTES, MOST_ROWS, REFUSAL_WORDS, UNVALUED, ImportField
from intake.domain.permission import Permission
from intake.domain.row_import import ImportState
from intake.queries.area import area_choices
from intake.queries.import_undone import left_silent
from intake.queries.row_import import (
    MOST_COUNTED,
    ImportDetail,
    areas_below,
    import_detail,
    imports_in_reach,
    refused_rows,
)
from intake.services import row_import as service
from intake.services.row_import import Importing, Upload, first_rows_key
from intake.services.row_import_work import NAMES_SHOWN
from intake.web.asked import day_sent, id_sent, sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.spreadsheet import BEGINNING, cell
from intake.web.unit_of_work import db, wiring

imports = Blueprint("imports", __name__, url_prefix="/d/imports")

Page = str | Response | tuple[str, int]
DONE = {
    "check": "已开始试读。",
    "import": "已开始导入。",
    "undo": "已开始撤回。",
    "discard": "已放弃，文件今晚删除。",
}
"""What was done, said once on the page that follows."""


@imports.get("")
@requires(Permission.IMPORT_MANAGE)
def index() -> Page:
    """What was imported, and the form for the next."""
    return _index({})


@imports.post("")
@requires(Permission.IMPORT_MANAGE)
def create() -> Page:
    """Take the file; its page says how it goes on."""
    file = request.files.get("file")
    upload = Upload(
        name=sent("name"),
        source=sent("source"),
        area_id=id_sent("area"),
        file_name=file.filename or "" if file else "",
        file=cast("BinaryIO", file.stream) if file and file.filename else None,
    )
    try:
        row = service.receive(db(), upload, actor=actor(), tables=wiring().tables, objects=wiring().objects, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _index(typed(), error=error), status_of(error)
    return redirect(url_for("imports.show", import_id=row.id), code=303)


@imports.get("/<int:import_id>")
@requires(Permission.IMPORT_MANAGE)
def show(import_id: int) -> Page:
    """How far it is, and what can be done next."""
    return _show(import_id)


@imports.get("/<int:import_id>/progress")
@requires(Permission.IMPORT_MANAGE)
def progress(import_id: int) -> str:
    """The part of its page that changes, asked for again and again while a worker reads."""
    return render_template("imports/progress.html", **_state(import_detail(db(), actor(), import_id)), done="")


@imports.post("/<int:import_id>/sheet")
@requires(Permission.IMPORT_MANAGE)
def choose_sheet(import_id: int) -> Page:
    """Another sheet of the workbook."""
    return _act(import_id, lambda session, now: service.choose_sheet(session, now, sheet=whole_number(sent("sheet"), field="sheet")))


@imports.post("/<int:import_id>/check")
@requires(Permission.IMPORT_MANAGE)
def check(import_id: int) -> Page:
    """Try it with these columns."""

    def act(session: Session, now: Importing) -> None:
        columns = {field: whole_number(raw, field=field.value) if (raw := sent(field.value)) else None for field in ImportField}
        if sent("since") and day_sent("since") is None:
            raise InvalidInput("日期看不懂，请按 2026-01-01 的样子填，不限就空着。", field="since")
        service.check(session, now, columns=columns, since=day_sent("since"))

    return _act(import_id, act, done="check")


@imports.post("/<int:import_id>/remap")
@requires(Permission.IMPORT_MANAGE)
def remap(import_id: int) -> Page:
    """Back to the columns."""
    return _act(import_id, service.remap)


@imports.post("/<int:import_id>/import")
@requires(Permission.IMPORT_MANAGE)
def take_in(import_id: int) -> Page:
    """For good now, with what was chosen for names that we don't know."""

    def act(session: Session, now: Importing) -> None:
        chosen = {at: id_sent(f"to_{at}") for at in range(NAMES_SHOWN) if f"to_{at}" in request.form}
        service.take_in(session, now, areas=chosen)

    return _act(import_id, act, done="import")


@imports.post("/<int:import_id>/undo")
@requires(Permission.IMPORT_MANAGE)
def undo(import_id: int) -> Page:
    """Withdraw what nobody has touched."""
    return _act(import_id, service.undo, done="undo")


@imports.post("/<int:import_id>/discard")
@requires(Permission.IMPORT_MANAGE)
def discard(import_id: int) -> Page:
    """Let it go."""
    return _act(import_id, service.discard, done="discard")


@imports.get("/<int:import_id>/refused.csv")
@requires(Permission.IMPORT_MANAGE)
def refused(import_id: int) -> Response:
    """Line, field and reason of every row that doesn't come in, piece by piece."""
    found = import_detail(db(), actor(), import_id)
    note_export("row_import", import_id)
    answer = Response(stream_with_context(_refused(found)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="import-{import_id}-refused.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _act(import_id: int, act: Callable[[Session, Importing], None], *, done: str = "") -> Page:
    try:
        act(db(), Importing(actor=actor(), import_id=import_id, version=version_sent(), at=wiring().clock.now()))
    except DomainError as error:
        db().rollback()
        return _show(import_id, error=error), status_of(error)
    return redirect(url_for("imports.show", import_id=import_id, done=done or None), code=303)


def _index(filled: dict[str, str], *, error: DomainError | None = None) -> str:
    after = request.args.get("after", "")
    return render_template(
        "imports/index.html",
        page=imports_in_reach(db(), actor(), after=after),
        after=after,
        areas=area_choices(db(), actor(), Permission.IMPORT_MANAGE),
        typed=filled,
        error=error,
        most_megabytes=MOST_BYTES // 1024 // 1024,
        most_rows=MOST_ROWS,
        days=wiring().workflow.retention.import_file_days,
    )


def _show(import_id: int, *, error: DomainError | None = None) -> str:
    return render_template("imports/show.html", **_state(import_detail(db(), actor(), import_id), error=error), done=_done())


def _done() -> str:
    return DONE.get(request.args.get("done", ""), "")


def _state(found: ImportDetail, *, error: DomainError | None = None) -> dict[str, Any]:
    """What the changing part of the page shows; what was typed stands in the form again beside an error."""
    first = _first_rows(found) if found.row.state is ImportState.MAPPING and found.row.has_heads else {}
    chosen = {field.value: str(at) for field, at in found.mapping.columns.items()}
    chosen["since"] = found.mapping.since.isoformat() if found.mapping.since else ""
    places = found.unplaced and found.row.state is ImportState.CHECKED
    return {
        "found": found,
        "silent": left_silent(db(), actor(), found.row.id) if found.row.state is ImportState.UNDONE else (),
        "fields": [(field.value, name) for field, name in FIELD_NAMES.items()],
        "sheets": list(enumerate(first.get("sheets", ()))),
        "first_rows": first.get("rows", ()),
        "chosen": typed() if error is not None and ImportField.TEXT.value in request.form else chosen,
        "reasons": REFUSAL_WORDS,
        "unvalued": UNVALUED,
        "places": list(areas_below(db(), found.area_path).items()) if places else (),
        "placed": _placed(found, error),
        "most_counted": MOST_COUNTED,
        "days": wiring().workflow.retention.import_file_days,
        "withdrawn_days": wiring().workflow.retention.withdrawn_text_days,
        "error": error,
    }


def _placed(found: ImportDetail, error: DomainError | None) -> dict[str, str]:
    """What is chosen for each name that isn't ours: just now, else the last time."""
    if error is not None and "to_0" in request.form:
        return typed()
    return {f"to_{at}": str(found.mapping.areas.get(name, "")) for at, (name, _) in enumerate(found.unplaced)}


def _first_rows(found: ImportDetail) -> dict[str, Any]:
    """What the worker laid beside the file; nothing when it is gone with it."""
    if not found.file_key:
        return {}
    try:
        with wiring().objects.open(first_rows_key(found.file_key)) as file:
            first: dict[str, Any] = json.load(file)
            return first
    except FileNotFoundError:
        return {}


def _refused(found: ImportDetail) -> Iterator[str]:
    """The file, some hundred rows at a time."""
    text = io.StringIO()
    text.write(BEGINNING)
    writer = csv.writer(text)
    writer.writerow([_("行"), _("栏目"), _("列名"), _("原因")])
    for line, field, reason in refused_rows(db(), found.row.id):
        at = found.mapping.columns.get(field)
        head = found.heads[at] if at is not None and at < len(found.heads) else ""
        writer.writerow([line, translated(FIELD_NAMES[field]), cell(head), translated(REFUSAL_WORDS[reason])])
        if text.tell() > 32_768:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
