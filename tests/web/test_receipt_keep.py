"""What a resident keeps of a receipt: its picture, all of one's data; and what can be deleted at once."""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from intake.models import AuditEntry, Submission
from intake.services import submission_decide as decide
from intake.services.message import write_from_resident, write_to_resident
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, receipt_path, told, triage
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import hidden, words_of
from workers.jobs import clean_files

SAID, CONTACT = "幸福里 3 号楼路灯坏了", "13800000021"


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, SAID, contact=CONTACT, place="3 号楼门口")


def audited(wiring: Wiring, stored: Stored) -> list[str]:
    with wiring.sessions() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == stored.submission_id).order_by(AuditEntry.id))
        return [row.action for row in rows if row.action in {"own_data.take", "contact.forget"}]


def test_the_picture_leads_back_and_can_be_saved(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    path = receipt_path(wiring, lamp)
    page = client.get(f"{path}/picture?care=1").get_data(as_text=True)
    assert f"{path}/receipt.png?care=1" in page
    normal, large = client.get(f"{path}/receipt.png"), client.get(f"{path}/receipt.png?care=1&save=1")
    assert normal.mimetype == large.mimetype == "image/png"
    assert large.headers["Content-Disposition"] == f"attachment; filename={lamp.receipt_number}.png"
    assert "no-store" in normal.headers["Cache-Control"], "it shows where the matter stands now"
    pictures = [Image.open(BytesIO(answer.data)) for answer in (normal, large)]
    assert pictures[0].height < pictures[1].height
    for picture in pictures:
        assert [one.text for one in zxingcpp.read_barcodes(picture)] == [f"https://zhibao.example{path}"]


def test_all_that_is_ones_own_comes_in_one_file(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    sent = client.post(
        f"/p/{town.longchi_code}",
        data={"key": key, "text": SAID, "place": "3 号楼门口", "contact": CONTACT, "photos": (BytesIO(files.photo(told=True)), "灯.jpg")},
    )
    with wiring.sessions() as session:
        row = session.scalars(select(Submission)).one()
        lamp = Stored(row.id, row.receipt_number, row.receipt_salt, repeated=False)
    with jobs_in_this_process(wiring):
        clean_files.run()
    triage(wiring, lamp)
    with wiring.sessions.begin() as session:
        write_from_resident(session, submission_id=lamp.submission_id, words="灯在北门", nonce="1", most_a_day=9, at=clock.now())
        zhou = actor(session, town.zhou_id)
        write_to_resident(
            session,
            actor=zhou,
            submission_id=lamp.submission_id,
            words="去看过了",
            nonce="1",
            most_a_day=9,
            digest_minutes=5,
            at=clock.now(),
        )
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经换了灯泡。")
    clock.forward(minutes=2)
    page = client.get(sent.location)
    answer = hidden(page.get_data(as_text=True), "outcome")
    path = receipt_path(wiring, lamp)
    assert client.post(f"{path}/verdict", data={"outcome": answer, "verdict": "solved", "words": "亮了"}).status_code == 303

    taken = client.get(f"{path}/data.zip")
    assert taken.mimetype == "application/zip"
    assert taken.content_length == len(taken.data)
    archive = ZipFile(BytesIO(taken.data))
    assert archive.testzip() is None
    assert archive.namelist() == ["data.html", "data.json", "photo-1.jpg"]
    data = json.loads(archive.read("data.json"))
    assert (data["words"], data["place"], data["contact"]) == (SAID, "3 号楼门口", CONTACT)
    assert [(one["mine"], one["words"]) for one in data["messages"]] == [(True, "灯在北门"), (False, "去看过了")]
    assert [(one["verdict"], one["words"]) for one in data["verdicts"]] == [("solved", "亮了")]
    assert data["received_at"] == "2026-11-03T09:00:00+08:00"
    assert any(step["words"] == "已经换了灯泡。" for step in data["steps"])
    html = archive.read("data.html").decode()
    for words in (SAID, CONTACT, "灯在北门", "去看过了", "亮了", "photo-1.jpg"):
        assert words in html
    assert files.MAKER.encode() not in archive.read("photo-1.jpg")
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert path.rsplit("/", 1)[1].encode() not in whole, "who finds the file can't act on the receipt"
    assert audited(wiring, lamp) == ["own_data.take"]
    assert [client.get(f"{path}/data.zip").status_code for _ in range(6)] == [200] * 5 + [429]


def test_the_contact_is_deleted_at_once_and_the_matter_goes_on(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    path = receipt_path(wiring, lamp)
    assert client.post(f"{path}/contact", data={"agree": "1"}).status_code == 303
    for _ in range(2):
        answer = client.post(f"{path}/forget-contact")
        assert answer.status_code == 303
    row = submission_of(wiring, lamp)
    assert (row.contact_cipher, row.contact_hint, row.contact_consent_at, row.text_written) == (None, "", None, SAID)
    words = words_of(client.get(answer.location))
    assert "您的联系方式已经删除。" in words
    assert "您留的联系方式" not in words
    assert "等委员看" in words
    assert audited(wiring, lamp) == ["contact.forget"]
    assert CONTACT not in ZipFile(BytesIO(client.get(f"{path}/data.zip").data)).read("data.json").decode()


def test_nothing_of_it_is_there_without_the_receipts_secret(client: FlaskClient, wiring: Wiring, lamp: Stored, town: Town) -> None:
    other = told(wiring, town.longchi_code, "垃圾没人收")
    borrowed = f"/r/{lamp.receipt_number}/{receipt_path(wiring, other).rsplit('/', 1)[1]}"
    assert [client.get(f"{borrowed}/{end}").status_code for end in ("picture", "receipt.png", "data.zip")] == [404] * 3
    assert client.post(f"{borrowed}/forget-contact").status_code == 404
    assert submission_of(wiring, lamp).contact_hint


# Whoever has something to add needs nobody to ask for it: the box is there from the first moment, and whoever has the matter reads it.
def test_words_can_be_added_when_nobody_asked(client: FlaskClient, wiring: Wiring, lamp: Stored) -> None:
    page = client.get(receipt_path(wiring, lamp)).get_data(as_text=True)
    assert "补充情况，或给处理的同志留句话" in page
    once = hidden(page, "once")
    assert client.post(f"{receipt_path(wiring, lamp)}/messages", data={"once": once, "words": "是北门那一盏"}).status_code == 303
    assert "是北门那一盏" in words_of(client.get(receipt_path(wiring, lamp)))
