"""How often one address may try to sign in: its failures together, and every try as one and the same person."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request

from intake.ports import Held
from intake.web.unit_of_work import wiring

FAILED, ONE = "login", "login-one"
"""Both with the setting `login_limit`."""


@dataclass(slots=True)
class OneTry:
    """A try that goes on."""

    may: bool
    """Whether this address has tries left; else there is nothing to check."""
    failed: bool = False
    """Said by whoever has checked it."""


@contextmanager
def one_try(who: str = "") -> Iterator[OneTry]:
    """A try of this address, as `who` where that isn't known yet (a login name as typed): counted for `who` whatever comes of it.

    By both, so that nobody is kept out by tries from elsewhere. Of the failures one is counted before the check, so that as many as come at
    once are no more than the limit, and given back unless the try `failed`: a whole office works behind one address. Only this very one: if
    a success gave back more, one known password would buy guesses at all others.
    """
    held = _held(who)
    this = OneTry(may=held is not None)
    try:
        yield this
    finally:
        if held is not None and not this.failed:
            wiring().limiter.give_back(held)


def _held(who: str) -> Held | None:
    wired, address = wiring(), request.remote_addr or ""
    held = wired.limiter.hold(wired.settings.login_limit, FAILED, address)
    if held is None or not who:
        return held
    number = hashlib.sha256(who.strip().lower().encode(errors="replace")).hexdigest()  # a name is anything somebody typed
    if wired.limiter.hit(wired.settings.login_limit, ONE, address, number):
        return held
    wired.limiter.give_back(held)
    return None
