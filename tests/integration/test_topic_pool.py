"""议题库: what stays, what leaves, what goes together; and a second look that somebody else takes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.domain.screening import Criterion
from intake.domain.submission import SubmissionState
from intake.domain.topic import Route, TopicAction, TopicKind, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Contributor, Decision, Notification, Topic, TopicMark
from intake.queries.appeal import appealed_among, turned_down_before
from intake.queries.topic_class import class_page
from intake.queries.topic_compare import compared
from intake.queries.topic_pool import UNCLASSIFIED, PoolFilter, PoolOrder, Quarter, exported, pool, quarter_of
from intake.services.appeal import appeal_topic
from intake.services.screening_round import RoundFacts, create_round, draft
from intake.services.submission_submit import Stored
from intake.services.topic_class import open_class
from intake.services.topic_decision import Screening
from intake.services.topic_pool import drop, keep, merge_into, together
from intake.services.topic_screen import screen, unmerge
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import decided, screening, taken_up, told, topic_of, topic_row
from tests.factories.plans import added, plan_of
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once

ALL = PoolFilter(category="", route=None, area_id=None, quarter=None, kind=None, due=False, order=PoolOrder.HEAT)
WHY = "今年先办更急的。"
Act = Callable[[Session, Screening], None]
KEEP: Act = partial(keep, words=WHY, look_again_on=None)
DROP = partial(drop, words=WHY, told_planned=())


def pooled(wiring: Wiring, town: Town, title: str, *voices: Stored, code: str = "") -> int:
    """A topic in the pool, with a voice of its own where none is given."""
    voices = voices or (told(wiring, code or town.longchi_code, title),)
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, title, *voices))
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "进入议题库。")
    return topic


def acted(wiring: Wiring, user_id: int, topic_id: int, act: Act) -> None:
    held = screening(wiring, user_id, topic_id)
    with wiring.sessions.begin() as session:
        act(session, held)


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里的路灯坏了")


@pytest.fixture
def lights(wiring: Wiring, town: Town, lamp: Stored) -> int:
    return pooled(wiring, town, "路灯不亮", lamp)


def found(wiring: Wiring, user_id: int, wanted: PoolFilter = ALL, *, after: str = "", limit: int = 30) -> tuple[list[int], str]:
    with wiring.sessions() as session:
        today = wiring.clock.now().astimezone(SHANGHAI).date()
        page = pool(session, actor(session, user_id), wanted, today=today, after=after, limit=limit)
        return [row.id for row in page.rows], page.next_key


# --- keep, drop, merge --------------------------------------------------------------------------------------------------------------


def test_what_is_kept_waits_since_it_came_and_only_colleagues_read_why(
    wiring: Wiring, town: Town, clock: TestClock, lights: int, session: Session
) -> None:
    since, notices = topic_row(wiring, lights).state_changed_at, session.query(Notification).count()
    clock.forward(days=3)
    again = date(2027, 1, 5)
    acted(wiring, town.jing_id, lights, partial(keep, words=WHY, look_again_on=again))
    row = topic_row(wiring, lights)
    assert (row.state, row.state_changed_at, row.look_again_on) == (TopicState.POOLED, since, again)
    session.rollback()
    assert session.query(Notification).count() == notices
    with wiring.sessions() as reading:
        (one, _) = compared(reading, actor(reading, town.jing_id), [lights, pooled(wiring, town, "长椅")])
        assert [(kept.words, kept.by) for kept in one.kept] == [(WHY, "王静")]
    due = replace(ALL, due=True)
    assert found(wiring, town.jing_id, due)[0] == []
    clock.forward(days=60)
    assert found(wiring, town.jing_id, due)[0] == [lights]


def test_who_is_behind_a_dropped_topic_hears_why_and_may_ask_once_more(wiring: Wiring, town: Town, lamp: Stored, lights: int) -> None:
    maybe = told(wiring, town.longchi_code, "灯好像又坏了", verdict=Verdict.ATTACH, topic_id=lights)
    acted(wiring, town.jing_id, lights, DROP)
    assert topic_row(wiring, lights).state is TopicState.REJECTED
    assert submission_of(wiring, lamp).state is SubmissionState.REPORTED_BACK
    assert submission_of(wiring, maybe).state is SubmissionState.TRIAGED
    with wiring.sessions.begin() as session:
        decision = session.scalars(select(Decision).where(Decision.action == TopicAction.DROP.value)).one()
        assert session.query(Notification).filter_by(decision_id=decision.id, submission_id=lamp.submission_id).count() > 0
        assert session.query(Notification).filter_by(decision_id=decision.id, submission_id=maybe.submission_id).count() == 0
        appeal_topic(session, submission_id=lamp.submission_id, words="天天摸黑", at=wiring.clock.now())
    assert topic_row(wiring, lights).state is TopicState.PROPOSED


def test_a_merge_in_the_pool_takes_the_voices_along_and_can_be_taken_back(wiring: Wiring, town: Town, lamp: Stored, lights: int) -> None:
    other = pooled(wiring, town, "路灯又不亮")
    acted(wiring, town.jing_id, lights, partial(merge_into, target_topic_id=other, words="是同一件事。", told_planned=()))
    assert (topic_row(wiring, lights).state, topic_row(wiring, other).confirmed_count) == (TopicState.MERGED, 2)
    acted(wiring, town.jing_id, lights, partial(unmerge, words="再看是两件事。"))
    assert (topic_row(wiring, lights).state, topic_row(wiring, other).confirmed_count) == (TopicState.PROPOSED, 1)
    with wiring.sessions() as session:
        assert session.query(Contributor).filter_by(submission_id=lamp.submission_id).one().topic_id == lights


@pytest.mark.parametrize(
    "act", [KEEP, DROP, partial(merge_into, target_topic_id=999_999, words=WHY, told_planned=())], ids=["keep", "drop", "merge"]
)
def test_only_who_screens_and_only_what_is_in_the_pool(wiring: Wiring, town: Town, lights: int, act: Act) -> None:
    for user, error in ((town.zhou_id, Forbidden), (town.li_id, Forbidden), (town.stranger_id, NotFound)):
        with pytest.raises((error, NotFound) if isinstance(act, partial) and act.func is merge_into else error):
            acted(wiring, user, lights, act)
    candidate = topic_of(wiring, town.zhou_id, "候选", told(wiring, town.longchi_code, "候选"))
    for topic in (
        candidate,
        taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "待筛", told(wiring, town.longchi_code, "待筛"))),
    ):
        with pytest.raises(Conflict, match="现在是"):
            acted(wiring, town.jing_id, topic, act)
    assert topic_row(wiring, lights).state is TopicState.POOLED


# Each row: what is wrong, and the field that says so.
@pytest.mark.parametrize(
    ("act", "field"),
    [
        (partial(keep, words=" ", look_again_on=None), "words"),
        (partial(keep, words="好" * 501, look_again_on=None), "words"),
        (partial(keep, words=WHY, look_again_on=date(2026, 11, 1)), "look_again_on"),
        (partial(drop, words="　", told_planned=()), "words"),
        (partial(merge_into, target_topic_id=None, words=WHY, told_planned=()), "target"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(wiring: Wiring, town: Town, lights: int, act: Act, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        acted(wiring, town.jing_id, lights, act)
    assert refused.value.field == field


def test_two_at_once_and_the_same_twice(wiring: Wiring, town: Town, lights: int) -> None:
    held = screening(wiring, town.jing_id, lights)
    ended = at_once(wiring, lambda s: DROP(s, held), lambda s: KEEP(s, held))
    assert [type(one) for one in ended if one is not None] == [Conflict]
    with wiring.sessions() as session, pytest.raises(Conflict):
        DROP(session, held)


def test_of_several_what_cannot_be_done_is_named_and_the_rest_is_done(wiring: Wiring, town: Town, lights: int) -> None:
    bench, gone = pooled(wiring, town, "长椅坏了"), pooled(wiring, town, "已经变了的")
    held = [screening(wiring, town.jing_id, one) for one in (lights, bench, gone)]
    decided_elsewhere = screening(wiring, town.jing_id, gone)
    with wiring.sessions.begin() as session:
        keep(session, decided_elsewhere, words=WHY, look_again_on=None)
    with wiring.sessions.begin() as session:
        came = together(session, held, DROP)
    assert (came.done, [one.title for one in came.refused]) == (2, ["已经变了的"])
    assert [topic_row(wiring, one).state for one in (lights, bench, gone)] == [TopicState.REJECTED, TopicState.REJECTED, TopicState.POOLED]
    for several, wrong in (([], "请先勾选"), ([held[0]] * 61, "一次最多选 60 个")):
        with wiring.sessions() as session, pytest.raises(InvalidInput, match=wrong):
            together(session, several, DROP)
    with wiring.sessions() as session:
        stranger = Screening(actor=actor(session, town.stranger_id), topic_id=gone, version=1, at=wiring.clock.now())
        for act in (DROP, partial(merge_into, target_topic_id=lights, words=WHY, told_planned=())):
            came = together(session, [stranger], act)
            assert [one.title for one in came.refused] == [""]  # and no word of what it is called
        elsewhere = replace(stranger, topic_id=lights)
        (refused,) = together(session, [elsewhere], partial(merge_into, target_topic_id=gone, words=WHY, told_planned=())).refused
        assert "现在是" not in refused.reason  # nor of where it stands


@pytest.mark.parametrize("act", [DROP, partial(merge_into, target_topic_id=0, words=WHY, told_planned=())], ids=["drop", "merge"])
def test_what_was_put_into_a_plan_meanwhile_stays_and_says_where_it_stands(
    wiring: Wiring, town: Town, lights: int, act: partial[None]
) -> None:
    other = pooled(wiring, town, "路灯又不亮")
    act = act if act.func is drop else partial(act, target_topic_id=other)
    added(wiring, town, plan_of(wiring, town), lights, quarter=3)
    with pytest.raises(Conflict, match="《云栖区2027年度协商计划》第 3 季度的“路灯不亮”"):
        acted(wiring, town.jing_id, lights, act)
    assert (topic_row(wiring, lights).state, topic_row(wiring, other).confirmed_count) == (TopicState.POOLED, 1)
    acted(wiring, town.jing_id, lights, partial(act, told_planned=[lights]))
    assert topic_row(wiring, lights).state is not TopicState.POOLED


# The topic's own page has no such button, and shows no warning: a form made by hand, at once or for a round, is led to the pool.
def test_what_stands_in_a_plan_is_merged_nowhere_else(wiring: Wiring, town: Town, lights: int) -> None:
    other = pooled(wiring, town, "路灯又不亮")
    added(wiring, town, plan_of(wiring, town), lights, quarter=3)
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        facts = RoundFacts("十一月集中公布", at + timedelta(days=2))
        round_id = create_round(session, facts, actor=actor(session, town.jing_id), at=at).id
    merge = partial(screen, action=TopicAction.MERGE, words="是同一件事。", target_topic_id=other)
    later: Callable[[Session, Screening], object] = partial(
        draft, action=TopicAction.MERGE, round_id=round_id, words="是同一件事。", target_topic_id=other, office_id=None
    )
    for act in (merge, later):
        held = screening(wiring, town.jing_id, lights)
        with wiring.sessions() as session, pytest.raises(Conflict, match="第 3 季度的“路灯不亮”，还没有印发。请到议题库里勾选比较"):
            act(session, held)
    assert (topic_row(wiring, lights).state, topic_row(wiring, other).confirmed_count) == (TopicState.POOLED, 1)
    acted(wiring, town.jing_id, other, partial(merge, target_topic_id=lights))  # which stands in none


# --- the second look ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended_by", ["reject", "drop"])
def test_after_an_appeal_somebody_else_says_no_and_everyone_hears_it(wiring: Wiring, town: Town, ended_by: str, session: Session) -> None:
    colleague = person_with(wiring, "fengjie", "冯洁", (Role.STAFF, town.district_id))
    first, second = told(wiring, town.longchi_code, "路灯坏了"), told(wiring, town.ziwei_code, "紫薇的路灯也坏了")
    if ended_by == "reject":
        topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯", first, second))
        decided(wiring, town.jing_id, topic, TopicAction.REJECT, WHY)
    else:
        topic = pooled(wiring, town, "路灯", first, second)
        acted(wiring, town.jing_id, topic, DROP)
    assert turned_down_before(session, topic) is None
    with wiring.sessions.begin() as writing:
        appeal_topic(writing, submission_id=first.submission_id, words="天天摸黑", at=wiring.clock.now())
    session.rollback()
    assert (turned_down_before(session, topic), appealed_among(session, [topic])) == (town.jing_id, frozenset({topic}))
    with pytest.raises(Forbidden, match="请换一位同志来定"):
        decided(wiring, town.jing_id, topic, TopicAction.REJECT, "还是不立项。")
    # Whoever said no may say yes; and may not say no in the pool what they may not say on the board.
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "再看一遍，进入议题库。")
    with pytest.raises(Forbidden):
        acted(wiring, town.jing_id, topic, DROP)
    acted(wiring, colleague, topic, partial(drop, words="比过以后还是先办别的。", told_planned=()))
    assert [submission_of(wiring, one).state for one in (first, second)] == [SubmissionState.REPORTED_BACK] * 2
    with wiring.sessions() as reading:
        said = reading.scalars(select(Decision.id).where(Decision.topic_id == topic).order_by(Decision.id)).all()[-2:]
        for one in (first, second):
            told_of = set(reading.scalars(select(Notification.decision_id).where(Notification.submission_id == one.submission_id)))
            assert set(said) <= told_of
    with wiring.sessions() as writing, pytest.raises(Conflict, match="已经有人申请过一次复核"):
        appeal_topic(writing, submission_id=second.submission_id, words="再来", at=wiring.clock.now())


# --- what is found ------------------------------------------------------------------------------------------------------------------


def test_the_pool_is_found_by_category_route_area_quarter_and_kind(wiring: Wiring, town: Town, clock: TestClock, lights: int) -> None:
    bridge = pooled(wiring, town, "石桥护栏", code=town.ziwei_code)
    clock.forward(days=70)  # into the next year
    late = pooled(wiring, town, "长椅坏了")
    with wiring.sessions.begin() as session:
        session.get_one(Topic, bridge).category = "roads"
        session.get_one(Topic, bridge).route = Route.MEMBERS
        session.get_one(Topic, lights).heat = 40
        session.get_one(Topic, late).heat = 40

    def asked(**other: Any) -> list[int]:
        return found(wiring, town.jing_id, replace(ALL, **other))[0]

    assert asked() == [late, lights, bridge]
    assert asked(order=PoolOrder.WAITING) == [lights, bridge, late]
    assert asked(category="roads") == asked(route=Route.MEMBERS) == asked(area_id=town.ziwei_id) == [bridge]
    assert asked(category=UNCLASSIFIED) == [late, lights]
    assert asked(area_id=town.street_id) == asked(kind=TopicKind.MATTER) == [late, lights, bridge]
    assert asked(quarter=Quarter(2026, 4)) == [lights, bridge]
    assert asked(quarter=Quarter(2027, 1)) == [late]
    assert asked(kind=TopicKind.CLASS) == asked(quarter=Quarter(2025, 1)) == asked(area_id=town.shiqiao_id) == []
    with wiring.sessions() as session:
        jing, today = actor(session, town.jing_id), clock.now().date()
        page = pool(session, jing, ALL, today=today)
        assert (page.total, page.categories) == (3, ((UNCLASSIFIED, 2), ("roads", 1)))
        assert page.quarters == (Quarter(2026, 4), Quarter(2027, 1))
        assert [one.id for one in exported(session, jing, ALL, today=today)] == [late, lights, bridge]
        for nobody in (town.stranger_id, town.zhou_id):
            assert pool(session, actor(session, nobody), ALL, today=today).total == 0


@pytest.mark.parametrize("order", PoolOrder)
def test_pages_follow_without_a_gap_and_a_key_of_nobodys_is_no_harm(wiring: Wiring, town: Town, order: PoolOrder) -> None:
    wanted = replace(ALL, order=order)
    topics = {pooled(wiring, town, f"第 {number} 个") for number in range(5)}
    seen, after = [], ""
    while True:
        page, after = found(wiring, town.jing_id, wanted, after=after, limit=2)
        seen += page
        if not after:
            break
    assert (len(seen), set(seen)) == (5, topics)
    for key in ("x_1", "1_x", f"{'9' * 18}_{'9' * 18}", "1" * 40 + "_1", "-1_1"):
        found(wiring, town.jing_id, wanted, after=key)


# Each row: an address's words, and the quarter they name.
@pytest.mark.parametrize(
    ("code", "quarter"),
    [("2026-4", Quarter(2026, 4)), ("2026-5", None), ("26-1", None), ("9999-4", None), ("", None), ("２０２６-1", None), ("1999-1", None)],
)
def test_a_quarter_is_named_by_year_and_number(code: str, quarter: Quarter | None) -> None:
    assert quarter_of(code) == quarter
    if quarter is not None:
        assert (quarter.code, quarter.ends - quarter.begins) == (code, timedelta(days=92))
        assert quarter.ends.year == 2027


def test_side_by_side_stand_people_places_marks_and_what_is_alike(wiring: Wiring, town: Town, clock: TestClock, lights: int) -> None:
    other = pooled(wiring, town, "路灯还是不亮", told(wiring, town.ziwei_code, "灯不亮"), told(wiring, town.longchi_code, "灯不亮了"))
    clock.forward(days=8)
    told(wiring, town.longchi_code, "又不亮了", verdict=Verdict.ATTACH, topic_id=other)
    with wiring.sessions.begin() as session:
        for marker, mark in ((town.jing_id, 3), (town.zhou_id, 2)):
            session.add(
                TopicMark(
                    district_id=town.district_id,
                    topic_id=other,
                    criterion=Criterion.SPREAD,
                    mark=mark,
                    marked_by=marker,
                    marked_at=clock.now(),
                )
            )
    with wiring.sessions() as session:
        jing = actor(session, town.jing_id)
        one, two = compared(session, jing, [other, lights])
        assert (one.areas, one.weeks, two.weeks) == ((("紫薇社区", 1), ("龙池社区", 2)), 2, 1)
        assert {mark.criterion: (mark.marked, mark.mean) for mark in one.marks if mark.marked} == {Criterion.SPREAD: (2, 2.5)}
        assert len(two.marks) == len(Criterion)
        for ids, who in (([lights, 999_999], jing), ([lights, other], actor(session, town.stranger_id))):
            with pytest.raises(NotFound):
                compared(session, who, ids)


def test_a_class_shows_every_matter_and_who_has_it(wiring: Wiring, town: Town, lights: int) -> None:
    sent = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "紫薇路灯", told(wiring, town.ziwei_code, "紫薇路灯不亮")))
    with wiring.sessions.begin() as session:
        jing = actor(session, town.jing_id)
        of = open_class(session, actor=jing, topic_ids=[lights, sent], title="小区路灯", at=wiring.clock.now()).id
    decided(wiring, town.jing_id, sent, TopicAction.REFER, "请有关单位修。")
    with wiring.sessions() as session:
        jing = actor(session, town.jing_id)
        page = class_page(session, jing, of)
        assert page is not None
        units = {one.topic.id: [waiting.unit for waiting in one.waiting] for one in page.matters}
        assert units == {lights: [], sent: ["区政府办公室"]}
        assert (dict(page.states), page.people) == ({TopicState.POOLED: 1, TopicState.REFERRED: 1}, 2)
        assert class_page(session, jing, lights) is None
        with pytest.raises(NotFound):
            class_page(session, actor(session, town.stranger_id), of)


def test_a_class_that_is_dropped_leaves_its_matters_going(wiring: Wiring, town: Town, lamp: Stored, lights: int) -> None:
    other = pooled(wiring, town, "紫薇路灯")
    with wiring.sessions.begin() as session:
        jing = actor(session, town.jing_id)
        of = open_class(session, actor=jing, topic_ids=[lights, other], title="小区路灯", at=wiring.clock.now()).id
    taken_up(wiring, town.jing_id, of)
    decided(wiring, town.jing_id, of, TopicAction.APPROVE, "进入议题库。")
    with pytest.raises(DomainError):
        acted(wiring, town.jing_id, of, partial(merge_into, target_topic_id=lights, words=WHY, told_planned=()))
    acted(wiring, town.jing_id, of, DROP)
    assert topic_row(wiring, of).state is TopicState.REJECTED
    assert [topic_row(wiring, one).state for one in (lights, other)] == [TopicState.POOLED] * 2
    assert submission_of(wiring, lamp).state is SubmissionState.IN_TOPIC
    with wiring.sessions() as session:
        decision = session.scalars(select(Decision).where(Decision.action == TopicAction.DROP.value)).one()
        assert session.query(Notification).filter_by(decision_id=decision.id, submission_id=lamp.submission_id).count() > 0
