"""A year's plan with its items and approvals, made by the services staff would call."""

from datetime import date

from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.topic import TopicAction
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import ConsultationForm
from intake.models import PlanItem, YearPlan
from intake.queries.approval import missing_steps, recorded_of, subject_of
from intake.services import plan_item, year_plan
from intake.services.approval import ApprovalFacts, Recording, record_step
from intake.services.approval_chain import stored_chain
from intake.services.plan_item import ItemFacts, Itemising
from intake.services.year_plan import Issuing, PlanFacts, Planning
from intake.wiring import Wiring
from tests.factories.matters import decided, taken_up, told, topic_of
from tests.factories.town import Town, actor

YEAR = 2027
WORDS = "事关老人出行，列入明年的协商计划，二季度协商。"


def plan_of(wiring: Wiring, town: Town, *, year: int = YEAR, quota: int = 35) -> int:
    """An empty plan; its id."""
    facts = PlanFacts(title=f"云栖区{year}年度协商计划", words="围绕群众身边的事。", quota=quota)
    with wiring.sessions.begin() as session:
        return year_plan.create_plan(session, facts, actor=actor(session, town.jing_id), year=year, at=wiring.clock.now()).id


def pooled(wiring: Wiring, town: Town, title: str) -> int:
    """A topic with one resident behind it, taken into the pool."""
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, f"{title}，没人管")))
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "值得协商。")
    return topic


def planning(wiring: Wiring, town: Town, plan_id: int, *, by: int | None = None) -> Planning:
    """What a person holds who has the plan on the screen now."""
    with wiring.sessions() as session:
        version = session.get_one(YearPlan, plan_id).version
        return Planning(actor=actor(session, by or town.jing_id), plan_id=plan_id, version=version, at=wiring.clock.now())


def itemising(wiring: Wiring, town: Town, item_id: int) -> Itemising:
    """What a person holds who has the item on the screen now."""
    with wiring.sessions() as session:
        item = session.get_one(PlanItem, item_id)
        return Itemising(
            actor=actor(session, town.jing_id), plan_id=item.plan_id, item_id=item_id, version=item.version, at=wiring.clock.now()
        )


def added(wiring: Wiring, town: Town, plan_id: int, *topic_ids: int, quarter: int = 1) -> list[int]:
    """Pooled topics as items; their ids."""
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        made = plan_item.add_topics(session, held, topic_ids, quarter=quarter, form=ConsultationForm.SPECIAL)
        return [one.id for one in made]


def facts(title: str = "老菜场怎么改", **given: object) -> ItemFacts:
    """An item's form, filled in for the first quarter."""
    values = {
        "title": title,
        "form": ConsultationForm.SECTOR,
        "quarter": 1,
        "starts_on": None,
        "ends_on": None,
        "lead_chair": "",
        "proposers": "",
        "convenor_id": None,
        "units": "",
        "words": "",
        **given,
    }
    return ItemFacts(**values)  # type: ignore[arg-type]  # the fields' own types, given by name


def placeholder(wiring: Wiring, town: Town, plan_id: int, title: str = "老菜场怎么改", **given: object) -> int:
    """An item without a topic; its id."""
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        return plan_item.add_placeholder(session, held, facts(title, **given)).id


def approved(wiring: Wiring, town: Town, subject: ApprovalSubject, subject_id: int) -> None:
    """Every step that is open so far, passed in its order."""
    day = wiring.clock.now().astimezone(SHANGHAI).date()
    with wiring.sessions.begin() as session:
        person = actor(session, town.jing_id)
        for step in stored_chain(session, town.district_id, subject, at=wiring.clock.now()):
            if step.name not in missing_steps(session, subject, subject_of(session, subject, subject_id, district_id=town.district_id)):
                continue
            standing = recorded_of(session, subject, subject_id)
            seen = standing[-1].approval_id if standing else 0
            recording = Recording(person, subject, subject_id, step.id, seen, wiring.clock.now())
            passed = ApprovalFacts(
                ApprovalDecision.PASSED, step.body or "区政协", day, document_number="云协〔2026〕9号", minutes="审议通过。"
            )
            record_step(session, recording, passed, store=wiring.objects)


def issuing(
    day: date | None = date(2026, 11, 2), *, accepts_fewer: bool = True, words: str = WORDS, document_number: str = "", reason: str = ""
) -> Issuing:
    """What stands in the form of an edition; a test's plan seldom holds all of its quota."""
    return Issuing(words=words, issued_on=day, document_number=document_number, accepts_fewer=accepts_fewer, reason=reason)


def issued(wiring: Wiring, town: Town, plan_id: int) -> None:
    """Through its chain, and out."""
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        year_plan.issue(session, held, issuing())


def revised(wiring: Wiring, town: Town, plan_id: int, reason: str = "年中增补。") -> None:
    """The next edition."""
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        year_plan.revise(session, held, issuing(reason=reason))
