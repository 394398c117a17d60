"""照片 that came with the form: into quarantine beside the words just stored; one that can't be taken is named, and costs nothing else."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.file_type import HEAD_BYTES, TAIL_BYTES, Flaw, kind_of
from intake.domain.form_photo import OF_FLAW, PHOTO_BYTES, PhotoLeft
from intake.domain.submission_file import FileAction, FileKind
from intake.models import SubmissionFile
from intake.ports import ObjectStore, Wake
from intake.services.submission_file import quarantine_key
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

_PIECE = 1 << 16
_PHOTOS = frozenset({"image/jpeg", "image/png"})


@dataclass(frozen=True, slots=True)
class Beside:
    """The submission that photos belong to."""

    submission_id: int
    district_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Sound:
    media_type: str
    size: int
    sha256: bytes
    stream: BinaryIO


def take_photos(session: Session, beside: Beside, chosen: Sequence[BinaryIO], *, room: int, store: ObjectStore) -> Mapping[int, PhotoLeft]:
    """Take up to `room` of the photos into quarantine; which were left out, by their number from 1 as they were chosen, and why.

    The same photo twice is one. A store that fails leaves photos out; it raises nothing.
    """
    left: dict[int, PhotoLeft] = {}
    kept: dict[bytes, str] = {}
    try:
        for number, stream in enumerate(chosen, start=1):
            found = _inspect(stream)
            if isinstance(found, PhotoLeft):
                left[number] = found
            elif found.sha256 in kept:
                continue
            elif len(kept) >= room:
                left[number] = PhotoLeft.MANY
            else:
                key = _keep(session, beside, found, store=store)
                if key is None:
                    left[number] = PhotoLeft.STORE
                else:
                    kept[found.sha256] = key
    except BaseException:
        for key in kept.values():
            store.delete(key)
        raise
    if kept:
        wake_after_commit(session, Wake.FILES)
    return left


def photos_not_there(session: Session, submission_id: int, chosen: Sequence[BinaryIO]) -> Mapping[int, PhotoLeft]:
    """Of photos sent again with words that had arrived before: those that aren't beside them, and why."""
    there = set(session.scalars(select(SubmissionFile.sha256).where(SubmissionFile.submission_id == submission_id)))
    left: dict[int, PhotoLeft] = {}
    for number, stream in enumerate(chosen, start=1):
        found = _inspect(stream)
        if isinstance(found, PhotoLeft):
            left[number] = found
        elif found.sha256 not in there:
            left[number] = PhotoLeft.LATER
    return left


def _inspect(stream: BinaryIO) -> _Sound | PhotoLeft:
    """What it is by its bytes, or why it can't be taken."""
    try:
        return _read(stream)
    except OSError:
        return PhotoLeft.STORE  # it was lost while it arrived


def _read(stream: BinaryIO) -> _Sound | PhotoLeft:
    size = stream.seek(0, os.SEEK_END)
    if size == 0:
        return PhotoLeft.EMPTY
    if size > PHOTO_BYTES:
        return PhotoLeft.LARGE
    stream.seek(max(0, size - TAIL_BYTES))
    tail = stream.read(TAIL_BYTES)
    stream.seek(0)
    kind = kind_of(stream.read(HEAD_BYTES), tail)
    if isinstance(kind, Flaw):
        return OF_FLAW.get(kind, PhotoLeft.KIND)
    if kind not in _PHOTOS:
        return PhotoLeft.KIND
    stream.seek(0)
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return _Sound(kind, size, digest.digest(), stream)


def _keep(session: Session, beside: Beside, photo: _Sound, *, store: ObjectStore) -> str | None:
    """Its row and its bytes, both or neither; where the bytes lie, None where the store failed."""
    try:
        with session.begin_nested():
            file = SubmissionFile(
                district_id=beside.district_id,
                submission_id=beside.submission_id,
                kind=FileKind.PHOTO,
                media_type=photo.media_type,
                size=photo.size,
                sha256=photo.sha256,
                created_at=beside.at,
            )
            begin(session, file, actor=RESIDENT, at=beside.at)
            session.flush()
            move(session, file, FileAction.TAKE, actor=RESIDENT, at=beside.at)
            file.file_key = key = quarantine_key(file.id)
            photo.stream.seek(0)
            store.put(key, photo.stream)
    except OSError:
        return None
    return key
