"""Files in a folder of our own: written aside and moved into place, so that a reader sees all of a file or none."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from intake.adapters.object_key import sound_key

_PART = ".part-"
"""Begins the names of files being written; no key has a segment that begins with a dot."""
_FORGOTTEN_SECONDS = 24 * 3600
"""A part as old as this belongs to a process that was killed."""
_PIECE = 1 << 20


class FolderStore:
    """An ObjectStore in `root`, which is made at the first `put`; readable by its owner alone.

    Web and worker processes on several machines need a folder they share.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, source: BinaryIO) -> int:
        """Write beside the place, flush to the disk, then rename: a crash leaves what was there before, or the whole new file."""
        target = self._path(key)
        self._make(target.parent)
        self._sweep(target.parent)
        handle, part = tempfile.mkstemp(prefix=_PART, dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(source, file, _PIECE)
                file.flush()
                os.fsync(file.fileno())
                written = file.tell()
            Path(part).replace(target)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return written

    def open(self, key: str) -> BinaryIO:
        """The file as bytes."""
        return self._path(key).open("rb")

    def size(self, key: str) -> int:
        """Bytes on the disk."""
        return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        """Unlink; a reader that has it open reads on."""
        target = self._path(key)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.unlink()
            _sync_folder(target.parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """Of the folder and those below it; files being written aren't there yet."""
        for path in self._path(prefix.removesuffix("/")).rglob("*"):
            if path.is_file() and not path.name.startswith(_PART):
                yield path.relative_to(self._root).as_posix()

    def _path(self, key: str) -> Path:
        """Where `key` lies; nothing that passes the pattern leaves the folder."""
        return self._root.joinpath(*sound_key(key).split("/"))

    def _make(self, folder: Path) -> None:
        """The folder and those between it and the root, each closed to others and noted on the disk."""
        self._root.parent.mkdir(parents=True, exist_ok=True)
        missing = [one for one in (folder, *folder.parents) if one.is_relative_to(self._root) and not one.is_dir()]
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(one.parent)

    @staticmethod
    def _sweep(folder: Path) -> None:
        """Remove parts that killed processes left."""
        before = time.time() - _FORGOTTEN_SECONDS
        for part in folder.glob(f"{_PART}*"):
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_mtime < before:
                    part.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a rename outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
