"""佐证: files are taken into quarantine, re-encoded by a worker, and removed again before the answer is sent or when nothing needs them.

The bytes of one that was sent in lie under `quarantine/…`, and nobody reads them but the worker; what people read lies under `evidence/…`.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.attachment import (
    MEDIA_TYPES,
    MOST_BYTES,
    MOST_FILES,
    AttachmentAction,
    AttachmentKind,
    AttachmentState,
)
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.file_type import FIELD, HEAD_BYTES, TAIL_BYTES, media_type_of, sent_name, shown_name
from intake.domain.permission import Permission
from intake.domain.referral import AT_DEPARTMENT
from intake.models import Area, Attachment, Referral
from intake.ports import ObjectStore, Wake
from intake.services.audit import record
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

_PIECE = 1 << 16
_LATELY = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file as it was sent: what the sender calls it, and its bytes, which can be read again."""

    name: str
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class Upload:
    """Who sends files, for which referral, and what they are for."""

    actor: Actor
    referral_id: int
    at: datetime
    kind: AttachmentKind = AttachmentKind.EVIDENCE


@dataclass(frozen=True, slots=True)
class Received:
    """One file that waits for the worker."""

    id: int
    district_id: int
    media_type: str

    @property
    def original(self) -> str:
        """Where its bytes lie."""
        return quarantine_key(self.district_id, self.id)

    @property
    def result(self) -> str:
        """Where it goes, the same at every try."""
        return f"evidence/{self.district_id}/{self.id}{'.pdf' if self.media_type == 'application/pdf' else '.jpg'}"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file that was sent is, by its bytes."""

    name: str
    media_type: str
    size: int
    sha256: bytes
    stream: BinaryIO


def quarantine_key(district_id: int, attachment_id: int) -> str:
    """Where the bytes lie as they were sent."""
    return f"quarantine/{district_id}/{attachment_id}"


def small_key(file_key: str) -> str:
    """Where the small picture of a re-encoded one lies."""
    return file_key.removesuffix(".jpg") + "-small.jpg"


def receive(session: Session, upload: Upload, files: Sequence[Incoming], *, store: ObjectStore) -> tuple[int, ...]:
    """Take the files into quarantine, all or none; their ids, that of the first for one that is there already.

    Raises InvalidInput (field `files`) for what can't be taken, NotFound, Forbidden, Conflict when the answer has been sent.
    """
    referral = _lock(session, upload)
    inspected = [inspect(one) for one in files]
    there = {
        one.sha256: one.id for one in session.scalars(_pending(referral.id, upload.kind).where(Attachment.state != AttachmentState.REFUSED))
    }
    new: dict[bytes, Inspected] = {}
    for one in inspected:
        if one.sha256 not in there:
            new.setdefault(one.sha256, one)
    if len(there) + len(new) > MOST_FILES:
        raise InvalidInput(f"一次答复最多附 {MOST_FILES} 个文件，请先移除几个。", field=FIELD)
    stored: list[str] = []
    try:
        for one in new.values():
            attachment = _begin(session, upload, referral, one)
            there[one.sha256] = attachment.id
            stored.append(attachment.file_key)
            one.stream.seek(0)
            store.put(attachment.file_key, one.stream)
    except BaseException:
        for key in stored:
            store.delete(key)
        raise
    if new:
        wake_after_commit(session, Wake.ATTACHMENTS)
    return tuple(dict.fromkeys(there[one.sha256] for one in inspected))


def remove(session: Session, upload: Upload, *, attachment_id: int) -> None:
    """Take one out again before the answer is sent; again changes nothing. NotFound, Forbidden, Conflict when it was sent."""
    referral = _lock(session, upload)
    attachment = session.scalars(
        select(Attachment).where(Attachment.id == attachment_id, Attachment.referral_id == referral.id).with_for_update()
    ).one_or_none()
    if attachment is None or attachment.kind is not upload.kind:
        raise NotFound("没有这个文件，可能已经移除。")
    if attachment.answer_id is not None:
        raise Conflict("这个文件已经随答复送出，不能移除。")
    if attachment.removed_at is None:
        attachment.removed_at = upload.at
        _note(session, upload, referral, "remove", attachment.id)


def received(session: Session, *, after: int, limit: int) -> list[Received]:
    """Files that wait for the worker, in the order they came, beyond the id `after`."""
    rows = session.execute(
        select(Attachment.id, Attachment.district_id, Attachment.media_type)
        .where(Attachment.state == AttachmentState.RECEIVED, Attachment.removed_at.is_(None), Attachment.id > after)
        .order_by(Attachment.id)
        .limit(limit)
    )
    return [Received(*row) for row in rows]


def accept_cleaned(session: Session, one: Received, *, size: int, at: datetime) -> bool:
    """The re-encoded file lies under `one.result` with `size` bytes; False when another worker was first."""
    attachment = _still_received(session, one)
    if attachment is None:
        return False
    move(session, attachment, AttachmentAction.CLEAN, actor=MACHINE, at=at)
    attachment.file_key, attachment.size = one.result, size
    if attachment.media_type != "application/pdf":
        attachment.media_type = "image/jpeg"
    attachment.name = shown_name(attachment.name, media_type=attachment.media_type)
    return True


def refuse(session: Session, one: Received, *, because: str, at: datetime) -> bool:
    """It can't be used, and `because` says why; False when another worker was first."""
    attachment = _still_received(session, one)
    if attachment is None:
        return False
    move(session, attachment, AttachmentAction.REFUSE, actor=MACHINE, at=at)
    attachment.refused_because = because
    return True


