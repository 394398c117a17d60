"""录音 beside a submission's words: into quarantine, where a worker makes it anew; one that can't be taken costs nothing else."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.capture import VOICE_BYTES, VOICES_MOST, VoiceLeft
from intake.domain.errors import NotFound
from intake.domain.file_type import HEAD_BYTES
from intake.domain.form_photo import may_take_photos
from intake.domain.submission_file import FileKind, FileState, sent_type
from intake.models import Submission, SubmissionFile
from intake.ports import ObjectStore
from intake.services.said_file import Sound, begin_said, sound, store_sound
from intake.services.submission_file import quarantine_key


@dataclass(frozen=True, slots=True)
class _Standing:
    """A submission, and why a new voice can't be taken beside it; None where it can."""

    submission: Submission
    hashes: frozenset[bytes]
    barred: VoiceLeft | None


def take_voice(session: Session, submission_id: int, stream: BinaryIO, *, store: ObjectStore, at: datetime) -> VoiceLeft | None:
    """Take one into quarantine; the same bytes again are the voice that is there. Why it was left out, None where it is kept.

    NotFound without such a submission. Bytes are stored before anything is locked; should the row not be committed, the sweep finds them.
    """
    one = _inspect(stream)
    if isinstance(one, VoiceLeft):
        return one
    before = _standing(session, submission_id, lock=False)
    if one.sha256 in before.hashes:
        return None
    if before.barred is not None:
        return before.barred
    file_id = store_sound(session, one, store=store)
    if file_id is None:
        return VoiceLeft.STORE
    kept = False
    try:
        now = _standing(session, submission_id, lock=True)
        if one.sha256 not in now.hashes and now.barred is None:
            begin_said(session, now.submission, FileKind.VOICE, file_id=file_id, one=one, at=at)
            kept = True
    finally:
        if not kept:
            store.delete(quarantine_key(file_id))
    return None if kept or one.sha256 in now.hashes else now.barred


def _inspect(stream: BinaryIO) -> Sound | VoiceLeft:
    """What it is by its bytes, or why it can't be taken."""
    try:
        size = stream.seek(0, os.SEEK_END)
        if size == 0:
            return VoiceLeft.EMPTY
        if size > VOICE_BYTES:
            return VoiceLeft.LARGE
        stream.seek(0)
        media_type = sent_type(FileKind.VOICE, stream.read(HEAD_BYTES))
        return sound(stream, media_type=media_type, size=size) if media_type is not None else VoiceLeft.KIND
    except OSError:
        return VoiceLeft.STORE  # it was lost while it arrived


def _standing(session: Session, submission_id: int, *, lock: bool) -> _Standing:
    asked = select(Submission).where(Submission.id == submission_id).execution_options(populate_existing=True)
    submission = session.scalars(asked.with_for_update() if lock else asked).one_or_none()
    if submission is None:
        raise NotFound("没有这件来件。")
    there = session.execute(
        select(SubmissionFile.sha256, SubmissionFile.state).where(
            SubmissionFile.submission_id == submission_id, SubmissionFile.kind == FileKind.VOICE, SubmissionFile.removed_at.is_(None)
        )
    ).all()
    hashes = frozenset(one.sha256 for one in there)
    if not may_take_photos(submission.state, is_erased=submission.erased_at is not None):
        return _Standing(submission, hashes, VoiceLeft.LATER)
    is_full = sum(one.state is not FileState.REFUSED for one in there) >= VOICES_MOST
    return _Standing(submission, hashes, VoiceLeft.MANY if is_full else None)
