"""审批 of the demo: next year's plan half way through its chain, a step left out by a named authority. All invented."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import PlanState
from intake.models import YearPlan
from intake.queries.approval import approvals_of, recorded_of
from intake.services.approval import ApprovalFacts, Recording, record_step
from intake.wiring import Wiring


@dataclass(frozen=True, slots=True)
class _Step:
    """What was decided so many days before the end."""

    days: int
    decision: ApprovalDecision
    body: str
    minutes: str = ""
    words: str = ""
    authority: str = ""


STEPS = (
    _Step(20, ApprovalDecision.PASSED, "区政协办公室", minutes="面向党政部门、委员和居民征集三周，题目按六条途径登记。"),
    _Step(12, ApprovalDecision.SKIPPED, "", words="征题时已分片开过四场座谈，不再另开。", authority="区政协主席 陈启明"),
    _Step(5, ApprovalDecision.PASSED, "区政协党组", minutes="党组会议原则同意，请按季度把时间排得更匀。"),
)


def go_through(session: Session, wiring: Wiring, *, staff: Actor, ends: datetime) -> None:
    """All of it, done by `staff` of the whole district; nothing where no plan is being made, or one has begun."""
    plan = session.scalars(
        select(YearPlan).where(YearPlan.district_id == staff.district_id, YearPlan.state == PlanState.DRAFTING).limit(1)
    ).first()
    if plan is not None and not recorded_of(session, ApprovalSubject.PLAN, plan.id):
        for step in STEPS:
            _record(session, wiring, staff, plan.id, step, at=ends)


def _record(session: Session, wiring: Wiring, staff: Actor, plan_id: int, step: _Step, *, at: datetime) -> None:
    found = approvals_of(session, staff, ApprovalSubject.PLAN, plan_id, today=_day(at))
    assert found is not None
    assert found.next is not None
    recording = Recording(actor=staff, subject=ApprovalSubject.PLAN, subject_id=plan_id, step_id=found.next.id, seen=found.seen, at=at)
    held_on = _day(at) - timedelta(days=step.days)
    facts = ApprovalFacts(step.decision, step.body, held_on, minutes=step.minutes, words=step.words, authority=step.authority)
    record_step(session, recording, facts, store=wiring.objects)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
