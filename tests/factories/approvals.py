"""Plans and topics on their way through a district's approvals, made by the services staff would call."""

from datetime import date

from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.models import Approval, ApprovalStep, YearPlan
from intake.queries.approval import approvals_of
from intake.services.approval import ApprovalFacts, Recording, record_step
from intake.services.approval_chain import Changing, end_step
from intake.services.transition import begin
from intake.wiring import Wiring
from tests.factories.town import Town, actor

DAY = date(2026, 11, 3)
"""On which the town's clock stands."""
PASSED = ApprovalFacts(ApprovalDecision.PASSED, "区政协办公室", DAY, document_number="云协〔2026〕3号", minutes="同意。")
SKIPPED = ApprovalFacts(ApprovalDecision.SKIPPED, "", DAY, words="今年的座谈已经在上半年开过。", authority="区政协主席 陈启明")

ENDED_BY, ENDED_BECAUSE = "区政协主席 陈启明", "座谈并入征集议题，不再单独开。"


def plan_of(wiring: Wiring, town: Town, *, year: int = 2027) -> int:
    """A year's plan that is being made."""
    with wiring.sessions.begin() as session:
        staff, at = actor(session, town.jing_id), wiring.clock.now()
        plan = YearPlan(
            district_id=town.district_id, year=year, title=f"{year}年协商计划", words="", quota=35, version=1,
            created_by=town.jing_id, created_at=at,
        )  # fmt: skip
        begin(session, plan, actor=staff, at=at)
        return plan.id


def recording(wiring: Wiring, user_id: int, subject_id: int, *, subject: ApprovalSubject = ApprovalSubject.PLAN) -> Recording:
    """What a person holds who has the page on the screen now."""
    with wiring.sessions() as session:
        who = actor(session, user_id)
        found = approvals_of(session, who, subject, subject_id, today=DAY)
        assert found is not None
        step_id = found.next.id if found.next is not None else 0
        return Recording(actor=who, subject=subject, subject_id=subject_id, step_id=step_id, seen=found.seen, at=wiring.clock.now())


def recorded(wiring: Wiring, held: Recording, facts: ApprovalFacts = PASSED) -> int:
    """The id of what was written down by whoever holds `held`."""
    with wiring.sessions.begin() as session:
        return record_step(session, held, facts, store=wiring.objects).id


def gone_through(
    wiring: Wiring, town: Town, subject_id: int, *, subject: ApprovalSubject = ApprovalSubject.PLAN, steps: int = 6
) -> list[int]:
    """The ids of the first `steps` steps, all passed."""
    return [recorded(wiring, recording(wiring, town.jing_id, subject_id, subject=subject)) for _step in range(steps)]


def approval_row(wiring: Wiring, approval_id: int) -> Approval:
    """Its row as it stands now."""
    with wiring.sessions() as session:
        return session.get_one(Approval, approval_id)


def steps_of(wiring: Wiring, subject: ApprovalSubject = ApprovalSubject.PLAN) -> list[ApprovalStep]:
    """The stored steps in use, in order."""
    with wiring.sessions() as session:
        return session.query(ApprovalStep).filter_by(subject=subject, ended_at=None).order_by(ApprovalStep.place).all()


def ended(wiring: Wiring, town: Town, step: ApprovalStep) -> None:
    """The district asks for it no more."""
    with wiring.sessions.begin() as session:
        held = Changing(actor(session, town.jing_id), step.id, step.version, wiring.clock.now())
        end_step(session, held, authority=ENDED_BY, reason=ENDED_BECAUSE)
