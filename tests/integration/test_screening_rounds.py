"""集中公布: decisions that wait for a day, are made together, and are nobody's knowledge before."""

from collections import Counter
from datetime import datetime, timedelta
from time import sleep

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.screening import RoundState
from intake.domain.topic import TopicAction, TopicState
from intake.models import (
    Contributor,
    Decision,
    HistoryEntry,
    Notification,
    Referral,
    RoleGrant,
    ScreeningDraft,
    ScreeningRound,
    Topic,
    User,
)
from intake.ports import NullJobQueue, Wake
from intake.queries.screening_round import draft_of, open_rounds, round_detail
from intake.queries.topic_board import topic_after
from intake.queries.topic_order import Order
from intake.services import screening_publish, screening_round
from intake.services.screening_publish import BROKEN, BUSY, LEFT, PAUSES, publish_next
from intake.services.screening_round import (
    CHANGED,
    Drafting,
    RoundFacts,
    Rounding,
    cancel_round,
    change_round,
    change_words,
    create_round,
    draft,
    publish_now,
    take_draft_back,
)
from intake.services.topic_decision import Screening
from intake.services.topic_screen import screen
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import decided, screening, taken_up, told, topic_of, topic_row
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once, somebody_waits
from workers.jobs import publish_rounds

WORDS = "反映的人多，情况清楚，进入议题库。"

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> int:
    return proposed(wiring, town, "路灯不亮")


def proposed(wiring: Wiring, town: Town, title: str) -> int:
    """A topic with one voice that is to be screened."""
    return taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, title)))


def a_round(wiring: Wiring, town: Town, *, hours: int = 48, name: str = "十一月集中公布") -> int:
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        return create_round(session, RoundFacts(name, at + timedelta(hours=hours)), actor=actor(session, town.jing_id), at=at).id


def drafted(
    wiring: Wiring,
    user_id: int,
    topic_id: int,
    round_id: int,
    action: TopicAction = TopicAction.APPROVE,
    words: str = WORDS,
    *,
    target: int | None = None,
    held: Screening | None = None,
) -> int:
    held = held or screening(wiring, user_id, topic_id)
    with wiring.sessions.begin() as session:
        made = draft(session, held, action, round_id=round_id, words=words, target_topic_id=target, office_id=None)
        return made.id


def rounding(wiring: Wiring, user_id: int, round_id: int) -> Rounding:
    with wiring.sessions() as session:
        version = session.get_one(ScreeningRound, round_id).version
        return Rounding(actor=actor(session, user_id), round_id=round_id, version=version, at=wiring.clock.now())


def drafting(wiring: Wiring, user_id: int, draft_id: int) -> Drafting:
    with wiring.sessions() as session:
        version = session.get_one(ScreeningDraft, draft_id).version
        return Drafting(actor=actor(session, user_id), draft_id=draft_id, version=version, at=wiring.clock.now())


def row(wiring: Wiring, draft_id: int) -> ScreeningDraft:
    with wiring.sessions() as session:
        return session.get_one(ScreeningDraft, draft_id)


def state_of(wiring: Wiring, round_id: int) -> RoundState:
    with wiring.sessions() as session:
        return session.get_one(ScreeningRound, round_id).state


def everything_told(session: Session) -> tuple[object, ...]:
    """What residents, members and everybody else could learn from: rows of decisions, history, notices, contributors, topics, referrals."""
    session.rollback()
    counted = [session.scalar(select(func.count()).select_from(kind)) for kind in (Decision, Notification, HistoryEntry, Referral)]
    topics = session.execute(select(Topic.id, Topic.state, Topic.version, Topic.merged_into_id).order_by(Topic.id)).all()
    places = session.execute(select(Contributor.submission_id, Contributor.topic_id, Contributor.status).order_by(Contributor.id)).all()
    return (*counted, *topics, *places)


# Drafting tries the decision out: nothing of that may be left.
def test_a_draft_tells_nobody_anything(wiring: Wiring, town: Town, session: Session) -> None:
    topics = [proposed(wiring, town, f"第 {number} 个") for number in range(5)]
    round_id = a_round(wiring, town)
    before = everything_told(session)
    for topic, action in zip(
        topics, (TopicAction.APPROVE, TopicAction.RETURN, TopicAction.REFER, TopicAction.REJECT, TopicAction.MERGE), strict=True
    ):
        drafted(wiring, town.jing_id, topic, round_id, action, target=topics[0] if action is TopicAction.MERGE else None)
    assert everything_told(session) == before
    assert len(row_ids(session, round_id)) == 5
    assert draft_of(session, actor(session, town.jing_id), topics[0]) is not None
    for nobody in (town.zhou_id, town.laozhou_id, town.li_id, town.stranger_id, town.fang_id):
        assert draft_of(session, actor(session, nobody), topics[0]) is None
        assert open_rounds(session, actor(session, town.zhou_id), at=wiring.clock.now()) == ()


