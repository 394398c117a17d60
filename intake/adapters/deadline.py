"""A whole exchange in bounded time: http.client's timeout counts each wait anew, so a peer that drips would never end it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def shut_at(end: float, connected: socket.socket | None) -> Iterator[threading.Event]:
    """Shut the socket at `end` on the monotonic clock, whatever waits on it; the event says that it was."""
    late = threading.Event()

    def shut() -> None:
        late.set()
        if connected is not None:
            with suppress(OSError):
                # Past SSLSocket's own method, which takes the TLS state away under the thread that reads.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, end - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
