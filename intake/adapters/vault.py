"""Field encryption with key ids, and derivation from the master key."""

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from intake.domain.errors import PermanentError


class KeyVault:
    """AES-256-GCM; `field_keys` is `id:base64,id:base64`, the first one writes, all of them read."""

    def __init__(self, *, secret_key: str, field_keys: str) -> None:
        self._secret = secret_key.encode()
        self._keys: dict[str, AESGCM] = {}
        for part in field_keys.split(","):
            key_id, _, encoded = part.strip().partition(":")
            try:
                raw = base64.b64decode(encoded, validate=True)
                self._keys[key_id] = AESGCM(raw)
            except (binascii.Error, ValueError) as error:
                raise PermanentError(f"ZHIBAO_FIELD_KEYS: key {key_id!r} is not 32 bytes in base64") from error
        self._current = next(iter(self._keys))

    def seal(self, plain: str, *, context: str) -> bytes:
        """Layout: length of the key id, key id, 12-byte nonce, cipher with tag."""
        nonce = os.urandom(12)
        key_id = self._current.encode()
        return bytes([len(key_id)]) + key_id + nonce + self._keys[self._current].encrypt(nonce, plain.encode(), context.encode())

    def open(self, cipher: bytes, *, context: str) -> str:
        """The plain text; PermanentError when key or context don't fit."""
        size = cipher[0]
        key_id, nonce, body = cipher[1 : 1 + size].decode(), cipher[1 + size : 13 + size], cipher[13 + size :]
        key = self._keys.get(key_id)
        if key is None:
            raise PermanentError(f"ZHIBAO_FIELD_KEYS: key {key_id!r} is missing; put it back behind the new one")
        try:
            return key.decrypt(nonce, body, context.encode()).decode()
        except InvalidTag as error:
            raise PermanentError("this contact was sealed for another row or with another key of the same name") from error

    def derive(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 with a sub-key of its own for each purpose."""
        subkey = hmac.digest(self._secret, b"zhibao/" + purpose.encode(), hashlib.sha256)
        return hmac.digest(subkey, data, hashlib.sha256)
