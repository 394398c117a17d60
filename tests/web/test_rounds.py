"""集中公布 on the desk: a round is made, filled, changed and published; until then no page of anybody else says a word of it."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.domain.topic import TopicAction, TopicState
from intake.models import ScreeningDraft
from intake.services.screening_round import draft
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import decided, receipt_path, screening, taken_up, told, topic_of, topic_row
from tests.factories.town import Town
from tests.web.pages import Person, as_it_is, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import publish_rounds

WORDS = "反映的人多，涉及老人和孩子，情况清楚，进入议题库。"

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


@pytest.fixture
def round_page(jing: Person, clock: TestClock) -> str:
    """A round for the day after tomorrow, at nine."""
    day = (clock.now().astimezone(SHANGHAI) + timedelta(days=2)).date().isoformat()
    made = jing.press("/d/rounds/new", "/d/rounds/new", name="十一月集中公布", day=day, hour="09:00")
    assert "已建好" in words_of(made)
    return made.request.path


def proposed(wiring: Wiring, town: Town, title: str) -> int:
    return taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, title)))


def drafted(
    wiring: Wiring,
    town: Town,
    topic: int,
    page: str,
    action: TopicAction = TopicAction.APPROVE,
    *,
    words: str = WORDS,
    target: int | None = None,
) -> None:
    held, round_id = screening(wiring, town.jing_id, topic), int(page.rsplit("/", 1)[1])
    with wiring.sessions.begin() as session:
        draft(session, held, action, round_id=round_id, words=words, target_topic_id=target, office_id=None)


def test_until_the_day_nobody_else_reads_a_word_of_it_and_then_everyone_does(
    app: Flask, jing: Person, wiring: Wiring, town: Town, clock: TestClock, round_page: str
) -> None:
    person_with(wiring, "fengjie", "冯洁", (Role.CHAIR, town.district_id))
    stored = told(wiring, town.longchi_code, "幸福里的路灯坏了")
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", stored))

    def others() -> list[str]:
        """What everybody else's pages say: resident, public, member, administrator, department, chair."""
        number, stranger = topic_row(wiring, topic).number, app.test_client()
        open_to_all = (receipt_path(wiring, stored), f"/p/{town.longchi_code}", "/", "/search?q=路灯", f"/t/{number}")
        seen = [words_of(stranger.get(path)) for path in open_to_all]
        for login, paths in {
            "zhou": ("/m", "/m/topics", f"/m/topics/{topic}", "/m/search?q=路灯"),
            "chenli": ("/d",),
            "gaoqiang": ("/dept",),
            "fengjie": ("/d/topics", f"/d/topics/{topic}", "/d/pool"),
        }.items():
            person = sign_in(app.test_client(), login)
            seen += [words_of(person.get(path)) for path in paths]
            assert person.get(round_page).status_code == 403
        return seen

    before = others()
    drafted(wiring, town, topic, round_page)
    assert others() == before
    assert WORDS in words_of(jing.get(round_page))
    assert WORDS not in words_of(sign_in(app.test_client(), "chenli").get("/d/audit"))  # which tells that something was drafted, not what
    clock.forward(days=3)
    publish_rounds.run()
    page = words_of(app.test_client().get(receipt_path(wiring, stored)))
    assert "区政协筛选通过，进入议题库。" in page
    assert WORDS in page
    assert "王静" in page
    assert "已公布 1 个" in words_of(sign_in(app.test_client(), "wangjing").get(round_page))


