"""协商场所 on the desk: founded beside their code, served, checked for the six, closed."""

import re
from collections.abc import Mapping
from datetime import time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.actor import MACHINE
from intake.domain.member_group import GroupKind
from intake.domain.permission import Role
from intake.domain.point import PointKind
from intake.domain.venue import VenueNeed, missing
from intake.models import Area, DutyShift, Venue, VenueCheck, VenueMember
from intake.queries.venue import venue_choices
from intake.services.place import create_point
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.groups import checked, group_of, venue_at
from tests.factories.town import Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_places import post
from tests.web.test_query_counts import cost

PATH = "/d/venues"
ALL_BUT_FUNDS = [need.value for need in VenueNeed if need is not VenueNeed.FUNDS]


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, staff of the district."""
    return sign_in(client, "wangjing")


def the_venue(wiring: Wiring, venue_id: int) -> Venue:
    with wiring.sessions() as session:
        return session.get_one(Venue, venue_id)


def station_point(wiring: Wiring, area_id: int, name: str = "丰山站门口", kind: PointKind = PointKind.STATION) -> int:
    with wiring.sessions.begin() as session:
        area = session.get_one(Area, area_id)
        return create_point(session, actor=MACHINE, area=area, kind=kind, name=name, at=wiring.clock.now()).id


def found(person: Person, name: str, area_id: int, fields: Mapping[str, object] = {}, /) -> TestResponse:
    """Send the form of a new venue."""
    stored = {"kind": "station", "name": name, "area": area_id, "address": "", "hours": "", "position": ""}
    return post(person, f"{PATH}/new", {**stored, **fields})


def change(person: Person, venue: Venue, **fields: object) -> TestResponse:
    """Send the form of a venue with one thing different."""
    stored = {
        "kind": venue.kind.value,
        "name": venue.name,
        "area": venue.area_id,
        "group": venue.group_id or "",
        "point": venue.point_id or "",
    }
    return post(person, f"{PATH}/{venue.id}/facts", {**stored, "version": venue.version, **fields})


def test_a_venue_is_founded_for_a_group_and_its_members_serve_there(jing: Person, wiring: Wiring, town: Town) -> None:
    group = group_of(wiring, town, "丰山街道联络组", town.zhou_id, town.laozhou_id)
    point = station_point(wiring, town.street_id)
    made = found(
        jing,
        "丰山街道委员工作站",
        town.street_id,
        {"group": group, "point": point, "hours": "每周三 14–17 时", "position": "124.61，30.12"},
    )
    assert made.status_code == 303
    page = words_of(jing.get(made.location))
    for words in ("丰山街道联络组", "直报点：丰山站门口", "每周三 14–17 时", "30.12,124.61", "周明远", "老周", "还没有检查过"):
        assert words in page
    venue = int(re.findall(r"\d+", made.location)[0])
    # Somebody stops, another begins.
    jing.press(f"{PATH}/{venue}", f"/people/{town.laozhou_id}/remove")
    jing.press(f"{PATH}/{venue}?find=李青", "/people", people=str(town.qing_id))
    with wiring.sessions() as session:
        assert {one.user_id for one in session.query(VenueMember).filter_by(venue_id=venue)} == {town.zhou_id, town.qing_id}
        assert venue_choices(session, actor(session, town.jing_id)) == ((venue, "丰山街道委员工作站"),)
    assert "不再是委员" in words_of(post(jing, f"{PATH}/{venue}/people", people=town.gao_id))
    assert "请至少勾选一个人" in words_of(post(jing, f"{PATH}/{venue}/people"))


def test_what_is_refused_names_its_field(jing: Person, wiring: Wiring, town: Town) -> None:
    first = venue_at(wiring, town, "丰山站", area_id=town.street_id, point_id=station_point(wiring, town.street_id))
    point = the_venue(wiring, first).point_id
    community = station_point(wiring, town.longchi_id, "龙池口", PointKind.COMMUNITY)
    elsewhere = station_point(wiring, town.shiqiao_id, "石桥工作室", PointKind.STUDIO)
    ended = group_of(wiring, town, "旧联络组")
    jing.press(f"/d/groups/{ended}", f"/{ended}/end")
    refusals: tuple[tuple[dict[str, object], str], ...] = (
        ({"name": "丰山站"}, "已经有叫“丰山站”的场所了"),
        ({"name": ""}, "请填写名称"),
        ({"area": ""}, "请选择场所在哪个区域"),
        ({"kind": "palace"}, "请先选一个"),
        ({"point": point}, "已经挂在“丰山站”"),
        ({"point": community}, "不是委员工作站、工作室的"),
        ({"point": elsewhere}, "这个直报点不在“丰山街道”"),
        ({"group": ended}, "它已经结束"),
        ({"position": "30.12"}, "位置要写两个数"),
        ({"address": "长" * 101}, "最多 100 个字"),
    )
    for fields, words in refusals:
        refused = found(jing, "清河站", town.street_id, fields)
        assert refused.status_code == 422, fields
        assert words in words_of(refused), fields
    old = the_venue(wiring, first)
    assert change(jing, old, address="丰山街 1 号").status_code == 303
    slower = change(jing, old, address="丰山街 2 号")
    assert slower.status_code == 409
    assert "丰山街 2 号" in slower.get_data(as_text=True)
    assert "现在保存的是 王静 · 修改资料" in words_of(slower)


# The newest check counts, whatever day it is of; older ones stay to be read, and nothing is ranked.
def test_checks_say_in_words_what_is_missing(jing: Person, wiring: Wiring, town: Town) -> None:
    venue = venue_at(wiring, town, "丰山站", area_id=town.street_id)
    assert "还没有检查过" in words_of(jing.get(PATH))
    tomorrow = post(jing, f"{PATH}/{venue}/check", {"has": ALL_BUT_FUNDS, "checked_on": "2026-11-04", "note": "桌椅已到"})
    assert tomorrow.status_code == 422
    html = tomorrow.get_data(as_text=True)
    assert "请选今天或以前的日子" in html
    assert "桌椅已到" in html
    assert len(re.findall(r'name="has" value="\w+" checked', html)) == 5, "the ticks stay"
    assert "最多 300 个字" in words_of(post(jing, f"{PATH}/{venue}/check", {"checked_on": "2026-11-03", "note": "长" * 301}))
    forgotten = post(jing, f"{PATH}/{venue}/check", {"checked_on": "2026-11-03", "note": ""})
    assert "六样一样也没有勾" in words_of(forgotten), "forgotten ticks are not six things missing"
    assert post(jing, f"{PATH}/{venue}/check", {"has": ["place"], "checked_on": "2026-09-01", "note": "刚挂牌"}).status_code == 303
    assert post(jing, f"{PATH}/{venue}/check", {"has": ALL_BUT_FUNDS, "checked_on": "2026-11-02", "note": ""}).status_code == 303
    page = words_of(jing.get(f"{PATH}/{venue}"))
    assert "还缺：有经费 2026-11-02 · 王静" in page
    assert "以前的检查 1 次" in page
    assert "还缺：有人员、有制度、有活动、有设施、有经费 刚挂牌" in page
    assert "丰山站" in words_of(jing.get(f"{PATH}?lacks=funds"))
    assert "没有找到" in words_of(jing.get(f"{PATH}?lacks=people"))
    assert "没有找到" in words_of(jing.get(f"{PATH}?lacks=unchecked"))
    checked(wiring, town, venue, *VenueNeed)
    assert "六有齐全" in words_of(jing.get(PATH))
    checked(wiring, town, venue, *VenueNeed)  # pressed twice
    with wiring.sessions() as session:
        assert session.query(VenueCheck).count() == 3
    assert missing([]) == tuple(VenueNeed)


def test_a_venue_with_shifts_to_come_stays(jing: Person, wiring: Wiring, town: Town) -> None:
    group = group_of(wiring, town, "丰山街道联络组", town.zhou_id)
    venue = venue_at(wiring, town, "丰山站", area_id=town.street_id, group_id=group)
    today = wiring.clock.now().date()
    with wiring.sessions.begin() as session:
        for day, cancelled in ((today - timedelta(days=7), None), (today + timedelta(days=7), None), (today, wiring.clock.now())):
            session.add(
                DutyShift(
                    district_id=town.district_id,
                    venue_id=venue,
                    user_id=town.zhou_id,
                    day=day,
                    starts=time(14),
                    ends=time(17),
                    note="",
                    made_by=town.jing_id,
                    cancelled_at=cancelled,
                    version=1,
                    created_at=wiring.clock.now(),
                )
            )
    held = jing.press(f"{PATH}/{venue}", f"/{venue}/end")
    assert held.status_code == 409
    assert "这里还排着 1 次值班" in words_of(held)
    with wiring.sessions.begin() as session:
        session.query(DutyShift).update({"cancelled_at": wiring.clock.now()})
    assert "已停用" in words_of(jing.press(f"{PATH}/{venue}", f"/{venue}/end"))
    for path, fields in (("facts", {}), ("people", {"people": town.qing_id}), ("check", {"checked_on": "2026-11-02"}), ("end", {})):
        sent = {"kind": "station", "name": "站", "area": town.street_id, "version": 2, **fields}
        assert post(jing, f"{PATH}/{venue}/{path}", sent).status_code == 409, path
    assert "丰山站" not in words_of(jing.get(PATH))
    assert "丰山站" in words_of(jing.get(f"{PATH}?ended=1"))
    assert found(jing, "丰山站", town.street_id).status_code == 303, "its name is free again"


def test_who_may_look_and_who_may_change(app: Flask, wiring: Wiring, town: Town) -> None:
    here = venue_at(wiring, town, "丰山站", area_id=town.longchi_id)
    there = venue_at(wiring, town, "石桥站", area_id=town.shiqiao_id)
    person_with(wiring, "bailu", "白露", (Role.STAFF, town.street_id))
    bai = sign_in(app.test_client(), "bailu")
    assert change(bai, the_venue(wiring, here), name="龙池站").status_code == 303
    assert change(bai, the_venue(wiring, there), name="石桥二站").status_code == 403
    assert "不在您负责的范围" in words_of(found(bai, "清河站", town.shiqiao_id))
    assert "不在您负责的范围" in words_of(change(bai, the_venue(wiring, here), area=town.shiqiao_id))
    zhou = sign_in(app.test_client(), "zhou")
    assert "龙池站" in words_of(zhou.get(f"{PATH}/{here}"))
    assert "记一次检查" not in words_of(zhou.get(f"{PATH}/{here}"))
    assert zhou.client.get(f"{PATH}/{here}/check").status_code == 403
    for path in ("facts", "people", "check", "end", f"people/{town.zhou_id}/remove"):
        assert post(zhou, f"{PATH}/{here}/{path}", version=2).status_code == 403, path
    sun = sign_in(app.test_client(), "sunyi")
    for path in ("", "/facts", "/check"):
        assert sun.client.get(f"{PATH}/{here}{path}").status_code == 404
    assert post(sun, f"{PATH}/{here}/end", version=2).status_code == 404
    assert "没有这个区域" not in words_of(found(sun, "我们的站", town.longchi_id))
    assert app.test_client().get(PATH).status_code == 303


def test_the_list_costs_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    group = group_of(wiring, town, "丰山街道联络组", town.zhou_id, kind=GroupKind.LIAISON)
    first = venue_at(wiring, town, "第 0 站", area_id=town.street_id, group_id=group)
    checked(wiring, town, first, VenueNeed.PLACE)
    one, page = cost(wiring, jing, PATH, "第 0 站"), cost(wiring, jing, f"{PATH}/{first}", "周明远")
    for number in range(1, 20):
        checked(wiring, town, venue_at(wiring, town, f"第 {number} 站", area_id=town.street_id, group_id=group), VenueNeed.PLACE)
        checked(wiring, town, first, VenueNeed.RULES, note=f"第 {number} 次")
    assert cost(wiring, jing, PATH, "第 19 站") == one
    assert cost(wiring, jing, f"{PATH}/{first}", "第 18 次") == page
