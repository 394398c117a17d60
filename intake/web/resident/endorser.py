"""Who joins a matter, without an account: a follower in WeChat, elsewhere a browser that keeps a cookie from its first endorsement on.

The key on the page says which matter and point it is for, and names a newcomer: taps that come before the cookie are one person's.
"""

import base64
import binascii
import os
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import request
from werkzeug.wrappers import Response

from intake.domain.errors import Expired
from intake.queries.wechat_follower import FollowerRow
from intake.web.follower_cookie import PERSON_COOKIE, set_cookie
from intake.web.signed import signed, unsigned
from intake.web.unit_of_work import wiring

KEPT = timedelta(days=365)
_PURPOSE = "endorse-key"
_BODY = struct.Struct(">QQI12s")
_NAME = re.compile(r"[0-9A-Za-z_-]{16}")


@dataclass(frozen=True, slots=True)
class EndorseKey:
    """What a valid key says."""

    topic_id: int
    point_id: int
    opened_at: datetime
    newcomer: str
    """The name of whoever has no cookie yet."""


def issue_endorse_key(*, topic_id: int, point_id: int) -> str:
    """A fresh key for one matter, joined at one point."""
    body = _BODY.pack(topic_id, point_id, int(wiring().clock.now().timestamp()), os.urandom(12))
    return _text(signed(_PURPOSE, body))


def read_endorse_key(raw: str, *, topic_id: int) -> EndorseKey:
    """What the key says; Expired when it isn't ours, is another matter's, or too old."""
    try:
        body = unsigned(_PURPOSE, base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    except (binascii.Error, ValueError):
        body = None
    if body is not None and len(body) == _BODY.size:
        of_topic, point_id, opened, nonce = _BODY.unpack(body)
        opened_at = datetime.fromtimestamp(opened, UTC)
        if of_topic == topic_id and wiring().clock.now() - opened_at < timedelta(hours=wiring().settings.form_key_hours):
            return EndorseKey(topic_id, point_id, opened_at, _text(nonce))
    raise Expired("这一页打开得太久或不完整，请再按一次附议。")


def name_kept() -> str | None:
    """How this browser's cookie names it; None before its first endorsement."""
    raw = request.cookies.get(PERSON_COOKIE, "")
    return raw if _NAME.fullmatch(raw) else None


def keep_name(response: Response, name: str) -> None:
    """Know this browser again for a year."""
    set_cookie(response, PERSON_COOKIE, name, lasts=KEPT)


def person_of(*, follower: FollowerRow | None, name: str | None) -> bytes | None:
    """By which a person's endorsements are found again: keyed, and told apart from every other use of what it is made of."""
    if follower is not None:
        return wiring().vault.derive("person", b"openid:" + follower.openid_hash)
    return wiring().vault.derive("person", b"cookie:" + name.encode()) if name is not None else None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
