"""A demo district on a stage of its own for those who look at pages: `zhibao demo` as everybody starts it, in a folder that is thrown away."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import select

from config.settings import Settings
from intake.cli.demo import FRONT_POINT
from intake.cli.installation import attached
from intake.domain.point import PointState
from intake.models import IntakePoint, Submission
from intake.queries.receipt import ReceiptView, receipt_view
from intake.services.receipt import token_for
from intake.wiring import Wiring, wire

PATIENCE = 300.0
"""Seconds until the demo must be ready; it takes 30 here."""
READY = "Ctrl-C"
"""In the last line the demo prints before it waits to be tried."""


class NotReady(SystemExit):
    """The demo ended or was too slow; the message holds what it said."""


@dataclass(slots=True)
class Stage:
    """The running demo, and the addresses of what is on it."""

    url: str
    wiring: Wiring

    def form(self) -> str:
        """The form the demo shows everybody."""
        with self.wiring.sessions() as session:
            code = session.scalar(
                select(IntakePoint.code)
                .where(IntakePoint.name == FRONT_POINT, IntakePoint.state == PointState.ACTIVE)
                .order_by(IntakePoint.id)
                .limit(1)
            )
        assert code is not None, f"no open point in {FRONT_POINT}"
        return f"/p/{code}"

    def community(self) -> str:
        """The public page of the community of that form."""
        with self.wiring.sessions() as session:
            area = session.scalar(select(IntakePoint.area_id).where(IntakePoint.name == FRONT_POINT).order_by(IntakePoint.id).limit(1))
        assert area is not None, f"no point in {FRONT_POINT}"
        return f"/c/{area}"

    def telling_receipt(self) -> str:
        """The receipt on which most has happened: decisions first, then steps."""
        return self._link(
            max(self._receipts(), key=lambda one: (sum(s.is_decision for s in one.steps), len(one.steps), -one.submission_id))
        )

    def fresh_receipt(self) -> str:
        """The last one that may still be withdrawn."""
        return self._link(max((one for one in self._receipts() if one.may_withdraw), key=lambda one: one.submission_id))

    def _receipts(self) -> list[ReceiptView]:
        with self.wiring.sessions() as session:
            wired = self.wiring
            ids = session.scalars(select(Submission.id).order_by(Submission.id)).all()
            return [receipt_view(session, one, at=wired.clock.now(), workflow=wired.workflow) for one in ids]

    def _link(self, receipt: ReceiptView) -> str:
        return f"/r/{receipt.number}/{token_for(self.wiring.vault, receipt.number, receipt.salt)}"


def chromium() -> str:
    """Debian's browser, or the one in CHROME_PATH; SystemExit with the cure where there is none."""
    found = os.environ.get("CHROME_PATH") or shutil.which("chromium")
    if found is None:
        raise SystemExit("没有 Chromium：apt-get install chromium fonts-noto-cjk / no Chromium")
    return found


@contextlib.contextmanager
def staged(*, count: int | None = None) -> Iterator[Stage]:
    """Start the demo with all its messages, or the first `count`; stop it and remove its folder at the end. Raises NotReady."""
    folder = Path(tempfile.mkdtemp(prefix="zhibao-stage-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else where we are root
    data = folder / "data"
    ours = {f.metadata["variable"] for f in fields(Settings)}
    words = [sys.executable, "-m", "intake.cli.main", "demo", "--data", str(data), "--port", "0"]
    process = subprocess.Popen(
        words + (["--count", str(count)] if count is not None else []),
        env={**{name: value for name, value in os.environ.items() if name not in ours}, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        _wait_until_ready(process)
        settings = attached(Settings.from_env({}, data_dir=data))
        wiring = wire(settings, pool_size=2)
        try:
            yield Stage(settings.base_url, wiring)
        finally:
            wiring.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    said: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:  # to the end, so that the demo never waits for a reader
            said.append(line)
            if READY in line:
                ready.set()
        ready.set()

    threading.Thread(target=listen, daemon=True).start()
    if not ready.wait(PATIENCE) or not said or READY not in said[-1]:
        raise NotReady("".join(said[-20:]) or "演示没有启动 / the demo did not start")
