"""The folder of files: whole or not at all, and nothing outside it."""

import io
import os
import threading
import time
from pathlib import Path

import pytest

from intake.adapters.object_store import FolderStore

KEY = "posters/7/12.pdf"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "data" / "objects")


def content(store: FolderStore, key: str = KEY) -> bytes:
    with store.open(key) as file:
        return file.read()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


class Breaking(io.BytesIO):
    """A source that ends in an error after its first piece."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(10)
        if not piece:
            raise OSError("the line is cut")
        return piece


def test_what_is_put_is_read_back_with_its_size(store: FolderStore) -> None:
    assert store.put(KEY, io.BytesIO(b"x" * 3_000_000)) == 3_000_000
    assert content(store) == b"x" * 3_000_000
    assert store.size(KEY) == 3_000_000


def test_a_source_is_read_from_where_it_stands(store: FolderStore) -> None:
    source = io.BytesIO(b"headbody")
    source.seek(4)
    assert store.put(KEY, source) == 4
    assert content(store) == b"body"


def test_a_second_put_takes_the_place_of_the_first_and_open_readers_read_on(store: FolderStore) -> None:
    store.put(KEY, io.BytesIO(b"old"))
    with store.open(KEY) as reader:
        store.put(KEY, io.BytesIO(b"newer"))
        assert reader.read() == b"old"
    assert content(store) == b"newer"


def test_a_source_that_breaks_leaves_what_was_there_and_no_rubbish(store: FolderStore, tmp_path: Path) -> None:
    store.put(KEY, io.BytesIO(b"old"))
    with pytest.raises(OSError, match="line is cut"):
        store.put(KEY, Breaking(b"n" * 25))
    assert content(store) == b"old"
    assert files(tmp_path) == ["12.pdf"]


def test_a_reader_never_sees_half_a_file(store: FolderStore) -> None:
    versions = [letter * 400_000 for letter in (b"a", b"b")]
    store.put(KEY, io.BytesIO(versions[0]))
    done = threading.Event()

    def write() -> None:
        for number in range(40):
            store.put(KEY, io.BytesIO(versions[number % 2]))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert content(store) in versions
    writer.join()


def test_what_a_killed_process_left_is_swept_after_a_day_and_not_before(store: FolderStore, tmp_path: Path) -> None:
    store.put(KEY, io.BytesIO(b"first"))
    folder = tmp_path / "data" / "objects" / "posters" / "7"
    old, fresh = folder / ".part-old", folder / ".part-fresh"
    for part in (old, fresh):
        part.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    store.put("posters/7/13.pdf", io.BytesIO(b"second"))
    assert files(tmp_path) == [".part-fresh", "12.pdf", "13.pdf"]


def test_what_is_deleted_or_never_was_is_not_found_and_deleting_twice_is_harmless(store: FolderStore) -> None:
    store.delete(KEY)
    store.put(KEY, io.BytesIO(b"x"))
    store.delete(KEY)
    store.delete(KEY)
    for look in (store.open, store.size):
        with pytest.raises(FileNotFoundError):
            look(KEY)


def test_keys_are_listed_by_their_folder_without_what_is_being_written(store: FolderStore, tmp_path: Path) -> None:
    assert list(store.keys("said/")) == []
    for key in ("said/1.jpg", "said/far/2.jpg", "saidx/3", "other/said/4"):
        store.put(key, io.BytesIO(b"x"))
    part = next(tmp_path.rglob("1.jpg")).with_name(".part-abc")
    part.write_bytes(b"half")
    assert sorted(store.keys("said/")) == ["said/1.jpg", "said/far/2.jpg"]


def test_only_the_owner_can_look(store: FolderStore, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store.put(KEY, io.BytesIO(b"x"))
    finally:
        os.umask(before)
    root = tmp_path / "data" / "objects"
    for path in (root, root / "posters", root / "posters" / "7", root / KEY):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(
    "key",
    [
        "", "/", "/etc/passwd", "..", "../x", "posters/../../x", "posters//x", "posters/", "./x", "a/./b", ".hidden", "posters/.part-1",
        "Posters/x", "posters\\x", "a b", "a\x00b", "a\n", "海报/1", "a..b", "a.", "x" * 201, "٣/1",
    ],
)  # fmt: skip
def test_a_key_that_is_none_is_refused_everywhere(store: FolderStore, tmp_path: Path, key: str) -> None:
    outside = tmp_path / "x"
    outside.write_text("not ours")
    for use in (lambda: store.put(key, io.BytesIO(b"x")), lambda: store.open(key), lambda: store.size(key), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="not an object key"):
            use()
    assert files(tmp_path) == ["x"]
    assert outside.read_text() == "not ours"
