"""Where an installation keeps its things: the data folder, its lock, and a short folder for sockets."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from intake.adapters.embedded.errors import DataFolderInUse, DataFolderUnusable
from intake.adapters.embedded.identity import Identity, can_enter, current_identity, system_identity

SOCKET_PATH_LIMIT = 100
"""Bytes. Linux takes 107 and macOS 103, both counted with the socket's own name."""

SERVER_HOMES = ("pg", "valkey")
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
EXTERNAL_ROOTS = (Path("/var/lib/zhibao"), Path("/var/tmp/zhibao"))  # noqa: S108 - owner and mode are checked before use


@dataclass(frozen=True, slots=True)
class DataPaths:
    """The layout of one data folder; `root` is absolute and free of links."""

    root: Path

    @classmethod
    def of(cls, data_dir: Path) -> "DataPaths":
        """The layout under `data_dir`, which need not exist yet."""
        return cls(Path(data_dir).expanduser().resolve())

    @property
    def lock(self) -> Path:
        """Held by the supervisor for its life."""
        return self.root / "lock"

    @property
    def log(self) -> Path:
        """One file per service."""
        return self.root / "log"

    @property
    def secrets(self) -> Path:
        """Keys made at the first start."""
        return self.root / "secrets.json"

    @property
    def running(self) -> Path:
        """Addresses of the servers, for commands typed in another window."""
        return self.root / "running.json"

    @property
    def digest(self) -> str:
        """Names whatever must live outside the data folder."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def location(self, name: str) -> Path:
        """Remembers where server `name` lives when it couldn't live in the data folder."""
        return self.root / f"{name}.location"

    def prepare(self) -> None:
        """Create the folder and prove that it can be written. Raises DataFolderUnusable."""
        # A server that gives up root must be able to pass through; listing stays closed to it.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            self.root.mkdir(mode=mode, exist_ok=True)
            self.log.mkdir(mode=0o700, exist_ok=True)
            probe = self.root / f".write-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise DataFolderUnusable(
                f"数据目录 {self.root} 不能写入（{error.strerror}）；请改权限，或用 --data 换一个目录。"
                f" / The data folder can't be written; fix its owner or choose another with --data."
            ) from error

    def home(self, name: str, identity: Identity) -> Path:
        """Where server `name` keeps its files as `identity`; its parent exists, the folder itself may not. Raises DataFolderUnusable."""
        remembered = self._remembered(name)
        inside, outside = self.root / name, self._outside(name)
        if remembered is not None:
            if not remembered.is_dir():
                raise DataFolderUnusable(
                    f"{self.location(name)} 记着数据在 {remembered}，但那里没有了；请从备份恢复，或删掉这个文件以重新开始。"
                    f" / The data noted in {self.location(name).name} is gone; restore it, or delete the note to start anew."
                )
            return remembered
        if inside.exists() or not identity.drops or can_enter(identity, self.root):
            return inside
        _trusted_folder(outside.parent.parent, mode=0o755)
        _trusted_folder(outside.parent, mode=0o711)
        return outside

    def remember(self, name: str, home: Path) -> None:
        """Note a home that lies outside the data folder, once it holds something."""
        if home != self.root / name and not self.location(name).exists():
            write_private(self.location(name), f"{home}\n")

    def identity(self) -> Identity:
        """Who runs the servers: whoever owns their files, else the system user for root, else oneself."""
        if os.geteuid() != 0:
            return current_identity()
        for name in SERVER_HOMES:
            for home in (self._remembered(name), self.root / name, self._outside(name)):
                with contextlib.suppress(OSError):
                    found = home.lstat() if home else None
                    if found and found.st_uid != 0:
                        return Identity(uid=found.st_uid, gid=found.st_gid, drops=True)
        return system_identity()

    def discard(self) -> None:
        """Delete the whole installation, what lies outside the data folder included; nothing of it may be running."""
        identity = self.identity()
        for name in SERVER_HOMES:
            remembered = self._remembered(name)
            for home in filter(None, (remembered, self._outside(name) if os.geteuid() == 0 else None)):
                shutil.rmtree(home, ignore_errors=True)
                for beside in home.parent.glob(f"{name}.*"):
                    beside.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    home.parent.rmdir()
        for folder in _runtime_candidates(self, identity):
            with contextlib.suppress(OSError):
                if folder.lstat().st_uid in {os.geteuid(), identity.uid}:
                    shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def _remembered(self, name: str) -> Path | None:
        try:
            return Path(self.location(name).read_text(encoding="utf-8", errors="surrogateescape").strip())
        except OSError:
            return None

    def _outside(self, name: str) -> Path:
        existing = [root for root in EXTERNAL_ROOTS if (root / self.digest / name).exists()]
        usable = existing or [root for root in EXTERNAL_ROOTS if os.access(root.parent, os.W_OK)] or [EXTERNAL_ROOTS[-1]]
        return usable[0] / self.digest / name


