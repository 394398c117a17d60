"""A member's year without a burden (rows Y3 and S1): what was done anyway is put on record with a tap, adds up for the district, and gives the
facts for a commendation without a score; through the pages alone.
"""

import re

from tests.factories.duty import station
from tests.factories.town import Town
from tests.journeys.test_one_sentence import House, house
from tests.web.pages import Person, words_of

__all__ = ["house"]

SCORES = ("名次", "得分", "积分", "排行", "打卡")
"""What national guidance forbids; 排名 and 打分 stand on the pages in 不排名 and 不打分."""


def writes(member: Person, kind: str, **fields: str) -> None:
    made = member.press(f"/m/ledger/new?kind={kind}", "/m/ledger/new", day="2026-11-03", **fields)
    assert "记下了。" in words_of(made)


# S1: a station has a roster; who sits there is told in the morning, can be stood in for, and puts it on record with one tap.
def test_a_station_has_somebody_there_and_the_log_writes_itself(house: House, town: Town) -> None:
    place = station(house.wiring, town.longchi_id, code=town.longchi_code)
    laozhou = house.person("laozhou")
    every_week = {"venue": str(place), "person": str(town.zhou_id), "day": "2026-11-03", "until": "2026-11-24"}
    page = laozhou.press("/d/duty/new", "/d/duty/new", **every_week, starts="09:00", ends="11:00", note="")
    assert "排好了 4 班。" in words_of(page)
    # Whoever scans the station's code this morning is listened to by who sits there.
    house.time_passes(seconds=5)
    aunt = house.resident()
    aunt.scans_and_says(town.longchi_code, "紫薇苑的电梯坏了一个星期，老人下不了楼")
    house.time_passes(seconds=5)
    assert "现在由委员周明远看。" in aunt.reads()
    # Next Tuesday he is away: 李青 takes it with one tap, and nobody has to approve.
    zhou, qing = house.person("zhou"), house.person("liqing")
    (following,) = re.findall(r'/m/duty/(\d+)"[^>]*>(?:(?!</a>).)*11 月 10 日', zhou.get("/m/duty").get_data(as_text=True), re.DOTALL)
    zhou.press(f"/m/duty/{following}", "/ask", colleague=str(town.qing_id))
    assert "这一班现在是您的" in words_of(qing.press("/m/duty", "/take"))
    # Today's shift lies ready to be put on record; the reception is one line more.
    assert "记下了。" in words_of(zhou.press("/m/ledger", "/m/ledger/shifts/1"))
    writes(zhou, "reception", venue=str(place), people="6", words="说得最多的是电梯")
    year = words_of(zhou.get("/m/year"))
    assert "值班（次） 1" in year
    assert "接待的人次 6" in year
    # Staff look at the facts before a commendation; he reads who did, and nothing on either page is a score.
    jing = house.person("wangjing")
    facts = words_of(jing.get(f"/d/members/{town.zhou_id}/year/2026"))
    assert "接待的人次 6" in facts
    assert "说得最多的是电梯" in facts
    seen = words_of(zhou.get("/m/year"))
    assert "王静" in seen
    assert not any(word in page for word in SCORES for page in (year, facts, seen))


# Y3: visits, disputes and services of several members are the district's year, by street and never by person.
def test_visits_disputes_and_services_add_up_to_the_districts_year(house: House, town: Town) -> None:
    zhou, miao = house.person("zhou"), house.person("hemiao")
    writes(zhou, "visit", area=str(town.longchi_id), people="12", words="看望独居老人")
    writes(zhou, "mediation", area=str(town.longchi_id), settled="yes", words="楼上楼下漏水，各出一半")
    writes(zhou, "mediation", area=str(town.ziwei_id), settled="no", words="停车位，再约一次")
    writes(miao, "visit", area=str(town.shiqiao_id), people="8", words="进企业问用工")
    writes(miao, "service", area=str(town.shiqiao_id), people="30", words="帮老人办医保")
    jing = house.person("wangjing")
    year = words_of(jing.get("/d/years"))
    for line in ("走访的人次 20", "调解纠纷（起） 2", "其中调解成功 占调解的纠纷 1 / 2", "服务的人次 30"):
        assert line in year
    assert "丰山街道 0 0 0 / 0 1 / 12 1 / 2 0 / 0" in year
    assert "清河街道 0 0 0 / 0 1 / 8 0 / 0 1 / 30" in year
    # What was written down wrongly is taken out by the member alone, and the sum follows.
    (visit,) = re.findall(r'/m/ledger/(\d+)"[^>]*>(?:(?!</a>).)*进企业', miao.get("/m/ledger").get_data(as_text=True), re.DOTALL)
    assert "删去了" in words_of(miao.press(f"/m/ledger/{visit}", "/take-out"))
    assert "走访的人次 12" in words_of(jing.get("/d/years"))
