"""Who runs the embedded servers: oneself, or for root a system user of its own, and what that user can reach."""

import contextlib
import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from intake.adapters.embedded.errors import EmbeddedError

SYSTEM_USER = "zhibao-data"
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """The user a server runs as; `drops` says that root gives up its powers to become it."""

    uid: int
    gid: int
    drops: bool


def current_identity() -> Identity:
    """Oneself."""
    return Identity(uid=os.geteuid(), gid=os.getegid(), drops=False)


def system_identity() -> Identity:
    """The system user for servers started by root, created at need; `nobody` where users can't be created."""
    # Several processes may get here at once: useradd locks the password file and all but one of them fail.
    for _ in range(20):
        found = _lookup()
        if found is not None:
            return found
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            break
        home = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        made = subprocess.run([useradd, "--system", "--user-group", *home, SYSTEM_USER], capture_output=True, check=False)
        if made.returncode not in {0, 1, 9}:  # 1: the file is locked by another, 9: another was faster
            break
        time.sleep(0.1)
    return _lookup() or Identity(uid=NOBODY, gid=NOBODY, drops=True)


def run_as(identity: Identity, argv: list[str], *, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a short command as `identity` from a folder everyone can read. Raises EmbeddedError where root may not change user."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"} if env is None else env
    try:
        if identity.drops:
            return subprocess.run(
                argv,
                user=identity.uid,
                group=identity.gid,
                extra_groups=[],
                cwd="/",
                env=environment,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                umask=0o077,
            )
        return subprocess.run(argv, cwd="/", env=environment, capture_output=True, text=True, errors="replace", check=False, umask=0o077)
    except PermissionError as error:
        if not identity.drops:
            raise
        # Popen reports a refused setuid and an unreachable program alike; the second is an answer, not a failure.
        return subprocess.CompletedProcess(argv, 126, "", str(error))


def can_enter(identity: Identity, folder: Path) -> bool:
    """Whether `identity` can pass through `folder` and all above it; asked of the kernel, so access lists count too."""
    return run_as(identity, ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)]).returncode == 0


def check_drop(identity: Identity) -> None:
    """Raise EmbeddedError when root can't become `identity`, as in some containers."""
    if identity.drops and run_as(identity, ["/bin/sh", "-c", "exit 0"]).returncode != 0:
        raise EmbeddedError(
            "当前是 root，但不能切换成普通用户来运行数据库；请换一个普通用户运行，或设置 DATABASE_URL 和 REDIS_URL。"
            " / PostgreSQL won't run as root and root can't change user here; start as an ordinary user."
        )


def _lookup() -> Identity | None:
    with contextlib.suppress(KeyError):
        entry = pwd.getpwnam(SYSTEM_USER)
        return Identity(uid=entry.pw_uid, gid=entry.pw_gid, drops=True)
    return None
