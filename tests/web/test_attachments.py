"""Evidence over the web: what is taken, what is refused with a sentence, and who may look at it."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.attachment import MOST_BYTES, MOST_FILES, AttachmentState
from intake.domain.referral import ReferralState
from intake.models import Attachment, AuditEntry, Referral
from intake.ports import Wake
from intake.queries.attachment import file_on_receipt
from intake.services import referral_check, referral_department
from intake.web.uploads import BODY_BYTES, body_limit
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.matters import told
from tests.factories.referrals import assigned, referred, signed, step
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from workers.jobs.clean_attachments import run


@pytest.fixture
def gao(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "gaoqiang")


@pytest.fixture
def task(wiring: Wiring, town: Town) -> int:
    """A referral that 高强 has signed for."""
    return signed(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "3 号楼到菜场的路灯不亮")))


def send(person: Person, task: int, *sent: tuple[bytes, str], act: str = "files", **more: Any) -> TestResponse:
    page = person.get(f"/dept/referrals/{task}").get_data(as_text=True)
    version = re.search(r'name="version" value="(\d+)"', page)
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "version": version[1] if version else "1",
        "files": [(BytesIO(data), name) for data, name in sent],
        **more,
    }
    return person.client.post(f"/dept/referrals/{task}/{act}", data=data)


def stored(wiring: Wiring) -> list[str]:
    """Every file in the object store."""
    root = Path(wiring.settings.object_folder)
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def rows(wiring: Wiring) -> list[Attachment]:
    with wiring.sessions() as session:
        return session.query(Attachment).order_by(Attachment.id).all()


def cleaned(wiring: Wiring) -> None:
    with jobs_in_this_process(wiring):
        run()


def test_a_photo_is_taken_looked_through_and_shown(gao: Person, wiring: Wiring, town: Town, task: int) -> None:
    assert send(gao, task, (files.photo(told=True), "亮灯前后.jpeg")).status_code == 303
    (one,) = rows(wiring)
    assert (one.name, one.media_type, one.state) == ("亮灯前后.jpg", "image/jpeg", AttachmentState.RECEIVED)
    assert stored(wiring) == [f"quarantine/{town.district_id}/{one.id}"]
    assert gao.get(f"/files/{one.id}").status_code == 404, "nothing is shown before it was made anew"
    cleaned(wiring)
    shown = gao.get(f"/files/{one.id}")
    assert shown.status_code == 200
    assert shown.mimetype == "image/jpeg"
    assert files.MAKER.encode() not in shown.data
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "private, max-age=3600"
    assert "attachment" not in shown.headers.get("Content-Disposition", "")
    small = gao.get(f"/files/{one.id}?small=1")
    assert 0 < len(small.data) <= len(shown.data)
    assert stored(wiring) == [f"evidence/{town.district_id}/{one.id}-small.jpg", f"evidence/{town.district_id}/{one.id}.jpg"]
    assert "亮灯前后.jpg 可以查看" in words_of(gao.get(f"/dept/referrals/{task}"))


def test_a_pdf_is_only_to_be_kept(gao: Person, wiring: Wiring, town: Town, task: int) -> None:
    send(gao, task, (files.pdf(), "派工单.pdf"))
    cleaned(wiring)
    (one,) = rows(wiring)
    shown = gao.get(f"/files/{one.id}")
    assert shown.mimetype == "application/pdf"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert gao.get(f"/files/{one.id}?small=1").data == shown.data
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="attachment.view").count() == 2, "there is no small one to look at unnoted"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "空.jpg", "“空.jpg”是空的"),
        (files.AVIF, "IMG_0001.AVIF", "不是能用的格式"),
        (files.SVG, "图.svg", "不是能用的格式"),
        (files.PAGE, "照片.jpg", "不是能用的格式"),
        (b"MZ" + bytes(100), "../../run.exe", "“run.exe”不是能用的格式"),
        (files.jpeg_and_page(), "照片.jpg", "混着别的内容"),
        (files.jpeg_and_archive(), "照片.jpg", "混着别的内容"),
        (files.photo() + bytes(MOST_BYTES), "大.jpg", "太大，一个文件最多 10 MB"),
    ],
    ids=["empty", "heic", "svg", "html", "program", "page inside", "archive behind", "too large"],
)
def test_what_cannot_be_taken_stores_nothing_and_keeps_the_words(
    gao: Person, wiring: Wiring, task: int, data: bytes, name: str, words: str
) -> None:
    answer = send(gao, task, (files.photo(), "好的.jpg"), (data, name), words="写到一半的答复")
    assert answer.status_code == 422
    assert words in words_of(answer)
    assert 'aria-describedby="files-error"' in answer.get_data(as_text=True)
    assert "写到一半的答复" in answer.get_data(as_text=True)
    assert rows(wiring) == []
    assert stored(wiring) == []


def test_a_request_that_is_too_large_says_so_unread(gao: Person, wiring: Wiring, task: int) -> None:
    send(gao, task, act="answer", do="draft", words="先前存的草稿")
    answer = send(gao, task, (files.photo() + bytes(BODY_BYTES), "大.jpg"), words="没有收到的")
    assert answer.status_code == 413
    assert "一次最多上传 20 MB" in words_of(answer)
    assert "先前存的草稿" in answer.get_data(as_text=True)
    assert stored(wiring) == []


def test_only_addresses_that_take_files_take_large_bodies(gao: Person, task: int) -> None:
    usual = 512 * 1024
    assert body_limit(f"/dept/referrals/{task}/files", usual=usual) == BODY_BYTES
    for path in ("/p/abc/similar", f"/dept/referrals/{task}/progress", f"/dept/referrals/{task}/files/x", "/dept/referrals/x/files", ""):
        assert body_limit(path, usual=usual) == usual
    assert send(gao, task, act="progress", words="x" * usual * 2).status_code == 413


def test_the_same_file_twice_is_one(gao: Person, wiring: Wiring, task: int) -> None:
    send(gao, task, (files.photo(), "一.jpg"), (files.photo(), "又是一.jpg"))
    send(gao, task, (files.photo(), "再来.jpg"))
    assert [one.name for one in rows(wiring)] == ["一.jpg"]
    assert len(stored(wiring)) == 1


def test_six_files_are_enough(gao: Person, wiring: Wiring, task: int) -> None:
    many = [(files.photo(60 + number, 40), f"{number}.jpg") for number in range(MOST_FILES + 1)]
    assert send(gao, task, *many[:-1]).status_code == 303
    refused = send(gao, task, many[-1])
    assert refused.status_code == 422
    assert "最多附 6 个文件" in words_of(refused)
    assert len(rows(wiring)) == len(stored(wiring)) == MOST_FILES
    first = rows(wiring)[0].id
    assert send(gao, task, act="answer", do=f"remove-{first}", words="写到一半").status_code == 303
    assert send(gao, task, many[-1]).status_code == 303
    assert "写到一半" in gao.get(f"/dept/referrals/{task}").get_data(as_text=True)


def test_what_was_refused_says_why_and_makes_room(gao: Person, wiring: Wiring, task: int) -> None:
    send(gao, task, (files.png_that_says(60_000, 60_000), "大图.png"), (files.pdf(script=True), "脚本.pdf"))
    cleaned(wiring)
    said = words_of(gao.get(f"/dept/referrals/{task}"))
    assert "照片超过 50 兆像素" in said
    assert "PDF 里带有脚本" in said
    assert {one.state for one in rows(wiring)} == {AttachmentState.REFUSED}
    assert stored(wiring) == [], "what was refused doesn't stay"
    assert gao.get(f"/files/{rows(wiring)[0].id}").status_code == 404


def test_nobody_adds_to_or_takes_from_an_answer_that_was_sent(gao: Person, wiring: Wiring, town: Town, task: int) -> None:
    send(gao, task, (files.photo(), "一.jpg"))
    step(
        wiring, task, town.gao_id, referral_department.reply,
        outcome="done", words="九盏灯已全部换好，每月巡查。", reason="", signed_name="高强",
    )  # fmt: skip
    assert send(gao, task, (files.png(), "二.png")).status_code == 409
    assert send(gao, task, act="answer", do=f"remove-{rows(wiring)[0].id}").status_code == 409
    assert [one.removed_at for one in rows(wiring)] == [None]
    assert len(stored(wiring)) == 1


def test_a_strangers_file_is_stored_nowhere(app: Flask, wiring: Wiring, town: Town, task: int) -> None:
    wu = sign_in(app.test_client(), "wujun")  # of a unit that has no part in it
    token = hidden(wu.get("/dept").get_data(as_text=True), "csrf_token")
    for path in (f"/dept/referrals/{task}/files", "/dept/referrals/999999/files"):
        data = {"csrf_token": token, "files": [(BytesIO(files.photo()), "一.jpg")]}
        assert wu.client.post(path, data=data).status_code in {403, 404}
    outsider = app.test_client()
    assert outsider.post(f"/dept/referrals/{task}/files", data={"files": [(BytesIO(files.photo()), "一.jpg")]}).status_code in {303, 400}
    assert rows(wiring) == []
    assert stored(wiring) == []


@pytest.fixture
def evidence(app: Flask, wiring: Wiring, town: Town) -> tuple[int, int]:
    """A photo behind a referral with a helper: (referral, attachment)."""
    referral_id = referred(wiring, town, told(wiring, town.longchi_code, "路灯不亮"))
    assigned(wiring, town, referral_id, helper_ids=(town.homes_id,))
    step(wiring, referral_id, town.gao_id, referral_department.sign)
    gao = sign_in(app.test_client(), "gaoqiang")
    send(gao, referral_id, (files.photo(), "一.jpg"))
    cleaned(wiring)
    return referral_id, rows(wiring)[0].id


@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("gaoqiang", 200),  # the lead
        ("sunli", 200),  # a colleague
        ("wujun", 200),  # the helper
        ("fangmin", 200),  # the office
        ("zhou", 200),  # who sent it
        ("laozhou", 200),  # who convenes there
        ("wangjing", 200),  # the district's staff
        ("hemiao", 404),  # a member of another street
        ("liqing", 404),  # a member who has no part in it
        ("sunyi", 404),  # another district's staff
        ("chenli", 403),  # an administrator has nothing to do with matters
    ],
)
def test_who_has_a_part_in_it_may_look(app: Flask, evidence: tuple[int, int], login: str, status: int) -> None:
    assert sign_in(app.test_client(), login).get(f"/files/{evidence[1]}").status_code == status


def test_nobody_without_an_account_may_look(client: FlaskClient, evidence: tuple[int, int]) -> None:
    answer = client.get(f"/files/{evidence[1]}")
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]


def test_a_resident_may_look_once_the_answer_was_told(wiring: Wiring, town: Town, evidence: tuple[int, int]) -> None:
    referral_id, attachment_id = evidence
    with wiring.sessions() as session:
        submission_id = session.get_one(Referral, referral_id).submission_id
    assert submission_id is not None

    def seen(of: int) -> bool:
        with wiring.sessions() as session:
            try:
                return file_on_receipt(session, submission_id=of, attachment_id=attachment_id, at=wiring.clock.now()).is_picture
            except Exception:  # noqa: BLE001 -- whatever refuses
                return False

    step(
        wiring, referral_id, town.gao_id, referral_department.reply,
        outcome="done", words="九盏灯已全部换好，每月巡查。", reason="", signed_name="高强",
    )  # fmt: skip
    assert not seen(submission_id), "not before it was checked"
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver)
    with wiring.sessions() as session:
        assert session.get_one(Referral, referral_id).state is ReferralState.DELIVERED
    assert seen(submission_id)
    other = told(wiring, town.longchi_code, "另一件事")
    assert not seen(other.submission_id), "another resident's receipt doesn't open it"


def test_a_file_that_the_store_has_lost_says_so(app: Flask, wiring: Wiring, town: Town, evidence: tuple[int, int]) -> None:
    for key in stored(wiring):
        wiring.objects.delete(key)
    answer = sign_in(app.test_client(), "gaoqiang").get(f"/files/{evidence[1]}")
    assert answer.status_code == 410
    assert "联系答复的单位" in words_of(answer)


def test_a_worker_is_woken(gao: Person, wiring: Wiring, task: int) -> None:
    send(gao, task, (files.photo(), "一.jpg"))
    assert wiring.redis.keys(f"*{Wake.ATTACHMENTS.value}*")
