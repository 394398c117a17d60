"""全区情况: the same numbers on the page, in the workbook and on paper; each of its part of a whole, small ones not said, nobody's but one's own."""

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from intake.domain.actor import MACHINE
from intake.domain.dashboard import Against, Step, compared_with, step_for, steps_of
from intake.domain.figures import Period
from intake.domain.permission import Role
from intake.domain.point import PointKind
from intake.models import Area, AuditEntry, IntakePoint, RoleGrant, User
from intake.queries.dashboard import DashboardAsked, dashboard
from intake.queries.district_home import WaitingKind
from intake.services.place import create_point
from intake.web.district.dashboard import KIND_NAMES
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.counts import counted
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.town import Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

PATH = "/d/dashboard"
MONTH = f"{PATH}?first=2026-11-01&last=2026-11-30"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def heard(wiring: Wiring, code: str, count: int) -> None:
    """So many messages from one code."""
    for number in range(count):
        told(wiring, code, f"{code} 第 {number} 件")


def rows_of(page: str, key: str) -> dict[str, list[str]]:
    """The cells of a table by its first."""
    section = re.search(rf'<section class="card" id="{key}">(.*?)</section>', page, re.DOTALL)
    assert section is not None, f"no table {key}"
    rows = re.findall(r'<tr><th scope="row"[^>]*>(.*?)</th>(.*?)</tr>', section.group(1), re.DOTALL)
    return {
        name: [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)]
        for name, cells in rows
    }


