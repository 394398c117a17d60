"""The daily digest: who is told, once, on working days; and who has a colleague's referrals meanwhile."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from intake.domain.deadline import DeadlineLevel
from intake.domain.errors import Conflict, Forbidden, InvalidInput
from intake.domain.permission import Role
from intake.domain.referral import PauseReason
from intake.models import AuditEntry, Digest, Referral, RoleGrant, User
from intake.queries.digest import SHOWN, DigestShown, digest_of
from intake.queries.leave import acting_for, leave_of
from intake.services import referral_department, referral_office
from intake.services.digest import choose_digest, mark_read
from intake.services.leave import come_back, go_away
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.hands import handed_over, passed_up, recused, taken_back
from tests.factories.matters import told
from tests.factories.referrals import assigned, referred, replied, signed, step
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.web.test_query_counts import statements
from workers.jobs.digests import run

FRIDAY = date(2026, 11, 13)


@pytest.fixture(autouse=True)
def _jobs(wiring: Wiring) -> Iterator[None]:
    with jobs_in_this_process(wiring):
        yield


def sent(wiring: Wiring, town: Town, words: str = "幸福里2栋路灯不亮") -> int:
    """To the office on Tuesday, November 3."""
    return referred(wiring, town, told(wiring, town.longchi_code, words))


def told_on(wiring: Wiring, *, day: date | None = None) -> dict[str, tuple[list[int], list[int]]]:
    """(overdue, due soon) by login, of the newest day or of `day`."""
    with wiring.sessions() as session:
        rows = session.query(Digest, User.login).join(User, User.id == Digest.user_id).order_by(Digest.day).all()
        return {login: (one.overdue, one.due_soon) for one, login in rows if day is None or one.day == day}


def shown(wiring: Wiring, user_id: int) -> DigestShown | None:
    with wiring.sessions() as session:
        return digest_of(session, actor(session, user_id), workflow=wiring.workflow, at=wiring.clock.now())


def away(wiring: Wiring, user_id: int, stand_in_id: int | None, last_day: date | None, *, by: int | None = None) -> None:
    with wiring.sessions.begin() as session:
        version = session.get_one(User, user_id).version
        go_away(
            session,
            actor=actor(session, by or user_id),
            user_id=user_id,
            version=version,
            last_day=last_day,
            stand_in_id=stand_in_id,
            at=wiring.clock.now(),
        )


# The office's own steps are everybody's in the office.
def test_an_office_is_told_of_what_it_has_to_take_in(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = sent(wiring, town)
    run()
    assert told_on(wiring) == {"fangmin": ([], [one])}
    clock.forward(days=2)
    run()
    assert told_on(wiring, day=date(2026, 11, 5)) == {"fangmin": ([one], [])}


# A lead's steps are its officer's once somebody signed, before that everybody's in the unit.
def test_a_lead_is_told_before_the_answer_is_due(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = assigned(wiring, town, sent(wiring, town))
    run()
    assert set(told_on(wiring)) == {"gaoqiang", "sunli"}
    step(wiring, one, town.gao_id, referral_department.sign)
    clock.time = clock.time.replace(day=12)
    run()
    assert told_on(wiring, day=date(2026, 11, 12)) == {}
    clock.forward(days=1)
    run()
    assert told_on(wiring, day=FRIDAY) == {"gaoqiang": ([], [one])}


# A check is the sender's, and staff may do it too.
def test_a_check_is_the_senders_and_the_staffs(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = replied(wiring, town, sent(wiring, town))
    clock.forward(days=1)
    run()
    assert told_on(wiring) == {"zhou": ([], [one]), "wangjing": ([], [one])}
    with wiring.sessions() as session:
        submission_id = session.get_one(Referral, one).submission_id
    assert submission_id is not None
    assert shown(wiring, town.zhou_id) is not None
    recused(wiring, town.zhou_id, Stored(submission_id, "", b"", repeated=False))
    assert shown(wiring, town.zhou_id) is None, "its title is the resident's words"
    assert shown(wiring, town.jing_id) is not None


# Staff aren't told of every late step, only of those that nobody has taken up for more than five working days.
def test_staff_are_told_of_what_is_long_overdue(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = sent(wiring, town)  # due on the 4th
    for day, people in ((11, {"fangmin"}), (12, {"fangmin", "wangjing"})):
        clock.time = clock.time.replace(day=day)
        run()
        assert set(told_on(wiring, day=date(2026, 11, day))) == people
    assert told_on(wiring, day=date(2026, 11, 12))["wangjing"] == ([one], [])


def test_however_much_is_late_and_however_often_it_runs_there_is_one_row_a_day(wiring: Wiring, town: Town, clock: TestClock) -> None:
    late = [sent(wiring, town, f"第 {number} 盏灯不亮") for number in range(9)]
    clock.forward(days=2)
    for _ in range(3):
        run()
        clock.forward(hours=1)
    assert told_on(wiring) == {"fangmin": (late, [])}
    sent(wiring, town, "又一盏")
    run()
    assert told_on(wiring) == {"fangmin": (late, [])}


def test_nobody_is_told_when_nothing_is_due(wiring: Wiring, town: Town, clock: TestClock) -> None:
    signed(wiring, town, sent(wiring, town))
    run()
    assert told_on(wiring) == {}


# The scheduler wakes every job when it starts: not at night, and not on a day off.
@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [(5, 0, False), (5, 1, True), (7, 1, False), (8, 1, False), (9, 1, True)],
)
def test_it_is_written_on_working_days_after_half_past_eight(
    wiring: Wiring, town: Town, clock: TestClock, day: int, hour: int, expected: bool
) -> None:
    sent(wiring, town)
    clock.time = clock.time.replace(day=day, hour=hour)
    run()
    assert bool(told_on(wiring)) is expected


def test_what_is_paused_is_nobodys_reminder(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = signed(wiring, town, sent(wiring, town))
    step(wiring, one, town.fang_id, referral_office.pause, reason=PauseReason.SEASON.value, words="雨季过后再铺。")
    clock.time = clock.time.replace(day=20)
    run()
    assert told_on(wiring) == {}


def test_whoever_does_not_want_to_be_told_is_not(wiring: Wiring, town: Town, clock: TestClock) -> None:
    assigned(wiring, town, sent(wiring, town))
    with wiring.sessions.begin() as session:
        choose_digest(session, actor=actor(session, town.gao_id), wanted=False, at=clock.now())
        session.get_one(User, town.sun_id).active = False
    run()
    assert told_on(wiring) == {}
    with wiring.sessions.begin() as session:
        choose_digest(session, actor=actor(session, town.gao_id), wanted=True, at=clock.now())
    run()
    assert set(told_on(wiring)) == {"gaoqiang"}


def test_whoever_lost_the_role_is_not_told(wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, sent(wiring, town))
    with wiring.sessions.begin() as session:
        session.query(RoleGrant).filter_by(user_id=town.sun_id).delete()
    run()
    assert set(told_on(wiring)) == {"gaoqiang"}


def test_the_neighbouring_district_is_told_nothing(wiring: Wiring, town: Town, clock: TestClock) -> None:
    sent(wiring, town)
    clock.time = clock.time.replace(day=20)
    run()
    with wiring.sessions() as session:
        assert {one.district_id for one in session.query(Digest)} == {town.district_id}
    assert "sunyi" not in told_on(wiring)


# --- on the first page --------------------------------------------------------------------------------------------------------------------


def test_it_stands_there_until_it_is_read(wiring: Wiring, town: Town, clock: TestClock) -> None:
    first, second = sent(wiring, town, "第一盏灯不亮"), sent(wiring, town, "第二盏灯不亮")
    assert shown(wiring, town.fang_id) is None
    clock.forward(days=2)
    run()
    found = shown(wiring, town.fang_id)
    assert found is not None
    assert ([one.id for one in found.overdue], found.overdue_count, found.due_soon_count) == ([first, second], 2, 0)
    assert found.overdue[0].deadline.level is DeadlineLevel.OVERDUE
    with wiring.sessions.begin() as session:
        mark_read(session, actor=actor(session, town.gao_id), digest_id=found.id, at=clock.now())
    assert shown(wiring, town.fang_id) == found, "somebody else's reading isn't mine"
    with wiring.sessions.begin() as session:
        mark_read(session, actor=actor(session, town.fang_id), digest_id=found.id, at=clock.now())
    assert shown(wiring, town.fang_id) is None


def test_what_was_done_since_is_left_out(wiring: Wiring, town: Town, clock: TestClock) -> None:
    first, second = sent(wiring, town, "第一盏灯不亮"), sent(wiring, town, "第二盏灯不亮")
    clock.forward(days=2)
    run()
    clock.forward(hours=1)
    step(wiring, first, town.fang_id, referral_office.accept)
    found = shown(wiring, town.fang_id)
    assert found is not None
    assert [one.id for one in found.overdue] == [second]
    step(wiring, second, town.fang_id, referral_office.accept)
    assert shown(wiring, town.fang_id) is None


def test_a_new_day_takes_the_place_of_the_day_before(wiring: Wiring, town: Town, clock: TestClock) -> None:
    sent(wiring, town)
    for _ in range(2):
        run()
        clock.forward(days=1)
    run()
    found = shown(wiring, town.fang_id)
    assert found is not None
    assert found.day == date(2026, 11, 5)
    with wiring.sessions.begin() as session:
        mark_read(session, actor=actor(session, town.fang_id), digest_id=found.id, at=clock.now())
    assert shown(wiring, town.fang_id) is None, "those of earlier days are read with it"


def test_many_are_counted_and_a_few_are_named_in_two_questions(wiring: Wiring, town: Town, clock: TestClock) -> None:
    for number in range(SHOWN + 3):
        sent(wiring, town, f"第 {number} 盏灯不亮")
    run()
    with wiring.sessions() as session, statements(wiring) as asked:
        fang = actor(session, town.fang_id)
        asked.clear()
        found = digest_of(session, fang, workflow=wiring.workflow, at=clock.now())
    assert len(asked) == 2
    assert found is not None
    assert (len(found.due_soon), found.due_soon_count) == (SHOWN, SHOWN + 3)


# What was handed over is read as it stands then; it's a working day's word, for whoever wants one and is there.
def test_whoever_was_handed_a_card_is_told_in_the_morning(wiring: Wiring, town: Town, clock: TestClock) -> None:
    bin_, lamp = told(wiring, town.ziwei_code, "垃圾没人收"), told(wiring, town.ziwei_code, "路灯不亮")
    handed_over(wiring, town.qing_id, bin_, town.zhou_id)
    passed_up(wiring, town.qing_id, lamp, Role.CONVENOR)
    clock.forward(hours=1)
    run()
    assert told_on(wiring) == {"zhou": ([], []), "laozhou": ([], [])}
    found = shown(wiring, town.zhou_id)
    assert found is not None
    assert [(one.giver, one.is_passed_up, one.count, one.first_id) for one in found.handed] == [("李青", False, 1, bin_.submission_id)]
    taken_back(wiring, town.qing_id, bin_)
    assert shown(wiring, town.zhou_id) is None
    with wiring.sessions.begin() as session:
        session.query(Digest).delete()
        choose_digest(session, actor=actor(session, town.laozhou_id), wanted=False, at=clock.now())
    run()
    assert told_on(wiring) == {}


# --- leave --------------------------------------------------------------------------------------------------------------------------------


def test_a_colleague_has_the_referrals_until_the_day_and_not_longer(wiring: Wiring, town: Town, clock: TestClock) -> None:
    signed(wiring, town, sent(wiring, town))
    away(wiring, town.gao_id, town.sun_id, FRIDAY)
    clock.time = clock.time.replace(day=13)
    run()
    assert set(told_on(wiring)) == {"sunli"}
    with wiring.sessions() as session:
        assert acting_for(session, actor(session, town.sun_id), at=clock.now()) == (town.sun_id, town.gao_id)
        assert acting_for(session, actor(session, town.gao_id), at=clock.now()) == (town.gao_id,)
        leave = leave_of(session, town.gao_id, at=clock.now())
    assert (leave.last_day, leave.stand_in_name) == (FRIDAY, "孙丽")
    clock.time = clock.time.replace(day=16)
    run()
    assert set(told_on(wiring, day=date(2026, 11, 16))) == {"gaoqiang"}
    with wiring.sessions() as session:
        assert acting_for(session, actor(session, town.sun_id), at=clock.now()) == (town.sun_id,)
        assert leave_of(session, town.gao_id, at=clock.now()).last_day is None


def test_when_the_stand_in_is_not_there_either_the_whole_unit_is_told(wiring: Wiring, town: Town, clock: TestClock) -> None:
    signed(wiring, town, sent(wiring, town))
    away(wiring, town.gao_id, town.sun_id, date(2026, 11, 30))
    with wiring.sessions.begin() as session:
        session.get_one(User, town.wu_id).department_id = town.lights_id
        session.get_one(User, town.sun_id).active = False
    clock.time = clock.time.replace(day=13)
    run()
    assert set(told_on(wiring)) == {"wujun"}


@pytest.mark.parametrize(
    ("stand_in", "last_day", "field"),
    [
        # A colleague of the same unit, who is there.
        ("wu_id", FRIDAY, "stand_in"),
        ("gao_id", FRIDAY, "stand_in"),
        (None, FRIDAY, "stand_in"),
        # Until today or later, and not for ever.
        ("sun_id", date(2026, 11, 2), "last_day"),
        ("sun_id", date(2028, 1, 1), "last_day"),
        ("sun_id", None, "last_day"),
    ],
)
def test_a_leave_that_would_leave_nobody_is_refused(
    wiring: Wiring, town: Town, stand_in: str | None, last_day: date | None, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        away(wiring, town.gao_id, getattr(town, stand_in) if stand_in else None, last_day)
    assert refused.value.field == field


def test_two_cannot_stand_in_for_each_other(wiring: Wiring, town: Town) -> None:
    away(wiring, town.gao_id, town.sun_id, FRIDAY)
    with pytest.raises(InvalidInput):
        away(wiring, town.sun_id, town.gao_id, FRIDAY)


def test_the_only_one_of_a_unit_goes_without_a_stand_in(wiring: Wiring, town: Town, clock: TestClock) -> None:
    away(wiring, town.wu_id, None, FRIDAY)
    with wiring.sessions() as session:
        assert leave_of(session, town.wu_id, at=clock.now()).last_day == FRIDAY


def test_an_administrator_may_say_it_for_them_and_a_colleague_may_not(wiring: Wiring, town: Town, clock: TestClock) -> None:
    with pytest.raises(Forbidden):
        away(wiring, town.gao_id, town.sun_id, FRIDAY, by=town.sun_id)
    with pytest.raises(InvalidInput):
        away(wiring, town.zhou_id, None, FRIDAY, by=town.li_id)
    away(wiring, town.gao_id, town.sun_id, FRIDAY, by=town.li_id)
    with wiring.sessions.begin() as session:
        gao = session.get_one(User, town.gao_id)
        come_back(session, actor=actor(session, town.gao_id), user_id=gao.id, version=gao.version, at=clock.now())
        assert acting_for(session, actor(session, town.sun_id), at=clock.now()) == (town.sun_id,)
        with pytest.raises(Conflict):
            come_back(session, actor=actor(session, town.gao_id), user_id=gao.id, version=gao.version, at=clock.now())
        assert [one.action for one in session.query(AuditEntry).filter_by(noun="user", entity_id=gao.id).order_by(AuditEntry.id)][-2:] == [
            "user.away",
            "user.back",
        ]


def test_two_who_say_it_at_once_meet(wiring: Wiring, town: Town, clock: TestClock) -> None:
    with wiring.sessions.begin() as session:
        version = session.get_one(User, town.gao_id).version
    away(wiring, town.gao_id, town.sun_id, FRIDAY, by=town.li_id)
    with wiring.sessions.begin() as session, pytest.raises(Conflict):
        go_away(
            session,
            actor=actor(session, town.gao_id),
            user_id=town.gao_id,
            version=version,
            last_day=FRIDAY + timedelta(days=1),
            stand_in_id=town.sun_id,
            at=clock.now(),
        )
