"""`python -m tests.run`: the suite in parallel, telling what it does and how long it takes; extra words go to pytest.

What is tried on whole installations from outside is left to `make check`: with `--browser` first what needs Chromium (every page in every mode,
and people's ways through them), with `--faults` what starts, kills, stops and empties real servers.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

BROWSER, FAULTS = "--browser", "--faults"


def main() -> int:
    """Run pytest; exit with its code."""
    words = sys.argv[1:]
    if words[:1] == [BROWSER]:
        return _in_browser(words[1:])
    return _with_faults(words[1:]) if words[:1] == [FAULTS] else _suite(words)


def _suite(words: Sequence[str]) -> int:
    """One process more than cores, for whenever one waits for a server."""
    print("Starting PostgreSQL and Valkey from wheels and running the tests (5 to 8 minutes) …", flush=True)
    chosen = "-m" in words or any(word.startswith("tests") for word in words)
    if not chosen:
        print("What needs Chromium, and what kills whole installations, is part of `make check`, not of this.", flush=True)
    part = [] if chosen else ["-m", "not browser and not faults"]
    return _pytest("-n", _processes(), "--dist", "worksteal", *part, *words)


def _with_faults(words: Sequence[str]) -> int:
    """One process more than cores: much of it waits for servers to come back. A module's tests share an installation."""
    print("Killing, stopping and emptying real servers (2 to 4 minutes) …", flush=True)
    return _pytest("-n", _processes(), "--dist", "loadfile", "-m", "faults", "tests/faults", *words)


def _in_browser(words: Sequence[str]) -> int:
    """A browser on each core; a module's pages stay together, for they share what was prepared for looking at."""
    if "CI" not in os.environ and shutil.which("chromium") is None:
        print("No Chromium, so nobody looks at the pages here: apt-get install chromium fonts-noto-cjk", flush=True)
        return 0
    print("In Chromium: every page in every mode, and people's ways through them (6 to 10 minutes) …", flush=True)
    return _pytest("-n", str(min(_cores(), 4)), "--dist", "loadfile", "-m", "browser", "tests/browser", *words)


def _processes() -> str:
    return str(min(_cores() + 1, 8))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2


def _pytest(*words: str) -> int:
    started = time.monotonic()
    # A hundred processes are started: each would compile every file anew where the environment forbids to keep what was compiled.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Every core is busy with a process of ours already; threads for arithmetic would only wait for one another.
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    code = subprocess.call([sys.executable, "-m", "pytest", "-q", *words], env=env)
    print(f"{time.monotonic() - started:.0f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