def test_a_month_and_the_one_before_stand_side_by_side(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.time -= timedelta(days=40)
    heard(wiring, town.longchi_code, 2)
    clock.time += timedelta(days=40)
    topic_of(wiring, town.zhou_id, "老年食堂", told(wiring, town.ziwei_code, "食堂排队"))
    heard(wiring, town.longchi_code, 6)
    clock.forward(days=1)
    counted(wiring, town.district_id, Period(date(2026, 9, 1), clock.now().date() - timedelta(days=1)))
    later = sign_in(jing.client, "wangjing")
    page = later.get(f"{PATH}?first=2026-10-20&last=2026-11-20").get_data(as_text=True)
    whole = rows_of(page, "whole")
    assert whole["来件"] == ["7", "", "", "2", "", ""]
    assert whole["定了去向（占没有撤回的来件）"] == ["1", "7", "14%", "0", "2", "0%"]
    assert rows_of(page, "routes")["群众出题"] == ["1", "0", "0"]
    assert rows_of(page, "channels")["扫码"] == ["7", "100%", "2"]
    assert "不排名" in page
    assert "没有手机" in page


# 丰山街道 has 龙池 and 紫薇: what 紫薇 said is too little to be said, and 龙池 goes with it, for the sum is known.
def test_small_numbers_are_hidden_with_what_would_give_them_away(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    heard(wiring, town.longchi_code, 9)
    heard(wiring, town.ziwei_code, 2)
    heard(wiring, town.shiqiao_code, 8)
    page = jing.get(MONTH).get_data(as_text=True)
    areas = rows_of(page, "areas")
    assert list(areas) == ["丰山街道", "龙池社区", "紫薇社区", "清河街道", "石桥社区"]
    assert [areas[name][1] for name in areas] == ["11", "不列", "不列", "8", "8"]
    small = jing.get(f"{MONTH}&area={town.ziwei_id}").get_data(as_text=True)
    assert rows_of(small, "whole")["来件"][0] == "不列"
    assert not re.search(r'data-value="[1-4]"', small)


# 清河街道 is hidden so that 丰山街道 can't be found; its only community would tell what it is.
def test_what_is_hidden_in_a_street_is_hidden_below_it(jing: Person, wiring: Wiring, town: Town) -> None:
    heard(wiring, town.ziwei_code, 2)
    heard(wiring, town.shiqiao_code, 8)
    areas = rows_of(jing.get(MONTH).get_data(as_text=True), "areas")
    assert [areas[name][1] for name in areas] == ["不列", "0", "不列", "不列", "不列"]
    street = jing.get(f"{MONTH}&area={town.street_id}").get_data(as_text=True)
    assert rows_of(street, "whole")["来件"][0] == "不列", "what one community alone said is that community's"


# 8 of 10 undecided leave 2, six on one day of eight leave 2 on the other: neither is said of one community.
def test_the_page_of_a_community_says_nothing_that_a_small_number_can_be_taken_from(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    stored = [told(wiring, town.ziwei_code, f"食堂排队 {number}") for number in range(6)]
    topic_of(wiring, town.zhou_id, "老年食堂", *stored)
    clock.forward(days=1)
    heard(wiring, town.ziwei_code, 2)
    page = sign_in(jing.client, "wangjing").get(f"{MONTH}&area={town.ziwei_id}").get_data(as_text=True)
    assert rows_of(page, "whole")["来件"][0] == "8"
    assert rows_of(page, "whole")["定了去向（占没有撤回的来件）"][:2] == ["不列", "8"]
    curve = rows_of(page, "curve")
    assert (curve["2026-11-03"][0], curve["2026-11-04"][0]) == ("不列", "不列")
    assert rows_of(page, "categories")


def test_a_street_has_the_codes_of_its_communities(jing: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        for number, point in enumerate(session.query(IntakePoint).order_by(IntakePoint.id)):
            point.latitude, point.longitude = 30.12 + number / 100, 124.6
        street = session.get_one(Area, town.street_id)
        point = create_point(session, actor=MACHINE, area=street, kind=PointKind.STATION, name="丰山工作站", at=wiring.clock.now())
        point.latitude, point.longitude = 30.2, 124.7
        code = point.code
    heard(wiring, town.longchi_code, 6)
    heard(wiring, town.ziwei_code, 7)
    heard(wiring, code, 8)
    page = jing.get(MONTH).get_data(as_text=True)
    assert [rows_of(page, "areas")[name][:2] for name in ("丰山街道", "龙池社区", "紫薇社区")] == [["3", "21"], ["1", "6"], ["1", "7"]]
    circles = re.findall(r'<li data-at="[^"]*" data-count="(\d*)"><b>([^<]*)</b>', page)
    assert circles == [("6", "龙池社区"), ("7", "紫薇社区"), ("8", "丰山街道本级"), ("0", "石桥社区")], "nothing is drawn twice"


def test_the_file_says_what_the_page_says(jing: Person, wiring: Wiring, town: Town) -> None:
    heard(wiring, town.longchi_code, 7)
    page = rows_of(jing.get(MONTH).get_data(as_text=True), "whole")
    answer = jing.get(MONTH.replace(PATH, f"{PATH}/export.xlsx"))
    book = load_workbook(io.BytesIO(answer.data), read_only=True)
    sheet = book["各项数"]
    cells = {str(name.value): [_as_read(one) for one in row] for name, *row in sheet.iter_rows(min_row=3)}
    assert cells == page
    assert any(one.endswith("%") for row in cells.values() for one in row)
    first_day = next(iter(book["来件"].iter_rows(min_row=3, max_row=3)))[0]
    assert (first_day.is_date, first_day.number_format) == (True, "yyyy-mm-dd")
    assert "说明" in book.sheetnames
    printed = jing.get(MONTH.replace(PATH, f"{PATH}/export.pdf"))
    assert printed.data.startswith(b"%PDF")
    assert printed.headers["Cache-Control"] == "no-store"
    on_paper = "\n".join(one.get_textpage().get_text_range() for one in pypdfium2.PdfDocument(printed.data))
    assert "占多少里的" in on_paper, "tables, no sentences"
    assert "来件：" not in on_paper
    with wiring.sessions() as session:
        taken = [entry.detail["format"] for entry in session.query(AuditEntry).filter_by(action="dashboard.export").order_by(AuditEntry.id)]
    assert taken == ["xlsx", "pdf"]


def _as_read(cell: Any) -> str:
    """As a spreadsheet shows it: shares are numbers with a format."""
    if cell.number_format == "0%":
        return f"{cell.value:.0%}"
    return "" if cell.value is None else str(cell.value)


def test_a_minute_is_remembered_and_no_longer(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    heard(wiring, town.longchi_code, 6)
    assert rows_of(jing.get(MONTH).get_data(as_text=True), "whole")["来件"][0] == "6"
    heard(wiring, town.longchi_code, 1)
    clock.forward(seconds=30)
    assert rows_of(jing.get(MONTH).get_data(as_text=True), "whole")["来件"][0] == "6"
    clock.forward(seconds=31)
    assert rows_of(jing.get(MONTH).get_data(as_text=True), "whole")["来件"][0] == "7"


def test_what_one_may_see_is_not_remembered_for_another(jing: Person, wiring: Wiring, town: Town) -> None:
    heard(wiring, town.longchi_code, 6)
    heard(wiring, town.shiqiao_code, 7)
    assert rows_of(jing.get(MONTH).get_data(as_text=True), "whole")["来件"][0] == "13"
    person_with(wiring, "jiedao", "街道上", (Role.STAFF, town.street_id))
    street = sign_in(jing.client.application.test_client(), "jiedao")
    page = street.get(MONTH).get_data(as_text=True)
    assert rows_of(page, "whole")["来件"][0] == "6"
    assert "石桥社区" not in page
    assert street.get(f"{MONTH}&area={town.shiqiao_id}").status_code == 404
    stranger = sign_in(jing.client.application.test_client(), "sunyi")
    assert "石桥社区" not in stranger.get(MONTH).get_data(as_text=True)
    for ending in ("", "/export.xlsx", "/export.pdf"):
        assert stranger.get(f"{PATH}{ending}?area={town.longchi_id}").status_code == 404
    assert sign_in(jing.client.application.test_client(), "zhou").get(PATH).status_code == 403


def test_days_that_are_no_period_are_said_at_their_field(jing: Person) -> None:
    answer = jing.get(f"{PATH}?first=2026-11-20&last=2026-11-01")
    assert answer.status_code == 422
    assert "开始的日期要在结束的日期之前" in words_of(answer)
    assert jing.get(f"{PATH}?first=0001-01-01&last=0001-01-05&against=last_year").status_code == 422
    assert jing.get(f"{PATH}/export.xlsx?first=9999-12-01&last=9999-12-31").status_code == 422


def test_days_that_nobody_has_counted_are_said(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.forward(days=10)
    later = sign_in(jing.client, "wangjing")
    assert "有 10 天还没有数完" in words_of(later.get(f"{PATH}?first=2026-11-01&last=2026-11-20"))
    counted(wiring, town.district_id, Period(date(2026, 11, 1), date(2026, 11, 12)))
    clock.forward(seconds=61)
    assert "还没有数完" not in words_of(later.get(f"{PATH}?first=2026-11-01&last=2026-11-20"))


def test_today_counts_before_anybody_has_counted_it(wiring: Wiring, town: Town, clock: TestClock) -> None:
    heard(wiring, town.longchi_code, 5)
    asked = DashboardAsked(Period(date(2026, 11, 1), date(2026, 11, 30)))
    with wiring.sessions() as session:
        live = dashboard(session, actor(session, town.jing_id), asked, at=clock.now())
        clock.forward(days=1)
        counted(wiring, town.district_id, Period(date(2026, 11, 1), date(2026, 11, 3)))
        kept = dashboard(session, actor(session, town.jing_id), asked, at=clock.now())
    assert live.now == kept.now
    assert live.areas == kept.areas
    assert [one.heard for one in live.moments if one.heard] == [one.heard for one in kept.moments if one.heard] == [5]


def test_it_costs_the_same_for_nothing_and_for_much(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    nothing = cost(wiring, jing, MONTH, "全区情况")
    heard(wiring, town.longchi_code, 20)
    clock.forward(seconds=61)
    first = jing.client
    assert cost(wiring, jing, MONTH, "全区情况") == nothing <= 3  # remembered: who it is, and what the shell asks
    clock.forward(seconds=61)
    assert rows_of(first.get(MONTH).get_data(as_text=True), "whole")["来件"][0] == "20"


def test_tiles_are_allowed_where_there_are_some(jing: Person, wiring: Wiring) -> None:
    assert "tianditu" not in jing.get(PATH).headers["Content-Security-Policy"]
    wiring.settings = replace(wiring.settings, map_tiles="https://t{s}.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk=abc")
    wiring.settings.check()
    assert "img-src 'self' data: https://*.tianditu.gov.cn;" in jing.get(PATH).headers["Content-Security-Policy"]
    assert "tianditu" not in jing.get("/d").headers["Content-Security-Policy"]


def test_everything_that_waits_has_a_name() -> None:
    assert KIND_NAMES.keys() == set(WaitingKind)


@pytest.mark.parametrize(
    ("days", "chosen", "expected"),
    [
        # What one reads at a glance, unless a coarser one is asked for.
        (30, None, Step.DAY), (150, None, Step.WEEK), (365, None, Step.MONTH), (30, Step.MONTH, Step.MONTH),
        # A year by day is no curve.
        (365, Step.DAY, Step.WEEK),
    ],
)  # fmt: skip
def test_steps_make_a_curve_one_can_read(days: int, chosen: Step | None, expected: Step) -> None:
    period = Period(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days - 1))
    step = step_for(period, chosen)
    pieces = steps_of(period, step)
    assert step is expected
    assert (pieces[0].first, pieces[-1].last) == (period.first, period.last)
    assert all(one.last + timedelta(days=1) == other.first for one, other in pairwise(pieces))


def test_what_a_period_is_compared_with() -> None:
    leap = Period(date(2028, 2, 29), date(2028, 3, 1))
    assert compared_with(leap, Against.BEFORE) == Period(date(2028, 2, 27), date(2028, 2, 28))
    assert compared_with(leap, Against.LAST_YEAR) == Period(date(2027, 2, 28), date(2027, 3, 1))


def test_what_waits_is_not_remembered_beyond_the_grant_that_showed_it(jing: Person, wiring: Wiring, town: Town) -> None:
    taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "老年食堂", told(wiring, town.ziwei_code, "食堂排队")))
    person_with(wiring, "heyun", "何云", (Role.STAFF, town.district_id), (Role.LEADER, town.shiqiao_id))
    he = sign_in(jing.client.application.test_client(), "heyun")
    assert "待筛选 1" in words_of(he.get(PATH))
    with wiring.sessions.begin() as session:
        grant = session.query(RoleGrant).filter_by(area_id=town.district_id).join(User, User.id == RoleGrant.user_id)
        session.delete(grant.filter(User.login == "heyun").one())
    left = he.get(PATH)
    assert (left.status_code, "待筛选 1" in words_of(left)) == (200, False)


def test_the_list_at_the_head_leads_to_every_part_of_the_page(jing: Person, wiring: Wiring, town: Town) -> None:
    heard(wiring, town.longchi_code, 6)
    for path, least in ((MONTH, 7), (f"{MONTH}&area={town.longchi_id}", 5)):
        page = jing.get(path).get_data(as_text=True)
        jump = re.search(r'<nav class="jump"[^>]*>(.*?)</nav>', page, re.DOTALL)
        assert jump is not None
        anchors = re.findall(r'href="#([a-z-]+)"', jump.group(1))
        assert len(anchors) >= least
        assert [one for one in anchors if page.count(f' id="{one}"') != 1] == []
