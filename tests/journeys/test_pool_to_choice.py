"""分类储题、多元选题、精准定题 (row L4): topics come into the pool together on a day, are compared, and one stays while another leaves with a
reason that its residents read, and may ask about once; then somebody else looks.
"""

import re
from datetime import timedelta

import pytest

from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.ports import Wake
from tests.factories.administrators import person_with
from tests.factories.town import Town
from tests.journeys.test_one_sentence import House, Resident, card_on, house, in_this_order, topic_on
from tests.web.pages import Person, as_it_is, hidden, words_of

__all__ = ["house"]

SHELTER, PARKING = "菜场门口的公交站没有雨棚，等车的老人全淋着", "紫薇苑停车位不够，天天有人堵住消防通道"


@pytest.fixture
def colleague(house: House, town: Town) -> str:
    """冯洁, who screens beside 王静."""
    person_with(house.wiring, "fengjie", "冯洁", (Role.STAFF, town.district_id))
    return "fengjie"


def goes_to_screening(house: House, member: str, words: str, title: str) -> str:
    """A member makes a topic of it and sends it up; its page on the desk."""
    person = house.person(member)
    opened = person.press(card_on(person.get("/m").get_data(as_text=True), words[:8]), "/open-topic", title=title)
    assert opened.status_code == 200, words_of(opened)
    house.time_passes(minutes=2)
    topic = topic_on(person.get("/m/topics").get_data(as_text=True), title)
    person.press(topic, "/propose", words="请区政协看看。")
    return topic.replace("/m/", "/d/")


def pressed(person: Person, page: str, path: str, **fields: str | list[str]) -> str:
    """A button of a form whose boxes were ticked."""
    token = hidden(person.get(page).get_data(as_text=True), "csrf_token")
    return words_of(person.client.post(path, data={"csrf_token": token, **fields}, follow_redirects=True))


def boxes(page: str) -> dict[str, str]:
    """What the boxes of the pool send, by title."""
    found = re.findall(r'name="topic" value="([\d.]+)"[^>]*aria-label="([^"]+)"', page)
    return {title: value for value, title in found}


def says(house: House, code: str, words: str) -> Resident:
    resident = house.resident()
    resident.scans_and_says(code, words)
    house.time_passes(minutes=10)
    return resident


def test_from_the_pool_one_stays_and_one_leaves_with_a_reason(house: House, town: Town, colleague: str) -> None:
    aunt, uncle = says(house, town.longchi_code, SHELTER), says(house, town.ziwei_code, PARKING)
    # 李青 first: whoever decides has the next card on the screen, and it is 周明远's turn for both.
    parking = goes_to_screening(house, "liqing", PARKING, "老小区停车难")
    shelter = goes_to_screening(house, "zhou", SHELTER, "公交站雨棚")
    # 精准定题 begins with decisions that everybody hears on one day.
    jing = house.person("wangjing")
    day = (house.clock.now().astimezone(SHANGHAI) + timedelta(days=3)).date().isoformat()
    round_page = jing.press("/d/rounds/new", "/d/rounds/new", name="十一月集中公布", day=day, hour="09:00").request.path
    round_id = round_page.rsplit("/", 1)[1]
    for topic, words in ((shelter, "等车的人多，情况清楚，进入议题库。"), (parking, "涉及消防通道，进入议题库。")):
        jing.press(topic, "/decide", action="approve", words=words, round=round_id)
        assert "居民还不知道" in words_of(jing.get(topic))
    house.time_passes(days=1)
    assert "进入议题库" not in aunt.reads() + uncle.reads()
    assert "共 0 个" in words_of(house.person("wangjing").get("/d/pool"))
    house.clock.forward(days=2)
    run_rounds(house)
    assert in_this_order(aunt.reads(), "区政协筛选通过，进入议题库。", "等车的人多，情况清楚，进入议题库。")
    assert "涉及消防通道，进入议题库。" in uncle.reads()
    # 分类储题, 多元选题: both stand in the pool and are looked at side by side.
    jing = house.person("wangjing")
    pool = jing.get("/d/pool")
    assert "共 2 个" in words_of(pool)
    ticked = boxes(pool.get_data(as_text=True))
    compared = pressed(jing, "/d/pool", "/d/pool", action="compare", topic=list(ticked.values()))
    assert in_this_order(compared, "并排比较", "人和件", "涉及人数", "能否办成")
    here = "/d/pool/compare?" + "&".join(f"topic={one.split('.')[0]}" for one in ticked.values())
    why = "街道今年已经在扩建停车场，年底完工。"
    assert "留在库里" in pressed(
        jing, here, here, action="keep", topic=ticked["公交站雨棚"], words="等明年的预算。", look_again_on="2027-01-05"
    )
    assert "已出库" in pressed(jing, here, here, action="drop", topic=ticked["老小区停车难"], **as_it_is(why))
    # Who is behind what left hears why; who is behind what stays hears nothing of how the desk weighs.
    house.time_passes(minutes=1)
    assert in_this_order(uncle.reads(), "给您的答复", why, "区政协比较之后没有列入。")
    assert "等明年的预算" not in aunt.reads()
    # Another look: not by whoever said no.
    link = uncle.receipt.partition("?")[0]
    asked = re.search(r'name="about" value="topic"', uncle.phone.get(link).get_data(as_text=True))
    assert asked is not None, "another look is offered"
    assert uncle.phone.post(f"{link}/appeal", data={"about": "topic", "words": "消防车进不来，不能等到年底"}).status_code == 303
    refused = words_of(house.person("wangjing").press(parking, "/decide", action="reject", **as_it_is(why)))
    assert "请换一位同志来定" in refused
    house.person(colleague).press(parking, "/decide", action="approve", words="消防通道等不得，重新进入议题库。")
    house.time_passes(minutes=1)
    assert in_this_order(uncle.reads(), "有居民申请复核，重新筛选。", "消防通道等不得，重新进入议题库。")
    assert "居民申请过复核" in words_of(house.person(colleague).get("/d/pool"))


def run_rounds(house: House) -> None:
    """The minute's sweep, and what it wakes."""
    house.wiring.queue.wake(Wake.ROUNDS)
    house.workers_run()
