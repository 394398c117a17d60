"""A year's plan goes through what the district really has (rows H1, D5): six steps, one of them left out by a named authority; nothing is issued
before, and whoever spoke of its topics reads that they are in the plan. Through the pages alone.
"""

import re

from tests.factories.town import Town
from tests.journeys.test_one_sentence import House, card_on, house, topic_on
from tests.web.pages import Person, words_of

__all__ = ["house"]

LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了"
WORDS = "路灯列入明年第一季度的协商。"


def passes(staff: Person, plan: str, *, number: str = "", minutes: str = "") -> str:
    approvals = plan.replace("/d/plans/", "/d/approvals/plan/")
    done = staff.press(plan, approvals, passed_body="区政协党组", passed_day="2026-11-03", passed_number=number, passed_minutes=minutes)
    assert done.request.path == plan, "the form leads back to the plan"
    return words_of(done)


def test_a_plan_is_issued_when_its_last_step_is_through_and_not_before(house: House, town: Town) -> None:
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, LAMP)
    house.workers_run()
    zhou, jing = house.person("zhou"), house.person("wangjing")
    zhou.press(card_on(zhou.get("/m").get_data(as_text=True), LAMP[:10]), "/open-topic", title="幸福里的路灯")
    house.time_passes(minutes=2)
    zhou.press(topic_on(zhou.get("/m/topics").get_data(as_text=True), "幸福里的路灯"), "/propose", words="老人夜里不安全。")
    topic = topic_on(jing.get("/d/topics?state=proposed").get_data(as_text=True), "幸福里的路灯")
    jing.press(topic, "/decide", action="approve", words="先入库，明年协商。")
    # The plan of the year, with the one topic in it.
    plan = jing.press("/d/plans/new", "/d/plans/new", year="2027", title="2027年度协商计划", quota="35", words="").request.path
    jing.press(f"{plan}/add", "/add", topics=topic.rsplit("/", 1)[1], quarter="1", form="special")
    # Issued it is not: six steps are missing, and the page says which.
    issue = {"issued_on": "2026-11-03", "document_number": "", "words": WORDS, "fewer": "1"}
    refused = jing.press(plan, "/issue", **issue)
    assert (refused.status_code, "还差 6 步" in words_of(refused)) == (409, True)
    passes(jing, plan)
    jing.press(
        plan, plan.replace("/d/plans/", "/d/approvals/plan/"),
        decision="skipped", skipped_authority="区政协主席 陈启明", skipped_day="2026-11-03", skipped_words="征题时已分片座谈。",
    )  # fmt: skip
    passes(jing, plan, minutes="党组会议同意。")
    passes(jing, plan, minutes="主席会议审议通过。")
    passes(jing, plan, number="云委〔2026〕31号")
    refused = jing.press(plan, "/issue", **issue)
    assert (refused.status_code, "还差 1 步：“联合印发”" in words_of(refused)) == (409, True)
    assert WORDS not in aunt.reads()
    through = passes(jing, plan, number="云委〔2026〕33号")
    assert "审批已经走完" in through
    assert "区政协主席 陈启明批准跳过：征题时已分片座谈。" in through
    issued = jing.press(plan, "/issue", **issue)
    assert issued.status_code == 200, words_of(issued)
    house.time_passes(minutes=2)
    assert WORDS in aunt.reads()
    # What it was issued on can't be taken back any more.
    html = jing.get(plan).get_data(as_text=True)
    assert not re.search(r'action="[^"]*/d/approvals/\d+/undo"', html)
    assert "云委〔2026〕33号" in html
