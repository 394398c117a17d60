"""审批 on the desk: a chain is set up, steps are written down, two people meet, and who may not stays out."""

from dataclasses import replace
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from intake.domain.approval import ApprovalDecision
from intake.domain.permission import Role
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.administrators import person_with
from tests.factories.approvals import PASSED, SKIPPED, approval_row, gone_through, plan_of, recorded, recording, steps_of
from tests.factories.releases import pooled_topic, street_staff
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import clean_attachments

FIELDS = {"passed_body": "区政协办公室", "passed_day": "2026-11-03", "passed_number": "", "passed_minutes": ""}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def test_a_step_is_written_down_sent_back_skipped_and_taken_back_on_the_page(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    page = f"/d/approvals/plan/{plan_id}"
    assert "已完成 0 步，共 6 步" in words_of(jing.get(page))
    html = jing.get(page).get_data(as_text=True)
    held = {name: hidden(html, name) for name in ("csrf_token", "step", "seen", "back")}
    data = {**held, **FIELDS, "decision": "passed"}
    assert words_of(jing.press(page, page, **FIELDS)).count("已完成 1 步，共 6 步") == 1
    # The same form again is somebody's stale screen: what was typed is still there.
    stale = jing.client.post(page, data={**data, "passed_minutes": "大家同意征题方案"})
    assert (stale.status_code, "大家同意征题方案" in stale.get_data(as_text=True)) == (409, True)
    assert "刚刚有人登记过" in words_of(stale)
    wrong = jing.press(page, page, **{**FIELDS, "passed_day": "2026-12-01", "passed_minutes": "要点"})
    assert (wrong.status_code, "不能晚于今天" in words_of(wrong)) == (422, True)
    first = steps_of(wiring)[0].id
    back_to = {"sent_back_body": "主席会议", "sent_back_day": "2026-11-03", "sent_back_back_to": str(first), "sent_back_words": "题目太大"}
    again = jing.press(page, page, decision="sent_back", **back_to)
    assert "退回到“征集议题”：题目太大" in words_of(again)
    skipped = jing.press(
        page, page, decision="skipped", skipped_authority="主席 陈启明", skipped_day="2026-11-03", skipped_words="去年已征"
    )
    assert "主席 陈启明批准跳过：去年已征" in words_of(skipped)
    back = jing.press(page, "/undo")
    assert "已撤销" in words_of(back)
    assert "已完成 0 步，共 6 步" in words_of(back)
    # What was sent back by mistake is taken back as well: the steps before it count again.
    assert "当作没有退回过" in words_of(back)
    assert "已完成 1 步，共 6 步" in words_of(jing.press(page, "/undo"))
    jing.press(page, page, decision="sent_back", **back_to)
    listed = words_of(jing.get("/d/approvals"))
    assert "2027年协商计划" in listed
    assert "下一步：征集议题" in listed
    assert "主席 陈启明" in words_of(jing.get("/d/approvals?decision=skipped&subject=plan"))
    assert "还没有审批记录" in words_of(jing.get("/d/approvals?subject=topic"))


def test_a_scan_is_sent_with_the_step_and_opened_when_it_was_checked(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    page = f"/d/approvals/plan/{plan_id}"

    def press(name: str, data: bytes) -> int:
        html = jing.get(page).get_data(as_text=True)
        held = {one: hidden(html, one) for one in ("csrf_token", "step", "seen")}
        form = {**held, **FIELDS, "decision": "passed", "back": "https://elsewhere.example/", "files": (BytesIO(data), name)}
        answer = jing.client.post(page, data=form, content_type="multipart/form-data")
        if answer.status_code == 303:
            assert answer.headers["Location"] == f"{page}#approvals", "led away"
        return answer.status_code

    assert press("纪要.exe", b"MZ" + b"0" * 50) == 422
    large = files.photo(200, 200) + b"\0" * 600_000
    assert press("党组纪要.jpg", large) == 303, "the address takes no file of the size papers have"
    assert "正在检查" in words_of(jing.get(page))
    with jobs_in_this_process(wiring):
        clean_attachments.run()
    approval_id = int(hidden(jing.get(page).get_data(as_text=True), "seen"))
    answer = jing.get(f"/d/approvals/{approval_id}/scan")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert jing.get(f"/d/approvals/{approval_id + 1}/scan").status_code == 404


def test_a_chain_is_adopted_and_changed_without_script(jing: Person, wiring: Wiring, town: Town) -> None:
    page = "/d/approvals/chain/plan"
    assert "本区还没有改过" in words_of(jing.get(page))
    assert "已采用" in words_of(jing.press(page, "/adopt"))
    step = {"kind": "other", "name": "专家论证", "body": "专家组", "needs_minutes": "1"}
    assert "专家论证" in words_of(jing.press(page, "/steps", **step))
    twice = jing.press(page, "/steps", **step)
    assert (twice.status_code, "已经有一步叫" in words_of(twice)) == (422, True)
    added = steps_of(wiring)[-1]
    assert added.needs_minutes
    assert "顺序已改" in words_of(jing.press(page, f"/steps/{added.id}/move", to="up"))
    assert [one.name for one in steps_of(wiring)][-2:] == ["专家论证", "联合印发"]
    edit = f"/d/approvals/steps/{added.id}/edit"
    html = jing.get(edit).get_data(as_text=True)
    held = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version")}
    assert "已保存" in words_of(jing.press(edit, edit, **{**step, "name": "论证会"}))
    stale = jing.client.post(edit, data={**held, **step, "name": "后写的名称"})
    assert (stale.status_code, "后写的名称" in stale.get_data(as_text=True)) == (409, True)
    ending = f"/d/approvals/steps/{added.id}/end"
    assert ending in jing.get(page).get_data(as_text=True)
    assert "已停用" in words_of(jing.press(ending, ending, authority="区政协主席 陈启明", reason="并入主席会议。"))
    assert "论证会" not in words_of(jing.get(page))
    assert jing.client.post(f"/d/approvals/steps/{added.id}/move", data={**held, "to": "up"}).status_code == 409


def test_who_may_not_stays_out_of_every_page(client: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id, topic_id = plan_of(wiring, town), pooled_topic(wiring, town)
    approval_id = gone_through(wiring, town, plan_id, steps=1)[0]
    step_id = steps_of(wiring)[0].id
    pages = (
        "/d/approvals", "/d/approvals/chain/plan", f"/d/approvals/plan/{plan_id}", f"/d/approvals/topic/{topic_id}",
        f"/d/approvals/steps/{step_id}/edit", f"/d/approvals/steps/{step_id}/end", f"/d/approvals/{approval_id}/scan",
    )  # fmt: skip
    posts = (
        "/d/approvals/chain/plan/adopt", "/d/approvals/chain/plan/steps", f"/d/approvals/plan/{plan_id}", f"/d/approvals/{approval_id}/undo",
        f"/d/approvals/steps/{step_id}/edit", f"/d/approvals/steps/{step_id}/move", f"/d/approvals/steps/{step_id}/end",
    )  # fmt: skip
    person_with(wiring, "chenqm", "陈启明", (Role.CHAIR, town.district_id))
    street_staff(wiring, "丰山街道", "xiaolin")
    right = {"kind": "other", "name": "x", "version": "1", "to": "up", "step": str(step_id), "seen": "0", "decision": "passed", **FIELDS}
    for login, found in (("zhou", {403}), ("chenqm", {403}), ("chenli", {403}), ("xiaolin", {403}), ("sunyi", {200, 404})):
        person = sign_in(client.application.test_client(), login)
        token = hidden(person.get("/account").get_data(as_text=True), "csrf_token")
        for page in pages:
            assert person.get(page).status_code in found, (login, page)
        if login == "sunyi":
            assert "2027年协商计划" not in words_of(person.get("/d/approvals"))
        for page in posts[2:] if login == "sunyi" else posts:  # the neighbour's own chain is theirs
            assert person.client.post(page, data={**right, "csrf_token": token}).status_code in {403, 404}, (login, page)
    assert approval_row(wiring, approval_id).undone_at is None


def test_the_pages_cost_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    plan_id = plan_of(wiring, town)
    recorded(wiring, recording(wiring, town.jing_id, plan_id))
    shown = "2027年协商计划"
    one = [cost(wiring, jing, page, shown) for page in ("/d/approvals", f"/d/approvals/plan/{plan_id}")]
    for _round in range(10):
        recorded(wiring, recording(wiring, town.jing_id, plan_id), SKIPPED)
        step = steps_of(wiring)[1].id
        back = replace(PASSED, decision=ApprovalDecision.SENT_BACK, words="再议", back_to_id=step)
        recorded(wiring, recording(wiring, town.jing_id, plan_id), back)
    for year in range(2028, 2033):
        recorded(wiring, recording(wiring, town.jing_id, plan_of(wiring, town, year=year)))
    assert [cost(wiring, jing, page, shown) for page in ("/d/approvals", f"/d/approvals/plan/{plan_id}")] == one


def test_a_pooled_topic_shows_its_path_and_leads_back_to_itself(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    page = f"/d/topics/{topic_id}"
    assert "登记“征集议题”" in words_of(jing.get(page))
    done = jing.press(page, f"/d/approvals/topic/{topic_id}", **FIELDS)
    assert done.request.path == page
    assert "已完成 1 步，共 6 步" in words_of(done)
    assert "登记“座谈协商”" in words_of(jing.get(f"/d/approvals/topic/{topic_id}"))
