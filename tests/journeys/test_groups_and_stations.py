"""Members of three levels found groups that can propose (row G1), and a venue grows from its founding to its check and its day of duty (rows
H4, S1), through the pages alone.
"""

import re

from intake.domain.member_group import GroupKind
from intake.domain.permission import Role
from intake.domain.point import PointKind
from intake.models import Area
from intake.queries.member_group import groups_of, member_choices
from intake.queries.venue import venue_choices
from tests.factories.administrators import person_with
from tests.factories.town import Town, actor
from tests.journeys.test_one_sentence import House, house, in_this_order
from tests.web.pages import words_of
from tests.web.test_places import post

__all__ = ["house"]


def number_in(address: str) -> int:
    """The id at the end of an address."""
    return int(re.findall(r"\d+", address.partition("?")[0])[-1])


def test_members_of_three_levels_and_their_groups_reach_proposing(house: House, town: Town) -> None:
    provincial = person_with(house.wiring, "shenruo", "沈若", (Role.MEMBER, town.ziwei_id))
    jing = house.person("wangjing")
    # Nobody has a profile yet; 王静 writes down at which level each of them sits.
    assert "还没有档案" in words_of(jing.get("/d/members"))
    for member, level in ((provincial, "province"), (town.zhou_id, "city"), (town.laozhou_id, "district")):
        jing.press(f"/d/members/{member}", "/profile", level=level, employer="", concerns="")
    assert "沈若 省政协委员" in words_of(jing.get("/d/members?level=province"))
    # A liaison group of the street, led by 老周; a committee of the district with members of all three levels.
    liaison = number_in(jing.press("/d/groups/new", "/new", kind="liaison", name="丰山街道联络组", area=str(town.street_id)).request.path)
    committee = number_in(
        jing.press("/d/groups/new", "/new", kind="committee", name="城市建设委", area="", categories="street-lights").request.path
    )
    for group, people in ((liaison, [town.zhou_id, town.laozhou_id]), (committee, [provincial, town.zhou_id, town.laozhou_id])):
        names = "沈若 周明远 老周"
        assert "勾选要加的人" in words_of(jing.get(f"/d/groups/{group}?find={names}"))
        assert post(jing, f"/d/groups/{group}/members", {"people": people, "since": "2026-01-05"}).status_code == 303
    jing.press(
        f"/d/groups/{liaison}/facts",
        "/facts",
        kind="liaison",
        name="丰山街道联络组",
        area=str(town.street_id),
        convenor=str(town.laozhou_id),
    )
    jing.press(f"/d/groups/{committee}/facts", "/facts", kind="committee", name="城市建设委", area="", convenor=str(provincial))
    # 老周 sees on the phone where he belongs, and what he can propose for.
    laozhou = house.person("laozhou")
    mine = words_of(laozhou.get("/m/profile"))
    assert in_this_order(mine, "老周 · 区政协委员", "我在哪里", "丰山街道联络组 · 召集人", "丰山街道 召集人")
    with house.wiring.sessions() as session:
        able = groups_of(session, town.laozhou_id)
        asked = dict(member_choices(session, actor(session, town.laozhou_id)))
    assert [(one.kind, one.name) for one in able] == [(GroupKind.LIAISON, "丰山街道联络组"), (GroupKind.COMMITTEE, "城市建设委")]
    assert {provincial, town.zhou_id} <= set(asked), "colleagues of every level can be asked to join"
    # A year later 周明远 leaves the committee: it stays in his record, and he speaks for it no more.
    house.time_passes(days=365)
    jing = house.person("wangjing")
    page = jing.get(f"/d/groups/{committee}").get_data(as_text=True)
    leaving = re.search(r'href="(/d/groups/\d+/members/\d+/end)" aria-label="请周明远退出"', page)
    assert leaving is not None
    jing.press(leaving.group(1), "/end", until="2027-10-31")
    assert "城市建设委 专委会 · 2026-01-05 – 2027-10-31" in words_of(jing.get(f"/d/members/{town.zhou_id}"))
    with house.wiring.sessions() as session:
        assert [one.name for one in groups_of(session, town.zhou_id)] == ["丰山街道联络组"]


def test_a_venue_from_its_founding_to_its_check_and_its_place_for_duty(house: House, town: Town) -> None:
    jing = house.person("wangjing")
    assert "3 个社区还没有协商场所" in words_of(jing.get("/d/coverage"))
    liaison = number_in(jing.press("/d/groups/new", "/new", kind="liaison", name="丰山街道联络组", area=str(town.street_id)).request.path)
    assert post(jing, f"/d/groups/{liaison}/members", {"people": [town.zhou_id, town.laozhou_id], "since": "2026-01-05"}).status_code == 303
    # The administrator hangs its code first; staff then found the venue with it.
    assert "请管理员先建一个" in words_of(jing.get("/d/venues/new"))
    chen = house.person("chenli")
    facts = {"name": "丰山工作站", "helper_name": "", "helper_phone": "", "helper_hours": "", "position": "30.1204,124.6071"}
    point = number_in(chen.press("/d/points/new", "/new", area=str(town.street_id), kind=PointKind.STATION.value, **facts).request.path)
    assert "丰山工作站（丰山街道）" in words_of(jing.get("/d/venues/new"))
    made = jing.press(
        f"/d/venues/new?group={liaison}",
        "/new",
        kind="station",
        name="丰山街道委员工作站",
        area=str(town.street_id),
        group=str(liaison),
        point=str(point),
        address="便民中心二楼",
        hours="每周三 14–17 时",
        position="30.1204,124.6071",
    )
    venue = number_in(made.request.path)
    assert in_this_order(words_of(made), "还没有检查过", "周明远", "老周", "便民中心二楼", "直报点：丰山工作站")
    # A month later somebody looks: the money is missing. Another month later it is there.
    house.time_passes(days=30)
    jing = house.person("wangjing")
    found = ["place", "people", "rules", "activity", "facilities"]
    assert post(jing, f"/d/venues/{venue}/check", {"has": found, "checked_on": "2026-12-03", "note": "经费下月列支"}).status_code == 303
    assert "丰山街道委员工作站 委员工作站 丰山街道 丰山街道联络组 2 还缺：有经费" in words_of(jing.get("/d/venues?lacks=funds"))
    house.time_passes(days=30)
    jing = house.person("wangjing")
    assert post(jing, f"/d/venues/{venue}/check", {"has": [*found, "funds"], "checked_on": "2027-01-02", "note": ""}).status_code == 303
    assert in_this_order(words_of(jing.get(f"/d/venues/{venue}")), "六有齐全", "以前的检查 1 次", "还缺：有经费", "经费下月列支")
    # It can be chosen for duty, its communities are covered, and a member reads so on the phone.
    with house.wiring.sessions() as session:
        assert (venue, "丰山街道委员工作站") in venue_choices(session, actor(session, town.laozhou_id))
        assert session.get_one(Area, town.street_id).name == "丰山街道"
    zhou = house.person("zhou")
    assert "1 个社区还没有协商场所 石桥社区" in words_of(zhou.get("/m/coverage"))
    assert "丰山街道委员工作站 在这里服务" in words_of(zhou.get("/m/profile"))
