"""A referral's way through office and department and back, and the rules where it goes wrong."""

from datetime import timedelta
from typing import Any

import pytest

from intake.domain.errors import Conflict, Forbidden, InvalidInput, InvalidTransition, NotFound
from intake.domain.outcome import Verdict
from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import AnswerOutcome, EntryKind, PauseReason, ReasonCode, ReferralKind, ReferralState
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.topic import TopicAction, TopicState
from intake.models import (
    Answer,
    Area,
    Department,
    Extension,
    HistoryEntry,
    Outcome,
    Pause,
    Referral,
    ReferralEntry,
    ReferralHelper,
    RoleGrant,
    Submission,
    Topic,
)
from intake.queries.referral_list import WAITING, ReferralFilter, tally, to_check
from intake.services import referral_check, referral_department, referral_office
from intake.services import submission_decide as decide
from intake.services.outcome import say_verdict
from intake.services.referral_lock import ANSWER_MAX
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import decided, deciding, taken_up, told, topic_of
from tests.factories.referrals import acting, assigned, delivered, referral_of, referred, referred_topic, replied, signed, step
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once


def row(wiring: Wiring, referral_id: int) -> Referral:
    with wiring.sessions() as session:
        return session.get_one(Referral, referral_id)


def day(moment: Any) -> str:
    return f"{moment.astimezone(SHANGHAI):%m-%d}"


ANSWER = {"outcome": "done", "words": "已修好。", "reason": "夜间施工，未拍照。", "signed_name": "高强"}


@pytest.fixture
def referral_id(wiring: Wiring, town: Town) -> int:
    return referred(wiring, town, told(wiring, town.longchi_code, "幸福里2栋路灯不亮"))


def test_a_members_referral_reaches_the_districts_office_with_the_words_and_a_day(wiring: Wiring, town: Town, referral_id: int) -> None:
    found = row(wiring, referral_id)
    assert (found.state, found.office_id, found.sent_by, found.basis) == (
        ReferralState.SENT,
        town.office_id,
        town.zhou_id,
        "请城管部门修灯。",
    )
    assert found.number.startswith("ZB2026-")
    assert day(found.due_at) == "11-04"
    assert found.answer_due_at is None


