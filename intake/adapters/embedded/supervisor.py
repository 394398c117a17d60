"""Starts services in order, restarts what dies, stops in reverse order, and gives up with a sentence."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from intake.adapters.embedded.children import Child, Command, last_line
from intake.adapters.embedded.errors import EmbeddedError, ServiceFailed, ServiceKeepsFailing


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How patiently a service is brought back."""

    first_delay: float = 0.5
    max_delay: float = 30.0
    max_failures: int = 8
    """So many deaths within `window` seconds end everything."""
    window: float = 300.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after the given number of recent failures."""
        return float(min(self.max_delay, self.first_delay * 2 ** (failures - 1)))


@dataclass(frozen=True, slots=True)
class Service:
    """Something that runs for good."""

    name: str
    """Names the log file."""
    label: str
    """Chinese noun, for the progress lines."""
    command: Callable[[], Command]
    """Called before every start; may prepare what the service needs."""
    ready: Callable[[], bool] | None = None
    """None: ready as soon as it runs."""
    provision: Callable[[], None] | None = None
    """Called each time it has become ready."""
    start_timeout: float = 60.0
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    essential: bool = True
    """Whether everything ends when it keeps failing. Without a worker, residents can still write: it is tried again for good instead."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that runs once, between services, and must succeed."""

    name: str
    label: str
    command: Callable[[], Command]
    timeout: float = 600.0


@dataclass(slots=True)
class _Running:
    service: Service
    child: Child | None = None
    began: float = 0.0
    ready: bool = False
    restart_at: float = 0.0
    failures: deque[float] = field(default_factory=deque)


class Supervisor:
    """Holds the services of one installation. One thread makes all children, since they die with the thread that made them."""

    def __init__(self, steps: Sequence[Service | Task], log_folder: Path, report: Callable[[str], None]) -> None:
        self._steps = steps
        self._log_folder = log_folder
        self._report = report
        self._running: list[_Running] = []
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def start(self) -> None:
        """Return when every service is ready, or when `request_stop` was called. Raises EmbeddedError after stopping what had started."""
        self._thread.start()
        try:
            self._settled.wait()
        except BaseException:
            self.stop()
            raise
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; False when `timeout` passed first. Raises ServiceKeepsFailing when a service was given up."""
        if not self._ended.wait(timeout):
            return False
        if self._failure is not None:
            raise self._failure
        return True

    def request_stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stop.set()

    def stop(self) -> None:
        """Stop everything in reverse order and return when it is gone; harmless when it never started."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for or has come."""
        return self._stop.is_set()

    def pid(self, name: str) -> int | None:
        """The process of service `name` just now."""
        for running in self._running:
            if running.service.name == name and running.child is not None:
                return running.child.pid
        return None

    def _run(self) -> None:
        try:
            for step in self._steps:
                if self._stop.is_set():
                    return
                began = time.monotonic()
                if isinstance(step, Task):
                    self._perform(step)
                else:
                    self._begin(step)
                if not self._stop.is_set():
                    verb = "启动" if isinstance(step, Service) else ""
                    self._report(f"{verb}{step.label} … {time.monotonic() - began:.1f} 秒 / {step.name}")
            self._settled.set()
            while not self._stop.wait(0.2):
                for running in self._running:
                    self._look_after(running)
        except BaseException as error:  # noqa: BLE001 - whatever went wrong, the children are stopped and the caller hears of it
            self._failure = error
        finally:
            self._stop.set()
            self._stop_all()
            self._settled.set()
            self._ended.set()

    def _log(self, name: str) -> Path:
        return self._log_folder / f"{name}.log"

    def _perform(self, task: Task) -> None:
        child = Child.spawn(task.command(), self._log(task.name))
        end = time.monotonic() + task.timeout
        while not child.dead():
            if self._stop.is_set() or time.monotonic() > end:
                child.stop()
                if self._stop.is_set():
                    return
            self._stop.wait(0.05)
        if child.returncode != 0:
            raise self._failed(task.name, task.label, child.returncode)

    def _begin(self, service: Service) -> None:
        """The first start: a service that can't come up now won't by trying again, so the operator hears at once."""
        running = _Running(service)
        self._running.append(running)
        self._spawn(running)
        while running.child is not None and not self._became_ready(running):
            if self._stop.is_set():
                return
            if running.child.dead():
                raise self._failed(service.name, service.label, running.child.returncode)
            if time.monotonic() - running.began > service.start_timeout:
                raise self._failed(service.name, service.label, None)
            self._stop.wait(0.05)

    def _spawn(self, running: _Running) -> None:
        running.ready = False
        running.began = time.monotonic()
        running.child = Child.spawn(running.service.command(), self._log(running.service.name))

    def _became_ready(self, running: _Running) -> bool:
        service = running.service
        if service.ready is not None and not service.ready():
            return False
        if service.provision is not None:
            service.provision()
        running.ready = True
        return True

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        if running.child is None:
            if now >= running.restart_at:
                try:
                    self._spawn(running)
                except (EmbeddedError, OSError) as error:
                    self._count_failure(running, str(error))
        elif running.child.dead():
            self._count_failure(running, _ending(running.child.returncode))
        elif not running.ready:
            if self._recovered(running):
                self._report(f"{running.service.label}已恢复 / {running.service.name} is back")
            elif now - running.began > running.service.start_timeout:
                running.child.stop()
                self._count_failure(running, "启动超时 / timed out")

    def _recovered(self, running: _Running) -> bool:
        # A server may die again while it is being provisioned; its death is noticed on the next round.
        with contextlib.suppress(Exception):
            return self._became_ready(running)
        return False

    def _count_failure(self, running: _Running, reason: str) -> None:
        service, policy, now = running.service, running.service.restart, time.monotonic()
        running.child = None
        running.failures.append(now)
        while running.failures[0] < now - policy.window:
            running.failures.popleft()
        count = len(running.failures)
        if count >= policy.max_failures and service.essential:
            raise ServiceKeepsFailing(
                f"{service.label}：{policy.window:.0f} 秒内失败了 {count} 次，已全部停止；原因见 {self._log(service.name)}"
                f"（最后一行：{last_line(self._log(service.name))}）。"
                f" / {service.name} failed {count} times, everything was stopped; see its log."
            )
        delay = policy.delay(count)
        running.restart_at = now + delay
        self._report(f"{service.label}：{reason}，{delay:g} 秒后重启 / {service.name} restarts")

    def _failed(self, name: str, label: str, returncode: int | None) -> ServiceFailed:
        return ServiceFailed(
            f"{label}没有成功：{_ending(returncode)}；原因见 {self._log(name)}（最后一行：{last_line(self._log(name))}）。"
            f" / {name} didn't start; see its log."
        )

    def _stop_all(self) -> None:
        for running in reversed(self._running):
            if running.child is not None:
                running.child.stop()
                running.child = None


def _ending(returncode: int | None) -> str:
    if returncode is None:
        return "启动超时"
    return f"被信号 {-returncode} 结束" if returncode < 0 else f"退出（代码 {returncode}）"
