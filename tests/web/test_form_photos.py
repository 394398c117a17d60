"""Photos chosen in the form itself: taken beside the words, or named on the receipt with the reason; the words arrive either way."""

import re
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from intake.cli.web_worker import LARGE_BYTES, WholeRequestWorker
from intake.domain.form_photo import PHOTO_BYTES, PHOTOS_MOST
from intake.domain.submission_file import FileKind, FileState
from intake.models import Submission, SubmissionFile
from intake.ports import Wake
from intake.services.submission_file import await_media
from intake.web.uploads import BODY_BYTES, FORM_BYTES, body_limit
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import hidden, words_of
from workers.jobs import clean_files

SAID = "井盖没了，看照片"
COLOURS = ("red", "green", "blue", "white", "black", "teal", "navy", "gold")


def photo(number: int = 0) -> bytes:
    """One of eight that differ."""
    return files.photo(colour=COLOURS[number])


def key_of(client: FlaskClient, town: Town) -> str:
    return hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")


def send(
    client: FlaskClient, town: Town, *photos: bytes, key: str = "", text: str = SAID, names: str = "照片.jpg", **more: Any
) -> TestResponse:
    """Send the form as a browser does: a chooser left empty is a part without a name."""
    chosen = [(BytesIO(data), names) for data in photos] or [(BytesIO(b""), "")]
    data = {"key": key or key_of(client, town), "text": text, "photos": chosen, **more}
    return client.post(f"/p/{town.longchi_code}", data=data, content_type="multipart/form-data")


def rows(wiring: Wiring) -> list[SubmissionFile]:
    with wiring.sessions() as session:
        return session.query(SubmissionFile).order_by(SubmissionFile.id).all()


def said(wiring: Wiring) -> list[str]:
    with wiring.sessions() as session:
        return [one.text_written for one in session.query(Submission).order_by(Submission.id)]


def stored(wiring: Wiring) -> list[str]:
    root = Path(wiring.settings.object_folder)
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def left_out(client: FlaskClient, answer: TestResponse) -> list[str]:
    """What the receipt says of photos that were left out; the words have arrived."""
    assert answer.status_code == 303
    page = client.get(answer.location).get_data(as_text=True)
    assert SAID in page
    note = re.search(r'<div class="notice soon" role="status">.*?</ul>', page, re.DOTALL)
    if note is None:
        return []
    assert "您写的话已经收到" in note[0]
    return re.findall(r"<li>(.*?)</li>", note[0])


@pytest.mark.parametrize(
    ("sent", "media_type"), [(files.photo(told=True), "image/jpeg"), (files.heic(), "image/heic"), (files.animated("WEBP"), "image/webp")]
)
def test_a_photo_is_taken_made_anew_and_shown(client: FlaskClient, town: Town, wiring: Wiring, sent: bytes, media_type: str) -> None:
    answer = send(client, town, sent)
    assert left_out(client, answer) == []
    (one,) = rows(wiring)
    with wiring.sessions() as session:
        assert one.submission_id == session.query(Submission).one().id
    assert (one.kind, one.state, one.media_type, one.district_id) == (FileKind.PHOTO, FileState.RECEIVED, media_type, town.district_id)
    assert (one.name, one.media_id, one.account) == ("", "", ""), "a file's name may say whose it is"
    assert stored(wiring) == [f"quarantine/said/{one.id}"]
    receipt = answer.location.split("?")[0]
    assert client.get(f"{receipt}/said/{one.id}").status_code == 404, "nothing is shown before it was made anew"
    with jobs_in_this_process(wiring):
        clean_files.run()
    shown = client.get(f"{receipt}/said/{one.id}")
    assert shown.status_code == 200
    assert files.MAKER.encode() not in shown.data
    assert f"/said/{one.id}" in client.get(receipt).get_data(as_text=True)


def test_the_worker_is_woken_for_photos_alone(client: FlaskClient, town: Town, wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Wake] = []
    monkeypatch.setattr(wiring.queue, "wake", woken.append)
    send(client, town)
    assert Wake.FILES not in woken
    send(client, town, photo())
    assert Wake.FILES in woken


