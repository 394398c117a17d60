"""审计 as a page: found by every filter, never with a resident's words, checked in pieces, taken along as a file that holds no formula."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import insert

from intake.domain.actor import MACHINE, ActorKind
from intake.domain.permission import Permission, Role
from intake.models import Area, AuditEntry, AuditLink, User
from intake.queries.audit_page import WORDS as WORDS_OF_ACTS
from intake.services import audit_check
from intake.services.audit import link_new_entries, record
from intake.services.contact_reveal import reveal_contact
from intake.services.person import grant_role
from intake.web.guard import requires
from intake.wiring import Wiring
from tests.factories.administrators import person_with, street_administrator
from tests.factories.clock import TestClock
from tests.factories.everything import Everything
from tests.factories.matters import told
from tests.factories.releases import pooled_topic
from tests.factories.town import Town, actor
from tests.integration.test_audit_chain import tamper
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

WORDS = "张大爷家水管漏了半个月"


@pytest.fixture
def li(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员."""
    return sign_in(client, "chenli")


@pytest.fixture
def seen(wiring: Wiring, town: Town, clock: TestClock) -> str:
    """王静 looked at a resident's contact, a day after a topic was taken into the pool; the receipt's number."""
    pooled_topic(wiring, town)
    clock.forward(days=1)
    stored = told(wiring, town.longchi_code, WORDS, contact="13800000021")
    with wiring.sessions.begin() as session:
        staff = actor(session, town.jing_id)
        reveal_contact(
            session, vault=wiring.vault, actor=staff, submission_id=stored.submission_id, reason="ask_detail", at=wiring.clock.now()
        )
    return stored.receipt_number


def rows_of(person: Person, query: str) -> list[list[str]]:
    """The file's rows without its head."""
    raw = person.get(f"/d/audit/export.csv{query}").get_data(as_text=True)
    return list(csv.reader(io.StringIO(raw.lstrip("\ufeff"))))[1:]


def test_acts_are_found_by_person_kind_act_thing_and_day(seen: str, li: Person, wiring: Wiring, town: Town) -> None:
    page = words_of(li.get("/d/audit"))
    assert "看了居民的联系方式 contact.reveal" in page
    assert f"来件 {seen}" in page
    assert "理由代码：ask_detail" in page.replace("： ", "：")
    assert (WORDS in page, "13800000021" in page) == (False, False)
    # Which query finds the look at the contact, and which the topic's way into the pool.
    for query, looked, pooled in (
        ("?kind=saw", True, False),
        ("?kind=took", False, False),
        ("?act=topic.approve", False, True),
        ("?who=王静", True, True),
        (f"?person={town.jing_id}&act=contact.reveal", True, False),
        (f"?person={town.zhou_id}", False, False),
        (f"?noun=submission&number={seen.lower()}", True, False),
        ("?noun=topic&number=1", False, True),
        ("?first=2026-11-04", True, False),
        ("?last=2026-11-03", False, True),
        ("?kind=saw&first=2026-11-05", False, False),
    ):
        table = li.get(f"/d/audit{query}").get_data(as_text=True).partition("<tbody>")[2]
        assert (">contact.reveal<" in table, ">topic.approve<" in table) == (looked, pooled), query
    assert "没有这个人" in words_of(li.get("/d/audit?who=没有的人"))
    assert "哪一位" in words_of(li.get("/d/audit?who=周")), "周明远 and 老周"
    for query, why in (("?noun=topic", "请再填编号"), ("?number=3", "再选是哪一种"), ("?noun=topic&number=不存在", "没有编号是")):
        refused = li.get(f"/d/audit{query}")
        assert (refused.status_code, why in words_of(refused)) == (422, True)
    for query in ("?last=9999-12-31", "?first=0001-01-01"):
        assert "contact.reveal" in li.get(f"/d/audit{query}").get_data(as_text=True).partition("<tbody>")[2], query
    for path in ("/d/audit", "/d/audit/export.csv"):
        assert li.client.head(path).status_code == 200, "who asks for the head alone"
    assert li.get("/d/audit?act=' or 1&person=x&after=9_9_9&first=x&kind=zz").status_code == 200


def test_looking_and_taking_along_leave_rows_of_their_own(seen: str, li: Person, wiring: Wiring, town: Town) -> None:
    li.get(f"/d/audit?kind=saw&person={town.jing_id}")
    rows = rows_of(li, "?kind=saw&last=2026-11-04")
    assert rows[-1] == [f"以上 {len(rows) - 1} 行，导出完毕。"]
    with wiring.sessions() as session:
        looked = session.query(AuditEntry).filter_by(action="audit.view", actor_id=town.li_id).one()
        taken = session.query(AuditEntry).filter_by(action="audit.export", actor_id=town.li_id).one()
    assert looked.detail == {"kind": "saw", "person": town.jing_id}
    assert taken.detail == {"kind": "saw", "last": "2026-11-04"}
    assert "看了审计记录" in words_of(li.get("/d/audit"))


