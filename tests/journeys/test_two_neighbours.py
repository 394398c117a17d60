"""附议 (row 3 of the resident's side): one writes, her neighbour joins, both hear how it ends and say so; a third joins and takes it back."""

import re

from intake.models import Topic
from tests.factories.town import Town
from tests.journeys.test_answer_comes_back import ANSWER, answer, found_on, says
from tests.journeys.test_one_sentence import House, Resident, card_on, house, in_this_order, topic_on
from tests.web.pages import hidden, words_of

__all__ = ["house"]

LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了"


def joins(house: House, matter: str, **fields: str) -> Resident:
    """Somebody who reads of it and presses 附议, then the one button of the page that asks."""
    neighbour = house.resident()
    public = neighbour.phone.get(matter).get_data(as_text=True)
    asked = re.search(r'<form method="get" action="([^"]+/endorse)">', public)
    assert asked is not None, words_of(neighbour.phone.get(matter))
    page = neighbour.phone.get(asked[1]).get_data(as_text=True)
    sent = neighbour.phone.post(asked[1], data={"key": hidden(page, "key"), **fields})
    assert sent.status_code == 303
    neighbour.receipt = sent.location
    return neighbour


def test_one_writes_one_joins_and_both_hear_how_it_ends(house: House, town: Town) -> None:
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, LAMP)
    house.time_passes(hours=1)
    zhou = house.person("zhou")
    zhou.press(card_on(zhou.get("/m").get_data(as_text=True), LAMP[:10]), "/open-topic", title="三栋王阿姨说的路灯")
    house.time_passes(minutes=2)
    zhou.press(topic_on(zhou.get("/m/topics").get_data(as_text=True), "三栋王阿姨说的路灯"), "/propose", words="老人夜里出门不安全。")
    # Staff release a sentence about it; only then can it be joined, and by that name.
    jing = house.person("wangjing")
    topic = topic_on(jing.get("/d/topics?state=proposed").get_data(as_text=True), "三栋王阿姨说的路灯")
    topic_id = int(topic.rsplit("/", 1)[1])
    with house.wiring.sessions() as session:
        matter = f"/t/{session.get_one(Topic, topic_id).number}"
    assert aunt.phone.get(matter).status_code == 404
    jing.press(
        f"/d/releases/new?topic={topic_id}",
        f"topic={topic_id}",
        kind="in_hand",
        area=str(town.longchi_id),
        title="幸福里的路灯",
        words="区政协正在筛选。",
    )
    draft = re.search(r'href="(/d/releases/\d+)"', jing.get("/d/releases").get_data(as_text=True))
    assert draft is not None
    jing.press(draft[1], "/publish")
    # Her neighbours join: no words, no account, a receipt each.
    uncle, cousin = joins(house, matter, contact="13800000021"), joins(house, matter)
    assert "您附议的事 幸福里的路灯" in uncle.reads()
    assert "王阿姨" not in uncle.reads()  # the topic's own title is no public word
    assert cousin.phone.post(f"{matter}/endorse/withdraw").status_code == 303
    assert "您已经撤回" in cousin.reads()
    # Referred, answered by the unit, delivered by staff: whoever joined hears each step from then on.
    jing.press(topic, "/decide", action="refer", words="请城管局一周内换灯。")
    house.time_passes(minutes=1)
    assert in_this_order(uncle.reads(), "您附议了这件事。", "和大家说的一起办。", "转请有关单位办理。", "请城管局一周内换灯。")
    assert "请城管局一周内换灯。" not in cousin.reads()
    office = house.person("fangmin")
    office.press(found_on(office, "/o", "路灯", "/o/referrals"), "/assign", lead=str(town.lights_id), words="")
    officer = house.person("gaoqiang")
    task = found_on(officer, "/dept", "路灯", "/dept/referrals")
    officer.press(task, "/sign")
    answer(officer, task, ANSWER)
    late = house.resident()
    assert late.phone.get(f"{matter}/endorse").get_data(as_text=True).count('name="key"') == 1
    jing = house.person("wangjing")
    jing.press(found_on(jing, "/d/referrals", "路灯", "/d/referrals"), "/deliver", words="我去看过，灯亮了。")
    house.time_passes(minutes=5)
    for neighbour in (aunt, uncle):
        assert ANSWER in neighbour.reads()
        assert "您看解决了吗？" in neighbour.reads()
    assert ANSWER not in cousin.reads()
    assert "已经办完：如果您那里还有，请另外写" in words_of(late.phone.get(matter))
    says(aunt, "solved")
    says(uncle, "not_solved", words="3 栋后面还黑着。")
    assert "已办结" in aunt.reads()
    assert "已重新受理" in uncle.reads()
    # What comes back has no words of its own, and its card says why.
    zhou = house.person("zhou")
    queue = zhou.get("/m").get_data(as_text=True)
    assert "3 栋后面还黑着。" in words_of(zhou.get(card_on(queue, "（附议，没有另外写话）")))
