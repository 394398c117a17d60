"""The signed key in the anonymous form: which point, when opened, and a nonce that makes 50 sends one submission."""

import base64
import binascii
import hashlib
import hmac
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from intake.domain.errors import Expired
from intake.ports import Vault

_MAC = 16


@dataclass(frozen=True, slots=True)
class FormKey:
    """What a valid key says."""

    point_id: int
    opened_at: datetime
    nonce: bytes

    def idempotency_key(self, *said: str) -> bytes:
        """Unique per opened form and what was said on it.

        Sending the same words again is the same submission; other words on a form that the Back button brought up again are another.
        """
        digest = hashlib.sha256("\x1f".join(said).encode()).digest()[:16]
        return b"form" + struct.pack(">Q", self.point_id) + self.nonce + digest


def issue_form_key(vault: Vault, *, point_id: int, at: datetime) -> str:
    """A fresh key, 54 characters, safe in HTML and URLs."""
    body = struct.pack(">QI", point_id, int(at.timestamp())) + os.urandom(12)
    return base64.urlsafe_b64encode(body + vault.derive("form-key", body)[:_MAC]).decode().rstrip("=")


def read_form_key(vault: Vault, raw: str, *, point_id: int) -> FormKey:
    """What the key says; Expired (the text is kept, a fresh key is issued) when it isn't ours or belongs to another point."""
    try:
        data = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        data = b""
    body, mac = data[:-_MAC], data[-_MAC:]
    if len(body) != 24 or not hmac.compare_digest(vault.derive("form-key", body)[:_MAC], mac):
        raise Expired("这一页打开得太久或不完整。写的内容还在，请再按一次提交。")
    point, opened = struct.unpack(">QI", body[:12])
    if point != point_id:
        raise Expired("这一页属于另一个直报点。写的内容还在，请再按一次提交。")
    return FormKey(point_id=point, opened_at=datetime.fromtimestamp(opened, UTC), nonce=body[12:])
