"""Both kinds of access_token: the common one, of which only the last is good, and the stable one, which asking doesn't change."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tests.wechat_platform.codes import Refused

LIFE = 7200
OVERLAP = 300
"""Seconds before its end in which a stable token is replaced, and both are good."""
FORCE_PAUSE, FORCES = 30, 20
"""A forced refresh within so many seconds does nothing; so many are allowed a day."""


@dataclass
class Token:
    """One token and its end."""

    value: str
    ends_at: float


class TokenDesk:
    """The tokens of one account."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._common: Token | None = None
        self._stable: list[Token] = []
        self._forced: list[float] = []
        self.stale: set[str] = set()
        """Tokens that calls refuse although the desk still hands them out: something only a forced refresh mends."""
        self.life = LIFE

    def common(self) -> Token:
        """`/cgi-bin/token`: a new one each time; the last one is worthless from now on."""
        self._common = self._made()
        return self._common

    def stable(self, *, force: bool) -> Token:
        """`/cgi-bin/stable_token`: the same one while it holds; Refused 45009 for the 21st forced refresh in a day."""
        now = self._seconds()
        self._stable = [token for token in self._stable if token.ends_at > now]
        if force and not any(now - at < FORCE_PAUSE for at in self._forced):
            self._forced = [at for at in self._forced if now - at < 24 * 3600]
            if len(self._forced) >= FORCES:
                raise Refused(45009)
            self._forced.append(now)
            self._stable = []
        if not self._stable or self._stable[-1].ends_at - now <= min(OVERLAP, self.life / 4):
            self._stable.append(self._made())
        return self._stable[-1]

    def withdraw(self) -> None:
        """All tokens are worthless from now on; the desk gives a new one to whoever asks."""
        self._common, self._stable = None, []

    def spoil(self) -> None:
        """The stable token is refused from now on, but the desk doesn't notice until a refresh is forced."""
        self.stale.update(token.value for token in self._stable)

    def check(self, value: str) -> None:
        """Refused 41001, 40001 or 42001 unless the token is good."""
        if not value:
            raise Refused(41001)
        now = self._seconds()
        found = next((token for token in [self._common, *self._stable] if token and token.value == value), None)
        if found is None or value in self.stale:
            raise Refused(40001)
        if found.ends_at <= now:
            raise Refused(42001)

    def _made(self) -> Token:
        return Token(secrets.token_hex(68), self._seconds() + self.life)
