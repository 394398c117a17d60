"""年度计划: from the pool to an edition, changed and issued anew; what residents read of it; two at once; who may not."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.approval import ApprovalSubject
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.plan_edition import ItemField
from intake.domain.plan_progress import Progress
from intake.domain.topic import TopicAction, TopicState
from intake.domain.year_plan import ConsultationForm, PlanReportKind, PlanState
from intake.models import Area, AuditEntry, Decision, PlanEdition, PlanItem, PlanReport, Topic, YearPlan
from intake.queries.plan_edition import edition_page
from intake.queries.plan_report import plan_figures
from intake.queries.plan_topics import plan_of_topic
from intake.queries.plan_years import plans_in
from intake.queries.year_plan import plan_page
from intake.services import plan_item, plan_report, year_plan
from intake.services.person import create_user, grant_role
from intake.services.plan_report import Reporting
from intake.services.topic_pool import merge_into
from intake.services.transition import move
from intake.services.year_plan import PlanFacts
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import decided, receipt_path, screening, taken_up, told, topic_of, topic_row
from tests.factories.plans import (
    WORDS,
    YEAR,
    added,
    approved,
    facts,
    issued,
    issuing,
    itemising,
    placeholder,
    plan_of,
    planning,
    pooled,
    revised,
)
from tests.factories.town import BORN, ENCODED, Town, actor
from tests.integration.test_two_members import at_once
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

TODAY = date(2026, 11, 3)


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def page_of(wiring: Wiring, town: Town, plan_id: int, *, today: date = TODAY) -> Any:
    with wiring.sessions() as session:
        return plan_page(session, actor(session, town.jing_id), plan_id, today=today)


def consulted(wiring: Wiring, town: Town, topic_id: int, *actions: TopicAction) -> None:
    """As far as consultations themselves take a planned topic."""
    with wiring.sessions.begin() as session:
        topic, person = session.get_one(Topic, topic_id), actor(session, town.jing_id)
        path = session.get_one(Area, topic.area_id).path
        for action in actions:
            move(session, topic, action, actor=person, at=wiring.clock.now(), area_path=path, reason_code="test")


def test_a_plan_goes_from_the_pool_through_its_chain_to_its_editions(client: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    voice = told(wiring, town.longchi_code, "幸福里路灯不亮，晚上摔过人")
    lamp = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", voice))
    decided(wiring, town.jing_id, lamp, TopicAction.APPROVE, "事关老人安全。")
    bins, lift = pooled(wiring, town, "北门垃圾桶"), pooled(wiring, town, "加装电梯")
    made = jing.press("/d/plans/new", "/d/plans/new", year="2027", title="云栖区2027年度协商计划", quota="3", words="一件一件商量。")
    assert "计划建好了" in words_of(made)
    again = jing.press("/d/plans/new", "/d/plans/new", year="2027", title="又一份", quota="3", words="")
    assert (again.status_code, "2027 年的计划已经有了" in words_of(again), "又一份" in again.get_data(as_text=True)) == (409, True, True)
    with wiring.sessions() as session:
        plan_id = session.query(YearPlan).one().id
    page = f"/d/plans/{plan_id}"
    # Several at once from the pool, and one whose topic nobody knows yet.
    both = jing.client.post(
        f"{page}/add",
        data={"csrf_token": _token(jing, f"{page}/add"), "topics": [str(lamp), str(bins)], "quarter": "2", "form": "special"},
        follow_redirects=True,
    )
    assert "列入的场数还差 1 场" in words_of(both)
    assert "北门垃圾桶" not in words_of(jing.get(f"{page}/add")), "it stands in the plan"
    jing.press(f"{page}/items/new", "/items/new", title="年中视察", form="counterpart", quarter="3", starts_on="2027-07-05")
    shown = words_of(jing.get(page))
    assert "列入的场数够了" in shown
    assert "议题待定" in shown
    first, second, third = _items(wiring, plan_id)
    linked = jing.press(f"{page}/items/{third}/topic", f"/items/{third}/topic", topics=str(lift))
    assert "议题接上了" in words_of(linked)
    changed = jing.press(
        f"{page}/items/{first}",
        f"/items/{first}",
        title="幸福里一带路灯",
        form="sector",
        quarter="2",
        starts_on="2027-04-10",
        ends_on="2027-04-12",
        lead_chair="林副主席",
        proposers="城建专委会",
        convenor=str(town.laozhou_id),
        units="区城市管理局",
        words="先看夜路。",
    )
    assert "领衔：林副主席" in words_of(changed)
    # Nothing is issued before every step of the chain.
    sent = {"words": WORDS, "issued_on": "2026-11-03", "document_number": ""}
    refused = jing.press(page, "/issue", **sent)
    assert (refused.status_code, "审批还没有走完" in words_of(refused), WORDS in refused.get_data(as_text=True)) == (409, True, True)
    assert topic_row(wiring, lamp).state is TopicState.POOLED
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    # What many residents will read is looked at first, as the words of any decision; in the same words it goes out.
    named = {**sent, "words": "列入计划，由张卫国 13812345678 联系您。"}
    looked = jing.press(page, "/issue", **named)
    assert (looked.status_code, named["words"] in words_of(looked), "还没有发出" in words_of(looked)) == (422, True, True)
    assert 'name="checked"' in looked.get_data(as_text=True)
    taken = jing.press(f"{page}/items/{first}", "/drop", reason=named["words"])
    assert (taken.status_code, named["words"] in words_of(taken), "还没有发出" in words_of(taken)) == (422, True, True)
    assert topic_row(wiring, lamp).state is TopicState.POOLED
    assert "已印发，议题列入计划" in words_of(jing.press(page, "/issue", **sent))
    assert topic_row(wiring, lamp).state is TopicState.PLANNED
    assert WORDS in words_of(client.application.test_client().get(receipt_path(wiring, voice)))
    assert "列入年度协商计划。" in words_of(client.application.test_client().get(receipt_path(wiring, voice)))
    assert "文号已登记" in words_of(jing.press(page, "/number", document_number="云办〔2026〕12号"))
    paper = "\n".join(one.text for one in Document(BytesIO(jing.get(f"{page}/paper.docx").data)).paragraphs)
    assert ("云办〔2026〕12号" in paper, "未编文号" in paper) == (True, False)
    # What changes afterwards waits for the next edition; what leaves tells its residents at once.
    out = jing.press(f"{page}/items/{first}", "/drop", reason="路灯改造已列入城管部门今年的工程，不用再协商。")
    assert "已取出" in words_of(out)
    assert topic_row(wiring, lamp).state is TopicState.POOLED
    assert "退出今年的协商计划" in words_of(client.application.test_client().get(receipt_path(wiring, voice)))
    jing.press(f"{page}/items/{second}", f"/items/{second}", title="北门垃圾桶", form="micro", quarter="4", words="")
    assert "有改动还没有印发" in words_of(jing.get(page))
    difference = words_of(jing.get(f"{page}/differences"))
    assert "取出 第二季度" in difference
    assert "季度 第二季度 第四季度" in difference
    assert "协商形式 专题协商 微协商" in difference
    no_reason = jing.press(page, "/revise", reason="", words="", issued_on="2026-11-03", document_number="")
    assert (no_reason.status_code, "请写明为什么印发新版" in words_of(no_reason)) == (422, True)
    assert "新版已印发" in words_of(
        jing.press(page, "/revise", reason="路灯已列入工程。", words="", issued_on="2026-11-03", document_number="", fewer="1")
    )
    editions = words_of(jing.get(f"{page}/editions"))
    assert "第 2 版 2026 年 11 月 3 日 2 路灯已列入工程。" in editions
    assert "云办〔2026〕12号" in editions
    assert "幸福里一带路灯 取出" in words_of(jing.get(f"{page}/editions/2"))
    assert "幸福里一带路灯" in words_of(jing.get(f"{page}/editions/1"))
    with wiring.sessions() as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.noun == "year_plan").order_by(AuditEntry.id)).all()
        assert [one for one in ("plan.begin", "plan.issue", "plan.drop", "plan.revise") if one not in acts] == []
        told_words = session.scalars(select(Decision.words).where(Decision.topic_id == lamp).order_by(Decision.id)).all()
        assert told_words[-2:] == [WORDS, "路灯改造已列入城管部门今年的工程，不用再协商。"]
        assert plan_of_topic(session, lamp) is None
        found = plan_of_topic(session, bins)
        assert found is not None
        assert (found.year, found.quarter) == (YEAR, 4)


# An edition never changes; a topic that comes later goes through a chain of its own.
def test_a_topic_added_after_the_issue_needs_its_own_chain(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    added(wiring, town, plan_id, pooled(wiring, town, "路灯"))
    issued(wiring, town, plan_id)
    late = pooled(wiring, town, "晚来的题")
    with pytest.raises(Conflict, match="审批还没有走完"):
        added(wiring, town, plan_id, late)
    approved(wiring, town, ApprovalSubject.TOPIC, late)
    added(wiring, town, plan_id, late, quarter=3)
    assert topic_row(wiring, late).state is TopicState.POOLED, "the edition that names it isn't issued"
    assert [one.progress for one in page_of(wiring, town, plan_id).items] == [Progress.PLANNED, Progress.POOLED]
    revised(wiring, town, plan_id)
    assert topic_row(wiring, late).state is TopicState.PLANNED
    with pytest.raises(Conflict, match="没有改动"):
        revised(wiring, town, plan_id)
    with wiring.sessions() as session:
        first, second = (edition_page(session, actor(session, town.jing_id), plan_id, number) for number in (1, 2))
    assert [one.title for one in first.plan.items] == ["路灯"]
    assert second.differences is not None
    assert [one.title for one in second.differences.added] == ["晚来的题"]


def test_a_topic_that_went_elsewhere_holds_the_issue_up_by_name(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    gone, stays = pooled(wiring, town, "会并走的题"), pooled(wiring, town, "留下的题")
    (item_id, _) = added(wiring, town, plan_id, gone, stays)
    consulted(wiring, town, gone, TopicAction.DROP)
    with pytest.raises(Conflict, match="“会并走的题”已经不在议题库"):
        issued(wiring, town, plan_id)
    assert topic_row(wiring, stays).state is TopicState.POOLED, "nothing of it happened"
    held = itemising(wiring, town, item_id)
    with wiring.sessions.begin() as session:
        plan_item.drop_item(session, held, reason="已不再立项。")
    held_plan = planning(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        year_plan.issue(session, held_plan, replace(issuing(reason="议题已出库，不用再审。"), accepts_changes=True))
    assert topic_row(wiring, stays).state is TopicState.PLANNED


# Each press says what it will do before it does: how few there are, and what residents will read.
def test_an_edition_asks_for_the_words_first_and_whether_so_few_are_meant(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town, quota=2)
    item_id = placeholder(wiring, town, plan_id)
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    page = f"/d/plans/{plan_id}"
    assert "这一版没有新列入的议题，不会发给居民" in words_of(jing.get(page))
    assert 'name="words"' not in jing.get(page).get_data(as_text=True)
    lamp = pooled(wiring, town, "路灯")
    with wiring.sessions.begin() as session:
        plan_item.link_topic(session, itemising(wiring, town, item_id), lamp)
    assert "修改“老菜场怎么改”" in words_of(jing.get(page)), "it was approved without that topic"
    html = jing.get(page).get_data(as_text=True)
    assert "这件事列入了《云栖区2027年度协商计划》。开始协商、有了结果，都会在这里告诉您。</textarea>" in html
    assert "新列入的 1 个议题，反映过的居民会先看到“列入年度协商计划。”" in words_of(jing.get(page))
    assert "全年不少于 2 场，现在列入 1 场，还差 1 场" in words_of(jing.get(page))
    sent = {"words": WORDS, "issued_on": "2026-11-03", "document_number": "", "changes": "1", "reason": "题目没有变。"}
    asked = jing.press(page, "/issue", **sent)
    assert (asked.status_code, "请勾选后再按一次" in words_of(asked), WORDS in words_of(asked)) == (422, True, True)
    assert topic_row(wiring, lamp).state is TopicState.POOLED
    emptied = jing.press(page, "/issue", **{**sent, "words": ""}, fewer="1")
    assert (emptied.status_code, "请写明列入计划的理由" in words_of(emptied)) == (422, True)
    assert 'name="fewer" value="1" checked' in emptied.get_data(as_text=True), "what was ticked stays"
    assert "已印发" in words_of(jing.press(page, "/issue", **sent, fewer="1"))
    # A plan that holds its quota asks nothing.
    placeholder(wiring, town, plan_id, "又一场")
    assert "还差" not in words_of(jing.get(page))
    assert "新版已印发" in words_of(jing.press(page, "/revise", reason="增补。", issued_on="2026-11-03", document_number=""))


def test_a_line_whose_topic_left_the_pool_says_so_and_how_to_go_on(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    away, gone, twice, other, planned = (pooled(wiring, town, title) for title in ("并走的", "出库的", "也并走的", "留下的", "计划里的"))
    away_item, gone_item, twice_item, _ = added(wiring, town, plan_id, away, gone, twice, planned)
    page = f"/d/plans/{plan_id}"
    assert "议题有变化" not in words_of(jing.get(page))
    for topic, into in ((away, other), (twice, planned)):
        held = screening(wiring, town.jing_id, topic)
        with wiring.sessions.begin() as session:
            merge_into(session, held, target_topic_id=into, words="是同一件事。", told_planned=[topic])
    consulted(wiring, town, gone, TopicAction.DROP)
    shown = words_of(jing.get(page))
    assert "3 场的议题有变化，处理以后才能印发" in shown
    assert f"议题已并入“留下的”（{topic_row(wiring, other).number}）。可以换成那个议题。" in shown
    assert "那个议题已经在计划里。" in shown
    assert "议题现在是“不立项”，不在议题库。" in shown
    assert "取出这一场" in words_of(jing.get(f"{page}/items/{gone_item}?act=drop"))
    # One press puts the topic in that it was merged into; a topic that stands in the plan already can't be put in twice.
    assert f'/items/{twice_item}/topic" data-once' not in jing.get(page).get_data(as_text=True)
    assert "议题接上了" in words_of(jing.press(page, f"/items/{away_item}/topic"))
    for item_id in (gone_item, twice_item):
        jing.press(f"{page}/items/{item_id}", "/drop", reason="议题已经并走或者出库。")
    assert "议题有变化" not in words_of(jing.get(page))
    issued(wiring, town, plan_id)
    assert [topic_row(wiring, one).state for one in (other, planned)] == [TopicState.PLANNED] * 2


def test_what_is_refused_comes_back_where_it_was_ticked(jing: Person, wiring: Wiring, town: Town) -> None:
    page = f"/d/plans/{plan_of(wiring, town)}/add"
    lamp, bins = pooled(wiring, town, "路灯"), pooled(wiring, town, "垃圾桶")
    for asked, ticked, other in (("?q=路灯", lamp, bins), (f"?after={bins}", lamp, bins), (f"?topics={lamp}", lamp, bins)):
        refused = jing.press(f"{page}{asked}", asked.replace("路灯", "%E8%B7%AF%E7%81%AF"), topics=str(ticked), quarter="", form="special")
        html = refused.get_data(as_text=True)
        assert (refused.status_code, f'value="{ticked}" checked' in html, f'name="topics" value="{other}"' in html) == (422, True, False), (
            asked
        )


# A member opens the topics of the communities they reach; of the others the line is read alone.
def test_a_members_plan_leads_to_the_topics_they_may_open(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    lamp, late = pooled(wiring, town, "路灯"), pooled(wiring, town, "后来接上的")
    added(wiring, town, plan_id, lamp)
    item_id = placeholder(wiring, town, plan_id, "待定的一场")
    issued(wiring, town, plan_id)
    approved(wiring, town, ApprovalSubject.TOPIC, late)
    with wiring.sessions.begin() as session:
        plan_item.link_topic(session, itemising(wiring, town, item_id), late)
    zhou = sign_in(client, "zhou")
    phone = zhou.get("/m/plan")
    assert f'href="/m/topics/{lamp}"' in phone.get_data(as_text=True)
    assert "路灯" in words_of(zhou.get(f"/m/topics/{lamp}"))
    assert f"/m/topics/{late}" not in phone.get_data(as_text=True), "no edition names it yet"
    assert "待定的一场 议题待定" in words_of(phone)
    elsewhere = sign_in(client.application.test_client(), "hemiao")
    shown = elsewhere.get("/m/plan")
    assert ("路灯" in words_of(shown), "/m/topics/" in shown.get_data(as_text=True).split("<main", 1)[1]) == (True, False)
    chair = _person(client, wiring, town, Role.CHAIR, "云栖区")
    assert f'href="/d/topics/{lamp}"' in chair.get("/m/plan").get_data(as_text=True)


def test_items_are_put_in_order_by_buttons_and_cross_into_the_next_quarter(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    one, two, three = (placeholder(wiring, town, plan_id, title) for title in "甲乙丙")

    def order() -> list[tuple[str, int]]:
        return [(item.title, item.quarter) for item in page_of(wiring, town, plan_id).items]

    page = f"/d/plans/{plan_id}"
    jing.press(page, f"/items/{three}/shift", to="up")
    assert order() == [("甲", 1), ("丙", 1), ("乙", 1)]
    jing.press(page, f"/items/{two}/shift", to="down")
    assert order() == [("甲", 1), ("丙", 1), ("乙", 2)]
    jing.press(page, f"/items/{one}/shift", to="up")
    assert order()[0] == ("甲", 1), "at the edge of the year it stays"
    jing.press(page, f"/items/{two}/shift", to="up")
    assert order() == [("甲", 1), ("丙", 1), ("乙", 1)]
    assert jing.press(page, f"/items/{two}/shift", to="sideways").status_code == 422
    dated = placeholder(wiring, town, plan_id, "丁", starts_on=date(2027, 3, 10))
    refused = jing.press(page, f"/items/{dated}/shift", to="down")
    assert (refused.status_code, "先改日期" in words_of(refused)) == (422, True), "a day in March is in no second quarter"
    jing.press(page, f"/items/{dated}/shift", to="up")
    assert order() == [("甲", 1), ("丙", 1), ("丁", 1), ("乙", 1)]


def test_what_was_typed_is_kept_when_a_colleague_was_faster(client: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    item_id = placeholder(wiring, town, plan_id)
    page, item = f"/d/plans/{plan_id}", f"/d/plans/{plan_id}/items/{item_id}"
    form = {"title": "我的写法", "form": "special", "quarter": "1", "words": "写了半天的说明"}
    late = {"csrf_token": _token(jing, item), "version": "1", **form}
    jing.press(item, f"/items/{item_id}", **{**form, "title": "同事的写法"})
    refused = jing.client.post(item, data=late)
    kept = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert ("我的写法" in kept, "写了半天的说明" in kept, 'name="version" value="2"' in kept) == (True, True, True)
    stale = {"csrf_token": _token(jing, item), "version": "1"}
    assert jing.client.post(f"{page}/edit", data={**stale, "title": "改名", "quota": "9", "words": "长长的总体安排"}).status_code == 409
    jing.press(item, "/drop", reason="不办了。")
    gone = jing.client.post(item, data={**late, "version": "3"})
    assert [said in words_of(gone) for said in ("已经取出", "我的写法", "写了半天的说明")] == [True, True, True]
    assert gone.status_code == 409
    for wrong, field in (
        ({"title": " "}, "请写这一场协商什么"),
        ({"starts_on": "2027-05-01"}, "日期不在选的季度里"),
        ({"starts_on": "2026-02-01"}, "请选 2027 年里的日期"),
        ({"starts_on": "2027-02-03", "ends_on": "2027-02-01"}, "结束的日期不能早于开始"),
        ({"convenor": str(town.stranger_id)}, "请从列表里选召集人"),
        ({"convenor": str(town.fang_id)}, "请从列表里选召集人"),
        ({"units": "局" * 201}, "最多 200 个字"),
        ({"form": "party"}, "请先选一个"),
    ):
        answer = jing.press(f"{page}/items/new", "/items/new", **{**form, **wrong})
        assert (answer.status_code, field in words_of(answer)) == (422, True), field
    jing.press(f"{page}/items/new", "/items/new", **form)
    twice = jing.press(f"{page}/items/new", "/items/new", **form)
    assert (twice.status_code, "已经有同名的一场" in words_of(twice)) == (409, True)


def test_two_at_once_make_one(wiring: Wiring, town: Town) -> None:
    def of(ended: list[Any]) -> list[str]:
        return sorted(type(one).__name__ for one in ended)

    begun = at_once(
        wiring,
        *(
            lambda session: year_plan.create_plan(
                session, PlanFacts("计划", "", 1), actor=actor(session, town.jing_id), year=YEAR, at=wiring.clock.now()
            )
            for _ in range(2)
        ),
    )
    assert of(begun) == ["Conflict", "NoneType"]
    with wiring.sessions() as session:
        plan_id = session.query(YearPlan).one().id
    topic, held = pooled(wiring, town, "抢着加的题"), planning(wiring, town, plan_id)
    both = at_once(
        wiring,
        *(lambda session: plan_item.add_topics(session, held, [topic], quarter=1, form=ConsultationForm.MICRO) for _ in range(2)),
    )
    assert of(both) == ["Conflict", "NoneType"]
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    ready = planning(wiring, town, plan_id)
    out = at_once(wiring, *(lambda session: year_plan.issue(session, ready, issuing()) for _ in range(2)))
    assert of(out) == ["Conflict", "NoneType"]
    with wiring.sessions() as session:
        assert session.query(PlanEdition).count() == 1
        assert session.query(Decision).filter_by(topic_id=topic, action="plan").count() == 1
    # Whoever issues has seen what they issue.
    seen = planning(wiring, town, plan_id)
    placeholder(wiring, town, plan_id)
    with wiring.sessions() as session, pytest.raises(Conflict, match="刚刚有人改过"):
        year_plan.revise(session, seen, issuing(reason="增补。"))


def test_words_of_an_edition_are_kept_when_a_colleague_issued_it_first(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    placeholder(wiring, town, plan_id)
    page = f"/d/plans/{plan_id}"
    late = {
        "csrf_token": _token(jing, page),
        "version": "1",
        "words": "对居民说的话",
        "reason": "写了半天的缘由",
        "issued_on": "2026-11-02",
    }
    issued(wiring, town, plan_id)
    for act, kept in (("issue", ["对居民说的话"]), ("revise", ["对居民说的话", "写了半天的缘由"])):
        refused = jing.client.post(f"{page}/{act}", data=late)
        assert refused.status_code == 409
        assert [words in words_of(refused) for words in kept] == [True] * len(kept), act


def test_the_plan_is_for_staff_of_the_district_and_read_by_members_once_issued(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    item_id = placeholder(wiring, town, plan_id, quarter=2, lead_chair="林副主席")
    zhou, chair = sign_in(client, "zhou"), _person(client, wiring, town, Role.CHAIR, "云栖区")
    street = _person(client, wiring, town, Role.STAFF, "丰山街道")
    page = f"/d/plans/{plan_id}"
    assert zhou.get(page).status_code == 404
    assert "还没有印发的年度计划" in words_of(zhou.get("/m/plan"))
    assert "老菜场怎么改" in words_of(chair.get(page)), "who decides on a draft reads it"
    assert "年度计划" in words_of(zhou.get("/m/me"))
    issued(wiring, town, plan_id)
    for reader in (zhou, chair):
        shown = words_of(reader.get(page))
        assert ("老菜场怎么改" in shown, "从议题库选题" in shown, "取出" in shown) == (True, False, False)
        assert reader.get(f"{page}/items/{item_id}").status_code == 403
        assert "DOCX" not in shown
        assert reader.get(f"{page}/paper.docx").status_code == 403
    phone = words_of(zhou.get("/m/plan"))
    assert "第二季度 1 场 老菜场怎么改 议题待定 界别协商 领衔：林副主席 没有安排的：第一季度、第三季度、第四季度。" in phone
    placeholder(wiring, town, plan_id, "还没印发的", lead_chair="另一位主席")
    with wiring.sessions.begin() as session:
        plan_item.change_item(session, itemising(wiring, town, item_id), facts("老菜场的新名字", quarter=3, lead_chair="另一位主席"))
    with wiring.sessions.begin() as session:
        year_plan.change_plan(session, planning(wiring, town, plan_id), PlanFacts("没印发的标题", "没印发的话", 99))
    told_members = [words_of(zhou.get(path)) for path in ("/m/plan", "/d/plans", page, f"{page}/calendar", f"{page}/editions")]
    told_members.append(words_of(zhou.get(f"{page}/differences")))
    for unissued in ("还没印发的", "新名字", "另一位主席", "没印发的", "没有印发", "99"):
        assert [unissued in said for said in told_members] == [False] * 6, unissued
    assert ("第二季度 1 场" in told_members[2], "列入 / 全年不少于 1 / 35" in told_members[2]) == (True, True)
    assert "老菜场怎么改" in told_members[3]
    assert all(words in words_of(chair.get(page)) for words in ("还没印发的", "老菜场的新名字", "没印发的标题"))
    assert zhou.get("/m/plan?year=99999999999").status_code == 200
    for path in (f"{page}/add", f"{page}/items/new", f"{page}/items/{item_id}", f"{page}/edit", f"{page}/reports/mid_year"):
        assert street.get(path).status_code == 403, path
    stranger = sign_in(client.application.test_client(), "sunyi")
    assert stranger.get(page).status_code == 404
    assert "老菜场怎么改" not in words_of(stranger.get("/d/plans"))
    with wiring.sessions() as session:
        held = planning(wiring, town, plan_id, by=town.stranger_id)
        with pytest.raises(NotFound):
            year_plan.change_plan(session, held, PlanFacts("别区", "", 1))
        with pytest.raises(Forbidden):
            year_plan.change_plan(session, planning(wiring, town, plan_id, by=town.zhou_id), PlanFacts("委员", "", 1))


# Its day over and not held is said, each beside its own day; held is what was reported, done what was verified.
def test_progress_follows_the_topics_and_the_year_is_closed_with_nothing_left_open(wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town, quota=4)
    topics = [pooled(wiring, town, f"第{number}题") for number in "一二三四"]
    items = added(wiring, town, plan_id, *topics)
    issued(wiring, town, plan_id)
    consulted(wiring, town, topics[0], TopicAction.OPEN_CONSULTATION, TopicAction.DELIVER_REPORT, TopicAction.VERIFY)
    consulted(wiring, town, topics[1], TopicAction.OPEN_CONSULTATION, TopicAction.DELIVER_REPORT)
    consulted(wiring, town, topics[2], TopicAction.OPEN_CONSULTATION)
    page = page_of(wiring, town, plan_id, today=date(2027, 4, 1))
    tally = page.tally
    assert (tally.planned, tally.held, tally.consulting, tally.delivered, tally.overdue, tally.to_hold) == (4, 2, 1, 1, 2, 2)
    assert [one.title for one in page.late] == ["第三题", "第四题"]
    assert page_of(wiring, town, plan_id, today=date(2027, 3, 31)).tally.overdue == 0
    with wiring.sessions() as session, pytest.raises(Conflict, match="已经开始协商，不能取出"):
        plan_item.drop_item(session, itemising(wiring, town, items[2]), reason="不办了。")
    with wiring.sessions() as session, pytest.raises(Conflict, match="还有 1 场没有开始"):
        year_plan.close(session, planning(wiring, town, plan_id))
    with wiring.sessions.begin() as session:
        plan_item.drop_item(session, itemising(wiring, town, items[3]), reason="转入明年。")
    with wiring.sessions() as session, pytest.raises(Conflict, match="还有改动没有印发"):
        year_plan.close(session, planning(wiring, town, plan_id))
    revised(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        assert year_plan.close(session, planning(wiring, town, plan_id)).state is PlanState.CLOSED
    with pytest.raises(Conflict, match="已经收官"):
        placeholder(wiring, town, plan_id)
    following = plan_of(wiring, town, year=YEAR + 1)
    added(wiring, town, following, topics[3])
    with wiring.sessions() as session:
        lines = plans_in(session, actor(session, town.jing_id), limit=1)
        assert [(one.year, one.planned) for one in lines.rows] == [(YEAR + 1, 1)]
        older = plans_in(session, actor(session, town.jing_id), after=lines.next_key)
        assert [(one.year, one.planned, one.held) for one in older.rows] == [(YEAR, 3, 2)]


def test_a_plan_is_changed_and_closed_on_its_page(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    page = f"/d/plans/{plan_id}"
    changed = jing.press(f"{page}/edit", "/edit", title="改过的计划", quota="36", words="按季度组织。")
    assert "改过的计划" in words_of(changed)
    topic = pooled(wiring, town, "第一题")
    added(wiring, town, plan_id, topic)
    issued(wiring, town, plan_id)
    consulted(wiring, town, topic, TopicAction.OPEN_CONSULTATION)
    assert "已收官" in words_of(jing.press(page, "/close"))


def test_a_report_is_drafted_from_the_figures_and_never_overwrites_people(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town, quota=35)
    topic = pooled(wiring, town, "路灯")
    added(wiring, town, plan_id, topic)
    placeholder(wiring, town, plan_id, quarter=3)
    weighed, printed = placeholder(wiring, town, plan_id, "起草时拿掉的"), placeholder(wiring, town, plan_id, "印过又取出的")
    with wiring.sessions.begin() as session:
        plan_item.drop_item(session, itemising(wiring, town, weighed), reason="不办了。")
    issued(wiring, town, plan_id)
    with wiring.sessions.begin() as session:
        plan_item.drop_item(session, itemising(wiring, town, printed), reason="不办了。")
    consulted(wiring, town, topic, TopicAction.OPEN_CONSULTATION, TopicAction.DELIVER_REPORT)
    page = f"/d/plans/{plan_id}/reports/mid_year"
    assert jing.get(f"{page}/paper.docx").status_code == 404
    assert "起草好了" in words_of(jing.press(page, "/draft"))
    with wiring.sessions() as session:
        text = session.query(PlanReport).one().text
    for said in (
        "全年应不少于35场，列入计划2场，还差33场；其中议题待定1场。",
        "计划2场，已协商1场，协商中0场，其余1场尚未开始。",
        "第一季度计划1场，已协商1场；第二季度计划0场，已协商0场；第三季度计划1场，已协商0场",
        "群众出题1个（共1个）",
        "经人确认的来件1件",
        "区政协主席会议，主席会议审议，审议通过（云协〔2026〕9号）",
        "议题待定的1场没有议题，系统看不到是否已经协商。",
    ):
        assert said in text, said
    assert "取出1场：印过又取出的（不办了）。" in text, "what never was in an edition was not taken out of it"
    assert "已保存" in words_of(jing.press(page, "/mid_year", text="一、改过\n这是人写的。"))
    asked = jing.press(page, "/draft")
    assert (asked.status_code, "有人改过" in words_of(asked)) == (409, True)
    assert "这是人写的。" in words_of(jing.get(page))
    late = jing.client.post(page, data={"csrf_token": _token(jing, page), "version": "1", "text": "另一个人写的"})
    assert (late.status_code, "另一个人写的" in words_of(late), "这是人写的。" in words_of(late)) == (409, True, True)
    assert jing.press(page, "/mid_year", text="字" * 20_001).status_code == 422
    assert (jing.get(f"{page}/paper.docx").mimetype or "").endswith("document")
    assert "起草好了" in words_of(jing.press(page, "/draft", overwrites="1"))
    assert "这是人写的。" not in words_of(jing.get(page))
    with wiring.sessions() as session:
        stored = {one.kind: one.version for one in session.query(PlanReport)}
        assert stored == {PlanReportKind.MID_YEAR: 3}
        first = Reporting(actor(session, town.jing_id), plan_id, PlanReportKind.YEAR_END, 0, wiring.clock.now())
    ended = at_once(wiring, *(lambda session: plan_report.draft_report(session, first, overwrites=False) for _ in range(2)))
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "NoneType"]


def test_an_empty_year_reads_as_one(jing: Person, wiring: Wiring, town: Town) -> None:
    assert "还没有年度计划" in words_of(jing.get("/d/plans"))
    plan_id = plan_of(wiring, town)
    page = f"/d/plans/{plan_id}"
    assert "列入的场数还差 35 场" in words_of(jing.get(page))
    assert "计划里还没有安排" in words_of(jing.get(f"{page}/calendar"))
    assert "还没有印发" in words_of(jing.get(f"{page}/editions"))
    assert jing.get(f"{page}/editions/1").status_code == 404
    assert jing.get(f"{page}/differences").request.path == page
    assert "库里没有可以列入的议题" in words_of(jing.get(f"{page}/add"))
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    refused = jing.press(page, "/issue", words="", issued_on="2026-11-03", document_number="")
    assert (refused.status_code, "计划里还没有一场协商" in words_of(refused)) == (409, True)
    with wiring.sessions() as session:
        figures = plan_figures(session, actor(session, town.jing_id), plan_id, today=TODAY)
        assert (figures.topics, figures.people, figures.tally.lacking) == (0, 0, 35)
    placeholder(wiring, town, plan_id)
    held = planning(wiring, town, plan_id)
    ahead = replace(issuing(date(2027, 1, 1), reason="授权增补。"), accepts_changes=True)
    with wiring.sessions() as session, pytest.raises(InvalidInput, match="不能晚于今天"):
        year_plan.issue(session, held, ahead)


def test_a_full_plan_costs_as_many_statements_as_a_small_one_and_its_papers_hold_it(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    plan_id = plan_of(wiring, town)
    item_id = placeholder(wiring, town, plan_id, "第 0 场", words="=1+1")
    page = f"/d/plans/{plan_id}"
    paths = (page, f"{page}/calendar", f"{page}/items/{item_id}", f"{page}/editions/1")
    issued(wiring, town, plan_id)
    small = [cost(wiring, jing, path, "第 0 场") for path in paths]
    with wiring.sessions.begin() as session:
        session.add_all(
            PlanItem(
                district_id=town.district_id,
                plan_id=plan_id,
                title=f"第 {number} 场",
                form=ConsultationForm.MICRO,
                quarter=number % 4 + 1,
                place=number,
                version=1,
                created_at=clock.now(),
            )
            for number in range(1, 200)
        )
    revised(wiring, town, plan_id)
    full = [cost(wiring, jing, path, shows) for path, shows in zip(paths, ("第 199 场", "第 199 场", "第 0 场", "第 0 场"), strict=True)]
    assert full == small
    assert max(small) <= 20
    for path in (page, f"{page}/editions/2"):
        for ending in ("docx", "pdf", "xlsx"):
            answer = jing.get(f"{path}/paper.{ending}")
            assert (answer.status_code, "no-store" in answer.headers["Cache-Control"], len(answer.data) > 5_000) == (200, True, True)
    with wiring.sessions() as session:
        exports = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "plan.export")).all()
        assert len(exports) == 6
        content = session.scalars(select(PlanEdition.content).order_by(PlanEdition.edition.desc())).first()
        assert content is not None
        assert len(content["items"]) == 200
        assert content["items"][0]["cells"][ItemField.WORDS.value] in {"=1+1", ""}


def _token(person: Person, path: str) -> str:
    return hidden(person.get(path).get_data(as_text=True), "csrf_token")


def _items(wiring: Wiring, plan_id: int) -> list[int]:
    with wiring.sessions() as session:
        return list(session.scalars(select(PlanItem.id).where(PlanItem.plan_id == plan_id).order_by(PlanItem.id)))


def _person(client: FlaskClient, wiring: Wiring, town: Town, role: Role, area: str) -> Person:
    login = f"plan{role.value}"
    with wiring.sessions.begin() as session:
        place = session.query(Area).filter_by(name=area).one()
        user = create_user(session, district_id=town.district_id, login=login, name="林晓", password="", at=BORN, password_hash=ENCODED)
        grant_role(session, actor=actor(session, town.li_id), user=user, role=role, area=place, at=BORN)
    return sign_in(client.application.test_client(), login)