def test_the_whole_way_ends_with_the_resident_being_told(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = delivered(wiring, town, referred(wiring, town, stored))
    found = row(wiring, referral_id)
    assert (found.state, found.due_at) == (ReferralState.DELIVERED, None)
    assert found.revisit_on == (wiring.clock.now() + timedelta(days=90)).astimezone(SHANGHAI).date()
    assert submission_of(wiring, stored).state is SubmissionState.ANSWERED
    with wiring.sessions() as session:
        outcome = session.query(Outcome).one()
        answer = session.query(Answer).one()
        actions = [entry.action for entry in session.query(HistoryEntry).filter_by(noun="referral").order_by(HistoryEntry.id)]
    assert (outcome.submission_id, outcome.referral_id, outcome.verdict) == (stored.submission_id, referral_id, None)
    assert (answer.department_id, answer.outcome, answer.signed_name) == (town.lights_id, AnswerOutcome.DONE, "高强")
    assert actions == ["begin", "send", "accept", "assign", "sign", "reply", "check", "deliver"]


@pytest.mark.parametrize(("urgency", "expected"), [(Urgency.NORMAL, "11-17"), (Urgency.SOON, "11-10"), (Urgency.EMERGENCY, "11-04")])
def test_the_answer_is_due_by_urgency_in_working_days(wiring: Wiring, town: Town, urgency: Urgency, expected: str) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮", urgency=urgency)
    found = row(wiring, assigned(wiring, town, referred(wiring, town, stored)))
    assert found.answer_due_at is not None
    assert day(found.answer_due_at) == expected
    assert f"{found.answer_due_at.astimezone(SHANGHAI):%H:%M:%S}" == "23:59:59"


def test_signing_is_due_before_the_answer_and_never_after_it(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "电线掉下来了", urgency=Urgency.EMERGENCY)
    found = row(wiring, assigned(wiring, town, referred(wiring, town, stored)))
    assert found.due_at == found.answer_due_at


def test_the_lead_leads_until_the_office_has_decided_the_dispute(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    step(wiring, referral_id, town.gao_id, referral_department.dispute, proposed_id=town.homes_id, words="小区内的灯归住建。")
    found = row(wiring, referral_id)
    assert (found.state, found.lead_id) == (ReferralState.DISPUTED, town.lights_id)
    assert day(found.due_at) == "11-05"
    step(wiring, referral_id, town.fang_id, referral_office.decide_dispute, uphold=False, lead_id=town.homes_id, words="由住建牵头。")
    found = row(wiring, referral_id)
    assert (found.state, found.lead_id, found.officer_id) == (ReferralState.ASSIGNED, town.homes_id, None)
    with pytest.raises(Forbidden):
        step(wiring, referral_id, town.gao_id, referral_department.sign)
    step(wiring, referral_id, town.wu_id, referral_department.sign)


def test_an_upheld_dispute_leaves_the_lead_and_its_day(wiring: Wiring, town: Town, referral_id: int) -> None:
    due = row(wiring, signed(wiring, town, referral_id)).answer_due_at
    step(wiring, referral_id, town.gao_id, referral_department.dispute, proposed_id=None, words="不是我们的。")
    step(wiring, referral_id, town.fang_id, referral_office.decide_dispute, uphold=True, words="仍由城管办理。")
    found = row(wiring, referral_id)
    assert (found.state, found.lead_id, found.due_at) == (ReferralState.IN_PROGRESS, town.lights_id, due)
    with pytest.raises(InvalidTransition):
        step(wiring, referral_id, town.fang_id, referral_office.decide_dispute, uphold=True, words="再裁一次。")


def test_more_time_moves_the_day_and_is_limited(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    for _ in range(2):
        extension_id = step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=5, words="等配件。")
        with pytest.raises(Conflict, match="已经申请过"):
            step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=5, words="等配件。")
        step(wiring, referral_id, town.fang_id, referral_office.decide_extension, extension_id=extension_id, grant=True, words="")
    assert day(row(wiring, referral_id).answer_due_at) == "12-01"
    with pytest.raises(Conflict, match="不能再延"):
        step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=5, words="还要。")


@pytest.mark.parametrize("days", [0, 11, -3])
def test_too_many_days_are_refused_at_their_field(wiring: Wiring, town: Town, referral_id: int, days: int) -> None:
    signed(wiring, town, referral_id)
    with pytest.raises(InvalidInput) as refused:
        step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=days, words="等配件。")
    assert refused.value.field == "days"


def test_a_refused_extension_needs_words_and_leaves_the_day(wiring: Wiring, town: Town, referral_id: int) -> None:
    due = row(wiring, signed(wiring, town, referral_id)).answer_due_at
    extension_id = step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=5, words="等配件。")
    decision = {"extension_id": extension_id, "grant": False}
    with pytest.raises(InvalidInput):
        step(wiring, referral_id, town.fang_id, referral_office.decide_extension, **decision, words=" ")
    step(wiring, referral_id, town.fang_id, referral_office.decide_extension, **decision, words="居民等得久了，请先修。")
    assert row(wiring, referral_id).answer_due_at == due
    with pytest.raises(Conflict):
        step(wiring, referral_id, town.fang_id, referral_office.decide_extension, **decision, words="再答一次。")


