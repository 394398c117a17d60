"""议题库 on the desk: found, compared, kept, dropped, merged, taken along; and the matters of a class."""

from io import BytesIO

import openpyxl
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.permission import Role
from intake.domain.topic import TopicAction, TopicState
from intake.models import AuditEntry, Topic
from intake.services.appeal import appeal_topic
from intake.services.topic_class import open_class
from intake.services.topic_pool import keep
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.matters import decided, screening, taken_up, told, topic_of, topic_row
from tests.factories.plans import added, plan_of
from tests.factories.town import Town, actor
from tests.integration.test_topic_pool import pooled
from tests.web.pages import Person, as_it_is, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

WHY = "今年先办更急的，明年再看。"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


@pytest.fixture
def lights(wiring: Wiring, town: Town) -> int:
    return pooled(wiring, town, "路灯不亮")


@pytest.fixture
def bench(wiring: Wiring, town: Town) -> int:
    return pooled(wiring, town, "长椅坏了")


def tick(wiring: Wiring, *topics: int) -> list[str]:
    return [f"{one}.{topic_row(wiring, one).version}" for one in topics]


def sent(person: Person, path: str, **fields: object) -> TestResponse:
    token = hidden(person.get("/d/rounds/new").get_data(as_text=True), "csrf_token")
    return person.client.post(path, data={"csrf_token": token, **fields}, follow_redirects=True)


def test_the_pool_is_classified_and_filtered_and_says_what_it_cannot_show(jing: Person, wiring: Wiring, lights: int, bench: int) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(Topic, bench).category = wiring.taxonomy.categories[0].code
    page = words_of(jing.get("/d/pool"))
    name = wiring.taxonomy.categories[0].name
    for said in ("共 2 个", "全部类别 2", "类别拿不准 1", f"{name} 1", "路灯不亮", "长椅坏了", "这里可能看不到"):
        assert said in page, said
    found = words_of(jing.get(f"/d/pool?category={wiring.taxonomy.categories[0].code}"))
    assert "长椅坏了" in found
    assert "路灯不亮" not in found
    for odd in ("?category=x&route=x&area=x&quarter=9-9&kind=x&order=x&due=x&after=x", "?area=999999999999999999", "?after=9_9"):
        assert jing.get(f"/d/pool{odd}").status_code == 200
    assert "没有找到" in words_of(jing.get("/d/pool?quarter=2020-1"))


def test_compared_side_by_side_then_kept_and_dropped(jing: Person, wiring: Wiring, lights: int, bench: int) -> None:
    page = sent(jing, "/d/pool", action="compare", topic=tick(wiring, lights, bench))
    assert page.request.path == "/d/pool/compare"
    for said in ("路灯不亮", "长椅坏了", "涉及人数", "还没有人打分", "没有简报", "1 人，1 件来件"):
        assert said in words_of(page)
    here = f"/d/pool/compare?topic={lights}&topic={bench}"
    kept = sent(jing, here, action="keep", topic=tick(wiring, lights), words=WHY, look_again_on="2027-01-05")
    assert "1 个议题留在库里" in words_of(kept)
    assert "1 月 5 日 再看" in words_of(kept)
    assert WHY in words_of(kept)
    dropped = sent(jing, here, action="drop", topic=tick(wiring, bench), **as_it_is("街道已经换了新的。"))
    assert "1 个议题已出库" in words_of(dropped)
    assert [topic_row(wiring, one).state for one in (lights, bench)] == [TopicState.POOLED, TopicState.REJECTED]


@pytest.mark.parametrize("picked", [["1"], ["1", "2", "3", "4", "5"], ["1", "1"], ["x", "y"]])
def test_two_to_four_are_compared(jing: Person, picked: list[str]) -> None:
    page = jing.get("/d/pool/compare?" + "&".join(f"topic={one}" for one in picked))
    assert (page.status_code, "勾选 2 到 4 个议题" in words_of(page)) == (422, True)


def test_who_ticked_nothing_is_told_so_and_an_address_without_topics_leads_to_the_pool(jing: Person, lights: int) -> None:
    for action, said in (("compare", "勾选 2 到 4 个议题"), ("plan", "请先勾选要选进计划的议题")):
        asked = sent(jing, "/d/pool", action=action, words=WHY)
        assert (asked.status_code, said in words_of(asked), "路灯不亮" in words_of(asked)) == (422, True, True)
        assert WHY in asked.get_data(as_text=True)
    assert jing.get("/d/pool/compare").request.path == "/d/pool"


