"""Community workers: the sheet for the notice board, and receipts printed again for whoever lost one."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.release import ReleaseKind
from intake.models import AuditEntry
from intake.services import submission_decide as decide
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, told, words_on_receipt
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")


# --- the sheet --------------------------------------------------------------------------------------------------------------------------


def test_a_worker_finds_the_sheet_of_the_own_community(worker: Person) -> None:
    page = words_of(worker.get("/worker/sheet"))
    assert "龙池社区：说的事，有回音" in page
    assert "紫薇社区" not in page


def test_only_what_was_released_stands_on_the_sheet(worker: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = pooled_topic(wiring, town, voices=4)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id))
    drafted(wiring, town, topic_id, title="还没公开的标题", words="还没公开的话。", kind=ReleaseKind.DECISION)
    page = words_of(worker.get("/worker/sheet"))
    assert "幸福里的路灯换好了 市政换了十二盏灯，晚上都亮了。" in page
    assert "4 件来件说过" in page
    for hidden_away in ("还没公开", "幸福里路灯不亮", "幸福里第0排路灯", "ZB-2611"):
        assert hidden_away not in page
    clock.forward(days=31)
    later = sign_in(worker.client.application.test_client(), "wangjie")
    assert "幸福里的路灯换好了" not in words_of(later.get("/worker/sheet"))
    assert "幸福里的路灯换好了" in words_of(later.get("/worker/sheet?days=90"))


def test_small_numbers_are_not_told(worker: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    clock.forward(minutes=1)
    assert "收到 不足 3 件，告诉结果 0 件" in words_of(worker.get("/worker/sheet"))
    for number in range(2):
        told(wiring, town.longchi_code, f"第 {number} 件事")
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经请物业换灯。")
    clock.forward(minutes=2)
    assert "收到 3 件，告诉结果 不足 3 件" in words_of(worker.get("/worker/sheet"))


def test_each_prints_the_sheet_of_the_own_communities_alone(worker: Person, client: FlaskClient, town: Town) -> None:
    assert worker.get(f"/worker/sheet?area={town.ziwei_id}").status_code == 403
    jing = sign_in(client.application.test_client(), "wangjing")
    assert "紫薇社区：说的事，有回音" in words_of(jing.get(f"/worker/sheet?area={town.ziwei_id}&days=7"))
    stranger = sign_in(client.application.test_client(), "sunyi")
    assert stranger.get(f"/worker/sheet?area={town.ziwei_id}").status_code == 403
    assert "没有可以张贴的社区" in words_of(stranger.get("/worker/sheet"))
    zhou = sign_in(client.application.test_client(), "zhou")
    assert zhou.get("/worker/sheet").status_code == 403


def test_the_sheet_costs_the_same_for_one_result_and_for_many(worker: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title="第 0 件结果"))
    one = cost(wiring, worker, "/worker/sheet", "第 0 件结果")
    for number in range(1, 10):
        let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title=f"第 {number} 件结果"))
    assert cost(wiring, worker, "/worker/sheet", "第 9 件结果") == one


# --- a receipt printed again ------------------------------------------------------------------------------------------------------------


def audited(wiring: Wiring) -> list[tuple[int | None, str]]:
    with wiring.sessions() as session:
        rows = session.execute(
            select(AuditEntry.entity_id, AuditEntry.detail["checked"].astext).where(AuditEntry.action == "receipt.reprint")
        )
        return [(entity_id, checked) for entity_id, checked in rows]


def test_a_receipt_is_printed_again_by_its_number_once_the_identity_was_checked(worker: Person, wiring: Wiring, lamp: Stored) -> None:
    refused = worker.press("/worker/receipt", "/worker/receipt", number=lamp.receipt_number)
    assert refused.status_code == 422
    assert "请选怎样核对了本人" in words_of(refused)
    assert lamp.receipt_number in refused.get_data(as_text=True)
    assert words_on_receipt(wiring, lamp) not in words_of(refused)
    assert audited(wiring) == []
    page = words_of(worker.press("/worker/receipt", "/worker/receipt", number=lamp.receipt_number, checked="known"))
    assert words_on_receipt(wiring, lamp) in page
    assert "幸福里 3 号楼路灯坏了" in page
    assert audited(wiring) == [(lamp.submission_id, "known")]


def test_the_whole_contact_and_roughly_the_day_find_it_too(worker: Person, wiring: Wiring, lamp: Stored) -> None:
    page = worker.press("/worker/receipt", "/worker/receipt", contact="13800000021", day="2026-11-10", checked="contact")
    assert words_on_receipt(wiring, lamp) in words_of(page)


# The same ends are not the same number, a month away is not roughly, and a contact alone is not enough.
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"contact": "13899990021", "day": "2026-11-03"}, 404),
        ({"contact": "13800000021", "day": "2026-12-10"}, 404),
        ({"contact": "13800000021"}, 422),
        ({"number": "ZB-2611-000014"}, 422),
        ({}, 422),
    ],
)
def test_what_does_not_fit_is_not_found_and_stays_typed(
    worker: Person, wiring: Wiring, lamp: Stored, fields: dict[str, str], status: int
) -> None:
    page = worker.press("/worker/receipt", "/worker/receipt", checked="contact", **fields)
    assert page.status_code == status
    assert words_on_receipt(wiring, lamp) not in words_of(page)
    assert all(value in page.get_data(as_text=True) for value in fields.values())
    assert audited(wiring) == []


def test_of_several_that_fit_one_is_chosen_by_day_and_none_is_shown_before(
    worker: Person, wiring: Wiring, town: Town, lamp: Stored
) -> None:
    other = told(wiring, town.longchi_code, "垃圾没人收", contact="13800000021")
    page = worker.press("/worker/receipt", "/worker/receipt", contact="13800000021", day="2026-11-03", checked="contact")
    assert "有 2 张对得上" in words_of(page)
    assert words_on_receipt(wiring, other) not in words_of(page)
    html = page.get_data(as_text=True)
    data = {"csrf_token": hidden(html, "csrf_token"), "number": other.receipt_number, "checked": hidden(html, "checked")}
    assert words_on_receipt(wiring, other) in words_of(worker.client.post("/worker/receipt", data=data))
    assert audited(wiring) == [(other.submission_id, "contact")]


def test_another_communitys_receipt_is_printed_there(worker: Person, wiring: Wiring, town: Town) -> None:
    elsewhere = told(wiring, town.ziwei_code, "紫薇路的灯也不亮", contact="13800000022")
    by_number = worker.press("/worker/receipt", "/worker/receipt", number=elsewhere.receipt_number, checked="known")
    by_contact = worker.press("/worker/receipt", "/worker/receipt", contact="13800000022", day="2026-11-03", checked="contact")
    assert (by_number.status_code, by_contact.status_code) == (404, 404)
    assert audited(wiring) == []
    zhou = sign_in(worker.client.application.test_client(), "zhou")
    assert zhou.get("/worker/receipt").status_code == 403


def test_looking_through_everybodys_ends_soon(worker: Person, wiring: Wiring, lamp: Stored) -> None:
    token = hidden(worker.get("/worker/receipt").get_data(as_text=True), "csrf_token")
    for _ in range(40):
        worker.client.post(
            "/worker/receipt", data={"csrf_token": token, "contact": "13811110021", "day": "2026-11-03", "checked": "contact"}
        )
    answer = worker.client.post("/worker/receipt", data={"csrf_token": token, "number": lamp.receipt_number, "checked": "known"})
    assert answer.status_code == 429
    assert audited(wiring) == []