def test_a_pause_moves_the_day_by_the_working_days_it_lasted(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    step(wiring, referral_id, town.fang_id, referral_office.pause, reason=PauseReason.SEASON.value, words="连日大雨。")
    with pytest.raises(Conflict):
        step(wiring, referral_id, town.fang_id, referral_office.pause, reason=PauseReason.SEASON.value, words="连日大雨。")
    wiring.clock.forward(days=7)  # type: ignore[attr-defined]
    step(wiring, referral_id, town.fang_id, referral_office.resume)
    found = row(wiring, referral_id)
    assert found.paused_at is None
    assert day(found.answer_due_at) == "11-24"


def test_an_answer_ends_a_pause_and_an_open_request_for_time(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=5, words="等配件。")
    step(wiring, referral_id, town.fang_id, referral_office.pause, reason=PauseReason.OUTSIDE.value, words="等批复。")
    step(wiring, referral_id, town.gao_id, referral_department.reply, **ANSWER)
    with wiring.sessions() as session:
        assert session.query(Extension).one().state == "refused"
    assert row(wiring, referral_id).paused_at is None


def test_a_return_puts_the_submission_before_its_sender_again(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = assigned(wiring, town, referred(wiring, town, stored))
    step(wiring, referral_id, town.fang_id, referral_office.hand_back, reason=ReasonCode.UNCLEAR.value, words="请先说明是哪几盏。")
    found = submission_of(wiring, stored)
    assert (found.state, found.owner_id) == (SubmissionState.TRIAGED, town.zhou_id)
    assert found.escalate_at is not None
    assert row(wiring, referral_id).state is ReferralState.RETURNED
    again = referred(wiring, town, stored)
    assert again != referral_id


def test_a_return_goes_by_the_rota_when_its_sender_is_gone(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = referred(wiring, town, stored)
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=town.zhou_id).delete()
    step(wiring, referral_id, town.fang_id, referral_office.hand_back, reason=ReasonCode.NOT_OURS.value, words="不属于本级。")
    assert submission_of(wiring, stored).owner_id == town.laozhou_id


def test_a_return_goes_by_the_rota_when_its_sender_decides_no_more(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = referred(wiring, town, stored)
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=town.zhou_id).one().role = Role.CHAIR
    step(wiring, referral_id, town.fang_id, referral_office.hand_back, reason=ReasonCode.NOT_OURS.value, words="不属于本级。")
    assert submission_of(wiring, stored).owner_id == town.laozhou_id


@pytest.mark.parametrize("how", ["returned", "withdrawn"])
def test_of_a_referral_that_ends_unanswered_nothing_stays_open(wiring: Wiring, town: Town, how: str) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = signed(wiring, town, referred(wiring, town, stored))
    step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=3, words="等配件。")
    step(wiring, referral_id, town.fang_id, referral_office.pause, reason=PauseReason.SEASON.value, words="连日大雨。")
    if how == "withdrawn":
        with wiring.sessions.begin() as session:
            withdraw(session, submission_id=stored.submission_id, at=wiring.clock.now())
    else:
        step(wiring, referral_id, town.gao_id, referral_department.dispute, proposed_id=None, words="不是路灯，是小区的灯。")
        step(wiring, referral_id, town.fang_id, referral_office.hand_back, reason=ReasonCode.UNCLEAR.value, words="请先说明是哪几盏。")
    with wiring.sessions() as session:
        fang = actor(session, town.fang_id)
        counts = tally(session, fang, ReferralFilter(office_id=town.office_id), WAITING, at=wiring.clock.now())
        assert (counts.extensions, session.query(Extension).one().state) == (0, "refused")
        assert (row(wiring, referral_id).paused_at, session.query(Pause).one().ended_at) == (None, wiring.clock.now())


def test_whoever_helped_and_leads_now_does_not_help_itself(wiring: Wiring, town: Town, referral_id: int) -> None:
    assigned(wiring, town, referral_id, helper_ids=(town.homes_id,))
    step(wiring, referral_id, town.fang_id, referral_office.reassign, lead_id=town.homes_id, words="灯在小区里面。")
    assert row(wiring, referral_id).lead_id == town.homes_id
    with wiring.sessions() as session:
        assert session.query(ReferralHelper).count() == 0


def test_who_convenes_here_and_follows_there_checks_in_both(wiring: Wiring, town: Town, referral_id: int) -> None:
    replied(wiring, town, referral_id)
    with wiring.sessions() as session:
        qinghe = session.query(Area).filter_by(name="清河街道").one().id
    both = person_with(wiring, "both", "两处都在的", (Role.STAFF, qinghe), (Role.CONVENOR, town.street_id))
    with wiring.sessions() as session:
        assert [one.id for one in to_check(session, actor(session, both)).rows] == [referral_id]


def test_what_was_sent_back_is_not_answered(wiring: Wiring, town: Town, referral_id: int) -> None:
    replied(wiring, town, referral_id)
    step(wiring, referral_id, town.zhou_id, referral_check.send_back, words="哪天修好的？")
    assert row(wiring, referral_id).replied_at is None
    step(wiring, referral_id, town.gao_id, referral_department.reply, **ANSWER)
    assert row(wiring, referral_id).replied_at == wiring.clock.now()


def test_an_answer_is_sent_back_once(wiring: Wiring, town: Town, referral_id: int) -> None:
    replied(wiring, town, referral_id)
    step(wiring, referral_id, town.zhou_id, referral_check.send_back, words="没有说什么时候修。")
    assert row(wiring, referral_id).state is ReferralState.IN_PROGRESS
    step(wiring, referral_id, town.gao_id, referral_department.reply, **ANSWER)
    with pytest.raises(Conflict, match="退回补充过一次"):
        step(wiring, referral_id, town.zhou_id, referral_check.send_back, words="还是不全。")
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver, words="其余的我再去问。")
    with wiring.sessions() as session:
        assert session.query(Answer).count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"outcome": "wonderful"}, "outcome"),
        ({"words": " \n"}, "words"),
        ({"words": "字" * (ANSWER_MAX + 1)}, "words"),
        ({"reason": ""}, "reason"),
        ({"outcome": "not_possible", "reason": ""}, "reason"),
        ({"signed_name": ""}, "signed_name"),
    ],
)
def test_an_answer_that_lacks_something_names_it(wiring: Wiring, town: Town, referral_id: int, change: dict[str, str], field: str) -> None:
    signed(wiring, town, referral_id)
    with pytest.raises(InvalidInput) as refused:
        step(wiring, referral_id, town.gao_id, referral_department.reply, **{**ANSWER, **change})
    assert refused.value.field == field
    assert row(wiring, referral_id).state is ReferralState.IN_PROGRESS


