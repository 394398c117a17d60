"""Small things that a browser or the platform carries for us: readable by anybody, made by nobody else."""

import hmac

from intake.web.unit_of_work import wiring

MAC = 16
"""Bytes."""


def signed(purpose: str, body: bytes) -> bytes:
    """`body` and, behind it, what only we can compute of it."""
    return body + _mac(purpose, body)


def unsigned(purpose: str, data: bytes) -> bytes | None:
    """The body of what `signed` made for the same purpose; None for anything else."""
    body = data[:-MAC]
    return body if hmac.compare_digest(_mac(purpose, body), data[-MAC:]) else None


def _mac(purpose: str, body: bytes) -> bytes:
    return wiring().vault.derive(purpose, body)[:MAC]
