"""How often one address may try to sign in: its failures together, and every try as one and the same person."""

import hashlib

from flask import request

from intake.web.unit_of_work import wiring

FAILED, ONE = "login", "login-one"
"""Both with the setting `login_limit`."""


def may_fail() -> bool:
    """Whether this address has failures left. A success gives none back: else one known password would buy guesses at all others."""
    wired = wiring()
    return not wired.limiter.spent(wired.settings.login_limit, FAILED, _address())


def may_try(who: str) -> bool:
    """Whether this address may try once more, and as `who` (a login name as typed): counted for `who` whatever comes of it.

    By both, so that nobody is kept out by tries from elsewhere. Hashed: a name is anything somebody typed.
    """
    wired = wiring()
    number = hashlib.sha256(who.strip().lower().encode(errors="replace")).hexdigest()
    return may_fail() and wired.limiter.hit(wired.settings.login_limit, ONE, _address(), number)


def failed() -> None:
    """Count a failure of this address. A success isn't counted: a whole office works behind one."""
    wired = wiring()
    wired.limiter.hit(wired.settings.login_limit, FAILED, _address())


def _address() -> str:
    return request.remote_addr or ""
