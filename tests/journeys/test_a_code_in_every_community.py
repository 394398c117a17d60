"""A community without a code gets one, its poster is scanned, falls silent and is put up anew (row L1); what communities say adds up to their
street, the district and the city (row H5).
"""

import re

from flask.testing import FlaskClient

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.domain.point import AreaKind
from intake.domain.point_count import QUIET_DAYS
from intake.models import Area, IntakePoint
from intake.services.person import create_user, grant_role
from intake.services.place import create_area
from tests.factories.counts import counted
from tests.factories.town import ENCODED, Town
from tests.journeys.test_one_sentence import House, house
from tests.web.pages import hidden, words_of
from tests.web.test_dashboard import rows_of
from tests.web.test_funnel import PHONE, opened
from tests.web.test_places import FACTS, post

__all__ = ["house"]


def sends(phone: FlaskClient, code: str, words: str) -> None:
    """Somebody scans the poster, reads the form and sends it."""
    page = opened(phone, f"/p/{code}")
    answer = phone.post(f"/p/{code}", data={"key": hidden(page, "key"), "text": words}, headers=PHONE)
    assert answer.status_code == 303
    answer.close()


def point_called(house: House, name: str) -> IntakePoint:
    with house.wiring.sessions() as session:
        return session.query(IntakePoint).filter_by(name=name).one()


def test_a_community_without_a_code_gets_one_and_a_poster_nobody_scans_is_put_up_anew(house: House, town: Town) -> None:
    with house.wiring.sessions.begin() as session:
        street = session.get_one(Area, town.street_id)
        new = create_area(session, kind=AreaKind.COMMUNITY, name="新河社区", parent=street).id
    jing, chen = house.person("wangjing"), house.person("chenli")
    assert "新河社区" in words_of(jing.get("/d/coverage?lacks=point")).split("各社区")[1]
    made = post(chen, "/d/points/new", FACTS, name="新河社区门口", area=new)
    assert made.status_code == 303
    assert "新河社区" not in words_of(jing.get("/d/coverage?lacks=point")).split("各社区")[1]
    point = point_called(house, "新河社区门口")
    # Two scan; one of them writes.
    opened(house.app.test_client(), f"/p/{point.code}", **{"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"})
    sends(house.app.test_client(), point.code, "新河桥头的井盖响了一夜")
    assert re.search(r"星期. 2 2 1", words_of(jing.get(f"/d/funnel?point={point.id}")))
    # Then nobody for weeks: staff are told, and whoever has the posters gives the wall another code.
    house.time_passes(days=QUIET_DAYS + 1)
    jing, chen = house.person("wangjing"), house.person("chenli")
    assert f"{QUIET_DAYS} 天没人扫" in words_of(jing.get("/d/funnel?quiet=1"))
    assert "新河社区门口" in words_of(jing.get("/d/funnel?quiet=1"))
    chen.press(f"/d/points/{point.id}/rotate", "/rotate", confirm="1")
    assert house.app.test_client().get(f"/p/{point.code}").status_code == 410
    again = point_called(house, "新河社区门口")
    house.wiring.redis.flushdb()  # which knows the same phone for ten minutes of its own clock
    sends(house.app.test_client(), again.code, "新河桥头的井盖又响了")
    assert "新河社区门口" not in words_of(jing.get("/d/funnel?quiet=1"))
    days = words_of(jing.get(f"/d/funnel?point={point.id}&days=90"))
    assert re.search(r"星期. 2 2 1", days)
    assert re.search(r"星期. 1 1 1", days)


def test_what_communities_say_adds_up_to_street_district_and_city(house: House, town: Town) -> None:
    for code, number in ((town.longchi_code, 6), (town.ziwei_code, 5), (town.shiqiao_code, 7)):
        for one in range(number):
            sends(house.app.test_client(), code, f"楼道里的灯第 {one} 盏不亮，晚上看不见")
    house.workers_run()
    month = "first=2026-11-01&last=2026-11-30"
    page = house.person("wangjing").get(f"/d/dashboard?{month}").get_data(as_text=True)
    assert rows_of(page, "whole")["来件"][0] == "18"
    assert {name: cells[1] for name, cells in rows_of(page, "areas").items()} == {
        "丰山街道": "11", "龙池社区": "6", "紫薇社区": "5", "清河街道": "7", "石桥社区": "7"
    }  # fmt: skip
    with house.wiring.sessions.begin() as session:
        city, now = session.query(Area).filter_by(name="临江市").one(), house.clock.now()
        user = create_user(session, district_id=city.id, login="jianglan", name="江岚", password="", at=now, password_hash=ENCODED)
        grant_role(session, actor=MACHINE, user=user, role=Role.CITY, area=city, at=now)
    house.time_passes(days=1)
    counted(house.wiring, town.district_id)
    said = words_of(house.person("jianglan").get(f"/city?{month}"))
    assert "云栖区 3 3 100% 18 " in said
    assert "楼道里的灯" not in said
