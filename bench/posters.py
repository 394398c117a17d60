"""`make bench NAME=posters`: posters as vectors and as pixels, single and in a batch, beside a bare page of the same lines and squares.

Prints pages for each second of processor time, the ratio to the bare reference (reportlab or Pillow alone: the same strings, as many
rectangles, no layout and no checks) in the same run, and a batch of 5,000 A4 posters with an emblem in a process of its own, with its peak memory.
"""

import argparse
import datetime as dt
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from rich.console import Console
from rich.table import Table

from qr_assets.fonts import poster_fonts
from qr_assets.layout import composed
from qr_assets.marks import Code, Sheet, Text
from qr_assets.poster import Paper, PosterSpec, PosterTemplate, poster_pdf, poster_png, posters_pdf, write_posters

ROUNDS = 4
WANTED_PAGES = 25
WANTED_MB = 400
_COMMON = "龙池紫薇石桥清流丰山望江云栖花园东西南北中新民和平建设幸福安康井台坊苑城关镇第一二三四五六七八九十"


def _emblem() -> bytes:
    picture = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for ring in range(16):
        pen.ellipse((ring * 16, ring * 16, 511 - ring * 16, 511 - ring * 16), fill=(120 - ring * 6, 20 + ring * 8, 40 + ring * 4, 255))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _specs(count: int, *, emblem: bytes | None = None) -> Iterator[PosterSpec]:
    """Posters of invented communities, a tenth of the characters in their names rare, so that fonts have many subsets."""
    chance = random.Random(20261102)
    template = PosterTemplate(district="云栖区", controller="云栖区政协办公室", emblem=emblem)
    for number in range(count):
        name = "".join(chr(chance.randint(0x4E00, 0x9F00)) if chance.random() < 0.1 else chance.choice(_COMMON) for _ in range(5))
        code = f"{chance.randrange(36**6):010d}"
        yield PosterSpec(
            template=template,
            street="".join(chance.choices(_COMMON, k=2)) + "街道",
            place=f"{name}社区",
            url=f"https://zb.yunqi.example/p/{code}",
            short_code=code,
            host_for_typing="zb.yunqi.example",
            version=1 + number % 3,
            date=dt.date(2026, 11, 2),
            phone=f"0550-301{number % 10000:04d}",
            phone_hours="周一至周五 9–17 时",
            phone_name="王姐",
        )


def _parts(sheet: Sheet) -> tuple[list[Text], int]:
    """The strings of a sheet and how many rectangles its codes have."""
    marks = [mark for face in sheet.faces for mark in face.marks]
    return [mark for mark in marks if isinstance(mark, Text)], sum(len(mark.symbol.rects) for mark in marks if isinstance(mark, Code))


