"""The platform's side of safe mode, written from the published format on `cryptography` alone, so that it can contradict wechatpy.

A sealed text is base64(AES-256-CBC(16 random bytes + length, 4 bytes big-endian + text + app id)), padded to blocks of 32 bytes; the
first 16 bytes of the key are the initial vector.
"""

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BITS = 256


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, without separators."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


class Seal:
    """Seals and opens texts for one account."""

    def __init__(self, *, aes_key: str, app_id: str) -> None:
        key = base64.b64decode(f"{aes_key}=")
        self._cipher = Cipher(algorithms.AES256(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()

    def close(self, text: str, *, prefix: bytes = b"") -> str:
        """Seal `text`; `prefix` replaces the 16 random bytes where a published vector names them."""
        content = text.encode()
        plain = (prefix or secrets.token_bytes(16)) + len(content).to_bytes(4, "big") + content + self._app_id
        padder = PKCS7(BLOCK_BITS).padder()
        encryptor = self._cipher.encryptor()
        padded = padder.update(plain) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def open(self, sealed: str) -> str:
        """Open `sealed`; ValueError when padding, length or app id are wrong."""
        decryptor = self._cipher.decryptor()
        unpadder = PKCS7(BLOCK_BITS).unpadder()
        padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        plain = unpadder.update(padded) + unpadder.finalize()
        end = 20 + int.from_bytes(plain[16:20], "big")
        if end > len(plain) or plain[end:] != self._app_id:
            raise ValueError("sealed for another account")
        return plain[20:end].decode()
