"""Both stores keep one contract: whole or not at all, and nothing outside their place; and what a bucket's store does when it is sick."""

import io
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from flask import Flask

from config.settings import Settings, SettingsError
from intake.adapters import s3_store
from intake.adapters.object_store import FolderStore
from intake.adapters.s3_store import Bucket, S3Store
from intake.cli.doctor import _objects
from intake.domain.submission_file import FileState
from intake.models import SubmissionFile
from intake.ports import ObjectStore
from intake.web.attachments import SANDBOX
from intake.wiring import Wiring, objects_of
from tests.apps import application
from tests.factories import files
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import hidden, sign_in
from workers.jobs import clean_files

KEY = "posters/7/12.pdf"
NAME = "zhibao-test"
PART = 5 * 1024 * 1024
"""The smallest that S3 takes."""


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """An S3 server on this machine."""
    from moto.server import ThreadedMotoServer  # heavy, so only where it is needed

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket_at(url: str, *, prefix: str = "district") -> Bucket:
    return Bucket(NAME, prefix, url, "us-east-1", "key", "secret", "path")


@pytest.fixture
def admin(s3_url: str) -> Any:
    """The bucket, empty, as its owner sees it."""
    made = boto3.session.Session().client(
        "s3", endpoint_url=s3_url, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    made.create_bucket(Bucket=NAME)
    for one in made.list_objects_v2(Bucket=NAME).get("Contents", []):
        made.delete_object(Bucket=NAME, Key=one["Key"])
    return made


def names(admin: Any) -> list[str]:
    return [one["Key"] for one in admin.list_objects_v2(Bucket=NAME).get("Contents", [])]


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "objects")
    monkeypatch.setattr(s3_store, "PART_BYTES", PART)
    request.getfixturevalue("admin")
    return S3Store(bucket_at(request.getfixturevalue("s3_url")))


def content(store: ObjectStore, key: str = KEY) -> bytes:
    with store.open(key) as file:
        return file.read()


