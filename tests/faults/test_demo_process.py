"""`zhibao demo` as a person starts it: a real process with real servers, in a folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intake.adapters.embedded.runtime_paths import DataPaths
from intake.web.assets_manifest import STATIC
from tests.ports import free_port

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not (STATIC / "manifest.json").exists(), reason="the front end isn't built: make front"),
]

COUNT = 20
PATIENCE = 400.0


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that a server which gave up root can pass through; everything made for it is deleted."""
    with tempfile.TemporaryDirectory(prefix="zb-demo-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"
        DataPaths.of(Path(folder) / "data").discard()


def environment() -> dict[str, str]:
    """A machine without any locale, and without the addresses of the test run's own servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG", "ZHIBAO_", "PYTHON"))}
    for variable in ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"):
        kept.pop(variable, None)
    return {**kept, "LANG": "C"}


def start(data: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "intake.cli.main", "demo", "--data", str(data), "--count", str(COUNT), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment(),
    )


def run(data: Path, *options: str) -> tuple[int, str]:
    process = start(data, *options)
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        end(process)
    return process.returncode, output


def end(process: subprocess.Popen[str]) -> None:
    """Stop it in order if it still runs, so that its servers end with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert process.stdout is not None
    process.stdout.close()


def complete(path: Path) -> dict[str, Any]:
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["submitted"] == result["stored"] == result["triaged"] == COUNT
    assert result["topics"] > 0
    assert result["p95_s"] > 0
    assert result["messages_per_s"] > 0
    return dict(result)


def shown_until_up(process: subprocess.Popen[str]) -> str:
    """What it prints until it only waits for Ctrl-C."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    return "".join(lines)


def test_a_run_stores_and_triages_every_message_once_and_so_does_the_next_which_stays_until_told(data: Path, tmp_path: Path) -> None:
    code, output = run(data, "--exit", "--port", str(free_port()), "--json", str(tmp_path / "first.json"))
    assert code == 0, output
    complete(tmp_path / "first.json")
    assert "/p/" in output
    assert "\x1b" not in output
    assert "三个月过完" in output
    replay = tmp_path / "rows.jsonl"
    rows = [{"time": f"2019/2/8 {n % 24}:05:01", "title": f"{n}号楼的路灯不亮", "detail": "幸福里晚上看不见路"} for n in range(2 * COUNT)]
    replay.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    process = start(data, "--port", str(free_port()), "--json", str(tmp_path / "second.json"), "--replay", str(replay))
    try:
        shown = shown_until_up(process)
        assert "三个月" not in shown
        assert "zhibao-demo-2026" in shown
        assert "█" in shown
        complete(tmp_path / "second.json")
        code, output = run(data)
        assert code == 2
        assert "正由进程" in output
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    finally:
        end(process)


def test_a_port_that_is_taken_is_said(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = run(data, "--port", str(port))
    assert code == 2
    assert str(port) in output
