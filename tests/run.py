"""`python -m tests.run`: the whole suite in parallel, telling what it does and how long it takes; extra words go to pytest."""

import os
import subprocess
import sys
import time


def main() -> int:
    """Run pytest with twice as many workers as cores, since half of a test is waiting for a server or a browser; exit with its code."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    print("Starting PostgreSQL and Valkey from wheels and running the tests (10 to 14 minutes) …", flush=True)
    started = time.monotonic()
    # A hundred processes are started: each would compile every file anew where the environment forbids to keep what was compiled.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Every core is busy with a process of ours already; threads for arithmetic would only wait for one another.
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(max(2, min(2 * cores, 8))), "--dist", "worksteal", *sys.argv[1:]]
    code = subprocess.call(command, env=env)
    print(f"{time.monotonic() - started:.0f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
