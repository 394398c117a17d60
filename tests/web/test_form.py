"""The form behind a code."""

import pytest
from flask.testing import FlaskClient

from intake.models import Submission
from intake.wiring import Wiring
from tests.factories.town import Town
from tests.web.pages import hidden, send_sentence, words_of


def test_a_sentence_becomes_a_receipt_with_number_and_words(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = send_sentence(client, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "ZB-2611-" in words_of(page)
    assert "幸福里 3 号楼路灯坏了" in words_of(page)
    assert "138••••0021" in words_of(page)
    assert not [header for header in answer.headers if header[0] == "Set-Cookie"]
    with wiring.sessions() as session:
        stored = session.query(Submission).one()
        assert stored.contact_cipher is not None
        assert b"13800000021" not in stored.contact_cipher


# Each of these keeps what was typed in the box and says what to do.
@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "请先写一句话"),
        ("   \n ", "请先写一句话"),
        ("灯", "只有一个字"),
        ("😀😀😀", "只有表情或符号"),
        ("路灯" * 10_000, "最多 5000 个字"),
    ],
)
def test_a_text_that_says_nothing_is_refused_with_a_cure(client: FlaskClient, town: Town, wiring: Wiring, text: str, cure: str) -> None:
    answer = send_sentence(client, town.longchi_code, text)
    assert answer.status_code == 422
    assert cure in words_of(answer)
    assert text.strip()[:200] in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 0


def test_control_characters_are_replaced_and_said_so(client: FlaskClient, town: Town) -> None:
    answer = send_sentence(client, town.longchi_code, "路灯\x00坏了\u202e很久")
    page = client.get(answer.location)
    assert "路灯\ufffd坏了\ufffd很久" in words_of(page)
    assert "有 2 个无法显示的字符" in words_of(page)


def test_markup_in_a_sentence_stays_text(client: FlaskClient, town: Town) -> None:
    answer = send_sentence(client, town.longchi_code, "<script>alert(1)</script> 路灯坏了")
    assert "<script>alert" not in client.get(answer.location).get_data(as_text=True)


def test_one_key_makes_one_submission_however_often_it_is_sent(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    receipts = {send_sentence(client, town.longchi_code, "路灯坏了", key=key).location for _ in range(5)}
    assert len(receipts) == 1
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 1


def test_a_forged_or_foreign_key_keeps_the_text_and_offers_a_fresh_one(client: FlaskClient, town: Town) -> None:
    foreign = hidden(client.get(f"/p/{town.ziwei_code}").get_data(as_text=True), "key")
    for key in ("", "x", "A" * 54, foreign):
        answer = client.post(f"/p/{town.longchi_code}", data={"key": key, "text": "路灯坏了"})
        assert answer.status_code == 410
        assert "路灯坏了" in answer.get_data(as_text=True)
        again = client.post(f"/p/{town.longchi_code}", data={"key": hidden(answer.get_data(as_text=True), "key"), "text": "路灯坏了"})
        assert again.status_code == 303


def test_a_form_open_for_days_is_renewed_but_a_stored_one_gets_its_receipt(client: FlaskClient, town: Town, clock) -> None:  # type: ignore[no-untyped-def]  # the clock fixture
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    stored = send_sentence(client, town.longchi_code, "路灯坏了", key=hidden(page, "key"))
    unsent = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    clock.forward(days=3)
    assert send_sentence(client, town.longchi_code, "路灯坏了", key=hidden(page, "key")).location == stored.location
    assert send_sentence(client, town.longchi_code, "另一件事", key=unsent).status_code == 410


def test_another_sites_page_cannot_send_our_form(client: FlaskClient, town: Town) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    answer = client.post(f"/p/{town.longchi_code}", data={"key": key, "text": "路灯坏了"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_an_unknown_code_says_where_to_go(client: FlaskClient) -> None:
    for code in ("nosuchcode", "a" * 500, "%00"):
        answer = client.get(f"/p/{code}")
        assert answer.status_code == 404
        assert "二维码可能旧了" in words_of(answer) or "没有找到" in words_of(answer)


def test_another_sentence_on_a_form_that_back_brought_up_again_is_another_submission(
    client: FlaskClient, town: Town, wiring: Wiring
) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    first = send_sentence(client, town.longchi_code, "路灯坏了", key=key)
    second = send_sentence(client, town.longchi_code, "下水道堵了", key=key)
    assert first.location != second.location
    assert "下水道堵了" in words_of(client.get(second.location))
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 2
