"""直报点 and 区域 on the desk: who may look, who may change, and what residents see of it."""

from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.permission import Role
from intake.domain.point import PointState
from intake.models import Area, AuditEntry, IntakePoint, PointListener
from intake.queries.point import on_duty_at, point_by_code, successor_of
from intake.wiring import Wiring
from tests.factories.administrators import person_with, street_administrator
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

FACTS = {"kind": "community", "name": "龙池东门", "helper_name": "", "helper_phone": "", "helper_hours": ""}


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员 of the district."""
    return sign_in(client, "chenli")


@pytest.fixture
def gu(app: Flask, wiring: Wiring, town: Town) -> Person:
    """顾宁, 管理员 of 丰山街道 alone."""
    street_administrator(wiring, town.street_id)
    return sign_in(app.test_client(), "guning")


@pytest.fixture
def jing(app: Flask, town: Town) -> Person:
    """王静, staff: looks, but doesn't change."""
    return sign_in(app.test_client(), "wangjing")


def post(person: Person, path: str, data: Mapping[str, object] = {}, /, **more: object) -> TestResponse:
    """Send a form that wasn't on any page."""
    token = hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    return person.client.post(path, data={"csrf_token": token, **data, **more})


def the_point(wiring: Wiring, code: str) -> IntakePoint:
    with wiring.sessions() as session:
        return session.query(IntakePoint).filter_by(code=code).one()


def fresh(wiring: Wiring, point_id: int) -> IntakePoint:
    with wiring.sessions() as session:
        return session.get_one(IntakePoint, point_id)


def at(wiring: Wiring, code: str) -> str:
    return f"/d/points/{the_point(wiring, code).id}"


# --- looking ------------------------------------------------------------------------------------------------------------------------


def test_the_list_finds_a_point_by_name_code_phone_and_area(chen: Person, town: Town) -> None:
    for words in ("龙池", town.longchi_code, town.longchi_code.upper(), "0550-0000001"):
        page = words_of(chen.client.get("/d/points", query_string={"q": words}))
        assert "共 1 个" in page, words
        assert "龙池社区" in page, words
    assert "没有找到" in words_of(chen.get("/d/points?q=%25"))
    assert "共 2 个" in words_of(chen.get(f"/d/points?area={town.street_id}"))
    assert "共 3 个" in words_of(chen.get("/d/points?state=active&kind=community"))
    assert "没有找到" in words_of(chen.get("/d/points?state=paused"))


@pytest.mark.parametrize(
    "query", ["after=" + "9" * 40, "after=x", "after=-1", "state=nonsense", "kind=zoo", "area=" + "9" * 30, "area=0", "q=%00"]
)
def test_an_address_nobody_was_given_does_no_harm(chen: Person, query: str) -> None:
    assert chen.get(f"/d/points?{query}").status_code == 200


def test_a_list_of_more_than_one_page_shows_each_point_once(chen: Person, wiring: Wiring, town: Town) -> None:
    for number in range(34):
        assert post(chen, "/d/points/new", FACTS, area=town.longchi_id, name=f"楼栋 {number:02d}").status_code == 303
    seen: list[str] = []
    path = "/d/points?q=楼栋"
    for _ in range(3):
        page = chen.get(path)
        html = page.get_data(as_text=True)
        seen += [f"楼栋 {number:02d}" for number in range(34) if f"楼栋 {number:02d}<" in html]
        if 'rel="next"' not in html:
            break
        path = html.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
        assert "q=" in path
    assert sorted(seen) == [f"楼栋 {number:02d}" for number in range(34)]


def test_the_lists_cost_the_same_for_three_points_and_for_thirty(chen: Person, wiring: Wiring, town: Town) -> None:
    paths = ("/d/points", "/d/areas", f"/d/areas/{town.longchi_id}")
    few = [cost(wiring, chen, path, "龙池社区") for path in paths]
    for number in range(26):
        post(chen, "/d/points/new", FACTS, area=town.longchi_id, name=f"楼栋 {number}")
        person_with(wiring, f"member{number}", f"委员 {number}", (Role.MEMBER, town.longchi_id))
    assert [cost(wiring, chen, path, "龙池社区") for path in paths] == few
    assert max(few) <= 12


