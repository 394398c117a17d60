"""Fresh visitors over raw asyncio sockets: GET a form, POST it back, on one connection each."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

_KEY = re.compile(rb'name="key" value="([^"]+)"')


@dataclass(slots=True)
class Tally:
    """What the visitors saw; times in seconds."""

    gets: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    locations: set[str] = field(default_factory=set)
    accepted: int = 0
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Take in another round."""
        self.gets += other.gets
        self.posts += other.posts
        self.locations |= other.locations
        self.accepted += other.accepted
        self.errors += other.errors
        self.seconds += other.seconds


async def visit(port: int, path: str, *, visitors: int, connections: int) -> Tally:
    """`visitors` in all, `connections` at a time."""
    tally = Tally()
    numbers = iter(range(visitors))

    async def lane() -> None:
        for number in numbers:
            try:
                await _one(port, path, number, tally)
            except (OSError, asyncio.IncompleteReadError, AssertionError) as error:
                tally.errors.append(f"{type(error).__name__}: {error}")

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(connections)))
    tally.seconds = time.perf_counter() - started
    return tally


async def _one(port: int, path: str, number: int, tally: Tally) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        agent = f"bench-{number}"
        started = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {agent}\r\n\r\n".encode())
        status, _, body = await _response(reader)
        assert status == 200, f"GET {status}"
        tally.gets.append(time.perf_counter() - started)
        match = _KEY.search(body)
        assert match is not None, "no key in the form"
        sent = urlencode(
            {"key": match[1].decode(), "text": f"幸福里 {number} 号楼路灯坏了快一个月，晚上看不见。", "place": "", "contact": ""}
        ).encode()
        started = time.perf_counter()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {agent}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(sent)}\r\nConnection: close\r\n\r\n".encode()
            + sent
        )
        status, headers, _ = await _response(reader)
        assert status == 303, f"POST {status}"
        tally.posts.append(time.perf_counter() - started)
        tally.accepted += 1
        tally.locations.add(headers.get("location", ""))
    finally:
        writer.close()


async def _response(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(head[0].split()[1]), headers, body


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of `values` lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
