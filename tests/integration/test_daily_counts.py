"""Counts of days: they say what counting the rows themselves says, as often as they are made, and follow what changes late."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from intake.domain.daily_count import Measure, points_out, spell_of, without_few
from intake.domain.figures import Period
from intake.domain.outcome import Verdict as Said
from intake.domain.referral import ReasonCode
from intake.domain.row_import import ImportState
from intake.domain.submission import Channel, SubmissionAction
from intake.domain.topic import TopicAction
from intake.domain.triage_result import Verdict
from intake.domain.working_days import SHANGHAI
from intake.models import CountedDay, DailyCount, DistrictCount, Outcome, RowImport, Submission
from intake.queries.figures import FiguresAsked, figures
from intake.services import referral_office, row_import
from intake.services import submission_decide as decide
from intake.services.category_change import change_category
from intake.services.daily_count import BACK, due_days
from intake.services.submission_withdraw import withdraw
from intake.services.topic_class import open_class
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.counts import NOVEMBER, counted, counts
from tests.factories.imports import as_csv, call, importing, taken_in
from tests.factories.matters import attach, decided, deciding, taken_up, told, topic_of
from tests.factories.referrals import delivered, referred, replied, step
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import count_days as job
from workers.jobs import row_imports


def rows(wiring: Wiring) -> set[tuple[object, ...]]:
    """Every count there is."""
    with wiring.sessions() as session:
        return {
            (one.area_id, one.day, one.measure, one.part, one.count, one.total, one.district_id)
            for one in session.scalars(select(DailyCount))
        }


def a_busy_week(wiring: Wiring, town: Town, clock: TestClock) -> None:
    """Messages of three days: decided in many ways, told, judged, withdrawn, referred, a topic approved and one rejected."""
    sent = referred(wiring, town, told(wiring, town.longchi_code, "第一盏灯不亮"))
    back = referred(wiring, town, told(wiring, town.ziwei_code, "物业不开门"))
    gone = told(wiring, town.ziwei_code, "不说了")
    canteen = topic_of(
        wiring, town.zhou_id, "老年食堂", told(wiring, town.ziwei_code, "食堂排队"), told(wiring, town.ziwei_code, "食堂太贵")
    )
    lights = topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "灯不亮"))
    clock.forward(days=1)
    told(wiring, town.longchi_code, "没有人看过")
    asked = told(wiring, town.shiqiao_code, "那里很脏")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=gone.submission_id, at=clock.now())
    with wiring.sessions.begin() as session:
        decide.hold(session, deciding(wiring, town.shiqiao_member_id, asked), SubmissionAction.ASK, words="请问是哪里？")
    answered = told(wiring, town.longchi_code, "垃圾没有收")
    clock.forward(hours=5)
    card = deciding(wiring, town.zhou_id, answered)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="今天起每天收两次。")
    decided(wiring, town.jing_id, taken_up(wiring, town.jing_id, canteen), TopicAction.APPROVE, "很多人说到。")
    decided(wiring, town.jing_id, taken_up(wiring, town.jing_id, lights), TopicAction.REJECT, "已经修好。")
    clock.forward(days=1)
    delivered(wiring, town, sent)
    step(wiring, back, town.fang_id, referral_office.hand_back, reason=ReasonCode.UNCLEAR.value, words="没有说清是哪个小区。")
    with wiring.sessions.begin() as session:
        for outcome, verdict in zip(session.scalars(select(Outcome).order_by(Outcome.id)), (Said.SOLVED, Said.NOT_SOLVED), strict=False):
            outcome.seen_at = outcome.said_at = clock.now()
            outcome.verdict = verdict


# The page 数据 counts rows, by another question: a month by both is the same.
def test_a_month_of_days_is_what_counting_the_rows_says(wiring: Wiring, town: Town, clock: TestClock) -> None:
    a_busy_week(wiring, town, clock)
    counted(wiring, town.district_id)
    with wiring.sessions() as session:
        found = figures(session, actor(session, town.jing_id), FiguresAsked(NOVEMBER), at=clock.now())

    def of(measure: Measure) -> dict[str, int]:
        return counts(wiring, town.district_id, measure)

    def whole(measure: Measure) -> int:
        return sum(of(measure).values())

    heard = found.heard
    assert heard.received == 9
    assert whole(Measure.HEARD) == whole(Measure.HEARD_CHANNEL) == whole(Measure.HEARD_CATEGORY) == whole(Measure.TRIAGED_IN) == 9
    assert (whole(Measure.WITHDRAWN), whole(Measure.HEARD_DECIDED), whole(Measure.HEARD_TOLD)) == (1, heard.decided.count, heard.told.count)
    assert whole(Measure.DECIDED_IN) == heard.decided.count
    assert whole(Measure.TOLD_IN) == heard.told.count == 3
    assert (whole(Measure.TOLD), whole(Measure.REACHED)) == (found.told.asked, found.told.reached)
    assert of(Measure.VERDICT) == {"solved": 1, "not_solved": 1}
    assert (whole(Measure.SENT), whole(Measure.ANSWERED)) == (found.sent.sent, found.sent.replied) == (2, 1)
    assert of(Measure.DECISION) == {"refer": 2, "open_topic": 2, "attach": 1, "ask": 1, "answer": 1}
    assert of(Measure.TOPIC_OPENED) == {"residents": 2}
    assert (of(Measure.TOPIC_APPROVED), of(Measure.TOPIC_REJECTED)) == ({"residents": 1}, {"residents": 1})


def test_by_hand(wiring: Wiring, town: Town, clock: TestClock) -> None:
    a_busy_week(wiring, town, clock)
    counted(wiring, town.district_id)
    found = {(area, day, measure, part): (count, total) for area, day, measure, part, count, total, _ in rows(wiring)}
    first, second = date(2026, 11, 3), date(2026, 11, 4)
    assert found[town.ziwei_id, first, "heard", ""] == (4, 0)
    assert found[town.ziwei_id, first, "withdrawn", ""] == (1, 0)
    assert found[town.longchi_id, second, "heard", ""] == (2, 0)
    assert found[town.longchi_id, second, "decided_in", "24"] == (1, 300)
    assert (town.shiqiao_id, second, "heard_decided", "") not in found


def test_counted_twice_is_counted_once(wiring: Wiring, town: Town, clock: TestClock) -> None:
    a_busy_week(wiring, town, clock)
    counted(wiring, town.district_id)
    once = rows(wiring)
    counted(wiring, town.district_id, Period(date(2026, 11, 2), date(2026, 11, 4)))
    counted(wiring, town.district_id)
    assert rows(wiring) == once
    assert {row[-1] for row in once} == {town.district_id}
    with wiring.sessions() as session:
        whole = session.query(DistrictCount).filter_by(measure="heard").order_by(DistrictCount.day).all()
    assert [(one.day.day, one.count) for one in whole] == [(3, 6), (4, 3)]


# A minute before midnight in Shanghai is another day than a minute after, though both are one day in UTC.
def test_a_day_begins_at_midnight_in_shanghai(wiring: Wiring, town: Town, clock: TestClock) -> None:
    midnight = datetime(2026, 11, 5, tzinfo=SHANGHAI)
    for at in (midnight - timedelta(minutes=1), midnight, midnight + timedelta(minutes=1)):
        clock.time = at
        told(wiring, town.longchi_code, f"{at}")
    clock.forward(days=2)
    counted(wiring, town.district_id)
    heard = {day: count for _, day, measure, _, count, *_ in rows(wiring) if measure == "heard"}
    assert heard == {date(2026, 11, 4): 1, date(2026, 11, 5): 2}


def test_the_job_fills_what_is_missing_and_then_rests(wiring: Wiring, town: Town, clock: TestClock) -> None:
    a_busy_week(wiring, town, clock)
    with jobs_in_this_process(wiring):
        job.run()
        before = rows(wiring)
        with wiring.sessions() as session:
            days = list(session.scalars(select(CountedDay.day).where(CountedDay.district_id == town.district_id)))
            assert due_days(session, district_id=town.district_id, at=clock.now()) == ()
        job.run()
    today = clock.now().astimezone(SHANGHAI).date()
    assert (len(days), min(days), max(days)) == (BACK.days, today - BACK, today - timedelta(days=1))
    assert rows(wiring) == before


# After 35 days a day is counted again only when something in it changed.
def test_a_late_result_reaches_the_day_it_was_received_on(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "墙要倒了")
    received = clock.now().astimezone(SHANGHAI).date()
    with jobs_in_this_process(wiring):
        clock.forward(days=90)
        job.run()
        assert counts(wiring, town.district_id, Measure.HEARD_TOLD) == {}
        clock.forward(hours=1)
        with wiring.sessions.begin() as session:
            decide.answer(session, deciding(wiring, town.zhou_id, stored), words="已经拆了重砌。")
        with wiring.sessions() as session:
            assert due_days(session, district_id=town.district_id, at=clock.now()) == (Period(received, received),)
        job.run()
    assert counts(wiring, town.district_id, Measure.HEARD_TOLD) == {"": 1}
    assert counts(wiring, town.district_id, Measure.TOLD_IN) == {"more": 1}


# A unit has longer than 35 days, and a resident may take words back whenever they like.
def test_a_late_answer_and_a_late_withdrawal_reach_their_days(wiring: Wiring, town: Town, clock: TestClock) -> None:
    sent = referred(wiring, town, told(wiring, town.longchi_code, "第一盏灯不亮"))
    clock.forward(days=1)
    gone = told(wiring, town.ziwei_code, "不说了")
    with jobs_in_this_process(wiring):
        clock.forward(days=60)
        job.run()
        clock.forward(hours=1)
        replied(wiring, town, sent)
        with wiring.sessions.begin() as session:
            withdraw(session, submission_id=gone.submission_id, at=clock.now())
        job.run()
    assert counts(wiring, town.district_id, Measure.ANSWERED) == {"": 1}
    assert counts(wiring, town.district_id, Measure.WITHDRAWN) == {"": 1}


# It gathers what came before it: nothing more came.
def test_a_class_is_no_further_topic(wiring: Wiring, town: Town) -> None:
    two = [topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, title)) for title in ("路灯不亮", "楼道灯不亮")]
    with wiring.sessions.begin() as session:
        open_class(session, actor=actor(session, town.jing_id), topic_ids=two, title="照明不足", at=wiring.clock.now())
    counted(wiring, town.district_id)
    assert counts(wiring, town.district_id, Measure.TOPIC_OPENED) == {"residents": 2}


# Its last words leave for another topic, years after it was opened: on no page it stands among those that were.
def test_a_topic_that_dissolves_late_leaves_its_day(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "第一盏灯不亮", verdict=Verdict.OPEN)
    clock.forward(days=1)
    other = topic_of(wiring, town.zhou_id, "老年食堂", told(wiring, town.ziwei_code, "食堂排队"))
    with jobs_in_this_process(wiring):
        clock.forward(days=60)
        job.run()
        assert counts(wiring, town.district_id, Measure.TOPIC_OPENED) == {"residents": 2}
        clock.forward(hours=1)
        attach(wiring, town.zhou_id, stored, other)
        job.run()
    assert counts(wiring, town.district_id, Measure.TOPIC_OPENED) == {"residents": 1}


def test_what_was_decided_on_imported_rows_is_no_answer_to_anybody(wiring: Wiring, town: Town, clock: TestClock) -> None:
    row = told(wiring, town.longchi_code, "热线说路灯不亮")
    topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.ziwei_code, "灯不亮"), row)
    with wiring.sessions.begin() as session:
        session.get_one(Submission, row.submission_id).channel = Channel.IMPORT
    counted(wiring, town.district_id)
    assert counts(wiring, town.district_id, Measure.DECISION) == {"open_topic": 1}


# Rows of months ago stand on the days on which they were said, and go from them when the batch is taken back.
def test_imported_rows_reach_their_days(wiring: Wiring, town: Town, clock: TestClock) -> None:
    september = Period(date(2026, 9, 1), date(2026, 9, 30))
    with jobs_in_this_process(wiring):
        job.run()
        clock.forward(hours=1)
        import_id = taken_in(wiring, town, as_csv([call(1, when="2026-09-03 08:05"), call(2, when="2026-09-04 08:05")]))
        job.run()
        assert counts(wiring, town.district_id, Measure.IMPORTED, period=september) == {"": 2}
        assert counts(wiring, town.district_id, Measure.HEARD, period=september) == {}
        clock.forward(hours=1)
        with wiring.sessions.begin() as session:
            row_import.undo(session, importing(wiring, town, import_id))
        row_imports.run()
        job.run()
    assert counts(wiring, town.district_id, Measure.IMPORTED, period=september) == {}


# What came in before a file broke off stands there, whether or not anybody goes on with it.
def test_rows_of_an_import_that_broke_off_reach_their_days(wiring: Wiring, town: Town, clock: TestClock) -> None:
    september = Period(date(2026, 9, 1), date(2026, 9, 30))
    with jobs_in_this_process(wiring):
        job.run()
        clock.forward(hours=1)
        import_id = taken_in(wiring, town, as_csv([call(1, when="2026-09-03 08:05")]))
        with wiring.sessions.begin() as session:
            session.get_one(RowImport, import_id).state = ImportState.FAILED
        job.run()
    assert counts(wiring, town.district_id, Measure.IMPORTED, period=september) == {"": 1}


def test_a_category_that_was_set_right_counts_anew_the_next_day(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "井盖响")
    with jobs_in_this_process(wiring):
        clock.forward(days=1)
        job.run()
        with wiring.sessions.begin() as session:
            session.get_one(Submission, stored.submission_id).category = "roads"
        clock.forward(days=1)
        job.run()
    assert counts(wiring, town.district_id, Measure.HEARD_CATEGORY) == {"roads": 1}


def test_a_category_that_is_set_right_late_reaches_its_day(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "井盖响")
    code = wiring.taxonomy.categories[-1].code
    with jobs_in_this_process(wiring):
        clock.forward(days=60)
        job.run()
        clock.forward(hours=1)
        card = deciding(wiring, town.zhou_id, stored)
        with wiring.sessions.begin() as session:
            change_category(
                session,
                actor=card.actor,
                submission_id=stored.submission_id,
                version=card.version,
                category=code,
                taxonomy=wiring.taxonomy,
                at=clock.now(),
            )
        job.run()
    assert counts(wiring, town.district_id, Measure.HEARD_CATEGORY) == {code: 1}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        # Noughts say nothing of anybody, fives and more neither.
        ((0, 5, 12), (0, 5, 12)),
        # One small number alone could be taken from the sum, so the smallest of the others goes with it.
        ((2, 40, 9), (None, 40, None)),
        # Several together that come to five or more hide one another.
        ((3, 40, 4), (None, 40, None)),
        ((3,), (None,)),
    ],
)
def test_small_numbers_are_hidden(shown: tuple[int, ...], expected: tuple[int | None, ...]) -> None:
    assert without_few(shown) == expected


def test_a_part_is_hidden_with_what_is_left_of_its_whole() -> None:
    assert [points_out(part, 20) for part in (0, 3, 5, 18, 20)] == [False, True, False, True, False]
    assert points_out(7, None)


def test_times_are_read_off_buckets() -> None:
    spell = spell_of({"1": 2, "24": 5, "more": 3})
    assert (spell.count, spell.within(0.5), spell.within(0.9)) == (10, "1 天", "30 天以上")
    assert spell_of({}).within(0.5) is None
