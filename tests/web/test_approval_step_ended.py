"""A step that a district ends under plans and topics on their way: who let it end and why is asked, and stands with whoever hadn't passed it."""

import pytest
from flask.testing import FlaskClient

from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.plan_report import report_text
from intake.domain.year_plan import PlanReportKind
from intake.models import ApprovalStep, AuditEntry
from intake.queries.approval import SubjectApprovals, approvals_of
from intake.queries.plan_report import plan_figures
from intake.services.approval import missing, undo_step
from intake.services.approval_chain import adopt_chain
from intake.wiring import Wiring
from tests.factories import plans
from tests.factories.approvals import (
    DAY,
    ENDED_BECAUSE,
    ENDED_BY,
    PASSED,
    approval_row,
    ended,
    gone_through,
    plan_of,
    recorded,
    recording,
    steps_of,
)
from tests.factories.clock import TestClock
from tests.factories.releases import pooled_topic
from tests.factories.town import Town, actor
from tests.web.pages import Person, hidden, sign_in, words_of

PLAN, TOPIC = ApprovalSubject.PLAN, ApprovalSubject.TOPIC
SAID = f"这一步 2026 年 11 月 3 日起不再要求：{ENDED_BY}，{ENDED_BECAUSE}"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def adopted(wiring: Wiring, town: Town, subject: ApprovalSubject = PLAN) -> list[ApprovalStep]:
    """The district's own chain."""
    with wiring.sessions.begin() as session:
        adopt_chain(session, actor=actor(session, town.jing_id), subject=subject, at=wiring.clock.now())
    return steps_of(wiring, subject)


def path(wiring: Wiring, town: Town, subject_id: int, subject: ApprovalSubject = PLAN) -> SubjectApprovals:
    with wiring.sessions() as session:
        found = approvals_of(session, actor(session, town.jing_id), subject, subject_id, today=DAY)
    assert found is not None
    return found


def lapsed(wiring: Wiring, town: Town, subject_id: int, subject: ApprovalSubject = PLAN) -> list[str]:
    return [one.name for one in path(wiring, town, subject_id, subject).lapsed]


def step_row(wiring: Wiring, step_id: int) -> ApprovalStep:
    with wiring.sessions() as session:
        return session.get_one(ApprovalStep, step_id)


def test_ending_a_step_asks_who_let_it_end_and_why_and_keeps_what_was_typed(jing: Person, wiring: Wiring, town: Town) -> None:
    step = adopted(wiring, town)[1]
    page = f"/d/approvals/steps/{step.id}/end"
    lacking = jing.press(page, page, authority=" ", reason="并入征题。")
    html = lacking.get_data(as_text=True)
    assert (lacking.status_code, "请填写是谁批准停用的" in html) == (422, True)
    assert 'id="authority-error"' in html
    assert "并入征题。</textarea>" in html
    lacking = jing.press(page, page, authority=ENDED_BY, reason="")
    html = lacking.get_data(as_text=True)
    assert (lacking.status_code, "请写明为什么停用这一步" in html) == (422, True)
    assert 'id="reason-error"' in html
    assert f'value="{ENDED_BY}"' in html
    for field, long in (("authority", "长" * 41), ("reason", "长" * 2_001)):
        too_long = jing.press(page, page, **{"authority": ENDED_BY, "reason": ENDED_BECAUSE, field: long})
        assert (too_long.status_code, f'id="{field}-error"' in too_long.get_data(as_text=True)) == (422, True)
        assert long in too_long.get_data(as_text=True)
    assert step_row(wiring, step.id).ended_at is None
    held = {name: hidden(jing.get(page).get_data(as_text=True), name) for name in ("csrf_token", "version")}
    assert "已停用" in words_of(jing.press(page, page, authority=f" {ENDED_BY} ", reason=ENDED_BECAUSE))
    row = step_row(wiring, step.id)
    assert (row.ended_authority, row.ended_reason, row.ended_at) == (ENDED_BY, ENDED_BECAUSE, wiring.clock.now())
    # Whoever has the page open still reads that a colleague was faster, and finds their words.
    stale = jing.client.post(page, data={**held, "authority": "副主席 林致远", "reason": "后写的"})
    assert (stale.status_code, "后写的</textarea>" in stale.get_data(as_text=True)) == (409, True)
    assert step_row(wiring, step.id).ended_authority == ENDED_BY
    with wiring.sessions() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="approval_step.end")
    assert (entry.entity_id, entry.detail) == (step.id, {"subject": "plan"}), "words stand on the step, not in the record of acts"


