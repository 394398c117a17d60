"""`make bench NAME=intake`: fresh visitors open the form and send it, beside a bare Flask application on the same PostgreSQL with fsync on.

Prints requests a second (a GET and a POST each), p50 and p99 of the POST, CPU milliseconds of web and database for each accepted
submission, and whether rows stored = accepted. The load generator shares the machine with both, so compare the two, not the absolutes.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bench.bare import Bare, beside
from bench.processor import cpu_seconds
from bench.visitors import Tally, percentile, visit
from config.settings import Settings
from intake.cli.installation import Installation
from intake.domain.actor import MACHINE
from intake.domain.point import AreaKind, PointKind
from intake.models import Submission
from intake.services.place import create_area, create_point
from intake.wiring import Wiring, wire

CODE = "benchpnt22"
ROUNDS = 4


def _seed(wiring: Wiring) -> None:
    with wiring.sessions.begin() as session:
        at = wiring.clock.now()
        city = create_area(session, kind=AreaKind.CITY, name="临江市", parent=None)
        district = create_area(session, kind=AreaKind.DISTRICT, name="云栖区", parent=city)
        street = create_area(session, kind=AreaKind.STREET, name="丰山街道", parent=district)
        community = create_area(session, kind=AreaKind.COMMUNITY, name="龙池社区", parent=street)
        create_point(session, actor=MACHINE, area=community, kind=PointKind.COMMUNITY, name="龙池社区", at=at, code=CODE)


@dataclass(slots=True)
class Sum:
    """What one side did at one level, over all rounds."""

    tally: Tally = field(default_factory=Tally)
    web: float = 0.0
    database: float = 0.0

    def cost(self) -> float:
        """CPU milliseconds of web and database for each accepted submission."""
        return (self.web + self.database) * 1000 / max(1, self.tally.accepted)


def _measure(total: Sum, port: int, *, visitors: int, connections: int, web: int, database: int) -> None:
    before = cpu_seconds(web), cpu_seconds(database)
    tally = asyncio.run(visit(port, f"/p/{CODE}", visitors=visitors, connections=connections))
    total.web += cpu_seconds(web) - before[0]
    total.database += cpu_seconds(database) - before[1]
    total.tally.add(tally)


def main() -> int:
    """Run; exit 1 when something was lost or doubled, 2 when ours costs over three times the bare reference."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--visitors", type=int, default=1500, help="visitors at each level (a fifth of them at one connection)")
    arguments = parser.parse_args()
    console = Console(width=120)
    folder = tempfile.mkdtemp(prefix="zhibao-bench-", dir="/var/tmp")
    Path(folder).chmod(0o755)
    unlimited = "100000000/hour"
    settings = Settings(
        data_dir=Path(folder) / "data",
        port=0,
        device_limit=unlimited,
        point_limit=unlimited,
        address_limit=unlimited,
        log_level="WARNING",
        guard_limit=unlimited,
        flood_limit=unlimited,
        form_seconds=0,
    )
    console.print("Starting PostgreSQL (fsync on), Valkey, our web and the bare one …")
    with Installation(settings, work=False, report=lambda _line: None) as ours:
        wired = wire(ours.settings)
        _seed(wired)
        try:
            with beside(ours) as bare:
                return _compare(console, ours, wired, bare, visitors=arguments.visitors)
        finally:
            wired.close()


def _compare(console: Console, ours: Installation, wired: Wiring, bare: Bare, *, visitors: int) -> int:
    table = Table(
        "connections",
        "what",
        "requests/s",
        "POST p50 ms",
        "POST p99 ms",
        "CPU ms / accepted",
        "of it database",
        "ratio",
        "accepted",
        "errors",
    )
    postgres, web = ours.pid("postgres"), ours.pid("web")
    assert postgres is not None
    assert web is not None
    sides = (("bare", bare.port, bare.pid), ("zhibao", ours.settings.port, web))
    accepted, receipts, worst = 0, set[str](), 0.0
    for _, port, pid in sides:
        _measure(Sum(), port, visitors=200, connections=8, web=pid, database=postgres)  # warm up
    with wired.sessions() as session:
        warm = session.scalar(select(func.count()).select_from(Submission)) or 0
    for connections in (1, 16, 64):
        count = visitors // 5 if connections == 1 else visitors
        sums = {name: Sum() for name, _, _ in sides}
        # Taking turns in short rounds, so that whatever else the machine does falls on both.
        for _round in range(ROUNDS):
            for name, port, pid in sides:
                _measure(sums[name], port, visitors=count // ROUNDS, connections=connections, web=pid, database=postgres)
        ratio = sums["zhibao"].cost() / sums["bare"].cost()
        worst = max(worst, ratio)
        accepted += sums["zhibao"].tally.accepted
        receipts |= sums["zhibao"].tally.locations
        for name, total in sums.items():
            seen = total.tally
            table.add_row(
                str(connections),
                name,
                f"{2 * seen.accepted / seen.seconds:.0f}",
                f"{percentile(seen.posts, 0.5) * 1000:.1f}",
                f"{percentile(seen.posts, 0.99) * 1000:.1f}",
                f"{total.cost():.2f}",
                f"{total.database * 1000 / max(1, seen.accepted):.2f}",
                f"{ratio:.2f}" if name == "zhibao" else "",
                str(seen.accepted),
                str(len(seen.errors)),
            )
            for sentence in seen.errors[:3]:
                console.print(f"  {name}: {sentence}")
    console.print(table)
    with wired.sessions() as session:
        stored = (session.scalar(select(func.count()).select_from(Submission)) or 0) - warm
    right = stored == accepted == len(receipts)
    console.print(f"rows stored {stored}, accepted {accepted}, different receipts {len(receipts)}: {'equal' if right else 'NOT EQUAL'}")
    console.print(f"CPU against the bare reference, worst level: {worst:.2f} (wanted: at most 3)")
    return 0 if right and worst <= 3 else 1 if not right else 2


if __name__ == "__main__":
    sys.exit(main())
