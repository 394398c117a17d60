"""Files on their way in: they are waited for where files are taken and nowhere else, and half of one costs nobody anything."""

import contextlib
import socket

import pytest

from intake.cli.web_worker import LARGE_BYTES
from tests.faults.conftest import Web
from tests.faults.test_slow_clients import LONGCHI, answer_on, is_waiting, sent
from tests.faults.visitors import eventually, say

pytestmark = pytest.mark.faults

MB = 1024 * 1024


def head(path: str, size: int) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: x",
        "Connection: close",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {size}",
    ]
    return ("\r\n".join([*lines, "", ""])).encode()


def form(size: int) -> bytes:
    begin = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    end = b"\r\n--b--\r\n"
    return begin + bytes(size - len(begin) - len(end)) + end


def test_a_file_of_five_megabytes_arrives_whole(starved: Web) -> None:
    """Nobody is signed in, so the answer is the way to the door: but the request was read to its end."""
    with sent(starved, [head("/dept/referrals/1/files", 5 * MB) + form(5 * MB)]) as (one,):
        assert b"303" in answer_on(one).split(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/dept/referrals/1/progress", "/dept/referrals/1/files/2", "/dept/referrals/x/files"])
def test_elsewhere_it_is_refused_by_its_head(starved: Web, path: str) -> None:
    with sent(starved, [head(path, 5 * MB) + b"x" * 1000]) as (one,):
        status = answer_on(one).split(b"\r\n")[0]
        assert any(code in status for code in (b"413", b"404", b"303", b"400")), "it isn't waited for"


def test_of_half_sent_files_only_a_few_are_kept(starved: Web) -> None:
    half = head(f"/p/{LONGCHI}", LARGE_BYTES // 4 - MB) + b"x" * MB
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(6):
            (one,) = stack.enter_context(sent(starved, [half]))
            slow.append(one)
            assert say(starved.port, LONGCHI, "路灯坏了").status == 303, "nobody waits for them"
        assert eventually(lambda: sum(map(waits, slow)) == 4), "the oldest were given up"
        assert [waits(one) for one in slow] == [False, False, True, True, True, True]


def waits(one: socket.socket) -> bool:
    """Neither answered nor closed, be it by a reset."""
    try:
        return is_waiting(one)
    except OSError:
        return False
