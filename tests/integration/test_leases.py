"""认领: one at a time has a card; it comes back by itself; nobody writes for nothing."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, NotFound
from intake.domain.submission import Urgency
from intake.models import AuditEntry, SubmissionLease
from intake.queries.lease import Holder, holders
from intake.services import lease
from intake.services import submission_decide as decide
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.hands import looked_at
from tests.factories.matters import deciding, told
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.integration.test_two_members import Act, at_once
from workers.jobs import apply_retention

MINUTES = 10


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")


def takes_over(wiring: Wiring, user_id: int, stored: Stored) -> Holder:
    with wiring.sessions.begin() as session:
        person = actor(session, user_id)
        return lease.take_over(session, actor=person, submission_id=stored.submission_id, minutes=MINUTES, at=wiring.clock.now())


def holder_of(wiring: Wiring, stored: Stored) -> int | None:
    with wiring.sessions() as session:
        found = holders(session, [stored.submission_id], at=wiring.clock.now()).get(stored.submission_id)
        return found.user_id if found is not None else None


def answers(wiring: Wiring, user_id: int, stored: Stored) -> None:
    card = deciding(wiring, user_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经报修。")


def test_who_opens_a_card_has_it_for_ten_minutes_and_others_read_who(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    until = clock.now() + timedelta(minutes=MINUTES)
    assert looked_at(wiring, town.zhou_id, lamp) == Holder(town.zhou_id, "周明远", until)
    assert looked_at(wiring, town.laozhou_id, lamp) == Holder(town.zhou_id, "周明远", until)
    with pytest.raises(Conflict, match=r"周明远正在看这一件，到 09:10。您写的还在"):
        answers(wiring, town.laozhou_id, lamp)
    clock.forward(minutes=9)
    looked_at(wiring, town.zhou_id, lamp)  # who goes on looking, goes on having it
    clock.forward(minutes=9)
    assert holder_of(wiring, lamp) == town.zhou_id
    clock.forward(minutes=1)
    assert holder_of(wiring, lamp) is None
    answers(wiring, town.laozhou_id, lamp)


def test_one_person_holds_only_what_they_look_at(wiring: Wiring, town: Town, lamp: Stored) -> None:
    bin_ = told(wiring, town.ziwei_code, "垃圾没人收")
    looked_at(wiring, town.zhou_id, lamp)
    looked_at(wiring, town.laozhou_id, bin_)
    assert looked_at(wiring, town.zhou_id, bin_).user_id == town.laozhou_id  # type: ignore[union-attr]  # somebody has it
    assert holder_of(wiring, lamp) == town.zhou_id  # what couldn't be had lets go of nothing
    with wiring.sessions.begin() as session:
        lease.release(session, actor=actor(session, town.laozhou_id))
    looked_at(wiring, town.zhou_id, bin_)
    assert (holder_of(wiring, lamp), holder_of(wiring, bin_)) == (None, town.zhou_id)


def test_a_decision_gives_it_back_and_a_decided_card_is_nobodys(wiring: Wiring, town: Town, lamp: Stored, session: Session) -> None:
    looked_at(wiring, town.zhou_id, lamp)
    answers(wiring, town.zhou_id, lamp)
    assert session.query(SubmissionLease).count() == 0
    assert looked_at(wiring, town.laozhou_id, lamp) is None
    with pytest.raises(Conflict):
        takes_over(wiring, town.laozhou_id, lamp)


# Who decides there at all: not a member of another street, not an administrator, not another district's staff.
@pytest.mark.parametrize("who", ["shiqiao_member_id", "li_id", "stranger_id"])
def test_nobody_else_can_hold_it(wiring: Wiring, town: Town, lamp: Stored, who: str) -> None:
    assert looked_at(wiring, getattr(town, who), lamp) is None
    with pytest.raises((Forbidden, NotFound)):
        takes_over(wiring, getattr(town, who), lamp)
    assert holder_of(wiring, lamp) is None


def test_convenor_and_staff_take_over_and_it_is_written_down(wiring: Wiring, town: Town, session: Session) -> None:
    stored = told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    looked_at(wiring, town.qing_id, stored)
    with pytest.raises(Forbidden, match="只有召集人和区政协工作人员"):
        takes_over(wiring, town.zhou_id, stored)
    takes_over(wiring, town.laozhou_id, stored)
    takes_over(wiring, town.jing_id, stored)
    with pytest.raises(Conflict, match="王静正在看这一件"):
        answers(wiring, town.qing_id, stored)
    rows = session.query(AuditEntry).filter_by(action="submission.take_over", entity_id=stored.submission_id).order_by(AuditEntry.id)
    assert [(row.actor_id, row.detail) for row in rows] == [
        (town.laozhou_id, {"from_user": town.qing_id}),
        (town.jing_id, {"from_user": town.laozhou_id}),
    ]


def test_an_emergency_waits_for_nobody(wiring: Wiring, town: Town) -> None:
    gas = told(wiring, town.ziwei_code, "楼道里煤气味很重", urgency=Urgency.EMERGENCY)
    looked_at(wiring, town.laozhou_id, gas)
    takes_over(wiring, town.qing_id, gas)
    answers(wiring, town.zhou_id, gas)


@pytest.mark.parametrize("attempt", range(5))
def test_of_many_who_open_it_at_once_one_has_it(wiring: Wiring, town: Town, lamp: Stored, attempt: int) -> None:
    people = (town.zhou_id, town.laozhou_id, town.jing_id)
    with wiring.sessions() as session:
        actors = [actor(session, user_id) for user_id in people]
    seen: list[Holder | None] = []

    def take(number: int) -> Act:
        person = actors[number % len(actors)]
        return lambda s: seen.append(lease.take(s, actor=person, submission_id=lamp.submission_id, minutes=MINUTES, at=wiring.clock.now()))

    assert at_once(wiring, *(take(number) for number in range(6))) == [None] * 6
    winner = holder_of(wiring, lamp)
    assert winner in people
    # Who lost reads who has it: the winner, or (before the winner's transaction was visible) nobody yet, never themselves.
    assert {holder.user_id for holder in seen if holder is not None} <= {winner}
    assert any(holder is not None for holder in seen)


# Each takes the card that the other holds: neither waits for the other for ever.
@pytest.mark.parametrize("attempt", range(5))
def test_two_who_change_places_do_not_wait_for_each_other(wiring: Wiring, town: Town, lamp: Stored, attempt: int) -> None:
    bin_ = told(wiring, town.ziwei_code, "垃圾没人收")
    looked_at(wiring, town.laozhou_id, lamp)
    looked_at(wiring, town.jing_id, bin_)
    with wiring.sessions() as session:
        laozhou, jing = actor(session, town.laozhou_id), actor(session, town.jing_id)

    def over(person: Actor, stored: Stored) -> Act:
        return lambda s: lease.take_over(s, actor=person, submission_id=stored.submission_id, minutes=MINUTES, at=wiring.clock.now())

    assert at_once(wiring, over(laozhou, bin_), over(jing, lamp)) == [None, None]
    assert (holder_of(wiring, lamp), holder_of(wiring, bin_)) == (town.jing_id, town.laozhou_id)


@pytest.mark.parametrize("attempt", range(3))
def test_a_decision_and_a_take_over_at_once_lose_nothing(wiring: Wiring, town: Town, lamp: Stored, attempt: int) -> None:
    looked_at(wiring, town.zhou_id, lamp)
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions() as session:
        laozhou = actor(session, town.laozhou_id)
    ended = at_once(
        wiring,
        lambda s: decide.answer(s, card, words="已经报修。"),
        lambda s: lease.take_over(s, actor=laozhou, submission_id=lamp.submission_id, minutes=MINUTES, at=wiring.clock.now()),
    )
    # Either may be told that the other was faster; both can also fit one after the other.
    assert all(error is None or isinstance(error, Conflict) for error in ended), ended
    assert ended.count(None) >= 1


def test_rows_long_past_are_swept(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock, session: Session) -> None:
    looked_at(wiring, town.zhou_id, lamp)
    clock.forward(hours=24)
    with jobs_in_this_process(wiring):
        apply_retention.run()
        assert session.query(SubmissionLease).count() == 1
        session.rollback()
        clock.forward(minutes=11)
        apply_retention.run()
    assert session.query(SubmissionLease).count() == 0
