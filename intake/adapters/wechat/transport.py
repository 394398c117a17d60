"""One bounded request at a time to the platform: how long it may take, how much may come back, and whether it had left when it failed.

It stands under wechatpy in the place of requests' own adapter, which counts each wait anew, reads an answer to its end however long it is,
and cannot say whether a request was sent. No proxy, `.netrc`, redirect, cookie, decompression or second try.
"""

import select
import ssl
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from intake.adapters.deadline import shut_at
from intake.domain.errors import DeliveryUnknown, RetryableDeliveryError

MAX_ANSWER = 256 * 1024
"""Bytes of a JSON answer that are read; the longest, the list of templates, stays under a tenth of it."""
SECONDS = 8.0
"""For a call, from the first byte to the last."""
CONNECT_SECONDS = 3.0
IDLE_SECONDS = 10.0
"""How long an open connection is kept for the next call; the platform closes its side much later."""
MOST_IDLE = 16

Origin = tuple[str, str, int | None]
Idle = tuple[Origin, HTTPConnection, float]
"""Where it leads, the connection, since when it waits (monotonic seconds)."""


class Answer:
    """An answer whose head is here and whose body is read in pieces."""

    def __init__(self, response: HTTPResponse, late: threading.Event) -> None:
        self._response = response
        self._late = late
        self.status = response.status
        self.media_type = response.headers.get_content_type()
        promised = response.getheader("Content-Length") or ""
        self.length = int(promised) if promised.isdecimal() and len(promised) < 16 else None
        """Bytes, where the answer says so."""
        self._left = self.length

    def read(self, most_bytes: int) -> bytes:
        """The next piece, empty at the end; DeliveryUnknown when it is late or ends too soon."""
        with _sent(self._late):
            piece = self._response.read(most_bytes)
        if self._late.is_set():
            raise DeliveryUnknown(code="timeout")
        if self._left is not None:
            self._left -= len(piece)
            if not piece and self._left > 0:
                raise DeliveryUnknown(code="dropped")
        return piece

    def whole(self, most_bytes: int) -> bytes:
        """The body to its end; DeliveryUnknown `too_large` beyond `most_bytes`."""
        pieces, size = [], 0
        while piece := self.read(most_bytes + 1 - size):
            pieces.append(piece)
            size += len(piece)
            if size > most_bytes:
                raise DeliveryUnknown(code="too_large")
        return b"".join(pieces)


@contextmanager
def _sent(late: threading.Event) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise DeliveryUnknown(code="timeout" if late.is_set() or isinstance(error, TimeoutError) else "dropped") from None


@cache
def _trust() -> ssl.SSLContext:
    """Whom this machine trusts, read once and when first needed: it takes longer than all else that a command of ours makes at its start."""
    return ssl.create_default_context()


class Transport:
    """Connections to the platform, each used by one thread at a time; one instance serves all threads."""

    def __init__(self) -> None:
        self._idle: list[Idle] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def exchange(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None, seconds: float = SECONDS
    ) -> Iterator[Answer]:
        """The answer to one request, to be read inside the `with`, all within `seconds`.

        RetryableDeliveryError while nothing has left (`unreachable`, `untrusted`); DeliveryUnknown from then on (`timeout`, `dropped`).
        """
        end = time.monotonic() + seconds
        parts = urlsplit(url)
        origin = (parts.scheme, parts.hostname or "", parts.port)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection = self._take(origin) or self._connected(origin, min(seconds, CONNECT_SECONDS))
        kept = False
        try:
            connection.sock.settimeout(seconds)
            with shut_at(end, connection.sock) as late:
                with _sent(late):
                    connection.request(method, target, body, {"Accept-Encoding": "identity", **(headers or {})})
                    response = connection.getresponse()
                yield Answer(response, late)
            kept = response.isclosed() and connection.sock is not None and not late.is_set()
        finally:
            if kept:
                self._give(origin, connection)
            else:
                connection.close()

    def _connected(self, origin: Origin, seconds: float) -> HTTPConnection:
        scheme, host, port = origin
        connection = (
            HTTPSConnection(host, port, timeout=seconds, context=_trust())
            if scheme == "https"
            else HTTPConnection(host, port, timeout=seconds)
        )
        try:
            connection.connect()
        except ssl.SSLCertVerificationError:
            connection.close()
            raise RetryableDeliveryError(code="untrusted") from None
        except (OSError, HTTPException, ValueError):
            connection.close()
            raise RetryableDeliveryError(code="unreachable") from None
        return connection

    def _take(self, origin: Origin) -> HTTPConnection | None:
        """A connection that is still open, as far as one can see from here."""
        now = time.monotonic()
        with self._lock:
            fresh: list[Idle] = [kept for kept in self._idle if now - kept[2] < IDLE_SECONDS]
            old: list[Idle] = [kept for kept in self._idle if now - kept[2] >= IDLE_SECONDS]
            found = next((kept for kept in reversed(fresh) if kept[0] == origin), None)
            self._idle[:] = [kept for kept in fresh if kept is not found]
        _close_all(old)
        if found is None:
            return None
        if _has_something_to_read(found[1]):
            found[1].close()
            return self._take(origin)
        return found[1]

    def _give(self, origin: Origin, connection: HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append((origin, connection, time.monotonic()))
                return
        connection.close()

    def close(self) -> None:
        """Give the open connections back; they are anyway when the transport is."""
        with self._lock:
            _close_all(self._idle)
            self._idle.clear()


def _close_all(idle: Iterable[Idle]) -> None:
    for _, connection, _ in idle:
        connection.close()


def _has_something_to_read(connection: HTTPConnection) -> bool:
    """Whether a peer that owes us nothing has closed or said something."""
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return bool(waiting.poll(0))


class BoundedAdapter(BaseAdapter):
    """Lets requests, and so wechatpy, send through a `Transport`; only a whole answer with status 200 comes back."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    def send(self, request: PreparedRequest, *_: object, **options: object) -> Response:
        """The answer, read; the transport's errors, or `http_…` for another status (504 leaves open whether it was done)."""
        seconds = options.get("timeout")
        body = request.body.encode() if isinstance(request.body, str) else request.body
        with self._transport.exchange(
            request.method or "GET",
            request.url or "",
            body=body if isinstance(body, bytes) else None,
            headers={name: str(value) for name, value in request.headers.items()},
            seconds=seconds if isinstance(seconds, float) else SECONDS,
        ) as answer:
            check_status(answer)
            content = answer.whole(MAX_ANSWER)
        response = Response()
        response.status_code = answer.status
        response.request = request
        response._content = content  # noqa: SLF001 – the only way to give requests a body that has been read
        return response

    def close(self) -> None:
        """Nothing: the transport is shared."""


def check_status(answer: Answer) -> None:
    """The platform answers 200 whatever it thinks; anything else is said by something before it."""
    if answer.status == 504:
        raise DeliveryUnknown(code="http_504")
    if answer.status != 200:
        raise RetryableDeliveryError(code=f"http_{answer.status}")


def session_over(transport: Transport) -> Session:
    """What wechatpy sends by."""
    session = Session()
    session.trust_env = False
    session.mount("https://", BoundedAdapter(transport))
    session.mount("http://", BoundedAdapter(transport))
    return session