def unneeded_files(session: Session, *, at: datetime, limit: int) -> list[tuple[int, tuple[str, ...]]]:
    """Ids and keys of refused and removed files whose bytes are still there."""
    rows = session.execute(
        select(Attachment.id, Attachment.file_key)
        .where(
            Attachment.file_key != "",
            or_(Attachment.state == AttachmentState.REFUSED, Attachment.removed_at < at),
        )
        .order_by(Attachment.id)
        .limit(limit)
    )
    return [(attachment_id, (key, small_key(key)) if key.endswith(".jpg") else (key,)) for attachment_id, key in rows]


def forget_files(session: Session, ids: Sequence[int]) -> None:
    """Note that their bytes are gone."""
    for attachment in session.scalars(select(Attachment).where(Attachment.id.in_(ids)).order_by(Attachment.id).with_for_update()):
        attachment.file_key = ""


def originals_lately(session: Session, *, at: datetime) -> list[str]:
    """Where originals of files cleaned in the last two days lay: a worker killed right after its commit may have left one."""
    rows = session.execute(
        select(Attachment.district_id, Attachment.id).where(
            Attachment.state == AttachmentState.READY, Attachment.state_changed_at > at - _LATELY
        )
    )
    return [quarantine_key(*row) for row in rows]


def _lock(session: Session, upload: Upload) -> Referral:
    """The referral, locked against a second upload; a file isn't a competing edit, so no version is asked for."""
    referral = session.scalars(
        select(Referral).where(Referral.id == upload.referral_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if referral is None or referral.district_id != upload.actor.district_id:
        raise NotFound("没有这件转报，或者不在您的区。")
    if upload.kind is AttachmentKind.SCAN:
        path = session.get_one(Area, referral.area_id).path
        if not upload.actor.may(Permission.REFERRAL_FOLLOW, area_path=path):
            raise Forbidden("扫描件由区政协工作人员代录。")
    elif not upload.actor.may(Permission.REFERRAL_ANSWER) or upload.actor.unit_id != referral.lead_id:
        raise Forbidden("这一件现在不由您单位主办。")
    if referral.state not in AT_DEPARTMENT:
        raise Conflict("已经答复了，不能再添加或移除文件。")
    return referral


def _pending(referral_id: int, kind: AttachmentKind) -> Select[Attachment]:
    return select(Attachment).where(
        Attachment.referral_id == referral_id,
        Attachment.answer_id.is_(None),
        Attachment.removed_at.is_(None),
        Attachment.kind == kind,
    )


def inspect(one: Incoming) -> Inspected:
    """What it is; InvalidInput (field `files`) for what can't be taken."""
    name = sent_name(one.name)
    size = one.stream.seek(0, os.SEEK_END)
    if size == 0:
        raise InvalidInput(f"“{name}”是空的，请重新选择文件。", field=FIELD)
    if size > MOST_BYTES:
        raise InvalidInput(f"“{name}”太大，一个文件最多 {MOST_BYTES // 1024 // 1024} MB。照片请缩小后再传，PDF 请分成几份。", field=FIELD)
    one.stream.seek(max(0, size - TAIL_BYTES))
    tail = one.stream.read(TAIL_BYTES)
    one.stream.seek(0)
    head = one.stream.read(HEAD_BYTES)
    media_type = media_type_of(head, tail, name=name)
    assert media_type in MEDIA_TYPES
    one.stream.seek(0)
    digest = hashlib.sha256()
    while piece := one.stream.read(_PIECE):
        digest.update(piece)
    return Inspected(shown_name(one.name, media_type=media_type), media_type, size, digest.digest(), one.stream)


def _begin(session: Session, upload: Upload, referral: Referral, one: Inspected) -> Attachment:
    assert upload.actor.user_id is not None, "a person sends"
    attachment = Attachment(
        district_id=referral.district_id,
        referral_id=referral.id,
        kind=upload.kind,
        name=one.name,
        media_type=one.media_type,
        size=one.size,
        sha256=one.sha256,
        file_key="",
        sent_by=upload.actor.user_id,
        created_at=upload.at,
    )
    begin(session, attachment, actor=upload.actor, at=upload.at)
    attachment.file_key = quarantine_key(referral.district_id, attachment.id)
    _note(session, upload, referral, "receive", attachment.id)
    return attachment


def _still_received(session: Session, one: Received) -> Attachment | None:
    return session.scalars(
        select(Attachment).where(Attachment.id == one.id, Attachment.state == AttachmentState.RECEIVED).with_for_update()
    ).one_or_none()


def _note(session: Session, upload: Upload, referral: Referral, what: str, attachment_id: int) -> None:
    record(
        session,
        actor=upload.actor,
        district_id=referral.district_id,
        action=f"attachment.{what}",
        noun="attachment",
        entity_id=attachment_id,
        at=upload.at,
        referral=referral.id,
    )
