"""Asks our own callback address as the platform's settings page would: through name, certificate, firewall and proxy."""

import hashlib
import hmac
import secrets
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from intake.ports import Clock

SECONDS = 5.0
"""What the platform waits for an answer."""
_MOST = 256


class _NoRedirect(HTTPRedirectHandler):
    """The platform follows none either."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """None ends it with the redirect's own status."""
        return


class HttpCallbackProbe:
    """One signed handshake; holds no connection."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opener = build_opener(_NoRedirect(), ProxyHandler({}))

    def answers(self, address: str, token: str) -> bool:
        """Whether the address gave back what it was asked to; False for whatever else happens."""
        timestamp, nonce, echo = str(int(self._clock.now().timestamp())), secrets.token_hex(8), secrets.token_hex(8)
        signature = hashlib.sha1("".join(sorted((token, timestamp, nonce))).encode(), usedforsecurity=False).hexdigest()
        query = urlencode({"signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echo})
        try:
            request = Request(f"{address}?{query}", headers={"User-Agent": "zhibao-check"})  # noqa: S310 -- our own base address
            with self._opener.open(request, timeout=SECONDS) as answer:
                return hmac.compare_digest(answer.read(_MOST), echo.encode())
        except (OSError, HTTPException, ValueError):
            return False
