"""审批 and 一类事上报 in every mode, as in test_accessible."""

from dataclasses import dataclass, replace

import pytest

from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.upward_report import UpwardBody
from intake.services.approval_chain import adopt_chain
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk
from tests.browser.people import People
from tests.factories.approvals import PASSED, SKIPPED, ended, gone_through, plan_of, recorded, recording, steps_of
from tests.factories.releases import pooled_topic
from tests.factories.town import actor, town_in
from tests.factories.upward import class_of, report_answered, report_drafted, report_written

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Papers:
    """What has been prepared for looking at."""

    plan: int
    complete: int
    topic: int
    klass: int
    draft: int
    written: int
    answered: int
    step: int
    late: int
    later: int
    """A plan from under which a step was taken."""


@pytest.fixture(scope="module")
def seen(site: Site) -> Papers:
    """A plan half way with a step skipped and one sent back, a complete one, a topic; reports in every state."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    plan = plan_of(wiring, town)
    recorded(wiring, recording(wiring, town.jing_id, plan))
    recorded(wiring, recording(wiring, town.jing_id, plan), SKIPPED)
    first = steps_of(wiring)[0].id
    back = replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="题目太大，请再听听居民的话。", back_to_id=first)
    recorded(wiring, recording(wiring, town.jing_id, plan), back)
    recorded(wiring, recording(wiring, town.jing_id, plan), replace(PASSED, minutes="重新征题三周，收到 412 件。"))
    recorded(wiring, recording(wiring, town.jing_id, plan), SKIPPED)
    complete, topic = plan_of(wiring, town, year=2026), pooled_topic(wiring, town)
    gone_through(wiring, town, complete)
    gone_through(wiring, town, topic, subject=ApprovalSubject.TOPIC, steps=1)
    with wiring.sessions.begin() as session:
        adopt_chain(session, actor=actor(session, town.jing_id), subject=ApprovalSubject.PLAN, at=wiring.clock.now())
    later = plan_of(wiring, town, year=2028)
    gone, late = steps_of(wiring)[1], steps_of(wiring)[-1].id
    ended(wiring, town, gone)
    klass, _said = class_of(wiring, town)
    draft = report_drafted(wiring, town, klass, body=UpwardBody.GOVERNMENT)
    written = report_written(wiring, town, report_drafted(wiring, town, klass, body=UpwardBody.PARTY_COMMITTEE))
    answered = report_answered(wiring, town, report_drafted(wiring, town, klass))
    return Papers(plan, complete, topic, klass, draft, written, answered, first, late, later)


def plan(seen: Papers) -> str:
    return f"/d/approvals/plan/{seen.plan}"


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "approvals": ("wangjing", at("/d/approvals")),
    "plan under way": ("wangjing", unfolded(plan)),
    "step with an error": ("wangjing", sent(plan, "/plan/1", passed_day="2030-01-01", passed_minutes="党组会议原则同意。")),
    "plan that is through": ("wangjing", unfolded(lambda seen: f"/d/approvals/plan/{seen.complete}")),
    "topic under way": ("wangjing", at(lambda seen: f"/d/approvals/topic/{seen.topic}")),
    "chain": ("wangjing", unfolded("/d/approvals/chain/plan")),
    "chain with an error": ("wangjing", sent("/d/approvals/chain/plan", "/steps", name="")),
    "step": ("wangjing", at(lambda seen: f"/d/approvals/steps/{seen.step}/edit")),
    "step that is to end": ("wangjing", at(lambda seen: f"/d/approvals/steps/{seen.late}/end")),
    "end with an error": ("wangjing", sent(lambda seen: f"/d/approvals/steps/{seen.late}/end", "/end", reason="并入主席会议。")),
    "plan with a step that ended": ("wangjing", unfolded(lambda seen: f"/d/approvals/plan/{seen.later}")),
    "upward reports": ("wangjing", at("/d/upward")),
    "classes to report": ("wangjing", at("/d/upward/new")),
    "new report": ("wangjing", at(lambda seen: f"/d/upward/new?topic={seen.klass}")),
    "drafted report": ("wangjing", unfolded(lambda seen: f"/d/upward/{seen.draft}")),
    "report with an error": ("wangjing", sent(lambda seen: f"/d/upward/{seen.written}", "/send", signer="")),
    "report being edited": ("wangjing", at(lambda seen: f"/d/upward/{seen.draft}/edit")),
    "answered report": ("wangjing", unfolded(lambda seen: f"/d/upward/{seen.answered}")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Papers, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
