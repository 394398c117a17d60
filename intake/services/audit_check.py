"""核对审计链 from the desk, in pieces: how far it got is carried by the page, signed, so that no piece can be left out."""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Expired
from intake.ports import Vault
from intake.queries.audit_page import require_audit
from intake.services.audit import check_links, record

AT_ONCE = 10_000
"""Links of one piece, about half a second."""
_MAC = 16
_BODY = ">QQQQ"
MARK_MINUTES = 10
"""Within which the next piece is asked for: an old mark would leave out what was changed since."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check got."""

    last: int
    """The last link that fits."""
    links: int
    """Looked at so far."""
    broken: int | None
    ended: bool


def check_piece(session: Session, *, actor: Actor, before: Progress, at: datetime) -> Progress:
    """Look at the next links; where that is the end, of the chain or of what fits, the result goes on record. Forbidden as `require_audit`."""
    require_audit(session, actor)
    piece = check_links(session, after=before.last, most=AT_ONCE)
    done = Progress(piece.last, before.links + piece.links, piece.broken, ended=piece.broken is not None or piece.links < AT_ONCE)
    if done.ended:
        assert actor.district_id is not None
        record(
            session,
            actor=actor,
            district_id=actor.district_id,
            action="audit.verify",
            noun="audit",
            entity_id=None,
            at=at,
            links=done.links,
            broken=done.broken,
        )
    return done


def issue_mark(vault: Vault, progress: Progress, *, user_id: int, at: datetime) -> str:
    """How far it got, for the page of the person who checks; safe in addresses."""
    body = struct.pack(_BODY, progress.last, progress.links, user_id, int(at.timestamp()))
    return base64.urlsafe_b64encode(body + vault.derive("audit-check", body)[:_MAC]).decode().rstrip("=")


def read_mark(vault: Vault, raw: str, *, user_id: int, at: datetime) -> Progress:
    """What a mark says, the beginning for an empty one; Expired for one that isn't ours, another person's or an old one."""
    if not raw:
        return Progress(0, 0, None, ended=False)
    try:
        data = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        data = b""
    body, mac = data[:-_MAC], data[-_MAC:]
    if len(body) != struct.calcsize(_BODY) or not hmac.compare_digest(vault.derive("audit-check", body)[:_MAC], mac):
        raise Expired("这次核对接不上了，请从头再核对一次。")
    last, links, whose, issued = struct.unpack(_BODY, body)
    if whose != user_id:
        raise Expired("这次核对是别人开始的，请自己从头核对一次。")
    if at.timestamp() - issued > MARK_MINUTES * 60:
        raise Expired("这次核对停得太久，前面的可能已经变了，请从头再核对一次。")
    return Progress(last, links, None, ended=False)
