"""委员议事 (rows J1, D5, H1): 35 and more in a year, put forward by bodies and members, approved step by step, followed to the end, told to
residents and to whoever reads the report; through the pages alone, save consultations themselves.
"""

import re

from intake.domain.approval import ApprovalSubject
from intake.domain.topic import TopicAction
from intake.models import Area, Topic, YearPlan
from intake.services.transition import move
from tests.factories.plans import approved, pooled
from tests.factories.town import Town, actor
from tests.journeys.test_one_sentence import House, house
from tests.web.pages import hidden, words_of

__all__ = ["house"]

BODIES = ("提案委员会", "联委会", "教育界别", "周明远、李青联名")


def test_a_year_of_thirty_six_sessions(house: House, town: Town) -> None:
    wiring = house.wiring
    topics = {pooled(wiring, town, f"第 {number} 件难事"): number for number in range(1, 9)}
    jing = house.person("wangjing")
    # The quota is 35; eight topics of the pool come in at once, the rest is planned for what the year will bring.
    jing.press("/d/plans/new", "/d/plans/new", year="2026", title="云栖区2026年度协商计划", quota="35", words="全年不少于三十五场。")
    with wiring.sessions() as session:
        plan_id = session.query(YearPlan).one().id
    page = f"/d/plans/{plan_id}"
    token = hidden(jing.get(f"{page}/add").get_data(as_text=True), "csrf_token")
    form = {"csrf_token": token, "topics": [str(one) for one in topics], "quarter": "3", "form": "special"}
    assert "列入的场数还差 27 场" in words_of(jing.client.post(f"{page}/add", data=form, follow_redirects=True))
    for number in range(28):
        sent = {"title": f"各组第 {number} 场", "form": "micro", "quarter": str(number % 4 + 1), "proposers": BODIES[number % 4]}
        jing.client.post(f"{page}/items/new", data={"csrf_token": token, "lead_chair": "林致远", **sent})
    shown = words_of(jing.get(page))
    assert "列入 / 全年不少于 36 / 35" in shown
    assert "提出：周明远、李青联名" in shown
    # The chain of the district, then the issue; residents behind the eight read of it.
    approved(wiring, town, ApprovalSubject.PLAN, plan_id)
    jing.press(page, "/issue", words="列入今年的协商计划，第三季度协商。", issued_on="2026-11-03", document_number="云办〔2026〕3号")
    house.time_passes(days=30)
    # Five are held, one of them to the end; one is under way.
    for topic_id, number in topics.items():
        steps = {1: 3, 2: 2, 3: 2, 4: 2, 5: 2, 6: 1}.get(number, 0)
        with wiring.sessions.begin() as session:
            topic, person = session.get_one(Topic, topic_id), actor(session, town.jing_id)
            path = session.get_one(Area, topic.area_id).path
            for action in (TopicAction.OPEN_CONSULTATION, TopicAction.DELIVER_REPORT, TopicAction.VERIFY)[:steps]:
                move(session, topic, action, actor=person, at=wiring.clock.now(), area_path=path, reason_code="test")
    jing = house.person("wangjing")
    shown = words_of(jing.get(page))
    for said in (
        "已协商 / 列入 5 / 36",
        "协商中 / 列入 1 / 36",
        "已办结 / 已协商 1 / 5",
        "全年还需协商 30 场",
        "过了原定日期还没有协商的 24 场",
    ):
        assert said in shown, said
    # Each member reads it on the phone; the chair's name stands there, and how far each is.
    phone = words_of(house.person("zhou").get("/m/plan"))
    assert "全年不少于 35 场，列入 36 场" in phone
    assert re.search(r"第 1 件难事 +已办结", phone)
    # What the year came to is drafted, with what it is a part of, and taken along as a draft.
    jing.press(f"{page}/reports/year_end", "/draft")
    report = jing.get(f"{page}/reports/year_end").get_data(as_text=True)
    assert "计划36场，已协商5场，协商中1场，其余30场尚未开始。" in report
    assert "场次不等于成效" in report
    paper = jing.get(f"{page}/reports/year_end/paper.docx")
    assert (paper.status_code, "year_end" not in paper.headers["Content-Disposition"]) == (200, True)
