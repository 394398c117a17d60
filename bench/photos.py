"""`make bench NAME=photos`: a photo made anew in its bounded child, beside a bare Pillow that opens, makes small and saves the same file.

CPU of a photo counts everything: the child's start, decoding, both JPEGs. Then the largest and the most hostile files that are taken in or refused,
each with the most memory its child held, and that of the process that asked. Exit 1 when a photo didn't become one, 2 when a goal is missed.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image
from pillow_heif import register_heif_opener
from rich.console import Console
from rich.table import Table

WANTED_SECONDS = 0.5
WANTED_MB = 300
MEGAPIXELS_12, MEGAPIXELS_48, MEGAPIXELS_50 = (4_032, 3_024), (8_064, 6_048), (10_000, 5_000)
REFUSED = "refused"

_PEAK = """
import json, resource, sys, time
from pathlib import Path
def peak():
    # Linux's ru_maxrss begins with that of the process that started this one, VmHWM does not.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""
_OURS = """
from intake.adapters.file_cleaning import cleaned
from intake.domain.attachment import Unusable
def spent():
    both = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    return sum(one.ru_utime + one.ru_stime for one in both)

size, before = 0, spent()
for _ in range(int(sys.argv[3])):
    try:
        with open(sys.argv[1], "rb") as file, cleaned(file, media_type=sys.argv[2]) as made:
            size = made.large.stat().st_size
    except Unusable:
        size = 0
seconds, child = spent() - before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"size": size, "seconds": seconds, "child": child, "own": peak()}))
"""
"""In a process that is small itself, since a child begins with what its parent holds."""
_BARE = """
from io import BytesIO
from PIL import Image
if sys.argv[2] == "image/heic":
    from pillow_heif import register_heif_opener
    register_heif_opener()
before = time.process_time()
for _ in range(int(sys.argv[3])):
    with Image.open(sys.argv[1]) as picture:
        picture.thumbnail((2400, 2400))
        out = BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=85)
print(json.dumps({"size": len(out.getvalue()), "seconds": time.process_time() - before, "child": 0, "own": peak()}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one file cost; seconds of CPU for each time, megabytes at most."""

    size: int
    seconds: float
    child: float
    own: float


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file made to be too much, and whether it is a photo after all."""

    name: str
    media_type: str
    make: Callable[[], bytes]
    is_taken: bool


def _scene(size: tuple[int, int]) -> Image.Image:
    """As hard to press as a photo: 3.7 MB at 12 megapixels."""
    wide, high = size
    rough = Image.effect_noise((wide // 8, high // 8), 60).resize(size, Image.Resampling.BICUBIC)
    slope, grain = Image.linear_gradient("L").resize(size), Image.effect_noise(size, 12)
    return Image.merge("RGB", (Image.blend(rough, slope, 0.5), Image.blend(rough, grain, 0.4), Image.blend(slope, grain, 0.2)))


def _saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def _png_bomb() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    side, press = 20_000, zlib.compressobj(9)
    rows = b"".join(press.compress(bytes(1 + side // 8) * 500) for _ in range(side // 500)) + press.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _hostile(*, large_heic: bool) -> Iterable[Hostile]:
    yield Hostile("PNG, 50 MP, RGBA", "image/png", lambda: _saved(Image.new("RGBA", MEGAPIXELS_50), "PNG", compress_level=1), is_taken=True)
    yield Hostile("PNG, 50 MP, 16 bits", "image/png", lambda: _saved(Image.new("I;16", MEGAPIXELS_50), "PNG"), is_taken=True)
    yield Hostile("JPEG, 50 MP, CMYK", "image/jpeg", lambda: _saved(Image.new("CMYK", MEGAPIXELS_50), "JPEG"), is_taken=True)
    yield Hostile(
        "JPEG, 50 MP, progressive", "image/jpeg", lambda: _saved(Image.new("RGB", MEGAPIXELS_50), "JPEG", progressive=True), is_taken=True
    )
    yield Hostile(
        "JPEG, 50 MP, progressive, 4:4:4",
        "image/jpeg",
        lambda: _saved(Image.new("RGB", MEGAPIXELS_50), "JPEG", progressive=True, subsampling=0),
        is_taken=False,
    )
    yield Hostile(
        "WebP, 12 MP, RGBA", "image/webp", lambda: _saved(Image.new("RGBA", (4_000, 3_000)), "WEBP", lossless=True), is_taken=True
    )
    yield Hostile("WebP, 50 MP", "image/webp", lambda: _saved(Image.new("RGB", MEGAPIXELS_50), "WEBP"), is_taken=False)
    yield Hostile("PNG, 400 MP in 47 kB", "image/png", _png_bomb, is_taken=False)
    yield Hostile("10 MB that begin as a JPEG", "image/jpeg", lambda: b"\xff\xd8\xff" + bytes(10 << 20), is_taken=False)
    yield Hostile("half a HEIC", "image/heic", lambda: _saved(_scene((1_024, 768)), "HEIF")[:20_000], is_taken=False)
    if large_heic:
        yield Hostile("HEIC, 48 MP", "image/heic", lambda: _saved(_scene(MEGAPIXELS_48), "HEIF", quality=50), is_taken=True)


def _measured(script: str, data: bytes, media_type: str, *, times: int) -> Measured:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-c", _PEAK + script, file.name, media_type, str(times)]
        raw = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    to_mb = 1024 if sys.platform == "linux" else 1024**2
    return Measured(raw["size"], raw["seconds"] / times, raw["child"] / to_mb, raw["own"] / to_mb)


def main() -> int:
    """Run; exit 1 when a photo didn't become one or a bomb did, 2 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--times", type=int, default=10, help="how often each photo is made anew")
    parser.add_argument("--quick", action="store_true", help="without the HEIC of 48 megapixels, which takes half a minute to make")
    arguments = parser.parse_args()
    register_heif_opener()
    console = Console(width=120)
    scene = _scene(MEGAPIXELS_12)
    photos = {
        "JPEG": ("image/jpeg", _saved(scene, "JPEG", quality=92)),
        "HEIC": ("image/heic", _saved(scene, "HEIF", quality=50)),
        "HEIC in tiles of 512": ("image/heic", _saved(scene, "HEIF", quality=50, tile_size=512)),
    }
    table = Table("12 megapixels", "MB sent", "MB made", "CPU s", "bare CPU s", "ratio", "child MB", "asking MB")
    slowest, largest, whole = 0.0, 0.0, True
    for name, (media_type, data) in photos.items():
        bare = _measured(_BARE, data, media_type, times=arguments.times)
        ours = _measured(_OURS, data, media_type, times=arguments.times)
        table.add_row(
            name, f"{len(data) / 1e6:.2f}", f"{ours.size / 1e6:.2f}", f"{ours.seconds:.2f}", f"{bare.seconds:.2f}",
            f"{ours.seconds / bare.seconds:.2f}", f"{ours.child:.0f}", f"{ours.own:.0f}",
        )  # fmt: skip
        slowest, largest, whole = max(slowest, ours.seconds), max(largest, ours.child, ours.own), whole and ours.size > 0
    console.print(table)

    table = Table("whatever is uploaded", "MB sent", "what became of it", "CPU s", "child MB", "asking MB")
    for one in _hostile(large_heic=not arguments.quick):
        data = one.make()
        found = _measured(_OURS, data, one.media_type, times=1)
        became = "a photo" if found.size else REFUSED
        table.add_row(one.name, f"{len(data) / 1e6:.2f}", became, f"{found.seconds:.2f}", f"{found.child:.0f}", f"{found.own:.0f}")
        largest, whole = max(largest, found.child, found.own), whole and (found.size > 0) == one.is_taken
    console.print(table)
    console.print(f"CPU of a 12-megapixel photo, the slowest kind: {slowest:.2f} s (wanted: at most {WANTED_SECONDS})")
    console.print(f"most memory of any process: {largest:.0f} MB (wanted: at most {WANTED_MB})")
    console.print(f"every photo became one and nothing else did: {'yes' if whole else 'NO'}")
    return 1 if not whole else 0 if slowest <= WANTED_SECONDS and largest <= WANTED_MB else 2


if __name__ == "__main__":
    sys.exit(main())