def test_what_was_ticked_is_chosen_for_the_newest_plan_and_is_marked_in_the_pool(
    jing: Person, wiring: Wiring, lights: int, bench: int
) -> None:
    ticked = tick(wiring, lights)
    assert "请先勾选要选进计划的议题" in words_of(sent(jing, "/d/pool", action="plan"))
    none_yet = sent(jing, "/d/pool", action="plan", topic=ticked)
    assert (none_yet.status_code, "还没有可以选进的年度计划" in words_of(none_yet)) == (422, True)
    jing.press("/d/plans/new", "/d/plans/new", year="2027", title="2027 年度协商计划", quota="2")
    asked = sent(jing, "/d/pool", action="plan", topic=ticked)
    assert ("路灯不亮" in words_of(asked), "长椅坏了" in words_of(asked)) == (True, False)
    assert f'value="{lights}" checked' in asked.get_data(as_text=True)
    refused = sent(jing, f"{asked.request.path}?topics={lights}", topics=lights, quarter="", form="special")
    assert (refused.status_code, "长椅坏了" in words_of(refused)) == (422, False)
    sent(jing, asked.request.path, topics=lights, quarter="2", form="special")
    assert words_of(jing.get("/d/pool")).count("已选进 2027 年计划") == 1
    assert "2027 年计划 · 第二季度" in words_of(jing.get(f"/d/topics/{lights}"))
    onwards = jing.press(f"/d/topics/{bench}", "/d/pool", action="plan")
    assert ("长椅坏了" in words_of(onwards), "路灯不亮" in words_of(onwards)) == (True, False)


def test_what_stands_in_a_plan_leaves_the_pool_only_when_that_is_known(
    jing: Person, wiring: Wiring, town: Town, lights: int, bench: int
) -> None:
    plan_id = plan_of(wiring, town)
    added(wiring, town, plan_id, lights, quarter=2)
    asked = sent(jing, "/d/pool", action="drop", topic=tick(wiring, lights, bench), **as_it_is(WHY))
    assert (asked.status_code, WHY in asked.get_data(as_text=True)) == (422, True)
    assert "还没有出库：勾选的议题已选进年度计划" in words_of(asked)
    assert "《云栖区2027年度协商计划》第二季度的“路灯不亮”" in words_of(asked)
    assert 'name="knows_planned" value="1" autofocus' in asked.get_data(as_text=True)
    assert [topic_row(wiring, one).state for one in (lights, bench)] == [TopicState.POOLED] * 2, "the other one waits too"
    # Not ticked it is asked again; what was ticked for one topic isn't said of another.
    again = {"in_plan": lights, **as_it_is(WHY)}
    assert sent(jing, "/d/pool", action="drop", topic=tick(wiring, lights), **again).status_code == 422
    other = sent(jing, "/d/pool", action="drop", topic=tick(wiring, lights), **{**again, "in_plan": bench}, knows_planned="1")
    assert other.status_code == 422
    unsaid = sent(jing, "/d/pool", action="drop", topic=tick(wiring, lights), words="", in_plan=lights, knows_planned="1")
    assert (unsaid.status_code, 'name="knows_planned" value="1" checked' in unsaid.get_data(as_text=True)) == (422, True)
    done = sent(jing, "/d/pool", action="drop", topic=tick(wiring, lights), **again, knows_planned="1")
    assert "1 个议题已出库" in words_of(done)
    assert topic_row(wiring, lights).state is TopicState.REJECTED


def test_what_stands_in_a_plan_is_merged_only_when_that_is_known(jing: Person, wiring: Wiring, town: Town, lights: int, bench: int) -> None:
    added(wiring, town, plan_of(wiring, town), lights)
    here = f"/d/pool/compare?topic={lights}&topic={bench}"
    assert "已选进 2027 年计划，待印发" in words_of(jing.get(here))
    form = {"action": "merge", "topic": tick(wiring, lights), "target": bench, **as_it_is("是同一件事。")}
    asked = sent(jing, here, **form)
    assert (asked.status_code, "还没有合并：要并走的议题已选进年度计划" in words_of(asked)) == (422, True)
    assert asked.get_data(as_text=True).count('name="in_plan"') == 1, "the other form asks nothing"
    assert topic_row(wiring, lights).state is TopicState.POOLED
    assert "1 个议题已并入" in words_of(sent(jing, here, **form, in_plan=lights, knows_planned="1"))
    assert topic_row(wiring, lights).state is TopicState.MERGED


