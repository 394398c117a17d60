"""What processes cost: seconds of processor, which other work on the machine disturbs less than seconds of the clock."""

import psutil


def cpu_seconds(*pids: int) -> float:
    """User and system seconds so far of whole process trees, those already ended and reaped included."""
    total = 0.0
    for pid in pids:
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
        ended = top.cpu_times()
        total += ended.children_user + ended.children_system
    return total
