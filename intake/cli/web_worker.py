"""gunicorn's threaded worker, changed so that only a whole request costs a thread.

gunicorn 27's own (workers/gthread.py, http/parser.py) hands every new connection to a thread, which waits up to 5 s for the first byte
and then without any limit for the rest of head and body: eight half-sent requests held both of our processes for good. And when it closes
a connection it waits up to 2 s for the visitor's own close, in the one thread that accepts everybody else. Here the loop that watches all
connections collects each request first, and also waits for the farewells: a slow visitor costs memory, never a thread. No socket timeout
in the threads would do instead, since a visitor who sends one byte before each timeout is never cut off.
"""

import contextlib
import io
import os
import selectors
import socket
import struct
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from intake.web.uploads import body_limit

ARRIVAL_SECONDS = 60.0
"""For a whole request: a long message over a weak mobile network needs most of it."""
LEAVING_SECONDS = 2.0
"""For the visitor's own close after ours, so that the end of the answer isn't cut off by a reset."""
SEND_SECONDS = 10
"""A visitor who reads nothing for so long is given up; pages fit the kernel's buffer, so that only the hostile get here."""
HEAD_LIMIT = 64 * 1024
WAITING_LIMIT = 200
"""Half-arrived requests a process keeps; then the oldest goes. With the body limit this also bounds the memory they take."""
LARGE_BYTES = 128 * 1024 * 1024
"""Of half-arrived files a process keeps, by what each announced: two of the largest that web/uploads.py allows, a dozen as phones send."""
_READ = 64 * 1024
_HEAD_END = b"\r\n\r\n"


class Arrived(SocketUnreader):  # type: ignore[misc]  # its base has no types
    """What the parser reads: only bytes that are here already, so that whatever the head claims, no thread waits for more."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.ran_dry = False

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The end of everything; noted, since after it nobody knows where the next request begins."""
        del size_hint
        self.ran_dry = True
        return b""

    def add(self, data: bytes) -> None:
        """Append what came."""
        self.buf.seek(0, os.SEEK_END)
        self.buf.write(data)

    @property
    def size(self) -> int:
        """Bytes that are here."""
        held: io.BytesIO = self.buf
        return held.getbuffer().nbytes


