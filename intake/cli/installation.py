"""One whole installation on this machine: servers, migrations, web, workers and scheduler; used by `up`, `demo` and the tests."""

import base64
import contextlib
import errno
import http.client
import json
import secrets
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from config.settings import Settings, SettingsError
from intake.adapters.embedded.children import Command, inherited_environment
from intake.adapters.embedded.errors import DataFolderUnusable, EmbeddedError
from intake.adapters.embedded.postgres import OWNER, EmbeddedPostgres
from intake.adapters.embedded.runtime_paths import DataLock, DataPaths, is_held, runtime_folder, write_private
from intake.adapters.embedded.supervisor import RestartPolicy, Service, Supervisor, Task
from intake.adapters.embedded.valkey import EmbeddedValkey

ENTRY = (sys.executable, "-m", "intake.cli.main")
DEFAULT_BASE_URL = "http://127.0.0.1:8000"
RECOVERY_SECONDS = 900.0
"""PostgreSQL replays its log after a crash, on a slow disk for minutes; interrupting it would only make it begin anew."""


def _silent(line: str) -> None:
    del line


class PortInUse(EmbeddedError):
    """The web port can't be had; the message names it and the cure."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A program that isn't ours to run in earnest, started after the servers and before the web."""

    name: str
    label: str
    argv: tuple[str, ...]
    folder: Path
    ready: Callable[[], bool]


