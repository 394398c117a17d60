"""全市情况: several districts in one installation; the city sees their figures side by side and nothing else, and no district sees another's."""

import io

import pytest
from flask import Flask
from openpyxl import load_workbook

from intake.cli import users
from intake.domain.actor import MACHINE
from intake.domain.city import Added, added
from intake.domain.errors import InvalidInput
from intake.domain.granting import may_grant
from intake.domain.permission import Role
from intake.domain.point import AreaKind, PointKind
from intake.models import Area, User
from intake.services.person import create_user, grant_role
from intake.services.place import create_area, create_point
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.counts import counted
from tests.factories.matters import told, topic_of
from tests.factories.town import ENCODED, Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_dashboard import heard, rows_of
from tests.web.test_query_counts import cost

PATH = "/city?first=2026-11-01&last=2026-11-30"
WORDS = "石桥的井盖响了一夜"


def area_called(wiring: Wiring, name: str) -> int:
    with wiring.sessions() as session:
        return session.query(Area).filter_by(name=name).one().id


@pytest.fixture
def neighbour(wiring: Wiring, clock: TestClock) -> str:
    """The code of a community of 望江区, the neighbouring district."""
    with wiring.sessions.begin() as session:
        street = create_area(session, kind=AreaKind.STREET, name="望江街道", parent=session.query(Area).filter_by(name="望江区").one())
        community = create_area(session, kind=AreaKind.COMMUNITY, name="渡口社区", parent=street)
        create_area(session, kind=AreaKind.COMMUNITY, name="老码头社区", parent=street)
        return create_point(session, actor=MACHINE, area=community, kind=PointKind.COMMUNITY, name="渡口社区", at=clock.now()).code


@pytest.fixture
def jiang(app: Flask, wiring: Wiring, clock: TestClock) -> Person:
    """江岚, 市政协 of 临江市."""
    with wiring.sessions.begin() as session:
        city = session.query(Area).filter_by(name="临江市").one()
        user = create_user(session, district_id=city.id, login="jianglan", name="江岚", password="", at=clock.now(), password_hash=ENCODED)
        grant_role(session, actor=MACHINE, user=user, role=Role.CITY, area=city, at=clock.now())
    return sign_in(app.test_client(), "jianglan")