def test_one_message_is_counted_as_one_in_english(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    drafted(wiring, town, proposed(wiring, town, "路灯不亮"), round_page)
    page = words_of(jing.get(f"{round_page}?lang=en"))
    assert "will be read by all who raised it (messages: 1)" in page
    assert "1 messages" not in page


def test_on_the_board_a_decision_that_waits_is_seen_and_not_made_twice(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    lamp, bench = proposed(wiring, town, "路灯不亮"), proposed(wiring, town, "长椅坏了")
    drafted(wiring, town, lamp, round_page)
    waits, open_still = (jing.get(f"/d/topics?topic={one}") for one in (lamp, bench))
    assert words_of(waits).count("已定，等着公布") == 1
    assert 'value="approve"' not in waits.get_data(as_text=True)
    assert 'value="approve"' in open_still.get_data(as_text=True)


def test_a_page_opened_before_does_not_decide_otherwise_at_once(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    lamp = proposed(wiring, town, "路灯不亮")
    before = jing.get(f"/d/topics?topic={lamp}").text
    version, csrf = (re.search(f'name="{name}" value="([^"]+)"', before) for name in ("version", "csrf_token"))
    assert version is not None
    assert csrf is not None
    drafted(wiring, town, lamp, round_page)
    sent = {"csrf_token": csrf[1], "version": version[1], "action": "reject", "words": "我看不用立项，写了很长。", "from": "board"}
    refused = jing.client.post(f"/d/topics/{lamp}/decide", data=sent)
    assert refused.status_code == 409
    assert "这个议题已经有一个决定等着在“十一月集中公布”公布" in words_of(refused)
    assert "我看不用立项，写了很长。" in words_of(refused)
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED
    assert "公布不了" not in words_of(jing.get(round_page))


def test_the_page_groups_by_what_is_decided_and_each_can_be_changed_or_taken_back(
    jing: Person, wiring: Wiring, town: Town, round_page: str
) -> None:
    lamp, bench, other = (proposed(wiring, town, title) for title in ("路灯不亮", "长椅坏了", "路灯又不亮"))
    drafted(wiring, town, lamp, round_page)
    drafted(wiring, town, bench, round_page, TopicAction.REJECT, words="街道已经换了新的。")
    drafted(wiring, town, other, round_page, TopicAction.MERGE, words="是同一件事，合并办理。", target=lamp)
    page = words_of(jing.get(round_page))
    assert page.index("入库 1 个") < page.index("并入 1 个") < page.index("不立项 1 个")
    assert "等着公布" in page
    with wiring.sessions() as session:
        ids = {one.topic_id: one.id for one in session.query(ScreeningDraft)}
    empty = jing.press(round_page, f"/drafts/{ids[lamp]}/words", words=" ")
    assert (empty.status_code, "请写明理由" in words_of(empty)) == (422, True)
    looked_at = jing.press(round_page, f"/drafts/{ids[lamp]}/words", words="我们高度重视，将尽快处理。")
    assert looked_at.status_code == 422
    assert "还没有发出，请再看一眼" in words_of(looked_at)
    assert "我们高度重视，将尽快处理。" in looked_at.get_data(as_text=True)
    changed = jing.press(round_page, f"/drafts/{ids[lamp]}/words", **as_it_is("再看过，进入议题库，请街道先拉临时灯。"))
    assert "再看过，进入议题库，请街道先拉临时灯。" in words_of(changed)
    back = jing.press(round_page, f"/drafts/{ids[bench]}/back")
    assert "已收回" in words_of(back)
    assert "长椅坏了" not in words_of(back)
    gone = jing.client.post(f"/d/rounds/drafts/{ids[bench]}/back", data={"csrf_token": token(jing), "version": "1"})
    assert (gone.status_code, "刚刚有人改过或者收回了" in words_of(gone)) == (409, True)
    decided(wiring, town.jing_id, lamp, TopicAction.RETURN, "请补充。")
    assert "到时候公布不了" in words_of(jing.get(round_page))


def token(person: Person) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', person.client.get("/d/rounds/new").get_data(as_text=True))
    assert found is not None
    return found[1]


def test_it_is_published_now_moved_or_cancelled(jing: Person, wiring: Wiring, town: Town, clock: TestClock, round_page: str) -> None:
    assert 'action="' + round_page + '/publish"' not in jing.get(round_page).get_data(as_text=True)
    lamp = proposed(wiring, town, "路灯不亮")
    drafted(wiring, town, lamp, round_page)
    wrong = jing.press(round_page, "/change", name="改了名字", day="2020-01-01", hour="09:00")
    assert (wrong.status_code, "公布的时间已经过了" in words_of(wrong)) == (422, True)
    assert 'value="改了名字"' in wrong.get_data(as_text=True)
    for unread in ({"day": "", "hour": "09:00"}, {"day": "2027-01-05", "hour": "下午"}, {"day": "32", "hour": ""}):
        assert "请选哪天几点公布" in words_of(jing.press(round_page, "/change", name="改了名字", **unread))
    assert "1 月 5 日 18:30 公布" in words_of(jing.press(round_page, "/change", name="改了名字", day="2027-01-05", hour="18:30"))
    assert "正在公布" in words_of(jing.press(round_page, "/publish"))
    publish_rounds.run()
    assert topic_row(wiring, lamp).state is TopicState.POOLED
    page = jing.get(round_page)
    assert "已公布 1 个" in words_of(page)
    assert "<form" not in page.get_data(as_text=True).split('id="main"')[1]
    second = jing.press("/d/rounds/new", "/d/rounds/new", name="十二月", day="2027-01-09", hour="09:00").request.path
    bench = proposed(wiring, town, "长椅坏了")
    drafted(wiring, town, bench, second, words="先放着的话。")
    cancelled = words_of(jing.press(second, "/cancel"))
    assert "已取消" in cancelled
    assert "先放着的话。" in cancelled  # what was written isn't lost to whoever wrote it
    listed = words_of(jing.get("/d/rounds"))
    assert listed.index("十二月") < listed.index("改了名字")


@pytest.mark.parametrize("login", ["zhou", "chenli", "gaoqiang"])
def test_who_does_not_screen_has_no_rounds(client: FlaskClient, town: Town, login: str) -> None:
    person = sign_in(client, login)
    for path in ("/d/rounds", "/d/rounds/new", "/d/rounds/1"):
        assert person.get(path).status_code == 403


def test_a_form_that_is_wrong_says_where_and_keeps_what_was_typed(jing: Person) -> None:
    for fields, said in (
        ({"name": "", "day": "2027-01-05", "hour": "09:00"}, "请给这一轮起个名字"),
        ({"name": "元月", "day": "", "hour": "09:00"}, "请选哪天几点公布"),
    ):
        page = jing.press("/d/rounds/new", "/d/rounds/new", **fields)
        assert (page.status_code, said in words_of(page)) == (422, True)
        assert 'value="09:00"' in page.get_data(as_text=True)


def test_rounds_cost_the_same_for_one_decision_and_for_twenty(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    drafted(wiring, town, proposed(wiring, town, "第 0 个"), round_page)
    one = cost(wiring, jing, round_page, "第 0 个"), cost(wiring, jing, "/d/rounds", "十一月集中公布")
    for number in range(1, 12):
        drafted(wiring, town, proposed(wiring, town, f"第 {number} 个"), round_page)
        jing.press("/d/rounds/new", "/d/rounds/new", name=f"第 {number} 轮", day="2027-01-05", hour="09:00")
    assert (cost(wiring, jing, round_page, "第 11 个"), cost(wiring, jing, "/d/rounds", "第 11 轮")) == one


def test_what_has_to_wait_says_so_and_when_it_is_tried_again(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, round_page: str
) -> None:
    lamp, bench = proposed(wiring, town, "路灯不亮"), proposed(wiring, town, "长椅坏了")
    for one in (lamp, bench):
        drafted(wiring, town, one, round_page)
    clock.forward(days=2)
    with wiring.sessions.begin() as session:
        row = session.query(ScreeningDraft).filter_by(topic_id=lamp).one()
        row.tries, row.try_again_at = 2, clock.now() + timedelta(minutes=2)
    publish_rounds.run()
    page = words_of(sign_in(jing.client.application.test_client(), "wangjing").get(round_page))
    assert "有 1 个决定暂时没能作出，系统会再试" in page
    assert "试了 2 次还没能作出，11 月 5 日 09:02 以后再试" in page
    assert "已公布 1 个" in page


def test_the_thirteenth_round_can_be_chosen_too(jing: Person, wiring: Wiring, town: Town) -> None:
    for number in range(14):
        jing.press("/d/rounds/new", "/d/rounds/new", name=f"第 {number} 轮", day=f"2027-01-{number + 1:02}", hour="09:00")
    page = jing.get(f"/d/topics?topic={proposed(wiring, town, '路灯不亮')}").get_data(as_text=True)
    assert all(f"第 {number} 轮" in page for number in range(14))


def test_who_pressed_publish_hears_what_was_not_made(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    lamp, bench = proposed(wiring, town, "路灯不亮"), proposed(wiring, town, "长椅坏了")
    for one in (lamp, bench):
        drafted(wiring, town, one, round_page)
    decided(wiring, town.jing_id, lamp, TopicAction.RETURN, "请补充。")  # a colleague was faster
    pressed = jing.press(round_page, "/publish")
    publish_rounds.run()
    page = words_of(jing.get(f"{pressed.request.path}?done=publishing"))
    assert "公布了 1 个；另有 1 个没有公布成，原因在下面。" in page
    assert "公布之前，这个议题已经有了变化" in page
    assert "每位反映过的居民都能在回执上看到" not in page


def test_what_waits_in_a_round_is_not_decided_otherwise_with_others(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    lamp, bench = proposed(wiring, town, "路灯不亮"), proposed(wiring, town, "长椅坏了")
    drafted(wiring, town, lamp, round_page)
    ticked = [f"{one}.{topic_row(wiring, one).version}" for one in (lamp, bench)]
    page = jing.client.get("/d/topics/together", query_string={"pick": ticked}).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    data = {"csrf_token": found[1], "pick": ticked, "action": "return", "words": "请补充具体地点。"}
    said = words_of(jing.client.post("/d/topics/together", data=data))
    assert "1 个已经处理：退回 长椅坏了" in said
    assert "1 个没有处理 路灯不亮 这个议题已经有一个决定等着在“十一月集中公布”公布。" in said
    assert [topic_row(wiring, one).state for one in (lamp, bench)] == [TopicState.PROPOSED, TopicState.CANDIDATE]


def test_several_are_decided_for_one_day_together(jing: Person, wiring: Wiring, town: Town, round_page: str) -> None:
    lamp, bench = proposed(wiring, town, "路灯不亮"), proposed(wiring, town, "长椅坏了")
    ticked = [f"{one}.{topic_row(wiring, one).version}" for one in (lamp, bench)]
    page = jing.client.get("/d/topics/together", query_string={"pick": ticked}).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    data = {"csrf_token": found[1], "pick": ticked, "words": WORDS, "round": round_page.rsplit("/", 1)[1]}
    refused = jing.client.post("/d/topics/together", data={**data, "action": "take_up"})
    assert "不放进集中公布" in words_of(refused)
    assert re.search(r'<option value="\d+" selected>', refused.get_data(as_text=True))
    for _ in range(2):  # sent twice it is once
        said = words_of(jing.client.post("/d/topics/together", data={**data, "action": "approve"}))
        assert "2 个决定放进了“十一月集中公布”：入库" in said
        assert "公布以前居民和委员都不知道" in said
    assert [topic_row(wiring, one).state for one in (lamp, bench)] == [TopicState.PROPOSED] * 2
    jing.press(round_page, "/publish")
    publish_rounds.run()
    assert [topic_row(wiring, one).state for one in (lamp, bench)] == [TopicState.POOLED] * 2
    late = jing.client.post("/d/topics/together", data={**data, "action": "approve"})
    assert late.status_code == 409
    assert "已经公布" in words_of(late)
