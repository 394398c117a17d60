"""From a sentence on the wall to the city's desk (rows K1, N1): a bulletin with her words and without her number, taken up above, counted with
what else the pool turned into; and the auditor sees who did it.
"""

import re

from intake.ports import Wake
from tests.factories.town import Town
from tests.journeys.test_one_sentence import LAMP, House, house
from tests.journeys.test_pool_to_choice import goes_to_screening, says
from tests.web.pages import words_of

__all__ = ["house"]

WRITTEN = "三、原因分析\n路灯管养没有说定。\n四、有关建议\n年内换灯。"
NUMBER = "13812345678"


def test_a_residents_words_go_up_as_a_bulletin_and_are_counted(house: House, town: Town) -> None:
    aunt = says(house, town.longchi_code, f"{LAMP}，我电话{NUMBER}")
    topic = goes_to_screening(house, "zhou", LAMP, "幸福里路灯不亮")
    jing = house.person("wangjing")
    jing.press(topic, "/decide", action="approve", words="情况清楚，进入议题库。")
    topic_id = topic.rsplit("/", 1)[1]
    # K1: begun from what stands behind the topic: how many, where, since when, and her own words with the number masked.
    page = jing.press(f"/d/bulletins/new?topic={topic_id}", "/d/bulletins/new", topic=topic_id)
    begun = words_of(page)
    assert "1件来件反映同一件事" in begun
    assert "路灯坏了半个月，晚上老人出门摔了" in begun
    assert NUMBER not in begun
    path = page.request.path.removesuffix("/edit")
    text = re.sub(
        r"三、原因分析.*",
        WRITTEN,
        re.findall(r"<textarea[^>]*>(.*?)</textarea>", page.get_data(as_text=True), re.DOTALL)[0],
        flags=re.DOTALL,
    )
    jing.press(f"{path}/edit", "/edit", title="关于幸福里夜间照明的建议", text=text)
    today = house.clock.now().date().isoformat()
    looked = {"looked": "1"} if "已核对" in words_of(jing.get(path)) else {}
    assert "已登记签发" in words_of(jing.press(path, "/sign", signer="郑启明", signed_on=today, **looked))
    assert "已登记报送" in words_of(jing.press(path, "/send", addressed_to="市政协办公室", sent_on=today))
    jing.press(path, "/adoptions", level="city", kind="adopted", body="市政协", adopted_on=today)
    assert "任何一级 1 / 1 区级 0 / 1 市级 1 / 1" in words_of(jing.get("/d/bulletins"))
    # N1: the bulletin was counted by itself; a proposal of the same topic is written down.
    form = {"kind": "proposal", "title": "关于路灯管养的提案", "converted_on": today, "by_whom": "周明远", "suggestions": "1"}
    jing.press(f"/d/conversions/new?topic={topic_id}", "/d/conversions/new", **form)
    counted = words_of(jing.get("/d/conversions"))
    assert "1 个入库的议题，1 个有转化" in counted
    assert "提案 1 1 1 / 1 社情民意信息 1 1 1 / 1 大会发言 0 0 0 / 1" in counted
    assert "关于路灯管养的提案" in words_of(jing.get(topic)), "the topic's own page tells what it turned into"
    # The auditor reads who did it and nobody's words, and the chain holds.
    house.time_passes(minutes=1)
    li = house.person("chenli")
    seen = words_of(li.get("/d/audit?noun=bulletin&number=" + path.rsplit("/", 1)[1]))
    assert all(words in seen for words in ("王静", "起草信息", "登记信息签发", "登记信息报送", "登记信息被采用"))
    assert (LAMP[:6] in seen, NUMBER in seen) == (False, False)
    house.wiring.queue.wake(Wake.CHAIN_AUDIT)
    house.workers_run()
    assert "链是完整的" in words_of(li.press("/d/audit/check", "/d/audit/check"))
    assert aunt.receipt
