"""今天要办: what of screening, the pool and the plan waits, for whom, and the way to it; and the month beneath it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import unescape

import pytest
from flask import Flask

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission, Role
from intake.domain.point import AreaKind
from intake.domain.receipt import SHANGHAI
from intake.domain.row_import import ImportState
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.topic import TopicAction
from intake.models import Area, Contributor, Decision, DeclineCheck, RowImport, Submission, Topic
from intake.ports import NullJobQueue
from intake.queries.district_home import Waiting, WaitingKind, waiting_for
from intake.queries.district_month import DAYS, FEW, POOLED, SEEN, TOLD, district_month
from intake.services import submission_decide as decide
from intake.services import topic_pool
from intake.services import upward_report as upward
from intake.services.approval import ApprovalFacts, undo_step
from intake.services.screening_round import RoundFacts, create_round, draft
from intake.services.upward_answer import AnswerFacts, supplement, tell
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.approvals import gone_through, plan_of, recorded, recording, steps_of
from tests.factories.bulletins import drafted_bulletin, sent_up, signed, written
from tests.factories.clock import TestClock
from tests.factories.hands import recused
from tests.factories.imports import as_csv, call, row_of, send, tried
from tests.factories.matters import attach, decided, deciding, screening, taken_up, told, topic_of
from tests.factories.town import Town, actor
from tests.factories.upward import TITLE, class_of, report_answered, report_drafted, report_written, reporting
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import sign_in
from tests.web.test_district import clean, waiting
from tests.web.test_query_counts import cost
from workers.jobs import publish_rounds, row_imports

K = WaitingKind
Lines = dict[WaitingKind, Waiting]
Asked = Callable[..., Lines]
WORDS = "反映的人多，情况清楚，进入议题库。"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


@pytest.fixture
def lines(wiring: Wiring, town: Town) -> Asked:
    """What waits for a person by kind; for 王静 where nobody is named."""

    def ask(user_id: int = 0) -> Lines:
        at, still = wiring.clock.now(), wiring.workflow.owner.approval_still_days
        with wiring.sessions() as session:
            who = actor(session, user_id or town.jing_id)
            found = waiting_for(session, who, at=at, idle_before=at - timedelta(days=60), still_before=at - timedelta(days=still))
        return {one.kind: one for one in found}

    return ask


@pytest.fixture
def shown_to(wiring: Wiring, town: Town, lines: Asked) -> Callable[[WaitingKind], set[str]]:
    """Who reads a line of the kind, of staff of the district and of each street, and of those who may do nothing about it."""
    people = {
        "whole": town.jing_id,
        "fengshan": person_with(wiring, "fengshan", "丰山的工作人员", (Role.STAFF, town.street_id)),
        "shiqiao": person_with(wiring, "shiqiao", "石桥的工作人员", (Role.STAFF, town.shiqiao_id)),
        "chair": person_with(wiring, "fengjie", "冯洁", (Role.CHAIR, town.district_id)),
        "member": town.zhou_id,
        "administrator": town.li_id,
        "neighbour": town.stranger_id,
    }
    return lambda kind: {name for name, user_id in people.items() if kind in lines(user_id)}


def a_topic(wiring: Wiring, town: Town, title: str = "幸福里路灯不亮") -> int:
    """A candidate of 龙池社区, in 丰山街道."""
    return topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, title))


def a_pooled_topic(wiring: Wiring, town: Town, title: str = "幸福里路灯不亮") -> int:
    topic = taken_up(wiring, town.jing_id, a_topic(wiring, town, title))
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, WORDS)
    return topic


def kept_until(wiring: Wiring, town: Town, topic: int, day: date) -> None:
    held = screening(wiring, town.jing_id, topic)
    with wiring.sessions.begin() as session:
        topic_pool.keep(session, held, words="先看供电改造。", look_again_on=day)


def a_failed_round(wiring: Wiring, town: Town, clock: TestClock, *titles: str) -> tuple[int, list[int]]:
    """A round for tomorrow, published; the topics were sent back and proposed again meanwhile, so that nothing of it could be made."""
    topics = [taken_up(wiring, town.jing_id, a_topic(wiring, town, title)) for title in titles]
    with wiring.sessions.begin() as session:
        facts = RoundFacts(name="十一月集中公布", publish_at=clock.now() + timedelta(days=1))
        round_id = create_round(session, facts, actor=actor(session, town.jing_id), at=clock.now()).id
    for topic in topics:
        held = screening(wiring, town.jing_id, topic)
        with wiring.sessions.begin() as session:
            draft(session, held, TopicAction.APPROVE, round_id=round_id, words=WORDS, target_topic_id=None, office_id=None)
        decided(wiring, town.jing_id, topic, TopicAction.RETURN, "请补充照片。")
        taken_up(wiring, town.jing_id, topic)
    clock.forward(days=2)
    publish_rounds.run()
    return round_id, topics


# --- what couldn't be published -----------------------------------------------------------------------------------------------------


def test_a_decision_that_could_not_be_made_waits_until_another_is(
    wiring: Wiring, town: Town, clock: TestClock, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    round_id, (lamp, bench) = a_failed_round(wiring, town, clock, "路灯不亮", "长椅坏了")
    line = lines()[K.UNMADE]
    assert (line.id, line.words, line.area_name, line.count, line.presses) == (round_id, "路灯不亮", "龙池社区", 2, True)
    assert shown_to(K.UNMADE) == {"whole", "fengshan"}
    clock.forward(hours=1)
    decided(wiring, town.jing_id, lamp, TopicAction.APPROVE, WORDS)
    assert (lines()[K.UNMADE].words, lines()[K.UNMADE].count) == ("长椅坏了", 1)
    decided(wiring, town.jing_id, bench, TopicAction.RETURN, "请补充照片。")
    clock.forward(hours=1)
    taken_up(wiring, town.jing_id, bench)
    assert K.UNMADE not in lines(), "it was decided since; that it waits to be screened is said by another line"


def test_a_decision_put_into_another_round_does_not_wait_for_anybody(wiring: Wiring, town: Town, clock: TestClock, lines: Asked) -> None:
    _round_id, (lamp,) = a_failed_round(wiring, town, clock, "路灯不亮")
    with wiring.sessions.begin() as session:
        facts = RoundFacts(name="十二月集中公布", publish_at=clock.now() + timedelta(days=9))
        another = create_round(session, facts, actor=actor(session, town.jing_id), at=clock.now()).id
    assert K.UNMADE in lines()
    held = screening(wiring, town.jing_id, lamp)
    with wiring.sessions.begin() as session:
        draft(session, held, TopicAction.APPROVE, round_id=another, words=WORDS, target_topic_id=None, office_id=None)
    assert K.UNMADE not in lines()


# --- answers from above -------------------------------------------------------------------------------------------------------------


def test_an_answer_from_above_waits_until_residents_are_told(
    wiring: Wiring, town: Town, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    report = report_drafted(wiring, town, class_of(wiring, town)[0])
    assert K.UNTOLD not in lines()
    report_answered(wiring, town, report)
    line = lines()[K.UNTOLD]
    assert (line.id, TITLE in line.words, line.count, line.presses) == (report, True, 1, True)
    assert shown_to(K.UNTOLD) == {"whole", "fengshan"}
    held = reporting(wiring, town.jing_id, report)
    with wiring.sessions.begin() as session:
        tell(session, held, words="")
    assert K.UNTOLD not in lines()
    held = reporting(wiring, town.jing_id, report)
    with wiring.sessions.begin() as session:
        supplement(session, held, AnswerFacts("又有两条线路延长。", "", date(2026, 11, 3)))
    assert lines()[K.UNTOLD].id == report, "what came afterwards is to be told as well"


def test_a_report_without_an_answer_does_not_wait(wiring: Wiring, town: Town, lines: Asked) -> None:
    report = report_written(wiring, town, report_drafted(wiring, town, class_of(wiring, town)[0]))
    held = reporting(wiring, town.jing_id, report)
    with wiring.sessions.begin() as session:
        upward.send(session, held, document_number="云协〔2026〕9号", signer="陈启明", sent_on=date(2026, 11, 2))
    assert K.UNTOLD not in lines()


# --- tables of other systems --------------------------------------------------------------------------------------------------------


def test_a_table_waits_for_people_and_not_for_the_machine(
    wiring: Wiring, town: Town, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    first = send(wiring, town, as_csv([call(1)]), area_id=town.longchi_id)
    assert K.IMPORT not in lines(), "its heads are still being read"
    row_imports.run()
    line = lines()[K.IMPORT]
    assert (line.id, line.words, line.area_name, line.count, line.presses) == (first, "热线十月", "龙池社区", 1, False)
    assert shown_to(K.IMPORT) == {"whole", "fengshan"}
    second = tried(wiring, town, as_csv([call(2)]))
    assert row_of(wiring, second).state is ImportState.CHECKED
    assert lines()[K.IMPORT].count == 2
    with wiring.sessions.begin() as session:
        session.get_one(RowImport, second).file_key = ""
    assert lines()[K.IMPORT].count == 1, "nothing can be done without the file"


def test_a_table_that_broke_off_has_a_line_of_its_own(
    wiring: Wiring, town: Town, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    broken = send(wiring, town, as_csv([]))
    row_imports.run()
    assert row_of(wiring, broken).state is ImportState.FAILED
    assert lines()[K.IMPORT_FAILED].id == broken
    assert K.IMPORT not in lines()
    assert shown_to(K.IMPORT_FAILED) == {"whole"}


# --- bulletins ----------------------------------------------------------------------------------------------------------------------


def test_a_bulletin_waits_from_its_draft_to_its_sending(
    wiring: Wiring, town: Town, clock: TestClock, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    topic = a_pooled_topic(wiring, town)
    sent_up(wiring, town, topic)
    assert K.BULLETIN not in lines()
    bulletin = drafted_bulletin(wiring, town, topic)
    since = lines()[K.BULLETIN].since
    assert (lines()[K.BULLETIN].id, lines()[K.BULLETIN].presses) == (bulletin, False)
    clock.forward(hours=1)
    signed(wiring, town, written(wiring, town, bulletin))
    assert lines()[K.BULLETIN].since == since, "a signature doesn't make it younger"
    assert shown_to(K.BULLETIN) == {"whole"}, "bulletins are of the whole district"


# --- approvals ----------------------------------------------------------------------------------------------------------------------


def test_a_plan_whose_approvals_stand_still_is_brought_up_after_the_district_s_days(
    wiring: Wiring, town: Town, clock: TestClock, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    plan = plan_of(wiring, town)
    clock.forward(days=30)
    assert K.PLAN_STILL not in lines(), "nothing was begun"
    last = gone_through(wiring, town, plan, steps=2)[-1]
    clock.forward(days=14)
    assert K.PLAN_STILL not in lines()
    clock.forward(seconds=1)
    line = lines()[K.PLAN_STILL]
    assert (line.id, line.words, line.area_name, line.count, line.presses) == (plan, "2027年协商计划", "云栖区", 1, False)
    assert shown_to(K.PLAN_STILL) == {"whole"}, "the plan is made for the whole district"
    with wiring.sessions.begin() as session:
        undo_step(session, actor=actor(session, town.jing_id), approval_id=last, at=clock.now())
    assert K.PLAN_STILL not in lines(), "what is taken back is a movement"
    clock.forward(days=15)
    assert K.PLAN_STILL in lines()


def test_a_plan_that_has_gone_the_whole_way_does_not_stand_still(wiring: Wiring, town: Town, clock: TestClock, lines: Asked) -> None:
    plan = plan_of(wiring, town)
    gone_through(wiring, town, plan, steps=5)
    held = recording(wiring, town.jing_id, plan)
    back = ApprovalFacts(
        ApprovalDecision.SENT_BACK, "区政协党组", date(2026, 11, 3), words="再改。",
        back_to_id=steps_of(wiring)[4].id,
    )  # fmt: skip
    recorded(wiring, held, back)
    clock.forward(days=15)
    assert K.PLAN_STILL in lines(), "sent back, and nobody has gone on"
    gone_through(wiring, town, plan, steps=2)
    clock.forward(days=15)
    assert K.PLAN_STILL not in lines()


def test_a_topic_that_is_to_enter_the_plan_is_brought_up_as_well(wiring: Wiring, town: Town, clock: TestClock, lines: Asked) -> None:
    topic = a_pooled_topic(wiring, town)
    gone_through(wiring, town, topic, subject=ApprovalSubject.TOPIC, steps=1)
    clock.forward(days=15)
    line = lines()[K.TOPIC_STILL]
    assert (line.id, line.words, line.area_name) == (topic, "幸福里路灯不亮", "龙池社区")
    assert K.PLAN_STILL not in lines()
    decided_out = screening(wiring, town.jing_id, topic)
    with wiring.sessions.begin() as session:
        topic_pool.drop(session, decided_out, words="今年先不安排。", told_planned=())
    assert K.TOPIC_STILL not in lines(), "it has left the pool"


# --- the pool -----------------------------------------------------------------------------------------------------------------------


def test_a_topic_is_brought_up_on_the_day_that_was_named(
    wiring: Wiring, town: Town, clock: TestClock, lines: Asked, shown_to: Callable[[WaitingKind], set[str]]
) -> None:
    topic, other = a_pooled_topic(wiring, town), a_pooled_topic(wiring, town, "长椅坏了")
    day = clock.now().astimezone(SHANGHAI).date() + timedelta(days=10)
    kept_until(wiring, town, topic, day)
    kept_until(wiring, town, other, day + timedelta(days=1))
    clock.forward(days=9)
    assert K.LOOK_AGAIN not in lines()
    clock.forward(days=1)
    line = lines()[K.LOOK_AGAIN]
    assert (line.id, line.count, line.since.astimezone(SHANGHAI).date(), line.presses) == (topic, 1, day, False)
    assert shown_to(K.LOOK_AGAIN) == {"whole", "fengshan"}
    clock.forward(days=1)
    assert lines()[K.LOOK_AGAIN].count == 2
    kept_until(wiring, town, topic, day + timedelta(days=30))
    assert lines()[K.LOOK_AGAIN].id == other


# --- the page -----------------------------------------------------------------------------------------------------------------------


def test_every_line_stands_on_the_page_in_its_order_with_the_way_to_where_it_is_done(
    app: Flask, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    app_cost = cost(wiring, sign_in(app.test_client(), "wangjing"), "/d", "都办完了")
    plan, topic = plan_of(wiring, town), a_pooled_topic(wiring, town, "老年食堂")
    gone_through(wiring, town, plan, steps=1)
    gone_through(wiring, town, topic, subject=ApprovalSubject.TOPIC, steps=1)
    kept_until(wiring, town, topic, clock.now().astimezone(SHANGHAI).date() + timedelta(days=10))
    report = report_answered(wiring, town, report_drafted(wiring, town, class_of(wiring, town)[0]))
    bulletin = drafted_bulletin(wiring, town, topic)
    clock.forward(days=20)
    round_id, _topics = a_failed_round(wiring, town, clock, "路灯不亮")
    broken = send(wiring, town, as_csv([]))
    row_imports.run()
    begun = send(wiring, town, as_csv([call(1)]))
    row_imports.run()
    client = app.test_client()
    page = sign_in(client, "wangjing").get("/d").get_data(as_text=True)
    shown = waiting(page)
    order = ["没有公布成 1", "上级答复 1", "待筛选 1", "再看 1", "审批 1", "信息 1", "导入 1"]
    assert [chip for chip in shown if chip in order] == order
    for address in (
        f"/d/rounds/{round_id}",
        f"/d/upward/{report}",
        "/d/pool?due=1",
        f"/d/approvals/plan/{plan}",
        f"/d/approvals/topic/{topic}",
        f"/d/bulletins/{bulletin}",
        f"/d/imports/{broken}",
        f"/d/imports/{begun}",
    ):
        assert f'href="{address}"' in page, address
        assert client.get(address).status_code == 200, address
    words = clean(page)
    for said in (
        "年度计划的审批 22 天没有新的进展",
        "增补议题的审批 22 天没有新的进展",
        "说好再看的日子过了 12 天",
        "没有成功，里面写着原因和怎么办",
        "还没有导入完",
        "还没有告诉居民",
    ):
        assert said in words
    assert cost(wiring, client, "/d", "没有公布成 1") == app_cost


def test_a_street_may_open_whatever_waits_for_it(app: Flask, wiring: Wiring, town: Town, clock: TestClock) -> None:
    person_with(wiring, "fengshan", "丰山的工作人员", (Role.STAFF, town.street_id))
    topic = a_pooled_topic(wiring, town, "老年食堂")
    kept_until(wiring, town, topic, clock.now().astimezone(SHANGHAI).date() + timedelta(days=1))
    report_answered(wiring, town, report_drafted(wiring, town, class_of(wiring, town)[0]))
    a_failed_round(wiring, town, clock, "路灯不亮")
    send(wiring, town, as_csv([call(1)]), area_id=town.longchi_id)
    row_imports.run()
    client = app.test_client()
    page = sign_in(client, "fengshan").get("/d").get_data(as_text=True)
    ways = re.findall(r'<a class="btn" href="([^"]+)"', page.split('<ul class="waiting">')[1].split("</ul>")[0])
    assert len(ways) >= 5
    assert [client.get(unescape(way)).status_code for way in ways] == [200] * len(ways)


# --- the month ----------------------------------------------------------------------------------------------------------------------


def test_the_month_says_what_counting_one_by_one_says(wiring: Wiring, town: Town, clock: TestClock) -> None:
    """Endorsements, imported rows, parts, what was taken back and what lies before the month stay out, for the district and for a street."""
    street = person_with(wiring, "jiedao", "街道上", (Role.STAFF, town.street_id))
    told(wiring, town.longchi_code, "上个月的事")
    clock.forward(days=30)
    pooled, candidate = a_pooled_topic(wiring, town, "老年食堂"), a_topic(wiring, town, "路灯")
    codes = (town.longchi_code, town.ziwei_code, town.longchi_code, town.shiqiao_code)
    stored = []
    for number, code in enumerate(codes * 4):
        stored.append(told(wiring, code, f"第 {number} 件"))
        clock.forward(hours=7)
    attach(wiring, town.zhou_id, stored[0], pooled)
    attach(wiring, town.zhou_id, stored[1], candidate)
    states = [
        SubmissionState.REFERRED,
        SubmissionState.ANSWERED,
        SubmissionState.DECLINED,
        SubmissionState.WITHDRAWN,
        SubmissionState.RECEIVED,
    ]
    with wiring.sessions.begin() as session:
        for number, one in enumerate(stored[2:]):
            row = session.get_one(Submission, one.submission_id)
            row.state = states[number % len(states)]
            row.category = ("roads", "housing", None)[number % 3]
        session.get_one(Submission, stored[7].submission_id).channel = Channel.ENDORSEMENT
        session.get_one(Submission, stored[12].submission_id).channel = Channel.IMPORT
        session.get_one(Submission, stored[14].submission_id).parent_id = stored[2].submission_id
    with wiring.sessions() as session:
        for who in (actor(session, town.jing_id), actor(session, street)):
            found, expected = district_month(session, who, at=clock.now()), _one_by_one(wiring, who, clock)
            assert found.received > found.seen > found.told > 0
            assert found.pooled > 0
            assert (found.received, found.seen, found.referred, found.pooled, found.told, dict(found.days)) == expected[:6]
            assert {one.category: (one.count, one.areas) for one in found.spoken} == expected[6]
            assert found.few == expected[7]


def _one_by_one(wiring: Wiring, who: Actor, clock: TestClock) -> tuple[object, ...]:
    """The same, row by row."""
    today = clock.now().astimezone(SHANGHAI).date()
    with wiring.sessions() as session:
        places = [
            one.id
            for one in session.query(Area).filter_by(district_id=who.district_id)
            if who.may(Permission.SCREEN_VIEW, area_path=one.path)
        ]
        communities = [one.id for one in session.query(Area).filter_by(kind=AreaKind.COMMUNITY) if one.id in places]
        in_pool = {
            one.submission_id
            for one in session.query(Contributor).filter_by(status=ContributorStatus.CONFIRMED)
            if session.get_one(Topic, one.topic_id).state in POOLED
        }
        rows = [
            one
            for one in session.query(Submission).filter_by(parent_id=None)
            if one.area_id in places
            and one.channel not in (Channel.ENDORSEMENT, Channel.IMPORT)
            and one.state is not SubmissionState.WITHDRAWN
            and (today - one.received_at.astimezone(SHANGHAI).date()).days < DAYS
        ]
    categories = {one.category for one in rows if one.category}
    return (
        len(rows),
        sum(one.state in SEEN for one in rows),
        sum(one.state is SubmissionState.REFERRED for one in rows),
        sum(one.id in in_pool for one in rows),
        sum(one.state in TOLD for one in rows),
        Counter(one.received_at.astimezone(SHANGHAI).date() for one in rows),
        {
            name: (sum(one.category == name for one in rows), len({one.area_id for one in rows if one.category == name}))
            for name in categories
        },
        sum(sum(one.area_id == place for one in rows) < FEW for place in communities),
    )


# The first words of what came up to staff stand on this page, too.
def test_what_somebody_stepped_back_from_is_not_on_their_page(wiring: Wiring, town: Town, lines: Asked) -> None:
    escalated, urgent, declined = (told(wiring, town.longchi_code, text) for text in ("桶满了", "墙要塌了", "灯不亮"))
    with wiring.sessions.begin() as session:
        rows = {one.submission_id: session.get_one(Submission, one.submission_id) for one in (escalated, urgent)}
        rows[escalated.submission_id].owner_role = Role.STAFF
        rows[urgent.submission_id].urgency = Urgency.EMERGENCY
    card = deciding(wiring, town.zhou_id, declined)
    with wiring.sessions.begin() as session:
        decide.decline(session, card, reason="already_done", words="")
        decision_id = session.query(Decision).one().id
        session.add(
            DeclineCheck(
                district_id=town.district_id, decision_id=decision_id, submission_id=declined.submission_id, drawn_at=wiring.clock.now()
            )
        )
    kinds = {K.ESCALATED, K.EMERGENCY, K.CHECK}
    assert kinds <= lines().keys()
    for one in (escalated, urgent, declined):
        recused(wiring, town.jing_id, one)
    assert not kinds & lines().keys()
