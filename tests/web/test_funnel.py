"""扫码情况: scans, openings and submissions of a code by day; what is counted and what isn't; posters that nobody scans."""

import io
import threading
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from intake.domain.actor import MACHINE
from intake.domain.held import Held
from intake.domain.permission import Role
from intake.domain.point import PointAction, PointKind
from intake.domain.point_count import HELD_MANY, PointStep
from intake.domain.receipt import SHANGHAI
from intake.models import Area, IntakePoint, PointCount
from intake.queries.point import point_by_code
from intake.services import point_count
from intake.services.place import change_point, create_point
from intake.services.point_count import Counted, count_steps, counted_at
from intake.wiring import Wiring
from tests.factories.administrators import person_with, street_administrator
from tests.factories.calls import drafted_call, published_call
from tests.factories.clock import TestClock
from tests.factories.matters import held
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.web.chatting import AUNT, pause, platform_before, scene_of
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost, statements

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 MicroMessenger/8.0"}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, 区政协工作人员."""
    return sign_in(client, "wangjing")


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """Somebody's phone."""
    return app.test_client()


def opened(phone: FlaskClient, path: str, **headers: str) -> str:
    """The page, received to its end: counting comes after that."""
    answer = phone.get(path, headers={**PHONE, **headers})
    page = answer.get_data(as_text=True)
    answer.close()
    return page


def counted(wiring: Wiring, code: str) -> tuple[int, int, int]:
    with wiring.sessions() as session:
        rows = session.query(PointCount).join(IntakePoint, IntakePoint.id == PointCount.point_id).filter(IntakePoint.code == code).all()
        return sum(row.scanned for row in rows), sum(row.opened for row in rows), sum(row.sent for row in rows)


def scan(wiring: Wiring, code: str, *, times: int = 1, step: PointStep = PointStep.SCANNED) -> None:
    with wiring.sessions() as session:
        point = point_by_code(session, code)
    assert point is not None
    count(wiring, [counted_at(point, step, at=wiring.clock.now())] * times)


def count(wiring: Wiring, steps: Sequence[Counted]) -> None:
    with wiring.sessions.begin() as session:
        count_steps(session, steps)


