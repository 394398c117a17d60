"""人员 on the desk: who may see, give and take what, and what no administrator can do."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.permission import Role
from intake.models import AuditEntry, Department, LoginSession, RoleGrant, User
from intake.services.person import RESET_HOURS
from intake.wiring import Wiring
from tests.factories.administrators import person_with, street_administrator
from tests.factories.clock import TestClock
from tests.factories.town import PASSWORD, Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_places import post
from tests.web.test_query_counts import cost

NEW = {"name": "林晓", "login": "linxiao", "password": "a-long-password", "role": "member"}


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员 of the district."""
    return sign_in(client, "chenli")


@pytest.fixture
def gu(app: Flask, wiring: Wiring, town: Town) -> Person:
    """顾宁, 管理员 of 丰山街道 alone."""
    street_administrator(wiring, town.street_id)
    return sign_in(app.test_client(), "guning")


def user(wiring: Wiring, user_id: int) -> User:
    with wiring.sessions() as session:
        return session.get_one(User, user_id)


def roles_of(wiring: Wiring, user_id: int) -> set[tuple[Role, int]]:
    with wiring.sessions() as session:
        return {(grant.role, grant.area_id) for grant in session.query(RoleGrant).filter_by(user_id=user_id)}


def grant_id(wiring: Wiring, user_id: int, role: Role) -> int:
    with wiring.sessions() as session:
        return session.query(RoleGrant).filter_by(user_id=user_id, role=role).one().id


# --- looking ------------------------------------------------------------------------------------------------------------------------


def test_the_list_is_searched_and_narrowed(chen: Person, town: Town) -> None:
    for query, found, missing in (
        ("q=明远", "周明远", "李青"),
        ("q=LIQING", "李青", "周明远"),
        ("role=convenor", "老周", "周明远"),
        (f"area={town.shiqiao_id}", "何苗", "李青"),
        ("active=yes", "李青", "孙一"),
    ):
        page = words_of(chen.get(f"/d/people?{query}"))
        assert found in page, query
        assert missing not in page, query
    assert "没有找到" in words_of(chen.get("/d/people?active=no"))
    for hostile in ("after=x", "after=" + "9" * 40, "role=king", "area=" + "9" * 30, "active=maybe", "q=%00%25"):
        assert chen.get(f"/d/people?{hostile}").status_code == 200


def test_a_list_of_two_pages_shows_everybody_once_and_costs_the_same(chen: Person, wiring: Wiring, town: Town) -> None:
    few = cost(wiring, chen, "/d/people", "周明远")
    for number in range(40):
        person_with(wiring, f"m{number:02d}", f"委员{number:02d}", (Role.MEMBER, town.longchi_id), (Role.CONVENOR, town.street_id))
    assert cost(wiring, chen, "/d/people", "委员00") == few <= 12
    first = chen.get("/d/people?q=委员").get_data(as_text=True)
    path = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = chen.get(path).get_data(as_text=True)
    pages = [set(re.findall(r">(委员\d\d)<", page)) for page in (first, second)]
    assert len(pages[0]) == 30
    assert len(pages[1]) == 10
    assert not pages[0] & pages[1]
    assert 'rel="next"' not in second


def test_only_who_manages_people_sees_them(app: Flask, town: Town) -> None:
    nobody = app.test_client()
    for path in ("/d/people", "/d/people/new", f"/d/people/{town.zhou_id}", "/d/people/invitations", "/d/people/invitations/new"):
        assert nobody.get(path).status_code == 303, path
        for login in ("zhou", "laozhou", "wangjing", "sunyi"):
            assert sign_in(app.test_client(), login).client.get(path).status_code == 403, (path, login)