def both_counted(wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.forward(days=1)
    for district_id in (town.district_id, area_called(wiring, "望江区")):
        counted(wiring, district_id)


def test_districts_stand_in_their_own_order_in_figures_alone(
    jiang: Person, wiring: Wiring, town: Town, neighbour: str, clock: TestClock
) -> None:
    topic_of(wiring, town.zhou_id, "路灯", *(told(wiring, town.longchi_code, f"{WORDS} {number}") for number in range(6)))
    heard(wiring, neighbour, 9)
    both_counted(wiring, town, clock)
    answer = sign_in(jiang.client, "jianglan").get(PATH)
    page = answer.get_data(as_text=True)
    assert WORDS not in page
    said = words_of(answer)
    assert "云栖区 3 3 100% 6 6 6 0 不列" in said
    assert "望江区 2 1 50% 9 9 0 0" in said
    assert said.index("云栖区 3") < said.index("望江区 2") < said.index("全市 5 4 80% 15 15 6 0 不列")
    assert "不排名" in page
    book = jiang.client.get(PATH.replace("/city", "/city/export.xlsx"))
    rows = list(load_workbook(io.BytesIO(book.data))["各区"].iter_rows(values_only=True))
    assert next(row for row in rows if row[0] == "全市")[4:7] == (15, 15, 6)


def test_the_city_sees_no_page_of_a_district(jiang: Person, wiring: Wiring, town: Town) -> None:
    told(wiring, town.longchi_code, WORDS)
    for path in ("/d", "/d/topics", "/d/dashboard", "/d/figures", "/m", "/d/people", f"/d/dashboard?area={town.longchi_id}"):
        assert jiang.client.get(path).status_code == 403, path
    assert "全市情况" in words_of(jiang.get("/start"))


def test_a_district_sees_neither_the_city_nor_its_neighbour(
    app: Flask, wiring: Wiring, town: Town, neighbour: str, clock: TestClock
) -> None:
    heard(wiring, town.longchi_code, 6)
    heard(wiring, neighbour, 9)
    both_counted(wiring, town, clock)
    ours, theirs = sign_in(app.test_client(), "wangjing"), sign_in(app.test_client(), "sunyi")
    asked = "?first=2026-11-01&last=2026-11-30"
    for person, own, other in ((ours, "6", ("渡口社区", "望江区")), (theirs, "9", ("龙池社区", "云栖区"))):
        page = person.get(f"/d/dashboard{asked}").get_data(as_text=True)
        assert rows_of(page, "whole")["来件"][0] == own
        assert not any(name in page for name in other)
        assert person.client.get("/city").status_code == 403
        assert person.client.get("/city/export.xlsx").status_code == 403


def test_small_numbers_and_days_not_counted_are_said(jiang: Person, wiring: Wiring, town: Town, neighbour: str, clock: TestClock) -> None:
    heard(wiring, neighbour, 3)
    heard(wiring, town.longchi_code, 7)
    clock.forward(days=2)
    counted(wiring, area_called(wiring, "望江区"))
    page = words_of(sign_in(jiang.client, "jianglan").get(PATH))
    assert "望江区 2 1 50% 不列" in page
    assert "云栖区 有 4 天还没有数完" in page


# The true sum less the district that is said would be the one that isn't.
def test_the_sum_of_the_city_gives_no_small_number_away(
    jiang: Person, wiring: Wiring, town: Town, neighbour: str, clock: TestClock
) -> None:
    heard(wiring, neighbour, 3)
    heard(wiring, town.longchi_code, 7)
    both_counted(wiring, town, clock)
    page = words_of(sign_in(jiang.client, "jianglan").get(PATH))
    assert "全市 5 4 80% 至少 7 至少 7" in page
    assert "The whole city 5 4 80% 7+ 7+" in words_of(jiang.get(f"{PATH}&lang=en"))


@pytest.mark.parametrize(
    ("counts", "sum_of"),
    [
        ((5, 6), Added(11, is_all=True)),
        ((5, None), Added(5, is_all=False)),
        ((None, None), None),
        ((0, None), None),
        ((0, 0), Added(0, is_all=True)),
    ],
)
def test_hidden_numbers_are_in_no_sum(counts: tuple[int | None, ...], sum_of: Added | None) -> None:
    assert added(counts) == sum_of


def test_a_city_of_one_district_has_no_sum(jiang: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    with wiring.sessions.begin() as session:
        other = create_area(session, kind=AreaKind.CITY, name="望海市", parent=None)
        create_area(session, kind=AreaKind.DISTRICT, name="海门区", parent=other)
        grant_role(
            session, actor=MACHINE, user=session.query(User).filter_by(login="jianglan").one(), role=Role.CITY, area=other, at=clock.now()
        )
    page = words_of(jiang.get(PATH))
    assert "海门区" in page
    assert "临江市全市" in page
    assert "望海市全市" not in page


# Its days were counted in advance, today's weren't.
def test_days_to_come_are_refused_at_their_field(jiang: Person) -> None:
    for path in ("/city", "/city/export.xlsx"):
        answer = jiang.client.get(f"{path}?first=2026-11-03&last=2026-11-03")
        assert answer.status_code == 422, path
        assert "请选今天以前的日子" in words_of(answer)


def test_it_costs_the_same_for_two_districts_and_for_ten(jiang: Person, wiring: Wiring, clock: TestClock) -> None:
    clock.forward(seconds=61)
    with_two = cost(wiring, jiang, PATH, "望江区")
    with wiring.sessions.begin() as session:
        city = session.query(Area).filter_by(name="临江市").one()
        for number in range(8):
            create_area(session, kind=AreaKind.DISTRICT, name=f"第 {number} 区", parent=city)
    clock.forward(seconds=61)
    assert cost(wiring, jiang, PATH, "第 7 区") == with_two <= 3


def test_the_command_line_alone_makes_somebody_of_the_city(wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        city, district = session.get_one(Area, area_called(wiring, "临江市")), session.get_one(Area, town.district_id)
        assert users._home_of(city, Role.CITY) == city.id
        for place, role in ((district, Role.CITY), (city, Role.STAFF)):
            with pytest.raises(InvalidInput):
                users._home_of(place, role)
        assert not may_grant(actor(session, town.li_id), Role.CITY, area_path=city.path, district_path=district.path)
