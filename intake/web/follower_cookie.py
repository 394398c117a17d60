"""The cookie by which a follower is known again in WeChat's browser: our own number of them and their account, never the openid."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import request
from werkzeug.wrappers import Response

from intake.web.signed import signed, unsigned
from intake.web.unit_of_work import wiring

NAME = "zhibao_wx"
PERSON_COOKIE = "zhibao_me"
"""Outside WeChat: the name of a browser that joined a matter (附议), set by that and by nothing else."""
KEPT = timedelta(days=180)
FRESH = timedelta(minutes=10)
"""How long ago the platform must have named somebody who binds an account or signs in by it: an old cookie opens no account."""
_PURPOSE = "follower-cookie"
_HEAD = struct.Struct(">QI")


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the platform named to us in this browser."""

    follower_id: int
    account: str
    """The account's original id."""
    since: datetime

    def is_fresh(self, at: datetime) -> bool:
        """Whether the platform has just named them."""
        return at - self.since < FRESH


def known() -> Known | None:
    """Whom this browser's cookie names; None without one, or with one that is forged, of another purpose or too old."""
    raw = request.cookies.get(NAME, "")
    try:
        body = unsigned(_PURPOSE, base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        if body is None or len(body) < _HEAD.size:
            return None
        follower_id, since = _HEAD.unpack(body[: _HEAD.size])
        found = Known(follower_id, body[_HEAD.size :].decode(), datetime.fromtimestamp(since, UTC))
    except (binascii.Error, ValueError):
        return None
    return found if wiring().clock.now() - found.since < KEPT else None


def remember(response: Response, *, follower_id: int, account: str) -> None:
    """Know this browser again for 180 days."""
    body = _HEAD.pack(follower_id, int(wiring().clock.now().timestamp())) + account.encode()
    value = base64.urlsafe_b64encode(signed(_PURPOSE, body)).decode().rstrip("=")
    set_cookie(response, NAME, value, lasts=KEPT)


def forget(response: Response) -> None:
    """Not to be known in this browser any more."""
    response.delete_cookie(NAME, httponly=True, samesite="Lax", secure=_secure())


def set_cookie(response: Response, name: str, value: str, *, lasts: timedelta) -> None:
    """A cookie that scripts can't read, other sites' forms don't bring along, and plain http doesn't carry in production."""
    response.set_cookie(name, value, max_age=int(lasts.total_seconds()), httponly=True, samesite="Lax", secure=_secure())


def _secure() -> bool:
    return wiring().settings.base_url.startswith("https://")