def test_nobody_of_another_district_is_seen_or_touched(chen: Person, wiring: Wiring, town: Town) -> None:
    assert "孙一" not in words_of(chen.get("/d/people"))
    path = f"/d/people/{town.stranger_id}"
    assert chen.get(path).status_code == 404
    for ending, data in (
        ("/facts", {"name": "别人"}),
        ("/roles", {"role": "member", "area": town.longchi_id}),
        (f"/roles/{grant_id(wiring, town.stranger_id, Role.STAFF)}/revoke", {}),
        ("/deactivate", {}),
        ("/reset", {}),
        ("/sessions/1/end", {}),
    ):
        assert post(chen, path + ending, data, version=1).status_code == 404, ending
    assert user(wiring, town.stranger_id).active


# --- one street's administrator -------------------------------------------------------------------------------------------------------


def test_a_streets_administrator_sees_the_streets_people_alone(gu: Person, town: Town) -> None:
    page = words_of(gu.get("/d/people"))
    assert "周明远" in page
    assert "李青" in page
    for other in ("何苗", "王静", "陈立"):
        assert other not in page
    for user_id in (town.shiqiao_member_id, town.jing_id, town.li_id):
        assert gu.get(f"/d/people/{user_id}").status_code == 404
        assert post(gu, f"/d/people/{user_id}/roles", role="member", area=town.street_id).status_code == 404
        assert post(gu, f"/d/people/{user_id}/deactivate", version=1).status_code == 404
    assert "石桥社区" not in words_of(gu.get("/d/people/new"))


def test_a_streets_administrator_gives_local_roles_in_the_street_and_nothing_else(gu: Person, wiring: Wiring, town: Town) -> None:
    path = f"/d/people/{town.qing_id}/roles"
    assert post(gu, path, role="convenor", area=town.street_id).status_code == 303
    assert (Role.CONVENOR, town.street_id) in roles_of(wiring, town.qing_id)
    before = roles_of(wiring, town.qing_id)
    for role, area in (
        ("member", town.shiqiao_id),
        ("member", town.district_id),
        ("admin", town.street_id),
        ("admin", town.district_id),
        ("staff", town.street_id),
        ("auditor", town.longchi_id),
        ("leader", town.street_id),
        ("department", town.street_id),
        ("king", town.street_id),
        ("member", 999_999),
        ("member", 1),
    ):
        assert post(gu, path, role=role, area=area).status_code == 422, (role, area)
    assert roles_of(wiring, town.qing_id) == before


def test_a_streets_administrator_cannot_take_over_whoever_has_more(gu: Person, wiring: Wiring, town: Town) -> None:
    # 李青 also becomes staff of the district: a reset link would hand that over.
    with wiring.sessions.begin() as session:
        session.add(RoleGrant(district_id=town.district_id, user_id=town.qing_id, role=Role.STAFF, area_id=town.district_id))
    path = f"/d/people/{town.qing_id}"
    page = words_of(gu.get(path))
    assert "由区里的管理员管理" in page
    assert "重设密码" not in page
    for ending in ("/reset", "/deactivate", "/facts"):
        assert post(gu, path + ending, version=1, name="改名").status_code == 403, ending
    assert post(gu, f"{path}/roles/{grant_id(wiring, town.qing_id, Role.STAFF)}/revoke").status_code == 403
    assert user(wiring, town.qing_id).active
    # Nor another administrator of the same street.
    peer = person_with(wiring, "peer", "同事", (Role.ADMIN, town.street_id))
    assert post(gu, f"/d/people/{peer}/reset", version=1).status_code == 403
    assert post(gu, f"/d/people/{peer}/roles/{grant_id(wiring, peer, Role.ADMIN)}/revoke").status_code == 403


# --- roles ------------------------------------------------------------------------------------------------------------------------------


