"""Two act on a referral and on what stands behind it in the same moment: topics, submissions, referral, in that order, and nobody waits for ever."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from intake.domain.referral import ReasonCode, ReferralState
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.topic import TopicAction
from intake.models import Alarm, Referral
from intake.services import alarm as alarms
from intake.services import referral_check, referral_office, submission_withdraw
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.topic_class import open_class
from intake.wiring import Wiring
from tests.factories.matters import decided, taken_up, told, topic_of
from tests.factories.referrals import acting, referral_of, referred, replied
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once, wait_until_somebody_waits

Act = Callable[[Session], object]


def in_the_middle(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str], act: Act, *, other: Act
) -> tuple[list[Exception | None], list[Exception | None]]:
    """How `act` and `other` ended, when `other` begins where `act` calls what stands at `place` and is waiting before it goes on."""
    ended: list[Exception | None] = []
    second = threading.Thread(target=lambda: ended.extend(at_once(wiring, other)))
    before = getattr(*place)

    def interrupted(*args: object, **named: object) -> object:
        monkeypatch.setattr(*place, before)
        second.start()
        wait_until_somebody_waits(wiring)
        return before(*args, **named)

    monkeypatch.setattr(*place, interrupted)
    first = at_once(wiring, act)
    second.join()
    return first, ended


def withdrawing(wiring: Wiring, stored: Stored) -> Act:
    return lambda session: withdraw(session, submission_id=stored.submission_id, at=wiring.clock.now())


def test_a_resident_withdraws_while_the_office_hands_it_back(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    referral_id = referred(wiring, town, stored)

    def hand_back(session: Session) -> None:
        acts = acting(session, wiring, referral_id, town.fang_id)
        referral_office.hand_back(session, acts, reason=ReasonCode.UNCLEAR.value, words="请写明楼栋。")

    place = (referral_office, "words_needed")
    assert in_the_middle(wiring, monkeypatch, place, hand_back, other=withdrawing(wiring, stored)) == ([None], [None])
    with wiring.sessions() as session:
        assert session.get_one(Referral, referral_id).state is ReferralState.RETURNED
    assert submission_of(wiring, stored).state is SubmissionState.WITHDRAWN


def test_a_resident_withdraws_while_the_answer_to_a_class_is_delivered(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever withdraws holds the class before the submission, since its counts are written anew."""
    voices = [told(wiring, code, "路灯不亮") for code in (town.longchi_code, town.ziwei_code)]
    referral_id = class_replied(wiring, town, voices)

    def deliver(session: Session) -> None:
        referral_check.check_and_deliver(session, acting(session, wiring, referral_id, town.jing_id))

    place = (submission_withdraw, "cancel_for_submission")
    assert in_the_middle(wiring, monkeypatch, place, withdrawing(wiring, voices[0]), other=deliver) == ([None], [None])


def class_replied(wiring: Wiring, town: Town, voices: list[Stored]) -> int:
    """The referral of a class of the voices' matters, answered."""
    matters = [topic_of(wiring, town.jing_id, f"第 {n} 处路灯", voice) for n, voice in enumerate(voices)]
    with wiring.sessions.begin() as session:
        class_id = open_class(
            session, actor=actor(session, town.jing_id), topic_ids=matters, title="多个社区路灯不亮", at=wiring.clock.now()
        ).id
    taken_up(wiring, town.jing_id, class_id)
    decided(wiring, town.jing_id, class_id, TopicAction.REFER, "请有关单位统一办理。")
    with wiring.sessions() as session:
        referral_id = referral_of(session, topic_id=class_id).id
    return replied(wiring, town, referral_id)


def test_a_member_calls_for_what_the_sweep_is_just_raising(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = told(wiring, town.longchi_code, "幸福里3栋煤气味很重", urgency=Urgency.EMERGENCY)
    version = submission_of(wiring, stored).version

    def call(session: Session) -> None:
        zhou = actor(session, town.zhou_id)
        alarms.raise_by_person(session, actor=zhou, submission_id=stored.submission_id, version=version, at=wiring.clock.now())

    def sweep(session: Session) -> int:
        return alarms.raise_missing(session, at=wiring.clock.now(), limit=50)

    ended = in_the_middle(wiring, monkeypatch, (alarms, "_lock_submission"), call, other=sweep)
    assert ended == ([None], [None])
    with wiring.sessions() as session:
        assert session.query(Alarm).filter_by(submission_id=stored.submission_id).count() == 1
