"""值班日历, 履职记录 and the year on the pages: a member's own, the desk's, and nobody else's."""

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from intake.domain.activity import ActivityKind
from intake.models import Activity, AuditEntry, DutyShift, Venue
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.duty import facts, made, shift, station
from tests.factories.town import Town
from tests.integration.test_activity import noted
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

TODAY = date(2026, 11, 3)


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client.application.test_client(), "wangjing")


@pytest.fixture
def place(wiring: Wiring, town: Town) -> int:
    return station(wiring, town.longchi_id)


def person(client: FlaskClient, login: str) -> Person:
    return sign_in(client.application.test_client(), login)


# --- the calendar -----------------------------------------------------------------------------------------------------------------------


def test_a_season_is_made_on_the_desk_and_says_what_it_left_out(client: FlaskClient, town: Town, place: int, clock: TestClock) -> None:
    clock.time = datetime(2026, 9, 15, 1, tzinfo=UTC)
    jing = person(client, "wangjing")
    form = {"venue": str(place), "person": str(town.zhou_id), "starts": "09:00", "ends": "11:00", "note": "带材料"}
    page = words_of(jing.press("/d/duty/new", "/d/duty/new", **form, day="2026-09-17", until="2026-10-15"))
    assert "排好了 4 班。放假的日子没有排：10 月 1 日。" in page
    # What nobody has announced yet can't be left out, and the page says so.
    page = words_of(jing.press("/d/duty/new", "/d/duty/new", **form, day="2026-12-25", until="2027-01-15"))
    assert "排好了 4 班。2027 年的放假安排还没有公布，公布以后请再看一遍。" in page
    shown = words_of(jing.get("/d/duty?month=2026-12"))
    assert "09:00–11:00 周明远 · 丰山委员工作站 带材料" in shown
    # What is refused shows the form again with what was typed.
    refused = jing.press("/d/duty/new", "/d/duty/new", **form, day="2026-12-25", until="")
    assert refused.status_code == 422
    assert "已经在“丰山委员工作站”值班" in words_of(refused)
    assert 'value="2026-12-25"' in refused.get_data(as_text=True)
    for hostile in ("9999-99-99", "2026-13-01", "x"):
        assert jing.press("/d/duty/new", "/d/duty/new", **{**form, "day": hostile}).status_code == 422
    for hour in ("25:00", "9", ""):
        assert jing.press("/d/duty/new", "/d/duty/new", **{**form, "starts": hour}, day="2026-12-24").status_code == 422
    assert jing.get("/d/duty?month=9999-12").status_code == jing.get("/d/duty?month=0001-01&venue=99").status_code == 200


def test_a_swap_from_phone_to_phone(zhou: Person, client: FlaskClient, wiring: Wiring, town: Town, place: int) -> None:
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    qing = person(client, "liqing")
    assert "接下这一班" not in words_of(qing.get("/m/duty"))
    assert "还没有接" in words_of(zhou.press(f"/m/duty/{one}", "/ask", colleague=str(town.qing_id)))
    assert "周明远请您代一班" in words_of(qing.get("/m/duty"))
    old = hidden(qing.get("/m/duty").get_data(as_text=True), "version")
    zhou.press(f"/m/duty/{one}", "/end-asking")
    token = hidden(qing.get("/m/ledger/new").get_data(as_text=True), "csrf_token")
    late = qing.client.post(f"/m/duty/{one}/take", data={"csrf_token": token, "version": old})
    assert late.status_code == 409
    assert "刚刚有人改过" in words_of(late), "it was taken back, and 龙池 isn't 李青's any more to look at"
    assert "丰山委员工作站" not in words_of(late)
    zhou.press(f"/m/duty/{one}", "/ask", colleague=str(town.qing_id))
    assert "这一班现在是您的" in words_of(qing.press("/m/duty", "/take"))
    # Now it is 李青's: 周明远 can neither ask nor cancel, and on a page that he left open he reads so.
    page = zhou.get(f"/m/duty/{one}")
    assert "李青" in words_of(page)
    assert "取消这一班" not in words_of(page)
    assert "为什么取消" in words_of(qing.press(f"/m/duty/{one}", "/cancel", words=""))
    assert "已取消" in words_of(qing.press(f"/m/duty/{one}", "/cancel", words="出差"))
    assert "已取消：出差" in words_of(zhou.get(f"/m/duty/{one}"))


