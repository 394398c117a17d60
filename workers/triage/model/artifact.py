"""A learnt model as a file: named arrays and a card in JSON, in one .npz; nothing in it can run."""

import hashlib
import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT = "zhibao-triage-1"
LARGEST = 64 * 1024 * 1024
"""Bytes that a file may unpack to."""

_CARD = "card"
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, SyntaxError),
    *(LookupError, ValueError, TypeError, OSError, EOFError, RuntimeError, MemoryError, OverflowError),
)
"""What the readers of a foreign or damaged file raise: a model that can't be read must not stop triage."""


class ArtifactError(ValueError):
    """The file is no model of ours, or not the one that is needed; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Artifact:
    """One model for one `task`; `card` says what it was trained on and how it did, beside what its reader needs."""

    task: str
    arrays: Mapping[str, npt.NDArray[Any]]
    card: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The task and a fingerprint of everything inside, such as `classify-1f3a5c7e9b2d`; the same content has the same version."""
        digest = hashlib.sha256(_card_bytes(self))
        for name in sorted(self.arrays):
            array = np.ascontiguousarray(self.arrays[name])
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(array.tobytes())
        return f"{self.task}-{digest.hexdigest()[:12]}"


def write_artifact(artifact: Artifact) -> bytes:
    """The file's bytes; the same model gives the same bytes."""
    file = io.BytesIO()
    arrays = {_CARD: np.frombuffer(_card_bytes(artifact), np.uint8), **artifact.arrays}
    np.savez_compressed(file, allow_pickle=False, **{name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return file.getvalue()


def read_artifact(content: bytes, *, task: str) -> Artifact:
    """The model that `write_artifact` wrote; ArtifactError for a foreign, damaged or oversized file, or another task."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except _UNREADABLE as error:
        raise ArtifactError("this is no model file, or it is damaged") from error
    if unpacked > LARGEST:
        raise ArtifactError(f"the model unpacks to more than {LARGEST} bytes")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        document = json.loads(arrays.pop(_CARD).tobytes().decode("utf-8"))
    except _UNREADABLE as error:
        raise ArtifactError(f"this is no model file, or it is damaged ({type(error).__name__})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or not isinstance(document.get("card"), dict):
        raise ArtifactError(f"the model file is of another kind; {FORMAT} is needed")
    if document.get("task") != task:
        raise ArtifactError(f"the model is for {document.get('task')!r}, not for {task!r}")
    return Artifact(task, arrays, document["card"])


def _card_bytes(artifact: Artifact) -> bytes:
    document = {"format": FORMAT, "task": artifact.task, "card": artifact.card}
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode("utf-8")