def row_ids(session: Session, round_id: int) -> list[int]:
    return list(session.scalars(select(ScreeningDraft.id).where(ScreeningDraft.round_id == round_id)))


# What a decision now would refuse a draft refuses too, in the same words and at the same field.
@pytest.mark.parametrize(
    ("rule", "action", "words", "error", "said"),
    [
        ("words are needed", TopicAction.APPROVE, " ", InvalidInput, "请写明理由"),
        ("and not too many", TopicAction.REJECT, "好" * 501, InvalidInput, "最多 500 个字"),
        ("merging needs a target", TopicAction.MERGE, WORDS, InvalidInput, "请选择并入哪个议题"),
        ("only what screening decides", TopicAction.PLAN, WORDS, InvalidInput, "没有这种处理方式"),
        ("nor the pool's own", TopicAction.DROP, WORDS, InvalidInput, "没有这种处理方式"),
    ],
)
def test_what_cannot_be_decided_cannot_be_drafted(
    wiring: Wiring, town: Town, lamp: int, rule: str, action: TopicAction, words: str, error: type[DomainError], said: str
) -> None:
    round_id = a_round(wiring, town)
    with pytest.raises(error, match=said):
        drafted(wiring, town.jing_id, lamp, round_id, action, words)


def test_who_does_not_screen_there_drafts_nothing_and_makes_no_round(wiring: Wiring, town: Town, lamp: int) -> None:
    round_id = a_round(wiring, town)
    with pytest.raises(Forbidden):
        drafted(wiring, town.zhou_id, lamp, round_id)
    with pytest.raises(NotFound):
        drafted(wiring, town.stranger_id, lamp, round_id)
    with pytest.raises(NotFound):
        drafted(wiring, town.jing_id, lamp, 999_999)
    of_a_street = person_with(wiring, "fengjie", "冯洁", (Role.STAFF, town.street_id))
    facts = RoundFacts("我们街道的", wiring.clock.now() + timedelta(days=1))
    with wiring.sessions() as session, pytest.raises(Forbidden):
        create_round(session, facts, actor=actor(session, of_a_street), at=wiring.clock.now())
    with wiring.sessions() as session, pytest.raises(Forbidden):
        cancel_round(session, rounding(wiring, of_a_street, round_id))
    drafted(wiring, of_a_street, lamp, round_id)  # who screens the street decides there
    with wiring.sessions() as session, pytest.raises(NotFound):
        round_detail(session, actor(session, town.stranger_id), round_id, at=wiring.clock.now())


# Each row: why nobody can make such a round.
@pytest.mark.parametrize(
    ("name", "hours", "field"),
    [("", 1, "name"), ("一" * 41, 1, "name"), ("现在", 0, "day"), ("昨天", -24, "day"), ("没有日子", None, "day")],
)
def test_a_round_has_a_name_and_a_moment_to_come(wiring: Wiring, town: Town, name: str, hours: int | None, field: str) -> None:
    at = wiring.clock.now()
    moment: datetime | None = at + timedelta(hours=hours) if hours is not None else None
    with wiring.sessions() as session, pytest.raises(InvalidInput) as refused:
        create_round(session, RoundFacts(name, moment), actor=actor(session, town.jing_id), at=at)
    assert refused.value.field == field


def test_sent_twice_it_is_one_and_a_second_decision_hears_of_the_first(wiring: Wiring, town: Town, lamp: int, session: Session) -> None:
    round_id, later = a_round(wiring, town), a_round(wiring, town, name="十二月集中公布")
    first = drafted(wiring, town.jing_id, lamp, round_id)
    assert drafted(wiring, town.jing_id, lamp, round_id) == first
    for again in (round_id, later):
        with pytest.raises(Conflict, match="等着在“十一月集中公布”公布"):
            drafted(wiring, town.jing_id, lamp, again, TopicAction.REJECT)
    assert row_ids(session, later) == []
    bench, here, there = (proposed(wiring, town, title) for title in ("长椅坏了", "长椅", "公园"))
    drafted(wiring, town.jing_id, bench, round_id, TopicAction.MERGE, target=here)
    with pytest.raises(Conflict, match="等着在“十一月集中公布”公布"):  # in the same words, but into another topic
        drafted(wiring, town.jing_id, bench, round_id, TopicAction.MERGE, target=there)


