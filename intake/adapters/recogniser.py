"""The recogniser behind an OpenAI-compatible endpoint (`POST …/audio/transcriptions`): one voice, one bounded answer, no second try.

On http.client for the reasons of `adapters/assistant.py`: no redirects, no proxy or `.netrc`, no cookies, no retries.
"""

import json
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import structlog

from intake.adapters.deadline import shut_at
from intake.domain.errors import PermanentError, RetryableError

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024
"""Bytes of an answer that are read; a minute of speech is two thousand."""
_LATER = frozenset({408, 409, 425, 429})


class SpeechRecogniser:
    """One endpoint with one model; safe to share between threads, holds no connection. `seconds` bounds a call from first to last byte.

    `trust` replaces the system's certificate authorities.
    """

    is_on = True

    def __init__(self, *, url: str, key: str, model: str, seconds: float, trust: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "", parts.port, parts.path.rstrip("/") + "/audio/transcriptions"
        self._trust = (trust or ssl.create_default_context()) if parts.scheme == "https" else None
        self._key, self._model, self._seconds = key, model, seconds

    def write_down(self, voice: bytes) -> str:
        """What is spoken in an MP3; RetryableError when another try may help, PermanentError otherwise. Only codes are logged."""
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json", "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        end = time.monotonic() + self._seconds
        try:
            with self._connected() as connection, shut_at(end, connection.sock) as late:
                connection.request("POST", self._path, _form(voice, self._model, boundary), headers)
                response = connection.getresponse()
                raw = response.read(MAX_BODY + 1)
                if late.is_set():
                    raise RetryableError("slow")
        except (OSError, HTTPException, ValueError) as error:
            log.warning("recogniser_away", error=type(error).__name__)
            raise RetryableError("away") from None
        if response.status != 200:
            log.warning("recogniser_status", status=response.status)
            raise (RetryableError if response.status >= 500 or response.status in _LATER else PermanentError)(str(response.status))
        return _text(raw)

    @contextmanager
    def _connected(self) -> Iterator[HTTPConnection]:
        if self._trust is None:
            connection = HTTPConnection(self._host, self._port, timeout=self._seconds)
        else:
            connection = HTTPSConnection(self._host, self._port, timeout=self._seconds, context=self._trust)
        with closing(connection):
            connection.connect()
            yield connection


def _form(voice: bytes, model: str, boundary: str) -> bytes:
    fields = {"model": model, "language": "zh", "response_format": "json"}
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="voice.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n'
    return "".join([*parts, file]).encode() + voice + f"\r\n--{boundary}--\r\n".encode()


def _text(raw: bytes) -> str:
    try:
        found: Any = json.loads(raw[:MAX_BODY])["text"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise PermanentError("unreadable") from None
    if not isinstance(found, str):
        raise PermanentError("unreadable")
    return found
