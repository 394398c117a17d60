"""Another system hands over what a resident said to it: the same road as the form, once for each sending."""

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.submission import Channel
from intake.ports import Vault
from intake.queries.api_key import Caller, told_within
from intake.queries.point import PointView
from intake.services.audit import record
from intake.services.submission_submit import Origin, Sentence, Stored, submit

SAME_WITHIN = timedelta(hours=24)
"""How long the same words from the same system are the same matter, where it names no sending of its own."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What tells one sending from another."""

    said: bytes
    """All of it, in one order."""
    named: str
    """What the system calls it (`Idempotency-Key`); empty where it calls it nothing."""


def file_for(
    session: Session,
    *,
    vault: Vault,
    caller: Caller,
    point: PointView,
    sentence: Sentence,
    service_code: str,
    sending: Sending,
    device_hash: bytes | None,
    at: datetime,
) -> Stored:
    """Store it as the form does; a repeat returns the first one's receipt. Raises PointClosed as `submit` does.

    The category that the system names isn't the machine's nor a person's: it stands in the audit row alone.
    """
    stored = submit(
        session,
        vault=vault,
        point=point,
        key=_once(session, vault, caller, sending, at=at),
        sentence=sentence,
        origin=Origin(Channel.API, device_hash=device_hash, api_key_id=caller.key_id),
        at=at,
    )
    if not stored.repeated:
        record(
            session,
            actor=MACHINE,
            district_id=caller.district_id,
            action="api_key.file",
            noun="submission",
            entity_id=stored.submission_id,
            at=at,
            key=caller.key_id,
            service_code=service_code,
        )
    return stored


def _once(session: Session, vault: Vault, caller: Caller, sending: Sending, *, at: datetime) -> bytes:
    """The key of this sending. A name holds for good, with the words it came with: other words under it aren't lost.

    Without one the words hold for a day: those of yesterday's key count while it is younger than that.
    """
    if sending.named:
        return _key(vault, caller, sending.named, sending.said)
    before = _key(vault, caller, _day(at - SAME_WITHIN), sending.said)
    return before if told_within(session, before, since=at - SAME_WITHIN) else _key(vault, caller, _day(at), sending.said)


def _key(vault: Vault, caller: Caller, name: str, said: bytes) -> bytes:
    """Keyed: the contact is part of what was said, and a plain hash would let whoever has the rows try numbers until one fits."""
    named = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return b"api" + struct.pack(">Q", caller.key_id) + vault.derive("api-sending", named + said)[:24]


def _day(at: datetime) -> str:
    return f"day {at.astimezone(UTC).date()}"