def _bare_pdf(pages: list[tuple[list[Text], int]]) -> bytes:
    """Reportlab as its manual shows it: a string a call, a rectangle a call."""
    fonts = poster_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), pageCompression=1, invariant=1)
    for texts, rects in pages:
        for text in texts:
            canvas.setFillColor(HexColor(text.colour))
            canvas.setFont(fonts.bold if text.bold else fonts.regular, text.size)
            canvas.drawString(text.x, 842 - text.baseline, text.text)
        canvas.setFillColor(HexColor("#000000"))
        for at in range(rects):
            canvas.rect(170 + at % 32 * 8, 300 + at // 32 * 8, 7, 7, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _bare_png(pages: list[tuple[list[Text], int]]) -> bytes:
    """Pillow as its manual shows it: a string a call, a rectangle a call, no smooth curves."""
    fonts, scale = poster_fonts(), 300 / 72
    for texts, rects in pages:
        page = Image.new("RGB", (2480, 3508), "white")
        pen = ImageDraw.Draw(page)
        for text in texts:
            face = ImageFont.truetype(str(fonts.bold_file if text.bold else fonts.regular_file), text.size * scale)
            pen.text((text.x * scale, text.baseline * scale), text.text, fill=text.colour, font=face, anchor="ls")
        for at in range(rects):
            left, top = 700 + at % 32 * 33, 1250 + at // 32 * 33
            pen.rectangle((left, top, left + 29, top + 29), fill="black")
        out = io.BytesIO()
        page.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _rates(count: int, *works: Callable[[], object]) -> list[float]:
    """Pages for each second of processor time of each work, which take turns, so that whatever else the machine does falls on all."""
    spent = [0.0] * len(works)
    for _round in range(ROUNDS):
        for at, work in enumerate(works):
            begun = time.process_time()
            work()
            spent[at] += time.process_time() - begun
    return [count * ROUNDS / seconds for seconds in spent]


def _peak_mb() -> float:
    """Most memory this process held so far. Linux's ru_maxrss begins with that of the process that started this one, VmHWM does not."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS counts bytes


def _batch(count: int) -> int:
    """In a process of its own: one file of `count` pages; prints what it took."""
    before = _peak_mb()
    begun, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryFile() as file:
        pages = write_posters(_specs(count, emblem=_emblem()), file, paper=Paper.A4)
        peak = _peak_mb()
        taken = time.monotonic() - begun, time.process_time() - cpu
        size = file.tell()
        document = pypdfium2.PdfDocument(file)
        found = len(document)
        document.close()
    facts = {"pages": pages, "found": found, "size": size, "before": before, "peak": peak}
    print(json.dumps(facts | {"seconds": taken[0], "cpu": taken[1]}))
    return 0


def main() -> int:
    """Run; exit 1 when pages are missing, 2 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pages", type=int, default=40, help="vector pages in each of four rounds")
    parser.add_argument("--batch", type=int, default=5000, help="pages of the large batch")
    parser.add_argument("--only-batch", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_batch:
        return _batch(arguments.batch)
    console = Console(width=120)
    table = Table("what", "pages/s of CPU", "bare", "ratio of time", "kB a page")
    specs = list(_specs(arguments.pages))
    few = specs[: max(2, arguments.pages // 8)]
    fonts = poster_fonts()
    bare = {paper: [_parts(composed(spec, fonts, paper=paper)) for spec in specs] for paper in Paper}
    posters_pdf(few, paper=Paper.A4)  # warm up
    _bare_pdf(bare[Paper.A4][:2])

    def row(what: str, rates: list[float], size: float) -> None:
        ours, reference = rates
        table.add_row(what, f"{ours:.1f}", f"{reference:.1f}", f"{reference / ours:.2f}", f"{size / 1000:.1f}")

    single = _rates(
        len(few),
        lambda: [poster_pdf(spec, paper=Paper.A4) for spec in few],
        lambda: [_bare_pdf([page]) for page in bare[Paper.A4][: len(few)]],
    )
    row("A4 PDF, a file each", single, len(poster_pdf(few[0], paper=Paper.A4)))
    for paper in Paper:
        rates = _rates(len(specs), lambda paper=paper: posters_pdf(specs, paper=paper), lambda paper=paper: _bare_pdf(bare[paper]))  # type: ignore[misc] # this turn's
        row(f"{paper} PDF, one file of {len(specs)}", rates, len(posters_pdf(specs, paper=paper)) / len(specs))
    pixels = _rates(len(few), lambda: [poster_png(spec, paper=Paper.A4) for spec in few], lambda: _bare_png(bare[Paper.A4][: len(few)]))
    row("a4 PNG, 300 dpi", pixels, len(poster_png(few[0], paper=Paper.A4)))
    for paper in (Paper.A3, Paper.STICKER, Paper.CARD):
        (rate,) = _rates(len(few), lambda paper=paper: [poster_png(spec, paper=paper) for spec in few])  # type: ignore[misc] # this turn's
        table.add_row(f"{paper} PNG, 300 dpi", f"{rate:.1f}", "", "", f"{len(poster_png(few[0], paper=paper)) / 1000:.1f}")
    console.print(table)

    console.print(f"One file of {arguments.batch} A4 posters with an emblem, in a process of its own …")
    command = [sys.executable, "-m", "bench.posters", "--only-batch", "--batch", str(arguments.batch)]
    large = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    large_rate = large["pages"] / large["cpu"]
    console.print(
        f"{large['pages']} pages in {large['seconds']:.1f} s ({large_rate:.0f} a second of CPU), {large['size'] / 1e6:.1f} MB, "
        f"{large['size'] / large['pages'] / 1000:.1f} kB a page"
    )
    console.print(f"peak memory {large['peak']:.0f} MB, of it {large['before']:.0f} MB before the first page (wanted: at most {WANTED_MB})")
    whole = large["pages"] == large["found"] == arguments.batch
    console.print(f"pages written {large['pages']}, found by another reader {large['found']}: {'equal' if whole else 'NOT EQUAL'}")
    slowest = min(single[0], large_rate)
    console.print(f"A4 vector pages a second of CPU, slower of single and batch: {slowest:.0f} (wanted: at least {WANTED_PAGES})")
    return 1 if not whole else 0 if slowest >= WANTED_PAGES and large["peak"] <= WANTED_MB else 2


if __name__ == "__main__":
    sys.exit(main())
