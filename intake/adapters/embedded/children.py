"""Child processes that die with their supervisor, and are known to be gone before their successor starts."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from intake.adapters.embedded.errors import EmbeddedError
from intake.adapters.embedded.identity import Identity

LOG_LIMIT = 10 * 1024 * 1024
LOGS_KEPT = 3
PREDECESSOR_PATIENCE = 20.0
KERNEL_TELLS = sys.platform == "linux"
EXEC_CHILD = Path(__file__).with_name("exec_child.py")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and how it ends."""

    argv: tuple[str, ...]
    """An absolute program path and its arguments."""
    env: Mapping[str, str]
    """The whole environment of the child."""
    identity: Identity | None = None
    """Whom root becomes first; None stays who one is."""
    cwd: Path | None = None
    lock: Path | None = None
    """Inherited by every process of the service: while one of them lives, a successor waits."""
    stop_signals: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 15.0),)
    """Signals to ask it to end and how many seconds to wait after each; SIGKILL follows by itself."""
    death_signal: int = signal.SIGKILL
    """What it gets when the supervisor dies; something gentler only for programs sure to end on it."""


def inherited_environment() -> dict[str, str]:
    """A copy of our own environment for our own Python children; settings are still read in one place only."""
    return dict(os.environ)


class Child:
    """One running process; direct child of the thread that made it, which must live as long as it."""

    def __init__(self, process: subprocess.Popen[bytes], command: Command, pipe: int | None) -> None:
        self._process = process
        self._command = command
        self._pipe = pipe

    @classmethod
    def spawn(cls, command: Command, log: Path, *, kernel_tells: bool = KERNEL_TELLS) -> "Child":
        """Start `command` with its output appended to `log`. Raises EmbeddedError while a predecessor still lives."""
        passed: list[int] = []
        pipe: tuple[int, int] | None = None
        try:
            passed.append(_open_log(log))
            wrapper = [sys.executable, "-I", "-S", str(EXEC_CHILD), "--parent", str(os.getpid())]
            wrapper += ["--signal", str(int(command.death_signal))]
            if command.lock is not None:
                passed.append(_lock_for_service(command.lock))
            if not kernel_tells:
                pipe = os.pipe()
                passed.append(pipe[0])
                wrapper += ["--watch", str(pipe[0])]
            if command.identity is not None and command.identity.drops:
                wrapper += ["--uid", str(command.identity.uid), "--gid", str(command.identity.gid)]
            process = subprocess.Popen(
                [*wrapper, "--", *command.argv],
                stdin=subprocess.DEVNULL,
                stdout=passed[0],
                stderr=passed[0],
                # Our children read UTF-8 whatever the locale; a supervisor under LC_ALL=C couldn't encode Chinese settings by itself.
                env={name.encode(): value.encode("utf-8", "surrogateescape") for name, value in command.env.items()},
                cwd=command.cwd,
                pass_fds=passed[1:],
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops things in order
                umask=0o077,
            )
        except OSError as error:
            if pipe is not None:
                os.close(pipe[1])
            raise EmbeddedError(f"不能启动 {command.argv[0]}：{error} / It can't be started.") from error
        finally:
            for handle in passed:
                os.close(handle)
        return cls(process, command, pipe[1] if pipe else None)

    @property
    def pid(self) -> int:
        """The program's own number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """As subprocess has it: negative for a signal, None while it lives."""
        return self._process.returncode

    def dead(self) -> bool:
        """Whether it has ended; whatever it left behind in its session's group is ended with it."""
        if self._process.returncode is not None:
            return True
        if hasattr(os, "waitid"):
            # Looked at before it is reaped: until then no other process can take its number.
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return False
            self._kill_group()
        if self._process.poll() is None:
            return False
        self._close_pipe()
        return True

    def stop(self) -> None:
        """Ask it to end, wait, insist; returns when it is gone."""
        for number, patience in self._command.stop_signals:
            if self.dead():
                return
            self._process.send_signal(number)
            if self._gone_within(patience):
                return
        if not self.dead():
            self._kill_group()
            self._process.wait()
            self._close_pipe()

    def wait(self, timeout: float) -> int | None:
        """Its exit code, or None when it still runs after `timeout` seconds."""
        self._gone_within(timeout)
        return self.returncode

    def _gone_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not self.dead():
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        return True

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _close_pipe(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def last_line(log: Path) -> str:
    """The last line a service wrote, shortened; empty when there is none."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:200] if lines else ""
    return ""


def _open_log(log: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            for number in range(LOGS_KEPT - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    log.with_name(f"{log.name}.{number}").replace(log.with_name(f"{log.name}.{number + 1}"))
            log.replace(log.with_name(f"{log.name}.1"))
    return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _lock_for_service(path: Path) -> int:
    """A locked handle for the service to inherit. After `kill -9` of a supervisor its servers may need a moment to close their files."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    end = time.monotonic() + PREDECESSOR_PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(handle)
                raise EmbeddedError(
                    f"上一次启动的 {path.stem} 还没有退出（锁 {path}）；请稍后再试，或结束那个进程。"
                    f" / The previous {path.stem} is still running; wait or end it."
                ) from None
            time.sleep(0.05)
        else:
            return handle