def test_the_convenor_makes_the_calendar_of_the_own_street_alone(client: FlaskClient, wiring: Wiring, town: Town, place: int) -> None:
    laozhou, miao = person(client, "laozhou"), person(client, "hemiao")
    far = station(wiring, town.shiqiao_id, "石桥工作站")
    one = shift(wiring, town.jing_id, facts(far, town.shiqiao_member_id, TODAY))
    assert "石桥工作站" not in words_of(laozhou.get("/d/duty/new"))
    token = hidden(laozhou.get("/d/duty/new").get_data(as_text=True), "csrf_token")
    sent = {"csrf_token": token, "venue": str(far), "person": str(town.zhou_id), "day": "2026-11-04", "starts": "09:00", "ends": "10:00"}
    assert laozhou.client.post("/d/duty/new", data=sent).status_code == 403
    assert laozhou.get(f"/d/duty/{one}").status_code == 404
    assert laozhou.client.post(f"/d/duty/{one}/cancel", data={"csrf_token": token, "version": "1", "words": "x"}).status_code == 404
    assert miao.get("/d/duty").status_code == 403
    assert "石桥工作站" in words_of(miao.get("/m/duty?part=all"))
    assert "没有请您来值" not in words_of(miao.get(f"/m/duty/{one}"))
    mine = shift(wiring, town.laozhou_id, facts(place, town.zhou_id, TODAY))
    assert "已取消" in words_of(laozhou.press(f"/d/duty/{mine}", "/cancel", words="停电"))


# --- the record -------------------------------------------------------------------------------------------------------------------------


def test_one_tap_puts_a_shift_on_record_and_a_form_anything_else(zhou: Person, wiring: Wiring, town: Town, place: int) -> None:
    shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    assert "记下了。" in words_of(zhou.press("/m/ledger", "/ledger/shifts/1"))
    page = words_of(
        zhou.press("/m/ledger/new?kind=visit", "/m/ledger/new", day="2026-11-02", area=str(town.longchi_id), people="12", words="走访老人")
    )
    assert "11 月 2 日 星期一 走访 龙池社区 12 人 走访老人" in page
    assert "记为值班" not in page
    # Each kind asks for what belongs to it.
    asked = {kind: set(re.findall(r'name="(venue|area|people|settled)"', zhou.get(f"/m/ledger/new?kind={kind}").get_data(as_text=True)))
             for kind in ("duty", "reception", "visit", "mediation", "service")}  # fmt: skip
    assert asked["duty"] == {"venue"}
    assert asked["mediation"] == {"area", "settled"}
    refused = zhou.press("/m/ledger/new?kind=visit", "/m/ledger/new", day="2026-11-04", people="3", words="明天的事")
    assert refused.status_code == 422
    assert "还没到这一天" in words_of(refused)
    assert "明天的事" in words_of(refused)
    for people in ("很多", "-1", "9" * 30, "２"):
        assert zhou.press("/m/ledger/new?kind=visit", "/m/ledger/new", day="2026-11-03", people=people, words="").status_code == 422
    assert zhou.press("/m/ledger/new?kind=visit", "/m/ledger/new", day="2026-11-03", once="zz", words="").status_code == 422


# Back, and on with the next household: the page is the same, what was done isn't.
def test_two_things_written_on_one_page_are_two_and_one_sent_twice_is_one(zhou: Person, wiring: Wiring, town: Town) -> None:
    page = zhou.get("/m/ledger/new?kind=visit").get_data(as_text=True)
    sent = {name: hidden(page, name) for name in ("csrf_token", "kind", "once")} | {"day": "2026-11-03"}
    for words in ("走访张家", "走访张家", "走访李家"):
        assert zhou.client.post("/m/ledger/new", data={**sent, "words": words}).status_code == 303
    with wiring.sessions() as session:
        assert sorted(one.words for one in session.query(Activity)) == ["走访张家", "走访李家"]


def test_what_is_no_choice_any_more_stays_on_a_line_that_is_changed(zhou: Person, wiring: Wiring, town: Town, place: int) -> None:
    one = noted(wiring, town.zhou_id, kind=ActivityKind.RECEPTION, venue_id=place, area_id=town.shiqiao_id)
    with wiring.sessions.begin() as session:
        session.get_one(Venue, place).ended_at = wiring.clock.now()
    html = zhou.get(f"/m/ledger/{one}").get_data(as_text=True)
    chosen = dict(re.findall(r'<select[^>]*name="(\w+)"[^>]*>(?:(?!</select>).)*?value="(\d+)" selected', html, re.DOTALL))
    assert chosen == {"venue": str(place), "area": str(town.shiqiao_id)}


