"""A plan's reports: drafted from the figures, edited by people; what they wrote is overwritten only when they say so."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.plan_report import REPORT_MAX, report_text
from intake.domain.text import clean
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import PlanReportKind
from intake.models import PlanReport, YearPlan
from intake.queries.plan_report import plan_figures
from intake.queries.year_plan import readable_plan, require_planning
from intake.services.audit import record


@dataclass(frozen=True, slots=True)
class Reporting:
    """What every act on a report carries; `version` is the one on the person's screen, 0 before there is one."""

    actor: Actor
    plan_id: int
    kind: PlanReportKind
    version: int
    at: datetime


def draft_report(session: Session, reporting: Reporting, *, overwrites: bool) -> PlanReport:
    """Anew from today's figures. Conflict where people have edited it and `overwrites` is false, or when somebody was faster."""
    plan, report = _locked(session, reporting)
    if report is not None and report.edited_at is not None and not overwrites:
        raise Conflict("这份报告有人改过，重新起草会盖掉改过的文字。确认要盖掉的话，请勾选后再起草。")
    figures = plan_figures(session, reporting.actor, plan.id, today=reporting.at.astimezone(SHANGHAI).date())
    if report is None:
        report = PlanReport(district_id=plan.district_id, plan_id=plan.id, kind=reporting.kind, version=0)
        session.add(report)
    report.text, report.drafted_at = report_text(reporting.kind, figures)[:REPORT_MAX], reporting.at
    report.edited_at = report.edited_by = None
    _note(session, plan, report, "draft_report", reporting)
    return report


def save_report(session: Session, reporting: Reporting, *, text: str) -> PlanReport:
    """What people made of it. Raises InvalidInput (field `text`), Conflict when somebody was faster."""
    plan, report = _locked(session, reporting)
    if report is None:
        raise Conflict("这份报告还没有起草，请先起草。")
    words = clean(text).text
    if not words:
        raise InvalidInput("请写报告的正文。", field="text")
    if len(words) > REPORT_MAX:
        raise InvalidInput(f"最多 {REPORT_MAX} 个字，多了 {len(words) - REPORT_MAX} 个。", field="text")
    report.text, report.edited_at, report.edited_by = words, reporting.at, reporting.actor.user_id
    _note(session, plan, report, "save_report", reporting)
    return report


def _locked(session: Session, reporting: Reporting) -> tuple[YearPlan, PlanReport | None]:
    """The plan's row is the fence, since the report may not be there yet."""
    require_planning(session, reporting.actor)
    plan = readable_plan(session, reporting.actor, reporting.plan_id)
    session.refresh(plan, with_for_update=True)
    report = session.scalars(
        select(PlanReport)
        .where(PlanReport.plan_id == plan.id, PlanReport.kind == reporting.kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if reporting.version != (report.version if report is not None else 0):
        raise Conflict("这份报告刚刚有人改过。您写的还在下面，请先看看现在的文字，再按一次。")
    return plan, report


def _note(session: Session, plan: YearPlan, report: PlanReport, act: str, reporting: Reporting) -> None:
    report.version += 1
    record(
        session,
        actor=reporting.actor,
        district_id=plan.district_id,
        action=f"plan.{act}",
        noun="year_plan",
        entity_id=plan.id,
        at=reporting.at,
        kind=reporting.kind.value,
    )
    session.flush()