class Visitor(TConn):  # type: ignore[misc]  # its base has no types
    """One connection."""

    whole: int | None
    is_large: bool

    def __init__(self, worker: "WholeRequestWorker", sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(worker.cfg, sock, client, server)
        self._worker = worker
        self.whole = None
        """Bytes of the request under way, once its head is here."""
        self.is_large = False
        """Whether it brings files, and so takes more memory than others while it arrives."""
        self.init()
        self.arrived = Arrived(self.sock)
        self.parser.unreader = self.arrived

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002 -- gunicorn's signature
        """Close now, or after the visitor has."""
        if graceful:
            self._worker.see_off(self)
        else:
            util.close(self.sock)


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]  # its base has no types
    """Collects requests and sees visitors off in its loop; threads only ever work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving: deque[Visitor] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Take one new connection; none that waits is the same as one that failed."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
            visitor = Visitor(self, sock, client, listener.getsockname())
        except OSError:
            sock.close()  # it left again already
            return
        self.nr_conns += 1
        self.enqueue_req(visitor)

    def enqueue_req(self, conn: Visitor) -> None:
        """A connection is new, speaks again, or has sent two requests at once: to a thread when one is whole, else to the loop."""
        conn.whole, conn.is_large = None, False
        if self._is_whole(conn):
            super().enqueue_req(conn)
            return
        if len(self.pending_conns) >= WAITING_LIMIT:
            self._give_up(self.pending_conns[0])
        conn.timeout = time.monotonic() + ARRIVAL_SECONDS
        self.pending_conns.append(conn)  # gunicorn's own list: it closes those past their time
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._hear, conn))

    def see_off(self, conn: Visitor) -> None:
        """Say that nothing more follows, and wait in the loop for the visitor to say the same."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.settimeout(0)
            if _left(conn.sock):
                conn.close()
                return
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._hear_farewell, conn))
        except (OSError, ValueError):  # it is gone, or the loop is
            conn.close()
            return
        conn.timeout = time.monotonic() + LEAVING_SECONDS
        self._leaving.append(conn)
        if len(self._leaving) > WAITING_LIMIT:
            self._forget(self._leaving[0])

    def murder_pending(self) -> None:
        """Close what is past its time; called about once a second."""
        super().murder_pending()
        now = time.monotonic()
        while self._leaving and self._leaving[0].timeout <= now:
            self._forget(self._leaving[0])

    def _cap_keepalive(self, deadline: float) -> None:
        """At the end of this process, half-arrived requests get no more time than idle connections."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _keepalive_after(self, conn: Visitor, keepalive: bool) -> bool:  # noqa: FBT001 -- gunicorn's signature
        """No second request where the body wasn't all here: its rest would be read as one."""
        return bool(super()._keepalive_after(conn, keepalive)) and not conn.arrived.ran_dry

    def _hear(self, conn: Visitor, sock: socket.socket) -> None:
        if conn not in self.pending_conns:
            return  # it was given up for another that spoke in the same moment
        if self._is_whole(conn):
            self.poller.unregister(sock)
            self.pending_conns.remove(conn)
            super().enqueue_req(conn)

    def _hear_farewell(self, conn: Visitor, sock: socket.socket) -> None:
        if _left(sock):
            self._forget(conn)

    def _give_up(self, conn: Visitor) -> None:
        self.pending_conns.remove(conn)
        self.nr_conns -= 1
        self._close(conn)

    def _forget(self, conn: Visitor) -> None:
        self._leaving.remove(conn)
        self._close(conn)

    def _close(self, conn: Visitor) -> None:
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        conn.close()

    def _is_whole(self, conn: Visitor) -> bool:
        """Read what is there; whether a thread can deal with it: a whole request, one too big to wait for, or the end."""
        conn.sock.settimeout(0)
        try:
            while not self._suffices(conn):
                data = conn.sock.recv(_READ)
                if not data:
                    return True
                conn.arrived.add(data)
        except BlockingIOError:
            return False
        except OSError:
            return True  # the parser finds the request cut off
        return True

    def _suffices(self, conn: Visitor) -> bool:
        size = conn.arrived.size
        if conn.whole is None:
            held: bytes = conn.arrived.buf.getvalue()
            end = held.find(_HEAD_END)
            if end < 0:
                return size > HEAD_LIMIT
            body = _announced(held[:end])
            start = end + len(_HEAD_END)
            if body is None:
                return size > start + self._usual_limit or held.endswith(b"0\r\n\r\n")
            # A body over the application's limit isn't waited for: the head is all it needs to refuse it.
            limit = body_limit(_path(held[:end]), usual=self._usual_limit)
            conn.whole = start + (body if body <= limit else 0)
            conn.is_large = conn.whole > start + self._usual_limit
            if conn.is_large:
                self._make_room(conn)
        return bool(size >= conn.whole)

    def _make_room(self, newcomer: Visitor) -> None:
        """Of half-arrived files only so much; those that have been under way longest go."""
        large = [one for one in self.pending_conns if one.is_large and one is not newcomer]
        over = sum(one.whole for one in (*large, newcomer)) - LARGE_BYTES
        for one in large:
            if over <= 0:
                return
            over -= one.whole
            self._give_up(one)

    @property
    def _usual_limit(self) -> int:
        return int(self.wsgi.config["MAX_CONTENT_LENGTH"])


def _path(head: bytes) -> str:
    """The path of a request line, without its question; empty for a line that makes no sense."""
    line = head.split(b"\r\n", 1)[0].split(b" ")
    return line[1].split(b"?", 1)[0].decode("ascii", "replace") if len(line) == 3 and line[0] == b"POST" else ""


def _announced(head: bytes) -> int | None:
    """Bytes of the body that follows; None when it comes in chunks. A head that makes no sense is refused by the parser, without a body."""
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        field = name.strip().lower()
        if field == b"transfer-encoding":
            return None
        if field == b"content-length" and value.strip().isdigit():
            length = int(value.strip()[:18])
    return length


def _left(sock: socket.socket) -> bool:
    """Throw away what still comes; whether the other end is closed."""
    try:
        while sock.recv(_READ):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
