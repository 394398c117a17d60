"""The assistant behind an OpenAI-compatible endpoint (`POST …/chat/completions`): one question, one bounded answer, no second try.

On http.client and not on a richer one, because what is wanted is what it leaves out: no redirects, no proxy or `.netrc` from the
environment, no cookies, no decompression, no retries. Its timeout counts each wait anew, so a peer that drips would never end it; a timer
that shuts the socket bounds the whole.
"""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import structlog

from intake.adapters.deadline import shut_at
from intake.domain.assistant import AssistantFailed, Failure
from intake.ports import AssistantAnswer

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024
"""Bytes of an answer that are read; a draft needs two thousand."""
TEMPERATURE = 0.2
_DENIED, _MISDIRECTED, _BUSY = frozenset({401, 402, 403}), frozenset({404, 405, 410}), frozenset({408, 425, 429})
_MOST_TOKENS = 1_000_000
"""A count beyond this is a mistake, not a count."""


class ChatAssistant:
    """One endpoint with one model; safe to share between threads, holds no connection. `seconds` bounds a call from first to last byte.

    `trust` replaces the system's certificate authorities.
    """

    def __init__(self, *, url: str, key: str, model: str, seconds: float, trust: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self.model = model
        self._host, self._port, self._path = parts.hostname or "", parts.port, parts.path.rstrip("/") + "/chat/completions"
        self._trust = (trust or ssl.create_default_context()) if parts.scheme == "https" else None
        self._key = key
        self._seconds = seconds

    def write(self, *, instruction: str, material: str, most_tokens: int) -> AssistantAnswer:
        """Ask once; AssistantFailed for anything but a whole answer of the promised shape. Only codes are logged."""
        asked = {
            "model": self.model,
            "messages": [{"role": "system", "content": instruction}, {"role": "user", "content": material}],
            "max_tokens": most_tokens,
            "temperature": TEMPERATURE,
            "stream": False,
        }
        began = time.monotonic()
        try:
            return _answer(self._post(json.dumps(asked).encode()))
        except AssistantFailed as error:
            log.warning("assistant_failed", failure=error.failure.value, seconds=round(time.monotonic() - began, 1))
            raise

    def reach(self) -> None:
        """Connect and believe the certificate, without asking anything; AssistantFailed when that can't be done."""
        with self._connected(self._seconds):
            pass

    def _post(self, body: bytes) -> bytes:
        """The body of a 200; `spent` is true from the first byte sent, save where the endpoint says it did nothing."""
        end = time.monotonic() + self._seconds
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        with self._connected(self._seconds) as connection, shut_at(end, connection.sock) as late:
            try:
                connection.request("POST", self._path, body, headers)
                response = connection.getresponse()
                raw = response.read(MAX_BODY + 1)
            except (OSError, HTTPException, ValueError) as error:
                slow = late.is_set() or isinstance(error, TimeoutError)
                raise AssistantFailed(Failure.SLOW if slow else Failure.AWAY, spent=True) from None
            if late.is_set():
                raise AssistantFailed(Failure.SLOW, spent=True)
        if response.status != 200:
            log.warning("assistant_status", status=response.status)
            raise AssistantFailed(_failure_of(response.status), spent=response.status >= 500)
        if len(raw) > MAX_BODY:
            raise AssistantFailed(Failure.UNREADABLE, spent=True)
        return raw

    @contextmanager
    def _connected(self, seconds: float) -> Iterator[HTTPConnection]:
        """An open connection; nothing of ours has left when this fails."""
        if self._trust is None:
            connection = HTTPConnection(self._host, self._port, timeout=seconds)
        else:
            connection = HTTPSConnection(self._host, self._port, timeout=seconds, context=self._trust)
        with closing(connection):
            try:
                connection.connect()
            except ssl.SSLCertVerificationError:
                raise AssistantFailed(Failure.UNTRUSTED, spent=False) from None
            except (OSError, HTTPException, ValueError) as error:
                raise AssistantFailed(Failure.SLOW if isinstance(error, TimeoutError) else Failure.AWAY, spent=False) from None
            yield connection


def _failure_of(status: int) -> Failure:
    if status in _DENIED:
        return Failure.DENIED
    if 300 <= status < 400 or status in _MISDIRECTED:
        return Failure.MISDIRECTED
    return Failure.BUSY if status in _BUSY or status >= 500 else Failure.REJECTED


def _answer(raw: bytes) -> AssistantAnswer:
    try:
        found: Any = json.loads(raw)
        choice = found["choices"][0]
        text = choice["message"]["content"]
        ended = choice.get("finish_reason")
        usage = found.get("usage")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise AssistantFailed(Failure.UNREADABLE, spent=True) from None
    if text is not None and not isinstance(text, str):
        raise AssistantFailed(Failure.UNREADABLE, spent=True)
    if ended == "length":
        raise AssistantFailed(Failure.TOO_LONG, spent=True)
    counted = usage if isinstance(usage, dict) else {}
    return AssistantAnswer(text or "", _count(counted.get("prompt_tokens")), _count(counted.get("completion_tokens")))


def _count(raw: object) -> int | None:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= _MOST_TOKENS else None
