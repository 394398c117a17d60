"""成果转化 on the desk: recorded, changed, taken back, and counted with the topics that could have turned into something (row N1)."""

from io import BytesIO

import openpyxl
import pytest
from flask.testing import FlaskClient

from intake.domain.bulletin import ConversionKind
from intake.models import AuditEntry
from intake.queries.conversion import conversion_counts
from intake.wiring import Wiring
from tests.factories.bulletins import conversion_of, drafted_bulletin, sent_up, turned_into
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town, actor
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

FORMULA = '=HYPERLINK("http://example.invalid","点这里")'
PROPOSAL = {"kind": "proposal", "title": "关于路灯的提案", "converted_on": "2026-11-03", "by_whom": "周明远", "suggestions": "2"}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def test_staff_record_change_and_take_back_a_conversion(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    page = f"/d/conversions/new?topic={topic_id}"
    assert str(topic_id) in jing.get("/d/conversions/new").get_data(as_text=True)
    for field, value, why in (
        ("kind", "", "请先选一个"),
        ("kind", "bulletin", "在报送时自动记下"),
        ("title", " ", "请填写提案或发言的题目"),
        ("suggestions", "0", "请填 1 到 99"),
        ("converted_on", "2026-11-04", "不能晚于今天"),
    ):
        wrong = jing.press(page, "/d/conversions/new", **{**PROPOSAL, field: value})
        assert (wrong.status_code, why in words_of(wrong)) == (422, True), field
        assert 'value="周明远"' in wrong.get_data(as_text=True), "what was typed was lost"
    assert "已登记" in words_of(jing.press(page, "/d/conversions/new", **PROPOSAL))
    again = jing.press(page, "/d/conversions/new", **PROPOSAL)
    assert (again.status_code, "同样的一条已经登记过了" in words_of(again)) == (409, True)
    found = jing.get("/d/conversions?q=周明远&year=2026&kind=proposal")
    conversion_id = int(found.get_data(as_text=True).split('href="/d/conversions/')[-1].split('"')[0])
    path = f"/d/conversions/{conversion_id}"
    html = jing.get(path).get_data(as_text=True)
    form = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version"), **PROPOSAL}
    assert jing.client.post(path, data={**form, "outcome": "立案"}).status_code == 303
    late = jing.client.post(path, data={**form, "title": "后写的题目"})
    assert (late.status_code, "后写的题目" in late.get_data(as_text=True)) == (409, True)
    assert "立案" in words_of(jing.get("/d/conversions"))
    assert "已撤回" in words_of(jing.press(path, "/take-back"))
    assert "这里还没有转化" in words_of(jing.get("/d/conversions"))
    assert jing.get(path).status_code == 404
    with wiring.sessions() as session:
        acts = [
            one.action for one in session.query(AuditEntry).filter_by(noun="conversion", entity_id=conversion_id).order_by(AuditEntry.id)
        ]
    assert acts == ["conversion.record", "conversion.change", "conversion.take_back"]


def test_kinds_are_counted_with_the_pools_topics_below_the_line(jing: Person, wiring: Wiring, town: Town) -> None:
    """Of five pooled topics two turned into something; what left the pool and what was never in it is in no whole."""
    proposal, both, *_others = [pooled_topic(wiring, town, title=f"第 {number} 个") for number in range(5)]
    turned_into(wiring, town, proposal)
    turned_into(wiring, town, both, title="另一件提案")
    turned_into(wiring, town, both, ConversionKind.SPEECH, title="大会发言")
    never = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "没入库", told(wiring, town.longchi_code, "楼道没有灯")))
    sent_up(wiring, town, both, never)
    page = words_of(jing.get("/d/conversions?year=2026"))
    assert "5 个入库的议题，2 个有转化" in page
    assert "提案 2 4 2 / 5 社情民意信息 1 2 1 / 5 大会发言 1 2 1 / 5" in page
    assert "0 个入库的议题，0 个有转化" in words_of(jing.get("/d/conversions?year=2025"))


def test_a_topic_outside_the_pool_turns_into_nothing_by_hand(jing: Person, wiring: Wiring, town: Town) -> None:
    waiting = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "没入库", told(wiring, town.longchi_code, "楼道没有灯")))
    assert jing.get(f"/d/conversions/new?topic={waiting}").status_code == 404
    pooled = pooled_topic(wiring, town)
    refused = jing.press(f"/d/conversions/new?topic={pooled}", "/d/conversions/new", topic=str(waiting), **PROPOSAL)
    assert refused.status_code == 404