def test_two_officers_answer_at_once_and_one_answer_is_kept(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    with wiring.sessions() as session:
        first, second = (acting(session, wiring, referral_id, user) for user in (town.gao_id, town.sun_id))
    ended = at_once(
        wiring,
        lambda session: referral_department.reply(session, first, **ANSWER),
        lambda session: referral_department.reply(session, second, **ANSWER),
    )
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "NoneType"]
    with wiring.sessions() as session:
        assert session.query(Answer).count() == 1


def test_a_withdrawn_submission_takes_its_referral_back(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = signed(wiring, town, referred(wiring, town, stored))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=wiring.clock.now())
    assert row(wiring, referral_id).state is ReferralState.CANCELLED
    with pytest.raises(InvalidTransition):
        step(wiring, referral_id, town.gao_id, referral_department.reply, **ANSWER)


def test_an_answer_to_a_withdrawn_submission_is_delivered_to_nobody(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = replied(wiring, town, referred(wiring, town, stored))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=wiring.clock.now())
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver)
    with wiring.sessions() as session:
        assert session.query(Outcome).count() == 0
    assert submission_of(wiring, stored).state is SubmissionState.WITHDRAWN


def test_a_member_takes_a_referral_back_until_the_office_has_it(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    undo: dict[str, Any] = {
        "submission_id": stored.submission_id,
        "workflow": wiring.workflow,
        "undo_seconds": 60,
        "at": wiring.clock.now(),
    }
    first = referred(wiring, town, stored)
    with wiring.sessions.begin() as session:
        decide.undo(session, actor=actor(session, town.zhou_id), **undo)
    assert row(wiring, first).state is ReferralState.CANCELLED
    second = referred(wiring, town, stored)
    step(wiring, second, town.fang_id, referral_office.accept)
    with pytest.raises(Conflict, match="已经接收"), wiring.sessions.begin() as session:
        decide.undo(session, actor=actor(session, town.zhou_id), **undo)
    assert submission_of(wiring, stored).state is SubmissionState.REFERRED


def test_everyone_behind_a_referred_topic_is_told(wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, f"幸福里{n}栋路灯不亮") for n in (1, 2, 3)]
    topic_id = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯不亮", *voices))
    referral_id = referred_topic(wiring, town, topic_id)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=voices[2].submission_id, at=wiring.clock.now())
    replied(wiring, town, referral_id)
    step(wiring, referral_id, town.jing_id, referral_check.check_and_deliver)
    states = [submission_of(wiring, voice).state for voice in voices]
    assert states == [SubmissionState.REPORTED_BACK, SubmissionState.REPORTED_BACK, SubmissionState.WITHDRAWN]
    with wiring.sessions() as session:
        assert {one.submission_id for one in session.query(Outcome)} == {voice.submission_id for voice in voices[:2]}


