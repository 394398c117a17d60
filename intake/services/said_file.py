"""Photos and voices that come with a request: their bytes lie in quarantine before anything is locked, their row is begun after."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import text
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.submission_file import FileAction, FileKind
from intake.models import Submission, SubmissionFile
from intake.ports import ObjectStore, Wake
from intake.services.submission_file import quarantine_key
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Sound:
    """Bytes that may be taken, and what they are."""

    media_type: str
    size: int
    sha256: bytes
    stream: BinaryIO


def sound(stream: BinaryIO, *, media_type: str, size: int) -> Sound:
    """Read it once for its hash; OSError where it was lost while it arrived."""
    stream.seek(0)
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return Sound(media_type, size, digest.digest(), stream)


def store_sound(session: Session, one: Sound, *, store: ObjectStore) -> int | None:
    """Its bytes, under an id drawn for it; None where the store failed."""
    file_id: int = session.execute(text("SELECT nextval('submission_files_id_seq')")).scalar_one()
    try:
        one.stream.seek(0)
        store.put(quarantine_key(file_id), one.stream)
    except OSError:
        return None
    return file_id


def begin_said(session: Session, submission: Submission, kind: FileKind, *, file_id: int, one: Sound, at: datetime) -> None:
    """The row of what was stored under `file_id`; the workers are woken for it."""
    file = SubmissionFile(
        id=file_id,
        district_id=submission.district_id,
        submission_id=submission.id,
        kind=kind,
        version=1,
        media_type=one.media_type,
        size=one.size,
        sha256=one.sha256,
        file_key=quarantine_key(file_id),
        created_at=at,
    )
    begin(session, file, actor=RESIDENT, at=at)
    move(session, file, FileAction.TAKE, actor=RESIDENT, at=at)
    session.flush()
    wake_after_commit(session, Wake.FILES)
