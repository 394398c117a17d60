"""Writes audit rows, and links them into the hash chain."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
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
    return _digest(previous, [getattr(entry, column.key) for column in _SEALED])


def _digest(previous: bytes, sealed: Sequence[Any]) -> bytes:
    entry_id, district_id, at, actor_kind, *others = sealed
    content = json.dumps(
        [entry_id, district_id, at.astimezone(UTC).isoformat(), actor_kind.value, *others],
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
    """The id of the first link that doesn't fit, None when the whole chain does."""
    seen = Checked(last=0, links=0, broken=None)
    while seen.broken is None:
        further = check_links(session, after=seen.last, most=_AT_ONCE)
        if further.links == 0:
            return None
        seen = further
    return seen.broken


@dataclass(frozen=True, slots=True)
class Checked:
    """A piece of the chain that was looked at."""

    last: int
    """The last link that fits."""
    links: int
    """How many links were looked at."""
    broken: int | None
    """The first link that doesn't fit."""


def check_links(session: Session, *, after: int, most: int) -> Checked:
    """Look at up to `most` links behind `after`, which fits (0 for the beginning); none looked at is the end of the chain."""
    previous = session.scalar(select(AuditLink.digest).where(AuditLink.id == after)) or b""
    last, seen = after, 0
    while seen < most:
        rows = session.execute(
            select(AuditLink.id, AuditLink.digest, *_SEALED)
            .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
            .where(AuditLink.id > last)
            .order_by(AuditLink.id)
            .limit(min(_AT_ONCE, most - seen))
        ).all()
        if not rows:
            break
        for link_id, kept, *sealed in rows:
            seen += 1
            # A link without its entry: somebody took the entry away.
            if sealed[0] is None or _digest(previous, sealed) != kept:
                return Checked(last, seen, int(link_id))
            previous, last = kept, int(link_id)
    return Checked(last, seen, None)


_AT_ONCE = 1_000
_SEALED: tuple[Any, ...] = (
    AuditEntry.id,
    AuditEntry.district_id,
    AuditEntry.at,
    AuditEntry.actor_kind,
    AuditEntry.actor_id,
    AuditEntry.action,
    AuditEntry.noun,
    AuditEntry.entity_id,
    AuditEntry.detail,
)
"""What a digest covers, in its order."""
