"""一类事上报 on the desk: drafted, edited, exported, sent, answered, told; and who may not stays out."""

from io import BytesIO
from urllib.parse import unquote

import pypdfium2
import pytest
from docx import Document
from flask.testing import FlaskClient

from intake.domain.permission import Role
from intake.domain.upward_report import UpwardBody, UpwardState
from intake.models import AuditEntry, Topic, UpwardReport
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.matters import receipt_path
from tests.factories.releases import street_staff
from tests.factories.town import Town
from tests.factories.upward import ANSWER, SAID, TITLE, class_of, report_answered, report_drafted, report_row
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

PAPER = {"document_number": "云协〔2026〕9号", "signer": "陈启明", "sent_on": "2026-11-03"}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def test_a_class_is_reported_answered_and_everyone_behind_it_reads_the_answer(jing: Person, wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    assert TITLE in words_of(jing.get("/d/upward/new"))
    asked = f"/d/upward/new?topic={class_id}"
    other = jing.press(asked, "/d/upward/new", body="other", body_name="")
    assert (other.status_code, "请写明报给哪个机构" in words_of(other)) == (422, True)
    made = jing.press(asked, "/d/upward/new", body="other", body_name="临江市交通运输局")
    assert "稿子起好了" in words_of(made)
    page = made.request.path
    assert "还有 1 处“【待补…】”要写" in words_of(made)
    early = jing.press(page, "/send", **PAPER)
    assert (early.status_code, "云协〔2026〕9号" in early.get_data(as_text=True)) == (422, True)
    text = "一、反映的情况\n末班车早。\n四、请求事项\n请协调延长末班车，打 13800000001。"
    fields = {"title": "关于末班车的报告", "body": "other", "body_name": "临江市交通运输局"}
    saved = jing.press(f"{page}/edit", "/edit", **fields, text=text)
    assert "像是手机号：13800000001" in words_of(saved)
    long = jing.press(f"{page}/edit", "/edit", **fields, text="字" * 8_001)
    assert (long.status_code, "字" * 8_001 in long.get_data(as_text=True)) == (422, True)
    sent = jing.press(page, "/send", **PAPER)
    assert "已登记上报" in words_of(sent)
    assert jing.get(f"{page}/edit").request.path == page
    assert "答复已登记" in words_of(jing.press(page, "/answer", words=ANSWER, number="临交函〔2026〕4号", answered_on="2026-11-03"))
    resident = words_of(jing.client.application.test_client().get(receipt_path(wiring, said[1])))
    assert ANSWER not in resident
    assert "已告诉" in words_of(jing.press(page, "/tell", told=""))
    for one in said:
        assert ANSWER in words_of(jing.client.application.test_client().get(receipt_path(wiring, one)))
    with wiring.sessions() as session:
        matter = session.get_one(UpwardReport, int(page.rsplit("/", 1)[1])).topic_id
    zhou = sign_in(jing.client.application.test_client(), "zhou")
    assert ANSWER in words_of(zhou.get(f"/m/topics/{matter}"))
    assert "关于末班车的报告" in words_of(jing.get("/d/upward?state=answered&q=云协"))
    assert "这里还没有上报" in words_of(jing.get("/d/upward?q=不存在"))


def test_the_files_are_drafts_that_hold_the_whole_text(jing: Person, wiring: Wiring, town: Town) -> None:
    report_id = report_drafted(wiring, town, class_of(wiring, town)[0])
    title = report_row(wiring, report_id).title
    word, pdf = (jing.get(f"/d/upward/{report_id}/paper.{ending}") for ending in ("docx", "pdf"))
    assert unquote(word.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]) == f"{title}-稿.docx"
    lines = [one.text for one in Document(BytesIO(word.data)).paragraphs]
    read = "".join(one.get_textpage().get_text_range() for one in pypdfium2.PdfDocument(pdf.data)).replace("\r\n", "")
    for words in ("稿", "市政协：", "二、居民怎么说", SAID, "未编文号"):
        assert words in "".join(lines)
        assert words in read
    assert jing.get(f"/d/upward/{report_id}/paper.xlsx").status_code == 404
    with wiring.sessions() as session:
        taken = session.query(AuditEntry).filter_by(action="upward_report.export", entity_id=report_id).order_by(AuditEntry.id)
        assert [one.detail for one in taken] == [{"format": "docx"}, {"format": "pdf"}]


