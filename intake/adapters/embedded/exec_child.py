"""Become a child that can't outlive its supervisor: give up root, ask to be told of the parent's death, then run the program.

Run as a file, `python -I -S exec_child.py … -- program argument…`, so that it starts in a few milliseconds and needs no package.
It is a process of its own, because code between fork and exec isn't safe in a supervisor with threads.
"""

import argparse
import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Never returns: the process becomes the program, or exits with 126 and a sentence on stderr."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--watch", type=int, help="read end of the supervisor's pipe, where the kernel can't tell of its death")
    parser.add_argument("program", nargs="+")
    wanted = parser.parse_args(arguments)
    # Loaded while still root: the interpreter may lie where the new user can't look.
    libc = ctypes.CDLL(None, use_errno=True) if wanted.watch is None else None
    if wanted.uid is not None:
        os.setgroups([])
        os.setgid(wanted.gid)
        os.setuid(wanted.uid)
    if libc is None:
        _watch(wanted.watch, wanted.signal)
    elif libc.prctl(PR_SET_PDEATHSIG, wanted.signal, 0, 0, 0) != 0:  # after setuid, which clears it
        sys.exit(f"exec_child: prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != wanted.parent:  # the supervisor died before the kernel was asked to tell of it
        os._exit(125)
    try:
        os.execv(wanted.program[0], wanted.program)  # noqa: S606 - a fixed program of ours, no shell
    except OSError as error:
        print(f"exec_child: {wanted.program[0]}: {error.strerror}", file=sys.stderr)
        os._exit(126)


def _watch(pipe: int, number: int) -> None:
    """Fork a watcher that signals its parent, the program, when the pipe's other end closes."""
    program = os.getpid()
    if os.fork():
        os.close(pipe)
        return
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, 1024)
    while os.getppid() == program:
        if select.select([pipe], [], [], 1.0)[0] and not os.read(pipe, 1):
            if os.getppid() == program:
                os.kill(program, number)
            break
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
