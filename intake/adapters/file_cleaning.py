"""Cleaning one file in a process of its own: whatever hostile bytes do to a decoder, they do it there, in bounded memory and time."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from intake.domain.attachment import Unusable
from intake.domain.errors import RetryableError
from intake.domain.file_type import TOO_MUCH_WORK

MEMORY_BYTES = 1 << 30
"""Of address space."""
PICTURE_BYTES = 272 << 20
"""Of memory of its own for a picture: with the libraries' code that is less than 300 MB, and enough for MOST_PIXELS in any of our formats."""
CPU_SECONDS = 60
PATIENCE_SECONDS = 300.0
_PIECE = 1 << 20
_UNUSABLE, _NO_ROOM = 3, 4
_ENDED_FROM_OUTSIDE = (-2, -9, -15)
"""SIGINT, SIGKILL, SIGTERM: not the file's fault."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was made of it; both are gone when the caller is done."""

    large: Path
    small: Path | None
    """None for what isn't a picture."""
    seconds: float | None = None
    """How long it lasts; None for what isn't a voice."""


@contextlib.contextmanager
def cleaned(source: BinaryIO, *, media_type: str) -> Iterator[Cleaned]:
    """The file made anew; Unusable with a sentence for its sender, RetryableError when the machine is what failed."""
    with tempfile.TemporaryDirectory(prefix="zhibao-cleaning-") as name:
        folder = Path(name)
        _run(source, media_type, folder)
        small, seconds = folder / "small", folder / "seconds"
        lasts = float(seconds.read_text()) if seconds.exists() else None
        yield Cleaned(folder / "large", small if small.exists() else None, lasts)


def _run(source: BinaryIO, media_type: str, folder: Path) -> None:
    # A copy on the disk: a child can only read from a file of the system, and a store may give another kind.
    given = folder / "given"
    with given.open("wb") as file:
        shutil.copyfileobj(source, file, _PIECE)
    try:
        with given.open("rb") as file:
            child = subprocess.run(
                [sys.executable, "-m", __name__, media_type, str(folder)],
                stdin=file,
                capture_output=True,
                timeout=PATIENCE_SECONDS,
                check=False,
                cwd=Path(__file__).parents[2],
            )
    except subprocess.TimeoutExpired:
        raise RetryableError("cleaning a file took too long") from None
    if child.returncode == _UNUSABLE:
        raise Unusable(child.stdout.decode("utf-8", "replace"))
    if child.returncode == _NO_ROOM or child.returncode in _ENDED_FROM_OUTSIDE:
        raise RetryableError("cleaning a file was interrupted")
    if child.returncode:
        raise Unusable(TOO_MUCH_WORK)


def _child(media_type: str, folder: Path) -> int:
    """What each kind needs is loaded for it alone: loading takes longer than most pictures."""
    _bound(data=PICTURE_BYTES if media_type.startswith("image/") else MEMORY_BYTES)
    try:
        with (folder / "large").open("w+b") as large:
            if media_type == "application/pdf":
                from intake.adapters.documents import write_anew

                write_anew(sys.stdin.buffer, large)
            elif media_type.startswith("audio/"):
                from intake.adapters.voice import speak_anew

                (folder / "seconds").write_text(str(speak_anew(sys.stdin.buffer, large, media_type=media_type)))
            else:
                from intake.adapters.pictures import draw_anew

                with (folder / "small").open("w+b") as small:
                    draw_anew(sys.stdin.buffer, large, small, media_type=media_type)
    except Unusable as error:
        sys.stdout.buffer.write(str(error).encode())
        return _UNUSABLE
    except MemoryError:
        sys.stdout.buffer.write(TOO_MUCH_WORK.encode())
        return _UNUSABLE
    except OSError:
        return _NO_ROOM
    return 0


def _bound(*, data: int) -> None:
    """From here on this process has so much memory, and of that so much of its own, and so much time, and no more."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(_child(sys.argv[1], Path(sys.argv[2])))
