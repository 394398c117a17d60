"""The duty calendar: who may make it, what it refuses, how a shift changes hands, and what it means for who gets a message."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from threading import Barrier
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.models import AuditEntry, Digest, DutyShift, Submission, User
from intake.queries.digest import digest_of
from intake.queries.duty import calendar, duty_month, own_duty, shift_of
from intake.services import duty
from intake.services.duty import ShiftFacts, Shifting
from intake.services.ownership import clocks_for
from intake.services.venue import end_venue
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.duty import facts, made, shift, shift_row, shifting, station
from tests.factories.matters import told
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.web.test_query_counts import statements
from workers.jobs.digests import run

TODAY = date(2026, 11, 3)


@pytest.fixture(autouse=True)
def _jobs(wiring: Wiring) -> Iterator[None]:
    with jobs_in_this_process(wiring):
        yield


@pytest.fixture
def place(wiring: Wiring, town: Town) -> int:
    return station(wiring, town.longchi_id, code=town.longchi_code)


def does(wiring: Wiring, user_id: int, shift_id: int, act: Callable[[Session, Shifting], object]) -> None:
    held = shifting(wiring, user_id, shift_id)
    with wiring.sessions.begin() as session:
        act(session, held)


def refused(wiring: Wiring, by: int, asked: ShiftFacts) -> DomainError:
    with pytest.raises(DomainError) as found:
        made(wiring, by, asked)
    return found.value


# --- making the calendar ----------------------------------------------------------------------------------------------------------------


def test_a_season_is_made_in_one_go_without_holidays(wiring: Wiring, town: Town, place: int, clock: TestClock) -> None:
    clock.time = datetime(2026, 9, 15, 1, tzinfo=UTC)
    came = made(wiring, town.laozhou_id, facts(place, town.zhou_id, date(2026, 9, 17), until=date(2026, 10, 15)))
    assert came.skipped == (date(2026, 10, 1),)
    with wiring.sessions() as session:
        assert [one.day.day for one in session.query(DutyShift).order_by(DutyShift.day)] == [17, 24, 8, 15]
        assert session.query(AuditEntry).filter_by(action="duty.make").one().detail["shifts"] == list(came.shift_ids)


# Who may: convenors within their street, staff within the district; a member makes none, and nobody for another district.
def test_only_who_makes_the_calendar_of_the_area_makes_it(wiring: Wiring, town: Town, place: int) -> None:
    far = station(wiring, town.shiqiao_id, "石桥工作站")
    assert isinstance(refused(wiring, town.laozhou_id, facts(far, town.zhou_id, TODAY)), Forbidden)
    assert isinstance(refused(wiring, town.zhou_id, facts(place, town.zhou_id, TODAY)), Forbidden)
    stranger = refused(wiring, town.stranger_id, facts(place, town.zhou_id, TODAY))
    assert isinstance(stranger, InvalidInput)
    assert stranger.field == "venue"
    assert made(wiring, town.jing_id, facts(far, town.zhou_id, TODAY)).shift_ids


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": None}, "day"),
        ({"day": date(2026, 11, 2)}, "day"),
        ({"day": date(2028, 2, 29)}, "day"),
        ({"until": date(2026, 11, 2)}, "until"),
        ({"until": date(2027, 11, 3)}, "until"),
        ({"starts": None}, "starts"),
        ({"ends": time(9)}, "ends"),
    ],
)
def test_what_cant_be_a_shift_names_its_field(wiring: Wiring, town: Town, place: int, change: dict[str, object], field: str) -> None:
    asked = facts(place, town.zhou_id, **{"day": TODAY, **change})  # type: ignore[arg-type]  # one field of a kind at a time
    error = refused(wiring, town.jing_id, asked)
    assert isinstance(error, InvalidInput)
    assert error.field == field


# Staff don't sit at stations, and who left can't.
def test_only_members_in_office_are_given_shifts(wiring: Wiring, town: Town, place: int) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(User, town.qing_id).active = False
    for user_id in (town.jing_id, town.qing_id, town.stranger_id):
        error = refused(wiring, town.jing_id, facts(place, user_id, TODAY))
        assert isinstance(error, InvalidInput)
        assert error.field == "person"


def test_nobody_sits_in_two_places_at_one_hour(wiring: Wiring, town: Town, place: int) -> None:
    other = station(wiring, town.ziwei_id, "紫薇工作室")
    first = shift(wiring, town.jing_id, facts(place, town.zhou_id, date(2026, 11, 10)))
    error = refused(wiring, town.jing_id, facts(other, town.zhou_id, TODAY, until=date(2026, 12, 1), starts=time(10), ends=time(12)))
    assert error.message == "周明远 11 月 10 日 09:00–11:00 已经在“丰山委员工作站”值班，请换个时间或换个人。"
    with wiring.sessions() as session:
        assert session.query(DutyShift).count() == 1, "all of a season or none"
    # One after the other is fine, and so is the hour of a cancelled one.
    shift(wiring, town.jing_id, facts(other, town.zhou_id, date(2026, 11, 10), starts=time(11), ends=time(12)))
    does(wiring, town.jing_id, first, lambda s, held: duty.cancel_shift(s, held, words="停电检修"))
    shift(wiring, town.jing_id, facts(place, town.zhou_id, date(2026, 11, 10)))


def test_two_who_make_the_same_shift_at_once_make_one(wiring: Wiring, town: Town, place: int) -> None:
    together = Barrier(2)

    def make(_: int) -> bool:
        together.wait()
        try:
            return bool(made(wiring, town.jing_id, facts(place, town.zhou_id, TODAY)).shift_ids)
        except InvalidInput:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(make, range(2))) == [False, True]


# --- cancelling and swapping ------------------------------------------------------------------------------------------------------------


def test_a_cancelled_shift_stays_with_the_word_why(wiring: Wiring, town: Town, place: int) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    with pytest.raises(InvalidInput, match="为什么取消"):
        does(wiring, town.zhou_id, one, lambda s, held: duty.cancel_shift(s, held, words="  "))
    with pytest.raises(Forbidden):
        does(wiring, town.qing_id, one, lambda s, held: duty.cancel_shift(s, held, words="不去了"))
    with pytest.raises(NotFound):
        does(wiring, town.stranger_id, one, lambda s, held: duty.cancel_shift(s, held, words="不去了"))
    does(wiring, town.zhou_id, one, lambda s, held: duty.cancel_shift(s, held, words="病了，来不了"))
    with wiring.sessions() as session:
        month = duty_month(session, actor(session, town.laozhou_id), date(2026, 11, 1), venue_id=None)
        assert [(one.note, one.is_cancelled) for day in month.days for one in day.shifts] == [("病了，来不了", True)]
        assert month.count == 0
        # Whose it was reads why, and so does who looks for somebody there.
        own = own_duty(session, actor(session, town.zhou_id), today=TODAY)
        assert [(one.note, one.is_cancelled) for one in own.today] == [("病了，来不了", True)]
        assert [one.is_cancelled for one in calendar(session, actor(session, town.laozhou_id), since=TODAY).rows] == [True]
    with pytest.raises(Conflict, match="已经取消"):
        does(wiring, town.zhou_id, one, lambda s, held: duty.cancel_shift(s, held, words="再取消"))


def test_a_colleague_takes_a_shift_with_one_tap(wiring: Wiring, town: Town, place: int) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    with pytest.raises(Forbidden):
        does(wiring, town.qing_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.laozhou_id))
    with pytest.raises(InvalidInput):
        does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.zhou_id))
    does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.shiqiao_member_id))
    with wiring.sessions() as session:
        # 何苗 serves elsewhere, and sees this one shift of 龙池.
        miao = actor(session, town.shiqiao_member_id)
        assert [row.id for row in own_duty(session, miao, today=TODAY).asked] == [one]
        assert shift_of(session, miao, one).asked_name == "何苗"
        assert calendar(session, miao, since=TODAY).total == 0
    with pytest.raises(Conflict, match="没有请您"):
        does(wiring, town.qing_id, one, duty.take_shift)
    does(wiring, town.shiqiao_member_id, one, duty.take_shift)
    row = shift_row(wiring, one)
    assert (row.user_id, row.asked_id, row.version) == (town.shiqiao_member_id, None, 3)


def test_who_cant_says_so_and_the_shift_stays(wiring: Wiring, town: Town, place: int) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.qing_id))
    with pytest.raises(Forbidden):
        does(wiring, town.laozhou_id, one, duty.end_asking)
    does(wiring, town.qing_id, one, duty.end_asking)
    assert (shift_row(wiring, one).user_id, shift_row(wiring, one).asked_id) == (town.zhou_id, None)


# A page that is an hour old: whoever looked at an earlier state reads so.
def test_of_taking_and_taking_back_at_once_one_wins(wiring: Wiring, town: Town, place: int) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.qing_id))
    acts = ((shifting(wiring, town.qing_id, one), duty.take_shift), (shifting(wiring, town.zhou_id, one), duty.end_asking))
    together = Barrier(2)

    def act(which: int) -> bool:
        held, step = acts[which]
        together.wait()
        try:
            with wiring.sessions.begin() as session:
                step(session, held)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(act, range(2)))
    assert sorted(won) == [False, True]
    assert shift_row(wiring, one).user_id == (town.qing_id if won[0] else town.zhou_id)


# Each holds what the other needs next unless both lock the person first.
def test_who_asks_again_while_the_colleague_takes_it_doesnt_wait_for_ever(wiring: Wiring, town: Town, place: int) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.qing_id))
    asking, taking = shifting(wiring, town.zhou_id, one), shifting(wiring, town.qing_id, one)

    def act(step: Callable[[Session], object]) -> str:
        try:
            with wiring.sessions.begin() as session:
                step(session)
        except Conflict:
            return "late"
        return "done"

    with ThreadPoolExecutor(2) as pool, wiring.sessions.begin() as session:
        session.get_one(DutyShift, one, with_for_update=True)
        asked = pool.submit(act, lambda s: duty.ask_colleague(s, asking, colleague_id=town.qing_id))
        wait_for_waiting(session, 1)
        taken = pool.submit(act, lambda s: duty.take_shift(s, taking))
        wait_for_waiting(session, 2)
        session.rollback()
        assert sorted([asked.result(), taken.result()]) == ["done", "late"]


def test_nobody_is_put_into_a_station_that_is_being_closed(wiring: Wiring, town: Town, place: int) -> None:
    with ThreadPoolExecutor(1) as pool, wiring.sessions.begin() as session:
        end_venue(session, actor=actor(session, town.jing_id), venue_id=place, version=1, at=wiring.clock.now())
        putting = pool.submit(refused, wiring, town.laozhou_id, facts(place, town.zhou_id, TODAY))
        wait_for_waiting(session, 1)
        session.commit()
        assert isinstance(error := putting.result(), InvalidInput)
        assert error.field == "venue"


def wait_for_waiting(session: Session, count: int) -> None:
    """Until so many others wait for a lock in this database."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    until = monotonic() + 60
    while session.scalar(waiting) < count:
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        assert monotonic() < until, "nobody waits"


