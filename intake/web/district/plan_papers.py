"""A plan by month, its editions beside one another, and all of it as files (稿)."""

from io import BytesIO

from flask import redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict
from intake.domain.permission import Permission
from intake.domain.plan_edition import ITEM_FIELD_NAMES, ItemField, by_quarter, months_of
from intake.domain.plan_progress import PROGRESS_NAMES
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import CONSULTATION_FORM_NAMES, PLAN_REPORT_NAMES, QUARTER_NAMES
from intake.ports import Draft, PaperFormat
from intake.queries.plan_edition import edition_page, editions_of
from intake.queries.plan_paper import PlanPaper, plan_draft, plan_sheets
from intake.queries.year_plan import plans, printed_now, readable_plan
from intake.web.district.plan_items import plans_desk
from intake.web.district.plans import Page, found_plan
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring
from qr_assets.fonts import FontsMissingError

__all__ = ["plans_desk"]

MIME = {
    PaperFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    PaperFormat.PDF: "application/pdf",
    PaperFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OURS = (ItemField.FORM,)
"""Fields whose words are our own and are said in the page's language."""


@plans_desk.get("/<int:plan_id>/calendar")
@requires(Permission.PLAN_VIEW)
def calendar(plan_id: int) -> Page:
    """Twelve months by items: the timetable and road map, ready to print."""
    found = found_plan(plan_id)
    return render_template(
        "plans/calendar.html",
        found=found,
        rows=[(one, *months_of(one.quarter, one.starts_on, one.ends_on)) for one in found.items],
        forms=CONSULTATION_FORM_NAMES,
        progress=PROGRESS_NAMES,
        reports=PLAN_REPORT_NAMES,
        makes=plans(actor()),
    )


@plans_desk.get("/<int:plan_id>/editions")
@requires(Permission.PLAN_VIEW)
def editions(plan_id: int) -> Page:
    """All of them, the newest first."""
    found = found_plan(plan_id)
    return render_template(
        "plans/editions.html", found=found, editions=editions_of(db(), plan_id), reports=PLAN_REPORT_NAMES, makes=plans(actor())
    )


@plans_desk.get("/<int:plan_id>/editions/<int:edition>")
@requires(Permission.PLAN_VIEW)
def edition(plan_id: int, edition: int) -> Page:
    """One as it was printed, and what is different from the one before."""
    shown = edition_page(db(), actor(), plan_id, edition)
    return render_template(
        "plans/edition.html",
        found=found_plan(plan_id),
        shown=shown,
        by_quarter=by_quarter(shown.plan.items),
        quarters=QUARTER_NAMES,
        heads=ITEM_FIELD_NAMES,
        ours=OURS,
        makes=plans(actor()),
    )


@plans_desk.get("/<int:plan_id>/differences")
@requires(Permission.PLAN_VIEW)
def unissued(plan_id: int) -> Page:
    """What was changed since the newest edition and isn't issued."""
    found = found_plan(plan_id)
    if found.unissued is None:
        return redirect(url_for("plans.show", plan_id=plan_id), code=303)
    return render_template("plans/differences.html", found=found, quarters=QUARTER_NAMES, heads=ITEM_FIELD_NAMES, ours=OURS)


@plans_desk.get("/<int:plan_id>/paper.<any(docx,pdf,xlsx):ending>")
@requires(Permission.PLAN_MANAGE)
def paper(plan_id: int, ending: str) -> Response:
    """The plan as it stands; without changes since, its newest edition."""
    plan = readable_plan(db(), actor(), plan_id)
    found = found_plan(plan_id)
    if found.edition and not found.unissued:
        return _edition_file(plan_id, found.edition, PaperFormat(ending))
    now = printed_now(db(), plan, today=wiring().clock.now().astimezone(SHANGHAI).date())
    day = plan.issued_on or plan.created_at.astimezone(SHANGHAI).date()
    return _file(plan_id, PlanPaper(now, plan.edition, day, issued=False, changes=None), PaperFormat(ending))


@plans_desk.get("/<int:plan_id>/editions/<int:edition>/paper.<any(docx,pdf,xlsx):ending>")
@requires(Permission.PLAN_MANAGE)
def edition_paper(plan_id: int, edition: int, ending: str) -> Response:
    """One edition as it was issued."""
    return _edition_file(plan_id, edition, PaperFormat(ending))


def draft_file(draft: Draft, kind: PaperFormat, *, name: str) -> Response:
    """A draft to be taken along; Conflict where the fonts of a PDF are missing."""
    try:
        return _answer(wiring().papers.draft(draft, kind), kind, name)
    except FontsMissingError as error:
        raise Conflict("现在生成不了 PDF：缺少中文字体。请管理员安装 weblate-fonts 后再试，或者先下载 DOCX。") from error


def note_file(plan_id: int, kind: PaperFormat, what: str) -> None:
    """Write down that the signed-in person takes a file of the plan along."""
    note_visit("plan.export", "year_plan", {"format": kind.value, "what": what}, entity_id=plan_id)


def _edition_file(plan_id: int, edition: int, kind: PaperFormat) -> Response:
    shown = edition_page(db(), actor(), plan_id, edition)
    line = shown.line
    paper = PlanPaper(shown.plan, edition, line.issued_on, issued=True, changes=shown.differences, document_number=line.document_number)
    return _file(plan_id, paper, kind)


def _file(plan_id: int, paper: PlanPaper, kind: PaperFormat) -> Response:
    note_file(plan_id, kind, f"edition {paper.edition}" if paper.issued else "draft")
    name = f"{paper.plan.title}-第{paper.edition if paper.issued else paper.edition + 1}版"
    if kind is PaperFormat.XLSX:
        return _answer(wiring().papers.book(plan_sheets(paper), day=paper.day), kind, name)
    return draft_file(plan_draft(paper), kind, name=name)


def _answer(file: bytes, kind: PaperFormat, name: str) -> Response:
    answer = send_file(BytesIO(file), mimetype=MIME[kind], as_attachment=True, download_name=f"{name}-稿.{kind.value}")
    answer.headers["Cache-Control"] = "no-store"
    return answer