def test_a_topic_whose_referral_is_out_cannot_be_merged(wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, f"幸福里{n}栋路灯不亮") for n in (1, 2)]
    topic_id, other_id = (
        taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, f"路灯{n}", voice)) for n, voice in enumerate(voices)
    )
    referral_id = referred_topic(wiring, town, topic_id)
    with pytest.raises(InvalidTransition):
        decided(wiring, town.jing_id, topic_id, TopicAction.MERGE, "同一件事。", target=other_id)
    with pytest.raises(Conflict):
        decided(wiring, town.jing_id, other_id, TopicAction.MERGE, "同一件事。", target=topic_id)
    step(wiring, referral_id, town.fang_id, referral_office.hand_back, reason=ReasonCode.DUPLICATE.value, words="另有一件在办。")
    decided(wiring, town.jing_id, topic_id, TopicAction.MERGE, "同一件事。", target=other_id)
    with wiring.sessions() as session:
        assert session.get_one(Topic, topic_id).state is TopicState.MERGED


def test_only_the_office_that_has_it_assigns(wiring: Wiring, town: Town, referral_id: int) -> None:
    for user in (town.gao_id, town.jing_id, town.zhou_id):
        with pytest.raises(Forbidden):
            step(wiring, referral_id, user, referral_office.accept)
    with pytest.raises(NotFound):
        step(wiring, referral_id, town.stranger_id, referral_office.accept)


def test_an_office_cannot_lead_and_a_closed_unit_cannot_either(wiring: Wiring, town: Town, referral_id: int) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(Department, town.homes_id).active = False
    for unit in (None, town.office_id, town.homes_id):
        with pytest.raises(InvalidInput) as refused:
            step(wiring, referral_id, town.fang_id, referral_office.assign, lead_id=unit, words="")
        assert refused.value.field == "lead"


def test_helpers_sign_and_report_to_the_lead(wiring: Wiring, town: Town, referral_id: int) -> None:
    assigned(wiring, town, referral_id, helper_ids=(town.homes_id, town.lights_id))
    step(wiring, referral_id, town.wu_id, referral_department.helper_report, words="线路图已给城管。")
    with wiring.sessions() as session:
        helper = session.query(ReferralHelper).one()
        entry = session.query(ReferralEntry).order_by(ReferralEntry.id.desc()).first()
    assert (helper.department_id, helper.state) == (town.homes_id, "done")
    assert entry is not None
    assert (entry.department_id, entry.words) == (town.homes_id, "线路图已给城管。")
    with pytest.raises(Forbidden):
        step(wiring, referral_id, town.gao_id, referral_department.helper_report, words="我们是主办。")