def test_marks_stand_as_words_and_numbers_and_every_detail_has_its_name(li: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        who, marks = actor(session, town.jing_id), {"remit": 2, "people": 3}
        at, of = wiring.clock.now(), town.district_id
        record(session, actor=who, district_id=of, action="topic.mark", noun="topic", entity_id=1, at=at, marks=marks, what="edition 2")
    said = words_of(li.get("/d/audit"))
    assert "打分：people 3, remit 2" in said
    assert "哪一种：edition 2" in said


def test_things_lead_to_their_page_for_whoever_may_open_it(client: FlaskClient, wiring: Wiring, town: Town, seen: str) -> None:
    person_with(wiring, "shen", "沈审", (Role.AUDITOR, town.district_id))
    auditor = sign_in(client, "shen").get("/d/audit").get_data(as_text=True).partition("<tbody>")[2]
    assert ("登录" in auditor, 'href="/d/' in auditor.partition("</tbody>")[0]) == (True, False)
    administrator = sign_in(client.application.test_client(), "chenli").get("/d/audit").get_data(as_text=True)
    assert f'href="/d/people/{town.jing_id}"' in administrator
    assert 'href="/d/submissions/' not in administrator, "an administrator reads no message"


def test_the_file_is_cut_with_a_sentence_and_holds_no_formula(
    li: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, row = wiring.clock.now(), {"district_id": town.district_id, "actor_kind": ActorKind.MACHINE, "noun": "=1+1", "entity_id": 1}
    with wiring.sessions.begin() as session:
        session.execute(
            insert(AuditEntry),
            [{**row, "at": at + timedelta(seconds=n), "action": "=cmd|' /C calc'!A0", "detail": {"@x": "+1"}} for n in range(9)],
        )
    assert rows_of(li, "")[0][3:8] == ["'=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", "'=1+1", "1", ""]
    for name in ("intake.queries.audit_page", "intake.web.district.audit_page"):
        monkeypatch.setattr(f"{name}.EXPORT_MOST", 5)
    monkeypatch.setattr("intake.queries.audit_page._CHUNK", 2)
    cut = rows_of(li, "")
    assert (len(cut), cut[-1]) == (6, ["只导出最近的 5 行，更早的请按日期分几次导出。"])


def checked(person: Person) -> str:
    """What the page says once the check went to its end, piece by piece as without script."""
    html = person.press("/d/audit/check", "/d/audit/check").get_data(as_text=True)
    for _piece in range(50):
        if "继续核对" not in html:
            return html
        form = {"csrf_token": hidden(html, "csrf_token"), "mark": hidden(html, "mark")}
        html = person.client.post("/d/audit/check", data=form, follow_redirects=True).get_data(as_text=True)
    raise AssertionError("it never ended")


def test_the_chain_is_checked_in_pieces_and_a_changed_row_is_found(
    li: Person, wiring: Wiring, town: Town, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_check, "AT_ONCE", 4)
    with wiring.sessions.begin() as session:
        while link_new_entries(session, limit=100):
            pass
    with wiring.sessions() as session:
        links = [one.id for one in session.query(AuditLink).order_by(AuditLink.id)]
    assert len(links) > 9
    assert f"链是完整的，{len(links)} 环都对得上" in checked(li)
    tamper(database, "UPDATE audit_entries SET action = 'nothing' WHERE id = (SELECT entry_id FROM audit_links WHERE id = %s)", links[6])
    broken = checked(li)
    assert f"链在第 {links[6]} 环断开" in broken
    with wiring.sessions() as session:
        results = session.query(AuditEntry).filter_by(action="audit.verify").order_by(AuditEntry.id).all()
    assert [one.detail["broken"] for one in results] == [None, links[6]]


def test_a_check_is_not_begun_in_the_middle_nor_gone_on_with_another_day(
    li: Person, client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    person_with(wiring, "shen", "沈审", (Role.AUDITOR, town.district_id))
    other = sign_in(client.application.test_client(), "shen")
    progress = audit_check.Progress(7, 7, None, ended=False)
    theirs = audit_check.issue_mark(wiring.vault, progress, user_id=town.li_id, at=wiring.clock.now())
    token = hidden(other.get("/d/audit/check").get_data(as_text=True), "csrf_token")
    for mark in ("AAAA", theirs, theirs[:-3] + "AAA", "é"):
        refused = other.client.post("/d/audit/check", data={"csrf_token": token, "mark": mark})
        assert (refused.status_code, "从头" in words_of(refused)) == (410, True)
    assert li.get(f"/d/audit/check?mark={theirs}").status_code == 200
    # What was looked at yesterday may have been changed since.
    clock.forward(minutes=audit_check.MARK_MINUTES + 1)
    late = li.get(f"/d/audit/check?mark={theirs}")
    assert (late.status_code, "停得太久" in words_of(late)) == (410, True)


@pytest.mark.parametrize("login", ["wangjing", "zhou", "fangmin", "guning", "sunyi"])
def test_others_read_nothing(client: FlaskClient, wiring: Wiring, town: Town, seen: str, login: str) -> None:
    if login == "guning":
        street_administrator(wiring, town.street_id)
    person = sign_in(client, login)
    for path in ("/d/audit", "/d/audit/export.csv", "/d/audit/check"):
        answer = person.get(path)
        assert (answer.status_code, seen in answer.get_data(as_text=True)) == (403, False)


def test_an_auditor_next_door_sees_his_own_districts_acts_alone(client: FlaskClient, wiring: Wiring, town: Town, seen: str) -> None:
    with wiring.sessions() as session:
        home = actor(session, town.stranger_id).district_id
    assert home is not None
    with wiring.sessions.begin() as session:
        who, area = session.get_one(User, town.stranger_id), session.get_one(Area, home)
        grant_role(session, actor=MACHINE, user=who, role=Role.AUDITOR, area=area, at=wiring.clock.now())
    sun = sign_in(client, "sunyi")
    table = sun.get("/d/audit").get_data(as_text=True)
    assert ("孙一" in table, seen in table, "contact.reveal" in table.partition("<tbody>")[2]) == (True, False, False)
    assert "没有编号是" in words_of(sun.get(f"/d/audit?noun=submission&number={seen}"))
    assert all("contact.reveal" not in row for row in rows_of(sun, ""))


def test_a_page_costs_the_same_for_few_acts_and_for_many(seen: str, li: Person, wiring: Wiring, town: Town) -> None:
    one = cost(wiring, li, "/d/audit?kind=saw", "contact.reveal")
    row = {"district_id": town.district_id, "actor_kind": ActorKind.PERSON, "actor_id": town.jing_id, "noun": "topic", "detail": {}}
    with wiring.sessions.begin() as session:
        acts = [{**row, "at": wiring.clock.now(), "action": "contact.reveal", "entity_id": 1} for _ in range(60)]
        session.execute(insert(AuditEntry), acts)
    assert cost(wiring, li, "/d/audit?kind=saw", "contact.reveal") == one <= 11
    first = li.get("/d/audit?act=contact.reveal").get_data(as_text=True)
    after = first.partition("after=")[2].partition('"')[0].partition("&")[0]
    second = li.get(f"/d/audit?act=contact.reveal&after={after}").get_data(as_text=True)
    assert second.partition("<tbody>")[2].count("<tr>") == 11


# What somebody takes along or looks at by itself, and the act that the audit tells of it. That no route is missing: tests/taken_along.py.
TAKEN = {
    "/d/points/{intake_points}/code.png": ("point_code.export", "intake_points"),
    "/d/campaigns/{campaigns}/code.png": ("campaign_code.export", "campaigns"),
    "/d/campaigns/{campaigns}/funnel.csv": ("campaign.export", "campaigns"),
    "/files/{attachments}": ("attachment.view", "attachments"),
    "/said/{submission_files}": ("photo.view", "submission_files"),
    "/d/photos/{submission_files}/whole": ("photo.view_whole", "submission_files"),
    "/d/approvals/{approvals}/scan": ("approval.view_scan", "approvals"),
    "/worker/slips/{paper_slips}.pdf": ("slip.export", "paper_slips"),
    "/m/year/2026/record.xlsx": ("ledger.export", "own"),
}


def test_who_takes_a_file_along_or_opens_one_stands_in_the_audit(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    all_ = Everything(wiring, town)
    ids = {table: all_.id_of(table) for _act, table in TAKEN.values() if table != "own"}
    own = person_with(wiring, "linxiao", "林晓", *((role, town.district_id) for role in Role))
    person = sign_in(client, "linxiao")
    for path, (act, table) in TAKEN.items():
        answer = person.client.get(path.format(**ids))
        assert answer.status_code == 200, path
        with wiring.sessions() as session:
            newest = session.query(AuditEntry).filter_by(actor_id=own).order_by(AuditEntry.id.desc()).first()
        assert newest is not None
        assert (newest.action, newest.entity_id) == (act, ids.get(table, own)), path
        assert act in WORDS_OF_ACTS
    for path in ("/files/{attachments}?small=1", "/said/{submission_files}?small=1"):
        before = _rows_of(wiring, own)
        assert person.client.get(path.format(**ids)).mimetype == "image/jpeg"
        assert _rows_of(wiring, own) == before, "a picture in a page is no act of its own"


def _rows_of(wiring: Wiring, user_id: int) -> int:
    with wiring.sessions() as session:
        return session.query(AuditEntry).filter_by(actor_id=user_id).count()


def test_a_file_that_nobody_notes_fails_the_test_that_reaches_it(app: Flask, town: Town) -> None:
    def forgotten() -> Response:
        return Response(b"PK", mimetype="application/zip", headers={"Content-Disposition": "attachment"})

    app.add_url_rule("/forgotten.zip", view_func=requires(Permission.SCREEN_VIEW)(forgotten), endpoint="forgotten")
    assert sign_in(app.test_client(), "wangjing").client.get("/forgotten.zip").status_code == 500
