"""A plan that was changed after its approvals is issued knowingly: what was changed, by whom and when, a tick and the reason."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.approval import ApprovalSubject
from intake.domain.errors import InvalidInput
from intake.domain.year_plan import PlanState
from intake.models import AuditEntry, PlanEdition, YearPlan
from intake.queries.approval import recorded_of
from intake.queries.plan_after_approval import AfterApproval, ChangeKind, after_approval
from intake.services import plan_item, year_plan
from intake.services.approval import undo_step
from intake.services.year_plan import PlanFacts
from intake.wiring import Wiring
from tests.factories.approvals import SKIPPED, gone_through, recorded, recording
from tests.factories.plans import WORDS, added, approved, facts, issuing, itemising, placeholder, plan_of, planning, pooled, revised
from tests.factories.town import Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

BECAUSE = "主席会议授权办公室增补一场。"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def later(wiring: Wiring, plan_id: int) -> AfterApproval | None:
    with wiring.sessions() as session:
        return after_approval(session, plan_id)


def changes(wiring: Wiring, plan_id: int) -> list[tuple[ChangeKind, str]]:
    found = later(wiring, plan_id)
    assert found is not None
    return [(one.kind, one.title) for one in found.changes]


def test_what_was_changed_after_the_last_approval_stands_at_the_issue_and_wants_a_tick_and_why(
    jing: Person, wiring: Wiring, town: Town
) -> None:
    plan_id = plan_of(wiring, town, quota=0)
    kept, gone = placeholder(wiring, town, plan_id, "留下的"), placeholder(wiring, town, plan_id, "不办的")
    page = f"/d/plans/{plan_id}"
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    assert "没有审议过" not in words_of(jing.get(page))
    (new,) = added(wiring, town, plan_id, pooled(wiring, town, "后来的题"))
    jing.press(f"{page}/items/{kept}", f"/items/{kept}", title="改过的", form="sector", quarter="1")
    jing.press(f"{page}/items/{gone}", "/drop", reason="已经解决。")
    jing.press(f"{page}/edit", "/edit", title="云栖区2027年度协商计划（修改）", quota="1", words="")
    shown = words_of(jing.get(page))
    assert "“联合印发”（2026 年 11 月 3 日）登记以后，计划有 4 处改动没有审议过" in shown
    for said in ("新增“后来的题” 王静", "修改“改过的” 王静", "取出“不办的” 王静", "改了标题、总体安排或场数 王静"):
        assert said in shown, said
    sent = {"words": WORDS, "issued_on": "2026-11-03", "document_number": ""}
    refused = jing.press(page, "/issue", **sent, reason=BECAUSE)
    assert (refused.status_code, "请勾选并写明理由" in words_of(refused), BECAUSE in words_of(refused)) == (422, True, True)
    mute = jing.press(page, "/issue", **sent, changes="1", reason=" ")
    assert (mute.status_code, "请写明这些改动为什么不必再走审批" in words_of(mute)) == (422, True)
    assert 'name="changes" value="1" checked' in mute.get_data(as_text=True), "what was ticked stays"
    assert "已印发" in words_of(jing.press(page, "/issue", **sent, changes="1", reason=BECAUSE))
    for path in (f"{page}/editions", f"{page}/editions/1"):
        assert f"审批以后的改动不必再走审批，因为 {BECAUSE}" in words_of(jing.get(path))
    with wiring.sessions() as session:
        assert session.scalars(select(PlanEdition.reason)).one() == BECAUSE
        detail = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "plan.issue")).one()
        assert (detail["after_approval"], sorted(detail["items"])) == (4, sorted([kept, gone, new]))
    # What comes after the first edition has its own way: a reason for the edition, a chain for each topic.
    placeholder(wiring, town, plan_id, "再加一场")
    assert "没有审议过" not in words_of(jing.get(page))
    revised(wiring, town, plan_id)


def test_nothing_is_asked_where_nothing_else_is_printed_than_what_was_approved(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    first, second = placeholder(wiring, town, plan_id, "一"), placeholder(wiring, town, plan_id, "二")
    assert later(wiring, plan_id) is None
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    passing = placeholder(wiring, town, plan_id, "来了又走")
    with wiring.sessions.begin() as session:
        plan_item.change_item(session, itemising(wiring, town, passing), facts("还是走"))
    with wiring.sessions.begin() as session:
        plan_item.drop_item(session, itemising(wiring, town, passing), reason="不加了。")
    with wiring.sessions.begin() as session:
        plan_item.shift_item(session, itemising(wiring, town, second), steps=-1)
    with wiring.sessions.begin() as session:
        plan_item.change_item(session, itemising(wiring, town, first), facts("一"))
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        year_plan.change_plan(session, held, PlanFacts("云栖区2027年度协商计划", "围绕群众身边的事。", 35))
    assert changes(wiring, plan_id) == []
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        year_plan.issue(session, held, issuing(reason="不用写的"))
        assert session.scalars(select(PlanEdition.reason)).one() == ""


def test_another_quarter_is_a_change_and_a_step_that_was_skipped_looked_at_nothing(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    item_id = placeholder(wiring, town, plan_id, "一")
    approvals = gone_through(wiring, town, plan_id, steps=5)
    with wiring.sessions.begin() as session:
        plan_item.shift_item(session, itemising(wiring, town, item_id), steps=1)
    recorded(wiring, recording(wiring, town.jing_id, plan_id), SKIPPED)
    found = later(wiring, plan_id)
    assert found is not None
    assert (found.step_name, [one.kind for one in found.changes]) == ("区委审定", [ChangeKind.CHANGED])
    held = planning(wiring, town, plan_id)
    with wiring.sessions() as session, pytest.raises(InvalidInput, match="1 处改动没有审议过"):
        year_plan.issue(session, held, issuing(reason=BECAUSE))
    with wiring.sessions() as session:
        assert session.get_one(YearPlan, plan_id).state is PlanState.DRAFTING
    # Gone through once more, it is approved as it is.
    with wiring.sessions.begin() as session:
        last = recorded_of(session, ApprovalSubject.PLAN, plan_id)[-1]
        assert last.approval_id > approvals[-1]
        undo_step(session, actor=actor(session, town.jing_id), approval_id=last.approval_id, at=wiring.clock.now())
    recorded(wiring, recording(wiring, town.jing_id, plan_id))
    assert changes(wiring, plan_id) == []
    held = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        year_plan.issue(session, held, replace(issuing(), reason=""))


def test_many_changes_cost_as_many_statements_as_one(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    placeholder(wiring, town, plan_id, "一")
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    placeholder(wiring, town, plan_id, "第 0 场")
    few = cost(wiring, jing, f"/d/plans/{plan_id}", "新增“第 0 场”")
    for number in range(1, 9):
        placeholder(wiring, town, plan_id, f"第 {number} 场")
    assert cost(wiring, jing, f"/d/plans/{plan_id}", "新增“第 8 场”") == few
