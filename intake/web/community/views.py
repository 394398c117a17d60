"""社区工作者: the sheet for the notice board, and receipts printed again."""

from datetime import timedelta

from flask import render_template, request

from intake.domain.errors import DomainError, TooMany
from intake.domain.permission import Permission
from intake.domain.reprint import IDENTITY_NAMES
from intake.queries.receipt import receipt_view
from intake.queries.receipt_lookup import Candidate
from intake.queries.sheet import sheet, sheet_areas
from intake.services.receipt import code_for, token_for
from intake.services.receipt_reprint import look_up, reprint
from intake.web.asked import day_sent, id_asked, sent, typed
from intake.web.community import filing, slips, suggest
from intake.web.community.blueprint import Page, community
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

__all__ = ["community", "filing", "slips", "suggest"]

SPANS = (30, 90, 7)
"""Days that a sheet may look back; the first where nobody chose."""
REPRINT_LIMIT = "40/hour"
"""Receipts one person may look up: more than a queue at a desk, less than a search through everybody's."""


@community.get("/sheet")
@requires(Permission.SHEET_PRINT)
def board_sheet() -> Page:
    """One community's results of the last days, ready for the printer."""
    now = wiring().clock.now()
    areas = sheet_areas(db(), actor())
    days = next((span for span in SPANS if request.args.get("days") == str(span)), SPANS[0])
    area_id = id_asked("area") or (areas[0].id if areas else None)
    found = sheet(db(), actor(), area_id, since=now - timedelta(days=days), until=now) if area_id is not None else None
    return render_template("community/sheet.html", sheet=found, areas=areas, spans=sorted(SPANS), days=days)


@community.get("/receipt")
@requires(Permission.RECEIPT_REPRINT)
def ask_receipt() -> Page:
    """Who lost a receipt, and how it was made sure that it is theirs."""
    return _form()


@community.post("/receipt")
@requires(Permission.RECEIPT_REPRINT)
def print_receipt() -> Page:
    """The receipt with its words in large type; several that fit are offered by number and day."""
    wired = wiring()
    try:
        if not wired.limiter.hit(REPRINT_LIMIT, "reprint", str(actor().user_id)):
            raise TooMany(_("一小时里查得太多了，请过一会儿再试。"))
        found = look_up(db(), vault=wired.vault, actor=actor(), number=sent("number"), contact=sent("contact"), day=day_sent("day"))
        if len(found) == 1:
            reprint(db(), actor=actor(), submission_id=found[0].submission_id, checked=sent("checked"), at=wired.clock.now())
    except DomainError as error:
        db().rollback()
        return _form(error=error), status_of(error)
    if len(found) > 1:
        return _form(offered=found)
    view = receipt_view(db(), found[0].submission_id, at=wired.clock.now(), workflow=wired.workflow)
    return render_template(
        "community/receipt.html",
        receipt=view,
        code=code_for(wired.vault, view.number, view.salt),
        token=token_for(wired.vault, view.number, view.salt),
    )


def _form(*, error: DomainError | None = None, offered: tuple[Candidate, ...] = ()) -> str:
    return render_template(
        "community/find.html",
        error=error,
        offered=offered,
        typed=typed() if request.method == "POST" else {},
        checks=IDENTITY_NAMES,
        today=wiring().clock.now(),
    )
