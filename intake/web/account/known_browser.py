"""The cookie of a browser in which somebody has signed in before: wrong passwords from elsewhere can't keep them out of it.

A lock counts by account, so whoever knows a login name could hold its owner out by wrong passwords, one an hour. A known browser is spared
the lock; its own wrong tries are counted by the cookie instead (OWASP, "device cookies").
"""

import base64
import binascii
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import request
from werkzeug.wrappers import Response

from intake.web.follower_cookie import set_cookie
from intake.web.signed import signed, unsigned
from intake.web.unit_of_work import wiring

NAME = "zhibao_at"
KEPT = timedelta(days=180)
TRIES = "10/hour"
"""Wrong ones; behind them the browser counts as any other for the hour."""
_PURPOSE = "known-browser"
_BODY = struct.Struct(">QI8s")


@dataclass(frozen=True, slots=True)
class Known:
    """Who signed in here last, and the number by which this browser's tries are counted."""

    user_id: int
    number: str


def known_browser() -> Known | None:
    """Whom this browser's cookie names; None without one, or with one that is forged or too old."""
    raw = request.cookies.get(NAME, "")
    try:
        body = unsigned(_PURPOSE, base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    except (binascii.Error, ValueError):
        return None
    if body is None or len(body) != _BODY.size:
        return None
    user_id, since, number = _BODY.unpack(body)
    return Known(user_id, number.hex()) if wiring().clock.now() - datetime.fromtimestamp(since, UTC) < KEPT else None


def spared() -> int | None:
    """Whom a lock doesn't keep out here; None once this browser has itself been wrong too often."""
    found = known_browser()
    return found.user_id if found is not None and not wiring().limiter.spent(TRIES, NAME, found.number) else None


def was_wrong() -> None:
    """Count a wrong password or code of this browser."""
    found = known_browser()
    if found is not None:
        wiring().limiter.hit(TRIES, NAME, found.number)


def remember(response: Response, *, user_id: int) -> None:
    """Know this browser again for 180 days."""
    body = _BODY.pack(user_id, int(wiring().clock.now().timestamp()), os.urandom(8))
    set_cookie(response, NAME, base64.urlsafe_b64encode(signed(_PURPOSE, body)).decode().rstrip("="), lasts=KEPT)
