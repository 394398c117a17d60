"""`make bench NAME=campaign`: a mass push of a partner's link: taps that are counted and led on, beside a bare Flask application that writes a row
and leads on.

Prints taps a second, p50 and p99, CPU milliseconds of web and database for each, how many samples found anybody waiting for a row's lock,
and whether what was counted is what was tapped; then the database alone, many at once on one row and on as many as we use. The load
generator shares the machine with both, so compare the two, not the absolutes.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, func, select, text

from bench.bare import Base as BareBase
from bench.intake import _seed as seed_point
from bench.processor import cpu_seconds
from bench.visitors import _response as response_of
from bench.visitors import percentile
from config.settings import Settings
from intake.cli.installation import Installation
from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.domain.receipt import SHANGHAI
from intake.models import Area, Campaign, CampaignCount, IntakePoint
from intake.queries.actor import actor_of_user
from intake.services.campaign import SHARDS, CampaignFacts, CampaignMark, create_campaign
from intake.services.person import create_user, grant_role
from intake.wiring import Wiring, wire

PUSH = 150_000
WANTED_RATIO = 3.0
AGENT = "Mozilla/5.0 (Linux; Android 12) MicroMessenger/8.0"
COUNTED = (
    "INSERT INTO campaign_counts (campaign_id, day, shard, district_id, opened, formed, sent) VALUES (%s, %s, %s, %s, 0, 1, 0) "
    "ON CONFLICT (campaign_id, day, shard) DO UPDATE SET formed = campaign_counts.formed + 1"
)
"""What services/campaign.py: count_step sends."""
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@dataclass(slots=True)
class Taps:
    """What the phones saw; times in seconds."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0


async def tap(port: int, path: str, *, body: str, count: int, connections: int) -> Taps:
    """`count` phones, `connections` at a time, each on a connection of its own; each must be led on. A `body` is posted, without one it is a GET."""
    taps, numbers = Taps(), iter(range(count))
    head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {AGENT}\r\nConnection: close\r\n"
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
    request = f"{head}{form}\r\n{body}".encode()

    async def lane() -> None:
        for _number in numbers:
            started = time.perf_counter()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                status, _, _ = await response_of(reader)
                writer.close()
                assert status == 303, f"status {status}"
            except (OSError, asyncio.IncompleteReadError, AssertionError) as error:
                taps.errors.append(f"{type(error).__name__}: {error}")
            else:
                taps.times.append(time.perf_counter() - started)

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(connections)))
    taps.seconds = time.perf_counter() - began
    return taps


@contextlib.contextmanager
def watched(wiring: Wiring) -> Iterator[list[int]]:
    """How many waited for a lock, looked at a hundred times a second."""
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        with wiring.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not done.wait(0.01):
                seen.append(connection.scalar(WAITING) or 0)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield seen
    done.set()
    thread.join()


def seeded(wiring: Wiring) -> tuple[str, CampaignMark]:
    """The link's code, and its mark, in a district with one point."""
    seed_point(wiring)
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        district = session.query(Area).filter_by(name="云栖区").one()
        user = create_user(session, district_id=district.id, login="bench", name="测", password="", at=at, password_hash="-")
        grant_role(session, actor=MACHINE, user=user, role=Role.STAFF, area=district, at=at)
        session.flush()
        actor = actor_of_user(session, user.id)
        assert actor is not None
        code = session.query(IntakePoint).one().code
        facts = CampaignFacts(
            name="量", partner="量", area_id=district.id, point_code=code, starts_on=at.astimezone(SHANGHAI).date(), ends_on=None
        )
        made: Campaign = create_campaign(session, actor=actor, facts=facts, at=at)
        return made.code, CampaignMark(made.id, district.id)


def counted(wiring: Wiring, step: str = "opened") -> int:
    """All that was counted."""
    with wiring.sessions() as session:
        return session.scalar(select(func.sum(getattr(CampaignCount, step)))) or 0


