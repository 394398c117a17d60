"""社情民意信息 on the desk: from topics to a bulletin that was taken up, by those who may (row K1)."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from urllib.parse import unquote

import pypdfium2
import pytest
from docx import Document
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from intake.domain.bulletin import AdoptionLevel, BulletinState
from intake.domain.bulletin_text import TO_WRITE
from intake.domain.errors import Conflict
from intake.domain.reassignment import ReassignmentKind
from intake.models import AuditEntry, Bulletin, Reassignment, Submission
from intake.services.bulletin import draft_bulletin, edit_bulletin, send_bulletin
from intake.services.submission_withdraw import withdraw
from intake.services.topic_decision import lock_topics
from intake.wiring import Wiring
from tests.factories.bulletins import (
    TEXT,
    TITLE,
    TODAY,
    bulletin_row,
    drafted_bulletin,
    editing,
    sent_up,
    signed,
    taken_up_at,
    written,
)
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once, wait_until_somebody_waits
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

LAMP, DARK = "幸福里二排的路灯坏了一个月，老人晚上不敢出门", "孩子下晚自习回来要打手电筒照路"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


@pytest.fixture
def lamps(wiring: Wiring, town: Town) -> tuple[int, int, int]:
    """A topic before staff with two residents' words: its id, and the two messages'."""
    first, second = told(wiring, town.longchi_code, LAMP), told(wiring, town.longchi_code, DARK)
    topic_id = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯不亮", first, second))
    return topic_id, first.submission_id, second.submission_id


def test_a_bulletin_is_drafted_written_signed_sent_and_taken_up(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    page = words_of(jing.get(f"/d/bulletins/new?topic={topic_id}&topic={topic_id}"))
    assert "写哪些议题 1 个" in page
    made = words_of(jing.press(f"/d/bulletins/new?topic={topic_id}", "/d/bulletins/new", topic=str(topic_id)))
    assert "起草好了" in made
    assert "1件来件反映同一件事" in made
    assert "“幸福里第0排路灯一直不亮，晚上看不见路”（龙池社区，2026年11月3日）" in made
    with wiring.sessions() as session:
        bulletin_id = session.query(AuditEntry).filter_by(action="bulletin.draft").one().entity_id
    path = f"/d/bulletins/{bulletin_id}"
    early = jing.press(path, "/sign", signer="郑主席", signed_on="2026-11-03")
    assert (early.status_code, "正文还有 2 处没有补写" in words_of(early)) == (422, True)
    assert 'value="郑主席"' in early.get_data(as_text=True), "what was typed was lost"
    long = jing.press(f"{path}/edit", "/edit", title=TITLE, text="灯" * 6001)
    assert (long.status_code, "多了 1 个" in words_of(long)) == (422, True)
    assert "已保存" in words_of(jing.press(f"{path}/edit", "/edit", title=TITLE, text=TEXT))
    for day, why in (("", "请填写签发日期"), ("2026-11-04", "不能晚于今天")):
        wrong = jing.press(path, "/sign", signer="郑主席", signed_on=day)
        assert (wrong.status_code, why in words_of(wrong)) == (422, True)
    assert "已登记签发" in words_of(jing.press(path, "/sign", signer="郑主席", signed_on="2026-11-03"))
    assert jing.client.get(f"{path}/edit").status_code == 303, "a signed text isn't edited"
    before = jing.press(path, "/send", addressed_to="市政协办公室", sent_on="2026-11-02")
    assert (before.status_code, "不早于签发" in words_of(before)) == (422, True)
    assert "已登记报送" in words_of(jing.press(path, "/send", addressed_to="市政协办公室", sent_on="2026-11-03", issue_number="第 12 期"))
    facts = {"level": "city", "kind": "adopted", "body": "市政协", "adopted_on": "2026-11-03"}
    assert "已登记采用" in words_of(jing.press(path, "/adoptions", **facts))
    again = jing.press(path, "/adoptions", **facts)
    assert (again.status_code, "已经登记过" in words_of(again)) == (409, True)
    listed = words_of(jing.get("/d/bulletins?state=sent&year=2026&q=第 12 期"))
    assert TITLE in listed
    assert "任何一级 1 / 1 区级 0 / 1 市级 1 / 1 省级 0 / 1 全国 0 / 1" in listed
    assert "这里还没有信息" in words_of(jing.get("/d/bulletins?year=2025"))
    assert TITLE in words_of(jing.get("/d/conversions?kind=bulletin"))
    undone = words_of(jing.press(path, "/take-back"))
    assert "已撤回那一条" in undone
    assert "任何一级 0 / 1" in words_of(jing.get("/d/bulletins"))


def test_several_topics_stand_in_one_text_each_under_its_name(wiring: Wiring, town: Town, lamps: tuple[int, int, int]) -> None:
    other = pooled_topic(wiring, town, title="丰山路口没有斑马线")
    begun = bulletin_row(wiring, drafted_bulletin(wiring, town, lamps[0], other)).text
    assert begun.count("（一）幸福里路灯不亮") == begun.count("（二）丰山路口没有斑马线") == 4
    assert begun.count(TO_WRITE) == 4


def test_a_long_beginning_is_cut_by_people_and_not_signed_before(
    jing: Person, wiring: Wiring, town: Town, lamps: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.services.bulletin.TEXT_MAX", 150)
    bulletin_id = drafted_bulletin(wiring, town, lamps[0])
    begun = bulletin_row(wiring, bulletin_id).text
    assert begun.endswith("建议由谁、怎么办】"), "the last part was lost"
    with wiring.sessions.begin() as session:
        session.get_one(Bulletin, bulletin_id).text = begun.replace(TO_WRITE, "")
    refused = jing.press(f"/d/bulletins/{bulletin_id}", "/sign", signer="郑主席", signed_on="2026-11-03")
    assert (refused.status_code, "请改短再登记签发" in words_of(refused)) == (422, True)


def test_topics_are_locked_before_a_bulletin_and_in_the_order_of_everybody(wiring: Wiring, town: Town, lamps: tuple[int, int, int]) -> None:
    """Who waits for the first topic holds nothing else, so that whoever has that one gets the rest."""
    later = pooled_topic(wiring, town)
    bulletin_id = signed(wiring, town, written(wiring, town, drafted_bulletin(wiring, town, lamps[0])))
    held = editing(wiring, town.jing_id, bulletin_id)
    assert later > lamps[0]

    def send(session: Session) -> None:
        send_bulletin(session, held, addressed_to="市政协办公室", sent_on=TODAY, issue_number="")

    def draft(session: Session) -> None:
        draft_bulletin(session, actor=actor(session, town.jing_id), topic_ids=[later, lamps[0]], at=wiring.clock.now())

    for act, rest in ((draft, f"topics WHERE id = {later}"), (send, f"bulletins WHERE id = {bulletin_id}")):
        with ThreadPoolExecutor(1) as pool, wiring.sessions() as screening:
            lock_topics(screening, [lamps[0]])
            writing = pool.submit(at_once, wiring, act)
            wait_until_somebody_waits(wiring)
            screening.execute(text(f"SELECT id FROM {rest} FOR UPDATE NOWAIT"))
            screening.rollback()
            assert writing.result() == [None]


def test_words_taken_back_or_stepped_back_from_stand_in_no_new_draft(wiring: Wiring, town: Town, lamps: tuple[int, int, int]) -> None:
    topic_id, first, second = lamps
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=first, at=wiring.clock.now())
        session.add(
            Reassignment(
                district_id=town.district_id,
                submission_id=second,
                kind=ReassignmentKind.RECUSE,
                from_user_id=town.jing_id,
                to_user_id=town.laozhou_id,
                words="",
                at=wiring.clock.now(),
            )
        )
    row = bulletin_row(wiring, drafted_bulletin(wiring, town, topic_id))
    assert (LAMP in row.text, DARK in row.text, row.quoted) == (False, False, [])


def test_words_taken_back_later_are_pointed_out_until_they_are_out_of_the_text(
    jing: Person, wiring: Wiring, town: Town, lamps: tuple[int, int, int]
) -> None:
    topic_id, first, second = lamps
    bulletin_id = drafted_bulletin(wiring, town, topic_id)
    quoting = f"{TEXT}\n居民说：“{LAMP}”\n居民说：“{DARK}”"
    written(wiring, town, bulletin_id, text=quoting)
    assert bulletin_row(wiring, bulletin_id).quoted == [first, second]
    assert "居民后来撤回了" not in words_of(jing.get(f"/d/bulletins/{bulletin_id}"))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=first, at=wiring.clock.now())
    page = words_of(jing.get(f"/d/bulletins/{bulletin_id}"))
    assert "引用的 1 件来件，居民后来撤回了" in page
    assert "“幸福里二排的路灯坏了一个月”" in page
    refused = jing.press(f"/d/bulletins/{bulletin_id}", "/sign", signer="郑主席", signed_on="2026-11-03")
    assert (refused.status_code, "居民已经撤回" in words_of(refused)) == (422, True)
    # The words themselves are erased after thirty days: then only a person can tell.
    with wiring.sessions.begin() as session:
        session.get_one(Submission, first).text_masked = ""
    path = f"/d/bulletins/{bulletin_id}/edit"
    assert "有一件的原话已经清除" in words_of(jing.get(path))
    half = f"{TEXT}\n居民说：“{DARK}”"
    assert "有一件的原话已经清除" in words_of(jing.press(path, "/edit", title=TITLE, text=half))
    assert "居民后来撤回了" not in words_of(jing.press(path, "/edit", title=TITLE, text=half, taken_out="1"))
    assert bulletin_row(wiring, bulletin_id).quoted == [second]
    signed(wiring, town, bulletin_id)
    assert bulletin_row(wiring, bulletin_id).state is BulletinState.SIGNED


def test_personal_data_is_pointed_out_and_looked_at_before_it_is_signed(jing: Person, wiring: Wiring, town: Town) -> None:
    bulletin_id = written(wiring, town, drafted_bulletin(wiring, town, pooled_topic(wiring, town)), text=f"{TEXT}请联系 13800000021。")
    page = f"/d/bulletins/{bulletin_id}"
    assert "手机号：13800000021" in words_of(jing.get(page)).replace(" ", "")
    refused = jing.press(page, "/sign", signer="郑主席", signed_on="2026-11-03")
    assert (refused.status_code, "像是有个人信息" in words_of(refused)) == (422, True)
    assert "已登记签发" in words_of(jing.press(page, "/sign", signer="郑主席", signed_on="2026-11-03", looked="1"))
    redrafted = words_of(jing.press(page, "/redraft"))
    assert "原来登记的签发人和日期已去掉" in redrafted
    assert bulletin_row(wiring, bulletin_id).signer == ""
    assert "这一份不发了" in words_of(jing.press(page, "/abandon"))
    assert bulletin_row(wiring, bulletin_id).state is BulletinState.ABANDONED


def test_two_at_once_the_second_reads_what_the_first_wrote_and_keeps_her_words(jing: Person, wiring: Wiring, town: Town) -> None:
    bulletin_id = written(wiring, town, drafted_bulletin(wiring, town, pooled_topic(wiring, town)))
    path = f"/d/bulletins/{bulletin_id}/edit"
    html = jing.get(path).get_data(as_text=True)
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    stale = html.split('name="version" value="')[1].split('"')[0]
    written(wiring, town, bulletin_id, text="一、别人写的")
    answer = jing.client.post(path, data={"csrf_token": token, "version": stale, "title": "我的标题", "text": "我写的正文"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert all(words in page for words in ("我的标题", "我写的正文", "一、别人写的"))
    held = editing(wiring, town.jing_id, bulletin_id)
    signed(wiring, town, bulletin_id)
    with wiring.sessions.begin() as session, pytest.raises(Conflict):
        edit_bulletin(session, held, title=TITLE, text=TEXT, taken_out=False)


def test_the_files_are_drafts_under_their_chinese_name_and_leave_a_row(jing: Person, wiring: Wiring, town: Town) -> None:
    bulletin_id = sent_up(wiring, town, pooled_topic(wiring, town))
    files = {ending: jing.get(f"/d/bulletins/{bulletin_id}/paper.{ending}") for ending in ("docx", "pdf")}
    for ending, answer in files.items():
        assert unquote(answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]) == f"{TITLE}-稿.{ending}"
        assert answer.headers["Cache-Control"] == "no-store"
        assert jing.get(f"/d/bulletins/{bulletin_id}/paper.{ending}").data == answer.data
    lines = [one.text for one in Document(BytesIO(files["docx"].data)).paragraphs]
    assert {"稿", TITLE, "一、基本情况", "线路老化。"} <= set(lines)
    assert "郑主席" not in "".join(lines), "signer and number are given on paper"
    assert "线路老化" in pypdfium2.PdfDocument(files["pdf"].data)[0].get_textpage().get_text_range()
    assert jing.get(f"/d/bulletins/{bulletin_id}/paper.xlsx").status_code == 404
    with wiring.sessions() as session:
        taken = session.query(AuditEntry).filter_by(action="bulletin.export", entity_id=bulletin_id).all()
    assert sorted(one.detail["format"] for one in taken) == ["docx", "docx", "pdf", "pdf"]


def test_what_is_not_before_staff_yet_or_is_anothers_is_not_drawn_from(jing: Person, wiring: Wiring, town: Town) -> None:
    candidate = topic_of(wiring, town.zhou_id, "还没提交", told(wiring, town.longchi_code, LAMP))
    assert jing.get(f"/d/bulletins/new?topic={candidate}").status_code == 404
    assert "还没提交" not in words_of(jing.get("/d/bulletins/new"))
    none = jing.press("/d/bulletins/new?topic=" + str(pooled_topic(wiring, town)), "/d/bulletins/new", topic="x")
    assert (none.status_code, "请先选一个或几个议题" in words_of(none)) == (422, True)


@pytest.mark.parametrize("login", ["zhou", "chenli", "gaoqiang", "fangmin", "hemiao", "fengshan", "sunyi"])
def test_others_neither_read_nor_write(client: FlaskClient, wiring: Wiring, town: Town, login: str) -> None:
    topic_id = pooled_topic(wiring, town)
    bulletin_id = sent_up(wiring, town, topic_id)
    adoption_id = taken_up_at(wiring, town, bulletin_id, AdoptionLevel.CITY)
    user_id = street_staff(wiring, "丰山街道", "fengshan") if login == "fengshan" else 0
    person = sign_in(client, login)
    foreign = 404 if login == "sunyi" else 403
    for path in (f"/d/bulletins/new?topic={topic_id}", f"/d/bulletins/{bulletin_id}", f"/d/bulletins/{bulletin_id}/paper.pdf"):
        assert person.get(path).status_code == foreign
    listing = person.get("/d/bulletins")
    assert TITLE not in listing.get_data(as_text=True)
    assert listing.status_code == (200 if login == "sunyi" else 403)
    token = person.get("/account").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    answer = person.client.post(f"/d/bulletins/adoptions/{adoption_id}/take-back", data={"csrf_token": token})
    assert answer.status_code == foreign
    if user_id:  # the service refuses too, whoever calls it
        with wiring.sessions.begin() as session, pytest.raises(Exception, match="负责全区"):
            draft_bulletin(session, actor=actor(session, user_id), topic_ids=[topic_id], at=wiring.clock.now())


def test_the_index_costs_the_same_for_one_and_for_a_page(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    sent_up(wiring, town, topic_id, title="第 0 份")
    one = cost(wiring, jing, "/d/bulletins", "第 0 份")
    for number in range(1, 32):
        written(wiring, town, drafted_bulletin(wiring, town, topic_id), title=f"第 {number} 份")
    assert cost(wiring, jing, "/d/bulletins", "第 31 份") == one <= 9
    first = jing.get("/d/bulletins").get_data(as_text=True)
    assert ("第 2 份" in first, "第 1 份" in first) == (True, False)
    after = first.split("/d/bulletins?after=")[1].split('"')[0]
    assert "第 1 份" in jing.get(f"/d/bulletins?after={after}").get_data(as_text=True)
