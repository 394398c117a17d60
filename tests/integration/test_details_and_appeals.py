"""What comes back to whom: answers to a question, silence, what residents find unsolved, appeals; and candidates that nobody proposes."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, Forbidden, InvalidInput
from intake.domain.message import MESSAGE_MAX
from intake.domain.notification import NoticeState
from intake.domain.permission import Role
from intake.domain.submission import SUBMISSION_TABLE, SubmissionAction, SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Contributor, HistoryEntry, Message, Notification, Submission, Topic, User
from intake.ports import NullJobQueue
from intake.queries.added_words import added_words
from intake.queries.appeal import CAME_BACK, SECOND_LOOKS, may_appeal, words_of_topic_appeal
from intake.queries.card import card
from intake.queries.idle_topics import idle_topics
from intake.queries.member_queue import awaiting_member, last_decision, next_card, workload
from intake.services import lease
from intake.services import submission_decide as decide
from intake.services.appeal import appeal_submission, appeal_topic
from intake.services.ownership import back_to_handler
from intake.services.submission_detail import add_detail, ask
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.topic_idle import reject_idle
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.hands import looked_at
from tests.factories.matters import decided, deciding, screening, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.integration.test_two_members import at_once, wait_until_somebody_waits
from workers.jobs import escalate

LAMP = "幸福里的路灯坏了"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def asked(wiring: Wiring, user_id: int, stored: Stored, words: str = "是几号楼门口？") -> None:
    card = deciding(wiring, user_id, stored)
    with wiring.sessions.begin() as session:
        ask(session, card, words=words, workflow=wiring.workflow)


def adds(wiring: Wiring, stored: Stored, words: str) -> None:
    with wiring.sessions.begin() as session:
        add_detail(session, submission_id=stored.submission_id, words=words, workflow=wiring.workflow, at=wiring.clock.now())


def declined(wiring: Wiring, user_id: int, stored: Stored) -> None:
    card = deciding(wiring, user_id, stored)
    with wiring.sessions.begin() as session:
        decide.decline(session, card, reason="already_done", words="上周修好了。")


def appeals(wiring: Wiring, stored: Stored, words: str = "还是不亮") -> None:
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=stored.submission_id, words=words, at=wiring.clock.now())


def appeals_topic(wiring: Wiring, stored: Stored, words: str = "大家天天摸黑") -> None:
    with wiring.sessions.begin() as session:
        appeal_topic(session, submission_id=stored.submission_id, words=words, at=wiring.clock.now())


def offered(session: Session, stored: Stored) -> str:
    """What the receipt offers another look at."""
    topic_id = session.scalar(select(Contributor.topic_id).where(Contributor.submission_id == stored.submission_id))
    return may_appeal(session, session.get_one(Submission, stored.submission_id), session.get(Topic, topic_id) if topic_id else None)


def owner(wiring: Wiring, stored: Stored) -> tuple[int | None, Role | None]:
    row = submission_of(wiring, stored)
    return row.owner_id, row.owner_role


# --- 请补充 --------------------------------------------------------------------------------------------------------------------------


def test_a_question_reaches_the_resident_and_the_answer_its_owner(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    stored = told(wiring, town.ziwei_code, LAMP, verdict=Verdict.OPEN)
    assert owner(wiring, stored) == (town.qing_id, Role.MEMBER)
    asked(wiring, town.zhou_id, stored)  # another member of the street asks; the owner stays
    assert submission_of(wiring, stored).state is SubmissionState.NEEDS_DETAIL
    assert session.scalar(select(func.count()).select_from(Notification).where(Notification.state == NoticeState.PENDING)) == 1
    assert session.scalar(select(Contributor.status)) == "suggested"
    clock.forward(days=3)
    adds(wiring, stored, "3 号楼，我的电话 13812345678")
    row = submission_of(wiring, stored)
    assert row.state is SubmissionState.TRIAGED
    assert owner(wiring, stored) == (town.qing_id, Role.MEMBER)
    assert row.escalate_at is not None
    assert row.escalate_at > clock.now()
    assert (row.text_written, row.text_masked) == (LAMP, LAMP)
    added = added_words(session, stored.submission_id)
    assert [(one.text, one.is_appeal) for one in added] == [("3 号楼，我的电话 138••••5678", False)]


def test_an_answer_sent_twice_is_kept_once_and_a_late_one_is_told(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    asked(wiring, town.zhou_id, stored)
    adds(wiring, stored, "3 号楼")
    adds(wiring, stored, "3 号楼")
    assert session.scalar(select(func.count()).select_from(Message)) == 1
    with pytest.raises(Conflict, match="现在不用补充了"):
        adds(wiring, stored, "还有 4 号楼")
    # Asked again, the same words are a new answer.
    asked(wiring, town.zhou_id, stored, "具体哪一盏？")
    adds(wiring, stored, "3 号楼")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Message)) == 2


@pytest.mark.parametrize(
    ("rule", "words"),
    [("an answer says something", "  "), ("an answer is no essay", "长" * (MESSAGE_MAX + 1))],
)
def test_what_is_no_answer_is_refused_at_its_field(wiring: Wiring, town: Town, rule: str, words: str) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    asked(wiring, town.zhou_id, stored)
    with pytest.raises(InvalidInput) as refused:
        adds(wiring, stored, words)
    assert refused.value.field == "words", rule
    assert submission_of(wiring, stored).state is SubmissionState.NEEDS_DETAIL


def test_a_question_needs_words(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    with pytest.raises(InvalidInput, match="请写明想请居民补充什么"):
        asked(wiring, town.zhou_id, stored, "  ")


def test_a_question_can_be_taken_back_within_its_minute(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    asked(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as writing:
        decide.undo(
            writing,
            actor=actor(writing, town.zhou_id),
            submission_id=stored.submission_id,
            workflow=wiring.workflow,
            undo_seconds=60,
            at=wiring.clock.now(),
        )
    assert submission_of(wiring, stored).state is SubmissionState.TRIAGED
    assert session.scalars(select(Notification.state)).all() == [NoticeState.CANCELLED]


def test_silence_brings_it_back_to_the_same_owner_with_a_new_clock(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.ziwei_code, LAMP)
    asked(wiring, town.qing_id, stored)
    clock.forward(days=wiring.workflow.owner.needs_detail_days, seconds=-1)
    escalate.run()
    assert submission_of(wiring, stored).state is SubmissionState.NEEDS_DETAIL
    clock.forward(seconds=1)
    escalate.run()
    row = submission_of(wiring, stored)
    assert row.state is SubmissionState.TRIAGED
    assert owner(wiring, stored) == (town.qing_id, Role.MEMBER)
    assert row.escalate_at is not None
    assert row.escalate_at > clock.now()


def test_one_whose_owner_left_meanwhile_goes_to_the_next(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.ziwei_code, LAMP)
    asked(wiring, town.qing_id, stored)
    with wiring.sessions.begin() as session:
        session.get_one(User, town.qing_id).active = False
    clock.forward(days=wiring.workflow.owner.needs_detail_days)
    escalate.run()
    assert owner(wiring, stored) == (town.zhou_id, Role.MEMBER)


def test_a_question_to_somebody_who_withdrew_is_over(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    asked(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=clock.now())
    clock.forward(days=30)
    escalate.run()
    assert submission_of(wiring, stored).state is SubmissionState.WITHDRAWN
    with pytest.raises(Conflict):
        adds(wiring, stored, "3 号楼")


# --- who gets what is not solved ----------------------------------------------------------------------------------------------------


def test_who_handled_it_has_it_again(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.ziwei_code, LAMP)
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已报修。")
    for active, expected in ((True, town.zhou_id), (False, town.qing_id)):
        with wiring.sessions.begin() as session:
            session.get_one(User, town.zhou_id).active = active
            row = session.get_one(Submission, stored.submission_id)
            back_to_handler(session, row, workflow=wiring.workflow, at=wiring.clock.now())
            assert (row.owner_id, row.owner_role) == (expected, Role.MEMBER)
            assert row.escalate_at is not None


# --- appeals ------------------------------------------------------------------------------------------------------------------------


def test_an_appeal_goes_to_staff_and_never_to_who_declined(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    assert offered(session, stored) == ""
    declined(wiring, town.zhou_id, stored)
    session.rollback()
    assert offered(session, stored) == "submission"
    appeals(wiring, stored, "还是不亮，电话 13812345678")
    row = submission_of(wiring, stored)
    assert (row.state, row.owner_id, row.owner_role, row.escalate_at) == (SubmissionState.REOPENED, town.jing_id, Role.STAFF, None)
    session.rollback()
    assert [(one.text, one.is_appeal) for one in added_words(session, row.id)] == [("还是不亮，电话 138••••5678", True)]
    card = deciding(wiring, town.zhou_id, stored)
    acts: tuple[Callable[[Session], object], ...] = (
        lambda s: decide.decline(s, card, reason="already_done", words=""),
        lambda s: decide.answer(s, card, words="真的修好了。"),
        lambda s: ask(s, card, words="哪一盏？", workflow=wiring.workflow),
    )
    for act in acts:
        with wiring.sessions() as writing, pytest.raises(Forbidden, match="换一位同志"):
            act(writing)
    with wiring.sessions.begin() as writing:
        decide.answer(writing, deciding(wiring, town.jing_id, stored), words="又去看了，换了灯。")
    assert submission_of(wiring, stored).state is SubmissionState.ANSWERED


# Taking the staff's decision back, or a question in between, doesn't open it for whoever declined.
def test_who_declined_stays_out_of_it_after_a_question(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    declined(wiring, town.zhou_id, stored)
    appeals(wiring, stored)
    asked(wiring, town.jing_id, stored)
    adds(wiring, stored, "3 号楼")
    assert submission_of(wiring, stored).state is SubmissionState.TRIAGED
    assert owner(wiring, stored) == (town.jing_id, Role.STAFF)
    with wiring.sessions() as session, pytest.raises(Forbidden):
        decide.answer(session, deciding(wiring, town.zhou_id, stored), words="修好了。")


Act = Callable[[Wiring, Town, TestClock, Stored], None]


def asked_and_answered(wiring: Wiring, town: Town, clock: TestClock, stored: Stored) -> None:
    asked(wiring, town.jing_id, stored)
    adds(wiring, stored, "3 号楼")


def asked_in_vain(wiring: Wiring, town: Town, clock: TestClock, stored: Stored) -> None:
    asked(wiring, town.jing_id, stored)
    clock.forward(days=wiring.workflow.owner.needs_detail_days + 1)
    escalate.run()


def answered_and_taken_back(wiring: Wiring, town: Town, clock: TestClock, stored: Stored) -> None:
    card = deciding(wiring, town.jing_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="又去看了。")
        decide.undo(
            session, actor=card.actor, submission_id=stored.submission_id, workflow=wiring.workflow, undo_seconds=600, at=wiring.clock.now()
        )


# The list offers nothing that its card refuses, however what came back came to wait again.
@pytest.mark.parametrize("act", [asked_and_answered, asked_in_vain, answered_and_taken_back])
def test_who_declined_has_it_in_no_list_whatever_was_done_since(
    wiring: Wiring, town: Town, clock: TestClock, session: Session, act: Act
) -> None:
    stored, fresh = told(wiring, town.longchi_code, LAMP), told(wiring, town.longchi_code, "石板路坏了")
    declined(wiring, town.zhou_id, stored)
    appeals(wiring, stored)
    act(wiring, town, clock, stored)
    assert submission_of(wiring, stored).state is SubmissionState.TRIAGED
    at = clock.now()
    for user_id, open_to in ((town.zhou_id, [fresh]), (town.laozhou_id, [stored, fresh])):
        who = actor(session, user_id)
        assert [card(session, who, one.submission_id).not_mine == "" for one in (stored, fresh)] == [stored in open_to, True]
        ids = {one.submission_id for one in open_to}
        assert {row.id for row in awaiting_member(session, who, at=at).rows} == ids
        assert workload(session, who, at=at).total == len(ids)
        assert next_card(session, who, at=at) in ids


# Nobody's turn is used up on what they may not decide on, and would find in no list.
def test_what_came_back_is_no_turn_of_who_declined(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.ziwei_code, LAMP)
    assert owner(wiring, stored) == (town.qing_id, Role.MEMBER), "hers alone, as the community's member"
    declined(wiring, town.qing_id, stored)
    appeals(wiring, stored)
    topic_of(wiring, town.jing_id, "路灯", stored)
    card = deciding(wiring, town.jing_id, stored)
    with wiring.sessions.begin() as session:
        decide.detach(session, card, words="不是一件事。", workflow=wiring.workflow)
    owner_id, role = owner(wiring, stored)
    assert role is not None
    assert owner_id != town.qing_id


def test_nothing_comes_back_with_fewer_steps_than_the_lists_count_on() -> None:
    """How many steps lead to each state; a step counts one in the version."""
    steps = {SUBMISSION_TABLE.initial: 1}
    for count in range(2, len(SubmissionState) + 2):
        for one in SUBMISSION_TABLE.transitions:
            if any(steps.get(source, count) < count for source in one.sources):
                steps.setdefault(one.target, count)
    looks = [one for one in SUBMISSION_TABLE.transitions if one.action.value in SECOND_LOOKS]
    assert min(steps[source] + 1 for one in looks for source in one.sources) == CAME_BACK


# Nobody has to take over from somebody who couldn't decide anyway; and what came back is not theirs to take back.
def test_who_declined_holds_nobody_up_and_is_offered_nothing(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    declined(wiring, town.zhou_id, stored)
    zhou = actor(session, town.zhou_id)
    now, undo_seconds = wiring.clock.now(), wiring.settings.undo_seconds
    assert last_decision(session, zhou, at=now, undo_seconds=undo_seconds) is not None
    appeals(wiring, stored)
    session.rollback()
    assert looked_at(wiring, town.zhou_id, stored) is None
    assert looked_at(wiring, town.jing_id, stored) is not None
    assert (
        card(session, zhou, stored.submission_id).not_mine,
        card(session, actor(session, town.jing_id), stored.submission_id).not_mine,
    ) == (
        "declined",
        "",
    )
    assert last_decision(session, zhou, at=now, undo_seconds=undo_seconds) is None
    with wiring.sessions() as writing, pytest.raises(Forbidden, match="换一位同志"):
        decide.undo(
            writing,
            actor=zhou,
            submission_id=stored.submission_id,
            workflow=wiring.workflow,
            undo_seconds=undo_seconds,
            at=wiring.clock.now(),
        )
    assert next_card(session, zhou, at=now) is None
    assert next_card(session, actor(session, town.laozhou_id), at=now) is None, "the staff has it on the screen"
    with wiring.sessions.begin() as writing:
        lease.release(writing, actor=actor(writing, town.jing_id))
    session.rollback()
    assert next_card(session, actor(session, town.laozhou_id), at=now) == stored.submission_id
    assert workload(session, zhou, at=now).total == 0


def test_there_is_one_appeal(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    with pytest.raises(Conflict, match="现在不用申请复核"):
        appeals(wiring, stored)
    declined(wiring, town.zhou_id, stored)
    with pytest.raises(InvalidInput) as refused:
        appeals(wiring, stored, " ")
    assert refused.value.field == "words"
    appeals(wiring, stored)
    appeals(wiring, stored)  # sent twice
    assert session.scalar(select(func.count()).select_from(HistoryEntry).where(HistoryEntry.action == "appeal")) == 1
    declined(wiring, town.jing_id, stored)
    session.rollback()
    assert offered(session, stored) == ""
    with pytest.raises(Conflict, match="已经申请过一次复核"):
        appeals(wiring, stored, "我不服")


def test_an_appeal_against_the_only_staff_member_belongs_to_the_office(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    declined(wiring, town.jing_id, stored)
    appeals(wiring, stored)
    assert owner(wiring, stored) == (None, Role.STAFF)


def test_the_same_appeal_sent_twice_at_once_is_one(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯", stored))
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "今年没有安排。")

    def appeal(session: Session) -> None:
        appeal_topic(session, submission_id=stored.submission_id, words="天天摸黑", at=wiring.clock.now())

    with wiring.sessions() as first:
        appeal(first)
        first.flush()
        ended: list[Exception | None] = []
        again = threading.Thread(target=lambda: ended.extend(at_once(wiring, appeal)))
        again.start()
        wait_until_somebody_waits(wiring)
        first.commit()
        again.join()
    assert ended == [None]


def test_a_rejected_topic_is_screened_once_more_and_everyone_follows(wiring: Wiring, town: Town, session: Session) -> None:
    first, second = told(wiring, town.longchi_code, LAMP), told(wiring, town.ziwei_code, "紫薇的路灯也坏了")
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯", first, second))
    with pytest.raises(Conflict, match="现在不用申请复核"):
        appeals_topic(wiring, first)
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "今年没有安排。")
    assert offered(session, first) == "topic"
    appeals_topic(wiring, first, "天天摸黑，找我 13812345678")
    appeals_topic(wiring, first, "天天摸黑，找我 13812345678")
    assert topic_row(wiring, topic).state is TopicState.PROPOSED
    assert [submission_of(wiring, one).state for one in (first, second)] == [SubmissionState.IN_TOPIC] * 2
    session.rollback()
    assert words_of_topic_appeal(session, topic) == "天天摸黑，找我 138••••5678"
    with wiring.sessions() as taking_back:
        withdraw(taking_back, submission_id=first.submission_id, at=wiring.clock.now())
        taking_back.flush()
        assert words_of_topic_appeal(taking_back, topic) == "", "who took their words back is quoted no more"
    somebody_else = person_with(wiring, "fengjie", "冯洁", (Role.STAFF, town.district_id))
    decided(wiring, somebody_else, topic, TopicAction.REJECT, "明年再看。")
    assert submission_of(wiring, second).state is SubmissionState.REPORTED_BACK
    session.rollback()
    assert offered(session, second) == ""
    with pytest.raises(Conflict, match="已经有人申请过一次复核"):
        appeals_topic(wiring, second, "我也不服")


# --- candidates that nobody proposes ------------------------------------------------------------------------------------------------


def test_what_is_idle_is_listed_longest_first(wiring: Wiring, town: Town, clock: TestClock) -> None:
    for number in range(22):
        topic_of(wiring, town.zhou_id, f"第 {number} 个", told(wiring, town.longchi_code, LAMP))
        clock.forward(minutes=1)
    taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "筛选中", told(wiring, town.longchi_code, LAMP)))
    until = clock.now()
    clock.forward(days=1)
    topic_of(wiring, town.zhou_id, "新的", told(wiring, town.longchi_code, LAMP))
    with wiring.sessions() as session:
        who = actor(session, town.jing_id)
        first = idle_topics(session, who, idle_before=until)
        second = idle_topics(session, who, idle_before=until, after=first.next_key)
        assert first.total == second.total == 22
        assert [row.title for row in (*first.rows, *second.rows)] == [f"第 {number} 个" for number in range(22)]
        assert idle_topics(session, who, idle_before=until, after="1e400_2").rows == first.rows
        assert idle_topics(session, actor(session, town.stranger_id), idle_before=until).rows == ()


def test_an_idle_one_is_rejected_in_one_step_with_words(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    topic = topic_of(wiring, town.zhou_id, "路灯", stored)
    with wiring.sessions() as writing, pytest.raises(InvalidInput):
        reject_idle(writing, screening(wiring, town.jing_id, topic), words=" ")
    assert topic_row(wiring, topic).state is TopicState.CANDIDATE
    with wiring.sessions() as writing, pytest.raises(Forbidden):
        reject_idle(writing, screening(wiring, town.zhou_id, topic), words="不立项。")
    with wiring.sessions.begin() as writing:
        reject_idle(writing, screening(wiring, town.jing_id, topic), words="今年已列入改造。")
    assert topic_row(wiring, topic).state is TopicState.REJECTED
    assert submission_of(wiring, stored).state is SubmissionState.REPORTED_BACK
    steps = session.scalars(select(HistoryEntry.action).where(HistoryEntry.noun == "topic").order_by(HistoryEntry.id)).all()
    assert steps[-2:] == [TopicAction.TAKE_UP.value, TopicAction.REJECT.value]
    assert SubmissionAction.REPORT_BACK.value in session.scalars(select(HistoryEntry.action)).all()