class Breaking(io.BytesIO):
    """A source that ends in an error after `sound` bytes."""

    def __init__(self, sound: int) -> None:
        super().__init__(os.urandom(1024) * (sound // 1024))

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            raise OSError("the line is cut")
        return piece


# --- what both keep ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 70_000, PART - 1, PART, PART + 1, 2 * PART + 3])
def test_what_is_put_is_read_back_from_where_the_source_stood(store: ObjectStore, size: int) -> None:
    data = (os.urandom(4096) * (size // 4096 + 1))[:size]
    source = io.BytesIO(b"head" + data)
    source.seek(4)
    assert store.put(KEY, source) == size
    assert store.size(KEY) == size
    assert content(store) == data


def test_a_second_put_takes_the_place_of_the_first_and_a_key_can_be_put_again_after_it_was_deleted(store: ObjectStore) -> None:
    store.put(KEY, io.BytesIO(b"old"))
    store.put(KEY, io.BytesIO(b"newer"))
    assert content(store) == b"newer"
    store.delete(KEY)
    store.delete(KEY)
    for look in (store.open, store.size):
        with pytest.raises(FileNotFoundError):
            look(KEY)
    store.put(KEY, io.BytesIO(b"again"))
    assert content(store) == b"again"


# A reader can jump about, as ranges of a voice and the readers of PDFs do.
def test_a_file_can_be_sought_in(store: ObjectStore) -> None:
    data = os.urandom(3_000_000)
    store.put(KEY, io.BytesIO(data))
    with store.open(KEY) as file:
        assert file.seekable()
        assert file.seek(-10, os.SEEK_END) == len(data) - 10
        assert file.read() == data[-10:]
        assert file.read() == b""
        file.seek(1_500_000)
        assert file.read(20) == data[1_500_000:1_500_020]
        assert file.tell() == 1_500_020
        file.seek(0)
        assert b"".join(iter(lambda: file.read(64 * 1024), b"")) == data


def test_the_keys_below_a_folder_are_listed_and_no_others(store: ObjectStore) -> None:
    for key in ("said/1.jpg", "said/2.jpg", "said2/3.jpg", KEY):
        store.put(key, io.BytesIO(b"x"))
    assert sorted(store.keys("said/")) == ["said/1.jpg", "said/2.jpg"]
    assert list(store.keys("posters/")) == [KEY]
    assert list(store.keys("nothing/here/")) == []
    for wrong in ("", "../", "said//"):
        with pytest.raises(ValueError, match="object key"):
            list(store.keys(wrong))


@pytest.mark.parametrize("sound", [10_240, PART + 10_240], ids=["short", "long"])
def test_a_source_that_breaks_leaves_what_was_there(store: ObjectStore, sound: int, request: pytest.FixtureRequest) -> None:
    store.put(KEY, io.BytesIO(b"old"))
    with pytest.raises(OSError, match="line is cut"):
        store.put(KEY, Breaking(sound))
    assert content(store) == b"old"
    if isinstance(store, S3Store):  # and no parts lie about
        assert "Uploads" not in request.getfixturevalue("admin").list_multipart_uploads(Bucket=NAME)


@pytest.mark.parametrize("key", ["", "/", "../x", "posters//x", "./x", "Posters/x", "a b", "a\n", "海报/1", "x" * 201])
def test_a_key_that_is_none_is_refused_everywhere(store: ObjectStore, key: str) -> None:
    for use in (lambda: store.put(key, io.BytesIO(b"x")), lambda: store.open(key), lambda: store.size(key), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="not an object key"):
            use()


# --- what only a bucket does ---------------------------------------------------------------------------------------------------------


def test_everything_lies_under_the_prefix(admin: Any, s3_url: str) -> None:
    S3Store(bucket_at(s3_url)).put(KEY, io.BytesIO(b"x"))
    S3Store(bucket_at(s3_url, prefix="")).put("said/1.jpg", io.BytesIO(b"x"))
    assert names(admin) == [f"district/{KEY}", "said/1.jpg"]


def test_who_reads_while_the_file_is_replaced_gets_no_mixture(admin: Any, s3_url: str) -> None:
    store = S3Store(bucket_at(s3_url))
    store.put(KEY, io.BytesIO(b"a" * 3_000_000))
    with store.open(KEY) as reader:
        reader.read(10)
        store.put(KEY, io.BytesIO(b"b" * 3_000_000))
        with pytest.raises(OSError, match="PreconditionFailed"):
            reader.read()


def test_a_client_is_made_once_a_process_and_anew_in_another(admin: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = S3Store(bucket_at(s3_url))
    first = store._client
    assert store._client is first
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert store._client is not first


# --- a store that is sick ------------------------------------------------------------------------------------------------------------


class Sick(BaseHTTPRequestHandler):
    """Does with every request what the test says."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]]
    ill: str

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(self.command)
        if self.ill == "error":
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.ill == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.send_header("ETag", '"v"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(b"x" * 400)
                self.close_connection = True
        elif self.ill == "silent":
            threading.Event().wait(1.5)
            self.close_connection = True
        else:
            self.close_connection = True

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 -- the base class's names

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def sick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[S3Store, list[str]]]:
    monkeypatch.setattr(s3_store, "READ_SECONDS", 0.5)

    class Ill(Sick):
        asked: ClassVar[list[str]] = []
        ill = request.param

    with ThreadingHTTPServer(("127.0.0.1", 0), Ill) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield S3Store(bucket_at(f"http://127.0.0.1:{server.server_port}")), Ill.asked
        server.shutdown()


@pytest.mark.parametrize("sick", ["error", "silent", "closed"], indirect=True)
def test_a_sick_store_is_asked_twice_and_then_an_os_error(sick: tuple[S3Store, list[str]]) -> None:
    store, asked = sick
    with pytest.raises(OSError, match=r"object store: put posters/7/12\.pdf") as said:
        store.put(KEY, io.BytesIO(b"x"))
    assert not isinstance(said.value, FileNotFoundError)
    assert asked == ["PUT", "PUT"]


@pytest.mark.parametrize("sick", ["cut"], indirect=True)
def test_an_answer_that_is_cut_short_is_no_shorter_file(sick: tuple[S3Store, list[str]]) -> None:
    store, _ = sick
    with store.open(KEY) as file, pytest.raises(OSError, match="object store: read"):
        file.read()


def test_a_store_that_is_away_is_an_os_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        store = S3Store(bucket_at(f"http://127.0.0.1:{free.getsockname()[1]}"))
        for use in (lambda: store.put(KEY, io.BytesIO(b"x")), lambda: store.open(KEY), lambda: store.size(KEY), lambda: store.delete(KEY)):
            with pytest.raises(OSError, match="EndpointConnectionError"):
                use()


# --- chosen by the settings ----------------------------------------------------------------------------------------------------------


def s3_settings(url: str = "http://127.0.0.1:9", **other: Any) -> Settings:
    return Settings(
        environment="test",
        **{
            "object_store": f"s3://{NAME}/district",
            "s3_endpoint": url,
            "s3_access_key": "key",
            "s3_secret_key": "secret",
            "s3_addressing": "path",
            **other,
        },
    )


def test_the_settings_choose_the_store() -> None:
    assert isinstance(objects_of(Settings(environment="test")), FolderStore)
    assert isinstance(objects_of(s3_settings()), S3Store)
    assert "secret" not in repr(objects_of(s3_settings())._bucket)  # type: ignore[attr-defined]  # the S3 store's own


@pytest.mark.parametrize(
    ("wrong", "variable"),
    [
        ({"object_store": "https://bucket"}, "ZHIBAO_OBJECT_STORE"),
        ({"object_store": "s3://Bucket"}, "ZHIBAO_OBJECT_STORE"),
        ({"object_store": "s3://bucket/../x"}, "ZHIBAO_OBJECT_STORE"),
        ({"s3_endpoint": "http://s3.example"}, "ZHIBAO_S3_ENDPOINT"),
        ({"s3_secret_key": ""}, "ZHIBAO_S3_SECRET_KEY"),
        ({"s3_addressing": "host"}, "ZHIBAO_S3_ADDRESSING"),
    ],
)
def test_a_setting_that_cannot_work_is_named(wrong: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        s3_settings(**wrong).check()


def test_without_the_extra_the_cure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "intake.adapters.s3_store", None)
    with pytest.raises(SettingsError, match=r"zhibao\[s3\]"):
        objects_of(s3_settings())


def test_the_doctor_writes_reads_and_deletes(admin: Any, s3_url: str) -> None:
    assert _objects(Settings(environment="test")).ok
    assert _objects(s3_settings(s3_url)).ok
    assert names(admin) == []
    found = _objects(s3_settings(s3_url, object_store="s3://not-there"))
    assert (found.ok, found.needed) == (False, True)
    assert "NoSuchBucket" in found.detail
    assert "EndpointConnectionError" in _objects(s3_settings()).detail


# --- from the form to the member's card ----------------------------------------------------------------------------------------------


def test_a_photo_goes_through_the_bucket_from_the_form_to_the_members_eyes(wiring: Wiring, town: Town, admin: Any, s3_url: str) -> None:
    wiring.objects = S3Store(bucket_at(s3_url))
    app: Flask = application(wiring)
    client = app.test_client()
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    data = {"key": key, "text": "井盖没了，看照片", "photos": [(io.BytesIO(files.photo(told=True)), "a.jpg")]}
    assert client.post(f"/p/{town.longchi_code}", data=data, content_type="multipart/form-data").status_code == 303
    assert [one.split("/")[1] for one in names(admin)] == ["quarantine"]
    with jobs_in_this_process(wiring):
        clean_files.run()
    with wiring.sessions() as session:
        row = session.query(SubmissionFile).one()
    assert row.state is FileState.READY
    assert names(admin) == [f"district/said/{row.id}-small.jpg", f"district/said/{row.id}.jpg"]
    shown = sign_in(client, "zhou").client.get(f"/said/{row.id}", headers={"Range": "bytes=0-1"})
    assert (shown.status_code, shown.data) == (206, b"\xff\xd8")
    assert shown.headers["Content-Security-Policy"] == SANDBOX