def test_a_point_shows_everything(chen: Person, wiring: Wiring, town: Town) -> None:
    told(wiring, town.longchi_code, "路灯坏了")
    page = chen.get(at(wiring, town.longchi_code))
    words = words_of(page)
    assert f"https://zhibao.example/p/{town.longchi_code}" in words
    assert "<svg" in page.get_data(as_text=True)
    assert "30 天来件 1" in words
    assert "新建直报点" in words
    assert "0550-0000001" in words


def test_a_point_costs_the_same_for_an_empty_rota_and_for_a_full_one(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    one = cost(wiring, chen, path, "还没有排班")
    people = [person_with(wiring, f"m{number}", f"委员{number}", (Role.MEMBER, town.longchi_id)) for number in range(8)]
    rota = cost(wiring, chen, f"{path}/rota", "委员0")
    post(chen, f"{path}/rota", {f"day-{day}": people for day in range(7)}, version=the_point(wiring, town.longchi_code).version)
    assert cost(wiring, chen, path, "委员7") == one
    assert cost(wiring, chen, f"{path}/rota", "委员0") == rota


def test_the_code_can_be_saved_as_a_picture(chen: Person, wiring: Wiring, town: Town) -> None:
    answer = chen.get(f"{at(wiring, town.longchi_code)}/code.png")
    assert answer.mimetype == "image/png"
    assert answer.data.startswith(b"\x89PNG")


def test_staff_look_but_have_nothing_to_press(jing: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    page = words_of(jing.get(path))
    assert "龙池社区" in page
    for words in ("修改资料 ", "暂停收件", "换新码", "排班 "):
        assert words not in page, words
    for ending in ("/facts", "/rotate", "/rota"):
        assert jing.get(path + ending).status_code == 403
    for ending in ("/facts", "/move", "/rotate", "/rota"):
        assert post(jing, path + ending, FACTS, action="pause", note="x", version=1, confirm="1").status_code == 403
    assert post(jing, "/d/points/new", FACTS, area=town.longchi_id).status_code == 403
    assert post(jing, f"/d/areas/{town.street_id}/below", kind="community", name="新社区").status_code == 403


def test_members_and_strangers_see_no_places(app: Flask, wiring: Wiring, town: Town) -> None:
    zhou, sun, nobody = sign_in(app.test_client(), "zhou"), sign_in(app.test_client(), "sunyi"), app.test_client()
    point = at(wiring, town.longchi_code)
    for path in ("/d/points", point, "/d/areas", f"/d/areas/{town.longchi_id}"):
        assert zhou.client.get(path).status_code == 403, path
        assert nobody.get(path).status_code == 303, path
    # A neighbouring district's staff have places of their own, and only those.
    assert "龙池社区" not in words_of(sun.get("/d/points"))
    assert "龙池社区" not in words_of(sun.get("/d/areas"))
    for path in (point, f"{point}/code.png", f"/d/areas/{town.longchi_id}", "/d/points/999999", "/d/areas/999999", "/d/areas/1"):
        assert sun.client.get(path).status_code == 404, path


# --- one street's administrator -------------------------------------------------------------------------------------------------------


def test_an_administrator_of_one_street_sees_and_touches_that_street_alone(gu: Person, wiring: Wiring, town: Town) -> None:
    listed = words_of(gu.get("/d/points"))
    assert "龙池社区" in listed
    assert "石桥社区" not in listed
    assert "石桥社区" not in words_of(gu.get("/d/areas"))
    assert "石桥社区" not in words_of(gu.get("/d/points/new"))
    assert "没有找到" in words_of(gu.get(f"/d/points?area={town.shiqiao_id}"))
    elsewhere = at(wiring, town.shiqiao_code)
    for path in (elsewhere, f"{elsewhere}/facts", f"{elsewhere}/rota", f"{elsewhere}/rotate", f"/d/areas/{town.shiqiao_id}"):
        assert gu.get(path).status_code == 403, path
    forms: dict[str, dict[str, object]] = {
        "/facts": {**FACTS, "version": 1},
        "/move": {"action": "pause", "note": "停电", "version": 1},
        "/rotate": {"confirm": "1", "version": 1},
        "/rota": {"version": 1},
    }
    for ending, data in forms.items():
        assert post(gu, elsewhere + ending, data).status_code == 403, ending
    assert the_point(wiring, town.shiqiao_code).state is PointState.ACTIVE
    refused = post(gu, "/d/points/new", FACTS, area=town.shiqiao_id)
    assert refused.status_code == 422
    assert "不在您负责的范围" in words_of(refused)
    assert post(gu, f"/d/areas/{town.district_id}/below", kind="street", name="新街道").status_code == 403
    assert post(gu, f"/d/areas/{town.shiqiao_id}/name", name="改了", version=1).status_code == 403
    assert post(gu, "/d/points/new", FACTS, area=town.longchi_id).status_code == 303


# --- making -------------------------------------------------------------------------------------------------------------------------


def test_a_new_point_takes_submissions_at_once(chen: Person, wiring: Wiring, town: Town) -> None:
    answer = post(chen, "/d/points/new", FACTS, area=town.longchi_id, helper_phone="0550-0000009", helper_hours="工作日 9–17 时")
    assert answer.status_code == 303
    page = chen.get(answer.location)
    assert "已建好" in words_of(page)
    with wiring.sessions() as session:
        point = session.query(IntakePoint).filter_by(name="龙池东门").one()
        assert session.query(AuditEntry).filter_by(action="point.create", entity_id=point.id, actor_id=town.li_id).count() == 1
    assert "龙池东门" in words_of(chen.client.get(f"/p/{point.code}"))
    say(wiring, point.code, "东门的灯坏了")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "请填写名称"),
        ({"name": "　 "}, "请填写名称"),
        ({"name": "龙" * 61}, "最多 60 个字"),
        ({"name": "龙池社区"}, "已经有叫“龙池社区”的直报点"),
        ({"kind": "zoo"}, "请先选一个"),
        ({"area": ""}, "请选择直报点挂在哪个区域"),
        ({"area": "999999"}, "没有这个区域"),
        ({"area": "1"}, "没有这个区域"),
        ({"area": "9" * 30}, "请先选一个"),
        ({"area": "1 OR 1=1"}, "请先选一个"),
        ({"helper_phone": "0550-0000001"}, "什么时候有人接"),
        ({"helper_phone": "打电话"}, "没有数字"),
        ({"helper_hours": "九" * 31}, "最多 30 个字"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    chen: Person, wiring: Wiring, town: Town, wrong: dict[str, str], sentence: str
) -> None:
    sent = {**FACTS, "area": str(town.longchi_id), "helper_name": "王姐", **wrong}
    answer = post(chen, "/d/points/new", sent)
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert sentence in html
    assert 'value="王姐"' in html
    with wiring.sessions() as session:
        assert session.query(IntakePoint).count() == 3


def test_another_districts_area_is_no_area_of_ours(chen: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        foreign = session.query(Area).filter_by(name="望江区").one().id
    assert post(chen, "/d/points/new", FACTS, area=foreign).status_code == 422
    assert chen.get(f"/d/areas/{foreign}").status_code == 404
    assert post(chen, f"/d/areas/{foreign}/name", name="我们的", version=1).status_code == 404


def test_markup_in_a_name_is_shown_as_it_was_typed(chen: Person, town: Town) -> None:
    answer = post(chen, "/d/points/new", FACTS, area=town.longchi_id, name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in chen.get(answer.location).get_data(as_text=True)


# --- changing -----------------------------------------------------------------------------------------------------------------------


def test_facts_can_be_changed_and_history_says_so(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    answer = chen.press(f"{path}/facts", "/facts", **{**FACTS, "name": "龙池社区东门", "helper_phone": "0550-1", "helper_hours": "9–17 时"})
    assert answer.status_code == 200
    assert "龙池社区东门" in words_of(answer)
    assert "修改资料 11 月 3 日 09:00 · 陈立" in words_of(answer)
    with wiring.sessions() as session:
        entry = session.query(AuditEntry).filter_by(action="point.change").one()
        assert set(entry.detail["fields"]) == {"name", "helper_name", "helper_phone", "helper_hours"}
        assert "东门" not in str(entry.detail)


def test_the_slower_of_two_keeps_what_was_typed_and_sees_what_is_saved(chen: Person, wiring: Wiring, town: Town) -> None:
    path = f"{at(wiring, town.longchi_code)}/facts"
    assert post(chen, path, FACTS, name="先来的", version=1).status_code == 303
    slower = post(chen, path, FACTS, name="后来的", version=1)
    assert slower.status_code == 409
    html = slower.get_data(as_text=True)
    assert "刚刚有人改过" in html
    assert 'value="后来的"' in html
    assert "先来的" in html
    assert the_point(wiring, town.longchi_code).name == "先来的"
    # Once they have seen it, pressing again is a decision.
    assert post(chen, path, FACTS, name="后来的", version=hidden(html, "version")).status_code == 303


def test_a_name_that_a_neighbour_has_is_free_in_another_area(chen: Person, wiring: Wiring, town: Town) -> None:
    path = f"{at(wiring, town.longchi_code)}/facts"
    assert post(chen, path, FACTS, name="紫薇社区", version=1).status_code == 303
    assert post(chen, "/d/points/new", FACTS, area=town.longchi_id, name="紫薇社区").status_code == 422


# --- pausing, resuming, retiring ------------------------------------------------------------------------------------------------------


def test_pausing_shows_the_sentence_to_residents_until_it_resumes(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    paused = chen.press(path, "/move", action="pause", note="社区搬家，下周恢复。")
    assert "居民看到：社区搬家，下周恢复。" in words_of(paused)
    assert "社区搬家，下周恢复。" in words_of(chen.client.get(f"/p/{town.longchi_code}"))
    resumed = chen.press(path, "/move", action="resume")
    assert "恢复 11 月 3 日" in words_of(resumed)
    assert "社区搬家" not in words_of(chen.client.get(f"/p/{town.longchi_code}"))


def test_pausing_needs_a_sentence(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    for action in ("pause", "retire"):
        for note in ("", "  ", "长" * 201):
            answer = post(chen, f"{path}/move", action=action, note=note, version=1)
            assert answer.status_code == 422, (action, note)
    assert the_point(wiring, town.longchi_code).state is PointState.ACTIVE
    assert post(chen, f"{path}/move", action="rotate", note="x", version=1).status_code == 422
    assert post(chen, f"{path}/move", action="delete", note="x", version=1).status_code == 422


def test_a_retired_point_cannot_be_paused_changed_or_given_a_code(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    chen.press(path, "/move", action="retire", note="请到紫薇社区。")
    version = the_point(wiring, town.longchi_code).version
    for ending, data in (
        ("/move", {"action": "pause", "note": "停一停"}),
        ("/move", {"action": "resume"}),
        ("/move", {"action": "retire", "note": "再停一次"}),
        ("/facts", FACTS),
        ("/rotate", {"confirm": "1"}),
    ):
        answer = post(chen, path + ending, data, version=version)
        assert answer.status_code == 409, ending
        assert "停用" in words_of(answer)
    page = words_of(chen.get(path))
    assert "换新码" not in page
    assert "暂停收件" not in page
    assert the_point(wiring, town.longchi_code).version == version


def test_two_who_pause_at_once_meet_and_the_sentence_is_kept(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.longchi_code)
    assert post(chen, f"{path}/move", action="pause", note="停电", version=1).status_code == 303
    second = post(chen, f"{path}/move", action="retire", note="我写了很长的一句话", version=1)
    assert second.status_code == 409
    assert "我写了很长的一句话" in second.get_data(as_text=True)
    assert the_point(wiring, town.longchi_code).closed_note == "停电"


@pytest.mark.parametrize(("path", "field"), [("/d/points/1/move", "note"), ("/d/departments/new", "duty")])
def test_a_session_that_ran_out_meanwhile_keeps_the_sentence(client: FlaskClient, town: Town, path: str, field: str) -> None:
    answer = client.post(path, data={"action": "pause", "name": "云栖区城管局", field: "大厅停电，请到隔壁说"})
    assert answer.status_code == 401
    assert "大厅停电，请到隔壁说" in words_of(answer)


# --- a new code -----------------------------------------------------------------------------------------------------------------------


def test_a_new_code_makes_the_old_poster_old(chen: Person, wiring: Wiring, town: Town) -> None:
    told(wiring, town.longchi_code, "换码前的来件")
    point = the_point(wiring, town.longchi_code)
    path = f"/d/points/{point.id}"
    assert "请先勾选" in words_of(post(chen, f"{path}/rotate", version=point.version))
    assert fresh(wiring, point.id).code == town.longchi_code
    done = chen.press(f"{path}/rotate", "/rotate", confirm="1")
    assert "已换新码" in words_of(done)
    now = fresh(wiring, point.id)
    assert now.code != town.longchi_code
    assert now.poster_version == 2
    assert chen.client.get(f"/p/{town.longchi_code}").status_code == 410
    assert chen.client.get(f"/p/{now.code}").status_code == 200
    with wiring.sessions() as session:
        assert point_by_code(session, town.longchi_code) is None
        took_over = successor_of(session, town.longchi_code)
        assert took_over is not None
        assert took_over.id == point.id
        assert successor_of(session, "nobodyhadit") is None
    page = words_of(chen.get(path))
    assert "换了新码" in page
    assert "30 天来件 1" in page
    assert post(chen, f"{path}/rotate", confirm="1", version=point.version).status_code == 409


def test_a_paused_point_can_have_a_new_code_and_stays_paused(chen: Person, wiring: Wiring, town: Town) -> None:
    point = the_point(wiring, town.longchi_code)
    path = f"/d/points/{point.id}"
    chen.press(path, "/move", action="pause", note="被人贴了假码，正在换。")
    chen.press(f"{path}/rotate", "/rotate", confirm="1")
    assert fresh(wiring, point.id).state is PointState.PAUSED
    assert fresh(wiring, point.id).code != town.longchi_code


# --- the week -------------------------------------------------------------------------------------------------------------------------


def test_a_rota_names_who_listens_today(chen: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    point = the_point(wiring, town.ziwei_code)
    path = f"/d/points/{point.id}"
    page = words_of(chen.get(f"{path}/rota"))
    assert "李青" in page  # the community's
    assert "周明远" in page  # the street's
    assert "老周" in page  # the convenor
    assert "何苗" not in page  # of another street
    assert "王静" not in page  # staff
    # 2026-11-03 is a Tuesday.
    saved = chen.press(f"{path}/rota", "/rota", **{"day-1": str(town.zhou_id), "day-4": str(town.qing_id)})
    assert "周二 周明远" in words_of(saved)
    with wiring.sessions() as session:
        view = point_by_code(session, town.ziwei_code)
        assert view is not None
        today = clock.now().date()
        assert on_duty_at(session, view, today) == ("周明远",)
        assert on_duty_at(session, view, today.replace(day=6)) == ("李青",)
        assert on_duty_at(session, view, today.replace(day=7)) == ()


def test_who_has_left_is_not_named_today(chen: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    path = at(wiring, town.ziwei_code)
    chen.press(f"{path}/rota", "/rota", **{"day-1": str(town.qing_id)})
    post(chen, f"/d/people/{town.qing_id}/deactivate", version=1)
    with wiring.sessions() as session:
        view = point_by_code(session, town.ziwei_code)
        assert view is not None
        assert on_duty_at(session, view, clock.now().date()) == ()
    assert "周二 —" in words_of(chen.get(path))


def test_nobody_listens_where_their_areas_do_not_reach(chen: Person, wiring: Wiring, town: Town) -> None:
    path = at(wiring, town.ziwei_code)
    for user_id in (town.shiqiao_member_id, town.jing_id, town.stranger_id, 999_999):
        answer = post(chen, f"{path}/rota", {"day-0": user_id}, version=1)
        assert answer.status_code == 422, user_id
    assert post(chen, f"{path}/rota", {"day-0": "x"}, version=1).status_code == 422
    with wiring.sessions() as session:
        assert session.query(PointListener).count() == 0


def test_the_slower_of_two_rotas_is_shown_again(chen: Person, wiring: Wiring, town: Town) -> None:
    path = f"{at(wiring, town.ziwei_code)}/rota"
    assert post(chen, path, {"day-0": town.zhou_id}, version=1).status_code == 303
    slower = post(chen, path, {"day-0": town.qing_id}, version=1)
    assert slower.status_code == 409
    assert f'name="day-0" value="{town.qing_id}" aria-label="李青 周一" checked' in slower.get_data(as_text=True)
    assert f'name="day-0" value="{town.zhou_id}" aria-label="周明远 周一" checked' not in slower.get_data(as_text=True)


# --- areas ----------------------------------------------------------------------------------------------------------------------------


def test_the_tree_counts_points_and_people(chen: Person, wiring: Wiring, town: Town) -> None:
    page = words_of(chen.get("/d/areas"))
    # 云栖区 has three points; six of its people have a role there.
    assert "云栖区 区 3 10" in page
    assert "丰山街道 街道 2 3" in page
    assert "石桥社区 社区 1 1" in page
    assert "望江区" not in page


def test_a_community_can_be_added_and_renamed_but_nothing_deleted(app: Flask, chen: Person, wiring: Wiring, town: Town) -> None:
    street = f"/d/areas/{town.street_id}"
    added = chen.press(street, "/below", kind="community", name="新桥社区")
    assert "新桥社区" in words_of(added)
    with wiring.sessions() as session:
        made = session.query(Area).filter_by(name="新桥社区").one()
        assert made.parent_id == town.street_id
        assert made.path.endswith(f"/{town.street_id}/{made.id}/")
        assert made.district_id == town.district_id
    renamed = chen.press(f"/d/areas/{made.id}", "/name", name="新桥里社区")
    assert "新桥里社区" in words_of(renamed)
    assert "改名" in words_of(renamed)
    assert [rule.rule for rule in app.url_map.iter_rules() if "delete" in rule.rule] == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [("community", ""), ("community", "龙池社区"), ("community", "龙" * 61), ("street", "新街道"), ("city", "x"), ("zoo", "x")],
)
def test_an_area_that_does_not_fit_is_refused(chen: Person, wiring: Wiring, town: Town, kind: str, name: str) -> None:
    answer = post(chen, f"/d/areas/{town.street_id}/below", kind=kind, name=name)
    assert answer.status_code == 422
    with wiring.sessions() as session:
        assert session.query(Area).filter_by(parent_id=town.street_id).count() == 2


def test_renaming_meets_whoever_was_faster_and_the_neighbours_name(chen: Person, wiring: Wiring, town: Town) -> None:
    path = f"/d/areas/{town.longchi_id}/name"
    assert post(chen, path, name="紫薇社区", version=1).status_code == 422
    assert post(chen, path, name="龙池里社区", version=1).status_code == 303
    slower = post(chen, path, name="龙池外社区", version=1)
    assert slower.status_code == 409
    assert 'value="龙池外社区"' in slower.get_data(as_text=True)
    assert "龙池里社区" in words_of(slower)
