"""Half-sent requests wait outside: they cost no thread, and everybody else is served as if they weren't there."""

import contextlib
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.faults.conftest import THREADS, Web
from tests.faults.visitors import eventually, get, raw_post, say

pytestmark = pytest.mark.faults

LONGCHI = "nvgch2345a"
OF_EACH = 7
"""Of each kind more than there are threads, and 42 in all."""


@contextlib.contextmanager
def sent(web: Web, parts: list[bytes]) -> Iterator[list[socket.socket]]:
    """One connection for each of `parts` that has sent it and goes no further."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", web.port))) for _ in parts]
        for one, part in zip(sockets, parts, strict=True):
            one.sendall(part)
        yield sockets


def is_waiting(connection: socket.socket) -> bool:
    """Neither answered nor closed."""
    connection.setblocking(False)
    try:
        connection.recv(1)
    except BlockingIOError:
        return True
    return False


def answer_on(connection: socket.socket) -> bytes:
    """What comes until the other end closes."""
    connection.settimeout(60)
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_forty_half_sent_requests_keep_nobody_waiting(starved: Web) -> None:
    whole = raw_post(starved.port, f"/p/{LONGCHI}", {"key": "none", "text": "路灯坏了" * 50}).replace(
        b"Content-Type", b"Connection: close\r\nContent-Type", 1
    )
    head = whole.index(b"\r\n\r\n") + 4
    halves = {
        "nothing yet": b"",
        "a request line": whole[:9],
        "a head without its end": whole[: head - 5],
        "a head without a body": whole[:head],
        "half a body": whole[:-20],
        "a body in chunks without its end": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ncode=\r\n",
    }
    with sent(starved, [half for half in halves.values() for _ in range(OF_EACH)]) as slow:
        answers = [say(starved.port, LONGCHI, f"{number} 号楼路灯坏了") for number in range(5)]
        assert [answer.status for answer in answers] == [303] * 5
        assert all(map(is_waiting, slow)), "they were served meanwhile, not after the slow ones had been given up"
        last_of_half_a_body = slow[5 * OF_EACH - 1]
        last_of_half_a_body.setblocking(True)
        last_of_half_a_body.sendall(whole[-20:])
        assert b"410" in answer_on(last_of_half_a_body).split(b"\r\n")[0], "who goes on is served too: the form of a stranger's key"


def test_bodies_beyond_the_limit_are_refused_unread_and_keep_nobody_waiting(starved: Web) -> None:
    huge = f"POST /p/{LONGCHI} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\n\r\n"
    with sent(starved, [huge.encode() + b"text=" + b"x" * 10_000] * 20) as slow:
        assert say(starved.port, LONGCHI, "路灯坏了").status == 303
        assert all(b"413" in answer_on(one).split(b"\r\n")[0] for one in slow)


def test_visitors_who_never_say_goodbye_keep_nobody_waiting(starved: Web) -> None:
    with sent(starved, [b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"] * 40) as slow:
        assert say(starved.port, LONGCHI, "路灯坏了").status == 303
        assert all(b"200 OK" in answer_on(one) for one in slow)


def test_two_requests_sent_at_once_are_both_answered_in_order(starved: Web) -> None:
    two = f"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /p/{LONGCHI} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with sent(starved, [two.encode()]) as (connection,):
        answers = answer_on(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(b"ok") < answers.index("龙池社区".encode())


NONSENSE = {
    "empty lines": b"\r\n\r\n",
    "less than nothing": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an endless head": b"x" * 100_000,
}


def test_nonsense_is_refused_or_dropped_and_the_next_visitor_is_served(starved: Web) -> None:
    with sent(starved, [part for part in NONSENSE.values() for _ in range(THREADS + 1)]) as slow:
        for one in slow:
            with contextlib.suppress(ConnectionResetError):
                assert b"200 OK" not in answer_on(one)
    assert get(starved.port, "/").status == 200


def is_idle(web: Web) -> bool:
    """Whether its process did nothing for a while."""
    (pid,) = web.workers()
    before = psutil.Process(pid).cpu_times()
    time.sleep(0.5)
    return psutil.Process(pid).cpu_times().user - before.user < 0.02


def test_visitors_who_read_nothing_are_given_up(starved: Web) -> None:
    """Each asks for the same page until the answers fill every buffer; both threads are then writing to somebody who doesn't read."""
    with contextlib.ExitStack() as stack:
        for _ in range(THREADS + 1):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", starved.port))
            connection.sendall(b"GET /privacy HTTP/1.1\r\nHost: x\r\n\r\n" * 5_000)
        assert eventually(lambda: is_idle(starved)), "no thread goes on"
        assert say(starved.port, LONGCHI, "路灯坏了").status == 303
