"""argon2id with the library's defaults (RFC 9106, low-memory profile); 0.2 s of CPU a hash, so sign-in is rate-limited."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
_DUMMY = _hasher.hash("nobody's password, hashed so that a wrong name takes as long as a wrong password")


def hash_password(password: str) -> str:
    """The encoded hash."""
    return _hasher.hash(password)


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether `password` fits; with no hash it takes the same time and says no."""
    try:
        return _hasher.verify(encoded or _DUMMY, password) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False
