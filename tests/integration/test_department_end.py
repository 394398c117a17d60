"""A unit that is closed or merged leaves nothing behind: what is open goes on, what was answered keeps the old name."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, InvalidInput
from intake.domain.outcome import Verdict
from intake.domain.referral import EntryKind, ExtensionState, HelperState, PauseReason, ReferralState, UnitKind
from intake.models import Answer, AuditEntry, Department, Extension, HistoryEntry, Outcome, Referral, ReferralEntry, ReferralHelper, User
from intake.queries.departments import EndedUnit, ended_unit
from intake.services import referral_check, referral_department, referral_office
from intake.services.department import reopen_department
from intake.services.department_end import close_department, living_unit
from intake.services.outcome import say_verdict
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.referrals import acting, assigned, delivered, referred, replied, signed, step
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once


def sent(wiring: Wiring, town: Town, words: str = "幸福里2栋路灯不亮") -> int:
    return referred(wiring, town, told(wiring, town.longchi_code, words))


def close(wiring: Wiring, town: Town, unit_id: int, successor_id: int | None, *, by: int | None = None) -> None:
    with wiring.sessions.begin() as session:
        close_department(
            session,
            actor=actor(session, by or town.li_id),
            department_id=unit_id,
            version=session.get_one(Department, unit_id).version,
            successor_id=successor_id,
            workflow=wiring.workflow,
            at=wiring.clock.now(),
        )


def row(wiring: Wiring, referral_id: int) -> Referral:
    with wiring.sessions() as session:
        return session.get_one(Referral, referral_id)


def unit(wiring: Wiring, name: str, kind: UnitKind = UnitKind.DEPARTMENT) -> int:
    with wiring.sessions.begin() as session:
        district = session.query(Department).filter_by(name="区城市管理局").one().district_id
        made = Department(district_id=district, name=name, kind=kind, categories=["roads"], created_at=wiring.clock.now())
        session.add(made)
        session.flush()
        return made.id


def entries(wiring: Wiring, referral_id: int) -> list[ReferralEntry]:
    with wiring.sessions() as session:
        return session.query(ReferralEntry).filter_by(referral_id=referral_id, kind=EntryKind.REASSIGNMENT).order_by(ReferralEntry.id).all()


def test_what_a_unit_has_in_hand_goes_to_its_successor_with_the_day_that_was_told(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = signed(wiring, town, sent(wiring, town))
    promised = row(wiring, one).answer_due_at
    clock.forward(days=3)
    close(wiring, town, town.lights_id, town.homes_id)
    found = row(wiring, one)
    assert (found.state, found.lead_id, found.officer_id) == (ReferralState.ASSIGNED, town.homes_id, None)
    assert found.answer_due_at == promised
    assert found.due_at is not None
    assert found.due_at > clock.now(), "the successor has its own days to sign"
    (entry,) = entries(wiring, one)
    assert entry.words == "“区城市管理局”已停用，由“区住房和建设局”接着承办。"
    assert (entry.for_resident, entry.written_by, entry.other_department_id) == (True, None, town.homes_id)
    with wiring.sessions() as session:
        last = session.query(HistoryEntry).filter_by(noun="referral", entity_id=one).order_by(HistoryEntry.id.desc()).first()
        assert last is not None
        assert (last.action, last.from_state, last.reason_code, last.actor_id) == ("reassign", "in_progress", "merged", None)
        closed = session.get_one(Department, town.lights_id)
        assert (closed.active, closed.successor_id) == (False, town.homes_id)
        audit = session.query(AuditEntry).filter_by(noun="department", action="department.close").one()
        assert audit.detail == {"successor": town.homes_id, "moved": 1}
    step(wiring, one, town.wu_id, referral_department.sign)


# An answer stands under the name of who gave it; who has to go on with it changes.
def test_what_was_answered_keeps_the_old_name(wiring: Wiring, town: Town) -> None:
    waiting, done = replied(wiring, town, sent(wiring, town, "第一盏灯")), delivered(wiring, town, sent(wiring, town, "第二盏灯"))
    close(wiring, town, town.lights_id, town.homes_id)
    assert (row(wiring, waiting).state, row(wiring, waiting).lead_id) == (ReferralState.REPLIED, town.homes_id)
    assert (row(wiring, done).state, row(wiring, done).lead_id) == (ReferralState.DELIVERED, town.lights_id)
    assert entries(wiring, done) == []
    assert [entry.for_resident for entry in entries(wiring, waiting)] == [False]
    with wiring.sessions() as session:
        assert {one.department_id for one in session.query(Answer)} == {town.lights_id}
    step(wiring, waiting, town.zhou_id, referral_check.send_back, words="没有说清楚什么时候修。")
    step(wiring, waiting, town.wu_id, referral_department.report_progress, words="已派人。", for_resident=False)


def test_a_request_for_time_falls_away_with_the_unit_that_asked(wiring: Wiring, town: Town) -> None:
    one = signed(wiring, town, sent(wiring, town))
    step(wiring, one, town.gao_id, referral_department.ask_extension, days=5, words="等配件。")
    close(wiring, town, town.lights_id, town.homes_id)
    with wiring.sessions() as session:
        assert session.query(Extension).one().state is ExtensionState.REFUSED


def test_a_clock_that_stands_still_goes_on_standing_still(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = signed(wiring, town, sent(wiring, town))
    step(wiring, one, town.fang_id, referral_office.pause, reason=PauseReason.SEASON.value, words="雨季过后再铺。")
    since = row(wiring, one).paused_at
    clock.forward(days=1)
    close(wiring, town, town.lights_id, town.homes_id)
    assert row(wiring, one).paused_at == since


def test_an_offices_referrals_go_to_another_office(wiring: Wiring, town: Town) -> None:
    waiting, running = sent(wiring, town, "第一盏灯"), signed(wiring, town, sent(wiring, town, "第二盏灯"))
    other = unit(wiring, "区委办公室", UnitKind.OFFICE)
    with pytest.raises(InvalidInput) as refused:
        close(wiring, town, town.office_id, town.homes_id)
    assert refused.value.field == "successor"
    states = [row(wiring, one).state for one in (waiting, running)]
    close(wiring, town, town.office_id, other)
    assert [(row(wiring, one).office_id, row(wiring, one).state) for one in (waiting, running)] == [(other, state) for state in states]
    assert [entry.words for entry in entries(wiring, waiting)] == ["“区政府办公室”已停用，由“区委办公室”接着交办。"]


def test_help_that_was_asked_for_is_asked_of_the_successor(wiring: Wiring, town: Town) -> None:
    power = unit(wiring, "供电所")
    asked = assigned(wiring, town, sent(wiring, town, "第一盏灯"), helper_ids=(town.homes_id,))
    given = assigned(wiring, town, sent(wiring, town, "第二盏灯"), helper_ids=(town.homes_id,))
    both = assigned(wiring, town, sent(wiring, town, "第三盏灯"), helper_ids=(town.homes_id, power))
    step(wiring, given, town.wu_id, referral_department.helper_report, words="已派电工。")
    with wiring.sessions.begin() as session:  # another takes what fits none
        session.get_one(Department, town.homes_id).is_backstop = False
        session.get_one(Department, town.lights_id).is_backstop = True
    close(wiring, town, town.homes_id, power)
    with wiring.sessions() as session:
        helps = {(one.referral_id, one.department_id): one.state for one in session.query(ReferralHelper)}
    assert helps == {(asked, power): HelperState.ASKED, (given, town.homes_id): HelperState.DONE, (both, power): HelperState.ASKED}
    assert len(entries(wiring, asked)) == 1
    assert entries(wiring, given) == []


def test_whoever_helped_and_leads_now_does_not_help_itself(wiring: Wiring, town: Town) -> None:
    one = assigned(wiring, town, sent(wiring, town), helper_ids=(town.homes_id,))
    close(wiring, town, town.lights_id, town.homes_id)
    with wiring.sessions() as session:
        assert session.query(ReferralHelper).count() == 0
    assert row(wiring, one).lead_id == town.homes_id


def test_a_unit_with_something_open_is_not_closed_without_a_successor(wiring: Wiring, town: Town) -> None:
    assigned(wiring, town, sent(wiring, town))
    for unit_id in (town.lights_id, town.office_id):
        with pytest.raises(InvalidInput) as refused:
            close(wiring, town, unit_id, None)
        assert refused.value.field == "successor"
    with wiring.sessions() as session:
        assert session.get_one(Department, town.lights_id).active


@pytest.mark.parametrize("successor", ["itself", "closed", "neighbour", "nothing"])
def test_only_an_active_unit_of_the_district_takes_over(wiring: Wiring, town: Town, successor: str) -> None:
    other = unit(wiring, "供电所")
    with wiring.sessions.begin() as session:
        if successor == "closed":
            session.get_one(Department, other).active = False
        if successor == "neighbour":
            session.get_one(Department, other).district_id = session.get_one(User, town.stranger_id).district_id
    chosen = {"itself": town.lights_id, "closed": other, "neighbour": other, "nothing": 999_999}[successor]
    with pytest.raises(InvalidInput):
        close(wiring, town, town.lights_id, chosen)


def test_categories_go_along_unless_the_backstop_takes_everything_anyway(wiring: Wiring, town: Town) -> None:
    roads, lamps = unit(wiring, "道路所"), unit(wiring, "路灯所")
    with wiring.sessions.begin() as session:
        session.get_one(Department, lamps).categories = ["street_lights", "roads"]
    close(wiring, town, lamps, roads)
    with wiring.sessions() as session:
        assert session.get_one(Department, roads).categories == ["roads", "street_lights"]
    close(wiring, town, roads, town.homes_id)
    with wiring.sessions() as session:
        assert session.get_one(Department, town.homes_id).categories == []


# What is opened again years later goes to whoever is there now, and to the backstop where nobody took over.
def test_a_chain_of_mergers_leads_to_who_is_there(wiring: Wiring, town: Town) -> None:
    first, second = unit(wiring, "一所"), unit(wiring, "二所")
    close(wiring, town, first, second)
    close(wiring, town, second, town.homes_id)
    alone = unit(wiring, "三所")
    close(wiring, town, alone, None)
    with wiring.sessions() as session:
        assert {living_unit(session, one) for one in (first, second, town.homes_id, alone)} == {town.homes_id}
        assert living_unit(session, town.lights_id) == town.lights_id


def test_what_is_opened_again_reaches_an_office_and_a_unit_that_are_there(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    one = delivered(wiring, town, referred(wiring, town, stored))
    new_office = unit(wiring, "区委办公室", UnitKind.OFFICE)
    close(wiring, town, town.office_id, new_office)
    close(wiring, town, town.lights_id, None)
    with wiring.sessions.begin() as session:
        say_verdict(
            session,
            submission_id=stored.submission_id,
            outcome_id=session.query(Outcome).one().id,
            verdict=Verdict.NOT_SOLVED,
            words="",
            workflow=wiring.workflow,
            at=wiring.clock.now(),
        )
    step(wiring, one, town.zhou_id, referral_check.reopen, submission_id=stored.submission_id, words="现场看过，确实又不亮。")
    found = row(wiring, one)
    assert (found.office_id, found.lead_id, found.officer_id) == (new_office, town.homes_id, None)
    step(wiring, one, town.wu_id, referral_department.sign)


def test_its_people_keep_their_accounts_and_are_told(wiring: Wiring, town: Town) -> None:
    close(wiring, town, town.lights_id, town.homes_id)
    with wiring.sessions() as session:
        gao = session.get_one(User, town.gao_id)
        assert (gao.active, gao.department_id) == (True, town.lights_id)
        assert ended_unit(session, actor(session, town.gao_id)) == EndedUnit("区城市管理局", "区住房和建设局")
        for other in (town.wu_id, town.zhou_id):
            assert ended_unit(session, actor(session, other)) is None


def test_opened_again_it_gets_nothing_back(wiring: Wiring, town: Town) -> None:
    one = assigned(wiring, town, sent(wiring, town))
    close(wiring, town, town.lights_id, town.homes_id)
    with wiring.sessions.begin() as session:
        closed = session.get_one(Department, town.lights_id)
        admin = actor(session, town.li_id)
        reopen_department(session, actor=admin, department_id=closed.id, version=closed.version, at=wiring.clock.now())
        assert (closed.active, closed.successor_id) == (True, None)
        with pytest.raises(Conflict):
            reopen_department(session, actor=admin, department_id=closed.id, version=closed.version, at=wiring.clock.now())
    assert row(wiring, one).lead_id == town.homes_id


# Whoever is just assigning holds the unit for a moment: closing waits, and takes that along too.
def test_what_is_assigned_at_the_moment_of_closing_goes_along(wiring: Wiring, town: Town) -> None:
    one = sent(wiring, town)
    step(wiring, one, town.fang_id, referral_office.accept)
    closing = threading.Thread(target=close, args=(wiring, town, town.lights_id, town.homes_id))
    with wiring.sessions.begin() as session:
        acts = acting(session, wiring, one, town.fang_id)
        referral_office.assign(session, acts, lead_id=town.lights_id)
        session.flush()
        closing.start()
        closing.join(0.5)
        assert closing.is_alive(), "it waits for whoever assigns"
    closing.join()
    assert row(wiring, one).lead_id == town.homes_id


def test_two_who_close_it_at_once_meet(wiring: Wiring, town: Town) -> None:
    one = assigned(wiring, town, sent(wiring, town))
    other = unit(wiring, "供电所")

    def closing(successor_id: int) -> Callable[[Session], object]:
        return lambda session: close_department(
            session,
            actor=actor(session, town.li_id),
            department_id=town.lights_id,
            version=1,
            successor_id=successor_id,
            workflow=wiring.workflow,
            at=wiring.clock.now(),
        )

    ended = at_once(wiring, closing(town.homes_id), closing(other))
    assert sorted(type(error).__name__ for error in ended) == ["Conflict", "NoneType"]
    assert len(entries(wiring, one)) == 1


def test_a_late_answer_is_late_for_the_successor_too(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = signed(wiring, town, sent(wiring, town))
    clock.forward(days=30)
    close(wiring, town, town.lights_id, town.homes_id)
    due = row(wiring, one).due_at
    assert due is not None
    assert due < clock.now() - timedelta(days=10)