def test_six_are_taken_and_the_seventh_is_named(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = send(client, town, *(photo(number) for number in range(7)))
    assert left_out(client, answer) == ["第 7 张多出来了，一件事最多 6 张。"]
    assert len(rows(wiring)) == len(stored(wiring)) == PHOTOS_MOST


def test_those_from_wechats_album_count(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    key = key_of(client, town)
    send(client, town, key=key)
    with wiring.sessions.begin() as session:
        (submission_id,) = session.scalars(select(Submission.id))
        for number in range(5):
            await_media(
                session, kind=FileKind.PHOTO, account="gh", media_id=str(number), at=wiring.clock.now(), submission_id=submission_id
            )
    answer = send(client, town, photo(0), photo(1), key=key)
    assert left_out(client, answer) == ["第 2 张多出来了，一件事最多 6 张。"]
    assert len(stored(wiring)) == 1


def test_the_same_photo_twice_is_one(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    assert left_out(client, send(client, town, photo(), photo())) == []
    assert len(rows(wiring)) == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (photo() + bytes(PHOTO_BYTES), "超过 10 MB，太大了"),
        (photo() + bytes(PHOTO_BYTES - len(photo()) + 1), "超过 10 MB，太大了"),
        (b"", "是空的"),
        (files.AVIF, "不是照片"),
        (files.SVG, "不是照片"),
        (files.PAGE, "不是照片"),
        (files.pdf(), "不是照片"),
        (b"MZ" + bytes(100), "不是照片"),
        (b"GIF89a" + bytes(100), "不是照片"),
        (files.jpeg_and_page(), "混着别的内容"),
        (files.jpeg_and_archive(), "混着别的内容"),
        (files.jpeg_and_document(), "混着别的内容"),
    ],
    ids=["too large", "a byte too large", "empty", "avif", "svg", "html", "pdf", "program", "gif", "page", "archive", "document"],
)
def test_what_cannot_be_taken_is_named_and_the_rest_arrives(client: FlaskClient, town: Town, wiring: Wiring, data: bytes, why: str) -> None:
    answer = send(client, town, photo(0), data, files.png(), names="../../王阿姨的<b>照片.jpg")
    (said_of,) = left_out(client, answer)
    assert said_of.startswith("第 2 张")
    assert why in said_of
    assert re.fullmatch(r"[\x21-\x7e]+", answer.location), "codes alone, nobody's words"
    assert "%" not in answer.location
    assert [one.media_type for one in rows(wiring)] == ["image/jpeg", "image/png"]
    assert len(stored(wiring)) == 2


def test_a_photo_of_just_ten_megabytes_is_taken(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    good = photo()
    assert left_out(client, send(client, town, good + bytes(PHOTO_BYTES - len(good)))) == []
    assert [one.size for one in rows(wiring)] == [PHOTO_BYTES]


def test_a_form_without_photos_asks_no_more_of_the_database(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    def statements(**how: Any) -> list[str]:
        key, seen = key_of(client, town), list[str]()

        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(wiring.sessions.kw["bind"], "before_cursor_execute", note)
        try:
            assert client.post(f"/p/{town.longchi_code}", data={"key": key, "text": SAID, **how}).status_code == 303
        finally:
            event.remove(wiring.sessions.kw["bind"], "before_cursor_execute", note)
        return seen

    plain = statements()
    assert statements(photos=(BytesIO(b""), "")) == plain
    assert not [one for one in plain if "submission_files" in one]
    assert [one for one in statements(photos=(BytesIO(photo()), "a.jpg")) if "submission_files" in one], "it would be seen"
    assert len(rows(wiring)) == 1


def test_a_repeat_makes_no_second_set(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    key = key_of(client, town)
    first = send(client, town, photo(0), files.SVG, key=key)
    again = send(client, town, photo(0), files.SVG, key=key)
    assert again.location == first.location, "the one whose answer is read says the same"
    assert len(said(wiring)) == len(rows(wiring)) == len(stored(wiring)) == 1


def test_photos_chosen_after_the_words_had_arrived_are_taken(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    """As when a pause in the chat sends the words while somebody still chooses photos on the form."""
    key = key_of(client, town)
    send(client, town, photo(0), key=key)
    assert left_out(client, send(client, town, photo(0), photo(1), key=key)) == []
    assert len(said(wiring)) == 1
    assert len(rows(wiring)) == 2


def full(*_: object) -> int:
    raise OSError(ENOSPC, "No space left on device")


def test_a_store_that_is_full_costs_the_photos_alone(
    client: FlaskClient, town: Town, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = wiring.objects.put, list[str]()

    def full_after_one(key: str, source: BinaryIO) -> int:
        calls.append(key)
        return put(key, source) if len(calls) == 1 else full()

    monkeypatch.setattr(wiring.objects, "put", full_after_one)
    answer = send(client, town, photo(0), photo(1), photo(2))
    assert left_out(client, answer) == [f"第 {number} 张我们这边没有存好，不是您的照片有问题。" for number in (2, 3)]
    assert said(wiring) == [SAID]
    assert [one.file_key for one in rows(wiring)] == stored(wiring) == calls[:1]


def test_a_disk_that_is_full_while_they_arrive_costs_the_photos_alone(
    client: FlaskClient, town: Town, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpooledTemporaryFile, "rollover", full)
    good = photo()
    answer = send(client, town, good + bytes(PHOTO_BYTES - len(good)), photo(1), place="幸福里")
    assert left_out(client, answer) == ["第 1 张我们这边没有存好，不是您的照片有问题。"]
    assert len(rows(wiring)) == 1


def test_what_is_stored_goes_when_the_words_could_not_be(
    client: FlaskClient, town: Town, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = wiring.objects.put, list[str]()

    def broken_after_one(key: str, source: BinaryIO) -> int:
        calls.append(key)
        if len(calls) == 2:
            raise RuntimeError
        return put(key, source)

    monkeypatch.setattr(wiring.objects, "put", broken_after_one)
    answer = send(client, town, photo(0), photo(1))
    assert answer.status_code == 500
    assert SAID in answer.get_data(as_text=True)
    assert "照片没有留下来，请再选一次" in words_of(answer)
    assert said(wiring) == []
    assert stored(wiring) == []


def test_a_refused_form_keeps_the_words_and_says_that_photos_must_be_chosen_again(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = send(client, town, photo(), text="灯", place="幸福里")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "照片没有留下来，请再选一次" in page
    assert 'aria-describedby="photos-again"' in page
    assert ">灯</textarea>" in page
    assert 'value="幸福里"' in page
    assert stored(wiring) == []
    assert "照片没有留下来" not in send(client, town, text="灯").get_data(as_text=True)


def test_limits_come_before_photos(client: FlaskClient, town: Town, wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring.limiter, "hit_all", lambda *_: False)
    answer = send(client, town, photo())
    assert answer.status_code == 429
    assert SAID in answer.get_data(as_text=True)
    assert stored(wiring) == []


def test_only_a_form_in_parts_may_be_large(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    usual = 512 * 1024
    assert body_limit(f"/p/{town.longchi_code}", usual=usual) == FORM_BYTES >= 6 * PHOTO_BYTES + usual
    for path in ("/p/", "/p/a/b", f"/p/{town.longchi_code}/similar", "/p/" + "a" * 41, "/r", ""):
        assert body_limit(path, usual=usual) == usual
    assert body_limit("/dept/referrals/1/files", usual=usual) == BODY_BYTES
    data = {"key": key_of(client, town), "text": "x" * 2 * usual}
    assert client.post(f"/p/{town.longchi_code}", data=data).status_code == 413
    assert client.post(f"/p/{town.longchi_code}", data=data, content_type="multipart/form-data").status_code == 413
    assert client.post("/r", data={"number": BytesIO(bytes(2 * usual))}, content_type="multipart/form-data").status_code == 413


def test_far_too_much_at_once_says_what_to_do(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = client.post(
        f"/p/{town.longchi_code}",
        data=b"--x--",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(FORM_BYTES + 1)},
    )
    assert answer.status_code == 413
    assert "照片加起来超过 60 MB" in words_of(answer)
    assert "少选几张" in words_of(answer)


@pytest.mark.parametrize("photos", ["", "x", "1", "0-kind", "1-nothing", "1-kind<b>", "999-kind", "_-_-_", "1-kind\n", "_" * 5_000])
def test_an_address_that_makes_no_sense_says_nothing(client: FlaskClient, town: Town, photos: str) -> None:
    receipt = send(client, town).location.split("?")[0]
    page = client.get(receipt, query_string={"new": "1", "photos": photos})
    assert page.status_code == 200
    assert "没有收下" not in words_of(page)


def test_the_chooser_takes_any_picture_and_several(client: FlaskClient, town: Town) -> None:
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert '<input class="weui-input" id="photos" type="file" name="photos" accept="image/*" multiple>' in page
    assert "capture" not in page
    assert 'enctype="multipart/form-data"' in page


def test_of_half_arrived_forms_a_process_keeps_only_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many of the usual size, or two of the largest; those longest under way go."""
    worker: Any = WholeRequestWorker.__new__(WholeRequestWorker)
    given_up: list[object] = []
    monkeypatch.setattr(WholeRequestWorker, "_give_up", lambda _self, one: given_up.append(one))
    usual = [SimpleNamespace(is_large=True, whole=8 * 1024 * 1024) for _ in range(10)]
    worker.pending_conns = [SimpleNamespace(is_large=False, whole=300), *usual]
    worker._make_room(SimpleNamespace(is_large=True, whole=8 * 1024 * 1024))
    assert given_up == []
    worker._make_room(SimpleNamespace(is_large=True, whole=FORM_BYTES))
    assert given_up == usual[:2]
    assert LARGE_BYTES >= 2 * FORM_BYTES