class Installation:
    """Start, watch and stop everything; a context manager.

    `serve` and `work` leave out web or workers and scheduler, `migrate` the migrations: tests of the servers need none of them.
    `entry` is the command line whose sub-commands are run; `restart` the patience with what dies; `companions` run beside it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        serve: bool = True,
        work: bool = True,
        migrate: bool = True,
        report: Callable[[str], None] = _silent,
        entry: Sequence[str] = ENTRY,
        restart: RestartPolicy | None = None,
        companions: Sequence[Companion] = (),
    ) -> None:
        self.settings = settings
        self.paths = DataPaths.of(settings.data_dir)
        self._serve, self._work, self._migrate = serve, work, migrate
        self._report = report
        self._entry = tuple(entry)
        self._companions = tuple(companions)
        self._restart = restart or RestartPolicy()
        self._lock = DataLock(self.paths)
        self._supervisor: Supervisor | None = None
        self._embedded = False
        self._stop_requested = False

    @property
    def env(self) -> dict[str, str]:
        """The environment in which a command of ours works with this installation; complete once `start` was called."""
        ours = {f.metadata["variable"] for f in fields(self.settings)}
        other = {variable: value for variable, value in inherited_environment().items() if variable not in ours}
        return {**other, **environment_of(self.settings), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}

    def start(self) -> None:
        """Return when everything is ready. Raises EmbeddedError or SettingsError with a sentence, leaving nothing running."""
        self.paths.prepare()
        self._lock.acquire()
        try:
            if self._serve:
                self.settings = with_free_port(self.settings)
            self.settings = with_secrets(self.settings, self.paths)
            steps = self._servers()
            self._supervisor = Supervisor([*steps, *self._programs()], self.paths.log, self._report)
            if self._stop_requested:
                self._supervisor.request_stop()
            self._supervisor.start()
            if not self.stopping:
                self._note_running()
        except BaseException:
            self.stop()
            raise

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the end was asked for or a service given up (raises ServiceKeepsFailing); False when `timeout` passed first."""
        return self._supervisor.wait(timeout) if self._supervisor is not None else True

    def request_stop(self) -> None:
        """Ask for the end without waiting; safe in a signal handler."""
        self._stop_requested = True
        if self._supervisor is not None:
            self._supervisor.request_stop()

    def stop(self) -> None:
        """Stop everything in reverse order, then let the data folder go."""
        if self._supervisor is not None:
            self._supervisor.stop()
        if not self._lock.held:
            return
        self.paths.running.unlink(missing_ok=True)
        if self._embedded:
            with contextlib.suppress(OSError, EmbeddedError):
                runtime_folder(self.paths, self.paths.identity()).rmdir()
        self._lock.release()

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for or has come."""
        return self._stop_requested or (self._supervisor is not None and self._supervisor.stopping)

    def pid(self, name: str) -> int | None:
        """The process of a service: `postgres`, `valkey`, `web`, `worker-triage-1`, `worker-housekeeping`, `worker-documents`,
        `worker-wechat`, `worker-assistant`, `scheduler`.
        """
        return self._supervisor.pid(name) if self._supervisor is not None else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _servers(self) -> list[Service | Task]:
        steps: list[Service | Task] = []
        if not self.settings.database_url:
            self._embedded = True
            database = EmbeddedPostgres(self.paths)
            self.settings = replace(self.settings, database_url=database.url(), owner_database_url=database.url(OWNER))
            steps.append(
                Service(
                    "postgres",
                    "数据库",
                    database.command,
                    database.is_ready,
                    database.provision,
                    start_timeout=RECOVERY_SECONDS,
                    restart=self._restart,
                )
            )
        if not self.settings.redis_url:
            self._embedded = True
            queue = EmbeddedValkey(self.paths)
            self.settings = replace(self.settings, redis_url=queue.url())
            steps.append(Service("valkey", "队列", queue.command, queue.is_ready, restart=self._restart))
        return steps

    def _programs(self) -> list[Service | Task]:
        steps: list[Service | Task] = []
        if self._migrate:
            steps.append(Task("migrate", "更新数据表", lambda: self._command("db", "upgrade")))
        if self._work:
            numbers = range(1, self.settings.triage_workers + 1)
            steps += [self._program(f"worker-triage-{number}", "整理进程", "worker", "triage", essential=False) for number in numbers]
            steps.append(self._program("worker-housekeeping", "内务进程", "worker", "housekeeping", essential=False))
            steps.append(self._program("worker-documents", "海报进程", "worker", "documents", essential=False))
            steps.append(self._program("worker-wechat", "通知进程", "worker", "wechat", essential=False))
            if self.settings.assistant_on:
                steps.append(self._program("worker-assistant", "助手进程", "worker", "assistant", essential=False))
            steps.append(self._program("scheduler", "定时任务", "schedule", essential=False))
        steps += [self._beside(companion) for companion in self._companions]
        if self._serve:
            steps.append(self._program("web", "网页", "serve", ready=lambda: answers(self.settings.host, self.settings.port)))
        return steps

    def _program(self, name: str, label: str, *arguments: str, ready: Callable[[], bool] | None = None, essential: bool = True) -> Service:
        return Service(name, label, lambda: self._command(*arguments, lock=name), ready, restart=self._restart, essential=essential)

    def _beside(self, one: Companion) -> Service:
        lock = self.paths.log / f"{one.name}.lock"
        command = Command(
            argv=one.argv, env=inherited_environment() | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}, cwd=one.folder, lock=lock
        )
        return Service(one.name, one.label, lambda: command, one.ready, restart=self._restart, essential=False)

    def _command(self, *arguments: str, lock: str = "migrate") -> Command:
        return Command(argv=(*self._entry, *arguments), env=self.env, lock=self.paths.log / f"{lock}.lock")

    def _note_running(self) -> None:
        addresses = {
            name: getattr(self.settings, name) for name in ("database_url", "owner_database_url", "redis_url", "base_url", "host", "port")
        }
        write_private(self.paths.running, json.dumps(addresses, indent=1) + "\n")


def environment_of(settings: Settings) -> dict[str, str]:
    """`settings` as the variables they are read from, so that children see what the command line changed."""
    values = {f.metadata["variable"]: str(getattr(settings, f.name)) for f in fields(settings)}
    values["ZHIBAO_DATA"] = str(Path(settings.data_dir).expanduser().resolve())
    return {variable: value for variable, value in values.items() if value != ""}


def attached(settings: Settings) -> Settings:
    """`settings` completed from the installation that runs on their data folder, for commands typed in another window.

    Unchanged where nothing runs; what the environment sets stays as it is.
    """
    paths = DataPaths.of(settings.data_dir)
    if not is_held(paths):
        return settings
    try:
        running = json.loads(paths.running.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return settings
    blank = {name: running[name] for name in ("database_url", "owner_database_url", "redis_url") if not getattr(settings, name)}
    if settings.database_url:
        blank.pop("owner_database_url", None)  # an owner address belongs to its database
    if settings.base_url == DEFAULT_BASE_URL:
        blank["base_url"] = running["base_url"]
    return with_secrets(replace(settings, **blank), paths)


def with_secrets(settings: Settings, paths: DataPaths) -> Settings:
    """`settings` with keys from the data folder where they hold none; made at the first start. Production must bring its own."""
    if settings.secret_key and settings.field_keys:
        return settings
    if settings.is_production:
        missing = "ZHIBAO_SECRET_KEY" if not settings.secret_key else "ZHIBAO_FIELD_KEYS"
        raise SettingsError(f"{missing}：生产环境必须自备密钥，用 `zhibao secret` 生成 / production needs its own, see `zhibao secret`")
    try:
        kept = json.loads(paths.secrets.read_text(encoding="utf-8"))
        secret_key, field_keys = str(kept["secret_key"]), str(kept["field_keys"])
    except FileNotFoundError:
        secret_key, field_keys = new_secret_key(), new_field_key()
        write_private(paths.secrets, json.dumps({"secret_key": secret_key, "field_keys": field_keys}, indent=1) + "\n")
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Never replaced: contacts encrypted with the old key would be lost for good.
        raise DataFolderUnusable(
            f"{paths.secrets} 不能读取；请从备份恢复，没有它就解不开联系方式。 / The keys can't be read; restore them from a backup."
        ) from error
    return replace(settings, secret_key=settings.secret_key or secret_key, field_keys=settings.field_keys or field_keys)


def new_secret_key() -> str:
    """64 hexadecimal digits."""
    return secrets.token_hex(32)


def new_field_key(name: str = "k1") -> str:
    """One key of 256 bits in the form of ZHIBAO_FIELD_KEYS."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def with_free_port(settings: Settings) -> Settings:
    """`settings` with a port that can be had (0 picks one) and a base address that names it. Raises PortInUse."""
    for last in (False, False, False, True):
        try:
            port = _bound(settings.host, settings.port)
            break
        except (OSError, OverflowError) as error:
            if last or not isinstance(error, OSError) or error.errno != errno.EADDRINUSE:
                raise PortInUse(_port_sentence(settings, error)) from error
        time.sleep(0.5)  # a web process whose supervisor was killed needs a second to notice
    base_url = settings.base_url
    if base_url == DEFAULT_BASE_URL:
        base_url = f"http://{_bracketed(_reachable(settings.host))}:{port}"
    return replace(settings, port=port, base_url=base_url)


def _bound(host: str, port: int) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just given up counts as free
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def _port_sentence(settings: Settings, error: OSError | OverflowError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return (
            f"端口 {settings.port} 已被占用；请用 --port 换一个，例如 --port {settings.port % 65000 + 1}。"
            f" / Port {settings.port} is in use; choose another with --port."
        )
    if number == errno.EACCES:
        return f"端口 {settings.port} 需要管理员权限；请用 --port 换一个大于 1023 的。 / Port {settings.port} needs root; use --port."
    return f"不能监听 {settings.host}:{settings.port}（{error}）；请检查 --host 和 --port。 / Can't listen there; check --host and --port."


def answers(host: str, port: int) -> bool:
    """Whether a web server there answers a request, whatever it says."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