def write_private(path: Path, text: str) -> None:
    """Put `text` at `path` in one step, readable by its owner alone."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def runtime_folder(paths: DataPaths, identity: Identity) -> Path:
    """A folder for sockets whose path is short and which only `identity` (and root) may enter. Raises DataFolderUnusable."""
    for folder in _runtime_candidates(paths, identity):
        if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT and _claimed(folder, identity):
            return folder
    raise DataFolderUnusable(
        "找不到可以放套接字的目录（/tmp 里的同名目录属于别人，数据目录的路径又太长）；请用 --data 换一个较短的目录。"
        " / No usable folder for sockets; choose a shorter data folder with --data."
    )


def _runtime_candidates(paths: DataPaths, identity: Identity) -> list[Path]:
    name = f"zhibao-{identity.uid}-{paths.digest}"
    shared = Path("/tmp") / name  # noqa: S108 - created with 0700 and its owner checked, see _claimed
    if identity.drops:
        return [Path("/run") / name, shared]
    # /run/user is emptied when its user logs out, under the feet of a server left running; so it comes second.
    return [shared, Path(f"/run/user/{identity.uid}") / name, paths.root / "run"]


def _claimed(folder: Path, identity: Identity) -> bool:
    """Create or accept `folder`. A link, another's folder or one open to others may be a trap laid in /tmp: refuse it, never mend it."""
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o077:
            return False
        if found.st_uid == 0 and identity.drops:
            # Nobody but root can have made it, and in a sticky folder nobody else can swap it.
            os.chown(folder, identity.uid, identity.gid, follow_symlinks=False)
            found = folder.lstat()
    except OSError:
        return False
    return found.st_uid == identity.uid


def _trusted_folder(folder: Path, *, mode: int) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=mode)
        folder.chmod(mode)  # the umask may have narrowed it, and it is ours: made on the line before
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or stat.S_IMODE(found.st_mode) & 0o022:
        raise DataFolderUnusable(f"{folder} 不属于 root 或别人可写，不能使用；请检查后删除。 / {folder} isn't root's own; remove it.")


class DataLock:
    """The exclusive hold of one supervisor on one data folder; ends with the process, however it ends."""

    def __init__(self, paths: DataPaths) -> None:
        self._paths = paths
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours now."""
        return self._handle is not None

    def acquire(self) -> None:
        """Take the folder or raise DataFolderInUse naming the holder."""
        try:
            handle = os.open(self._paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise DataFolderUnusable(
                f"不能打开 {self._paths.lock}（{error.strerror}）；它可能是另一个用户（如 root）建的，请改回属主。"
                f" / The lock can't be opened; another user may own it."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(handle)
            os.close(handle)
            raise DataFolderInUse(
                f"数据目录 {self._paths.root} 正由进程 {holder} 使用；请先停掉它，或用 --data 换一个目录。"
                f" / The data folder is in use by process {holder}; stop it or choose another with --data."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let the folder go; harmless when it isn't held."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def is_held(paths: DataPaths) -> bool:
    """Whether a supervisor lives on this data folder."""
    try:
        handle = os.open(paths.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _holder(handle: int) -> str:
    # The holder writes its number just after taking the lock: give it that moment.
    for _ in range(20):
        text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        if text:
            return text
        time.sleep(0.02)
    return "?"