# Its own page has no button for it; a form made by hand meets the same question as the pool's, whatever it says it knows.
def test_what_stands_in_a_plan_is_merged_in_the_pool_alone(jing: Person, wiring: Wiring, town: Town, lights: int, bench: int) -> None:
    added(wiring, town, plan_of(wiring, town), lights, quarter=2)
    form = {"action": "merge", "version": topic_row(wiring, lights).version, "target": bench, **as_it_is("是同一件事。")}
    forged = sent(jing, f"/d/topics/{lights}/decide", **form, in_plan=lights, knows_planned="1")
    assert (forged.status_code, "请到议题库里勾选比较，在那里合并" in words_of(forged)) == (409, True)
    assert topic_row(wiring, lights).state is TopicState.POOLED


def test_several_go_together_and_what_changed_meanwhile_is_named(jing: Person, wiring: Wiring, town: Town, lights: int, bench: int) -> None:
    ticked = tick(wiring, lights, bench)
    decided_meanwhile = screening(wiring, town.jing_id, bench)
    with wiring.sessions.begin() as session:
        keep(session, decided_meanwhile, words="同事先留下了。", look_again_on=None)
    page = sent(jing, "/d/pool", action="drop", topic=ticked, **as_it_is(WHY))
    assert page.status_code == 200
    assert "1 个议题已出库" in words_of(page)
    assert "下面这些没有办成： 长椅坏了 ：这个议题刚刚有人处理过" in words_of(page)
    assert WHY in page.get_data(as_text=True), "the words wait for what is ticked again"
    assert [topic_row(wiring, one).state for one in (lights, bench)] == [TopicState.REJECTED, TopicState.POOLED]
    again = sent(jing, "/d/pool", action="drop", topic=ticked, **as_it_is(WHY))
    assert again.status_code == 409
    assert WHY in again.get_data(as_text=True)


def test_the_rest_of_several_is_not_said_to_stand_in_a_plan(jing: Person, wiring: Wiring, town: Town, lights: int, bench: int) -> None:
    added(wiring, town, plan_of(wiring, town), lights)
    ticked = tick(wiring, lights, bench)
    held = screening(wiring, town.jing_id, bench)
    with wiring.sessions.begin() as session:
        keep(session, held, words="同事先留下了。", look_again_on=None)
    page = sent(jing, "/d/pool", action="drop", topic=ticked, **as_it_is(WHY), in_plan=lights, knows_planned="1")
    assert "1 个议题已出库" in words_of(page)
    assert (WHY in page.get_data(as_text=True), "还没有出库" in words_of(page)) == (True, False)


# Each row: what is sent, and what is said about it; nothing happens and the words stay.
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "keep", "words": ""}, "请写明为什么留在库里"),
        ({"action": "keep", "words": WHY, "look_again_on": "2020-01-01"}, "请选今天以后的一天"),
        ({"action": "keep", "words": WHY, "look_again_on": "明天"}, "看不懂这个日子"),
        ({"action": "drop", "words": " "}, "请写明理由"),
        ({"action": "merge", "words": WHY}, "请选并入哪一个"),
        ({"action": "merge", "words": WHY, "target": "x"}, "请先选一个再提交"),
        ({"action": "delete", "words": WHY}, "没有这种处理方式"),
        ({"action": "drop", "words": "我们高度重视，将尽快处理。"}, "还没有发出，请再看一眼"),
        ({"action": "keep", "words": WHY, "topic": ["x.1"]}, "请先选一个再提交"),
        ({"action": "keep", "words": WHY, "topic": []}, "请先勾选议题"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    jing: Person, wiring: Wiring, lights: int, bench: int, fields: dict[str, object], said: str
) -> None:
    page = sent(jing, f"/d/pool/compare?topic={lights}&topic={bench}", **{"topic": tick(wiring, lights), **fields})
    assert page.status_code == 422
    assert said in words_of(page)
    assert str(fields["words"]) in page.get_data(as_text=True)
    assert topic_row(wiring, lights).state is TopicState.POOLED


def test_one_goes_into_the_other_and_comes_back(jing: Person, wiring: Wiring, lights: int, bench: int) -> None:
    here = f"/d/pool/compare?topic={lights}&topic={bench}"
    page = sent(
        jing, here, action="merge", topic=tick(wiring, lights, bench), target=str(bench), **as_it_is("与另一议题是同一件事，合并办理。")
    )
    assert "1 个议题已并入" in words_of(page)
    assert (topic_row(wiring, lights).state, topic_row(wiring, bench).confirmed_count) == (TopicState.MERGED, 2)
    jing.press(f"/d/topics/{lights}", "/unmerge", words="再看是两件事。")
    assert (topic_row(wiring, lights).state, topic_row(wiring, bench).confirmed_count) == (TopicState.PROPOSED, 1)


