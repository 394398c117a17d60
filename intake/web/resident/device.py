"""A device without cookies: a keyed hash of address and browser, enough for a brake, too little to follow anybody."""

from flask import request

from intake.web.unit_of_work import wiring


def device_key() -> bytes:
    """16 bytes; the key is ours, so that nobody else can recompute it."""
    parts = (request.remote_addr or "", request.headers.get("User-Agent", ""), request.headers.get("Accept-Language", ""))
    return wiring().vault.derive("device", "\n".join(parts).encode())[:16]
