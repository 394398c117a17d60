"""The screening board with script: the pane alone is put in anew, keys decide, the focus goes along, and nothing breaks our own policy."""

import re

import pytest
from playwright.sync_api import Page, expect

from intake.domain.permission import Role
from intake.domain.topic import TopicAction, TopicState
from intake.models import Area, Topic, User
from intake.services.person import create_user, grant_role
from tests.browser.conftest import Enter, Site
from tests.browser.looking import ways
from tests.browser.measures import Rules, small_targets, too_wide, violations
from tests.browser.people import Person
from tests.factories.matters import decided, taken_up, told, topic_of, topic_row
from tests.factories.town import ENCODED, actor

pytestmark = pytest.mark.browser

LONGCHI, ZIWEI = "nvgch2345a", "ziwei2345b"


@pytest.fixture
def topics(site: Site) -> list[int]:
    """Three proposed topics in the board's order: the one most people spoke of first."""
    wiring, zhou, jing = site.wiring, site.users["zhou"], site.users["wangjing"]
    with wiring.sessions() as session:
        for left in session.query(Topic).filter_by(state=TopicState.PROPOSED).all():
            decided(wiring, jing, left.id, TopicAction.REFER, "先请有关单位看。")
    made = []
    for title, voices in (("河边栏杆松动", 3), ("菜场门口占道", 2), ("楼道堆物", 1)):
        told_of = [told(wiring, LONGCHI, f"{title}，第 {number} 位居民") for number in range(voices)]
        made.append(taken_up(wiring, jing, topic_of(wiring, zhou, title, *told_of)))
    return made


@pytest.fixture
def staff(enter: Enter) -> Person:
    """王静 at her desk; whatever the browser complains about fails the test."""
    person = enter(desk=True)
    person.is_signed_in("wangjing")
    return person


def colleague(site: Site) -> str:
    """李敏, another of the staff; how she signs in."""
    with site.wiring.sessions.begin() as session:
        if session.query(User).filter_by(login="limin").one_or_none() is None:
            at, admin = site.wiring.clock.now(), actor(session, site.users["chenli"])
            district = session.get_one(Area, admin.district_id)
            user = create_user(session, district_id=district.id, login="limin", name="李敏", password="", at=at, password_hash=ENCODED)
            grant_role(session, actor=admin, user=user, role=Role.STAFF, area=district, at=at)
    return "limin"


