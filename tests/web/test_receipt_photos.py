"""Photos after the words: added on the receipt by a plain form or one by one by a script, taken back, each once; the words are never at stake."""

from io import BytesIO
from threading import Barrier, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from intake.domain.form_photo import PHOTO_BYTES, PHOTOS_MOST
from intake.domain.release import PhotoSide
from intake.models import ReleasePhoto, Submission
from intake.services.form_photo import take_photos
from intake.services.submission_withdraw import withdraw
from intake.web.uploads import FORM_BYTES, body_limit
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.clock import TestClock
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import words_of
from tests.web.test_form_photos import full, photo, rows, send, stored
from workers.jobs import apply_retention, clean_files

SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def receipt(client: FlaskClient, town: Town) -> str:
    """The path of one whose words came alone."""
    return str(send(client, town).location.split("?")[0])


def add(client: FlaskClient, receipt: str, *photos: bytes, **how: Any) -> TestResponse:
    chosen = [(BytesIO(data), "a.jpg") for data in photos] or [(BytesIO(b""), "")]
    return client.post(f"{receipt}/photos", data={"photos": chosen}, content_type="multipart/form-data", **how)


def submission_id(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.query(Submission).one().id


def test_a_plain_form_adds_several_and_says_what_was_left_out(client: FlaskClient, receipt: str, wiring: Wiring) -> None:
    page = client.get(receipt).get_data(as_text=True)
    assert f'action="{receipt}/photos"' in page
    assert "还可以加 6 张" in page
    answer = add(client, receipt, photo(0), files.SVG, files.heic())
    assert (answer.status_code, answer.location) == (303, f"{receipt}?photos=2-kind")
    assert "第 2 张不是照片" in words_of(client.get(answer.location))
    assert [one.media_type for one in rows(wiring)] == ["image/jpeg", "image/heic"]
    with jobs_in_this_process(wiring):
        clean_files.run()
    page = client.get(receipt).get_data(as_text=True)
    assert "还可以加 4 张" in page
    assert page.count(f'src="{receipt}/said/') == 4, "in the story, and where they are removed"
    nothing = add(client, receipt)
    assert nothing.status_code == 422
    assert "还没有选照片" in words_of(nothing)


def test_a_script_sends_one_by_one_and_the_same_again_is_harmless(client: FlaskClient, receipt: str, wiring: Wiring) -> None:
    for number in (0, 1, 1, 0):
        assert add(client, receipt, photo(number), headers=SCRIPT).get_json() == {"kept": 1, "left": []}
    assert len(rows(wiring)) == len(stored(wiring)) == 2
    answer = add(client, receipt, photo(0), b"", photo(2), headers=SCRIPT)
    assert answer.get_json() == {"kept": 2, "left": [{"number": 2, "because": "是空的，可能还没有下载到手机里。", "again": False}]}
    for number in range(3, PHOTOS_MOST + 1):
        answer = add(client, receipt, photo(number), headers=SCRIPT)
    assert answer.get_json() == {"kept": 0, "left": [{"number": 1, "because": "多出来了，一件事最多 6 张。", "again": False}]}
    assert len(rows(wiring)) == len(stored(wiring)) == PHOTOS_MOST
    assert "已经有 6 张照片" in words_of(client.get(receipt))


def test_two_requests_with_the_same_photo_at_once_make_one(receipt: str, wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have stored its bytes before either has a row; those of the second go again."""
    owner, put, both = submission_id(wiring), wiring.objects.put, Barrier(2, timeout=120)
    kept: list[int] = []

    def stored_by_both(key: str, source: Any) -> int:
        size = put(key, source)
        both.wait()
        return size

    monkeypatch.setattr(wiring.objects, "put", stored_by_both)

    def take() -> None:
        with wiring.sessions.begin() as session:
            kept.append(take_photos(session, owner, [BytesIO(photo())], store=wiring.objects, at=wiring.clock.now()).kept)

    threads = [Thread(target=take) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert kept == [1, 1]
    assert [one.file_key for one in rows(wiring)] == stored(wiring)


def test_a_store_that_fails_may_be_tried_again(client: FlaskClient, receipt: str, wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(wiring.objects, "put", full)
        answer = add(client, receipt, photo(), headers=SCRIPT)
        assert answer.status_code == 503
        assert [one["again"] for one in answer.get_json()["left"]] == [True]
        assert "我们这边没有存好" in words_of(client.get(add(client, receipt, photo()).location))
    assert rows(wiring) == []
    assert add(client, receipt, photo(), headers=SCRIPT).get_json()["kept"] == 1


def test_bytes_without_a_row_are_swept_and_no_others(receipt: str, client: FlaskClient, wiring: Wiring, clock: TestClock) -> None:
    """As when the database goes away between the store and the commit; a request that is still under way keeps what it stored."""

    def put_without_a_row(words: bytes) -> str:
        with wiring.sessions() as session:
            drawn = session.scalar(text("SELECT nextval('submission_files_id_seq')"))
        wiring.objects.put(f"quarantine/said/{drawn}", BytesIO(words))
        return f"quarantine/said/{drawn}"

    put_without_a_row(b"lost")
    add(client, receipt, photo())
    under_way = put_without_a_row(b"under way")
    with jobs_in_this_process(wiring):
        apply_retention.run()
        assert len(stored(wiring)) == 3
        clock.forward(hours=2)
        apply_retention.run()
    assert stored(wiring) == sorted([rows(wiring)[0].file_key, under_way])


def test_what_was_withdrawn_takes_no_more(client: FlaskClient, receipt: str, wiring: Wiring, clock: TestClock) -> None:
    add(client, receipt, photo(0))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=submission_id(wiring), at=clock.now())
    answer = add(client, receipt, photo(1), headers=SCRIPT).get_json()
    assert answer["kept"] == 0
    assert "已经撤回或办结" in answer["left"][0]["because"]
    assert len(rows(wiring)) == len(stored(wiring)) == 1
    refused = client.post(f"{receipt}/photos/{rows(wiring)[0].id}/remove")
    assert refused.status_code == 409
    assert "已经撤回或办结" in words_of(refused)
    assert f'action="{receipt}/photos"' not in client.get(receipt).get_data(as_text=True)


def test_ones_own_photo_is_taken_back(client: FlaskClient, town: Town, receipt: str, wiring: Wiring) -> None:
    add(client, receipt, photo())
    with jobs_in_this_process(wiring):
        clean_files.run()
    (one,) = rows(wiring)
    other = str(send(client, town, text="另一件事情").location.split("?")[0])
    assert client.post(f"{other}/photos/{one.id}/remove").status_code == 404, "somebody else's"
    for _ in range(2):
        assert client.post(f"{receipt}/photos/{one.id}/remove").status_code == 303
    assert client.get(f"{receipt}/said/{one.id}").status_code == 404
    with jobs_in_this_process(wiring):
        apply_retention.run()
    assert stored(wiring) == []
    assert add(client, receipt, photo(), headers=SCRIPT).get_json()["kept"] == 1, "whoever changes their mind"


def test_a_photo_on_a_public_page_stays(client: FlaskClient, town: Town, receipt: str, wiring: Wiring) -> None:
    add(client, receipt, photo())
    with jobs_in_this_process(wiring):
        clean_files.run()
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    let_out(wiring, town.jing_id, release_id)
    with wiring.sessions.begin() as session:
        shown = ReleasePhoto(district_id=town.district_id, release_id=release_id, side=PhotoSide.BEFORE, caption="")
        shown.submission_file_id = rows(wiring)[0].id
        session.add(shown)
    refused = client.post(f"{receipt}/photos/{rows(wiring)[0].id}/remove")
    assert refused.status_code == 409
    assert "公开的页面" in words_of(refused)
    assert rows(wiring)[0].removed_at is None


def test_a_flood_is_braked(client: FlaskClient, receipt: str, wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring.limiter, "hit_all", lambda *_: False)
    answer = add(client, receipt, photo(), headers=SCRIPT)
    assert answer.status_code == 429
    assert answer.get_json()["error"].startswith("一小时里传的照片太多了")
    assert add(client, receipt, photo()).status_code == 429
    assert rows(wiring) == []


def test_only_there_a_request_may_be_that_large(client: FlaskClient, receipt: str) -> None:
    usual = 512 * 1024
    assert body_limit(f"{receipt}/photos", usual=usual) == FORM_BYTES
    for path in (f"{receipt}/photos/1/remove", f"{receipt}/messages", f"{receipt}/photos/", "/r//photos"):
        assert body_limit(path, usual=usual) == usual
    much = add(client, receipt, bytes(PHOTO_BYTES + 1), headers=SCRIPT)
    assert much.status_code == 200
    assert "超过 10 MB" in much.get_json()["left"][0]["because"]
    head: dict[str, Any] = {"data": b"--x--", "content_type": "multipart/form-data; boundary=x"}
    far = client.post(f"{receipt}/photos", **head, headers=SCRIPT, environ_overrides={"CONTENT_LENGTH": str(FORM_BYTES + 1)})
    assert far.status_code == 413
    assert "少选几张" in far.get_json()["error"]


def test_a_link_that_does_not_fit_takes_nothing(client: FlaskClient, receipt: str, wiring: Wiring) -> None:
    wrong = receipt[:-2] + ("aa" if not receipt.endswith("aa") else "bb")
    assert add(client, wrong, photo(), headers=SCRIPT).status_code == 404
    assert add(client, wrong, photo()).status_code == 404
    assert client.post(f"{receipt}/photos", headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert stored(wiring) == []
