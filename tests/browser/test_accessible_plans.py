"""The year's plan in every mode, as in test_accessible: this year's issued and changed since, next year's being drawn up with a line whose topic
was merged away; the pool's warning before another line loses its topic.
"""

from dataclasses import dataclass
from datetime import date

import pytest
from playwright.sync_api import Page

from intake.domain.approval import ApprovalSubject
from intake.domain.topic import TopicAction
from intake.domain.year_plan import ConsultationForm, PlanReportKind
from intake.models import Area, Topic
from intake.services import plan_item, plan_report
from intake.services.plan_report import Reporting
from intake.services.topic_pool import merge_into
from intake.services.transition import move
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.matters import screening
from tests.factories.plans import added, approved, facts, issued, itemising, placeholder, plan_of, pooled, revised
from tests.factories.town import actor, town_in

pytestmark = pytest.mark.browser
STEPS = (TopicAction.OPEN_CONSULTATION, TopicAction.DELIVER_REPORT, TopicAction.VERIFY)
TITLES = ("丰山街道夜间照明", "老旧小区加装电梯", "社区食堂怎么办下去", "上学路上的斑马线")


@dataclass(slots=True)
class Year:
    """What has been prepared for looking at."""

    plan: int
    draft: int
    item: int
    open_item: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Year:
    """Items of every progress, with days and without; two editions, and changes after the second."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    plan = plan_of(wiring, town, year=2026, quota=35)
    topics = [pooled(wiring, town, title) for title in TITLES]
    items = added(wiring, town, plan, *topics)
    described = facts(
        TITLES[0], form=ConsultationForm.SPECIAL, starts_on=date(2026, 3, 10), ends_on=date(2026, 3, 12), lead_chair="林致远",
        proposers="城建专委会、城建界别", convenor_id=town.laozhou_id, units="区城市管理局、丰山街道", words="先看夜路，再商量。",
    )  # fmt: skip
    with wiring.sessions.begin() as session:
        plan_item.change_item(session, itemising(wiring, town, items[0]), described)
    placeholder(wiring, town, plan, "年中增补的一场", quarter=2)
    placeholder(wiring, town, plan, "数字适老", quarter=4, starts_on=date(2026, 10, 8), ends_on=date(2026, 12, 4))
    issued(wiring, town, plan)
    for count, topic_id in enumerate(topics):
        with wiring.sessions.begin() as session:
            topic, person = session.get_one(Topic, topic_id), actor(session, town.jing_id)
            path = session.get_one(Area, topic.area_id).path
            for action in STEPS[:count]:
                move(session, topic, action, actor=person, at=wiring.clock.now(), area_path=path, reason_code="test")
    late = pooled(wiring, town, "第二版里的题")
    approved(wiring, town, ApprovalSubject.TOPIC, late)
    added(wiring, town, plan, late, quarter=3)
    revised(wiring, town, plan)
    open_item = placeholder(wiring, town, plan, "还没有印发的一场", quarter=4)
    with wiring.sessions.begin() as session:
        plan_item.drop_item(session, itemising(wiring, town, items[0]), reason="已由城管部门直接办理。")
    for kind in PlanReportKind:
        with wiring.sessions.begin() as session:
            reporting = Reporting(actor(session, town.jing_id), plan, kind, 0, wiring.clock.now())
            report = plan_report.draft_report(session, reporting, overwrites=False)
            if kind is PlanReportKind.MID_YEAR:
                edited = Reporting(reporting.actor, plan, kind, report.version, wiring.clock.now())
                plan_report.save_report(session, edited, text=f"{report.text}\n补写的一段。")
    pooled(wiring, town, "库里的题")
    draft = plan_of(wiring, town, year=2027)
    placeholder(wiring, town, draft, "明年的一场", starts_on=date(2027, 1, 5))
    away, into, stays = (pooled(wiring, town, title) for title in ("并走的题", "并入的题", "还在计划里的题"))
    added(wiring, town, draft, away, stays, quarter=2)
    held = screening(wiring, town.jing_id, away)
    with wiring.sessions.begin() as session:
        merge_into(session, held, target_topic_id=into, words="是同一件事。", told_planned=[away])
    return Year(plan=plan, draft=draft, item=items[1], open_item=open_item)


def dropped_in_pool(page: Page, _seen: Year) -> None:
    """The question that is asked before a topic of a plan leaves the pool."""
    page.goto("/d/pool")
    page.get_by_role("checkbox", name="还在计划里的题").check()
    page.locator("#words").fill("已由街道直接办理。")
    page.locator("button[value=drop]").click()
    assert page.locator("[name=knows_planned]").count() == 1


PHONE_PAGES: dict[str, Open] = {
    "plan": at("/m/plan"),
    "no plan of that year": at("/m/plan?year=2030"),
}
DESK_PAGES: dict[str, Open] = {
    "years": at("/d/plans"),
    "new year": at("/d/plans/new"),
    "new year with an error": sent("/d/plans/new", "/new", title=""),
    "issued plan": unfolded(lambda seen: f"/d/plans/{seen.plan}"),
    "draft": unfolded(lambda seen: f"/d/plans/{seen.draft}"),
    "draft that lacks approvals": sent(lambda seen: f"/d/plans/{seen.draft}", "/issue", words="列入"),
    "choose": at(lambda seen: f"/d/plans/{seen.plan}/add"),
    "choose with an error": sent(lambda seen: f"/d/plans/{seen.draft}/add", "/add", quarter="1"),
    "placeholder with an error": sent(lambda seen: f"/d/plans/{seen.draft}/items/new", "/items/new", title=""),
    "item": unfolded(lambda seen: f"/d/plans/{seen.plan}/items/{seen.item}"),
    "item with an error": sent(lambda seen: f"/d/plans/{seen.plan}/items/{seen.open_item}", "/drop", reason=""),
    "link": at(lambda seen: f"/d/plans/{seen.plan}/items/{seen.open_item}/topic"),
    "calendar": at(lambda seen: f"/d/plans/{seen.plan}/calendar"),
    "editions": at(lambda seen: f"/d/plans/{seen.plan}/editions"),
    "edition": at(lambda seen: f"/d/plans/{seen.plan}/editions/2"),
    "pool before a line loses its topic": dropped_in_pool,
    "differences": at(lambda seen: f"/d/plans/{seen.plan}/differences"),
    "report": unfolded(lambda seen: f"/d/plans/{seen.plan}/reports/mid_year"),
    "report with an error": sent(lambda seen: f"/d/plans/{seen.plan}/reports/year_end", "/year_end", text=""),
    "no report": at(lambda seen: f"/d/plans/{seen.draft}/reports/mid_year"),
}
"""Name → how to get there; 周明远 on the phone, 王静 at the desk."""


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Year, site: Site) -> None:
    wrong = wrong_on_phone(people.page_of("zhou", desk=False), PHONE_PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Year, site: Site) -> None:
    wrong = wrong_on_desk(people.page_of("wangjing", desk=True), DESK_PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)
