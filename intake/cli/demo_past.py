"""Lets the demo district live through its three months: a process of the workers' own, since intake never imports them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from intake.cli.installation import Installation

_LOOK_EVERY = 0.2
_SAY_EVERY = 3.0
_ENDS_WITHIN = 10.0
LOG = "rehearsal.log"


def rehearse(installation: Installation, say: Callable[[str], None]) -> bool:
    """Run `python -m workers.rehearsal` in a running, seeded installation and tell how it went; True when the three months are lived.

    It is one transaction: stopped in the middle or failing, it leaves nothing, and the demo goes on without. What it says goes to
    `rehearsal.log`.
    """
    say("云栖区正在过前三个月：居民说话，委员研判，协商办理…… / three months go by in the district")
    log = installation.paths.log / LOG
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.rehearsal"],
            env=installation.env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops things in order
        )
        try:
            said_at = time.monotonic()
            while process.poll() is None and not installation.wait(_LOOK_EVERY):
                if time.monotonic() - said_at >= _SAY_EVERY:
                    said_at = time.monotonic()
                    facts = _last_facts(log)
                    if facts.get("total"):
                        say(f"前三个月已过 {facts['done'] / facts['total']:.0%} / so much of it is over")
        finally:
            _end(process)
    facts = _last_facts(log)
    if process.returncode == 0 and "submissions" in facts:
        counts = f"{facts['submissions']:.0f} 件来件，{facts['topics']:.0f} 个议题，用了 {facts['seconds']:.0f} 秒"
        say(f"三个月过完：{counts} / three months lived")
        return True
    if not installation.stopping:
        say(f"前三个月没有过成，区里先空着；原因见 {log}。 / The three months failed, the district stays bare; see the log.")
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop it if it still runs: its transaction rolls back."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_facts(log: Path) -> dict[str, float]:
    """The last line that is a JSON object; empty when there is none."""
    for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}
