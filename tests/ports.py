"""Ports for servers that are told which to take: one is asked for seconds before it is bound, and until then nobody else may get it."""

import os
import socket
from collections.abc import Iterator

_FIRST, _EACH = 20_000, 600
"""Below those that the system hands out by itself, and for each process of a run its own."""


def free_port() -> int:
    """One that nobody listens on, and no other test is given."""
    return next(number for number in _numbers if _is_free(number))


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def _of_this_process() -> Iterator[int]:
    """Each run begins elsewhere, since two may go on at once."""
    first = _FIRST + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 20 * _EACH
    for number in range(_EACH):
        yield first + (os.getpid() + number) % _EACH


_numbers = _of_this_process()
