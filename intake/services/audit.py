"""Writes audit rows, and links them into the hash chain."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.models import AuditEntry, AuditLink
from intake.ports import Wake
from intake.services.wake import wake_after_commit

LATE_ENTRIES = 50_000
"""How far behind the newest linked entry a late one may stand."""
_CHAIN_LOCK = 7_210_434
"""Advisory lock: one linker at a time."""


def record(
    session: Session, *, actor: Actor, district_id: int, action: str, noun: str, entity_id: int | None, at: datetime, **detail: Any
) -> None:
    """Add one unchained entry; `detail` holds codes and ids only (architecture rule 12)."""
    session.add(
        AuditEntry(
            district_id=district_id,
            at=at,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            action=action,
            noun=noun,
            entity_id=entity_id,
            detail=detail,
        )
    )
    wake_after_commit(session, Wake.CHAIN_AUDIT)


def digest(previous: bytes, entry: AuditEntry) -> bytes:
    """SHA-256 over the previous digest and the entry's canonical JSON."""
    content = json.dumps(
        [
            entry.id,
            entry.district_id,
            entry.at.astimezone(UTC).isoformat(),
            entry.actor_kind.value,
            entry.actor_id,
            entry.action,
            entry.noun,
            entry.entity_id,
            entry.detail,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + content.encode()).digest()


def link_new_entries(session: Session, *, limit: int) -> int:
    """Chain up to `limit` entries in id order; entries that committed late are linked in the next run. Returns how many."""
    session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _CHAIN_LOCK})
    previous = session.scalar(select(AuditLink.digest).order_by(AuditLink.id.desc()).limit(1)) or b""
    # Entries commit out of order, but never a whole day's worth late: looking from there on keeps the question small for good.
    newest = session.scalar(select(func.max(AuditLink.entry_id))) or 0
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.id > newest - LATE_ENTRIES, ~select(AuditLink.id).where(AuditLink.entry_id == AuditEntry.id).exists())
        .order_by(AuditEntry.id)
        .limit(limit)
    ).all()
    for entry in entries:
        previous = digest(previous, entry)
        session.add(AuditLink(entry_id=entry.id, digest=previous))
        session.flush()
    return len(entries)


def verify(session: Session) -> int | None:
    """The id of the first link that doesn't fit, None when the whole chain does. Reads 1,000 links at a time."""
    previous, last = b"", 0
    while True:
        rows = session.execute(
            select(AuditLink, AuditEntry)
            .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
            .where(AuditLink.id > last)
            .order_by(AuditLink.id)
            .limit(1000)
        ).all()
        if not rows:
            return None
        for link, entry in rows:
            # A link without its entry: somebody took the entry away.
            if entry is None or digest(previous, entry) != link.digest:
                return int(link.id)
            previous, last = link.digest, link.id