def test_what_was_appealed_stands_out(jing: Person, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "天桥的扶梯坏了")
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "天桥扶梯", stored))
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "今年没有安排。")
    with wiring.sessions.begin() as session:
        appeal_topic(session, submission_id=stored.submission_id, words="老人过不去", at=wiring.clock.now())
    board = jing.get("/d/topics").get_data(as_text=True)
    assert "居民申请过复核" in board.split('id="column-proposed"')[1].split('id="column-pooled"')[0]
    refused = jing.press(f"/d/topics/{topic}", "/decide", action="reject", words="还是没有安排，请走地下通道。")
    assert (refused.status_code, "请换一位同志来定" in words_of(refused)) == (403, True)
    assert "老人过不去" in words_of(refused)
    decided(wiring, town.jing_id, topic, TopicAction.APPROVE, "再看一遍，进入议题库。")
    assert "居民申请过复核" in words_of(jing.get("/d/pool"))


def test_the_file_holds_what_the_filters_find_and_no_formula_and_is_noted(jing: Person, wiring: Wiring, town: Town, lights: int) -> None:
    pooled(wiring, town, "=HYPERLINK(1)")
    answer = jing.get("/d/pool/export.xlsx?order=waiting")
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).worksheets[0]
    rows = [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    words = [cell.value for row in rows for cell in row]
    assert any("稿" in str(one) for one in words)
    assert "路灯不亮" in words
    assert {cell.data_type for row in rows for cell in row if "HYPERLINK" in str(cell.value)} == {"s"}
    with wiring.sessions() as session:
        noted = session.query(AuditEntry).filter_by(action="pool.export").one()
        assert (noted.actor_id, noted.detail) == (town.jing_id, {"rows": 2})


def test_a_class_shows_its_matters_and_a_matter_its_own_page(jing: Person, wiring: Wiring, town: Town, lights: int, bench: int) -> None:
    with wiring.sessions.begin() as session:
        of = open_class(session, actor=actor(session, town.jing_id), topic_ids=[lights, bench], title="小区设施", at=wiring.clock.now()).id
    page = words_of(jing.get(f"/d/pool/classes/{of}"))
    for said in ("小区设施", "路灯不亮", "长椅坏了", "区政协，在议题库", "0 / 1", "议题库 2"):
        assert said in page, said
    assert jing.get(f"/d/pool/classes/{lights}").request.path == f"/d/topics/{lights}"


@pytest.mark.parametrize("role", [Role.CHAIR, Role.LEADER])
def test_who_looks_only_has_no_buttons_and_decides_nothing(
    client: FlaskClient, wiring: Wiring, town: Town, lights: int, bench: int, role: Role
) -> None:
    person_with(wiring, "fengjie", "冯洁", (role, town.district_id))
    chair = sign_in(client, "fengjie")
    for path in ("/d/pool", f"/d/pool/compare?topic={lights}&topic={bench}"):
        page = chair.get(path).get_data(as_text=True)
        assert "路灯不亮" in page
        assert "出库" not in page
    token = hidden(chair.get("/account").get_data(as_text=True), "csrf_token")
    for path in ("/d/pool", f"/d/pool/compare?topic={lights}&topic={bench}"):
        data = {"csrf_token": token, "action": "drop", "topic": tick(wiring, lights), "words": WHY}
        assert chair.client.post(path, data=data).status_code == 403
    assert topic_row(wiring, lights).state is TopicState.POOLED


@pytest.mark.parametrize("login", ["zhou", "chenli", "gaoqiang"])
def test_who_does_not_screen_has_no_pool(client: FlaskClient, town: Town, login: str) -> None:
    person = sign_in(client, login)
    for path in ("/d/pool", "/d/pool/export.xlsx", "/d/pool/compare?topic=1&topic=2", "/d/pool/classes/1"):
        assert person.get(path).status_code == 403


def test_the_pool_costs_the_same_for_one_topic_and_for_twenty(jing: Person, wiring: Wiring, town: Town, lights: int, bench: int) -> None:
    paths = ("/d/pool", "/d/pool?order=waiting", f"/d/pool/compare?topic={lights}&topic={bench}")
    one = [cost(wiring, jing, path, "路灯不亮") for path in paths]
    assert max(one) <= 22
    for number in range(20):
        pooled(wiring, town, f"第 {number} 个")
    assert [cost(wiring, jing, path, "路灯不亮") for path in paths] == one