def test_a_round_sent_twice_is_one(wiring: Wiring, town: Town, session: Session) -> None:
    held, at = actor(session, town.jing_id), wiring.clock.now()
    facts = RoundFacts("十一月集中公布", at + timedelta(hours=48))
    ended = at_once(wiring, *(lambda s: create_round(s, facts, actor=held, at=at) for _ in range(2)))
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "NoneType"]
    a_round(wiring, town, hours=72)  # another day is another round
    assert session.scalar(select(func.count()).select_from(ScreeningRound)) == 2


def test_two_draft_at_once_and_one_hears_of_the_other(wiring: Wiring, town: Town, lamp: int, session: Session) -> None:
    rounds = a_round(wiring, town), a_round(wiring, town, name="十二月集中公布")
    held = screening(wiring, town.jing_id, lamp)
    ended = at_once(
        wiring,
        *(
            lambda s, one=one, action=action: draft(s, held, action, round_id=one, words=WORDS, target_topic_id=None, office_id=None)
            for one, action in zip(rounds, (TopicAction.APPROVE, TopicAction.REJECT), strict=True)
        ),
    )
    assert [type(one) for one in ended if one is not None] == [Conflict]
    assert len(row_ids(session, rounds[0])) + len(row_ids(session, rounds[1])) == 1


def test_on_the_day_each_is_made_in_its_deciders_name_and_again_nothing_happens(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, session: Session
) -> None:
    bench, other = proposed(wiring, town, "长椅坏了"), proposed(wiring, town, "路灯又不亮")
    round_id = a_round(wiring, town)
    drafts = [
        drafted(wiring, town.jing_id, lamp, round_id),
        drafted(wiring, town.jing_id, bench, round_id, TopicAction.REFER, "请有关单位修。"),
        drafted(wiring, town.jing_id, other, round_id, TopicAction.MERGE, "是同一件事。", target=lamp),
    ]
    clock.forward(hours=47)
    publish_rounds.run()
    assert state_of(wiring, round_id) is RoundState.OPEN
    clock.forward(hours=1)
    publish_rounds.run()
    assert [topic_row(wiring, one).state for one in (lamp, bench, other)] == [TopicState.POOLED, TopicState.REFERRED, TopicState.MERGED]
    assert state_of(wiring, round_id) is RoundState.PUBLISHED
    for one in drafts:
        decision = session.get_one(Decision, row(wiring, one).decision_id)
        assert (decision.decided_by, decision.decided_at) == (town.jing_id, clock.now())
    after = everything_told(session)
    publish_rounds.run()
    assert everything_told(session) == after
    with wiring.sessions() as again:
        found = round_detail(again, actor(again, town.jing_id), round_id, at=clock.now())
    assert (len(found.made), found.failed, found.waiting) == (3, (), ())
    for step in (publish_now, cancel_round):
        with wiring.sessions() as late, pytest.raises(Conflict, match="已经公布"):
            step(late, rounding(wiring, town.jing_id, round_id))


# Each way in which a draft is overtaken leaves it with a sentence; the others of its round are made.
def test_what_cannot_be_made_stays_with_its_reason(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    changed, aimless, target, fine = (proposed(wiring, town, title) for title in ("变了的", "没处并的", "去处", "好好的"))
    leaver = person_with(wiring, "fengjie", "冯洁", (Role.STAFF, town.district_id))
    gone = person_with(wiring, "hanlei", "韩磊", (Role.STAFF, town.district_id))
    left, closed = proposed(wiring, town, "走了的人定的"), proposed(wiring, town, "停用的人定的")
    round_id = a_round(wiring, town)
    drafts = {
        changed: drafted(wiring, town.jing_id, changed, round_id),
        aimless: drafted(wiring, town.jing_id, aimless, round_id, TopicAction.MERGE, target=target),
        left: drafted(wiring, leaver, left, round_id),
        closed: drafted(wiring, gone, closed, round_id),
        fine: drafted(wiring, town.jing_id, fine, round_id),
    }
    decided(wiring, town.jing_id, changed, TopicAction.RETURN, "请补充。")
    decided(wiring, town.jing_id, target, TopicAction.REJECT, "已经办了。")
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=leaver).delete()
        session.get_one(User, gone).active = False
    with wiring.sessions() as session:
        waiting = round_detail(session, actor(session, town.jing_id), round_id, at=clock.now()).waiting
    assert {one.topic_id for one in waiting if one.overtaken} == {changed}
    clock.forward(hours=48)
    publish_rounds.run()
    problems = {topic: row(wiring, one).problem for topic, one in drafts.items()}
    assert problems == {changed: CHANGED, aimless: "“去处”已经有了结论，不能再并入。", left: LEFT, closed: LEFT, fine: ""}
    assert topic_row(wiring, fine).state is TopicState.POOLED
    assert [topic_row(wiring, one).state for one in (changed, aimless, left)] == [
        TopicState.CANDIDATE,
        TopicState.PROPOSED,
        TopicState.PROPOSED,
    ]
    assert state_of(wiring, round_id) is RoundState.PUBLISHED
    drafted(wiring, town.jing_id, left, a_round(wiring, town, name="下一轮"))  # and may be decided again


