"""The way of one sentence (rows D1 to D5): from the code on the wall to what the resident reads at the end, through the pages alone."""

import importlib
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.models import Notification
from intake.ports import JOBS, NullJobQueue
from intake.services.audit import verify
from intake.wiring import Wiring
from tests.apps import lent
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.conftest import ParsingClient
from tests.web.pages import Person, send_sentence, sign_in, words_of

LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了"
LAMP_AGAIN = "幸福里3栋楼下路灯坏了没人修，晚上太黑"


class Resident:
    """Somebody with a phone and no account."""

    def __init__(self, phone: FlaskClient) -> None:
        self.phone = phone
        self.receipt = ""

    def scans_and_says(self, code: str, text: str, **fields: str) -> None:
        assert "您想反映什么？" in words_of(self.phone.get(f"/p/{code}"))
        sent = send_sentence(self.phone, code, text, **fields)
        assert sent.status_code == 303
        self.receipt = sent.location
        assert "已收到" in self.reads()

    def reads(self) -> str:
        return words_of(self.phone.get(self.receipt))


class House:
    """The installation: its pages, its workers, its clock."""

    def __init__(self, wiring: Wiring, app: Flask, clock: TestClock) -> None:
        self.wiring, self.app, self.clock = wiring, app, clock

    def resident(self) -> Resident:
        return Resident(self.app.test_client())

    def person(self, login: str) -> Person:
        return sign_in(self.app.test_client(), login)

    def workers_run(self) -> None:
        """Run every job that the pages woke, and what those wake in turn."""
        queue = self.wiring.queue
        assert isinstance(queue, NullJobQueue)
        while queue.woken:
            module, name = JOBS[queue.woken.pop(0)][1].rsplit(".", 1)
            getattr(importlib.import_module(module), name)()

    def time_passes(self, **parts: float) -> None:
        self.clock.forward(**parts)
        self.workers_run()


@pytest.fixture
def house(wiring: Wiring, clock: TestClock) -> Iterator[House]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring), lent(wiring, ParsingClient) as app:
        yield House(wiring, app, clock)


def card_on(queue_page: str, words: str) -> str:
    """The address of the card whose line holds `words`."""
    for address, line in re.findall(r'<a class="weui-cell[^"]*" href="([^"]+)">(.*?)</a>', queue_page, re.DOTALL):
        if words in line:
            return str(address)
    raise AssertionError(f"no card says {words}")


def topic_on(page: str, words: str) -> str:
    """The topic's own page, also where a card of the board leads to its pane."""
    found = re.search(rf'href="/([md])/topics(?:/|\?[^"]*?topic=)(\d+)[^"]*"[^>]*>(?:(?!</a>).)*{re.escape(words)}', page, re.DOTALL)
    assert found is not None, f"no topic called {words}"
    return f"/{found.group(1)}/topics/{found.group(2)}"


def agree(member: Person, card: str) -> None:
    """One tap on the button under the thumb: the machine is right."""
    suggested = re.search(r'<div class="bar[^>]*>.*?name="topic" value="(\d+)"', member.get(card).get_data(as_text=True), re.DOTALL)
    assert suggested is not None, "nothing is suggested"
    member.press(card, "/attach", topic=suggested.group(1))


def in_this_order(page: str, *steps: str) -> bool:
    places = [page.find(step) for step in steps]
    return -1 not in places and places == sorted(places)


def test_a_lamp_from_the_wall_to_the_pool(house: House, town: Town) -> None:
    # D1: a resident of 龙池社区 scans the code by the lift and says in a minute what is wrong.
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, f"{LAMP}，我电话13812345678", place="幸福里3栋", contact="13812345678")
    assert "ZB-2611-" in aunt.reads()
    # D2: the workers wake, read it, and suggest a place for it.
    house.time_passes(seconds=5)
    assert "已初步整理，等委员看。" in aunt.reads()
    assert "现在由委员周明远看。" in aunt.reads()
    # D4: 周明远 has a spare minute; what he sees is masked, and says why.
    house.time_passes(hours=1)
    zhou = house.person("zhou")
    queue = zhou.get("/m").get_data(as_text=True)
    assert "待研判 1 件" in queue
    card = card_on(queue, "幸福里3栋门口的路灯坏了")
    shown = words_of(zhou.get(card))
    assert "13812345678" not in shown
    assert "建议另立议题" in shown
    zhou.press(card, "/open-topic", title="幸福里3栋路灯不亮")
    # The undo window passes; the notice of his decision leaves, and the topic goes to screening.
    house.time_passes(minutes=2)
    topic = topic_on(zhou.get("/m/topics").get_data(as_text=True), "幸福里3栋路灯不亮")
    zhou.press(topic, "/propose", words="老人夜里出门不安全，物业和城管说法不一。")
    # D3, D5: 王静 finds it among what she has to do today, and approves it with a reason.
    house.time_passes(hours=3)
    jing = house.person("wangjing")
    assert "待筛选 1" in words_of(jing.get("/d"))
    topic = topic_on(jing.get("/d/topics?state=proposed").get_data(as_text=True), "幸福里3栋路灯不亮")
    assert "周明远 确认" in words_of(jing.get(topic))
    jing.press(topic, "/decide", action="approve", words="事关老人安全，列入议题库。")
    house.time_passes(minutes=1)
    # And the resident reads all of it, in order, in plain words, with the names of those who answer for it.
    assert in_this_order(
        aunt.reads(),
        "已收到您的话。",
        "幸福里3栋门口的路灯坏了半个月",
        "已初步整理，等委员看。",
        "委员看过，立为议题。“幸福里3栋路灯不亮”",
        "委员把议题提交区政协筛选。",
        "老人夜里出门不安全，物业和城管说法不一。",
        "区政协筛选通过，进入议题库。",
        "事关老人安全，列入议题库。",
    )
    assert "周明远" in aunt.reads()
    assert "王静" in aunt.reads()
    with house.wiring.sessions() as session:
        assert {notice.state.value for notice in session.query(Notification)} == {"sent"}
        assert verify(session) is None


