"""导入的来件 on the desk: the rows of one import, put into topics or kept for reference many at a time, and brought back."""

from collections.abc import Callable
from datetime import datetime, time
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.queries.lease import STEPPED_BACK
from intake.queries.row_import import import_detail
from intake.queries.row_import_rows import RowFilter, imported_rows
from intake.services.row_import_rows import Pressed, Pressing, attach_rows, bring_rows_back, set_rows_aside
from intake.web.asked import one_of, sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

import_rows = Blueprint("import_rows", __name__, url_prefix="/d/imports/<int:import_id>/rows")

Page = str | Response | tuple[str, int]
FILTER_NAMES: dict[RowFilter, str] = {
    RowFilter.WAITING: "等处理",
    RowFilter.SUGGESTED: "有建议的议题",
    RowFilter.SOON: "较急",
    RowFilter.ASIDE: "只作参考",
    RowFilter.ALL: "全部",
}


@import_rows.app_template_filter()
def said_there(at: datetime) -> str:
    """2019-10-03 08:05, the day alone where the table had no more: rows may be years old."""
    local = at.astimezone(SHANGHAI)
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M}"


@import_rows.get("")
@requires(Permission.IMPORT_MANAGE)
def index(import_id: int) -> Page:
    """What came in and what became of it; keyset pages."""
    return _rows(import_id)


@import_rows.post("/attach")
@requires(Permission.TRIAGE_DECIDE)
def attach(import_id: int) -> Page:
    """The ticked rows into the topics that are suggested for them."""
    return _press(import_id, attach_rows, "attached")


@import_rows.post("/aside")
@requires(Permission.TRIAGE_DECIDE)
def aside(import_id: int) -> Page:
    """The ticked rows are kept for reference."""
    return _press(import_id, set_rows_aside, "aside")


@import_rows.post("/back")
@requires(Permission.TRIAGE_DECIDE)
def back(import_id: int) -> Page:
    """The ticked rows, which were kept for reference, wait again."""
    return _press(import_id, bring_rows_back, "back")


def _press(import_id: int, act: Callable[[Session, Pressing], Pressed], done: str) -> Page:
    wired = wiring()
    try:
        import_detail(db(), actor(), import_id)
        pressed = act(
            db(),
            Pressing(
                actor=actor(),
                import_id=import_id,
                chosen=[_ticked(raw) for raw in dict.fromkeys(request.form.getlist("one"))],
                at=wired.clock.now(),
                undo_seconds=wired.settings.undo_seconds,
            ),
        )
    except DomainError as error:
        db().rollback()
        return _rows(import_id, error=error), status_of(error)
    said = {"show": sent("show"), "after": sent("after"), done: str(pressed.done), "left": str(pressed.left)}
    address = url_for("import_rows.index", import_id=import_id)
    return redirect(f"{address}?{urlencode({name: value for name, value in said.items() if value})}", code=303)


def _ticked(raw: str) -> tuple[int, int]:
    """Submission and version of one row as it stood on the screen."""
    submission_id, _, version = raw.partition("_")
    return whole_number(submission_id, field="one"), whole_number(version, field="one")


def _rows(import_id: int, *, error: DomainError | None = None) -> str:
    after = request.values.get("after", "")
    show = one_of(RowFilter, request.values.get("show", "")) or RowFilter.WAITING
    return render_template(
        "imports/rows.html",
        found=import_detail(db(), actor(), import_id),
        page=imported_rows(db(), actor(), import_id, show=show, after=after),
        filters=FILTER_NAMES,
        show=show,
        after=after,
        ticked=request.form.getlist("one") if error is not None else (),
        error=error,
        done=_done(),
        stepped_back=STEPPED_BACK,
        was_aside=_count("aside") > 0,
        all_ticked=bool(request.args.get("all")),
    )


def _count(name: str) -> int:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 4 else 0


def _done() -> str:
    """What the last press did, said once."""
    words, left = "", ""
    if request.args.get("attached"):
        words = _("已并入 %(count)s 件。", count=_count("attached"))
        left = _("%(count)s 件没有动：没有建议的议题，或者刚刚有人处理过。", count=_count("left"))
    elif request.args.get("aside"):
        words = _("%(count)s 件留作参考，可以在“只作参考”一栏放回。", count=_count("aside"))
        left = _("%(count)s 件没有动：刚刚有人处理过。", count=_count("left"))
    elif request.args.get("back"):
        words = _("%(count)s 件放回等处理。", count=_count("back"))
        left = _("%(count)s 件没有动：刚刚有人处理过。", count=_count("left"))
    return words + left if _count("left") else words
