"""Files in a bucket of an S3-compatible store; the only module that knows boto3, and imported only where the settings ask for one."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from intake.adapters.object_key import sound_folder, sound_key

PART_BYTES = 8 * 1024 * 1024
"""What is longer goes up in parts of this size: never more than one of them is in memory."""
CONNECT_SECONDS = 5
READ_SECONDS = 30
TRIES = 2
_WINDOW = 1024 * 1024
"""How much is read ahead of who reads a file."""
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the files lie and how to get in."""

    name: str
    prefix: str
    """Begins every key; empty for a bucket of our own."""
    endpoint: str
    """Empty for Amazon's."""
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    addressing: str
    """`path`, `virtual`, or `auto`: whether the bucket's name stands in the path or in the host."""


class S3Store:
    """An ObjectStore in a bucket. What the store answers with is either a FileNotFoundError or an OSError that names what failed.

    S3 itself shows an object whole or not at all; parts of an upload whose process was killed are seen by nobody, and end by the bucket's
    own rule (docs/deploy.md).
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._making = threading.Lock()
        self._made: tuple[int, Any] | None = None

    def put(self, key: str, source: BinaryIO) -> int:
        """Read a part ahead: what fits into it goes up at once, anything longer in parts that become an object together."""
        name = self._name(key)
        first = _read_fully(source, PART_BYTES)
        if len(first) == PART_BYTES:
            return self._put_in_parts(name, first, source)
        with _failing("put", key):
            self._client.put_object(Bucket=self._bucket.name, Key=name, Body=first)
        return len(first)

    def open(self, key: str) -> BinaryIO:
        """The file, read piece by piece; it may be sought in. FileNotFoundError when there is none.

        What is put in its place while somebody reads ends the reading with an OSError: nobody gets half of each.
        """
        name = self._name(key)
        with _failing("open", key):
            found = self._client.head_object(Bucket=self._bucket.name, Key=name)
        content = _Content(self._client, self._bucket.name, name, size=found["ContentLength"], version=found["ETag"])
        return cast("BinaryIO", io.BufferedReader(content, buffer_size=_WINDOW))

    def size(self, key: str) -> int:
        """Bytes; FileNotFoundError when there is none."""
        name = self._name(key)
        with _failing("size", key):
            return int(self._client.head_object(Bucket=self._bucket.name, Key=name)["ContentLength"])

    def delete(self, key: str) -> None:
        """Remove it; S3 says nothing of what wasn't there."""
        name = self._name(key)
        with _failing("delete", key):
            self._client.delete_object(Bucket=self._bucket.name, Key=name)

    def keys(self, prefix: str) -> Iterator[str]:
        """What the bucket holds below `prefix`, a thousand names for each request."""
        name = self._prefix + sound_folder(prefix)
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket.name, Prefix=name))
        while True:
            with _failing("list", prefix):
                page = next(pages, None)
            if page is None:
                return
            for one in page.get("Contents", ()):
                yield one["Key"].removeprefix(self._prefix)

    @property
    def _client(self) -> Any:
        """One for each process: connections must not be shared with a forked child. boto3's clients may be used by many threads."""
        with self._making:
            if self._made is None or self._made[0] != os.getpid():
                self._made = (os.getpid(), _client(self._bucket))
            return self._made[1]

    def _name(self, key: str) -> str:
        return self._prefix + sound_key(key)

    @property
    def _prefix(self) -> str:
        return f"{self._bucket.prefix}/" if self._bucket.prefix else ""

    def _put_in_parts(self, name: str, part: bytes, source: BinaryIO) -> int:
        with _failing("put", name):
            upload = self._client.create_multipart_upload(Bucket=self._bucket.name, Key=name)["UploadId"]
        where = {"Bucket": self._bucket.name, "Key": name, "UploadId": upload}
        try:
            parts: list[dict[str, Any]] = []
            written = 0
            while part:
                with _failing("put", name):
                    sent = self._client.upload_part(**where, PartNumber=len(parts) + 1, Body=part)
                parts.append({"PartNumber": len(parts) + 1, "ETag": sent["ETag"]})
                written += len(part)
                part = _read_fully(source, PART_BYTES)
            with _failing("put", name):
                self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        except BaseException:
            # What was there before stays; if even this fails, the bucket's rule removes the parts.
            with suppress(BotoCoreError, ClientError):
                self._client.abort_multipart_upload(**where)
            raise
        return written


class _Content(io.RawIOBase):
    """One object, fetched a window at a time; every request names the version that was found first."""

    def __init__(self, client: Any, bucket: str, name: str, *, size: int, version: str) -> None:
        self._client, self._bucket, self._name, self._size, self._version = client, bucket, name, size, version
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes, at no cost."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there without asking the store."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def readall(self) -> bytes:
        """Window by window; io's own way would ask for 8 kB at a time."""
        pieces = []
        while piece := self.read(_WINDOW):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        """One request for as much as there is room; 0 at the end, OSError when fewer bytes came than were asked for."""
        last = min(self._at + len(buffer), self._size) - 1
        if last < self._at:
            return 0
        with _failing("read", self._name):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._name, Range=f"bytes={self._at}-{last}", IfMatch=self._version)
            piece = answer["Body"].read()
        if len(piece) != last - self._at + 1:
            raise OSError(f"object store: {len(piece)} bytes of {self._name} came, {last - self._at + 1} were asked for")
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _client(bucket: Bucket) -> Any:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=bucket.endpoint or None,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            s3={"addressing_style": bucket.addressing},
            # Stores other than Amazon's don't know its newer checksums, which boto3 sends since 1.36 unless told not to.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _read_fully(source: BinaryIO, most: int) -> bytes:
    """Up to `most` bytes; fewer only at the end of `source`, whatever pieces it gives."""
    pieces, missing = [], most
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


@contextmanager
def _failing(act: str, key: str) -> Iterator[None]:
    """Say it as a folder would: FileNotFoundError, or OSError without what the store wrote, which may quote our keys."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "?"))
        if code in _MISSING:
            raise FileNotFoundError(f"no such object: {key}") from None
        raise OSError(f"object store: {act} {key}: {code}") from error
    except BotoCoreError as error:
        raise OSError(f"object store: {act} {key}: {type(error).__name__}") from error