def test_a_role_works_at_once_and_ends_at_once(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    zhou = sign_in(app.test_client(), "zhou")
    assert zhou.client.get("/d/points").status_code == 403
    page = chen.press(f"/d/people/{town.zhou_id}", "/roles", role="staff", area=str(town.district_id))
    assert "授予角色：区政协工作人员 · 云栖区" in words_of(page)
    assert zhou.client.get("/d/points").status_code == 200
    page = chen.press(f"/d/people/{town.zhou_id}", f"/roles/{grant_id(wiring, town.zhou_id, Role.STAFF)}/revoke")
    assert "收回角色：区政协工作人员 · 云栖区" in words_of(page)
    assert zhou.client.get("/d/points").status_code == 403


def test_the_same_role_twice_and_a_role_that_is_gone(chen: Person, wiring: Wiring, town: Town) -> None:
    path = f"/d/people/{town.zhou_id}/roles"
    again = post(chen, path, role="member", area=town.street_id)
    assert again.status_code == 422
    assert "已经有这个角色" in words_of(again)
    held = grant_id(wiring, town.zhou_id, Role.MEMBER)
    assert post(chen, f"/d/people/{town.qing_id}/roles/{held}/revoke").status_code == 404
    assert post(chen, f"{path}/{held}/revoke").status_code == 303
    assert post(chen, f"{path}/{held}/revoke").status_code == 404


def test_nobody_gives_themselves_a_role(chen: Person, wiring: Wiring, town: Town) -> None:
    answer = post(chen, f"/d/people/{town.li_id}/roles", role="staff", area=town.district_id)
    assert answer.status_code == 403
    assert roles_of(wiring, town.li_id) == {(Role.ADMIN, town.district_id)}
    assert "自己的角色由另一位管理员来加" in words_of(chen.get(f"/d/people/{town.li_id}"))


def test_the_district_keeps_an_administrator(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    own = f"/d/people/{town.li_id}"
    refused = post(chen, f"{own}/roles/{grant_id(wiring, town.li_id, Role.ADMIN)}/revoke")
    assert refused.status_code == 409
    assert "自己最后一个管理员角色" in words_of(refused)
    assert post(chen, f"{own}/deactivate", version=1).status_code == 403
    # With a second administrator it is still not one's own to give up, but the other may take it.
    other = person_with(wiring, "second", "第二位", (Role.ADMIN, town.district_id))
    assert post(chen, f"{own}/roles/{grant_id(wiring, town.li_id, Role.ADMIN)}/revoke").status_code == 409
    second = sign_in(app.test_client(), "second")
    assert post(second, f"{own}/roles/{grant_id(wiring, town.li_id, Role.ADMIN)}/revoke").status_code == 303
    assert post(second, f"/d/people/{other}/roles/{grant_id(wiring, other, Role.ADMIN)}/revoke").status_code == 409
    assert chen.client.get("/d/people").status_code == 403


def test_an_administrator_who_was_deactivated_does_not_count(chen: Person, wiring: Wiring, town: Town) -> None:
    other = person_with(wiring, "second", "第二位", (Role.ADMIN, town.district_id), (Role.ADMIN, town.street_id))
    assert post(chen, f"/d/people/{other}/deactivate", version=1).status_code == 303
    assert post(chen, f"/d/people/{other}/reactivate", version=2).status_code == 303
    assert post(chen, f"/d/people/{other}/roles/{_grant_at(wiring, other, town.district_id)}/revoke").status_code == 303
    assert post(chen, f"/d/people/{other}/roles/{_grant_at(wiring, other, town.street_id)}/revoke").status_code == 303


def _grant_at(wiring: Wiring, user_id: int, area_id: int) -> int:
    with wiring.sessions() as session:
        return session.query(RoleGrant).filter_by(user_id=user_id, area_id=area_id).one().id


# --- accounts -------------------------------------------------------------------------------------------------------------------------


def test_an_account_can_be_made_and_used(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    answer = post(chen, "/d/people/new", NEW, area=town.longchi_id)
    assert answer.status_code == 303
    assert "林晓" in words_of(chen.get(answer.location))
    assert sign_in(app.test_client(), "linxiao", "a-long-password").client.get("/m").status_code == 200
    with wiring.sessions() as session:
        made = session.query(User).filter_by(login="linxiao").one()
        entries = session.query(AuditEntry).filter_by(noun="user", entity_id=made.id).all()
        assert {entry.action for entry in entries if entry.actor_id == town.li_id} == {"user.create", "role.grant"}
        assert not any("林晓" in str(entry.detail) or "linxiao" in str(entry.detail) for entry in entries)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "请填写姓名"),
        ({"name": "林" * 41}, "最多 40 个字"),
        ({"login": ""}, "登录名用小写字母开头"),
        ({"login": "林晓"}, "登录名用小写字母开头"),
        ({"login": "a" * 60}, "登录名用小写字母开头"),
        ({"login": "ZHOU"}, "已经有人用了"),
        ({"login": "sunyi"}, "已经有人用了"),
        ({"password": "short"}, "密码至少 10 个字符"),
        ({"password": "长" * 300}, "密码最多 200 个字符"),
        ({"role": ""}, "请先选一个"),
        ({"area": ""}, "请选择负责的区域"),
        ({"role": "department"}, "承办单位和交办机关的人要选单位"),
        ({"role": "office"}, "承办单位和交办机关的人要选单位"),
        ({"role": "department", "department": "999"}, "没有这个承办单位"),
    ],
)
def test_a_form_with_a_mistake_keeps_the_rest(chen: Person, wiring: Wiring, town: Town, wrong: dict[str, str], sentence: str) -> None:
    answer = post(chen, "/d/people/new", {**NEW, "area": str(town.longchi_id), **wrong})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert sentence in html
    assert "a-long-password" not in html
    if "name" not in wrong:
        assert 'value="林晓"' in html
    with wiring.sessions() as session:
        assert session.query(User).filter_by(name="林晓").count() == 0