def test_a_scan_an_opening_and_a_submission_are_counted_once_each(phone: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    path = f"/p/{town.longchi_code}"
    page = opened(phone, path)
    assert counted(wiring, town.longchi_code) == (1, 1, 0)
    opened(phone, path)  # a reload, or the way back
    answer = phone.post(path, data={"key": hidden(page, "key"), "text": "幸福里路灯不亮"}, headers=PHONE)
    answer.close()
    assert answer.status_code == 303
    phone.post(path, data={"key": hidden(page, "key"), "text": "幸福里路灯不亮"}, headers=PHONE).close()  # the same send again
    assert counted(wiring, town.longchi_code) == (1, 1, 1)
    wiring.redis.flushdb()  # ten minutes later
    opened(phone, path)
    assert counted(wiring, town.longchi_code) == (2, 2, 1)


# What is no scan: fetched ahead, by a program, by our own script, in another size or language, by a link of ours, with something added.
@pytest.mark.parametrize(
    ("added", "headers", "expected"),
    [
        ("", {"Sec-Purpose": "prefetch"}, (0, 0, 0)),
        ("", {"User-Agent": "curl/8.5"}, (0, 0, 0)),
        ("", {"Sec-Fetch-Mode": "cors"}, (0, 0, 0)),
        ("?care=1", {}, (0, 0, 0)),
        ("", {"Referer": "http://localhost/"}, (0, 1, 0)),
        ("?from=singlemessage", {}, (0, 1, 0)),
        ("", {"Referer": "https://weixin.example/"}, (1, 1, 0)),
        ("", {"Referer": "http://[::1"}, (1, 1, 0)),
    ],
)
def test_what_is_no_scan(
    phone: FlaskClient, wiring: Wiring, town: Town, added: str, headers: dict[str, str], expected: tuple[int, int, int]
) -> None:
    opened(phone, f"/p/{town.longchi_code}{added}", **headers)
    assert counted(wiring, town.longchi_code) == expected


def test_a_paused_points_poster_is_scanned_but_opens_no_form(phone: FlaskClient, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
        change_point(session, actor=MACHINE, point_id=point.id, action=PointAction.PAUSE, note="搬家", at=wiring.clock.now())
    opened(phone, f"/p/{town.longchi_code}")
    assert counted(wiring, town.longchi_code) == (1, 0, 0)


def test_sixteen_phones_at_once_lose_no_count(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with wiring.sessions() as session:
        points = [point_by_code(session, code) for code in (town.longchi_code, town.ziwei_code, town.shiqiao_code)]
    now, each = wiring.clock.now(), 10
    steps = [counted_at(point, step, at=now) for point in points if point is not None for step in PointStep]
    done: list[int] = []

    def push(number: int) -> None:
        for round_ in range(each):
            mixed = steps[(number + round_) % len(steps) :] + steps[: (number + round_) % len(steps)]  # each begins with another
            count(wiring, mixed)
            done.append(number)

    threads = [threading.Thread(target=push, args=(number,)) for number in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    assert len(done) == 16 * each, "a thread ended early"
    for code in (town.longchi_code, town.ziwei_code, town.shiqiao_code):
        assert counted(wiring, code) == (160, 160, 160)


def test_a_count_that_fails_costs_nobody_a_page(phone: FlaskClient, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> object:
        raise OperationalError("INSERT", {}, Exception("the table is gone"))

    monkeypatch.setattr(point_count, "_count", fail)
    path = f"/p/{town.longchi_code}"
    page = opened(phone, path)
    answer = phone.post(path, data={"key": hidden(page, "key"), "text": "幸福里路灯不亮"}, headers=PHONE)
    answer.close()
    assert answer.status_code == 303
    assert "龙池社区" in opened(phone, path), "the next page works"
    assert counted(wiring, town.longchi_code) == (0, 0, 0)


def test_the_form_waits_for_no_count(phone: FlaskClient, wiring: Wiring, town: Town) -> None:
    opened(phone, f"/p/{town.longchi_code}")
    wiring.redis.flushdb()
    with statements(wiring) as sent:
        answer = phone.get(f"/p/{town.longchi_code}", headers=PHONE)
        answer.get_data()
        assert len(sent) <= 2
        assert not [one for one in sent if "point_counts" in one]
        answer.close()
    assert [one for one in sent if "point_counts" in one]


def test_in_the_chat_a_follow_is_a_scan_and_what_is_sent_there_counts(app: Flask, wiring: Wiring, town: Town, clock: TestClock) -> None:
    with platform_before(app, wiring, clock, safe=True) as platform:
        platform.follow(AUNT, scene_of(town.longchi_code))
        platform.text(AUNT, "幸福里 3 号楼路灯坏了")
        assert platform.text(AUNT, "发送")
        platform.text(AUNT, "垃圾三天没人收了")
    pause(wiring, clock)  # a job sends this one
    assert counted(wiring, town.longchi_code) == (1, 0, 2)


def test_the_page_sums_by_day_for_district_street_and_point(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    scan(wiring, town.longchi_code, times=3)
    clock.forward(days=1)
    scan(wiring, town.shiqiao_code, times=5)
    scan(wiring, town.longchi_code, step=PointStep.OPENED, times=2)
    scan(wiring, town.longchi_code, step=PointStep.SENT)
    jing = sign_in(jing.client.application.test_client(), "wangjing")
    everywhere = words_of(jing.get("/d/funnel"))
    assert "扫码（次） 8 打开表单（次） 2 提交（件） 1" in everywhere
    assert "11 月 4 日 星期三 5 2 1" in everywhere
    assert "11 月 3 日 星期二 3 0 0" in everywhere
    street = words_of(jing.get(f"/d/funnel?area={town.street_id}&days=90"))
    assert "扫码（次） 3 打开表单（次） 2 提交（件） 1" in street
    assert "石桥社区" not in street.split("各直报点")[1].split("最近一次")[1]
    with wiring.sessions() as session:
        point = session.query(IntakePoint).filter_by(code=town.shiqiao_code).one()
    one = words_of(jing.get(f"/d/funnel?point={point.id}"))
    assert "石桥社区" in one
    assert "扫码（次） 5 打开表单（次） 0 提交（件） 0" in one
    book = load_workbook(io.BytesIO(jing.client.get("/d/funnel/export.xlsx").data), read_only=True)
    rows = [[cell for cell in row if cell is not None] for row in book["每天"].iter_rows(values_only=True)]
    assert ["合计", 8, 2, 1] in rows
    assert [date(2026, 11, 4), 5, 2, 1] in [[one.date() if isinstance(one, datetime) else one for one in row] for row in rows]
    assert "石桥社区" in str(list(book["直报点"].iter_rows(values_only=True)))


def test_a_poster_nobody_scans_is_an_alarm_until_somebody_does(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.forward(days=13)
    scan(wiring, town.ziwei_code)
    clock.forward(days=2)
    jing = sign_in(jing.client.application.test_client(), "wangjing")
    home = words_of(jing.get("/d"))
    assert "龙池社区 16 天没有人扫码 可能被遮住或撕掉了 · 共 2 处" in home
    quiet = words_of(jing.get("/d/funnel?quiet=1")).split("各直报点")[1]
    assert "共 2 个" in quiet
    assert "紫薇社区" not in quiet.split("最近一次")[1]
    coverage = words_of(jing.get("/d/coverage"))
    assert "2 个社区的码 14 天没人扫" in coverage
    assert "3 个社区有码，共 3 个" in coverage
    listed = words_of(jing.get("/d/coverage?quiet=1")).split("各社区")[1]
    assert "龙池社区" in listed
    assert "紫薇社区" not in listed
    # Somebody sends from there: a scan too, even if its count was lost.
    say(wiring, town.longchi_code, "幸福里路灯不亮")
    scan(wiring, town.shiqiao_code)
    assert "没有人扫码" not in words_of(jing.get("/d"))
    assert "每个码都有人扫" in words_of(jing.get("/d/funnel?quiet=1"))


def test_a_point_of_which_much_is_held_offers_a_new_code(app: Flask, jing: Person, wiring: Wiring, town: Town) -> None:
    for number in range(HELD_MANY):
        if number == HELD_MANY - 1:
            assert "有很多件待核" not in words_of(jing.get("/d"))
        held(wiring, town.longchi_code, f"广告{number}", Held.ADVERTISING)
    assert "龙池社区有很多件待核" in words_of(jing.get("/d"))
    li = sign_in(app.test_client(), "chenli")  # 管理员 changes codes
    page = li.get("/d/upkeep").get_data(as_text=True)
    with wiring.sessions() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
    assert f'href="/d/points/{point.id}/rotate"' in page
    assert "墙上现在的海报马上作废" in words_of(li.get(f"/d/points/{point.id}/rotate"))


def test_who_may_look(app: Flask, wiring: Wiring, town: Town) -> None:
    scan(wiring, town.longchi_code, times=7)
    scan(wiring, town.shiqiao_code, times=2)
    for path in ("/d/funnel", "/d/funnel/export.xlsx"):
        assert app.test_client().get(path).status_code == 303
        assert sign_in(app.test_client(), "zhou").client.get(path).status_code == 403
    assert "扫码（次） 0" in words_of(sign_in(app.test_client(), "sunyi").get("/d/funnel")), "another district's staff"
    street_administrator(wiring, town.street_id)
    gu = sign_in(app.test_client(), "guning")
    assert "扫码（次） 7" in words_of(gu.get("/d/funnel")), "only their street"
    assert gu.client.get(f"/d/funnel?area={town.shiqiao_id}").status_code == 404
    assert sign_in(app.test_client(), "sunyi").client.get(f"/d/funnel?area={town.longchi_id}").status_code == 404


def test_many_points_and_days_cost_as_much_as_few(jing: Person, wiring: Wiring, town: Town) -> None:
    scan(wiring, town.longchi_code)
    paths = ("/d/funnel", f"/d/funnel?area={town.street_id}", "/d/funnel?days=90")
    few = [cost(wiring, jing, path, "龙池社区") for path in paths]
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, town.longchi_id)
        for number in range(40):
            create_point(session, actor=MACHINE, area=area, kind=PointKind.BUILDING, name=f"{number} 号楼", at=wiring.clock.now())
        session.flush()
        today = date(2026, 11, 2)
        rows = [
            {"point_id": one, "day": today - timedelta(days=day), "shard": 1, "district_id": town.district_id, "scanned": 1}
            for (one,) in session.query(IntakePoint.id)
            for day in range(20)
        ]
        session.execute(insert(PointCount), rows)
    assert [cost(wiring, jing, path, "7 号楼") for path in paths] == few


# Row E1: an enterprise is asked in its own words, and shows in the coverage with the sectors.
def test_an_enterprises_point(jing: Person, phone: FlaskClient, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, town.longchi_id)
        code = create_point(session, actor=MACHINE, area=area, kind=PointKind.ENTERPRISE, name="松岚五金厂", at=wiring.clock.now()).code
    assert "企业遇到了什么难处？" in opened(phone, f"/p/{code}")
    assert "企业遇到了什么难处？" not in opened(phone, f"/p/{town.longchi_code}")
    assert "1 个社区有企业直报点： 龙池社区" in words_of(jing.get("/d/coverage"))


def test_residents_of_an_area_are_written_down_by_whoever_manages_it(app: Flask, jing: Person, wiring: Wiring, town: Town) -> None:
    path = f"/d/areas/{town.longchi_id}"
    li = sign_in(app.test_client(), "chenli")
    assert "已保存" in words_of(li.press(path, "/residents", residents="6,120"))
    with wiring.sessions() as session:
        assert session.get_one(Area, town.longchi_id).residents == 6120
    assert "请只写数字" in words_of(li.press(path, "/residents", residents="六千"))
    assert "请写 1 到 9999999 之间" in words_of(li.press(path, "/residents", residents="0"))
    assert "刚刚有人改过" in words_of(li.press(path, "/residents", residents="5", version="1"))
    assert "6120 人" in words_of(jing.get(path)), "staff read it"
    assert jing.client.post(f"{path}/residents", data={"residents": "1"}).status_code in {400, 403}
    li.press(path, "/residents", residents="")
    with wiring.sessions() as session:
        assert session.get_one(Area, town.longchi_id).residents is None
    person_with(wiring, "guguan", "顾关", (Role.ADMIN, town.street_id))
    assert "没有这个" in words_of(sign_in(app.test_client(), "sunyi").get(path))


def test_a_day_with_a_scan_counts_to_its_end(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.forward(days=20)
    clock.forward(hours=23 - clock.now().astimezone(SHANGHAI).hour)
    for code in (town.longchi_code, town.ziwei_code, town.shiqiao_code):
        scan(wiring, code)
    clock.forward(days=13, hours=2)  # in Shanghai the fourteenth day after, but no fortnight yet
    assert "没有人扫码" not in words_of(sign_in(jing.client.application.test_client(), "wangjing").get("/d"))
    clock.forward(days=1)
    assert "没有人扫码" in words_of(sign_in(jing.client.application.test_client(), "wangjing").get("/d"))


def test_the_list_adds_up_to_the_sum_with_the_codes_of_open_calls(jing: Person, wiring: Wiring, town: Town) -> None:
    drafted_call(wiring, town, title="还没有公布的问题")
    call = published_call(wiring, town)
    scan(wiring, town.longchi_code, times=2)
    scan(wiring, call.code, times=5)
    page = words_of(jing.get("/d/funnel"))
    assert "扫码（次） 7 " in page
    assert "还没有公布的问题" not in page
    rows = list(
        load_workbook(io.BytesIO(jing.client.get("/d/funnel/export.xlsx").data), read_only=True)["直报点"].iter_rows(values_only=True)
    )
    heads = next(row for row in rows if "扫码（次）" in row)
    assert sum(row[heads.index("扫码（次）")] for row in rows[rows.index(heads) + 1 :]) == 7
    assert "菜场怎么改" in str(rows)