def test_an_officer_hands_over_within_the_unit_only(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    step(wiring, referral_id, town.gao_id, referral_department.hand_over, officer_id=town.sun_id)
    assert row(wiring, referral_id).officer_id == town.sun_id
    with pytest.raises(InvalidInput):
        step(wiring, referral_id, town.gao_id, referral_department.hand_over, officer_id=town.wu_id)


def test_staff_enter_what_came_on_paper(wiring: Wiring, town: Town, referral_id: int) -> None:
    with pytest.raises(Forbidden):
        step(wiring, referral_id, town.zhou_id, referral_office.assign_on_paper, lead_id=town.lights_id)
    step(wiring, referral_id, town.jing_id, referral_office.assign_on_paper, lead_id=town.lights_id)
    paper = {**ANSWER, "paper_number": "云城管复〔2026〕12号", "paper_date": wiring.clock.now().date()}
    tomorrow = wiring.clock.now().date() + timedelta(days=1)
    with pytest.raises(InvalidInput) as refused:
        step(wiring, referral_id, town.jing_id, referral_check.paper_reply, **{**paper, "paper_date": tomorrow})
    assert refused.value.field == "paper_date"
    step(wiring, referral_id, town.jing_id, referral_check.paper_reply, **paper)
    step(wiring, referral_id, town.jing_id, referral_check.check_and_deliver)
    with wiring.sessions() as session:
        answer = session.query(Answer).one()
    assert (answer.department_id, answer.written_by, answer.paper_number) == (town.lights_id, town.jing_id, "云城管复〔2026〕12号")


def test_a_submission_has_one_open_referral(wiring: Wiring, town: Town, referral_id: int) -> None:
    with wiring.sessions() as session:
        submission_id = session.get_one(Referral, referral_id).submission_id
        assert submission_id is not None
        open_ones = session.query(Referral).filter_by(submission_id=submission_id).count()
        assert open_ones == 1
        assert referral_of(session, submission_id=submission_id).kind is ReferralKind.RELAY


def test_without_an_office_the_member_is_told_and_nothing_is_lost(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    with wiring.sessions.begin() as session:
        session.get_one(Department, town.office_id).active = False
    with pytest.raises(InvalidInput, match="还没有登记交办机关"):
        referred(wiring, town, stored)
    assert submission_of(wiring, stored).state is SubmissionState.TRIAGED
    assert deciding(wiring, town.zhou_id, stored).version == submission_of(wiring, stored).version


def test_reopening_gives_the_lead_a_new_day_and_the_resident_follows_it(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = delivered(wiring, town, referred(wiring, town, stored))
    wiring.clock.forward(days=1)  # type: ignore[attr-defined]
    with wiring.sessions.begin() as session:
        outcome_id = session.query(Outcome).one().id
        say_verdict(
            session,
            submission_id=stored.submission_id,
            outcome_id=outcome_id,
            verdict=Verdict.NOT_SOLVED,
            words="还是不亮",
            workflow=wiring.workflow,
            at=wiring.clock.now(),
        )
    assert submission_of(wiring, stored).state is SubmissionState.REOPENED
    step(wiring, referral_id, town.zhou_id, referral_check.reopen, submission_id=stored.submission_id, words="现场看过，确实又不亮。")
    found = row(wiring, referral_id)
    assert (found.state, found.reopened, found.lead_id) == (ReferralState.ASSIGNED, 1, town.lights_id)
    assert submission_of(wiring, stored).state is SubmissionState.REFERRED
    step(wiring, referral_id, town.gao_id, referral_department.sign)
    step(wiring, referral_id, town.gao_id, referral_department.reply, **ANSWER)
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver)
    with wiring.sessions() as session:
        assert session.query(Outcome).filter_by(submission_id=stored.submission_id).count() == 2
        assert session.query(Outcome).filter(Outcome.superseded_at.is_(None)).count() == 1
        assert session.get_one(Submission, stored.submission_id).state is SubmissionState.ANSWERED


def test_an_answer_nobody_waits_for_any_more_is_not_sent_back(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = replied(wiring, town, referred(wiring, town, stored))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=wiring.clock.now())
    with pytest.raises(Conflict, match="已经撤回"):
        step(wiring, referral_id, town.zhou_id, referral_check.send_back, words="什么时候换新的？")
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver)
    assert row(wiring, referral_id).state is ReferralState.DELIVERED


def test_the_extensions_of_a_former_lead_do_not_count_for_the_next(wiring: Wiring, town: Town, referral_id: int, clock: TestClock) -> None:
    signed(wiring, town, referral_id)
    most = wiring.workflow.referral.extensions_most
    for _ in range(most):
        asked = step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=2, words="等配件。")
        step(wiring, referral_id, town.fang_id, referral_office.decide_extension, extension_id=asked, grant=True, words="")
    with pytest.raises(Conflict, match="不能再延"):
        step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=2, words="还要等。")
    clock.forward(minutes=1)
    step(wiring, referral_id, town.fang_id, referral_office.reassign, lead_id=town.homes_id, words="归住建部门。")
    step(wiring, referral_id, town.wu_id, referral_department.sign)
    assert step(wiring, referral_id, town.wu_id, referral_department.ask_extension, days=2, words="要现场查看。") is not None


def test_a_request_for_time_that_falls_away_stands_in_the_record(wiring: Wiring, town: Town, referral_id: int) -> None:
    signed(wiring, town, referral_id)
    step(wiring, referral_id, town.gao_id, referral_department.ask_extension, days=5, words="等配件。")
    step(wiring, referral_id, town.gao_id, referral_department.reply, **ANSWER)
    with wiring.sessions() as session:
        entry = session.query(ReferralEntry).filter_by(kind=EntryKind.EXTENSION_DECISION).one()
    assert (entry.reason_code, entry.written_by, entry.for_resident) == ("fell_away", None, False)