def test_a_shift_that_is_over_cant_be_changed(wiring: Wiring, town: Town, place: int, clock: TestClock) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    clock.time = datetime(2026, 11, 3, 15, 59, tzinfo=UTC)  # a minute before midnight in Shanghai
    does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.qing_id))
    clock.forward(minutes=1)
    with pytest.raises(Conflict, match="已经过去"):
        does(wiring, town.qing_id, one, duty.take_shift)


def test_who_is_asked_must_be_free_then(wiring: Wiring, town: Town, place: int) -> None:
    shift(wiring, town.jing_id, facts(station(wiring, town.ziwei_id, "紫薇工作室"), town.qing_id, TODAY))
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    with pytest.raises(InvalidInput, match="已经在“紫薇工作室”值班"):
        does(wiring, town.zhou_id, one, lambda s, held: duty.ask_colleague(s, held, colleague_id=town.qing_id))


# --- what the calendar means ------------------------------------------------------------------------------------------------------------


# Whoever sits at the station today is asked first about what comes in by the code on its wall, in the same one question.
def test_who_sits_at_the_points_station_today_gets_what_comes_in_there(wiring: Wiring, town: Town, place: int, clock: TestClock) -> None:
    yun = person_with(wiring, "yun", "云霞", (Role.MEMBER, town.longchi_id))
    assert submission_of(wiring, told(wiring, town.longchi_code, "路灯坏了")).owner_id == yun, "the community's own member"
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    stored = told(wiring, town.longchi_code, "路灯又坏了")
    assert submission_of(wiring, stored).owner_id == town.zhou_id
    with wiring.sessions() as session:
        rows = session.query(Submission).all()
        with statements(wiring) as sent:
            clocks_for(session, rows, workflow=wiring.workflow, at=clock.now())
        assert [one for one in sent if "duty_shifts" in one] == [one for one in sent if "role_grants" in one]
        assert sum("duty_shifts" in one for one in sent) == 1
    does(wiring, town.zhou_id, one, lambda s, held: duty.cancel_shift(s, held, words="病了"))
    assert submission_of(wiring, told(wiring, town.longchi_code, "第三盏")).owner_id == yun
    shift(wiring, town.jing_id, facts(place, town.zhou_id, date(2026, 11, 4)))
    assert submission_of(wiring, told(wiring, town.longchi_code, "第四盏")).owner_id == yun, "tomorrow's shift isn't today's"


# A Saturday is a day off for referrals, and no reason not to say who sits at the station.
def test_the_morning_tells_whose_shift_it_is_also_on_a_saturday(wiring: Wiring, town: Town, place: int, clock: TestClock) -> None:
    saturday = date(2026, 11, 7)
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, saturday))
    gone = shift(wiring, town.jing_id, facts(place, town.qing_id, saturday))
    does(wiring, town.qing_id, gone, lambda s, held: duty.cancel_shift(s, held, words="出差"))
    for day, expected in ((6, 0), (7, 1), (8, 1)):
        clock.time = datetime(2026, 11, day, 1, tzinfo=UTC)
        run()
        run()
        with wiring.sessions() as session:
            assert session.query(Digest).count() == expected
            shown = digest_of(session, actor(session, town.zhou_id), workflow=wiring.workflow, at=clock.now())
            assert [row.id for row in shown.shifts] == [one] if day == 7 and shown else shown is None
