"""年中 and 年终报告: what was drafted, and the figures that a draft is made of; counts alone, no row of a resident is read."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalSubject
from intake.domain.plan_progress import Progress
from intake.domain.plan_report import ApprovalSaid, Converted, ItemSaid, LapsedSaid, PlanFigures
from intake.domain.topic import Route
from intake.domain.year_plan import ConsultationForm, PlanReportKind, PlanState
from intake.models import Approval, Conversion, PlanItem, PlanReport, Topic, User, YearPlan
from intake.queries.approval import lapsed_steps
from intake.queries.plan_edition import printed_items
from intake.queries.year_plan import QUARTERS, ItemLine, plan_page, readable_plan, require_planning


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One report of a plan; `version` 0 and no text before it was drafted."""

    plan_id: int
    year: int
    plan_title: str
    state: PlanState
    edition: int
    """The plan's newest; 0 before the first."""
    kind: PlanReportKind
    text: str
    drafted_at: datetime | None
    edited_at: datetime | None
    edited_by: str
    version: int


def report_page(session: Session, actor: Actor, plan_id: int, kind: PlanReportKind) -> ReportPage:
    """Forbidden unless the actor makes the plan, NotFound for another district's."""
    require_planning(session, actor)
    plan = readable_plan(session, actor, plan_id)
    row = session.execute(
        select(PlanReport, User.name)
        .outerjoin(User, User.id == PlanReport.edited_by)
        .where(PlanReport.plan_id == plan_id, PlanReport.kind == kind)
    ).one_or_none()
    report, by = row if row is not None else (None, None)
    return ReportPage(
        plan_id=plan.id,
        year=plan.year,
        plan_title=plan.title,
        state=plan.state,
        edition=plan.edition,
        kind=kind,
        text=report.text if report is not None else "",
        drafted_at=report.drafted_at if report is not None else None,
        edited_at=report.edited_at if report is not None else None,
        edited_by=by or "",
        version=report.version if report is not None else 0,
    )


def plan_figures(session: Session, actor: Actor, plan_id: int, *, today: date) -> PlanFigures:
    """The plan in numbers on `today`; ten queries, however many items, and two more once the district has ended a step."""
    page = plan_page(session, actor, plan_id, today=today)
    ever_printed = printed_items(session, plan_id)
    topic_ids = select(PlanItem.topic_id).where(PlanItem.plan_id == plan_id, PlanItem.dropped_at.is_(None), PlanItem.topic_id.is_not(None))
    came = session.execute(select(Topic.route, func.count()).where(Topic.id.in_(topic_ids)).group_by(Topic.route))
    routes: dict[Route, int] = {route: count for route, count in came}  # noqa: C416 - dict() doesn't know that rows are pairs
    submissions, suggested, people = session.execute(
        select(
            func.coalesce(func.sum(Topic.confirmed_count), 0),
            func.coalesce(func.sum(Topic.suggested_count), 0),
            func.coalesce(func.sum(Topic.people_count), 0),
        ).where(Topic.id.in_(topic_ids))
    ).one()
    return PlanFigures(
        year=page.year,
        title=page.title,
        edition=page.edition,
        issued_on=page.issued_on,
        document_number=page.document_number,
        until=today,
        tally=page.tally,
        quarters=tuple((quarter, *_counted(page.quarter(quarter))) for quarter in QUARTERS),
        forms=tuple((form, *counts) for form in ConsultationForm if (counts := _counted([i for i in page.items if i.form is form]))[0]),
        routes=tuple((route, routes[route]) for route in Route if route in routes),
        topics=sum(routes.values()),
        submissions=submissions,
        suggested=suggested,
        people=people,
        conversions=tuple(
            Converted(*row)
            for row in session.execute(
                select(Conversion.kind, func.count(Conversion.topic_id.distinct()), func.sum(Conversion.suggestions))
                .where(Conversion.topic_id.in_(topic_ids), Conversion.undone_at.is_(None))
                .group_by(Conversion.kind)
                .order_by(Conversion.kind)
            )
        ),
        approvals=_approvals(session, plan_id),
        lapsed=_lapsed(session, plan_id),
        held=tuple(_said(one) for one in page.items if one.is_held),
        consulting=tuple(_said(one) for one in page.items if one.progress is Progress.CONSULTING),
        late=tuple(_said(one) for one in page.late),
        dropped=tuple((one.title, one.because) for one in page.dropped if one.id in ever_printed),
    )


def _counted(items: list[ItemLine] | tuple[ItemLine, ...]) -> tuple[int, int]:
    return len(items), sum(one.is_held for one in items)


def _said(one: ItemLine) -> ItemSaid:
    return ItemSaid(one.title, one.lead_chair, one.due)


def _lapsed(session: Session, plan_id: int) -> tuple[LapsedSaid, ...]:
    steps = lapsed_steps(session, ApprovalSubject.PLAN, session.get_one(YearPlan, plan_id))
    return tuple(LapsedSaid(one.name, one.ended.day, one.ended.authority, one.ended.reason) for one in steps if one.ended)


def _approvals(session: Session, plan_id: int) -> tuple[ApprovalSaid, ...]:
    rows = session.execute(
        select(Approval.step_name, Approval.body, Approval.held_on, Approval.decision, Approval.document_number, Approval.authority)
        .where(Approval.plan_id == plan_id, Approval.undone_at.is_(None))
        .order_by(Approval.held_on, Approval.id)
    )
    return tuple(ApprovalSaid(*row) for row in rows)
