"""紧急呼叫: everyone concerned is called once for each emergency, sees it timed, and is called again while nobody takes it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.alarm import AlarmState, CalledAs, CloseReason, GiveBackReason
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.held import Held
from intake.domain.permission import Role
from intake.domain.referral import UnitKind
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.triage_result import Verdict
from intake.models import Alarm, AlarmCall, Area, AuditEntry, Department, HistoryEntry, Submission, User
from intake.ports import NullJobQueue, Wake
from intake.queries.alarm import alarm_steps, alarms_page, calls_of, ringing
from intake.services.alarm import LOOKED_BACK, Answering, close, give_back, mark_seen, raise_by_person, take
from intake.services.person import create_user, grant_role
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import held, told, topic_of, topic_row
from tests.factories.sentences import say, submission_of
from tests.factories.town import PASSWORD, Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import alarms, triage_batch

GAS = "幸福里3栋楼道里煤气味很重，有人晕倒了"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[NullJobQueue]:
    wiring.queue = queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield queue


@pytest.fixture
def duty_id(wiring: Wiring, town: Town) -> int:
    """值守小赵, of the district's 值班室."""
    return works_at(wiring, town, "区政府总值班室", UnitKind.DUTY, "zhishou", "值守小赵")


def works_at(wiring: Wiring, town: Town, unit: str, kind: UnitKind, login: str, name: str) -> int:
    with wiring.sessions.begin() as session:
        office = Department(district_id=town.district_id, name=unit, kind=kind, categories=[], created_at=wiring.clock.now())
        session.add(office)
        session.flush()
        user = create_user(session, district_id=town.district_id, login=login, name=name, password=PASSWORD, at=wiring.clock.now())
        user.department_id = office.id
        grant_role(session, actor=MACHINE, user=user, role=Role.OFFICE, area=session.get_one(Area, town.district_id), at=wiring.clock.now())
        return user.id


def gas(wiring: Wiring, town: Town) -> Stored:
    """An emergency that was found, and for which everyone was called."""
    stored = told(wiring, town.longchi_code, GAS, urgency=Urgency.EMERGENCY)
    alarms.run()
    return stored


def alarm_of(wiring: Wiring, stored: Stored) -> Alarm:
    with wiring.sessions() as session:
        return session.scalars(select(Alarm).where(Alarm.submission_id == stored.submission_id)).one()


def called(wiring: Wiring, stored: Stored) -> dict[int, str]:
    with wiring.sessions() as session:
        calls = session.scalars(select(AlarmCall).where(AlarmCall.alarm_id == alarm_of(wiring, stored).id))
        return {call.user_id: call.as_role for call in calls}


def answering(wiring: Wiring, user_id: int, stored: Stored) -> Answering:
    alarm = alarm_of(wiring, stored)
    with wiring.sessions() as session:
        return Answering(actor=actor(session, user_id), alarm_id=alarm.id, version=alarm.version, at=wiring.clock.now())


def rings_for(wiring: Wiring, *user_ids: int) -> list[int]:
    with wiring.sessions() as session:
        return [user_id for user_id in user_ids if ringing(session, actor(session, user_id)) is not None]


def sees(wiring: Wiring, user_id: int, stored: Stored) -> None:
    with wiring.sessions.begin() as session:
        mark_seen(session, actor(session, user_id), [alarm_of(wiring, stored).id], at=wiring.clock.now())


def steps(wiring: Wiring, stored: Stored) -> list[tuple[str, str]]:
    with wiring.sessions() as session:
        return [(step.words, step.written) for step in alarm_steps(session, stored.submission_id)]


# --- raising ------------------------------------------------------------------------------------------------------------------------


def test_triage_wakes_and_everyone_concerned_is_called_once(
    wiring: Wiring, town: Town, duty_id: int, in_process: NullJobQueue, session: Session
) -> None:
    stored = say(wiring, town.longchi_code, GAS)
    triage_batch.run()
    assert Wake.ALARM in in_process.woken
    alarms.run()
    alarms.run()
    assert called(wiring, stored) == {
        town.zhou_id: CalledAs.DUTY_MEMBER,
        town.jing_id: CalledAs.STAFF,
        duty_id: CalledAs.DUTY_OFFICE,
    }
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.noun == "alarm")).all() == ["alarm.raise"]


def test_what_is_no_emergency_wakes_and_calls_nobody(wiring: Wiring, town: Town, in_process: NullJobQueue, session: Session) -> None:
    say(wiring, town.longchi_code, "幸福里3栋门口的路灯坏了半个月")
    triage_batch.run()
    alarms.run()
    assert Wake.ALARM not in in_process.woken
    assert session.scalars(select(Alarm.id)).all() == []


