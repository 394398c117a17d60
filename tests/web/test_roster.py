"""委员名册: found by level, group, area and speciality; the profile that staff keep, and what members say of themselves."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.member_group import GroupKind
from intake.domain.permission import Role
from intake.models import MemberProfile, User
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.groups import group_of
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_places import post
from tests.web.test_query_counts import cost

PATH = "/d/members"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, staff of the district."""
    return sign_in(client, "wangjing")


@pytest.fixture
def zhou(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "zhou")


def profile_of(wiring: Wiring, user_id: int) -> MemberProfile | None:
    with wiring.sessions() as session:
        return session.get(MemberProfile, user_id)


def test_staff_keep_the_profile_and_the_member_their_own_part_of_it(jing: Person, zhou: Person, wiring: Wiring, town: Town) -> None:
    path = f"{PATH}/{town.zhou_id}"
    assert "还没有档案" in words_of(jing.get(path))
    saved = jing.press(
        path, "/profile", level="city", employer="云栖电器厂", concerns="云栖电器厂\n丰山物业；云栖电器厂", categories="street-lights"
    )
    assert "市政协委员" in words_of(saved)
    assert (found := profile_of(wiring, town.zhou_id)) is not None
    assert (found.employer, found.concerns, found.categories) == ("云栖电器厂", ["云栖电器厂", "丰山物业"], ["street-lights"])
    # On the phone: their own part alone, whatever else the form sends.
    assert "云栖电器厂" in zhou.get("/m/profile").get_data(as_text=True)
    mine = zhou.press("/m/profile", "/m/profile", concerns="丰山物业", categories="parking", level="province", employer="别处")
    assert "已保存" in words_of(mine)
    assert (found := profile_of(wiring, town.zhou_id)) is not None
    assert (found.level, found.employer, found.concerns, found.categories) == ("city", "云栖电器厂", ["丰山物业"], ["parking"])
    # Staff who had the page open meanwhile learn it, and keep what they wrote.
    late = post(jing, f"{path}/profile", level="district", employer="云栖灯具厂", concerns="", version=1)
    assert late.status_code == 409
    assert "云栖灯具厂" in late.get_data(as_text=True)
    assert "现在存着的：丰山物业" in words_of(late), "or pressing again would end a 回避 unseen"
    assert "修改委员档案" in words_of(jing.get(path))


def test_names_to_step_back_from_are_names(jing: Person, zhou: Person, wiring: Wiring, town: Town) -> None:
    for concerns, words in (
        ("厂", "至少写两个字"),
        ("长" * 41, "最多 40 个字"),
        ("、".join(f"企业{n}" for n in range(21)), "最多写 20 个"),
    ):
        refused = zhou.press("/m/profile", "/m/profile", concerns=concerns)
        assert refused.status_code == 422
        assert words in words_of(refused)
        assert concerns in refused.get_data(as_text=True)
    assert zhou.press("/m/profile", "/m/profile", concerns="", categories="gossip").status_code == 422
    assert "请先选一个" in words_of(jing.press(f"{PATH}/{town.zhou_id}", "/profile", level="village"))
    assert profile_of(wiring, town.zhou_id) is None


# With whom somebody steps back is between them and whoever keeps the profiles.
def test_who_sees_and_writes_what(app: Flask, jing: Person, zhou: Person, wiring: Wiring, town: Town) -> None:
    post(jing, f"{PATH}/{town.qing_id}/profile", level="province", employer="区医院", concerns="紫薇药业", version=0)
    assert "紫薇药业" in words_of(jing.get(f"{PATH}/{town.qing_id}"))
    seen = zhou.get(f"{PATH}/{town.qing_id}").get_data(as_text=True)
    assert "区医院" in seen
    assert "紫薇药业" not in seen
    assert post(zhou, f"{PATH}/{town.qing_id}/profile", level="city", version=1).status_code == 403
    person_with(wiring, "bailu", "白露", (Role.STAFF, town.street_id))
    bai = sign_in(app.test_client(), "bailu")
    assert post(bai, f"{PATH}/{town.qing_id}/profile", level="city", version=1).status_code == 303
    assert post(bai, f"{PATH}/{town.shiqiao_member_id}/profile", level="city", version=0).status_code == 403
    assert post(jing, f"{PATH}/{town.gao_id}/profile", level="city", version=0).status_code == 404, "no member"
    sun = sign_in(app.test_client(), "sunyi")
    assert sun.client.get(f"{PATH}/{town.zhou_id}").status_code == 404
    assert post(sun, f"{PATH}/{town.zhou_id}/profile", level="city", version=0).status_code == 404
    assert jing.client.get("/m/profile").status_code == 403, "staff have none"
    for path in (PATH, "/m/profile"):
        assert app.test_client().get(path).status_code == 303


def test_the_roster_is_narrowed_and_costs_the_same_when_long(jing: Person, wiring: Wiring, town: Town) -> None:
    group = group_of(wiring, town, "丰山街道联络组", town.zhou_id)
    post(jing, f"{PATH}/{town.zhou_id}/profile", level="city", version=0, categories="street-lights")
    post(jing, f"{PATH}/{town.qing_id}/profile", level="district", version=0)
    for asked, shown in (
        ("level=city", {"周明远"}),
        ("level=none", {"老周", "何苗"}),
        (f"group={group}", {"周明远"}),
        (f"area={town.longchi_id}", {"周明远", "老周"}),
        (f"area={town.shiqiao_id}", {"何苗"}),
        ("category=street-lights", {"周明远"}),
        ("category=gossip&q=李", {"李青"}),
        ("", {"周明远", "李青", "老周", "何苗"}),
    ):
        page = words_of(jing.get(f"{PATH}?{asked}")).split("负责的区域 专长")[1]
        assert {name for name in ("周明远", "李青", "老周", "何苗") if name in page} == shown, asked
    one = cost(wiring, jing, PATH, "丰山街道联络组")
    for number in range(20):
        user = person_with(wiring, f"m{number}", f"委员{number}", (Role.MEMBER, town.ziwei_id))
        group_of(wiring, town, f"界别{number}", user, kind=GroupKind.SECTOR)
    assert cost(wiring, jing, PATH, "界别19") == one
    with wiring.sessions.begin() as session:
        session.query(User).filter_by(login="m19").update({"active": False})
    assert "委员19" not in words_of(jing.get(PATH)), "who left"
