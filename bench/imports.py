"""`make bench NAME=imports`: a table of 100,000 rows as CSV and as XLSX, from its first row to submissions, beside a bare COPY of the same rows.

Each step runs in a process of its own, as on the queue `documents`, which tells its seconds (its start left out) and the most memory it held.
The bare reference reads the CSV and copies four columns into a table with a key and nothing else. Then the import is taken back. Exit 1 when a
row is missing, 2 when a goal is.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bench.messages import mixed, moments
from config.settings import Settings
from intake.cli.installation import Installation
from intake.domain.actor import MACHINE
from intake.domain.import_mapping import guess
from intake.domain.permission import Role
from intake.domain.point import AreaKind
from intake.domain.row_import import ImportState
from intake.models import ImportedRow, RowImport
from intake.queries.actor import actor_of_user
from intake.services import row_import as service
from intake.services.person import create_user, grant_role
from intake.services.place import create_area
from intake.services.row_import import Importing, Upload
from intake.wiring import Wiring, wire
from tests.factories.imports import as_excel_writes_it

ROWS = 100_000
WANTED_RATE = 2_000
WANTED_MB = 300
HEADS = ("编号", "标题", "内容", "时间", "所在社区", "联系电话")
STEPS = ("heads", "trial", "import", "undo")
_STEP = """
import json, resource, time
from pathlib import Path
from workers.jobs import row_imports
from workers.runtime import process_wiring
process_wiring()
began = time.perf_counter()
row_imports.run()
seconds = time.perf_counter() - began
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else [f"VmHWM {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}"]
print(json.dumps({"seconds": seconds, "peak": int(next(line for line in lines if line.startswith("VmHWM")).split()[1])}))
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of one format cost."""

    seconds: float
    peak_mb: float


def _calls(count: int) -> Iterator[tuple[str, ...]]:
    """Rows of a hotline, no two alike."""
    times = moments(count, end=datetime.now(UTC), days=300)
    for number, words in enumerate(mixed(count)):
        community = f"第{number % 40}社区"
        yield f"GD{number:07d}", words[:8], f"{words}（{number}）", f"{times[number]:%Y-%m-%d %H:%M}", community, f"138{number:08d}"


def _as_csv(rows: list[tuple[str, ...]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADS, *rows])


def _as_xlsx(rows: list[tuple[str, ...]], path: Path) -> None:
    """As Excel writes it: words in the table of shared texts."""
    path.write_bytes(as_excel_writes_it(rows, heads=HEADS))


def _seed(wiring: Wiring) -> tuple[int, int]:
    """A district of forty communities and somebody who may import; their ids."""
    at = wiring.clock.now()
    with wiring.sessions.begin() as session:
        city = create_area(session, kind=AreaKind.CITY, name="临江市", parent=None)
        district = create_area(session, kind=AreaKind.DISTRICT, name="云栖区", parent=city)
        street = create_area(session, kind=AreaKind.STREET, name="丰山街道", parent=district)
        for number in range(40):
            create_area(session, kind=AreaKind.COMMUNITY, name=f"第{number}社区", parent=street)
        staff = create_user(session, district_id=district.id, login="staff", name="王静", password="", at=at, password_hash="-")
        grant_role(session, actor=MACHINE, user=staff, role=Role.STAFF, area=district, at=at)
        return district.id, staff.id


def _bare(wiring: Wiring, path: Path) -> float:
    """Seconds for a COPY of the same rows."""
    address = wiring.settings.owner_database_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("CREATE TABLE bench_bare (id bigint PRIMARY KEY, number text, words text, said_at timestamp)")
        began = time.perf_counter()
        with path.open(encoding="utf-8", newline="") as file, owner.cursor().copy("COPY bench_bare FROM STDIN") as rows:
            for number, (name, title, words, when, *_) in enumerate(csv.reader(file)):
                if number:
                    rows.write_row((number, name, f"{title}\n{words}", when))
        return time.perf_counter() - began


class _Bench:
    """One format from its file to nothing again."""

    def __init__(self, ours: Installation, wiring: Wiring, *, district_id: int, staff_id: int) -> None:
        self._ours, self._wiring = ours, wiring
        self._district_id, self._staff_id = district_id, staff_id

    def steps(self, path: Path, *, rows: int) -> tuple[dict[str, Step], bool]:
        """What each step cost, and whether every row came in."""
        kind = path.suffix[1:]
        with self._wiring.sessions.begin() as session:
            who = actor_of_user(session, self._staff_id)
            assert who is not None, "made by us"
            upload = Upload(name=kind, source=kind, area_id=self._district_id, file_name=path.name, file=BytesIO(path.read_bytes()))
            tables, objects = self._wiring.tables, self._wiring.objects
            import_id = service.receive(session, upload, actor=who, tables=tables, objects=objects, at=self._wiring.clock.now()).id
        costs = {"heads": self._work()}
        with self._wiring.sessions.begin() as session:
            now = self._now(import_id)
            service.check(session, now, columns={**guess(HEADS)}, since=None)
        costs["trial"] = self._work()
        with self._wiring.sessions.begin() as session:
            service.take_in(session, self._now(import_id), areas={})
        costs["import"] = self._work()
        with self._wiring.sessions() as session:
            inside = session.scalar(select(func.count()).where(ImportedRow.import_id == import_id))
        with self._wiring.sessions.begin() as session:
            service.undo(session, self._now(import_id))
        costs["undo"] = self._work()
        with self._wiring.sessions() as session:
            row = session.get_one(RowImport, import_id)
            whole = inside == rows == row.rows_undone and row.state is ImportState.UNDONE
        return costs, whole

    def _now(self, import_id: int) -> Importing:
        with self._wiring.sessions() as session:
            who = actor_of_user(session, self._staff_id)
            assert who is not None, "made by us"
            version = session.get_one(RowImport, import_id).version
            return Importing(actor=who, import_id=import_id, version=version, at=self._wiring.clock.now())

    def _work(self) -> Step:
        """What waits is done by a process of its own."""
        command = [sys.executable, "-c", _STEP]
        done = subprocess.run(command, env=self._ours.env, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
        said = json.loads(done.stdout.splitlines()[-1])
        return Step(said["seconds"], said["peak"] / 1024)


def main() -> int:
    """Run and say it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    asked = parser.parse_args()
    console = Console(width=120)
    folder = Path(tempfile.mkdtemp(prefix="zhibao-bench-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None))
    folder.chmod(0o755)
    try:
        with Installation(Settings(data_dir=folder / "data", port=0, log_level="ERROR"), serve=False, work=False) as ours:
            wiring = wire(ours.settings, pool_size=2)
            rows = list(_calls(asked.rows))
            _as_csv(rows, folder / "rows.csv")
            _as_xlsx(rows, folder / "rows.xlsx")
            district_id, staff_id = _seed(wiring)
            bench = _Bench(ours, wiring, district_id=district_id, staff_id=staff_id)
            bare = asked.rows / _bare(wiring, folder / "rows.csv")
            found = {}
            for kind in ("csv", "xlsx"):
                console.print(f"{kind}: {(folder / f'rows.{kind}').stat().st_size / 1e6:.1f} MB …")
                found[kind] = bench.steps(folder / f"rows.{kind}", rows=asked.rows)
            wiring.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _tell(console, found, bare, rows=asked.rows)


def _tell(console: Console, found: dict[str, tuple[dict[str, Step], bool]], bare: float, *, rows: int) -> int:
    table = Table("what", "CSV", "XLSX", "wanted")
    for step in STEPS:
        costs = [found[kind][0][step] for kind in ("csv", "xlsx")]
        wanted = f"≥ {WANTED_RATE:,} rows/s, ≤ {WANTED_MB} MB" if step != "heads" else f"≤ {WANTED_MB} MB"
        table.add_row(step, *(f"{one.seconds:.1f} s, {rows / one.seconds:,.0f} rows/s, {one.peak_mb:.0f} MB" for one in costs), wanted)
    console.print(table)
    console.print(f"bare COPY of the same rows: {bare:,.0f} rows/s")
    if not all(whole for _, whole in found.values()):
        return 1
    steps = [(step, cost) for costs, _ in found.values() for step, cost in costs.items()]
    slow = [step for step, cost in steps if step != "heads" and rows / cost.seconds < WANTED_RATE]
    return 2 if slow or any(cost.peak_mb > WANTED_MB for _, cost in steps) else 0


if __name__ == "__main__":
    sys.exit(main())
