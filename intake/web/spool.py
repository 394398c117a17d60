"""Where files lie while a form is read: a disk without room costs the file, never the words that came in the same form."""

import contextlib
import os
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from flask import Request

IN_MEMORY = 500 * 1024
"""Bytes of one file; what is larger goes to the disk."""


class Spool:
    """The bytes of one file. Once they could not be kept, `seek` to the end and `read` raise OSError, as a lost disk would."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=IN_MEMORY, mode="w+b")
        self._lost: OSError | None = None

    def write(self, data: bytes) -> int:
        """Keep more; what can't be kept is swallowed, so that the rest of the form is read."""
        if self._lost is None:
            try:
                return self._file.write(data)
            except OSError as error:
                self._lose(error)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there; its place."""
        if self._lost is None:
            try:
                return self._file.seek(offset, whence)
            except OSError as error:
                self._lose(error)
        if whence == os.SEEK_END:
            raise OSError("lost while it arrived") from self._lost
        return 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if self._lost is not None:
            raise OSError("lost while it arrived") from self._lost
        return self._file.read(size)

    def close(self) -> None:
        """Forget them."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _lose(self, error: OSError) -> None:
        self._lost = error
        self.close()


class SpoolingRequest(Request):
    """A request whose files are spooled so."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        return cast("IO[bytes]", Spool())