def test_personal_data_is_pointed_out_once_and_masked_if_it_stays(zhou: Person, wiring: Wiring, town: Town) -> None:
    words = "接待了居民，电话13812345678"
    page = zhou.press("/m/ledger/new?kind=reception", "/m/ledger/new", day="2026-11-03", words=words)
    assert page.status_code == 422
    assert "像是居民的个人信息：手机号 138••••5678" in words_of(page)
    html = page.get_data(as_text=True)
    assert words in html, "what was typed is still there"
    once, checked = hidden(html, "once"), hidden(html, "checked")
    token = hidden(html, "csrf_token")
    sent = {"csrf_token": token, "kind": "reception", "once": once, "checked": checked, "day": "2026-11-03", "words": words}
    for _ in range(2):
        assert zhou.client.post("/m/ledger/new", data=sent).status_code == 303
    with wiring.sessions() as session:
        assert [one.words for one in session.query(Activity)] == ["接待了居民，电话138••••5678"]


def test_a_line_is_changed_and_taken_out_and_nobody_elses_is_seen(zhou: Person, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    one = noted(wiring, town.zhou_id)
    old = zhou.get(f"/m/ledger/{one}").get_data(as_text=True)
    assert "改好了" in words_of(zhou.press(f"/m/ledger/{one}", f"/m/ledger/{one}", day="2026-11-03", words="改过的话", people="4"))
    late = zhou.client.post(
        f"/m/ledger/{one}",
        data={"csrf_token": hidden(old, "csrf_token"), "version": hidden(old, "version"), "day": "2026-11-03", "words": "旧页面上的话"},
    )
    assert late.status_code == 409
    assert "旧页面上的话" in words_of(late)
    qing = person(client, "liqing")
    assert qing.get(f"/m/ledger/{one}").status_code == 404
    token = hidden(qing.get("/m/ledger/new").get_data(as_text=True), "csrf_token")
    assert qing.client.post(f"/m/ledger/{one}/take-out", data={"csrf_token": token, "version": "2"}).status_code == 404
    assert "删去了" in words_of(zhou.press(f"/m/ledger/{one}", "/take-out"))
    assert zhou.get(f"/m/ledger/{one}").status_code == 404


def test_record_and_calendar_are_read_page_by_page(zhou: Person, wiring: Wiring, town: Town, place: int) -> None:
    for number in range(1, 36):
        noted(wiring, town.zhou_id, number, day=TODAY - timedelta(days=number % 7), words=f"第 {number} 件事。")
    made(wiring, town.jing_id, facts(place, town.zhou_id, TODAY, until=TODAY + timedelta(days=180)))
    made(wiring, town.jing_id, facts(place, town.qing_id, TODAY, until=TODAY + timedelta(days=180)))
    assert "先列最近的" not in words_of(zhou.get("/m/duty"))
    made(wiring, town.jing_id, facts(place, town.zhou_id, TODAY + timedelta(days=1), until=TODAY + timedelta(days=185)))
    made(wiring, town.jing_id, facts(place, town.zhou_id, TODAY + timedelta(days=2), until=TODAY + timedelta(days=185)))
    assert "先列最近的 60 班" in words_of(zhou.get("/m/duty"))
    for path, pattern in (("/m/ledger", r"第 (\d+) 件事"), ("/m/duty?part=all", r"/m/duty/(\d+)\"")):
        first = zhou.get(path).get_data(as_text=True)
        following = re.search(r'href="([^"]+)" rel="next"', first)
        assert following is not None, path
        second = zhou.get(following.group(1).replace("&amp;", "&")).get_data(as_text=True)
        seen = re.findall(pattern, first) + re.findall(pattern, second)
        assert len(seen) == len(set(seen)) > 30, path
        assert zhou.get(f"{path}{'&' if '?' in path else '?'}after=999999").status_code == 200


# --- the year ---------------------------------------------------------------------------------------------------------------------------


def test_the_year_belongs_to_its_member_who_sees_who_looked(
    zhou: Person, jing: Person, client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    clock.time = datetime(2026, 11, 2, 23, tzinfo=UTC)  # seven in the morning of the 3rd
    noted(wiring, town.zhou_id, words="=1+1 走访", people=7)
    page = words_of(zhou.get("/m/year"))
    assert "走访的人次 7" in page
    assert "还没有别人看过" in page
    book = load_workbook(BytesIO(zhou.client.get("/m/year/2026/record.xlsx").data))
    assert book["记录"]["G3"].value == "=1+1 走访"
    assert book["记录"]["G3"].data_type == "s"
    assert book.properties.created.date() == TODAY, "the day in Shanghai"
    for number in (2019, 2027, 9999, 2**63 - 1):
        assert zhou.get(f"/m/year/{number}").status_code == jing.get(f"/d/years/{number}").status_code == 404
    shown = jing.client.get(f"/d/years/2026/member?user={town.zhou_id}", follow_redirects=True)
    assert "=1+1 走访" in words_of(shown)
    assert jing.client.get(f"/d/members/{town.zhou_id}/year/2026/record.xlsx").status_code == 200
    assert jing.client.get("/d/years/2026/member?user=").status_code == 422, "nobody was chosen"
    with wiring.sessions() as session:
        entries = session.query(AuditEntry).filter_by(action="ledger.view").all()
        assert [(one.actor_id, one.entity_id, one.detail) for one in entries] == [(town.jing_id, town.zhou_id, {"year": 2026})] * 2
    assert "王静" in words_of(zhou.get("/m/year"))
    # Not for another district, not for who is no member, and for no other role: nobody looks at a colleague's year.
    stranger = person(client, "sunyi")
    for reader, user_id, status in ((stranger, town.zhou_id, 404), (jing, town.gao_id, 404), (jing, 99999, 404)):
        assert reader.get(f"/d/members/{user_id}/year/2026").status_code == status
    for login in ("zhou", "laozhou", "chenli", "fangmin", "gaoqiang"):
        other = person(client, login)
        for path in ("/d/years/2026", f"/d/members/{town.qing_id}/year/2026", "/d/years/2026/record.xlsx"):
            assert other.get(path).status_code == 403, (login, path)


def test_the_districts_year_adds_up_streets_and_names_nobody(jing: Person, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    noted(wiring, town.zhou_id, 1, area_id=town.longchi_id, people=693)
    page = words_of(jing.get("/d/years"))
    assert "走访的人次 693" in page
    assert re.search(r"丰山街道 0 0 0 / 0 1 / 693", page)
    listed = re.sub(r"一位委员的一年.*", "", page)
    assert "周明远" not in listed, "names stand in the choice alone"
    book = load_workbook(BytesIO(jing.client.get("/d/years/2026/record.xlsx").data))
    rows = list(book.active.iter_rows(min_row=3, values_only=True))
    assert [row[0] for row in rows] == ["丰山街道", "清河街道", "合计"]
    assert rows[0][6] == rows[-1][6] == 693
    stranger = person(client, "sunyi")
    assert "丰山街道" not in words_of(stranger.get("/d/years/2026"))


# --- for whom the pages are -------------------------------------------------------------------------------------------------------------


def test_who_is_no_member_has_no_ledger_and_who_is_signed_out_signs_in(client: FlaskClient, jing: Person, town: Town) -> None:
    for path in ("/m/duty", "/m/ledger", "/m/ledger/new", "/m/year/2026", "/m/year/2026/record.xlsx"):
        assert jing.get(path).status_code == 403
        assert client.get(path).status_code == 303
    for path in ("/d/duty", "/d/duty/new", "/d/years/2026", f"/d/members/{town.zhou_id}/year/2026"):
        assert client.get(path).status_code == 303


# --- as many statements for much as for little ------------------------------------------------------------------------------------------


def test_the_pages_cost_the_same_for_little_and_for_much(zhou: Person, jing: Person, wiring: Wiring, town: Town, place: int) -> None:
    noted(wiring, town.zhou_id, 1, words="第 1 件事", area_id=town.longchi_id)
    one = shift(wiring, town.jing_id, facts(place, town.zhou_id, TODAY))
    pages = [
        (zhou, "/m/duty", "丰山委员工作站"),
        (zhou, "/m/duty?part=all", "丰山委员工作站"),
        (zhou, f"/m/duty/{one}", "丰山委员工作站"),
        (zhou, "/m/ledger", "第 1 件事"),
        (zhou, "/m/year/2026", "第 1 件事"),
        (jing, "/d/duty", "丰山委员工作站"),
        (jing, "/d/years/2026", "丰山街道"),
        (jing, f"/d/members/{town.zhou_id}/year/2026", "第 1 件事"),
    ]
    few = [cost(wiring, *page) for page in pages]
    for number in range(2, 21):
        noted(wiring, town.zhou_id, number, words="又一件", area_id=town.ziwei_id)
    made(wiring, town.jing_id, facts(place, town.qing_id, TODAY, until=TODAY + timedelta(days=150)))
    assert [cost(wiring, *page) for page in pages] == few
    assert max(few) <= 14
    with wiring.sessions() as session:
        assert session.query(DutyShift).count() > 15
