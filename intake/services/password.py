"""argon2id with the library's defaults (RFC 9106, low-memory profile); 0.2 s of CPU a hash, so sign-in is rate-limited."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$nqfdsqD5M4Nr1j2CbUZO+g$k6C5UQi1ULQc/GCgJq/Bp5+Lce12X/rfL8ymG65zXhc"
"""Of a password that nobody has, so that a wrong name takes as long as a wrong password; written down, since each process would pay for it."""


def hash_password(password: str) -> str:
    """The encoded hash."""
    return _hasher.hash(password)


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether `password` fits; with no hash it takes the same time and says no."""
    try:
        return _hasher.verify(encoded or _NOBODY, password) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False