# An office that only assigns isn't called, nor somebody of another district or a neighbouring community.
def test_nobody_else_is_called_or_sees_it(wiring: Wiring, town: Town) -> None:
    office_id = works_at(wiring, town, "区委办", UnitKind.OFFICE, "weiban", "委办小孙")
    stored = gas(wiring, town)
    assert set(called(wiring, stored)) == {town.zhou_id, town.jing_id}
    with wiring.sessions() as session:
        for user_id in (office_id, town.stranger_id, town.shiqiao_member_id, town.li_id):
            who = actor(session, user_id)
            assert alarms_page(session, who).rows == (), user_id
            assert ringing(session, who) is None
        for user_id in (office_id, town.stranger_id, town.shiqiao_member_id):
            with pytest.raises((NotFound, Forbidden)):
                take(session, answering(wiring, user_id, stored))


def test_a_duty_office_sees_what_was_raised_before_its_people_came(wiring: Wiring, town: Town) -> None:
    gas(wiring, town)
    late = works_at(wiring, town, "区政府总值班室", UnitKind.DUTY, "zhishou", "值守小赵")
    with wiring.sessions() as session:
        assert [row.text for row in alarms_page(session, actor(session, late)).rows] == [GAS]


def test_a_closed_duty_office_sees_nothing_more_but_what_it_was_called_to(wiring: Wiring, town: Town, duty_id: int) -> None:
    before = gas(wiring, town)
    with wiring.sessions.begin() as session:
        session.get_one(Department, actor(session, duty_id).unit_id).active = False
    gas(wiring, town)
    with wiring.sessions() as session:
        assert [row.id for row in alarms_page(session, actor(session, duty_id)).rows] == [alarm_of(wiring, before).id]


# Whatever the state: what is held back for staff has no owner yet, and the member whose turn it would be is called.
def test_one_that_was_held_back_or_withdrawn_calls_all_the_same(wiring: Wiring, town: Town) -> None:
    kept_back = held(wiring, town.longchi_code, "快来人，着火了", Held.FLOODING)
    with wiring.sessions.begin() as session:
        session.get_one(Submission, kept_back.submission_id).urgency = Urgency.EMERGENCY
    gone = told(wiring, town.longchi_code, GAS, urgency=Urgency.EMERGENCY)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=gone.submission_id, at=wiring.clock.now())
    alarms.run()
    assert submission_of(wiring, kept_back).state is SubmissionState.QUARANTINED
    for stored in (kept_back, gone):
        assert called(wiring, stored)[town.zhou_id] == CalledAs.DUTY_MEMBER


