"""照片 beside a submission's words, with the form or added later: into quarantine; one that can't be taken is named, and costs nothing else."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, NotFound
from intake.domain.file_type import HEAD_BYTES, TAIL_BYTES, Flaw, kind_of
from intake.domain.form_photo import OF_FLAW, PHOTO_BYTES, PHOTOS_MOST, PhotoLeft, may_take_photos
from intake.domain.release import ReleaseState
from intake.domain.submission_file import FileKind, FileState
from intake.models import Release, ReleasePhoto, Submission, SubmissionFile
from intake.ports import ObjectStore
from intake.services.said_file import Sound, begin_said, sound, store_sound
from intake.services.submission_file import quarantine_key


@dataclass(frozen=True, slots=True)
class _Stored:
    """One whose bytes lie in quarantine under the key of its id, and that has no row yet."""

    id: int
    photo: Sound


@dataclass(frozen=True, slots=True)
class _Standing:
    """A submission and the photos beside it."""

    submission: Submission
    hashes: frozenset[bytes]
    """Of those that are there; one that was refused is there too, since the same bytes would be refused again."""
    room: int
    """For how many more there is room; none where it is over."""

    @property
    def is_over(self) -> bool:
        """Whether nothing may be added any more."""
        return not may_take_photos(self.submission.state, is_erased=self.submission.erased_at is not None)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the photos that were chosen."""

    kept: int
    """How many are there now, those included that were there before."""
    left: Mapping[int, PhotoLeft]
    """Which were left out, by their number from 1 as they were chosen, and why."""


def take_photos(session: Session, submission_id: int, chosen: Sequence[BinaryIO], *, store: ObjectStore, at: datetime) -> Taken:
    """Take photos beside a submission's words into quarantine, PHOTOS_MOST in all; the same bytes again are the photo that is there.

    A store that fails leaves photos out. NotFound without such a submission. Bytes are stored before anything is locked, and looked at
    again then; should the rows not be committed, the sweep finds the bytes.
    """
    found = {number: _inspect(stream) for number, stream in enumerate(chosen, start=1)}
    before = _standing(session, submission_id)
    stored: dict[bytes, _Stored] = {}
    failed: set[bytes] = set()
    begun: frozenset[bytes] = frozenset()
    try:
        for one in found.values():
            if isinstance(one, PhotoLeft) or one.sha256 in before.hashes | stored.keys() | failed or len(stored) >= before.room:
                continue
            kept = store_sound(session, one, store=store)
            if kept is None:
                failed.add(one.sha256)
            else:
                stored[one.sha256] = _Stored(kept, one)
        after = _standing(session, submission_id, lock=True) if stored else before
        begun = _begin_rows(session, after, stored, at=at)
    finally:
        for sha256, lost in stored.items():
            if sha256 not in begun:
                store.delete(quarantine_key(lost.id))
    left: dict[int, PhotoLeft] = {}
    for number, one in found.items():
        if isinstance(one, PhotoLeft):
            left[number] = one
        elif one.sha256 not in after.hashes | begun:
            left[number] = PhotoLeft.LATER if after.is_over else PhotoLeft.STORE if one.sha256 in failed else PhotoLeft.MANY
    return Taken(len(found) - len(left), left)


def remove_photo(session: Session, submission_id: int, *, file_id: int, at: datetime) -> None:
    """Take back one of one's own photos, so that nobody sees it; its bytes go with the next sweep. Again changes nothing.

    Raises NotFound, and Conflict when it stands on a public page or the matter is over.
    """
    if _standing(session, submission_id, lock=True).is_over:
        raise Conflict("这件事已经撤回或办结，照片到期由系统清除。")
    file = session.scalars(
        select(SubmissionFile)
        .where(SubmissionFile.id == file_id, SubmissionFile.submission_id == submission_id, SubmissionFile.kind == FileKind.PHOTO)
        .with_for_update()
    ).one_or_none()
    if file is None:
        raise NotFound("没有这张照片，可能已经移除。")
    released = (
        select(ReleasePhoto.id)
        .join(Release, Release.id == ReleasePhoto.release_id)
        .where(ReleasePhoto.submission_file_id == file_id, Release.state == ReleaseState.RELEASED)
    )
    if session.scalar(released.limit(1)) is not None:
        raise Conflict("这张照片已经用在公开的页面上，不能在这里移除。要撤下，请给工作人员留言。")
    file.removed_at = file.removed_at or at


def stray_keys(session: Session, keys: Sequence[str], *, before: datetime) -> list[str]:
    """Of keys in residents' quarantine, those whose row never came to be: drawn earlier than a row that was there `before`."""
    by_id = {int(tail): key for key in keys if (tail := key.rpartition("/")[2]).isdecimal()}
    newest = session.scalar(select(SubmissionFile.id).where(SubmissionFile.created_at < before).order_by(SubmissionFile.id.desc()).limit(1))
    if newest is None:
        return []
    rows = set(session.scalars(select(SubmissionFile.id).where(SubmissionFile.id.in_(by_id))))
    return [key for file_id, key in by_id.items() if file_id < newest and file_id not in rows]


def _inspect(stream: BinaryIO) -> Sound | PhotoLeft:
    """What it is by its bytes, or why it can't be taken."""
    try:
        return _read(stream)
    except OSError:
        return PhotoLeft.STORE  # it was lost while it arrived


def _read(stream: BinaryIO) -> Sound | PhotoLeft:
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
    if not kind.startswith("image/"):
        return PhotoLeft.KIND
    return sound(stream, media_type=kind, size=size)


def _standing(session: Session, submission_id: int, *, lock: bool = False) -> _Standing:
    asked = select(Submission).where(Submission.id == submission_id).execution_options(populate_existing=True)
    submission = session.scalars(asked.with_for_update() if lock else asked).one_or_none()
    if submission is None:
        raise NotFound("没有这张回执。请核对回执号。")
    there = session.execute(
        select(SubmissionFile.sha256, SubmissionFile.state).where(
            SubmissionFile.submission_id == submission_id, SubmissionFile.kind == FileKind.PHOTO, SubmissionFile.removed_at.is_(None)
        )
    ).all()
    standing = _Standing(submission, frozenset(one.sha256 for one in there), 0)
    counted = sum(one.state is not FileState.REFUSED for one in there)
    return standing if standing.is_over else replace(standing, room=max(0, PHOTOS_MOST - counted))


def _begin_rows(session: Session, standing: _Standing, stored: Mapping[bytes, _Stored], *, at: datetime) -> frozenset[bytes]:
    """Rows for what was stored and isn't there yet, as far as there is room; their hashes."""
    begun = [one for sha256, one in stored.items() if sha256 not in standing.hashes][: standing.room]
    for one in begun:
        begin_said(session, standing.submission, FileKind.PHOTO, file_id=one.id, one=one.photo, at=at)
    return frozenset(one.photo.sha256 for one in begun)