def rate_on(wiring: Wiring, mark: CampaignMark, *, rows: int, threads: int, count: int) -> float:
    """Counts a second in the database alone, over `rows` rows; by hand, so that Python isn't what is measured."""
    day = wiring.clock.now().astimezone(SHANGHAI).date()
    address = wiring.settings.database_url.replace("postgresql+psycopg://", "postgresql://")

    def work() -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            for _ in range(count // threads):
                connection.execute(COUNTED, (mark.campaign_id, day, secrets.randbelow(rows), mark.district_id))

    began = time.perf_counter()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (time.perf_counter() - began)


def main() -> int:
    """Run; exit 1 when a tap was lost or doubled, 2 when ours costs over three times the bare reference."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--taps", type=int, default=4000, help="taps at each level (a fifth of them at one connection)")
    arguments = parser.parse_args()
    console = Console(width=120)
    folder = tempfile.mkdtemp(prefix="zhibao-bench-", dir="/var/tmp")
    Path(folder).chmod(0o755)
    settings = Settings(data_dir=Path(folder) / "data", port=0, log_level="WARNING")
    console.print("Starting PostgreSQL (fsync on), Valkey, our web and the bare one …")
    with Installation(settings, work=False, report=lambda _line: None) as ours:
        wired = wire(ours.settings, pool_size=20)
        code, mark = seeded(wired)
        port = ours.settings.port + 1
        owner = create_engine(ours.settings.owner_database_url)
        BareBase.metadata.create_all(owner)
        with owner.begin() as connection:
            connection.execute(text("GRANT ALL ON bench_bare TO zhibao_app; GRANT ALL ON SEQUENCE bench_bare_id_seq TO zhibao_app"))
        owner.dispose()
        bare = subprocess.Popen(
            [sys.executable, "-m", "bench.bare", str(port), str(settings.web_processes), str(settings.web_threads)],
            env={**os.environ, "DATABASE_URL": ours.settings.database_url},
        )
        try:
            time.sleep(2)
            sides = (("bare", port, "/p/x", "text=x", bare.pid), ("tap", ours.settings.port, f"/c/{code}", "", ours.pid("web") or 0))
            return _compare(console, wired, sides, database=ours.pid("postgres") or 0, taps=arguments.taps, mark=mark)
        finally:
            bare.terminate()
            bare.wait()
            wired.close()


def _compare(
    console: Console, wired: Wiring, sides: tuple[tuple[str, int, str, str, int], ...], *, database: int, taps: int, mark: CampaignMark
) -> int:
    table = Table("connections", "what", "taps/s", "p50 ms", "p99 ms", "CPU ms / tap", "ratio", "waited for a lock", "errors")
    done, worst, rate = 0, 0.0, 0.0
    for _, port, path, body, _ in sides:
        warm = asyncio.run(tap(port, path, body=body, count=200, connections=8))
        done += len(warm.times) if not body else 0
    for connections in (1, 16, 64):
        cost: dict[str, float] = {}
        for name, port, path, body, pid in sides:
            before = cpu_seconds(pid) + cpu_seconds(database)
            with watched(wired) as waiting:
                seen = asyncio.run(tap(port, path, body=body, count=taps // (5 if connections == 1 else 1), connections=connections))
            cost[name] = (cpu_seconds(pid) + cpu_seconds(database) - before) * 1000 / max(1, len(seen.times))
            ratio = cost[name] / cost["bare"]
            done += len(seen.times) if not body else 0
            worst, rate = max(worst, ratio), len(seen.times) / seen.seconds
            table.add_row(
                str(connections),
                name,
                f"{rate:.0f}",
                f"{percentile(seen.times, 0.5) * 1000:.1f}",
                f"{percentile(seen.times, 0.99) * 1000:.1f}",
                f"{cost[name]:.2f}",
                f"{ratio:.2f}" if not body else "",
                f"{sum(one > 0 for one in waiting)} of {len(waiting)} samples" if not body else "",
                str(len(seen.errors)),
            )
            for sentence in seen.errors[:3]:
                console.print(f"  {name}: {sentence}")
    console.print(table)
    right = counted(wired) == done
    console.print(f"tapped {done}, counted {counted(wired)}: {'equal' if right else 'NOT EQUAL'}")
    console.print(f"{PUSH} taps at this rate: {PUSH / rate / 60:.1f} minutes; CPU against the bare one, worst level: {worst:.2f}")
    one, many = (rate_on(wired, mark, rows=rows, threads=16, count=4000) for rows in (1, SHARDS))
    console.print(f"database alone, 16 at once: {one:.0f} counts/s on one row, {many:.0f} on {SHARDS} ({many / one:.1f} times)")
    return 0 if right and worst <= WANTED_RATIO else 1 if not right else 2


if __name__ == "__main__":
    sys.exit(main())
