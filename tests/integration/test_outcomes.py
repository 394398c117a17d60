"""Results: told once to everyone, judged by whoever raised the matter, and looked at again where it isn't solved."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.notification import NoticeKind, NoticeState
from intake.domain.outcome import ReviewDecision, Verdict
from intake.domain.referral import ReferralState
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.models import Decision, HistoryEntry, Notification, Outcome, Referral, Submission, Topic
from intake.queries.outcome import open_reviews, outcome_counts
from intake.queries.receipt import receipt_view
from intake.services import outcome_review, referral_check
from intake.services import submission_decide as decide
from intake.services.outcome import note_seen, say_verdict, tell_outcome
from intake.services.referral import Sending, add_responsibility
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.topic_class import open_class
from intake.services.topic_finish import verify
from intake.services.transition import move
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import decided as screened
from tests.factories.matters import deciding, screening, taken_up, told, topic_of
from tests.factories.referrals import delivered, referred, referred_topic, replied, step
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor

UNDO = 60


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    """幸福里的路灯, which waits for 周明远."""
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")


def answered(
    wiring: Wiring, town: Town, clock: TestClock, stored: Stored, words: str = "已经请物业换灯。", *, by: int | None = None
) -> None:
    """A member answers, and the time to undo it passes."""
    card = deciding(wiring, by or town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words=words)
    clock.forward(seconds=UNDO + 1)


def outcomes(wiring: Wiring, stored: Stored) -> list[Outcome]:
    with wiring.sessions() as session:
        return list(session.scalars(select(Outcome).where(Outcome.submission_id == stored.submission_id).order_by(Outcome.id)))


def says(wiring: Wiring, stored: Stored, verdict: Verdict, words: str = "", *, outcome_id: int | None = None) -> None:
    outcome_id = outcome_id or outcomes(wiring, stored)[-1].id
    with wiring.sessions.begin() as session:
        say_verdict(
            session,
            submission_id=stored.submission_id,
            outcome_id=outcome_id,
            verdict=verdict,
            words=words,
            workflow=wiring.workflow,
            at=wiring.clock.now(),
        )


def state(wiring: Wiring, stored: Stored) -> SubmissionState:
    return submission_of(wiring, stored).state


def actions(wiring: Wiring, stored: Stored) -> list[str]:
    """What happened to the submission, in order."""
    with wiring.sessions() as session:
        own = (HistoryEntry.noun == "submission", HistoryEntry.entity_id == stored.submission_id)
        return list(session.scalars(select(HistoryEntry.action).where(*own).order_by(HistoryEntry.id)))


# --- telling ----------------------------------------------------------------------------------------------------------------------------


def test_a_members_answer_is_an_outcome_told_when_it_can_no_longer_be_undone(wiring: Wiring, town: Town, lamp: Stored) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经请物业换灯。")
    (outcome,) = outcomes(wiring, lamp)
    assert outcome.told_at == wiring.clock.now() + timedelta(seconds=UNDO)
    with wiring.sessions() as session:
        (notice,) = session.scalars(select(Notification))
        assert (notice.kind, notice.due_at) == (NoticeKind.OUTCOME, outcome.told_at)
    with pytest.raises(Conflict, match="过一分钟"):
        says(wiring, lamp, Verdict.SOLVED)


def test_undoing_an_answer_leaves_nothing_told(wiring: Wiring, town: Town, lamp: Stored) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经请物业换灯。")
    with wiring.sessions.begin() as session:
        decide.undo(
            session,
            actor=card.actor,
            submission_id=lamp.submission_id,
            workflow=wiring.workflow,
            undo_seconds=UNDO,
            at=wiring.clock.now(),
        )
    assert outcomes(wiring, lamp) == []
    with wiring.sessions() as session:
        assert session.scalars(select(Notification.state)).all() == [NoticeState.CANCELLED]


def test_undoing_a_second_answer_brings_the_first_and_its_review_back(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="下周一定换。")
    first, _ = outcomes(wiring, lamp)
    assert (first.review, first.superseded_at is not None) == (ReviewDecision.EXPLAIN, True)
    with wiring.sessions.begin() as session:
        decide.undo(
            session,
            actor=card.actor,
            submission_id=lamp.submission_id,
            workflow=wiring.workflow,
            undo_seconds=UNDO,
            at=wiring.clock.now(),
        )
    (first,) = outcomes(wiring, lamp)
    assert (first.review, first.reviewed_at, first.superseded_at, first.verdict) == (None, None, None, Verdict.NOT_SOLVED)


def test_telling_twice_is_as_good_as_once(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    with wiring.sessions.begin() as session:
        decision = session.scalars(select(Decision)).one()
        for _ in range(2):
            tell_outcome(
                session, decision=decision, submission_ids=[lamp.submission_id], referral_id=None, topic_id=None, at=wiring.clock.now()
            )
    (outcome,) = outcomes(wiring, lamp)
    assert outcome.superseded_at is None


def test_everyone_behind_a_rejected_topic_is_told_once_and_of_a_result(wiring: Wiring, town: Town, lamp: Stored) -> None:
    other = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    topic_id = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", lamp, other))
    screened(wiring, town.jing_id, topic_id, TopicAction.REJECT, "已经有人在修。")
    for stored in (lamp, other):
        (outcome,) = outcomes(wiring, stored)
        assert (outcome.topic_id, state(wiring, stored)) == (topic_id, SubmissionState.REPORTED_BACK)
    with wiring.sessions() as session:
        decision = session.scalars(select(Decision).where(Decision.action == TopicAction.REJECT.value)).one()
        kinds = session.scalars(select(Notification.kind).where(Notification.decision_id == decision.id)).all()
        assert kinds == [NoticeKind.OUTCOME, NoticeKind.OUTCOME]


def test_a_units_answer_is_told_with_its_referral(wiring: Wiring, town: Town, lamp: Stored) -> None:
    referral_id = delivered(wiring, town, referred(wiring, town, lamp))
    (outcome,) = outcomes(wiring, lamp)
    assert (outcome.referral_id, state(wiring, lamp)) == (referral_id, SubmissionState.ANSWERED)


# A class is answered while each matter in it goes its own way: what was told of that, and an open review of it, stays as it is.
def test_the_answer_to_a_class_is_read_by_everyone_and_judged_by_nobody(wiring: Wiring, town: Town, lamp: Stored) -> None:
    other = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    matters = [topic_of(wiring, town.zhou_id, f"路灯{n}", voice) for n, voice in enumerate((lamp, other))]
    with wiring.sessions.begin() as session:
        staff = actor(session, town.jing_id)
        class_id = open_class(session, actor=staff, topic_ids=matters, title="多个社区路灯不亮", at=wiring.clock.now()).id
    screened(wiring, town.jing_id, taken_up(wiring, town.jing_id, matters[0]), TopicAction.REJECT, "今年没有安排。")
    says(wiring, lamp, Verdict.NOT_SOLVED)
    referral_id = referred_topic(wiring, town, taken_up(wiring, town.jing_id, class_id))
    replied(wiring, town, referral_id, words="全区路灯统一检修，年底前完成。")
    step(wiring, referral_id, town.jing_id, referral_check.check_and_deliver)
    assert [state(wiring, one) for one in (lamp, other)] == [SubmissionState.REOPENED, SubmissionState.IN_TOPIC]
    (before,) = outcomes(wiring, lamp)
    assert (before.review, before.superseded_at, outcomes(wiring, other)) == (None, None, [])
    with wiring.sessions() as session:
        views = [receipt_view(session, one.submission_id, at=wiring.clock.now(), workflow=wiring.workflow) for one in (lamp, other)]
        for view in views:
            said = [(step.words, step.written) for step in view.steps]
            assert said[-1] == ("这一类事有了答复；您这一件接着办。", "全区路灯统一检修，年底前完成。")
        decision = session.query(Decision).filter_by(action="deliver_answer").one()
        told_to = session.scalars(select(Notification.submission_id).where(Notification.decision_id == decision.id))
        assert sorted(told_to) == sorted(one.submission_id for one in (lamp, other))


def test_opening_the_receipt_is_noted_once_and_not_before_the_result_was_told(
    wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经请物业换灯。")

    def opened() -> None:
        with wiring.sessions.begin() as session:
            note_seen(session, submission_id=lamp.submission_id, at=wiring.clock.now())

    opened()
    assert outcomes(wiring, lamp)[0].seen_at is None
    clock.forward(minutes=5)
    opened()
    first = wiring.clock.now()
    clock.forward(days=1)
    opened()
    assert outcomes(wiring, lamp)[0].seen_at == first


# --- the verdict ------------------------------------------------------------------------------------------------------------------------


# Solved ends it, not solved opens it again, the two others leave it as it is.
@pytest.mark.parametrize(
    ("verdict", "becomes", "step"),
    [
        (Verdict.SOLVED, SubmissionState.CLOSED, "say_solved"),
        (Verdict.PARTLY, SubmissionState.ANSWERED, "say_partly"),
        (Verdict.NOT_SOLVED, SubmissionState.REOPENED, "say_unsolved"),
        (Verdict.CANNOT_JUDGE, SubmissionState.ANSWERED, "say_unclear"),
    ],
)
def test_each_verdict_moves_what_it_says(
    wiring: Wiring, town: Town, lamp: Stored, clock: TestClock, verdict: Verdict, becomes: SubmissionState, step: str
) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, verdict, "谢谢。")
    (outcome,) = outcomes(wiring, lamp)
    assert (outcome.verdict, outcome.said, outcome.said_at) == (verdict, "谢谢。", wiring.clock.now())
    assert state(wiring, lamp) is becomes
    assert actions(wiring, lamp)[-1] == step


def test_the_same_verdict_again_changes_nothing_but_adds_words(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.SOLVED)
    said_at, before = wiring.clock.now(), actions(wiring, lamp)
    clock.forward(hours=1)
    says(wiring, lamp, Verdict.SOLVED, "灯亮了。")
    says(wiring, lamp, Verdict.SOLVED)
    (outcome,) = outcomes(wiring, lamp)
    assert (outcome.said, outcome.said_at, actions(wiring, lamp)) == ("灯亮了。", said_at, before)


def test_another_verdict_takes_the_first_ones_place_and_history_keeps_both(
    wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.SOLVED, "亮了。")
    clock.forward(days=20)
    says(wiring, lamp, Verdict.NOT_SOLVED, "又灭了。")
    (outcome,) = outcomes(wiring, lamp)
    assert (outcome.verdict, outcome.said, state(wiring, lamp)) == (Verdict.NOT_SOLVED, "又灭了。", SubmissionState.REOPENED)
    assert actions(wiring, lamp)[-2:] == ["say_solved", "say_unsolved"]


def test_after_thirty_days_only_not_solved_still_counts(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.SOLVED)
    clock.forward(days=31)
    with pytest.raises(Conflict, match="过了 30 天"):
        says(wiring, lamp, Verdict.PARTLY)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    assert state(wiring, lamp) is SubmissionState.REOPENED


def test_not_solved_goes_back_to_whoever_answered_with_a_clock(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp, by=town.laozhou_id)
    assert submission_of(wiring, lamp).escalate_at is None
    says(wiring, lamp, Verdict.NOT_SOLVED)
    submission = submission_of(wiring, lamp)
    assert submission.owner_id == town.laozhou_id
    assert submission.escalate_at is not None


def test_a_word_of_thanks_takes_an_open_review_back(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    says(wiring, lamp, Verdict.SOLVED)
    assert (state(wiring, lamp), submission_of(wiring, lamp).escalate_at) == (SubmissionState.CLOSED, None)
    with wiring.sessions() as session:
        assert open_reviews(session, actor(session, town.jing_id)).rows == ()


def test_once_it_is_being_worked_on_again_the_old_result_is_not_judged(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    referred(wiring, town, lamp)
    with pytest.raises(Conflict, match="正在重新办理"):
        says(wiring, lamp, Verdict.SOLVED)


def test_what_was_withdrawn_is_not_judged(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=lamp.submission_id, at=wiring.clock.now())
    with pytest.raises(Conflict, match="已经撤回"):
        says(wiring, lamp, Verdict.SOLVED)


def test_a_superseded_result_points_to_the_newer_one(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    answered(wiring, town, clock, lamp, "下周一定换。")
    first, second = outcomes(wiring, lamp)
    with pytest.raises(Conflict, match="更新的答复"):
        says(wiring, lamp, Verdict.SOLVED, outcome_id=first.id)
    says(wiring, lamp, Verdict.SOLVED, outcome_id=second.id)
    assert state(wiring, lamp) is SubmissionState.CLOSED


def test_nobody_judges_anothers_result_or_writes_a_book(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    other = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    with pytest.raises(NotFound):
        says(wiring, other, Verdict.SOLVED, outcome_id=outcomes(wiring, lamp)[0].id)
    with pytest.raises(InvalidInput) as refused:
        says(wiring, lamp, Verdict.SOLVED, "谢" * 501)
    assert refused.value.field == "words"


# --- looking again ----------------------------------------------------------------------------------------------------------------------


def reviewing(wiring: Wiring, user_id: int, stored: Stored) -> outcome_review.Reviewing:
    outcome = outcomes(wiring, stored)[-1]
    with wiring.sessions() as session:
        return outcome_review.Reviewing(
            actor=actor(session, user_id), outcome_id=outcome.id, version=outcome.version, at=wiring.clock.now(), workflow=wiring.workflow
        )


def test_explaining_is_a_new_answer_that_can_be_judged(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED, "还是黑的。")
    held = reviewing(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        outcome_review.explain(session, held, words="灯杆要等供电验收，11 月 20 日通电。")
    first, second = outcomes(wiring, lamp)
    assert (first.review, first.reviewed_by, first.superseded_at) == (ReviewDecision.EXPLAIN, town.zhou_id, second.told_at)
    assert (state(wiring, lamp), submission_of(wiring, lamp).escalate_at) == (SubmissionState.ANSWERED, None)
    says(wiring, lamp, Verdict.SOLVED)
    with pytest.raises(Conflict), wiring.sessions.begin() as session:
        outcome_review.explain(session, held, words="再说一次。")


def test_reopening_gives_the_unit_its_referral_back(wiring: Wiring, town: Town, lamp: Stored) -> None:
    referral_id = delivered(wiring, town, referred(wiring, town, lamp))
    says(wiring, lamp, Verdict.NOT_SOLVED)
    held = reviewing(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        outcome_review.reopen(session, held, words="现场看过，三盏还不亮。")
    with wiring.sessions() as session:
        assert session.get_one(Referral, referral_id).state is ReferralState.ASSIGNED
    (outcome,) = outcomes(wiring, lamp)
    assert (outcome.review, state(wiring, lamp)) == (ReviewDecision.REOPEN, SubmissionState.REFERRED)


def test_the_second_resident_follows_the_referral_that_the_first_had_reopened(wiring: Wiring, town: Town, lamp: Stored) -> None:
    other = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    topic_id = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", lamp, other))
    referral_id = referred_topic(wiring, town, topic_id)
    delivered_by_staff(wiring, town, referral_id)
    for stored in (lamp, other):
        says(wiring, stored, Verdict.NOT_SOLVED)
    for stored in (lamp, other):
        held = reviewing(wiring, town.jing_id, stored)
        with wiring.sessions.begin() as session:
            outcome_review.reopen(session, held, words="两处都不亮，请再办。")
        assert state(wiring, stored) is SubmissionState.IN_TOPIC
    with wiring.sessions() as session:
        referral = session.get_one(Referral, referral_id)
        assert (referral.state, referral.reopened) == (ReferralState.ASSIGNED, 1)


def delivered_by_staff(wiring: Wiring, town: Town, referral_id: int) -> None:
    """Answered, checked by 王静 and told."""
    replied(wiring, town, referral_id)
    step(wiring, referral_id, town.jing_id, referral_check.check_and_deliver)


def test_a_members_own_answer_has_nothing_behind_it_to_reopen(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    held = reviewing(wiring, town.zhou_id, lamp)
    with wiring.sessions() as session, pytest.raises(InvalidInput, match="委员自己的答复"):
        outcome_review.reopen(session, held, words="再办。")


def test_only_those_of_the_area_look_again_and_only_at_what_stands_on_their_screen(
    wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    for user_id, refusal in ((town.shiqiao_member_id, Forbidden), (town.stranger_id, NotFound)):
        held = reviewing(wiring, user_id, lamp)
        with wiring.sessions() as session, pytest.raises(refusal):
            outcome_review.explain(session, held, words="说明。")
        with wiring.sessions() as session:
            assert open_reviews(session, actor(session, user_id)).rows == ()
    held = reviewing(wiring, town.zhou_id, lamp)
    says(wiring, lamp, Verdict.PARTLY)
    with wiring.sessions() as session, pytest.raises(Conflict):
        outcome_review.explain(session, held, words="说明。")


def test_the_list_of_reviews_masks_what_the_resident_says(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    says(wiring, lamp, Verdict.NOT_SOLVED, "打我电话13812345678")
    with wiring.sessions() as session:
        (row,) = open_reviews(session, actor(session, town.jing_id)).rows
    assert "13812345678" not in row.said
    assert "打我电话" in row.said
    assert (row.answer, row.answered_by, row.may_reopen) == ("已经请物业换灯。", "周明远", False)


# --- ending a topic ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def delivering(wiring: Wiring, town: Town, lamp: Stored) -> int:
    """A topic whose report was delivered."""
    topic_id = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", lamp))
    screened(wiring, town.jing_id, topic_id, TopicAction.APPROVE, "列入议题库。")
    with wiring.sessions.begin() as session:
        topic = session.get_one(Topic, topic_id)
        staff = actor(session, town.jing_id)
        for action in (TopicAction.START_MICRO, TopicAction.DELIVER_REPORT):
            move(session, topic, action, actor=staff, at=wiring.clock.now(), area_path=staff.grants[0].area_path, reason_code="demo")
    return topic_id


def measure(wiring: Wiring, town: Town, topic_id: int, title: str) -> int:
    with wiring.sessions.begin() as session:
        sending = Sending(actor=actor(session, town.jing_id), office_id=town.office_id, at=wiring.clock.now(), workflow=wiring.workflow)
        return add_responsibility(session, sending, topic_id=topic_id, title=title, basis="协商时定的。").id


def ends(wiring: Wiring, town: Town, topic_id: int, words: str = "九盏灯换好了。") -> None:
    held = screening(wiring, town.jing_id, topic_id)
    with wiring.sessions.begin() as session:
        verify(session, held, words=words, workflow=wiring.workflow)


def test_a_topic_ends_only_when_every_responsibility_is_done_and_names_what_is_missing(wiring: Wiring, town: Town, delivering: int) -> None:
    with pytest.raises(InvalidInput, match="还没有一项责任事项"):
        ends(wiring, town, delivering)
    done, missing = measure(wiring, town, delivering, "换九盏灯"), measure(wiring, town, delivering, "装一个开关箱")
    delivered_by_staff(wiring, town, done)
    with pytest.raises(InvalidInput, match=r"还有 1 项.*装一个开关箱（待接收）"):
        ends(wiring, town, delivering)
    delivered_by_staff(wiring, town, missing)
    with pytest.raises(InvalidInput, match="理由"):
        ends(wiring, town, delivering, words=" ")


def test_everyone_behind_an_ended_topic_is_told_and_somebody_looks_again(wiring: Wiring, town: Town, delivering: int, lamp: Stored) -> None:
    referral_id = measure(wiring, town, delivering, "换九盏灯")
    delivered_by_staff(wiring, town, referral_id)
    assert outcomes(wiring, lamp) == []
    ends(wiring, town, delivering)
    (outcome,) = outcomes(wiring, lamp)
    assert (outcome.topic_id, outcome.referral_id, state(wiring, lamp)) == (delivering, None, SubmissionState.REPORTED_BACK)
    with wiring.sessions() as session:
        assert session.get_one(Topic, delivering).state is TopicState.DELIVERED
        assert session.get_one(Referral, referral_id).revisit_on is not None


def test_reopening_an_ended_topic_opens_its_responsibilities_for_everyone(
    wiring: Wiring, town: Town, delivering: int, lamp: Stored
) -> None:
    delivered_by_staff(wiring, town, measure(wiring, town, delivering, "换九盏灯"))
    ends(wiring, town, delivering)
    says(wiring, lamp, Verdict.NOT_SOLVED)
    held = reviewing(wiring, town.jing_id, lamp)
    with wiring.sessions.begin() as session:
        outcome_review.reopen(session, held, words="东边三盏还不亮。")
    with wiring.sessions() as session:
        assert session.get_one(Topic, delivering).state is TopicState.DELIVERING
    assert state(wiring, lamp) is SubmissionState.IN_TOPIC


# --- counting ---------------------------------------------------------------------------------------------------------------------------


def test_asked_reached_and_answered_are_counted_apart(wiring: Wiring, town: Town, clock: TestClock) -> None:
    since = wiring.clock.now()
    stored = [told(wiring, town.longchi_code, f"第 {number} 盏灯坏了") for number in range(4)]
    for one in stored:
        answered(wiring, town, clock, one)
    for one in stored[:3]:
        with wiring.sessions.begin() as session:
            note_seen(session, submission_id=one.submission_id, at=wiring.clock.now())
    says(wiring, stored[0], Verdict.SOLVED)
    says(wiring, stored[1], Verdict.NOT_SOLVED)
    held = reviewing(wiring, town.zhou_id, stored[1])
    with wiring.sessions.begin() as session:
        outcome_review.explain(session, held, words="等供电验收。")
    with wiring.sessions() as session:
        counted = outcome_counts(session, town.district_id, since, wiring.clock.now() + timedelta(seconds=1))
        assert (counted.asked, counted.reached, counted.answered) == (5, 3, 2)
        assert (counted.solved, counted.not_solved, counted.explained, counted.reopened) == (1, 1, 1, 0)
        assert outcome_counts(session, town.district_id, since, since).asked == 0
        assert session.scalar(select(Submission.id).where(Submission.state == SubmissionState.CLOSED)) == stored[0].submission_id
