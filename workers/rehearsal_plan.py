"""年度协商计划 of the demo: this year's trial, approved step by step and issued; next year's being drawn up. All invented."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.notification import NoticeAction
from intake.domain.topic import TopicState
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import ConsultationForm
from intake.models import Topic, YearPlan
from intake.queries.approval import recorded_of
from intake.services.approval import ApprovalFacts, Recording, record_step
from intake.services.approval_chain import stored_chain
from intake.services.notify import claim_due, settle
from intake.services.plan_item import ItemFacts, add_placeholder, add_topics
from intake.services.year_plan import Issuing, PlanFacts, Planning, create_plan, issue
from intake.wiring import Wiring

_Item = tuple[str, ConsultationForm, tuple[int, int], tuple[int, int], str, str, str]
"""Title, form, first and last (month, day), lead chair, proposers, units."""
QUOTA, QUOTA_OF_TRIAL = 35, 3
TITLE = "云栖区{}年度协商计划"
TRIAL = "年底前先试三场，摸清怎么调研、怎么请人、怎么跟踪，明年全面铺开。"
GENERAL = "围绕区委、区政府中心工作和群众身边的事安排协商。\n每一场都先调研、后协商；没有调研不开会。\n各场由领衔主席负责，召集人组织，办理结果向反映过的居民说明。"
TO_RESIDENTS = "这件事列入今年的协商计划。开会之前会先去现场看，再请有关单位和居民代表一起商量。"
F = ConsultationForm
THIS_YEAR = (
    ("楼道充电和消防通道", F.PROPOSAL, (12, 3), (12, 4), "苏文清", "周明远、李青联名", "区消防救援大队"),
    ("河边步道夜间照明", F.MICRO, (12, 16), (12, 16), "", "城建界别", "区城市管理局"),
)
NEXT_YEAR = (
    ("社区食堂怎么办得长久", F.SPECIAL, (3, 9), (3, 20), "林致远", "社会法制委员会", "区民政局、各街道"),
    ("放学时段学校周边交通", F.COUNTERPART, (5, 11), (5, 13), "苏文清", "教育界别", "公安交警大队、区教育局"),
    ("老菜场改造先改什么", F.SECTOR, (6, 2), (6, 12), "林致远", "丰山街道联委会", "区商务局、丰山街道"),
    ("小区公共收益怎么公开", F.SPECIAL, (11, 2), (11, 20), "", "委员建议", ""),
)


def plan_the_year(session: Session, wiring: Wiring, *, staff: Actor, at: datetime) -> None:
    """In one go, an hour before the end; the oldest topics of the pool go in, one in each year."""
    day = at.astimezone(SHANGHAI).date()
    topics = session.scalars(
        select(Topic.id).where(Topic.district_id == staff.district_id, Topic.state == TopicState.POOLED).order_by(Topic.id).limit(2)
    ).all()
    trial = _drawn_up(session, staff, PlanFacts(TITLE.format(day.year), TRIAL, QUOTA_OF_TRIAL), THIS_YEAR, year=day.year, at=at)
    if topics:
        add_topics(session, _planning(session, trial, staff, at=at), topics[:1], quarter=4, form=F.SPECIAL)
    _approve(session, wiring, trial, staff, day=day, at=at)
    issue(session, _planning(session, trial, staff, at=at), _issuing(day))
    for notice in claim_due(session, at=at, limit=1_000):
        settle(session, notice_id=notice.id, action=NoticeAction.DELIVER, at=at)
    coming = _drawn_up(session, staff, PlanFacts(TITLE.format(day.year + 1), GENERAL, QUOTA), NEXT_YEAR, year=day.year + 1, at=at)
    if topics[1:]:
        add_topics(session, _planning(session, coming, staff, at=at), topics[1:], quarter=2, form=F.SPECIAL)


def _drawn_up(session: Session, staff: Actor, facts: PlanFacts, items: tuple[_Item, ...], *, year: int, at: datetime) -> YearPlan:
    plan = create_plan(session, facts, actor=staff, year=year, at=at)
    for title, form, begins, ends, chair, proposers, units in items:
        days = date(year, *begins), date(year, *ends)
        described = _facts(title, form, days, chair=chair, proposers=proposers, units=units)
        add_placeholder(session, _planning(session, plan, staff, at=at), described)
    return plan


def _facts(title: str, form: ConsultationForm, days: tuple[date, date], *, chair: str, proposers: str, units: str) -> ItemFacts:
    return ItemFacts(
        title=title,
        form=form,
        quarter=(days[0].month + 2) // 3,
        starts_on=days[0],
        ends_on=days[1],
        lead_chair=chair,
        proposers=proposers,
        convenor_id=None,
        units=units,
        words="",
    )


def _planning(session: Session, plan: YearPlan, staff: Actor, *, at: datetime) -> Planning:
    session.flush()
    return Planning(actor=staff, plan_id=plan.id, version=plan.version, at=at)


def _issuing(day: date) -> Issuing:
    return Issuing(words=TO_RESIDENTS, issued_on=day, document_number="", accepts_fewer=True)


def _approve(session: Session, wiring: Wiring, plan: YearPlan, staff: Actor, *, day: date, at: datetime) -> None:
    """Every step of the chain, on one day after the other."""
    steps = stored_chain(session, plan.district_id, ApprovalSubject.PLAN, at=at)
    for number, step in enumerate(steps):
        standing = recorded_of(session, ApprovalSubject.PLAN, plan.id)
        seen = standing[-1].approval_id if standing else 0
        recording = Recording(staff, ApprovalSubject.PLAN, plan.id, step.id, seen, at)
        facts = ApprovalFacts(
            ApprovalDecision.PASSED,
            step.body or "区政协",
            day - timedelta(days=len(steps) - number),
            document_number=f"云〔{day.year}〕{number + 21}号" if step.needs_number else "",
            minutes="审议通过，按计划实施。" if step.needs_minutes else "",
        )
        record_step(session, recording, facts, store=wiring.objects)