def test_a_wish_that_is_not_taken_up_comes_back_with_the_reason(house: House, town: Town) -> None:
    uncle = house.resident()
    uncle.scans_and_says(town.ziwei_code, "紫薇苑停车位不够，天天有人堵住消防通道")
    house.time_passes(seconds=5)
    # 李青 answers for 紫薇社区; she makes it a topic and sends it up.
    qing = house.person("liqing")
    card = card_on(qing.get("/m").get_data(as_text=True), "紫薇苑停车位不够")
    qing.press(card, "/open-topic", title="紫薇苑停车")
    topic = topic_on(qing.get("/m/topics").get_data(as_text=True), "紫薇苑停车")
    qing.press(topic, "/propose", words="")
    # Staff ask for more first, then decide against it; both times the resident reads why.
    desk = topic.replace("/m/", "/d/")
    house.time_passes(days=1)
    house.person("wangjing").press(desk, "/decide", action="return", words="请补上有多少户、多少车位。")
    assert "请补上有多少户、多少车位。" in uncle.reads()
    house.person("liqing").press(topic, "/propose", words="120 户，80 个车位。")
    house.time_passes(days=1)
    house.person("wangjing").press(desk, "/decide", action="reject", words="街道已在扩建停车场，年底完工。")
    house.time_passes(minutes=1)
    assert in_this_order(
        uncle.reads(),
        "已反馈",
        "给您的答复",
        "街道已在扩建停车场，年底完工。",
        "紫薇苑停车位不够",
        "区政协请委员再补充情况。",
        "120 户，80 个车位。",
        "区政协筛选后没有立项。",
        "议题有了结果。",
    )
    assert "撤回这件来件" not in uncle.reads()
    assert "都看完了" in words_of(house.person("liqing").get("/m"))


def test_two_residents_and_one_lamp(house: House, town: Town) -> None:
    # The first word makes a candidate, the second is recognised as the same matter and says why.
    aunt, uncle = house.resident(), house.resident()
    aunt.scans_and_says(town.longchi_code, LAMP)
    house.time_passes(minutes=10)
    uncle.scans_and_says(town.longchi_code, LAMP_AGAIN)
    house.time_passes(minutes=10)
    zhou = house.person("zhou")
    first, second = (card_on(zhou.get("/m").get_data(as_text=True), words) for words in ("路灯坏了半个月", "楼下路灯坏了没人修"))
    assert "建议并入议题" in words_of(zhou.get(second))
    assert "同一地点" in words_of(zhou.get(second))
    agree(zhou, first)
    # Until a person agrees it is only a suggestion, and the second resident isn't counted in.
    assert "您说的事在议题里" in aunt.reads()
    assert "您说的事在议题" not in uncle.reads()
    agree(zhou, second)
    for one in (aunt, uncle):
        assert "您说的事和另外 1 件来件合成了一个议题" in one.reads()
    # One decision, and both hear it.
    topic = topic_on(zhou.get("/m/topics").get_data(as_text=True), "已确认 2 件，建议 0 件")
    zhou.press(topic, "/propose", words="两户都反映过。")
    house.person("wangjing").press(topic.replace("/m/", "/d/"), "/decide", action="approve", words="列入议题库。")
    house.time_passes(minutes=5)
    for one in (aunt, uncle):
        assert in_this_order(one.reads(), "两户都反映过。", "区政协筛选通过，进入议题库。", "列入议题库。")
    # One of them moves away and takes the word back; the other's matter goes on.
    uncle.phone.post(f"{uncle.receipt.split('?')[0]}/withdraw")
    assert "您撤回了。" in uncle.reads()
    assert "您说的事在议题里" in aunt.reads()


def test_a_word_that_nobody_looks_at_goes_up_and_is_answered(house: House, town: Town) -> None:
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, "请问老年食堂几点开门，周末也开吗")
    house.time_passes(seconds=5)
    assert "现在由委员周明远看。" in aunt.reads()
    # Two working days later the convenor has it, and the receipt tells the truth about that.
    house.clock.forward(days=2, hours=1)
    importlib.import_module("workers.jobs.escalate").run()
    assert "现在由召集人老周看。" in aunt.reads()
    laozhou = house.person("laozhou")
    laozhou.press(card_on(laozhou.get("/m").get_data(as_text=True), "老年食堂"), "/answer", words="每天 11 点到 13 点，周末也开。")
    house.time_passes(minutes=2)
    assert in_this_order(aunt.reads(), "已答复", "每天 11 点到 13 点，周末也开。", "您看解决了吗？", "委员答复了您。")
    assert "老周" in aunt.reads()
