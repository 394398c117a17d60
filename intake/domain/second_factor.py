"""两步登录: the six digits of an authenticator (RFC 6238) and the recovery codes that stand in for it."""

import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp

STEP_SECONDS = 30
TOLERANCE = 1
"""Steps a telephone's clock may be ahead or behind (RFC 6238, 5.2)."""
DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_DIGITS = 10
"""So that a telephone's number pad serves for both, and the length tells one from the other."""
_SKEW_LOOKED_AT = 60
"""Steps to either side among which a wrong clock is recognised: half an hour."""


def new_secret() -> str:
    """160 random bits in base32, as authenticators take them (RFC 4226, 4)."""
    return pyotp.random_base32()


def new_recovery_codes() -> tuple[str, ...]:
    """Ten different ones, digits alone."""
    found: dict[str, None] = {}
    while len(found) < RECOVERY_CODES:
        found[f"{secrets.randbelow(10**RECOVERY_DIGITS):0{RECOVERY_DIGITS}}"] = None
    return tuple(found)


def digits_of(typed: str) -> str:
    """The digits in what somebody typed: full-width ones, blanks and dashes are how people write them; empty for anything else."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", typed[:64]) if not one.isspace() and one != "-")
    return plain if plain.isascii() and plain.isdecimal() else ""


def in_groups(written: str, size: int) -> str:
    """The same in groups with blanks between, for copying by hand."""
    return " ".join(written[start : start + size] for start in range(0, len(written), size))


def step_at(at: datetime) -> int:
    """The number of the time step."""
    return int(at.timestamp()) // STEP_SECONDS


def steps_of(secret: str, code: str, *, at: datetime) -> tuple[int, ...]:
    """The steps within the tolerance whose code this is: none, mostly one; every step is compared, in the same time."""
    now = step_at(at)
    return tuple(step for step in range(now - TOLERANCE, now + TOLERANCE + 1) if _fits(secret, code, step))


def minutes_off(secret: str, code: str, *, at: datetime) -> int | None:
    """By how many minutes, rounded up, the clock that made the code is ahead (or behind, negative); None for a code of no time near.

    Only for whoever is just shown the secret: at the door it would tell a guesser that a code will be right in a minute.
    """
    now = step_at(at)
    for distance in range(TOLERANCE + 1, _SKEW_LOOKED_AT + 1):
        for sign in (1, -1):
            if _fits(secret, code, now + sign * distance):
                return sign * -(-distance * STEP_SECONDS // 60)
    return None


def address_of(secret: str, *, login: str, issuer: str) -> str:
    """What the picture holds that authenticators scan (otpauth://totp/…)."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def _fits(secret: str, code: str, step: int) -> bool:
    return len(code) == DIGITS and hmac.compare_digest(pyotp.HOTP(secret).at(step), code)