def test_before_a_step_ends_the_page_names_who_would_go_on_without_it(jing: Person, wiring: Wiring, town: Town) -> None:
    first, second = adopted(wiring, town)[:2]
    page = f"/d/approvals/steps/{second.id}/end"
    assert "正在走的都已经过了这一步，或者现在没有正在走的" in words_of(jing.get(page))
    passed = plan_of(wiring, town, year=2026)
    gone_through(wiring, town, passed, steps=2)
    made = [plan_of(wiring, town, year=year) for year in range(2027, 2034)]
    recorded(wiring, recording(wiring, town.jing_id, made[-1]))
    said = words_of(jing.get(page))
    assert "计划有 7 份，停用以后都不用再走这一步" in said
    assert [year for year in range(2026, 2034) if f"{year}年协商计划" in said] == [2029, 2030, 2031, 2032, 2033]
    assert "还有 2 个没有列出来" in said
    assert "计划有 6 份" in words_of(jing.get(f"/d/approvals/steps/{first.id}/end"))
    # A topic is under way once a step of it was written down; the pool alone is no way.
    begun, _resting = pooled_topic(wiring, town), plans.pooled(wiring, town, "还没开始的")
    gone_through(wiring, town, begun, subject=TOPIC, steps=1)
    topics = steps_of(wiring, TOPIC)
    said = words_of(jing.get(f"/d/approvals/steps/{topics[1].id}/end"))
    assert "议题有 1 个，停用以后都不用再走这一步" in said
    assert "还没开始的" not in said
    assert "正在走的都已经过了这一步" in words_of(jing.get(f"/d/approvals/steps/{topics[0].id}/end"))


