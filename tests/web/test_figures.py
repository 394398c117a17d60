"""数据: every count with what it is a part of, the same on the page and in the file, in as many statements for one row as for twenty."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.errors import InvalidInput
from intake.domain.figures import Figures, Period, Times, month_with, period_of, sections
from intake.domain.outcome import Verdict
from intake.domain.permission import Role
from intake.domain.referral import ReasonCode
from intake.domain.submission import SubmissionAction
from intake.models import Area, Outcome, Referral, Submission, User
from intake.queries.figures import FiguresAsked, figures
from intake.services import referral_department, referral_office
from intake.services import submission_decide as decide
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, replied, signed, step
from tests.factories.releases import street_staff
from tests.factories.town import Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

PATH = "/d/figures"
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def of(wiring: Wiring, town: Town, *, period: Period = NOVEMBER, area_id: int | None = None, category: str | None = None) -> Figures:
    with wiring.sessions() as session:
        asked = FiguresAsked(period, area_id=area_id, category=category)
        return figures(session, actor(session, town.jing_id), asked, at=wiring.clock.now())  # fmt: skip


def say(wiring: Wiring, town: Town, verdict: Verdict, *, position: int) -> None:
    """The resident of the `position`-th outcome says it."""
    with wiring.sessions.begin() as session:
        outcome = session.query(Outcome).order_by(Outcome.id).offset(position).limit(1).one()
        outcome.seen_at = outcome.said_at = wiring.clock.now()
        outcome.verdict = verdict


def busy_month(wiring: Wiring, town: Town, clock: TestClock) -> None:
    """Eight submissions of 龙池 and 紫薇, three of them referred: one delivered, one late, one returned."""
    on_time = referred(wiring, town, told(wiring, town.longchi_code, "第一盏灯不亮"))
    late = referred(wiring, town, told(wiring, town.longchi_code, "第二盏灯不亮"))
    back = referred(wiring, town, told(wiring, town.ziwei_code, "物业不开门"))
    gone = told(wiring, town.ziwei_code, "不说了")
    topic_of(wiring, town.zhou_id, "老年食堂", told(wiring, town.ziwei_code, "食堂排队"), told(wiring, town.ziwei_code, "食堂太贵"))
    told(wiring, town.longchi_code, "没有人看过")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=gone.submission_id, at=clock.now())
    clock.forward(hours=12)
    answered = told(wiring, town.longchi_code, "垃圾没有收")
    clock.forward(hours=6)
    card = deciding(wiring, town.zhou_id, answered)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="今天起每天收两次。")
    delivered(wiring, town, on_time)
    assigned(wiring, town, late)
    step(wiring, back, town.fang_id, referral_office.hand_back, reason=ReasonCode.UNCLEAR.value, words="没有说清是哪个小区。")
    step(wiring, late, town.gao_id, referral_department.dispute, proposed_id=town.homes_id, words="是住建的。")
    step(wiring, late, town.fang_id, referral_office.decide_dispute, uphold=True, words="仍由城管办理。")
    clock.time = clock.time.replace(day=25)
    say(wiring, town, Verdict.SOLVED, position=0)


def test_every_count_is_a_part_of_what_it_says(wiring: Wiring, town: Town, clock: TestClock) -> None:
    busy_month(wiring, town, clock)
    found = of(wiring, town)
    assert (found.heard.received, found.heard.withdrawn, found.heard.declined) == (8, 1, 0)
    assert (found.heard.first.count, found.heard.decided.count, found.heard.told.count) == (6, 6, 2)
    assert (found.sent.sent, found.sent.assigned, found.sent.replied, found.sent.in_time, found.sent.late) == (3, 2, 1, 1, 0)
    assert (found.sent.overdue, found.sent.returned, found.sent.disputed, found.sent.cancelled) == (1, 1, 1, 0)
    assert (found.told.asked, found.told.reached, found.told.said, found.told.solved) == (2, 1, 1, 1)
    assert sum(found.open_now.by_age) == 5
    assert found.open_now.by_age == (0, 5, 0, 0)


def test_times_are_the_middle_and_nine_of_ten(wiring: Wiring, town: Town, clock: TestClock) -> None:
    for hours in (1, 2, 3, 4, 10):
        stored = told(wiring, town.longchi_code, f"等了 {hours} 小时")
        clock.forward(hours=hours)
        with wiring.sessions.begin() as session:
            decide.answer(session, deciding(wiring, town.zhou_id, stored), words="已修好。")
    found = of(wiring, town).heard
    assert found.first.count == found.told.count == 5
    assert found.first.median == pytest.approx(3)
    assert found.first.ninety == pytest.approx(7.6)


# A question back is somebody's first look, but no decision where it goes.
def test_a_question_back_is_no_decision(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "那里很脏")
    clock.forward(hours=1)
    with wiring.sessions.begin() as session:
        card = deciding(wiring, town.zhou_id, stored)
        decide.hold(session, card, SubmissionAction.ASK, words="请问是哪里？")
    found = of(wiring, town).heard
    assert (found.first.count, found.decided.count) == (1, 0)
    assert found.decided == Times(0, None, None)


def test_what_was_taken_back_was_never_decided(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "路灯不亮")
    with wiring.sessions.begin() as session:
        decision = decide.answer(session, deciding(wiring, town.zhou_id, stored), words="已修好。")
        session.flush()
        decision.undone_at = clock.now()
    assert of(wiring, town).heard.first.count == 0


def test_a_late_answer_is_late_by_the_day_it_was_due(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "路灯不亮")))
    for shift, expected in ((0, (1, 0)), (1, (0, 1))):
        with wiring.sessions.begin() as session:
            referral = session.get_one(Referral, one)
            assert referral.answer_due_at is not None
            referral.replied_at = referral.answer_due_at + timedelta(days=shift) - timedelta(hours=1)
        sent = of(wiring, town).sent
        assert (sent.in_time, sent.late) == expected


def test_what_is_paused_is_not_overdue(wiring: Wiring, town: Town, clock: TestClock) -> None:
    one = signed(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "路灯不亮")))
    clock.time = clock.time.replace(day=27)
    assert of(wiring, town).sent.overdue == 1
    with wiring.sessions.begin() as session:
        session.get_one(Referral, one).paused_at = clock.now()
    assert of(wiring, town).sent.overdue == 0


def test_area_category_and_days_narrow_everything(wiring: Wiring, town: Town, clock: TestClock) -> None:
    busy_month(wiring, town, clock)
    with wiring.sessions.begin() as session:
        lamp = session.query(Submission).filter_by(text_written="第一盏灯不亮").one()
        lamp.category = "street_lights"
        session.query(Referral).filter_by(submission_id=lamp.id).one().category = "street_lights"
    longchi = of(wiring, town, area_id=town.longchi_id)
    assert (longchi.heard.received, longchi.sent.sent, longchi.told.asked) == (4, 2, 2)
    assert longchi.areas == ()
    street = of(wiring, town, area_id=town.street_id)
    assert [(one.name, one.received, one.withdrawn, one.sent) for one in street.areas] == [("龙池社区", 4, 0, 2), ("紫薇社区", 4, 1, 1)]
    lights = of(wiring, town, category="street_lights")
    assert (lights.heard.received, lights.sent.sent, lights.told.asked, lights.told.said) == (1, 1, 1, 0)
    december = of(wiring, town, period=Period(date(2026, 12, 1), date(2026, 12, 31)))
    assert (december.heard.received, december.sent.sent, december.told.asked) == (0, 0, 0)
    assert sum(december.open_now.by_age) == 5, "what is open is open whenever it came"


# Areas stand in their own order, however much or little they have: no league table.
def test_areas_are_never_sorted_by_a_figure(wiring: Wiring, town: Town, clock: TestClock) -> None:
    for number in range(3):
        told(wiring, town.shiqiao_code, f"第 {number} 件")
    assert [(one.name, one.received) for one in of(wiring, town).areas] == [("丰山街道", 0), ("清河街道", 3)]
    for number in range(5):
        told(wiring, town.longchi_code, f"第 {number} 件")
    assert [(one.name, one.received) for one in of(wiring, town).areas] == [("丰山街道", 5), ("清河街道", 3)]


def test_the_days_begin_and_end_in_shanghai(wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.time = clock.time.replace(day=9, hour=15, minute=59)
    told(wiring, town.longchi_code, "夜里十一点五十九分")
    clock.forward(minutes=2)
    told(wiring, town.longchi_code, "过了零点")
    day = date(2026, 11, 9)
    assert of(wiring, town, period=Period(day, day)).heard.received == 1
    assert of(wiring, town, period=Period(day, day + timedelta(days=1))).heard.received == 2


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        # Nothing asked for: this month. One end: that day.
        (None, None, NOVEMBER),
        (date(2026, 11, 5), None, Period(date(2026, 11, 5), date(2026, 11, 5))),
        (None, date(2026, 11, 5), Period(date(2026, 11, 5), date(2026, 11, 5))),
        (date(2025, 11, 4), date(2026, 11, 3), Period(date(2025, 11, 4), date(2026, 11, 3))),
        # In order, and not longer than a year.
        (date(2026, 11, 5), date(2026, 11, 4), None),
        (date(2025, 11, 1), date(2026, 11, 3), None),
        # Nobody counted these days, and the last of all has no day after it.
        (date(1999, 12, 31), None, None),
        (None, date(9999, 12, 31), None),
    ],
)
def test_a_period_is_a_month_or_the_days_asked_for(first: date | None, last: date | None, expected: Period | None) -> None:
    if expected is None:
        with pytest.raises(InvalidInput):
            period_of(first, last, today=date(2026, 11, 3))
    else:
        assert period_of(first, last, today=date(2026, 11, 3)) == expected


def test_a_month_has_its_days() -> None:
    assert month_with(date(2028, 2, 10)) == Period(date(2028, 2, 1), date(2028, 2, 29))
    assert month_with(date(2026, 12, 31)) == Period(date(2026, 12, 1), date(2026, 12, 31))


# --- the page and the file ----------------------------------------------------------------------------------------------------------------


def test_the_page_names_every_denominator_and_what_it_cannot_show(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    busy_month(wiring, town, clock)
    page = words_of(sign_in(jing.client, "wangjing").get(PATH))
    for section in sections(of(wiring, town)):
        assert section.title in page
        for words in section.unseen:
            assert words in page
        for line in section.lines:
            assert line.words in page
            if line.whole:
                assert f"{line.part} / {line.whole} · {line.percent}%" in page
    assert "不足 10 件，时间只供参考" in page
    assert "没有手机" in page
    assert "不排名" in page


def test_the_file_says_the_same_and_holds_no_formula(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    busy_month(wiring, town, clock)
    with wiring.sessions.begin() as session:
        session.get_one(Area, town.street_id).name = '=HYPERLINK("http://x","y")'
    answer = sign_in(jing.client, "wangjing").get(f"{PATH}/export.csv?first=2026-11-01&last=2026-11-30")
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    assert "figures-20261101-20261130.csv" in answer.headers["Content-Disposition"]
    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if row]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    said = {(row[0], row[1]): row[2:5] for row in rows if len(row) > 4}
    for section in sections(of(wiring, town)):
        for line in section.lines:
            assert said[section.title, line.words] == [str(line.part), "" if line.whole is None else str(line.whole), line.of]
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)


def test_days_that_make_no_sense_are_said_at_their_field(jing: Person, town: Town) -> None:
    answer = jing.get(f"{PATH}?first=2026-11-05&last=2026-11-01")
    assert answer.status_code == 422
    assert "开始的日期要在结束的日期之前" in words_of(answer)
    assert jing.get(f"{PATH}?first=yesterday&area=x&category=nothing").status_code == 200
    assert jing.get(f"{PATH}/export.csv?first=2026-11-05&last=2026-11-01").status_code == 422


def test_it_is_read_by_whoever_answers_for_the_district(app: Flask, wiring: Wiring, town: Town) -> None:
    for login, role in (("chair", Role.CHAIR), ("leader", Role.LEADER)):
        person_with(wiring, login, "看数据的", (role, town.district_id))
        assert sign_in(app.test_client(), login).client.get(PATH).status_code == 200
    for login in ("zhou", "chenli", "gaoqiang", "fangmin"):
        assert sign_in(app.test_client(), login).client.get(PATH).status_code == 403
    with wiring.sessions() as session:
        other = session.query(Area).filter_by(name="望江区").one().id
    sun = sign_in(app.test_client(), "sunyi")
    assert "望江区" in words_of(sun.get(PATH))
    assert sun.client.get(f"{PATH}?area={town.longchi_id}").status_code == 404
    assert sign_in(app.test_client(), "wangjing").client.get(f"{PATH}?area={other}").status_code == 404


def test_staff_of_a_street_begin_with_their_street(app: Flask, wiring: Wiring, town: Town) -> None:
    for code in (town.longchi_code, town.shiqiao_code):
        told(wiring, code, "路灯不亮")
    street_staff(wiring, "丰山街道", "linxiao")
    lin = sign_in(app.test_client(), "linxiao")
    page = lin.get(PATH)
    shown = words_of(page).partition("数据 丰山街道")[2]  # what the menu says is no part of it
    assert (page.status_code, bool(shown), "全区" in shown) == (200, True, False)
    with wiring.sessions() as session:
        asked = FiguresAsked(NOVEMBER)
        of_street = session.query(User).filter_by(login="linxiao").one().id
        assert figures(session, actor(session, of_street), asked, at=wiring.clock.now()).heard.received == 1
        assert figures(session, actor(session, town.jing_id), asked, at=wiring.clock.now()).heard.received == 2
    assert lin.client.get(f"{PATH}/export.csv").status_code == 200
    assert lin.client.get(f"{PATH}?area={town.district_id}").status_code == 404


def test_it_costs_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    delivered(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第 0 件事")))
    one = cost(wiring, jing, PATH, "居民怎么说")
    for number in range(1, 20):
        referred(wiring, town, told(wiring, town.longchi_code, f"第 {number} 件事"))
    assert cost(wiring, jing, PATH, "居民怎么说") == one <= 12


def test_english_says_it_all(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    busy_month(wiring, town, clock)
    html = sign_in(jing.client, "wangjing").get(f"{PATH}?lang=en").get_data(as_text=True)
    page = re.sub(r"<[^>]+>", " ", html.split('<main id="main">')[1].split("</main>")[0])
    assert "Figures" in page
    with wiring.sessions() as session:
        for area in session.query(Area):
            page = page.replace(area.name, "")
    assert re.findall(r"[\u4e00-\u9fff]+", page) == []