def test_a_bulletins_own_is_made_once_and_not_changed_by_hand(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    sent_up(wiring, town, topic_id)
    drafted_bulletin(wiring, town, topic_id)
    html = jing.get("/d/conversions").get_data(as_text=True)
    conversion_id = int(html.split('href="/d/conversions/')[-1].split('"')[0])
    assert "随信息报送记下" in words_of(jing.get(f"/d/conversions/{conversion_id}"))
    form = {"csrf_token": hidden(html, "csrf_token"), "version": "1", **PROPOSAL}
    assert jing.client.post(f"/d/conversions/{conversion_id}", data=form).status_code == 409
    assert conversion_of(wiring, conversion_id).kind is ConversionKind.BULLETIN


def test_a_bulletin_of_two_topics_counts_once(jing: Person, wiring: Wiring, town: Town) -> None:
    topics = [pooled_topic(wiring, town, title=title) for title in ("幸福里路灯不亮", "幸福里井盖松了")]
    sent_up(wiring, town, *topics)
    for topic_id in topics:
        turned_into(wiring, town, topic_id)
    with wiring.sessions() as session:
        counts = conversion_counts(session, actor(session, town.jing_id), year=None)
    assert [(one.kind.value, one.made, one.topics) for one in counts.kinds] == [("proposal", 2, 2), ("bulletin", 1, 2), ("speech", 0, 0)]


def test_a_file_that_is_cut_says_so(jing: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    topic_id = pooled_topic(wiring, town)
    for number in range(3):
        turned_into(wiring, town, topic_id, title=f"第 {number} 件")

    def read() -> set[object]:
        book = openpyxl.load_workbook(BytesIO(jing.get("/d/conversions/export.xlsx?year=2026").data))
        return {one.value for sheet in book for row in sheet for one in row}

    cut = "只列最近登记的 2 条，一共 3 条。请按年份分几次下载。"
    assert cut not in read()
    monkeypatch.setattr("intake.web.district.conversions.FILE_MOST", 2)
    found = read()
    assert (cut in found, "第 0 件" in found, "件数按转化的日期算；议题按第一次入库的年份算，以后转化的也算上。" in found) == (
        True,
        False,
        True,
    )


def test_the_file_holds_no_formula_and_leaves_a_row(jing: Person, wiring: Wiring, town: Town) -> None:
    turned_into(wiring, town, pooled_topic(wiring, town), title=FORMULA)
    answer = jing.get("/d/conversions/export.xlsx?year=2026")
    book = openpyxl.load_workbook(BytesIO(answer.data))
    cells = [one for sheet in book for row in sheet for one in row]
    assert all(one.data_type != "f" for one in cells)
    assert next(one for one in cells if one.value == FORMULA).quotePrefix
    assert {"转成什么", "入库的议题（个）"} <= {one.value for one in cells}
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="conversion.export").one().detail == {"year": 2026, "rows": 1}


@pytest.mark.parametrize("login", ["zhou", "chenli", "gaoqiang", "fengshan", "sunyi"])
def test_others_neither_read_nor_write(client: FlaskClient, wiring: Wiring, town: Town, login: str) -> None:
    topic_id = pooled_topic(wiring, town)
    conversion_id = turned_into(wiring, town, topic_id)
    if login == "fengshan":
        street_staff(wiring, "丰山街道", "fengshan")
    person = sign_in(client, login)
    foreign = 404 if login == "sunyi" else 403
    for path in (f"/d/conversions/new?topic={topic_id}", f"/d/conversions/{conversion_id}"):
        assert person.get(path).status_code == foreign
    assert person.get("/d/conversions/export.xlsx").status_code == (200 if login == "sunyi" else 403)
    assert "关于路灯的提案" not in words_of(person.get("/d/conversions"))
    token = hidden(person.get("/account").get_data(as_text=True), "csrf_token")
    for path, form in ((f"/d/conversions/{conversion_id}/take-back", {}), ("/d/conversions/new", {"topic": str(topic_id), **PROPOSAL})):
        assert person.client.post(path, data={"csrf_token": token, "version": "1", **form}).status_code == foreign
    assert conversion_of(wiring, conversion_id).undone_at is None


def test_the_index_costs_the_same_for_one_and_for_a_page(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    turned_into(wiring, town, topic_id, title="第 0 件")
    one = cost(wiring, jing, "/d/conversions?year=2026", "第 0 件")
    for number in range(1, 32):
        turned_into(wiring, town, topic_id, title=f"第 {number} 件")
    assert cost(wiring, jing, "/d/conversions?year=2026", "第 31 件") == one <= 11
    first = jing.get("/d/conversions").get_data(as_text=True)
    after = first.split("/d/conversions?after=")[1].split('"')[0]
    assert "第 1 件" in jing.get(f"/d/conversions?after={after}").get_data(as_text=True)