def test_one_that_breaks_something_does_not_hold_up_the_others(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = proposed(wiring, town, "长椅坏了")
    round_id = a_round(wiring, town)
    broken, fine = drafted(wiring, town.jing_id, lamp, round_id), drafted(wiring, town.jing_id, bench, round_id)
    real = screen

    def breaking(session: Session, held: Screening, *rest: object, **more: object) -> None:
        real(session, held, *rest, **more)  # type: ignore[arg-type]  # handed on as it came
        if held.topic_id == lamp:
            raise RuntimeError("a resident's words")

    monkeypatch.setattr(screening_publish, "screen", breaking)
    clock.forward(hours=48)
    publish_rounds.run()
    assert (row(wiring, broken).problem, row(wiring, fine).problem) == (BROKEN, "")
    assert [topic_row(wiring, one).state for one in (lamp, bench)] == [TopicState.PROPOSED, TopicState.POOLED]


def test_an_overtaken_draft_makes_room_for_another(wiring: Wiring, town: Town, lamp: int) -> None:
    round_id = a_round(wiring, town)
    first = drafted(wiring, town.jing_id, lamp, round_id)
    decided(wiring, town.jing_id, lamp, TopicAction.RETURN, "请补充。")
    taken_up(wiring, town.jing_id, lamp)
    with wiring.sessions() as session, pytest.raises(Conflict, match="已经有了变化"):
        change_words(session, drafting(wiring, town.jing_id, first), words="换句话说。")
    second = drafted(wiring, town.jing_id, lamp, round_id)
    assert second != first
    assert row(wiring, first).problem == CHANGED


def test_words_may_change_and_whoever_wrote_them_answers_for_them(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    colleague = person_with(wiring, "fengjie", "冯洁", (Role.STAFF, town.district_id))
    one = drafted(wiring, town.jing_id, lamp, a_round(wiring, town))
    stale = drafting(wiring, colleague, one)
    with wiring.sessions() as session, pytest.raises(InvalidInput):
        change_words(session, stale, words=" ")
    with wiring.sessions.begin() as session:
        change_words(session, stale, words="再看一遍，进入议题库。")
    with wiring.sessions() as session, pytest.raises(Conflict, match="刚刚有人改过"):
        change_words(session, stale, words="我也改了。")
    clock.forward(hours=48)
    publish_rounds.run()
    with wiring.sessions() as session:
        decision = session.get_one(Decision, row(wiring, one).decision_id)
        assert (decision.words, decision.decided_by) == ("再看一遍，进入议题库。", colleague)


def test_taken_back_or_cancelled_the_topic_waits_as_before(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, session: Session
) -> None:
    bench = proposed(wiring, town, "长椅坏了")
    round_id = a_round(wiring, town)
    one, other = drafted(wiring, town.jing_id, lamp, round_id), drafted(wiring, town.jing_id, bench, round_id)
    before = everything_told(session)
    held = drafting(wiring, town.jing_id, one)
    with wiring.sessions.begin() as writing:
        take_draft_back(writing, held)
    with wiring.sessions() as writing, pytest.raises(Conflict):
        take_draft_back(writing, held)
    with wiring.sessions.begin() as writing:
        cancel_round(writing, rounding(wiring, town.jing_id, round_id))
    clock.forward(hours=48)
    publish_rounds.run()
    counted = everything_told(session)
    assert counted[:2] == before[:2]  # decisions and notices
    assert counted[3:] == before[3:]
    assert state_of(wiring, round_id) is RoundState.CANCELLED
    assert [row(wiring, draft_id).problem for draft_id in (one, other)] == ["", ""]
    with pytest.raises(Conflict, match="已经取消"):
        drafted(wiring, town.jing_id, lamp, round_id)


def test_the_day_may_move_and_now_is_within_seconds(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    round_id = a_round(wiring, town)
    with wiring.sessions() as session, pytest.raises(InvalidInput, match="没有可以公布的"):
        publish_now(session, rounding(wiring, town.jing_id, round_id))
    one = drafted(wiring, town.jing_id, lamp, round_id)
    stale = rounding(wiring, town.jing_id, round_id)
    with wiring.sessions.begin() as session:
        change_round(session, stale, RoundFacts("推迟一周", clock.now() + timedelta(days=9)))
    with wiring.sessions() as session, pytest.raises(Conflict, match="刚刚有人改过"):
        publish_now(session, stale)
    clock.forward(hours=49)
    publish_rounds.run()
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED
    with wiring.sessions.begin() as session:
        publish_now(session, rounding(wiring, town.jing_id, round_id))
        assert Wake.ROUNDS in session.info["wakes"]
    for late in (cancel_round, publish_now):  # it is in a worker's hands
        with wiring.sessions() as session, pytest.raises(Conflict, match="正在公布"):
            late(session, rounding(wiring, town.jing_id, round_id))
    with wiring.sessions() as session, pytest.raises(Conflict, match="正在公布"):
        take_draft_back(session, drafting(wiring, town.jing_id, one))
    publish_rounds.run()
    assert topic_row(wiring, lamp).state is TopicState.POOLED


def test_two_workers_pass_over_what_the_other_has_in_hand(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    drafted(wiring, town.jing_id, lamp, a_round(wiring, town))
    clock.forward(hours=48)
    with wiring.sessions() as first:
        assert publish_next(first, workflow=wiring.workflow, at=clock.now())
        with wiring.sessions() as second:
            assert not publish_next(second, workflow=wiring.workflow, at=clock.now())
        first.rollback()  # killed: nothing of it is left, and the next takes it
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED
    publish_rounds.run()
    assert topic_row(wiring, lamp).state is TopicState.POOLED


def busy(wiring: Wiring, monkeypatch: pytest.MonkeyPatch, *topics: int) -> list[int]:
    """Deciding on any of the topics meets a lock that is never had in time, as when somebody holds it for longer than a statement may wait;
    which were tried.
    """
    real, tried = screen, []

    def waiting(session: Session, held: Screening, *rest: object, **more: object) -> None:
        tried.append(held.topic_id)
        if held.topic_id in topics:
            with wiring.sessions() as other:
                other.execute(select(Topic.id).where(Topic.id == held.topic_id).with_for_update())
                session.execute(text("SET LOCAL lock_timeout = 20"))
                session.execute(select(Topic.id).where(Topic.id == held.topic_id).with_for_update())
        real(session, held, *rest, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(screening_publish, "screen", waiting)
    return tried


# The oldest round holds a decision that can't be had in time: everything else is published all the same, within the same run.
def test_a_decision_that_times_out_holds_up_no_other_decision_and_no_other_round(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, later = proposed(wiring, town, "长椅坏了"), proposed(wiring, town, "井盖松了")
    oldest, second = a_round(wiring, town, hours=24), a_round(wiring, town, name="十二月集中公布")
    stuck, fine = drafted(wiring, town.jing_id, lamp, oldest), drafted(wiring, town.jing_id, bench, oldest)
    other = drafted(wiring, town.jing_id, later, second)
    tried = busy(wiring, monkeypatch, lamp)
    clock.forward(hours=48)
    publish_rounds.run()
    assert tried == [lamp, bench, later], "once in a run"
    assert [topic_row(wiring, one).state for one in (lamp, bench, later)] == [TopicState.PROPOSED, TopicState.POOLED, TopicState.POOLED]
    assert [state_of(wiring, one) for one in (oldest, second)] == [RoundState.OPEN, RoundState.PUBLISHED]
    assert row(wiring, fine).decision_id is not None
    assert row(wiring, other).decision_id is not None
    with wiring.sessions() as session:
        found = round_detail(session, actor(session, town.jing_id), oldest, at=clock.now())
    assert [(one.id, one.tries, one.try_again_at) for one in found.put_off] == [(stuck, 1, clock.now() + PAUSES[0])]
    tried.clear()
    publish_rounds.run()
    assert tried == [], "not before its pause is over"
    clock.forward(minutes=1)
    monkeypatch.undo()
    publish_rounds.run()
    assert topic_row(wiring, lamp).state is TopicState.POOLED
    assert state_of(wiring, oldest) is RoundState.PUBLISHED


def test_after_some_tries_it_is_given_up_with_the_reason_and_the_round_ends(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id = a_round(wiring, town)
    stuck = drafted(wiring, town.jing_id, lamp, round_id)
    tried = busy(wiring, monkeypatch, lamp)
    clock.forward(hours=48)
    for pause in PAUSES:
        publish_rounds.run()
        assert (row(wiring, stuck).problem, state_of(wiring, round_id)) == ("", RoundState.OPEN)
        clock.forward(minutes=pause.total_seconds() / 60)
    publish_rounds.run()
    assert len(tried) == len(PAUSES) + 1
    assert (row(wiring, stuck).problem, state_of(wiring, round_id)) == (BUSY, RoundState.PUBLISHED)
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED
    monkeypatch.undo()
    drafted(wiring, town.jing_id, lamp, a_round(wiring, town, name="下一轮"))  # and may be decided again


# Two workers at once: what one has put off isn't ready for the other any more, and waits all the same.
def test_a_round_does_not_end_over_a_decision_that_another_worker_has_just_put_off(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id = a_round(wiring, town)
    waits = drafted(wiring, town.jing_id, lamp, round_id)
    real = screening_publish._next_draft

    def meanwhile(session: Session, one: int, *, at: datetime) -> ScreeningDraft | None:
        with wiring.sessions.begin() as other:
            other.get_one(ScreeningDraft, waits).try_again_at = at + PAUSES[0]
        return real(session, one, at=at)

    monkeypatch.setattr(screening_publish, "_next_draft", meanwhile)
    clock.forward(hours=48)
    publish_rounds.run()
    assert (row(wiring, waits).ended_at, state_of(wiring, round_id)) == (None, RoundState.OPEN)
    monkeypatch.undo()
    clock.forward(minutes=1)
    publish_rounds.run()
    assert (topic_row(wiring, lamp).state, state_of(wiring, round_id)) == (TopicState.POOLED, RoundState.PUBLISHED)


# What is merged into a topic must be there before that one is decided, also when the merger has to wait.
def test_the_target_of_a_merger_that_waits_waits_too(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = proposed(wiring, town, "路灯又不亮")
    round_id = a_round(wiring, town)
    drafted(wiring, town.jing_id, lamp, round_id, TopicAction.REJECT, "已经换了新灯。")
    drafted(wiring, town.jing_id, same, round_id, TopicAction.MERGE, "是同一件事。", target=lamp)
    tried = busy(wiring, monkeypatch, same)
    clock.forward(hours=48)
    publish_rounds.run()
    assert (tried, state_of(wiring, round_id)) == ([same], RoundState.OPEN)
    monkeypatch.undo()
    clock.forward(minutes=1)
    publish_rounds.run()
    assert [topic_row(wiring, one).state for one in (same, lamp)] == [TopicState.MERGED, TopicState.REJECTED]
    assert state_of(wiring, round_id) is RoundState.PUBLISHED


# Whichever was written first: the first topic goes into the second while that is still there, and on with it into the third.
@pytest.mark.parametrize("last_first", [False, True], ids=["in order", "the other way round"])
def test_a_chain_of_mergers_takes_everybody_to_its_end(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, session: Session, last_first: bool
) -> None:
    voice = told(wiring, town.longchi_code, "幸福里的灯又不亮")
    first = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "灯又不亮", voice))
    second = proposed(wiring, town, "路灯又不亮")
    round_id = a_round(wiring, town)
    drafted(wiring, town.jing_id, lamp, round_id, TopicAction.REJECT, "已经换了新灯。")
    links = [(first, second), (second, lamp)]
    for one, into in reversed(links) if last_first else links:
        drafted(wiring, town.jing_id, one, round_id, TopicAction.MERGE, "是同一件事。", target=into)
    clock.forward(hours=48)
    publish_rounds.run()
    assert [topic_row(wiring, one).state for one in (first, second, lamp)] == [TopicState.MERGED, TopicState.MERGED, TopicState.REJECTED]
    assert [topic_row(wiring, one).merged_into_id for one in (first, second)] == [lamp, lamp]
    heard = session.execute(
        select(Decision.id, Decision.topic_id, Decision.target_topic_id)
        .join(Notification, Notification.decision_id == Decision.id)
        .where(Notification.submission_id == voice.submission_id, Decision.action.in_((TopicAction.MERGE, TopicAction.REJECT)))
        .distinct()
        .order_by(Decision.id)
    )
    assert [(topic, into) for _, topic, into in heard] == [(first, second), (second, lamp), (lamp, None)]
    # Each link can be taken back: who came by it is known.
    assert set(session.scalars(select(Contributor.via_topic_id))) == {None, first, second}


def test_a_chain_waits_for_its_first_link(wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = proposed(wiring, town, "灯又不亮"), proposed(wiring, town, "路灯又不亮")
    round_id = a_round(wiring, town)
    drafted(wiring, town.jing_id, lamp, round_id, TopicAction.REJECT, "已经换了新灯。")
    drafted(wiring, town.jing_id, second, round_id, TopicAction.MERGE, "是同一件事。", target=lamp)
    drafted(wiring, town.jing_id, first, round_id, TopicAction.MERGE, "是同一件事。", target=second)
    tried = busy(wiring, monkeypatch, first)
    clock.forward(hours=48)
    publish_rounds.run()
    assert (tried, state_of(wiring, round_id)) == ([first], RoundState.OPEN)
    monkeypatch.undo()
    clock.forward(minutes=1)
    publish_rounds.run()
    assert [topic_row(wiring, one).merged_into_id for one in (first, second)] == [lamp, lamp]
    assert (topic_row(wiring, lamp).state, state_of(wiring, round_id)) == (TopicState.REJECTED, RoundState.PUBLISHED)


# In one round or in two, over one topic or several: what would come back to itself is refused, and the sentence names where to mend it.
def test_mergers_that_would_come_back_to_the_topic_are_refused(wiring: Wiring, town: Town, lamp: int) -> None:
    second, third = proposed(wiring, town, "路灯又不亮"), proposed(wiring, town, "灯又不亮")
    round_id, later = a_round(wiring, town), a_round(wiring, town, name="十二月集中公布")
    link = drafted(wiring, town.jing_id, lamp, round_id, TopicAction.MERGE, "是同一件事。", target=second)
    for one in (round_id, later):
        with pytest.raises(
            Conflict, match="“路灯不亮”已经决定并入别的议题，等着在“十一月集中公布”公布，最后又会并回这个议题。请先到那一轮收回"
        ):
            drafted(wiring, town.jing_id, second, one, TopicAction.MERGE, "是同一件事。", target=lamp)
    drafted(wiring, town.jing_id, second, later, TopicAction.MERGE, "是同一件事。", target=third)
    with pytest.raises(Conflict, match="“路灯不亮”已经决定并入别的议题"):
        drafted(wiring, town.jing_id, third, later, TopicAction.MERGE, "是同一件事。", target=lamp)
    held = drafting(wiring, town.jing_id, link)
    with wiring.sessions.begin() as session:
        take_draft_back(session, held)
    drafted(wiring, town.jing_id, third, later, TopicAction.MERGE, "是同一件事。", target=lamp)


def test_the_next_to_decide_is_one_whose_decision_does_not_wait(wiring: Wiring, town: Town, lamp: int) -> None:
    others = [proposed(wiring, town, title) for title in ("路灯又不亮", "灯又不亮", "门口的灯不亮")]
    round_id = a_round(wiring, town)

    def after(topic_id: int) -> int | None:
        with wiring.sessions() as session:
            return topic_after(session, actor(session, town.jing_id), topic_id, state=TopicState.PROPOSED, order=Order.NEWEST)

    column = [others[2], others[1], others[0], lamp]
    assert [after(one) for one in column] == [*column[1:], column[0]]
    for one in (column[1], column[0]):
        drafted(wiring, town.jing_id, one, round_id)
    assert [after(one) for one in column] == [column[2], column[2], column[3], column[2]]
    drafted(wiring, town.jing_id, column[3], round_id)
    assert after(column[2]) == column[3], "nothing else is left"
    decided(wiring, town.jing_id, column[0], TopicAction.RETURN, "请补充。")
    taken_up(wiring, town.jing_id, column[0])
    assert after(column[2]) == column[0], "what was overtaken is to be decided"


# Each tried its half out and locked its topic before the other's was there: neither would see the ring, and each would wait for the other.
def test_of_two_who_draft_the_halves_of_a_ring_at_once_one_is_told(
    wiring: Wiring, town: Town, lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = proposed(wiring, town, "路灯又不亮")
    rounds = a_round(wiring, town), a_round(wiring, town, name="十二月集中公布")
    halves = [(screening(wiring, town.jing_id, one), other) for one, other in ((lamp, second), (second, lamp))]
    came: Counter[str] = Counter()

    def together(name: str) -> None:
        real = getattr(screening_round, name)

        def both(*args: object, **kwargs: object) -> None:
            real(*args, **kwargs)
            came[name] += 1
            while came[name] < len(halves) and not somebody_waits(wiring):
                sleep(0.01)

        monkeypatch.setattr(screening_round, name, both)

    def half(session: Session, number: int) -> None:
        held, target = halves[number]
        words = "是同一件事。"
        draft(session, held, TopicAction.MERGE, round_id=rounds[number], words=words, target_topic_id=target, office_id=None)

    together("_try_out")
    together("_refuse_ring")
    ended = at_once(wiring, lambda session: half(session, 0), lambda session: half(session, 1))
    [told_so] = [one for one in ended if one is not None]
    assert isinstance(told_so, Conflict), told_so
    assert "最后又会并回这个议题" in told_so.message


# Drafted for a later day than the merger of what it is to be merged into: it goes where that went.
def test_a_merger_follows_where_its_target_was_merged_meanwhile(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    first, second = proposed(wiring, town, "灯又不亮"), proposed(wiring, town, "路灯又不亮")
    november, december = a_round(wiring, town), a_round(wiring, town, hours=72, name="十二月集中公布")
    late = drafted(wiring, town.jing_id, first, december, TopicAction.MERGE, "是同一件事。", target=second)
    drafted(wiring, town.jing_id, second, november, TopicAction.MERGE, "是同一件事。", target=lamp)
    for hours in (48, 24):
        clock.forward(hours=hours)
        publish_rounds.run()
    assert row(wiring, late).problem == ""
    assert [topic_row(wiring, one).merged_into_id for one in (first, second)] == [lamp, lamp]
    assert topic_row(wiring, lamp).confirmed_count == 3


# What it was to be merged into came to it instead, by hand: nothing is merged into itself, and the draft says why.
def test_a_merger_whose_target_came_to_the_topic_is_not_made(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    second = proposed(wiring, town, "路灯又不亮")
    round_id = a_round(wiring, town)
    one = drafted(wiring, town.jing_id, lamp, round_id, TopicAction.MERGE, "是同一件事。", target=second)
    decided(wiring, town.jing_id, second, TopicAction.MERGE, "是同一件事。", target=lamp)
    clock.forward(hours=48)
    publish_rounds.run()
    assert row(wiring, one).problem
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED


# One that was overtaken leads nowhere, so it refuses nothing; on the day the two would wait for each other for ever.
def test_a_ring_with_an_overtaken_merger_does_not_keep_its_round_open(wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    second = proposed(wiring, town, "路灯又不亮")
    round_id = a_round(wiring, town)
    overtaken = drafted(wiring, town.jing_id, lamp, round_id, TopicAction.MERGE, "是同一件事。", target=second)
    decided(wiring, town.jing_id, lamp, TopicAction.RETURN, "请补充。")
    drafted(wiring, town.jing_id, second, round_id, TopicAction.MERGE, "是同一件事。", target=lamp)
    clock.forward(hours=48)
    publish_rounds.run()
    assert (row(wiring, overtaken).problem, state_of(wiring, round_id)) == (CHANGED, RoundState.PUBLISHED)
    assert (topic_row(wiring, lamp).state, topic_row(wiring, second).merged_into_id) == (TopicState.CANDIDATE, lamp)


def test_a_run_that_takes_long_ends_and_asks_for_another(
    wiring: Wiring, town: Town, clock: TestClock, lamp: int, monkeypatch: pytest.MonkeyPatch, in_process: NullJobQueue
) -> None:
    bench = proposed(wiring, town, "长椅坏了")
    round_id = a_round(wiring, town)
    for one in (lamp, bench):
        drafted(wiring, town.jing_id, one, round_id)
    clock.forward(hours=48)
    monkeypatch.setattr(publish_rounds, "AT_ONCE_SECONDS", -1)
    in_process.woken.clear()
    publish_rounds.run()
    assert [topic_row(wiring, one).state for one in (lamp, bench)] == [TopicState.POOLED, TopicState.PROPOSED]
    assert Wake.ROUNDS in in_process.woken


# Each of them is offered where something is decided, so that none is out of reach; hence there is an end to how many wait at once.
def test_every_round_that_waits_is_offered_and_there_is_an_end_to_them(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening_round, "OPEN_MOST", 15)
    made = [a_round(wiring, town, hours=24 + number, name=f"第 {number} 轮") for number in range(15)]
    with wiring.sessions() as session:
        offered = [one.id for one in open_rounds(session, actor(session, town.jing_id), at=wiring.clock.now())]
    assert offered == made
    with pytest.raises(Conflict, match="已经有 15 轮等着公布"):
        a_round(wiring, town, name="又一轮")
    with wiring.sessions.begin() as session:
        cancel_round(session, rounding(wiring, town.jing_id, made[0]))
    a_round(wiring, town, name="又一轮")
