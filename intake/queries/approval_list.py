"""Everything that was written down of a district's approvals, and what is under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalDecision, ApprovalSubject, Recorded, done_steps
from intake.domain.topic import TopicState
from intake.domain.year_plan import PlanState
from intake.models import Approval, Topic, YearPlan
from intake.queries.approval import (
    ApprovalLine,
    StepLine,
    Subject,
    SubjectApprovals,
    chain_of,
    line_of,
    path_of,
    recorded_lines,
    require_approvals,
)
from intake.queries.pages import PAGE, Page, key_of, page_of

UNDER_WAY_MOST = 20
NAMED_MOST = 5
"""Of those that still need a step."""


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One line of the district's list."""

    id: int
    subject: ApprovalSubject
    subject_id: int
    title: str
    line: ApprovalLine


@dataclass(frozen=True, slots=True)
class StillNeeding:
    """Plans or topics under way that a step still lies before."""

    count: int
    named: tuple[tuple[int, str], ...]
    """The newest of them: id and title."""


@dataclass(frozen=True, slots=True)
class ApprovalFilter:
    """None means all."""

    subject: ApprovalSubject | None = None
    decision: ApprovalDecision | None = None


def approvals_in(session: Session, actor: Actor, chosen: ApprovalFilter, *, after: str, limit: int = PAGE) -> Page[ApprovalRow]:
    """A page of everything written down in the district, the newest first, in three queries; Forbidden as `require_approvals`."""
    require_approvals(session, actor)
    where: list[ColumnElement[bool]] = [Approval.district_id == actor.district_id]
    if chosen.subject is not None:
        where.append((Approval.plan_id if chosen.subject is ApprovalSubject.PLAN else Approval.topic_id).is_not(None))
    if chosen.decision is not None:
        where.append(Approval.decision == chosen.decision)
    total = session.scalar(select(func.count()).select_from(Approval).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Approval.id < key)
    rows = session.execute(
        recorded_lines()
        .add_columns(YearPlan.title, Topic.title)
        .outerjoin(YearPlan, YearPlan.id == Approval.plan_id)
        .outerjoin(Topic, Topic.id == Approval.topic_id)
        .where(*where)
        .order_by(Approval.id.desc())
        .limit(limit + 1)
    )
    return page_of([_row(row) for row in rows], total=total, limit=limit)


def under_way(session: Session, actor: Actor, *, today: date) -> tuple[SubjectApprovals, ...]:
    """Plans that are being made and pooled topics of which a step was written down, the newest first; at most UNDER_WAY_MOST of each, in
    a constant number of queries. Forbidden as `require_approvals`.
    """
    require_approvals(session, actor)
    begun = select(Approval.topic_id).where(
        Approval.district_id == actor.district_id, Approval.topic_id.is_not(None), Approval.undone_at.is_(None)
    )
    drafting = select(YearPlan).where(YearPlan.district_id == actor.district_id, YearPlan.state == PlanState.DRAFTING)
    pooled = select(Topic).where(Topic.id.in_(begun), Topic.state == TopicState.POOLED)
    asked: dict[ApprovalSubject, Sequence[Subject]] = {
        ApprovalSubject.PLAN: session.scalars(drafting.order_by(YearPlan.id.desc()).limit(UNDER_WAY_MOST)).all(),
        ApprovalSubject.TOPIC: session.scalars(pooled.order_by(Topic.id.desc()).limit(UNDER_WAY_MOST)).all(),
    }
    shown: list[SubjectApprovals] = []
    for subject, rows in asked.items():
        if not rows:
            continue
        chain = chain_of(session, rows[0].district_id, subject, ended=True)
        column = Approval.plan_id if subject is ApprovalSubject.PLAN else Approval.topic_id
        lines = session.execute(recorded_lines().where(column.in_([one.id for one in rows])).order_by(Approval.id)).all()
        for found in rows:
            own = [(row[0], line_of(row, inside=True)) for row in lines if found.id == (row[0].plan_id or row[0].topic_id)]
            shown.append(path_of(found, chain, own, manages=True, today=today))
    return tuple(shown)


def still_needing(session: Session, actor: Actor, step: StepLine) -> StillNeeding:
    """Who would go on without this step if it ended now: plans that are being made, and pooled topics of which a step was written down, that
    haven't passed it; the newest first, in three queries. Forbidden as `require_approvals`.
    """
    require_approvals(session, actor)
    is_plan = step.subject is ApprovalSubject.PLAN
    column = Approval.plan_id if is_plan else Approval.topic_id
    is_open = (
        select(YearPlan.id).where(YearPlan.district_id == actor.district_id, YearPlan.state == PlanState.DRAFTING)
        if is_plan
        else select(Topic.id).where(Topic.district_id == actor.district_id, Topic.state == TopicState.POOLED)
    )
    recorded: dict[int | None, list[Recorded]] = {one: [] for one in session.scalars(is_open)} if is_plan else {}
    for subject_id, approval_id, step_id, decision, back_to_id in session.execute(
        select(column, Approval.id, Approval.step_id, Approval.decision, Approval.back_to_id)
        .where(column.in_(is_open), Approval.undone_at.is_(None))
        .order_by(Approval.id)
    ):
        recorded.setdefault(subject_id, []).append(Recorded(approval_id, step_id, decision, back_to_id))
    found = sorted((one for one, lines in recorded.items() if one and step.id not in done_steps(lines)), reverse=True)
    table = YearPlan if is_plan else Topic
    titles = session.execute(select(table.id, table.title).where(table.id.in_(found[:NAMED_MOST])).order_by(table.id.desc()))
    return StillNeeding(len(found), tuple((subject_id, title) for subject_id, title in titles))


def _row(row: Sequence[object]) -> ApprovalRow:
    one, plan_title, topic_title = row[0], row[-2], row[-1]
    assert isinstance(one, Approval)
    return ApprovalRow(
        id=one.id,
        subject=ApprovalSubject.PLAN if one.plan_id is not None else ApprovalSubject.TOPIC,
        subject_id=one.plan_id or one.topic_id or 0,
        title=str(plan_title or topic_title),
        line=line_of(row, inside=True),
    )