def complaints(page: Page) -> list[str]:
    """What the browser says on its console from now on: errors of scripts and breaches of the policy."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def title(page: Page) -> str:
    """The topic in the pane."""
    return page.locator("#pane-title").inner_text()


def test_choosing_a_card_changes_the_pane_and_the_address_alone(staff: Person, topics: list[int]) -> None:
    page, heard = staff.page, complaints(staff.page)
    staff.open("/d/topics")
    assert title(page) == "河边栏杆松动"
    page.evaluate("document.querySelector('.board-list').dataset.kept = 'yes'")
    page.locator("a.topic", has_text="楼道堆物").click()
    expect(page.locator("#pane-title")).to_have_text("楼道堆物")
    expect(page.locator("#pane-title")).to_be_focused()
    assert staff.path == f"/d/topics?topic={topics[2]}"
    assert page.locator(".board-list").get_attribute("data-kept") == "yes", "the columns stayed"
    assert page.locator("a.topic[aria-current]").count() == 1
    assert "楼道堆物" in page.locator("a.topic[aria-current]").inner_text()
    assert page.title().startswith("楼道堆物")
    page.go_back()
    expect(page.locator("#pane-title")).to_have_text("河边栏杆松动")
    assert heard == []


def test_what_was_typed_for_a_topic_is_there_when_one_comes_back(staff: Person, topics: list[int]) -> None:
    page = staff.page
    staff.open(f"/d/topics?topic={topics[0]}")
    page.fill("#words", "先写一半")
    page.locator("a.topic", has_text="河边栏杆松动").click()
    assert page.locator("#words").input_value() == "先写一半", "its own card asks for nothing"
    page.locator("a.topic", has_text="楼道堆物").click()
    expect(page.locator("#pane-title")).to_have_text("楼道堆物")
    assert page.locator("#words").input_value() == ""
    page.locator("a.topic", has_text="河边栏杆松动").click()
    expect(page.locator("#pane-title")).to_have_text("河边栏杆松动")
    expect(page.locator("#words")).to_have_value("先写一半")


def test_a_decision_forgets_what_was_typed_for_its_own_topic_alone(staff: Person, topics: list[int]) -> None:
    page = staff.page
    staff.open(f"/d/topics?topic={topics[2]}")
    page.fill("#words", "楼道的先写一半")
    page.locator("a.topic", has_text="河边栏杆松动").click()
    expect(page.locator("#pane-title")).to_have_text("河边栏杆松动")
    page.fill("#words", "属实，几家都说过。")
    page.locator("#pane button[value=approve]").click()
    expect(page.locator("#pane-title")).to_have_text("菜场门口占道")
    expect(page.locator("#pane-title")).to_be_focused()  # the new cards answer to script from now on
    page.locator("a.topic", has_text="楼道堆物").click()
    expect(page.locator("#words")).to_have_value("楼道的先写一半")


def test_keys_move_open_and_decide_but_never_without_words(staff: Person, site: Site, topics: list[int]) -> None:
    page, heard = staff.page, complaints(staff.page)
    staff.open("/d/topics")
    first, second, third = topics
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#pane-title")).to_have_text("菜场门口占道")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#pane-title")).to_have_text("河边栏杆松动")
    page.keyboard.press("a")
    expect(page.locator("#words")).to_be_focused()
    expect(page.locator("#live")).to_have_text("请先写理由，每位反映过的居民都会看到。")
    assert topic_row(site.wiring, first).state is TopicState.PROPOSED
    page.keyboard.type("x a r 属实")  # letters in a field are letters
    assert page.locator("#words").input_value() == "x a r 属实"
    page.keyboard.press("Control+a")
    page.keyboard.press("Escape")
    expect(page.locator("#pane-title")).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator("#pane-title")).to_have_text("菜场门口占道")
    expect(page.locator("#pane-title")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("“河边栏杆松动”已入库。")
    expect(page.locator("#toast")).to_be_visible()
    assert topic_row(site.wiring, first).state is TopicState.POOLED
    assert f"topic={second}" in staff.path
    page.keyboard.press("x")
    page.keyboard.type("已经清走。")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.locator("#pane-title")).to_have_text("楼道堆物")
    assert topic_row(site.wiring, second).state is TopicState.REJECTED
    assert topic_row(site.wiring, third).state is TopicState.PROPOSED
    assert heard == []


def test_merging_by_key_asks_for_the_topic_then_the_words_and_leads_back(staff: Person, site: Site, topics: list[int]) -> None:
    page, heard = staff.page, complaints(staff.page)
    staff.open(f"/d/topics?topic={topics[2]}")
    page.keyboard.press("m")
    expect(page.locator("#find")).to_be_focused()
    page.fill("#words", "都是通道的事。")
    page.fill("#find", "占道")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=target]")).to_have_count(1)
    assert page.locator("#words").input_value() == "都是通道的事。"
    assert topic_row(site.wiring, topics[2]).state is TopicState.PROPOSED
    expect(page.locator("input[name=target]")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("m")
    expect(page.locator("#toast")).to_contain_text("“楼道堆物”已合并。")
    assert topic_row(site.wiring, topics[2]).merged_into_id == topics[1]
    page.keyboard.press("u")
    expect(page.locator("#pane-title")).to_have_text("楼道堆物")
    page.fill("#words", "不是一回事。")
    staff.button("撤销合并").click()
    expect(page.locator("#live")).to_contain_text("合并已撤销")
    assert topic_row(site.wiring, topics[2]).state is TopicState.PROPOSED
    assert heard == []


def test_who_was_signed_out_meanwhile_reads_so_and_keeps_the_words(staff: Person, site: Site, topics: list[int]) -> None:
    page = staff.page
    page.route("**/watch", lambda asked: asked.abort())  # its answer would bring the cookie back, and so would any other that is on its way
    staff.open(f"/d/topics?topic={topics[0]}")
    page.fill("#words", "写了很久的理由。")
    page.wait_for_load_state("networkidle")
    staff.context.clear_cookies()
    page.locator("button[value=approve]").click()
    staff.sees("请先登录")
    staff.sees("写了很久的理由。")
    assert topic_row(site.wiring, topics[0]).state is TopicState.PROPOSED


def test_without_a_net_the_page_says_so_to_eye_and_ear_and_keeps_the_words(staff: Person, site: Site, topics: list[int]) -> None:
    page = staff.page
    staff.open(f"/d/topics?topic={topics[0]}")
    page.fill("#words", "断网时写的理由。")
    staff.context.set_offline(True)
    page.locator("button[value=approve]").click()
    expect(page.locator("#toast")).to_contain_text("没有连上，请再试一次。")
    expect(page.locator("#live")).to_contain_text("没有连上，请再试一次。")
    expect(page.locator("#words")).to_have_value("断网时写的理由。")
    staff.context.set_offline(False)
    page.locator("button[value=approve]").click()
    expect(page.locator("#toast")).to_contain_text("“河边栏杆松动”已入库。")
    assert topic_row(site.wiring, topics[0]).state is TopicState.POOLED


def test_a_card_opened_by_who_was_signed_out_leads_to_the_sign_in(staff: Person, topics: list[int]) -> None:
    page = staff.page
    page.route("**/watch", lambda asked: asked.abort())
    staff.open("/d/topics")
    page.wait_for_load_state("networkidle")
    staff.context.clear_cookies()
    page.locator(f"a.topic[href*='topic={topics[1]}']").click()
    page.wait_for_url("**/sign-in**")


def test_what_is_not_found_to_merge_into_is_said_and_another_word_can_be_tried(staff: Person, topics: list[int]) -> None:
    page = staff.page
    staff.open(f"/d/topics?topic={topics[2]}")
    page.keyboard.press("m")
    page.keyboard.type("没有这样的")
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text("没有找到“没有这样的”")
    expect(page.locator("#find")).to_be_focused()


def test_what_is_on_its_way_is_finished_by_key_and_nothing_there_can_be_ticked(staff: Person, site: Site, topics: list[int]) -> None:
    page = staff.page
    with site.wiring.sessions.begin() as session:
        session.get_one(Topic, topics[0]).state = TopicState.DELIVERING
    staff.open(f"/d/topics?state=delivering&topic={topics[0]}")
    expect(staff.button("一起处理勾选的")).to_have_count(0)
    page.keyboard.press("v")
    expect(page.locator("#words")).to_be_focused()
    expect(page.locator("#live")).to_have_text("请先写结果，每位反映过的居民都会看到。")


def test_the_slower_of_two_reads_who_decided_and_keeps_the_words(staff: Person, site: Site, topics: list[int]) -> None:
    page = staff.page
    staff.open(f"/d/topics?topic={topics[0]}")
    decided(site.wiring, site.users["wangjing"], topics[0], TopicAction.APPROVE, "同事已经同意。")
    page.fill("#words", "我写了很长的理由。")
    page.locator("#pane-title").focus()
    page.keyboard.press("r")
    expect(page.locator("#pane .alert-danger")).to_contain_text("刚刚有人处理过")
    expect(page.locator("#pane .alert-danger")).to_be_focused()
    expect(page.locator("#pane")).to_contain_text("同事已经同意。")
    expect(page.locator("#pane")).to_contain_text("我写了很长的理由。")
    assert staff.path == f"/d/topics?topic={topics[0]}", "the address can be opened again"


def test_the_list_of_keys_opens_by_key_and_button_and_keys_can_be_switched_off(staff: Person, topics: list[int]) -> None:
    page = staff.page
    staff.open("/d/topics")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("j")
    assert violations(page, Rules.ALL) == []
    page.get_by_label("在这台电脑上使用快捷键").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    page.keyboard.press("a")
    page.wait_for_timeout(100)
    expect(page.locator("#words")).not_to_be_focused()
    staff.button("快捷键").click()
    page.get_by_label("在这台电脑上使用快捷键").check()
    staff.button("关闭").click()
    page.keyboard.press("/")
    expect(page.locator(".board-list input[name=q]")).to_be_focused()


def test_further_cards_of_a_column_are_put_below(staff: Person, site: Site) -> None:
    zhou = site.users["zhou"]
    for number in range(10):
        topic_of(site.wiring, zhou, f"候选 {number}", told(site.wiring, ZIWEI, f"第 {number} 件事"))
    page = staff.page
    staff.open("/d/topics")
    column = page.locator("section.column").first
    assert column.locator("a.topic").count() == 8
    column.locator(".more a").focus()
    page.keyboard.press("Enter")
    expect(column.locator("a.topic")).to_have_count(min(10, int(column.locator(".count").inner_text())))
    expect(column.locator("a.topic").nth(8)).to_be_focused()
    assert staff.path == "/d/topics"
    assert page.locator("section.column").count() == 3


def test_on_a_narrow_screen_the_topic_takes_the_place_of_the_list(staff: Person, topics: list[int]) -> None:
    page = staff.page
    page.set_viewport_size({"width": 360, "height": 740})
    staff.open("/d/topics")
    expect(page.locator("#pane")).to_be_hidden()
    page.locator("a.topic", has_text="楼道堆物").click()
    expect(page.locator("#pane-title")).to_be_visible()
    expect(page.locator(".board-list")).to_be_hidden()
    assert too_wide(page) == []
    assert small_targets(page, 44) == []
    staff.link("回到列表").click()
    expect(page.locator(".board-list")).to_be_visible()
    expect(page.locator("#pane")).to_be_hidden()


def test_on_a_screen_of_1024_list_and_topic_stand_side_by_side(staff: Person, topics: list[int]) -> None:
    page, heard = staff.page, complaints(staff.page)
    page.set_viewport_size({"width": 1024, "height": 768})
    staff.open(f"/d/topics?topic={topics[2]}")
    box = {name: page.locator(name).bounding_box() for name in (".board-list", "#pane")}
    assert all(found is not None and found["width"] >= 320 for found in box.values())
    expect(page.locator("a.topic[aria-current]")).to_be_in_viewport()
    expect(page.locator("#words")).to_be_in_viewport()
    page.locator("a.topic", has_text="菜场门口占道").click()
    expect(page.locator("#pane-title")).to_have_text("菜场门口占道")
    expect(page.locator("a.topic[aria-current]")).to_be_in_viewport()
    for key in "jkj":
        page.keyboard.press(key)
    assert (heard, violations(page, Rules.ALL)) == ([], [])


def test_everything_is_there_without_script(enter: Enter, site: Site, topics: list[int]) -> None:
    staff = enter(desk=True, java_script_enabled=False)
    staff.is_signed_in("wangjing")
    staff.open("/d/topics")
    page = staff.page
    page.locator("a.topic", has_text="菜场门口占道").click()
    page.wait_for_url(re.compile(r"topic="))
    assert title(page) == "菜场门口占道"
    page.locator("details.merging summary").click()
    page.fill("#words", "说的是同一处。")
    page.fill("#find", "栏杆")
    staff.button("找").click()
    assert page.locator("#words").input_value() == "说的是同一处。"
    page.locator("input[name=target]").first.check()
    staff.button("合并").click()
    staff.sees("“菜场门口占道”已合并。")
    assert topic_row(site.wiring, topics[1]).merged_into_id == topics[0]


def test_everything_on_the_board_is_done_by_keys(staff: Person, site: Site, topics: list[int]) -> None:
    page, heard = staff.page, complaints(staff.page)
    staff.open("/d/topics")
    first, second, third = topics
    # Marks: Tab from the title leads there as everywhere; here the group is stepped into, and Enter writes them down.
    page.locator("input[name=mark-people]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#marks [role=status]")).to_have_text("打分已记下。")
    expect(page.locator("#live")).to_have_text("打分已记下。")
    expect(page.locator("#marks button")).to_be_focused()
    expect(page.locator("input[name=mark-people][value='2']")).to_be_checked()
    # What is missing makes the reason of a return.
    page.locator(".lacking summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("具体地点").focus()
    page.keyboard.press("Space")
    page.keyboard.press("r")
    expect(page.locator("#pane-title")).to_have_text("菜场门口占道")
    assert topic_row(site.wiring, first).state is TopicState.CANDIDATE
    # Two are ticked while walking, and decided on together.
    page.keyboard.press("s")
    page.locator(f"a.topic[href*='topic={second}']").focus()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator("#together .count")).to_have_text("2")
    page.locator("#together button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/d/topics/together?**")
    page.locator("input[name=action]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("同一条街已经整治过。")
    page.get_by_role("button", name="处理勾选的议题").focus()
    page.keyboard.press("Enter")
    staff.sees("2 个已经处理：不立项")
    assert [topic_row(site.wiring, one).state for one in (second, third)] == [TopicState.REJECTED] * 2
    assert heard == []


def test_two_at_one_topic_know_of_each_other_and_the_slower_keeps_the_words(
    staff: Person, enter: Enter, site: Site, topics: list[int]
) -> None:
    other = enter(desk=True)
    other.is_signed_in(colleague(site))
    address = f"/d/topics?topic={topics[0]}"
    other.open(address)
    expect(other.page.locator("#watch")).not_to_contain_text("也在看")
    page, heard = staff.page, complaints(staff.page)
    with page.expect_response("**/watch"):
        staff.open(address)
    expect(page.locator("#watch")).to_contain_text("李敏 也在看")
    other.page.fill("#words", "我来写理由")
    expect(other.page.locator("#watch")).to_contain_text("王静 也在看")
    staff.open(address)
    expect(page.locator("#watch")).to_contain_text("李敏 正在写处理意见")
    page.fill("#words", "情况属实。")
    page.locator("#pane-title").focus()
    page.keyboard.press("a")
    expect(page.locator("#toast")).to_be_visible()
    other.page.locator("#pane-title").focus()
    other.page.keyboard.press("x")
    expect(other.page.locator("#pane .alert-danger")).to_contain_text("刚刚有人处理过")
    expect(other.page.locator("#pane")).to_contain_text("我来写理由")
    assert topic_row(site.wiring, topics[0]).state is TopicState.POOLED
    assert heard == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_stands_out_sideways_and_everything_can_be_pressed(staff: Person, topics: list[int], width: int, height: int) -> None:
    page = staff.page
    page.set_viewport_size({"width": width, "height": height})
    for path in ("/d/topics", f"/d/topics?topic={topics[0]}", f"/d/topics/{topics[0]}", f"/d/topics/together?pick={topics[0]}.2"):
        staff.open(path)
        assert too_wide(page) == [], path
        assert small_targets(page, 44) == [], path
        assert violations(page, Rules.ALL) == [], path
    staff.open("/d/topics")
    box = page.locator("input[name=pick]").first
    box.check()
    expect(page.locator("#together .count")).to_have_text("1")


# What stands above the cards is two lines in a narrow list; the orders and routes are a key away. Large letters take what they need.
@pytest.mark.parametrize("care", [False, True], ids=["", "care"])
@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_the_first_card_stands_in_the_upper_half_and_orders_open_by_key(
    staff: Person, site: Site, topics: list[int], english: bool, care: bool
) -> None:
    page, heard = staff.page, complaints(staff.page)
    page.set_viewport_size({"width": 1024, "height": 768})
    ways(staff, site, care=care, english=english)
    staff.open("/d/topics")
    page.evaluate("() => { document.querySelector('.board-list').scrollTop = 0; scrollTo(0, 0); }")
    top = page.evaluate("() => document.querySelector('a.topic').getBoundingClientRect().top")
    assert top < (600 if care else 768 / 2)
    orders = page.locator(".tools")
    expect(orders).to_be_hidden()
    assert (too_wide(page), small_targets(page, 60 if care else 44)) == ([], [])
    page.locator("#tools").focus()
    page.keyboard.press("Space")
    expect(orders).to_be_visible()
    assert (too_wide(page), small_targets(page, 60 if care else 44), violations(page, Rules.ALL)) == ([], [], [])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**order=corrected**")
    page.keyboard.press("/")
    expect(page.locator(".board-list input[name=q]")).to_be_focused()
    assert heard == []


def test_a_wide_list_shows_orders_and_routes_at_once(staff: Person, topics: list[int]) -> None:
    staff.page.set_viewport_size({"width": 1440, "height": 900})
    staff.open("/d/topics")
    expect(staff.page.locator(".tools > nav").first).to_be_visible()
    expect(staff.page.locator("#tools")).to_be_hidden()
