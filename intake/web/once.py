"""A form that makes one thing however often it is sent: a mark in it, and of the mark and what was written on it the nonce in the row."""

import hashlib
import secrets

from intake.web.asked import sent
from intake.web.guard import actor


def fresh() -> str:
    """For the hidden field `once` of a form that is opened."""
    return secrets.token_hex(16)


def nonce_of(facts: object) -> bytes | None:
    """Of the form, who sends it and what is written on it, so that who comes back to the page may write down the next; None without a mark.

    `facts` must be a dataclass of plain values, whose `repr` says all of them.
    """
    raw = sent("once")
    if len(raw) != 32 or not set(raw) <= set("0123456789abcdef"):
        return None
    return hashlib.sha256(repr((raw, actor().user_id, facts)).encode()).digest()[:16]
