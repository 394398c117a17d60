"""One matter becomes a class, the class goes to the body above, its answer comes back, and everyone who spoke of it reads it (row L9); through
the pages alone.
"""

import re

from tests.factories.town import Town
from tests.journeys.test_one_sentence import House, card_on, house, in_this_order, topic_on
from tests.web.pages import hidden, words_of

__all__ = ["house"]

LONGCHI, ZIWEI = "龙池路末班公交七点半就收了，下晚班回不了家", "紫薇苑门口公交收班太早，学生补课回来没车"
ANSWER = "市交通运输局答复：十二月起，两条线路末班车延到二十一点。"


def test_what_two_communities_say_is_reported_upward_and_its_answer_reaches_both(house: House, town: Town) -> None:
    aunt, student = house.resident(), house.resident()
    aunt.scans_and_says(town.longchi_code, LONGCHI)
    student.scans_and_says(town.ziwei_code, ZIWEI)
    house.workers_run()
    zhou, jing = house.person("zhou"), house.person("wangjing")
    for said, title in ((LONGCHI, "龙池末班车"), (ZIWEI, "紫薇末班车")):
        zhou.press(card_on(zhou.get("/m").get_data(as_text=True), said[:8]), "/open-topic", title=title)
        house.time_passes(minutes=2)
    matters = [topic_on(jing.get("/d/topics?state=candidate").get_data(as_text=True), title) for title in ("龙池末班车", "紫薇末班车")]
    # Staff see that it is one kind of matter.
    asked = jing.get(f"/d/classes/new?topic={matters[0].rsplit('/', 1)[1]}").get_data(as_text=True)
    form = {"csrf_token": hidden(asked, "csrf_token"), "title": "公交末班车太早", "topics": [one.rsplit("/", 1)[1] for one in matters]}
    klass = jing.client.post("/d/classes", data=form)
    assert klass.status_code == 303, words_of(klass)
    class_id = klass.location.rsplit("/", 1)[1]
    # The report begins with what stands behind it; what is asked of the city a person writes.
    page = jing.press(f"/d/upward/new?topic={class_id}", "/d/upward/new", body="city_committee", body_name="").request.path
    html = jing.get(f"{page}/edit").get_data(as_text=True)
    text = re.search(r'<textarea[^>]*id="text"[^>]*>(.*?)</textarea>', html, re.DOTALL)
    assert text is not None
    assert LONGCHI in text[1]
    assert ZIWEI in text[1]
    written = re.sub("【待补.*?】", "请市政协协调，把两条线路的末班车延到二十一点。", text[1])
    jing.press(f"{page}/edit", "/edit", title="关于公交末班车太早的报告", body="city_committee", body_name="", text=written)
    assert jing.get(f"{page}/paper.docx").status_code == 200
    jing.press(page, "/send", document_number="云协〔2026〕9号", signer="陈启明", sent_on="2026-11-03")
    house.time_passes(days=20)
    jing, zhou = house.person("wangjing"), house.person("zhou")
    jing.press(page, "/answer", words=ANSWER, number="临协函〔2026〕4号", answered_on="2026-11-20")
    assert ANSWER not in aunt.reads()
    jing.press(page, "/tell", told="")
    house.time_passes(minutes=2)
    for resident in (aunt, student):
        assert in_this_order(resident.reads(), "您反映的这一类事报到了上级，有了答复。", ANSWER)
    # Members read it at the matter they opened.
    assert ANSWER in words_of(zhou.get(f"/m/topics/{matters[0].rsplit('/', 1)[1]}"))
