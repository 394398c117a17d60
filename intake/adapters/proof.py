"""Proof of work by altcha: a browser tries a few hundred keys before it sends, which one person doesn't notice and a thousand sends do."""

import json
import secrets
import threading
from datetime import datetime, timedelta

import structlog
from altcha import Payload, create_challenge, verify_solution
from redis import Redis
from redis.exceptions import RedisError

from intake.ports import Vault

log = structlog.get_logger(__name__)

ALGORITHM = "PBKDF2/SHA-256"
"""What browsers compute in native code, so that a cheap phone is behind a server by its clock alone, and what has few enough iterations to be
made for every page that an attacker asks for."""
ITERATIONS = 2_000
TRIES = (200, 400)
"""The key that fits is drawn among these. Together they take a cheap phone one to three seconds (docs/adr/0031)."""
LIFE = timedelta(minutes=20)
REMEMBERED_MOST = 50_000
"""Spent answers kept in this process while Redis is away."""
LONGEST = 2_000
"""Characters of an answer; a sound one has about 700."""


class AltchaProof:
    """Challenges are signed and bound to their point, so nothing is stored of them; each answer is spent once."""

    def __init__(self, vault: Vault, redis: Redis) -> None:
        self._sign, self._answer = vault.derive("proof", b"challenge"), vault.derive("proof", b"answer")
        self._redis = redis
        self._spent: set[str] = set()
        self._lock = threading.Lock()

    def challenge(self, *, point_id: int, at: datetime) -> str:
        """JSON for altcha's solver. When it ends is part of what is signed, by our clock and not the library's."""
        made = create_challenge(
            ALGORITHM,
            ITERATIONS,
            counter=secrets.choice(range(*TRIES)),
            data={"point": point_id, "until": int((at + LIFE).timestamp())},
            hmac_secret=self._sign,
            hmac_key_secret=self._answer,
        )
        return json.dumps(made.to_dict(), separators=(",", ":"))

    def spend(self, answer: str, *, point_id: int, at: datetime) -> bool:
        """Whether it is sound, of this point, not too old and new; Redis away, new to this process."""
        if not answer or len(answer) > LONGEST:
            return False
        try:
            payload = Payload.from_base64(answer)
            if not verify_solution(payload, self._sign, hmac_key_secret=self._answer).verified:
                return False
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # whatever a stranger may send
            return False
        # Signed by us: what it says is what we wrote.
        said = payload.challenge.parameters.data or {}
        left = said.get("until", 0) - at.timestamp()
        return said.get("point") == point_id and left > 0 and self._first(str(payload.challenge.signature), seconds=int(left) + 1)

    def _first(self, signature: str, *, seconds: int) -> bool:
        try:
            return bool(self._redis.set(f"proof:{signature}", 1, nx=True, ex=seconds))
        except RedisError as error:
            log.warning("proofs_unreachable", error=type(error).__name__)
        with self._lock:
            if signature in self._spent:
                return False
            if len(self._spent) >= REMEMBERED_MOST:
                self._spent.clear()
            self._spent.add(signature)
        return True