def test_of_two_who_edit_the_second_keeps_their_words(jing: Person, wiring: Wiring, town: Town) -> None:
    report_id = report_drafted(wiring, town, class_of(wiring, town)[0])
    page = f"/d/upward/{report_id}"
    html = jing.get(f"{page}/edit").get_data(as_text=True)
    stale = {
        "csrf_token": hidden(html, "csrf_token"),
        "version": hidden(html, "version"),
        "title": "后写的标题",
        "text": "后写的",
        "body": "government",
    }
    assert "不报了" in words_of(jing.press(page, "/abandon"))
    answer = jing.client.post(f"{page}/edit", data=stale)
    assert (answer.status_code, "后写的标题" in answer.get_data(as_text=True)) == (409, True)
    assert report_row(wiring, report_id).state is UpwardState.ABANDONED


def test_who_saves_too_late_sees_what_the_other_wrote(jing: Person, wiring: Wiring, town: Town) -> None:
    path = f"/d/upward/{report_drafted(wiring, town, class_of(wiring, town)[0])}/edit"
    html = jing.get(path).get_data(as_text=True)
    stale = {name: hidden(html, name) for name in ("csrf_token", "version")}
    assert "已保存" in words_of(jing.press(path, "/edit", title="先写的标题", text="先写的", body="government"))
    late = jing.client.post(path, data={**stale, "title": "后写的标题", "text": "后写的", "body": "government"})
    page = late.get_data(as_text=True)
    assert (late.status_code, all(words in page for words in ("后写的标题", "后写的", "先写的标题", "先写的"))) == (409, True)