def test_who_had_not_passed_it_shows_who_let_it_end_and_who_had_shows_its_approval(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    open_id, passed_id = plan_of(wiring, town), plan_of(wiring, town, year=2028)
    gone_through(wiring, town, open_id, steps=1)
    approvals = gone_through(wiring, town, passed_id, steps=2)
    step = steps_of(wiring)[1]
    ended(wiring, town, step)
    for page in (f"/d/approvals/plan/{open_id}", f"/d/plans/{open_id}"):
        said = words_of(jing.get(page))
        assert SAID in said, page
        assert "已完成 1 步，共 5 步" in said
        assert "2. 党组会议审议" in said, "what is still asked for is counted on"
    assert SAID not in words_of(jing.get(f"/d/approvals/plan/{passed_id}"))
    assert (lapsed(wiring, town, passed_id), path(wiring, town, passed_id).passed_count) == ([], 2)
    assert f"“座谈协商”由{ENDED_BY}批准停用，不再要求" in words_of(jing.get("/d/approvals"))
    with wiring.sessions() as session:
        staff = actor(session, town.jing_id)
        reports = [report_text(PlanReportKind.MID_YEAR, plan_figures(session, staff, one, today=DAY)) for one in (open_id, passed_id)]
    assert f"“座谈协商”这一步2026年11月3日起不再要求：{ENDED_BY}，{ENDED_BECAUSE}" in reports[0]
    assert "不再要求" not in reports[1]
    # Its approval is taken back: it stands as open no more, and says why.
    with wiring.sessions.begin() as session:
        undo_step(session, actor=actor(session, town.jing_id), approval_id=approvals[-1], at=clock.now())
    assert approval_row(wiring, approvals[-1]).undone_at is not None
    assert lapsed(wiring, town, passed_id) == ["座谈协商"]
    # A plan that was begun later was never asked for it.
    clock.forward(days=1)
    assert lapsed(wiring, town, plan_of(wiring, town, year=2029)) == []


def test_a_plan_that_was_complete_through_it_says_so_after_it_was_issued_and_one_issued_before_says_nothing(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    early, late = plans.plan_of(wiring, town, year=2027, quota=0), plans.plan_of(wiring, town, year=2028, quota=0)
    for plan_id in (early, late):
        plans.placeholder(wiring, town, plan_id)
    plans.approved(wiring, town, PLAN, early)
    plans.issued(wiring, town, early)
    added = plans_step(jing, wiring)
    gone_through(wiring, town, late, steps=6)
    assert missing_of(wiring, late) == (added.name,)
    clock.forward(minutes=10)
    ended(wiring, town, added)
    assert missing_of(wiring, late) == ()
    clock.forward(minutes=10)
    plans.issued(wiring, town, late)
    assert SAID in words_of(jing.get(f"/d/plans/{late}"))
    assert SAID not in words_of(jing.get(f"/d/plans/{early}"))


def plans_step(jing: Person, wiring: Wiring) -> ApprovalStep:
    """One more, at the end of the plans' chain."""
    jing.press("/d/approvals/chain/plan", "/steps", kind="other", name="专家论证", body="专家组")
    return steps_of(wiring)[-1]


def missing_of(wiring: Wiring, plan_id: int) -> tuple[str, ...]:
    with wiring.sessions() as session:
        return missing(session, subject=PLAN, subject_id=plan_id)


def test_a_topic_shows_it_while_it_waits_and_not_where_it_entered_its_plan_before(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    waiting, entered = pooled_topic(wiring, town), plans.pooled(wiring, town, "列入得早")
    plan_id = plans.plan_of(wiring, town, quota=0)
    plans.added(wiring, town, plan_id, entered)
    plans.approved(wiring, town, PLAN, plan_id)
    plans.issued(wiring, town, plan_id)
    gone_through(wiring, town, waiting, subject=TOPIC, steps=1)
    clock.forward(minutes=10)
    ended(wiring, town, steps_of(wiring, TOPIC)[1])
    for page in (f"/d/approvals/topic/{waiting}", f"/d/topics/{waiting}"):
        assert SAID in words_of(jing.get(page)), page
    assert f"由{ENDED_BY}批准停用，不再要求" in words_of(jing.get(f"/d/topics?topic={waiting}"))
    assert lapsed(wiring, town, entered, TOPIC) == []
    assert "不再要求" not in words_of(jing.get(f"/d/approvals/topic/{entered}"))


def test_a_step_that_ended_before_anybody_asked_says_that_nobody_wrote_it_down(jing: Person, wiring: Wiring, town: Town) -> None:
    step = adopted(wiring, town)[1]
    plan_id = plan_of(wiring, town)
    with wiring.sessions.begin() as session:
        session.get_one(ApprovalStep, step.id).ended_at = wiring.clock.now()
    assert "2026 年 11 月 3 日起不再要求；停用时没有登记是谁批准的" in words_of(jing.get(f"/d/approvals/plan/{plan_id}"))
    assert "“座谈协商”已停用，不再要求" in words_of(jing.get("/d/approvals"))


def test_the_day_is_that_of_the_place(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    plan_id, step = plan_of(wiring, town), adopted(wiring, town)[1]
    clock.forward(hours=16)
    ended(wiring, town, step)
    jing = sign_in(client, "wangjing")
    assert "这一步 2026 年 11 月 4 日起不再要求" in words_of(jing.get(f"/d/approvals/plan/{plan_id}"))
    assert "required since Nov 4, 2026" in words_of(jing.get(f"/d/approvals/plan/{plan_id}?lang=en"))


def test_it_reads_in_english(jing: Person, wiring: Wiring, town: Town) -> None:
    steps = adopted(wiring, town)
    plan_id = plan_of(wiring, town)
    said = words_of(jing.get(f"/d/approvals/steps/{steps[1].id}/end?lang=en"))
    assert "haven't passed this step, and won't have to once it is ended: 1" in said
    ended(wiring, town, steps[1])
    said = words_of(jing.get(f"/d/approvals/plan/{plan_id}?lang=en"))
    assert "This step has not been required since" in said
    assert "No longer required" in said
    assert recorded(wiring, recording(wiring, town.jing_id, plan_id), PASSED)
    assert path(wiring, town, plan_id).next is not None
    assert approval_row(wiring, path(wiring, town, plan_id).seen).decision is ApprovalDecision.PASSED