def test_deactivating_ends_every_session_and_reactivating_brings_the_roles_back(
    app: Flask, chen: Person, wiring: Wiring, town: Town
) -> None:
    phone, desk = sign_in(app.test_client(), "zhou"), sign_in(app.test_client(), "zhou")
    page = chen.press(f"/d/people/{town.zhou_id}", "/deactivate")
    assert "账号已停用" in words_of(page)
    for device in (phone, desk):
        assert device.client.get("/m").status_code == 303
    with wiring.sessions() as session:
        assert session.query(LoginSession).filter_by(user_id=town.zhou_id, ended_at=None).count() == 0
    refused = app.test_client()
    token = hidden(refused.get("/sign-in").get_data(as_text=True), "csrf_token")
    assert refused.post("/sign-in", data={"csrf_token": token, "login": "zhou", "password": PASSWORD}).status_code == 401
    assert post(chen, f"/d/people/{town.zhou_id}/deactivate", version=2).status_code == 409
    assert post(chen, f"/d/people/{town.zhou_id}/reset", version=2).status_code == 409
    chen.press(f"/d/people/{town.zhou_id}", "/reactivate")
    assert sign_in(app.test_client(), "zhou").client.get("/m").status_code == 200


def test_one_device_can_be_signed_out(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    phone, desk = sign_in(app.test_client(), "zhou"), sign_in(app.test_client(), "zhou")
    with wiring.sessions() as session:
        first = min(row.id for row in session.query(LoginSession).filter_by(user_id=town.zhou_id))
    # Another person's page doesn't end it.
    post(chen, f"/d/people/{town.qing_id}/sessions/{first}/end")
    assert phone.client.get("/m").status_code == 200
    page = chen.press(f"/d/people/{town.zhou_id}", f"/sessions/{first}/end")
    assert "那台设备已退出" in words_of(page)
    assert phone.client.get("/m").status_code == 303
    assert desk.client.get("/m").status_code == 200
    assert post(chen, f"/d/people/{town.zhou_id}/sessions/{first}/end").status_code == 303


def test_two_who_change_one_person_meet(chen: Person, wiring: Wiring, town: Town) -> None:
    path = f"/d/people/{town.zhou_id}/facts"
    assert post(chen, path, name="周明", version=1).status_code == 303
    slower = post(chen, path, name="周远", version=1)
    assert slower.status_code == 409
    assert 'value="周远"' in slower.get_data(as_text=True)
    assert user(wiring, town.zhou_id).name == "周明"
    assert post(chen, path, name="  ", version=2).status_code == 422


def test_a_closed_department_stays_with_its_people_until_somebody_takes_it_away(chen: Person, wiring: Wiring, town: Town) -> None:
    post(chen, "/d/departments/new", name="云栖区市政局", kind="department")
    with wiring.sessions() as session:
        closed = session.query(Department).filter_by(name="云栖区市政局").one().id
    path = f"/d/people/{town.zhou_id}"
    assert post(chen, f"{path}/facts", name="周明远", department=closed, version=1).status_code == 303
    assert post(chen, f"/d/departments/{closed}/close", successor="", version=1).status_code == 303
    assert f'value="{closed}" selected' in chen.get(path).get_data(as_text=True), "saving another name would take it away unseen"
    assert post(chen, f"{path}/facts", name="周明", department=closed, version=2).status_code == 303
    assert user(wiring, town.zhou_id).department_id == closed
    assert post(chen, f"/d/people/{town.qing_id}/facts", name="李青", department=closed, version=1).status_code == 422, (
        "nobody new joins it"
    )


# --- a lost password --------------------------------------------------------------------------------------------------------------------


def link_in(page: TestResponse) -> str:
    found = re.search(r'value="https://zhibao\.example(/[a-z]+/[^"]+)"', page.get_data(as_text=True))
    assert found is not None
    return found.group(1)


def set_password(client: FlaskClient, path: str, password: str, again: str | None = None) -> TestResponse:
    token = hidden(client.get(path).get_data(as_text=True), "csrf_token")
    return client.post(path, data={"csrf_token": token, "password": password, "again": password if again is None else again})


def test_a_reset_link_sets_a_password_once_and_ends_every_session(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    old = sign_in(app.test_client(), "zhou")
    link = link_in(chen.press(f"/d/people/{town.zhou_id}", "/reset"))
    browser = app.test_client()
    assert "周明远，请设新密码" in words_of(browser.get(link))
    assert set_password(browser, link, "short").status_code == 422
    assert set_password(browser, link, "a-new-password", "another-password").status_code == 422
    done = set_password(browser, link, "a-new-password")
    assert done.status_code == 303
    assert browser.get("/m").status_code == 200
    assert old.client.get("/m").status_code == 303
    used = app.test_client().get(link)
    assert used.status_code == 404
    assert "已经用过" in words_of(used)
    assert sign_in(app.test_client(), "zhou", "a-new-password").client.get("/m").status_code == 200


def test_a_newer_link_a_day_and_a_wrong_letter_end_a_reset_link(
    app: Flask, chen: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    first = link_in(chen.press(f"/d/people/{town.zhou_id}", "/reset"))
    second = link_in(chen.press(f"/d/people/{town.zhou_id}", "/reset"))
    browser = app.test_client()
    assert browser.get(first).status_code == 404
    assert browser.get(second[:-1] + ("a" if second[-1] != "a" else "b")).status_code == 404
    # Neither another's id nor a later date fits the code.
    user_id, expires, code = second.removeprefix("/reset/").split(".")
    assert browser.get(f"/reset/{town.li_id}.{expires}.{code}").status_code == 404
    assert browser.get(f"/reset/{user_id}.{int(expires) + 3600}.{code}").status_code == 404
    assert browser.get(second).status_code == 200
    clock.forward(hours=RESET_HOURS)
    late = browser.get(second)
    assert late.status_code == 410
    assert "过期" in words_of(late)


@pytest.mark.parametrize("token", ["x", "1.2", "1.2.3.4", "9" * 30 + ".1.x", "1." + "9" * 18 + ".x", "١.٢.x", "%00", "-1.1.x", "1.1.图"])
def test_a_reset_link_nobody_was_given_is_a_plain_page(client: FlaskClient, town: Town, token: str) -> None:
    assert client.get(f"/reset/{token}").status_code == 404


def test_a_deactivated_persons_link_is_refused(app: Flask, chen: Person, town: Town, wiring: Wiring) -> None:
    link = link_in(chen.press(f"/d/people/{town.zhou_id}", "/reset"))
    chen.press(f"/d/people/{town.zhou_id}", "/deactivate")
    assert app.test_client().get(link).status_code in {403, 404}