def test_who_may_not_stays_out_of_every_page(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    class_id, _said = class_of(wiring, town)
    report_id = report_answered(wiring, town, report_drafted(wiring, town, class_id))
    reads = ("/d/upward", f"/d/upward/{report_id}")
    writes = (f"/d/upward/new?topic={class_id}", f"/d/upward/{report_id}/edit", f"/d/upward/{report_id}/paper.docx")
    posts = (
        "/d/upward/new",
        *(f"/d/upward/{report_id}/{act}" for act in ("edit", "send", "answer", "correct", "supplement", "tell", "abandon")),
    )
    form = {
        "version": "3",
        "topic": str(class_id),
        "body": "government",
        "title": "x",
        "text": "x",
        "words": "x",
        "reason": "x",
        "answered_on": "2026-11-03",
        **PAPER,
    }
    person_with(wiring, "chenqm", "陈启明", (Role.CHAIR, town.district_id))
    street_staff(wiring, "清河街道", "xiaolin")
    for login, may_read in (("zhou", {403}), ("chenli", {403}), ("chenqm", {200}), ("xiaolin", {200, 403}), ("sunyi", {200, 404})):
        person = sign_in(client.application.test_client(), login)
        token = hidden(person.get("/account").get_data(as_text=True), "csrf_token")
        for page in reads:
            assert person.get(page).status_code in may_read, (login, page)
        assert ANSWER not in words_of(person.get("/d/upward"))
        if login == "chenqm":
            assert ANSWER in words_of(person.get(f"/d/upward/{report_id}"))
        for page in writes:
            assert person.get(page).status_code in {403, 404}, (login, page)
        for page in posts:
            assert person.client.post(page, data={**form, "csrf_token": token}).status_code in {403, 404}, (login, page)
    assert report_row(wiring, report_id).version == 4


def test_the_pages_cost_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    class_id, _said = class_of(wiring, town)
    report_id = report_drafted(wiring, town, class_id)
    pages = ("/d/upward", "/d/upward/new", f"/d/upward/{report_id}")
    one = [cost(wiring, jing, page, TITLE) for page in pages]
    with wiring.sessions.begin() as session:
        row = session.get_one(UpwardReport, report_id)
        kept = {
            name: getattr(row, name)
            for name in ("district_id", "topic_id", "title", "text", "state", "state_changed_at", "drafted_by", "created_at")
        }
        session.add_all(UpwardReport(**kept, body=UpwardBody.OTHER, body_name=f"第 {number} 个机构") for number in range(20))
    assert [cost(wiring, jing, page, TITLE) for page in pages] == one


def test_the_class_and_its_matters_show_the_report(jing: Person, wiring: Wiring, town: Town) -> None:
    class_id, _said = class_of(wiring, town)
    page = f"/d/topics/{class_id}"
    assert "还没有上报过" in words_of(jing.get(page))
    assert f'href="/d/upward/new?topic={class_id}"' in jing.get(page).get_data(as_text=True)
    report_answered(wiring, town, report_drafted(wiring, town, class_id))
    with wiring.sessions() as session:
        matter = session.query(Topic).filter_by(class_topic_id=class_id).first()
    assert matter is not None
    for topic_id in (class_id, matter.id):
        assert ANSWER in words_of(jing.get(f"/d/topics/{topic_id}"))


def test_an_answer_is_corrected_then_told_then_added_to_and_every_word_typed_is_kept(jing: Person, wiring: Wiring, town: Town) -> None:
    class_id, said = class_of(wiring, town)
    page = f"/d/upward/{report_answered(wiring, town, report_drafted(wiring, town, class_id))}"
    assert "还没有告诉居民" in words_of(jing.get("/d/upward"))
    right = {"words": "延到二十一点三十分。", "number": "临交函〔2026〕5号", "answered_on": "2026-11-03"}
    no_reason = jing.press(page, "/correct", **right, reason="")
    html = no_reason.get_data(as_text=True)
    assert (no_reason.status_code, "请写明为什么更正" in html, "延到二十一点三十分。" in html) == (422, True, True)
    early = {name: hidden(jing.get(page).get_data(as_text=True), name) for name in ("csrf_token", "version")}
    done = words_of(jing.press(page, "/correct", **right, reason="时间录错了"))
    for words in ("已更正", "更正过：时间录错了", "更正以前登记的", ANSWER, "临交函〔2026〕5号"):
        assert words in done
    late = jing.client.post(f"{page}/correct", data={**early, **right, "words": "我也改了这一句", "reason": "我的理由"})
    html = late.get_data(as_text=True)
    assert (late.status_code, "我也改了这一句" in html, "我的理由" in html) == (409, True, True)
    assert "已告诉" in words_of(jing.press(page, "/tell", told=""))
    assert "还没有告诉居民" not in words_of(jing.get("/d/upward"))
    gone = jing.client.post(f"{page}/tell", data={**early, "told": "已经写好的另一段话"})
    assert (gone.status_code, "已经写好的另一段话" in words_of(gone)) == (409, True)
    assert "/correct" not in jing.get(page).get_data(as_text=True)
    assert "请写下答复里可以转告的内容" in words_of(jing.press(page, "/supplement", **{**right, "words": ""}))
    more = jing.press(page, "/supplement", **{**right, "words": "三条线路再各加一班。"})
    assert "补充答复已登记" in words_of(more)
    assert "已告诉" in words_of(jing.press(page, "/tell", told=""))
    for one in said:
        receipt = words_of(jing.client.application.test_client().get(receipt_path(wiring, one)))
        assert receipt.index("延到二十一点三十分。") < receipt.index("上级又有了补充答复") < receipt.index("三条线路再各加一班。")
        assert ANSWER not in receipt
    at_class = words_of(jing.get(f"/d/topics/{class_id}"))
    assert at_class.index("延到二十一点三十分。") < at_class.index("三条线路再各加一班。")
    trail = words_of(jing.get(page))
    for words in ("更正答复", "登记补充答复", "把补充答复告诉了居民"):
        assert words in trail