def test_the_sweep_leaves_alone_what_is_older_than_its_look_back(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    told(wiring, town.longchi_code, GAS, urgency=Urgency.EMERGENCY)
    clock.forward(seconds=LOOKED_BACK.total_seconds())
    alarms.run()
    assert session.scalars(select(Alarm.id)).all() == []


def test_a_member_who_sees_an_emergency_calls_at_once(wiring: Wiring, town: Town, duty_id: int) -> None:
    stored = told(wiring, town.longchi_code, "楼道里有点味道", verdict=Verdict.OPEN)
    row = submission_of(wiring, stored)
    with wiring.sessions.begin() as session:
        raise_by_person(session, actor=actor(session, town.zhou_id), submission_id=row.id, version=row.version, at=wiring.clock.now())
    assert set(called(wiring, stored)) == {town.zhou_id, town.jing_id, duty_id}
    raised = submission_of(wiring, stored)
    assert (raised.urgency, raised.version) == (Urgency.EMERGENCY, row.version + 1)
    with wiring.sessions() as session:
        who = actor(session, town.zhou_id)
        with pytest.raises(Conflict, match="刚刚有变化"):
            raise_by_person(session, actor=who, submission_id=row.id, version=row.version, at=wiring.clock.now())
        with pytest.raises(Conflict, match="已经按紧急情况通知过了"):
            raise_by_person(session, actor=who, submission_id=row.id, version=raised.version, at=wiring.clock.now())
        with pytest.raises(Forbidden):
            raise_by_person(
                session, actor=actor(session, town.shiqiao_member_id), submission_id=row.id, version=raised.version, at=wiring.clock.now()
            )
        with pytest.raises(NotFound):
            raise_by_person(
                session, actor=actor(session, town.stranger_id), submission_id=row.id, version=raised.version, at=wiring.clock.now()
            )


# --- ringing ------------------------------------------------------------------------------------------------------------------------


def test_it_rings_until_seen_and_the_first_look_is_timed(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = gas(wiring, town)
    assert rings_for(wiring, town.zhou_id, town.jing_id, town.qing_id) == [town.zhou_id, town.jing_id]
    clock.forward(minutes=3)
    sees(wiring, town.zhou_id, stored)
    first = clock.now()
    clock.forward(minutes=1)
    sees(wiring, town.zhou_id, stored)
    assert rings_for(wiring, town.zhou_id, town.jing_id) == [town.jing_id]
    with wiring.sessions() as session:
        alarm_id = alarm_of(wiring, stored).id
        assert {call.name: call.seen_at for call in calls_of(session, [alarm_id])[alarm_id]} == {"周明远": first, "王静": None}


def test_while_nobody_takes_it_it_rings_again_for_everybody(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = gas(wiring, town)
    minutes = wiring.workflow.check.alarm_repeat_minutes
    for user_id in (town.zhou_id, town.jing_id):
        sees(wiring, user_id, stored)
    clock.forward(minutes=minutes, seconds=-1)
    alarms.run()
    assert rings_for(wiring, town.zhou_id, town.jing_id) == []
    clock.forward(seconds=1)
    alarms.run()
    assert alarm_of(wiring, stored).repeated_at == clock.now()
    assert rings_for(wiring, town.zhou_id, town.jing_id) == [town.zhou_id, town.jing_id]
    sees(wiring, town.jing_id, stored)
    assert rings_for(wiring, town.jing_id) == [town.jing_id]  # not once more unseen, but until somebody takes it
    with wiring.sessions.begin() as session:
        take(session, answering(wiring, town.zhou_id, stored))
    assert rings_for(wiring, town.jing_id) == []
    clock.forward(minutes=10 * minutes)
    before = alarm_of(wiring, stored).repeated_at
    alarms.run()
    assert alarm_of(wiring, stored).repeated_at == before


def test_calling_again_reaches_who_came_since(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = gas(wiring, town)
    late = works_at(wiring, town, "区政府总值班室", UnitKind.DUTY, "zhishou", "值守小赵")
    clock.forward(minutes=wiring.workflow.check.alarm_repeat_minutes)
    alarms.run()
    assert called(wiring, stored)[late] == CalledAs.DUTY_OFFICE


# --- in hand ------------------------------------------------------------------------------------------------------------------------


def test_one_takes_it_and_the_second_is_told(wiring: Wiring, town: Town) -> None:
    stored = gas(wiring, town)
    mine, hers = answering(wiring, town.zhou_id, stored), answering(wiring, town.jing_id, stored)
    with wiring.sessions.begin() as session:
        take(session, mine)
    with wiring.sessions() as session, pytest.raises(Conflict):
        take(session, hers)
    alarm = alarm_of(wiring, stored)
    assert (alarm.state, alarm.taken_by) == (AlarmState.TAKEN, town.zhou_id)


def test_given_back_with_a_reason_it_waits_anew(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    stored = gas(wiring, town)
    with wiring.sessions.begin() as writing:
        take(writing, answering(wiring, town.zhou_id, stored))
    with wiring.sessions() as writing, pytest.raises(InvalidInput) as refused:
        give_back(writing, answering(wiring, town.zhou_id, stored), reason="")
    assert refused.value.field == "reason"
    clock.forward(minutes=60)
    with wiring.sessions.begin() as writing:
        give_back(writing, answering(wiring, town.zhou_id, stored), reason=GiveBackReason.CANNOT_COME.value)
    alarm = alarm_of(wiring, stored)
    assert (alarm.state, alarm.taken_by) == (AlarmState.RAISED, None)
    alarms.run()
    assert alarm_of(wiring, stored).repeated_at is None  # its quarter of an hour starts when it was given back
    codes = session.scalars(select(HistoryEntry.reason_code).where(HistoryEntry.noun == "alarm", HistoryEntry.action == "give_back")).all()
    assert codes == ["cannot_come"]


def test_closing_needs_what_was_done_and_the_resident_reads_it(wiring: Wiring, town: Town, duty_id: int) -> None:
    stored = gas(wiring, town)
    for reason, words, field in (("", "已到场", "reason"), ("handled", "  ", "words"), ("handled", "长" * 501, "words")):
        with wiring.sessions() as session, pytest.raises(InvalidInput) as refused:
            close(session, answering(wiring, town.zhou_id, stored), reason=reason, words=words)
        assert refused.value.field == field
    with wiring.sessions.begin() as session:
        take(session, answering(wiring, town.zhou_id, stored))
    with wiring.sessions.begin() as session:
        close(session, answering(wiring, town.zhou_id, stored), reason=CloseReason.HANDLED.value, words="燃气公司已关阀，人已送医。")
    assert steps(wiring, stored) == [
        ("已通知值班委员、区政协、值班室。", ""),
        ("周明远正在处理。", ""),
        ("紧急情况已处理。", "燃气公司已关阀，人已送医。"),
    ]
    assert submission_of(wiring, stored).urgency is Urgency.EMERGENCY
    assert rings_for(wiring, town.zhou_id, town.jing_id, duty_id) == []


def test_who_never_had_one_reads_nothing_of_it(wiring: Wiring, town: Town) -> None:
    assert steps(wiring, told(wiring, town.longchi_code, "路灯坏了")) == []


def test_a_false_alarm_makes_it_an_ordinary_matter(wiring: Wiring, town: Town, session: Session) -> None:
    stored = gas(wiring, town)
    topic = topic_of(wiring, town.zhou_id, "煤气味", stored)
    before = submission_of(wiring, stored)
    assert topic_row(wiring, topic).urgency is Urgency.EMERGENCY
    with wiring.sessions.begin() as writing:
        close(writing, answering(wiring, town.jing_id, stored), reason=CloseReason.FALSE_ALARM.value, words="是邻居在炒辣椒。")
    after = submission_of(wiring, stored)
    assert (after.urgency, after.version, after.state) == (Urgency.NORMAL, before.version + 1, before.state)
    assert topic_row(wiring, topic).urgency is Urgency.NORMAL
    assert steps(wiring, stored)[-1] == ("看过了，不是紧急情况，按一般来件办理。", "是邻居在炒辣椒。")
    # The sweep doesn't bring it back.
    alarms.run()
    assert alarm_of(wiring, stored).state is AlarmState.CLOSED
    # Somebody who finds that it was one after all calls everybody again, and it is still the same alarm.
    with wiring.sessions.begin() as writing:
        raise_by_person(writing, actor=actor(writing, town.zhou_id), submission_id=after.id, version=after.version, at=wiring.clock.now())
    assert alarm_of(wiring, stored).state is AlarmState.RAISED
    assert rings_for(wiring, town.zhou_id, town.jing_id) == [town.zhou_id, town.jing_id]


def test_what_is_on_an_older_screen_is_refused(wiring: Wiring, town: Town) -> None:
    stored = gas(wiring, town)
    with wiring.sessions.begin() as session:
        take(session, answering(wiring, town.zhou_id, stored))
    old = replace(answering(wiring, town.jing_id, stored), version=1)
    with wiring.sessions() as session, pytest.raises(Conflict):
        close(session, old, reason="handled", words="已到场。")


def test_the_list_shows_open_ones_first_page_by_page(wiring: Wiring, town: Town, clock: TestClock) -> None:
    closed = gas(wiring, town)
    with wiring.sessions.begin() as session:
        close(session, answering(wiring, town.jing_id, closed), reason="handled", words="已到场。")
    for number in range(25):
        clock.forward(seconds=1)
        told(wiring, town.longchi_code, f"第 {number} 处起火", urgency=Urgency.EMERGENCY)
    alarms.run()
    with wiring.sessions() as session:
        who = actor(session, town.jing_id)
        first = alarms_page(session, who)
        second = alarms_page(session, who, after=first.next_key)
        assert (len(first.rows), first.open_count) == (20, 25)
        texts = [row.text for row in (*first.rows, *second.rows)]
        assert texts[:25] == [f"第 {number} 处起火" for number in reversed(range(25))]
        assert texts[25:] == [GAS]
        assert second.next_key == ""
        assert alarms_page(session, who, after="nonsense").rows == first.rows


def test_a_wave_is_raised_in_batches(wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "BATCH", 2)
    for number in range(5):
        told(wiring, town.longchi_code, f"第 {number} 处起火", urgency=Urgency.EMERGENCY)
    alarms.run()
    assert len(session.scalars(select(Alarm.id)).all()) == 5


def test_what_somebody_took_whose_account_was_closed_rings_again_at_once(
    wiring: Wiring, town: Town, duty_id: int, clock: TestClock
) -> None:
    stored = gas(wiring, town)
    with wiring.sessions.begin() as session:
        take(session, answering(wiring, duty_id, stored))
    alarms.run()
    assert alarm_of(wiring, stored).state is AlarmState.TAKEN, "whoever took it is there"
    with wiring.sessions.begin() as session:
        session.get_one(User, duty_id).active = False
    clock.forward(seconds=20)
    alarms.run()
    again = alarm_of(wiring, stored)
    assert (again.state, again.taken_by, again.repeated_at) == (AlarmState.RAISED, None, wiring.clock.now())
    version = again.version
    alarms.run()
    assert alarm_of(wiring, stored).version == version, "once"
