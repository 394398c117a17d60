"""覆盖: which communities lack what, gaps first, on desk and phone, drawn and as a file."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.actor import MACHINE
from intake.domain.coverage import Means
from intake.domain.point import AreaKind, PointAction
from intake.models import Area, IntakePoint
from intake.queries.coverage import coverage
from intake.services.place import change_point, create_area, set_rota
from intake.wiring import Wiring
from tests.factories.groups import group_of, venue_at
from tests.factories.town import Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def lacking(wiring: Wiring, town: Town) -> dict[str, set[Means]]:
    with wiring.sessions() as session:
        return {one.name: set(one.gaps) for one in coverage(session, actor(session, town.jing_id), at=wiring.clock.now())}


def placed(wiring: Wiring, name: str, **position: float) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(name=name).one()
        point.latitude, point.longitude = position["north"], position["east"]


# Members, liaison group and venue of the street serve its communities; a code and its rota are the community's own.
def test_what_a_community_lacks(wiring: Wiring, town: Town) -> None:
    nothing = {Means.VENUE, Means.GROUP, Means.ROTA}
    assert lacking(wiring, town) == {"龙池社区": nothing, "紫薇社区": nothing, "石桥社区": nothing}
    group_of(wiring, town, "丰山街道联络组", town.zhou_id)
    venue_at(wiring, town, "丰山站", area_id=town.street_id)
    venue_at(wiring, town, "石桥站", area_id=town.shiqiao_id)
    with wiring.sessions.begin() as session:
        points = {one.area_id: one for one in session.query(IntakePoint)}
        at = wiring.clock.now()
        longchi = points[town.longchi_id]
        set_rota(session, actor=MACHINE, point_id=longchi.id, version=longchi.version, days={0: [town.zhou_id]}, at=at)
        change_point(
            session, actor=actor(session, town.li_id), point_id=points[town.shiqiao_id].id, action=PointAction.PAUSE, note="搬家", at=at
        )
        create_area(session, kind=AreaKind.COMMUNITY, name="新河社区", parent=session.query(Area).filter_by(name="清河街道").one())
    assert lacking(wiring, town) == {
        "龙池社区": set(),
        "紫薇社区": {Means.ROTA},
        "石桥社区": {Means.POINT, Means.GROUP, Means.ROTA},
        "新河社区": set(Means),
    }


def test_gaps_stand_first_with_what_they_are_counted_among(app: Flask, jing: Person, wiring: Wiring, town: Town) -> None:
    group_of(wiring, town, "丰山街道联络组", town.zhou_id)
    placed(wiring, "龙池社区", north=30.12, east=124.60)
    placed(wiring, "石桥社区", north=30.13, east=124.63)
    html = jing.get("/d/coverage").get_data(as_text=True)
    assert "清河街道 1 个社区 都有 1 个里有 0 个 都有 1 个里有 0 个 1 个里有 0 个" in words_of(jing.get("/d/coverage"))
    page = words_of(jing.get("/d/coverage"))
    assert page.index("1 个社区还没有联络组") < page.index("每个社区都有直报点")
    assert "2 个社区有联络组，共 3 个" in page
    assert 'aria-label="2 清河街道：1 个社区有空缺"' in html
    assert "石桥社区" in words_of(jing.get("/d/coverage?lacks=group")).split("各社区")[1]
    assert "龙池社区" not in words_of(jing.get("/d/coverage?lacks=group")).split("各社区")[1]
    street = jing.get(f"/d/coverage?street={town.street_id}").get_data(as_text=True)
    assert 'aria-label="1 龙池社区：缺 2 样"' in street
    assert "还有 1 处没有写位置" in street
    assert "石桥社区" not in street
    # The file holds every community; whoever names an area can't make it a formula.
    with wiring.sessions.begin() as session:
        session.get_one(Area, town.longchi_id).name = "=1+1"
    text = jing.client.get("/d/coverage/export.csv").get_data(as_text=True)
    assert "丰山街道,'=1+1,1,0,0,2,1,0,协商场所、值班的人" in text
    # On the phone a member reads the same.
    zhou = sign_in(app.test_client(), "zhou")
    assert "/m/coverage" in zhou.get("/m/me").get_data(as_text=True)
    assert "1 个社区还没有联络组 石桥社区" in words_of(zhou.get("/m/coverage"))
    assert "还缺：协商场所、值班的人" in words_of(zhou.get(f"/m/coverage?street={town.street_id}"))


def test_who_may_look(app: Flask, town: Town) -> None:
    for path in ("/d/coverage", "/d/coverage/export.csv", "/m/coverage"):
        assert app.test_client().get(path).status_code == 303
        assert sign_in(app.test_client(), "gaoqiang").client.get(path).status_code == 403
        assert "龙池社区" not in sign_in(app.test_client(), "sunyi").get(path).get_data(as_text=True), "another district's staff"


def test_five_hundred_communities_cost_as_much_as_three(jing: Person, wiring: Wiring, town: Town) -> None:
    paths = ("/d/coverage", f"/d/coverage?street={town.street_id}", "/m/coverage", "/d/coverage/export.csv")
    few = [cost(wiring, jing, path, "清河街道" if "street" not in path else "龙池社区") for path in paths]
    with wiring.sessions.begin() as session:
        streets = session.query(Area).filter(Area.kind == AreaKind.STREET).order_by(Area.id).all()
        for number in range(497):
            create_area(session, kind=AreaKind.COMMUNITY, name=f"第{number}社区", parent=streets[number % 2])
    assert [
        cost(wiring, jing, path, "496社区" if path.endswith("csv") else "共 500 个社区" if path == "/d/coverage" else "社区")
        for path in paths
    ] == few
    assert max(few) <= 9
