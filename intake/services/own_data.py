"""我的资料: everything of one submission that is its resident's, in clear, for whoever holds the receipt (PIPL, article 45)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.message import MessageFrom
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel
from intake.domain.submission_file import FileKind, FileState
from intake.models import Message, Outcome, Submission, SubmissionFile, User
from intake.ports import ObjectStore, Vault
from intake.queries.assisted import Assistance, assistance
from intake.queries.member_report import Reported, reported
from intake.queries.receipt import ReceiptView
from intake.services.audit import record
from intake.services.submission_submit import contact_context

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """One of the words to and fro."""

    from_resident: bool
    by: str
    """Who of the members or staff; empty for the resident."""
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnVerdict:
    """What was told, and what the resident said to it."""

    told_at: datetime
    verdict: str
    """Its code; empty where nothing was said."""
    said: str
    said_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A photo or voice; `name` is what it is called in the archive, empty where there are no bytes to give."""

    name: str
    kind: FileKind
    key: str
    heard: str
    refused_because: str


@dataclass(frozen=True, slots=True)
class OwnData:
    """All of it; what stands on the receipt too comes from `receipt`."""

    receipt: ReceiptView
    channel: Channel
    contact: str
    position: tuple[float, float] | None
    """Latitude and longitude in GCJ-02."""
    known_in_wechat: bool
    """Whether the account keeps who is written to."""
    knows_device: bool
    """Whether a code of the sending device is kept, which says nothing about it but that it is the same."""
    assistance: Assistance | None
    reported: Reported | None
    """Which member wrote it down."""
    messages: tuple[OwnMessage, ...]
    verdicts: tuple[OwnVerdict, ...]
    files: tuple[OwnFile, ...]


def own_data(session: Session, receipt: ReceiptView, *, vault: Vault, at: datetime) -> OwnData:
    """Collect it, and write down that it was taken. The caller has checked the receipt's secret."""
    submission = session.get_one(Submission, receipt.submission_id)
    record(
        session,
        actor=RESIDENT,
        district_id=submission.district_id,
        action="own_data.take",
        noun="submission",
        entity_id=submission.id,
        at=at,
    )
    cipher = submission.contact_cipher
    where = (submission.latitude, submission.longitude)
    return OwnData(
        receipt=receipt,
        channel=submission.channel,
        contact=vault.open(cipher, context=contact_context(submission.receipt_number)) if cipher is not None else "",
        position=(where[0], where[1]) if where[0] is not None and where[1] is not None else None,
        known_in_wechat=submission.follower_id is not None,
        knows_device=submission.device_hash is not None,
        assistance=assistance(session, submission.id) if submission.channel is Channel.WORKER else None,
        reported=reported(session, submission.id) if submission.channel is Channel.MEMBER else None,
        messages=_messages(session, submission.id),
        verdicts=_verdicts(session, submission.id, at=at),
        files=_files(session, submission.id),
    )


def write_archive(out: BinaryIO, data: OwnData, *, page: str, store: ObjectStore) -> None:
    """A zip of `page` as data.html, the same as data.json, and the files; one that the store has lost is left out."""
    with ZipFile(out, "w") as archive:
        archive.writestr(_entry("data.html", data, compressed=True), page)
        archive.writestr(_entry("data.json", data, compressed=True), json.dumps(as_json(data), ensure_ascii=False, indent=1))
        for file in data.files:
            if file.name:
                _add(archive, file, data, store)


def as_json(data: OwnData) -> dict[str, Any]:
    """The same for machines; times with their zone, as ISO 8601 writes them."""
    receipt = data.receipt
    helped, member = data.assistance, data.reported
    return {
        "receipt_number": receipt.number,
        "received_at": _time(receipt.received_at),
        "channel": data.channel.value,
        "point": receipt.point_name,
        "status": receipt.state.value,
        "words": receipt.text,
        "place": receipt.place,
        "position_gcj02": list(data.position) if data.position is not None else None,
        "contact": data.contact,
        "contact_may_be_passed_on_since": _time(receipt.contact_agreed_at),
        "filed_for_me": {"told_by": helped.spoken_by.value, "consent": helped.consent.value, "filed_by": helped.filed_by}
        if helped
        else None,
        "reported_by_member": {
            "of": member.report_of.value,
            "consent": member.consent.value if member.consent else None,
            "name": member.name,
        }
        if member
        else None,
        "known_in_wechat": data.known_in_wechat,
        "device_code_kept": data.knows_device,
        "steps": [
            {"at": _time(one.at), "what": one.words, "by": one.by, "topic": one.topic_title, "words": one.reason + one.written}
            for one in receipt.steps
        ],
        "messages": [{"at": _time(one.at), "mine": one.from_resident, "by": one.by, "words": one.text} for one in data.messages],
        "part_of": receipt.part_of or None,
        "handled_apart": [{"receipt_number": one.number, "status": one.state.value, "words": one.text} for one in receipt.parts],
        "verdicts": [
            {"told_at": _time(one.told_at), "verdict": one.verdict or None, "words": one.said, "said_at": _time(one.said_at)}
            for one in data.verdicts
        ],
        "files": [
            {"name": one.name or None, "kind": one.kind.value, "heard": one.heard, "refused_because": one.refused_because}
            for one in data.files
        ],
    }


def _messages(session: Session, submission_id: int) -> tuple[OwnMessage, ...]:
    rows = session.execute(
        select(Message.written_from, User.name, Message.text_written, Message.at)
        .outerjoin(User, User.id == Message.written_by)
        .where(Message.submission_id == submission_id)
        .order_by(Message.id)
    )
    return tuple(OwnMessage(side is MessageFrom.RESIDENT, name or "", text, at) for side, name, text, at in rows)


def _verdicts(session: Session, submission_id: int, *, at: datetime) -> tuple[OwnVerdict, ...]:
    """A result that may still be undone hasn't been told."""
    rows = session.scalars(select(Outcome).where(Outcome.submission_id == submission_id, Outcome.told_at <= at).order_by(Outcome.id))
    return tuple(OwnVerdict(one.told_at, one.verdict.value if one.verdict else "", one.said, one.said_at) for one in rows)


def _files(session: Session, submission_id: int) -> tuple[OwnFile, ...]:
    rows = session.scalars(
        select(SubmissionFile)
        .where(SubmissionFile.submission_id == submission_id, SubmissionFile.removed_at.is_(None))
        .order_by(SubmissionFile.id)
    )
    return tuple(_file(number, one) for number, one in enumerate(rows, start=1))


def _file(number: int, file: SubmissionFile) -> OwnFile:
    has_bytes = file.state is FileState.READY and bool(file.file_key)
    name = f"photo-{number}.jpg" if file.kind is FileKind.PHOTO else f"voice-{number}.mp3"
    return OwnFile(name if has_bytes else "", file.kind, file.file_key, file.heard_written, file.refused_because)


def _add(archive: ZipFile, file: OwnFile, data: OwnData, store: ObjectStore) -> None:
    try:
        source = store.open(file.key)
    except FileNotFoundError:
        return
    with source, archive.open(_entry(file.name, data, compressed=False), "w") as entry:
        while piece := source.read(_PIECE):
            entry.write(piece)


def _entry(name: str, data: OwnData, *, compressed: bool) -> ZipInfo:
    local = data.receipt.received_at.astimezone(SHANGHAI)
    entry = ZipInfo(name, (local.year, local.month, local.day, local.hour, local.minute, local.second))
    entry.compress_type = ZIP_DEFLATED if compressed else ZIP_STORED
    return entry


def _time(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at is not None else None
