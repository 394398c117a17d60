"""A plan's mid-year and year-end report: drafted from the figures, edited, taken along as a draft (稿)."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, NotFound
from intake.domain.permission import Permission
from intake.domain.plan_report import REPORT_MAX
from intake.domain.year_plan import PLAN_REPORT_NAMES, PlanReportKind
from intake.ports import PaperFormat
from intake.queries.plan_paper import report_draft
from intake.queries.plan_report import report_page
from intake.services import plan_report as service
from intake.services.plan_report import Reporting
from intake.web.asked import sent, typed, version_sent
from intake.web.district.plan_papers import draft_file, note_file, plans_desk
from intake.web.district.plans import Page
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

__all__ = ["plans_desk"]

LONGEST = REPORT_MAX * 2
"""Of the text box, before a flood is cut."""


@plans_desk.get("/<int:plan_id>/reports/<any(mid_year,year_end):kind>")
@requires(Permission.PLAN_MANAGE)
def report(plan_id: int, kind: str) -> Page:
    """The report to be edited; a button to draft it where there is none."""
    return _show(plan_id, kind)


@plans_desk.post("/<int:plan_id>/reports/<any(mid_year,year_end):kind>/draft")
@requires(Permission.PLAN_MANAGE)
def draft_report(plan_id: int, kind: str) -> Page:
    """Anew from the figures of today."""
    try:
        service.draft_report(db(), _reporting(plan_id, kind), overwrites=sent("overwrites") == "1")
    except DomainError as error:
        return _show(plan_id, kind, error=error)
    return redirect(url_for("plans.report", plan_id=plan_id, kind=kind, done="drafted"), code=303)


@plans_desk.post("/<int:plan_id>/reports/<any(mid_year,year_end):kind>")
@requires(Permission.PLAN_MANAGE)
def save_report(plan_id: int, kind: str) -> Page:
    """What was edited."""
    try:
        service.save_report(db(), _reporting(plan_id, kind), text=sent("text", longest=LONGEST))
    except DomainError as error:
        return _show(plan_id, kind, error=error)
    return redirect(url_for("plans.report", plan_id=plan_id, kind=kind, done="saved"), code=303)


@plans_desk.get("/<int:plan_id>/reports/<any(mid_year,year_end):kind>/paper.<any(docx,pdf):ending>")
@requires(Permission.PLAN_MANAGE)
def report_paper(plan_id: int, kind: str, ending: str) -> Response:
    """As it was saved last."""
    found = report_page(db(), actor(), plan_id, PlanReportKind(kind))
    if found.drafted_at is None:
        raise NotFound("这份报告还没有起草，请先起草。")
    note_file(plan_id, PaperFormat(ending), kind)
    draft = report_draft(found)
    return draft_file(draft, PaperFormat(ending), name=draft.title)


def _reporting(plan_id: int, kind: str) -> Reporting:
    return Reporting(actor=actor(), plan_id=plan_id, kind=PlanReportKind(kind), version=version_sent(), at=wiring().clock.now())


def _show(plan_id: int, kind: str, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "plans/report.html",
        found=report_page(db(), actor(), plan_id, PlanReportKind(kind)),
        reports=PLAN_REPORT_NAMES,
        typed=typed(longest=LONGEST),
        most=REPORT_MAX,
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
