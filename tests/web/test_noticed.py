"""Before it is sent: the lawful route is told once and never stands in the way, and personal data is pointed out without being said again."""

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from intake.domain.elsewhere import ADVICE, Elsewhere, phones_in
from intake.models import Submission
from intake.wiring import Wiring
from tests.factories.files import photo
from tests.factories.town import Town
from tests.web.pages import hidden, send_sentence, words_of
from tests.web.test_similar import JSON, noticed

WAGES = "工地欠了我三个月工资不给"
FIRE = "3号楼正在着火，快来人"
PHONE = "路灯坏了，打我电话13800000021，我叫张伟"


def stored(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


# Each row: what is written, the route, and the numbers to dial.
@pytest.mark.parametrize(
    ("words", "kind", "phones"),
    [
        pytest.param(FIRE, "fire", ["119"], id="danger: the fire brigade"),
        pytest.param("法院判决了一直不执行", "court", ["12368", "12348"], id="courts"),
        pytest.param("村干部贪污征地款", "discipline", ["12388"], id="discipline"),
        pytest.param("我要上访，信访局不理我", "petition", ["12345"], id="petition"),
        pytest.param("邻居漏水到我家不赔钱", "neighbours", ["12348"], id="a private dispute"),
        pytest.param(WAGES, "labour", ["12333"], id="wages"),
    ],
)
def test_the_lawful_route_is_named_with_its_number_while_somebody_writes(
    client: FlaskClient, town: Town, words: str, kind: str, phones: list[str]
) -> None:
    route = noticed(client, town.longchi_code, words)["turn_to"]
    assert (route["kind"], [one["number"] for one in route["phones"]]) == (kind, phones)
    assert route["danger"] is (kind == "fire")
    assert noticed(client, town.longchi_code, "幸福里路灯坏了")["turn_to"] is None


def test_every_advice_names_a_number_to_dial() -> None:
    assert {kind for kind in Elsewhere if not phones_in(ADVICE[kind])} == set()


def test_personal_data_is_named_masked_and_placed(client: FlaskClient, town: Town) -> None:
    words = f"😀{PHONE}"
    found = noticed(client, town.longchi_code, words)["personal"]
    assert [(one["kind"], one["masked"]) for one in found] == [("phone", "138••••0021"), ("name", "张•")]
    assert words[found[0]["start"] : found[0]["end"]] == "13800000021"
    assert found[0]["words"].startswith("您写了手机号 138••••0021：办事的人看到的是遮住的")
    assert (bool(found[0]["move"]), bool(found[1]["move"])) == (True, False)
    answer = client.post(f"/p/{town.longchi_code}/similar", data={"q": words}, headers=JSON).get_data(as_text=True)
    assert "13800000021" not in answer
    assert noticed(client, town.longchi_code, "3 栋 1301 室，2026 年 11 月起")["personal"] == []


def test_without_script_the_route_is_told_once_with_the_words_kept(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    first = send_sentence(client, town.longchi_code, WAGES, place="北门工地", contact="13800000021")
    page = first.get_data(as_text=True)
    assert (first.status_code, stored(wiring)) == (200, 0)
    for kept in (WAGES, "北门工地", "13800000021", "仍然提交", 'href="tel:12333"'):
        assert kept in page
    key, told = hidden(page, "key"), hidden(page, "told")
    second = client.post(f"/p/{town.longchi_code}", data={"key": key, "told": told, "text": WAGES})
    assert (second.status_code, stored(wiring)) == (303, 1)
    # Another route than the one that was told is told too.
    assert client.post(f"/p/{town.longchi_code}", data={"key": key, "told": told, "text": "法院判决了一直不执行"}).status_code == 200


def test_danger_is_stored_at_once_and_said_on_the_receipt(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    sent = send_sentence(client, town.longchi_code, FIRE)
    assert (sent.status_code, stored(wiring)) == (303, 1)
    receipt = client.get(sent.location)
    assert 'href="tel:119"' in receipt.get_data(as_text=True)
    assert "请先离开那里，再打 119" in words_of(receipt)


def test_chosen_photos_and_the_script_are_not_sent_back(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    with_photo = {"key": key, "text": WAGES, "photos": (io.BytesIO(photo()), "工地.jpg")}
    assert client.post(f"/p/{town.longchi_code}", data=with_photo, content_type="multipart/form-data").status_code == 303
    by_script = client.post(f"/p/{town.longchi_code}", data={"key": key, "text": f"{WAGES}，求助"}, headers=JSON)
    assert (by_script.status_code, stored(wiring)) == (200, 2)
