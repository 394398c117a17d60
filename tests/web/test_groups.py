"""委员组织 on the desk: who may found, join, lead and end a group, and what stands on record afterwards."""

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.member_group import GroupKind
from intake.domain.permission import Role
from intake.domain.proposer import ProposerKind
from intake.models import AuditEntry, GroupMembership, MemberGroup, TopicProposer, User
from intake.queries.member_group import FOUND_SHOWN, groups_of, member_choices
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.groups import group_of, venue_at
from tests.factories.matters import told, topic_of
from tests.factories.town import Town, actor
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_places import post
from tests.web.test_query_counts import cost

PATH = "/d/groups"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, staff of the district."""
    return sign_in(client, "wangjing")


@pytest.fixture
def bai(app: Flask, wiring: Wiring, town: Town) -> Person:
    """白露, staff of 丰山街道 alone."""
    person_with(wiring, "bailu", "白露", (Role.STAFF, town.street_id))
    return sign_in(app.test_client(), "bailu")


def the_group(wiring: Wiring, group_id: int) -> MemberGroup:
    with wiring.sessions() as session:
        return session.get_one(MemberGroup, group_id)


def memberships(wiring: Wiring, group_id: int) -> list[tuple[int, date | None]]:
    with wiring.sessions() as session:
        rows = session.query(GroupMembership).filter_by(group_id=group_id).order_by(GroupMembership.id)
        return [(one.user_id, one.until) for one in rows]


def found(person: Person, name: str, kind: str = "liaison", **fields: object) -> TestResponse:
    """Send the form of a new group."""
    return post(person, f"{PATH}/new", {"kind": kind, "name": name, "area": "", **fields})


def change(person: Person, group: MemberGroup, **fields: object) -> TestResponse:
    """Send the form of a group with one thing different."""
    stored = {"kind": group.kind.value, "name": group.name, "area": group.area_id or "", "convenor": group.convenor_id or ""}
    return post(person, f"{PATH}/{group.id}/facts", {**stored, "version": group.version, **fields})


def test_a_group_is_founded_joined_led_and_left_and_keeps_who_was_in_it(jing: Person, wiring: Wiring, town: Town) -> None:
    made = jing.press(f"{PATH}/new", "/new", kind="liaison", name="丰山街道联络组", area=str(town.street_id), categories="street-lights")
    assert "接着加组员" in words_of(made)
    group_id = int(made.request.path.rsplit("/", 1)[1])
    # Several names at once, in whatever way they are parted.
    page = f"{PATH}/{group_id}?find=周明远、老周 李青"
    for name in ("周明远", "老周", "李青"):
        assert name in words_of(jing.get(page))
    sent = post(jing, f"{PATH}/{group_id}/members", {"people": [town.zhou_id, town.laozhou_id], "since": "2026-03-02"})
    assert sent.status_code == 303
    again = post(jing, f"{PATH}/{group_id}/members", {"people": [town.zhou_id, town.qing_id], "since": "2026-10-01"})
    assert again.status_code == 303
    assert [user for user, _ in memberships(wiring, group_id)] == [town.zhou_id, town.laozhou_id, town.qing_id], "who is in it stays"
    assert change(jing, the_group(wiring, group_id), convenor=town.laozhou_id).status_code == 303
    shown = words_of(jing.get(f"{PATH}/{group_id}"))
    assert "老周 召集人" in shown
    assert "2026-03-02" in shown
    assert "还没有这里的" not in shown, "老周 is 召集人 of the street"
    with wiring.sessions() as session:
        mine = groups_of(session, town.zhou_id)
    assert [(one.id, one.kind, one.name, one.convenor_id) for one in mine] == [
        (group_id, GroupKind.LIAISON, "丰山街道联络组", town.laozhou_id)
    ]
    # The convenor leaves: the group is without one, and says so.
    with wiring.sessions() as session:
        membership = session.query(GroupMembership).filter_by(group_id=group_id, user_id=town.laozhou_id).one().id
    leaving = f"{PATH}/{group_id}/members/{membership}/end"
    assert "他是召集人" in words_of(jing.get(leaving))
    for day in ("2026-03-01", "2026-11-04", ""):
        refused = jing.press(leaving, "/end", until=day)
        assert refused.status_code == 422
        assert "最后一天请选" in words_of(refused)
    left = words_of(jing.press(leaving, "/end", until="2026-10-31"))
    assert "以前的组员 老周 2026-03-02 – 2026-10-31" in left
    assert the_group(wiring, group_id).convenor_id is None
    assert "还没有召集人" in words_of(jing.get(PATH))
    assert post(jing, leaving, until="2026-10-31").status_code == 409
    with wiring.sessions() as session:
        assert groups_of(session, town.laozhou_id) == ()
        acts = [one.action for one in session.query(AuditEntry).filter_by(noun="group", entity_id=group_id).order_by(AuditEntry.id)]
    assert acts == ["group.create", "group.join", "group.join", "group.change", "group.leave"]


def test_what_is_refused_says_why_and_keeps_what_was_written(jing: Person, wiring: Wiring, town: Town) -> None:
    group_id = group_of(wiring, town, "丰山街道联络组", town.zhou_id)
    # Names are unique among the live ones of a kind.
    clash = found(jing, "丰山街道联络组", area=town.street_id)
    assert clash.status_code == 422
    assert "联络组里已经有“丰山街道联络组”了" in words_of(clash)
    assert found(jing, "丰山街道联络组", "joint").status_code == 303
    assert "联络组要选负责的区域" in words_of(found(jing, "别的联络组"))
    assert "系统不认识的" in words_of(found(jing, "经济界", "sector", categories="gossip"))
    assert "请填写名称" in words_of(found(jing, " ", "sector"))
    assert "没有这个区域" in words_of(found(jing, "清河联络组", area=999_999))
    stranger = change(jing, the_group(wiring, group_id), convenor=town.qing_id)
    assert stranger.status_code == 422
    assert "召集人要是现在的组员" in words_of(stranger)
    # Two at once: the slower one reads so, with the words still there.
    old = the_group(wiring, group_id)
    assert change(jing, old, name="丰山联络组").status_code == 303
    slower = change(jing, old, name="丰山街道第一联络组")
    assert slower.status_code == 409
    assert 'value="丰山街道第一联络组"' in slower.get_data(as_text=True)
    seen = words_of(slower)
    assert "现在保存的是 王静 · 修改资料" in seen
    assert "名称 丰山联络组 丰山街道第一联络组" in seen, "what was saved beside what was written"
    heads = re.findall(r'<th scope="row">([^<]+)</th>', slower.get_data(as_text=True))
    assert heads == ["名称"], "what is alike is left out"
    newest = change(jing, the_group(wiring, group_id), name="丰山街道第一联络组")
    assert newest.status_code == 303
    assert "和您写的一样" in words_of(change(jing, old, name="丰山街道第一联络组"))
    change(jing, the_group(wiring, group_id), name="丰山联络组")
    assert "请至少勾选一个人" in words_of(post(jing, f"{PATH}/{group_id}/members", since="2026-03-02", find="李青"))
    wrong_day = post(jing, f"{PATH}/{group_id}/members", {"people": town.qing_id, "since": "2026-12-01", "find": "李青"})
    assert "请选今天或以前的日子" in words_of(wrong_day)
    assert re.search(rf'value="{town.qing_id}" checked', wrong_day.get_data(as_text=True)), "the tick stays"
    # An official of a unit is no member, nor is anybody of another district.
    for user_id in (town.gao_id, town.stranger_id):
        refused = post(jing, f"{PATH}/{group_id}/members", {"people": user_id, "since": "2026-03-02"})
        assert "不再是委员" in words_of(refused)
    assert "没有找到还没加进来的委员" in words_of(jing.get(f"{PATH}/{group_id}?find=周明远"))


def test_a_group_with_a_venue_or_an_open_proposal_goes_on(jing: Person, wiring: Wiring, town: Town) -> None:
    group_id = group_of(wiring, town, "丰山街道联络组", town.zhou_id, convenor_id=town.zhou_id)
    venue = venue_at(wiring, town, "丰山街道委员工作站", area_id=town.street_id, group_id=group_id)
    held = jing.press(f"{PATH}/{group_id}", f"/{group_id}/end")
    assert held.status_code == 409
    assert "“丰山街道委员工作站”还是它的场所" in words_of(held)
    jing.press(f"/d/venues/{venue}/facts", "/facts", kind="station", name="丰山站", area=str(town.street_id), group="")
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "路灯坏了"))
    with wiring.sessions.begin() as session:
        at = wiring.clock.now()
        session.add(
            TopicProposer(
                district_id=town.district_id,
                topic_id=topic,
                kind=ProposerKind.GROUP,
                group_id=group_id,
                asked_by=town.zhou_id,
                asked_at=at,
                agreed_at=at,
            )
        )
    assert "议题“幸福里路灯”是以它的名义提的" in words_of(jing.press(f"{PATH}/{group_id}", f"/{group_id}/end"))
    with wiring.sessions.begin() as session:
        session.query(TopicProposer).update({"declined_at": wiring.clock.now()})
    ended = words_of(jing.press(f"{PATH}/{group_id}", f"/{group_id}/end"))
    assert "已结束" in ended
    assert memberships(wiring, group_id) == [(town.zhou_id, date(2026, 11, 3))]
    assert the_group(wiring, group_id).convenor_id is None
    for path, fields in (
        ("facts", {"kind": "liaison", "name": "又来", "area": town.street_id, "version": 4}),
        ("members", {}),
        ("end", {}),
    ):
        assert post(jing, f"{PATH}/{group_id}/{path}", {"version": 4, **fields}).status_code == 409
    assert "丰山街道联络组" not in words_of(jing.get(PATH))
    assert "丰山街道联络组" in words_of(jing.get(f"{PATH}?ended=1"))
    assert found(jing, "丰山街道联络组", area=town.street_id).status_code == 303, "its name is free again"


# A group of no area is the whole district's: staff of one street found and change those of their street alone.
def test_who_may_look_and_who_may_change(app: Flask, bai: Person, wiring: Wiring, town: Town) -> None:
    liaison = group_of(wiring, town, "丰山街道联络组", town.zhou_id)
    committee = group_of(wiring, town, "社会法制委", town.qing_id, kind=GroupKind.COMMITTEE)
    assert found(bai, "丰山第二联络组", area=town.longchi_id).status_code == 303
    assert "不在您负责的范围" in words_of(found(bai, "石桥联络组", area=town.shiqiao_id))
    assert "不在您负责的范围" in words_of(found(bai, "经济界", "sector"))
    assert change(bai, the_group(wiring, liaison), name="丰山联络组").status_code == 303
    assert change(bai, the_group(wiring, committee), name="法制委").status_code == 403
    assert "加人" not in words_of(bai.get(f"{PATH}/{committee}"))
    # A member looks, and changes nothing.
    zhou = sign_in(app.test_client(), "zhou")
    assert "周明远" in words_of(zhou.get(f"{PATH}/{liaison}"))
    assert "新建组织" not in words_of(zhou.get(PATH))
    assert zhou.client.get(f"{PATH}/new").status_code == 403
    assert post(zhou, f"{PATH}/{liaison}/end", version=2).status_code == 403
    # An officer of a unit has no part in it; the neighbours' staff find nothing; a stranger is asked to sign in.
    assert sign_in(app.test_client(), "gaoqiang").client.get(PATH).status_code == 403
    sun = sign_in(app.test_client(), "sunyi")
    assert sun.client.get(f"{PATH}/{liaison}").status_code == 404
    assert post(sun, f"{PATH}/{liaison}/end", version=2).status_code == 404
    assert "丰山联络组" not in words_of(sun.get(PATH))
    assert app.test_client().get(f"{PATH}/{liaison}").status_code == 303


def test_the_list_is_found_by_kind_words_and_area_and_costs_the_same_when_long(jing: Person, wiring: Wiring, town: Town) -> None:
    group_of(wiring, town, "第 0 联络组", town.zhou_id, convenor_id=town.zhou_id)
    one = cost(wiring, jing, PATH, "第 0 联络组")
    detail = cost(wiring, jing, f"{PATH}/{group_of(wiring, town, '老组', town.qing_id)}", "李青")
    with wiring.sessions.begin() as session:
        at = wiring.clock.now()
        session.add_all(
            MemberGroup(
                district_id=town.district_id, kind=kind, name=f"第 {n} {kind.value}", area_id=None, categories=[], version=1, created_at=at
            )
            for kind in (GroupKind.SECTOR, GroupKind.COMMITTEE)
            for n in range(1, 86)
        )
    assert cost(wiring, jing, PATH, "第 28 sector") == one
    page = jing.get(PATH).get_data(as_text=True)
    onward = re.search(r'href="([^"]+)" rel="next"', page)
    assert onward is not None
    assert "第 29 sector" in words_of(jing.get(onward.group(1).replace("&amp;", "&")))
    assert "第 85 committee" in words_of(jing.get(f"{PATH}?kind=committee&q=85"))
    assert "界别 85" in words_of(jing.get(PATH)), "how many of each kind"
    assert "第 0 联络组" in words_of(jing.get(f"{PATH}?q=周明远")), "by the name of a member"
    assert "没有找到" in words_of(jing.get(f"{PATH}?area={town.shiqiao_id}"))
    big = group_of(wiring, town, "大组", *(person_with(wiring, f"m{n}", f"委员{n}", (Role.MEMBER, town.ziwei_id)) for n in range(20)))
    assert cost(wiring, jing, f"{PATH}/{big}", "委员19") == detail


def test_who_can_be_chosen_is_told_apart_from_namesakes_and_without_those_who_left(wiring: Wiring, town: Town) -> None:
    person_with(wiring, "zhou2", "周明远", (Role.MEMBER, town.shiqiao_id))
    with wiring.sessions.begin() as session:
        session.get_one(User, town.qing_id).active = False
    with wiring.sessions() as session:
        choices = member_choices(session, actor(session, town.jing_id))
    assert {name for _, name in choices} == {"周明远（丰山街道）", "周明远（石桥社区）", "老周", "何苗"}


# Who speaks for a group is asked things: somebody whose account is closed never answers.
def test_nobody_leads_a_group_who_can_not_sign_in(jing: Person, wiring: Wiring, town: Town) -> None:
    group_id = group_of(wiring, town, "丰山街道联络组", town.zhou_id, town.qing_id)
    with wiring.sessions.begin() as session:
        session.get_one(User, town.qing_id).active = False
    offered = re.search(r'<select[^>]*name="convenor".*?</select>', jing.get(f"{PATH}/{group_id}/facts").get_data(as_text=True), re.DOTALL)
    assert offered is not None
    assert re.findall(r'value="(\d+)"', offered[0]) == [str(town.zhou_id)]
    assert "账号也在用" in words_of(change(jing, the_group(wiring, group_id), convenor=town.qing_id))


def test_who_finds_too_many_is_told_to_write_the_whole_name(jing: Person, wiring: Wiring, town: Town) -> None:
    group_id = group_of(wiring, town, "丰山街道联络组")
    for number in range(FOUND_SHOWN + 1):
        person_with(wiring, f"wang{number}", f"王{number}", (Role.MEMBER, town.longchi_id))
    assert "先列 30 位。没有您要找的，请把姓名写全。" in words_of(jing.get(f"{PATH}/{group_id}?find=王"))
    assert "先列 30 位" not in words_of(jing.get(f"{PATH}/{group_id}?find=周明远"))


def test_a_convenor_without_the_role_is_said_to_lack_it(jing: Person, wiring: Wiring, town: Town) -> None:
    group_id = group_of(wiring, town, "丰山街道联络组", town.zhou_id, town.laozhou_id, convenor_id=town.zhou_id)
    assert "周明远在系统里还没有这里的“召集人”角色" in words_of(jing.get(f"{PATH}/{group_id}"))
    committee = group_of(wiring, town, "社会法制委", town.zhou_id, kind=GroupKind.COMMITTEE, convenor_id=town.zhou_id)
    assert "还没有这里的" not in words_of(jing.get(f"{PATH}/{committee}"))
