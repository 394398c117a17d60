"""A point's QR code as PNG, as SVG and as plain modules: one geometry, so that wall, screen and poster carry the same code."""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from math import ceil
from urllib.parse import urlsplit

import qrcode
from PIL import Image, ImageDraw
from qrcode.constants import ERROR_CORRECT_H

ACTION = "#0F6B5C"
"""青, the action colour of the product (design/interface.md, Tokens)."""

QUIET = 4
"""Width of the white border in modules (ISO/IEC 18004, 6.3.8)."""

URL_LIMIT = 200
"""Longest address in characters: version 15 at level H, so that a module on an A4 poster stays wider than 0.8 mm."""

EMBLEM_SHARE = 0.22
"""Widest the cleared square may be, as a share of the symbol's side: below 5 % of its area, where level H mends up to 30 %."""

EMBLEM_MARGIN = 0.6
"""White left around the emblem inside the cleared square, in modules."""

LABEL = "二维码"

_HEX_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Rect:
    """A dark rectangle in modules from the symbol's top left corner, quiet zone not counted."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Emblem:
    """The mark in the middle, in modules: a rounded square holding a white speech bubble (a disc with a tail)."""

    x: float
    y: float
    side: float

    @property
    def radius(self) -> float:
        """Corner radius of the square."""
        return self.side * 0.22

    @property
    def bubble(self) -> tuple[float, float, float]:
        """Centre and radius of the white disc."""
        return self.x + self.side * 0.5, self.y + self.side * 0.47, self.side * 0.27

    @property
    def tail(self) -> tuple[tuple[float, float], ...]:
        """Corners of the bubble's tail, at the lower left."""
        return tuple((self.x + self.side * dx, self.y + self.side * dy) for dx, dy in ((0.26, 0.55), (0.27, 0.80), (0.50, 0.70)))


@dataclass(frozen=True)
class Symbol:
    """A QR symbol at level H: `size` modules a side, its dark rectangles (none touching the emblem's square) and its emblem."""

    size: int
    rects: tuple[Rect, ...]
    emblem: Emblem | None

    @property
    def full_size(self) -> int:
        """Modules a side with the quiet zone."""
        return self.size + 2 * QUIET


def symbol(url: str, *, emblem: bool = True) -> Symbol:
    """The code for an http(s) address; ValueError says in a sentence what is wrong with the address."""
    check_url(url)
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_H, border=0)
    code.add_data(url, optimize=0)  # one segment: the same address always gives the same symbol
    code.make(fit=True)
    rows = [[bool(module) for module in row] for row in code.get_matrix()]
    size = len(rows)
    if not emblem:
        return Symbol(size, tuple(_merged(rows)), None)
    cleared = int(size * EMBLEM_SHARE)
    cleared -= 1 - cleared % 2  # odd like the symbol, so that it sits on whole modules
    start = (size - cleared) // 2
    for row in rows[start : start + cleared]:
        row[start : start + cleared] = [False] * cleared
    mark = Emblem(start + EMBLEM_MARGIN, start + EMBLEM_MARGIN, cleared - 2 * EMBLEM_MARGIN)
    return Symbol(size, tuple(_merged(rows)), mark)


def code_png(url: str, *, module_px: int = 10, emblem: bool = True, colour: str = ACTION) -> bytes:
    """The code as PNG, quiet zone included, `module_px` pixels a module (1 to 40); `colour` is the emblem's."""
    if not 1 <= module_px <= 40:
        raise ValueError("每个码点的像素数应在 1 到 40 之间。")
    check_colour(colour)
    drawn = symbol(url, emblem=emblem)
    tiny = Image.new("L", (drawn.full_size, drawn.full_size), 255)
    pen = ImageDraw.Draw(tiny)
    for rect in drawn.rects:
        left, top = rect.x + QUIET, rect.y + QUIET
        pen.rectangle((left, top, left + rect.width - 1, top + rect.height - 1), fill=0)
    side = drawn.full_size * module_px
    picture = tiny.resize((side, side), Image.Resampling.NEAREST)
    if drawn.emblem:
        picture = picture.convert("RGB")
        paste_bubble(picture, drawn.emblem, left=QUIET * module_px, top=QUIET * module_px, module_px=module_px, colour=colour)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def code_svg(url: str, *, emblem: bool = True, colour: str = ACTION, label: str = LABEL) -> str:
    """The code as an SVG element without size, script or style, quiet zone included; one unit is one module. `label` is read out."""
    check_colour(colour)
    drawn = symbol(url, emblem=emblem)
    side = drawn.full_size
    path = "".join(f"M{r.x + QUIET} {r.y + QUIET}h{r.width}v{r.height}h-{r.width}z" for r in drawn.rects)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="{escape(label)}">',
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" shape-rendering="crispEdges" d="{path}"/>',
    ]
    if drawn.emblem:
        mark = drawn.emblem
        x, y, r = mark.bubble
        tail = " ".join(f"{tx + QUIET:.3f},{ty + QUIET:.3f}" for tx, ty in mark.tail)
        parts.append(
            f'<rect x="{mark.x + QUIET:.3f}" y="{mark.y + QUIET:.3f}" width="{mark.side:.3f}" height="{mark.side:.3f}" '
            f'rx="{mark.radius:.3f}" fill="{colour}"/><circle cx="{x + QUIET:.3f}" cy="{y + QUIET:.3f}" r="{r:.3f}" fill="#fff"/>'
            f'<polygon points="{tail}" fill="#fff"/>'
        )
    return "".join([*parts, "</svg>"])


def paste_bubble(picture: Image.Image, mark: Emblem, *, left: float, top: float, module_px: float, colour: str) -> None:
    """Draw the emblem on a symbol whose first module starts at `left`, `top` in pixels: four times too large, then shrunk,
    because Pillow's own curves have steps.
    """
    corner_x, corner_y = int(left + mark.x * module_px), int(top + mark.y * module_px)
    side = ceil(max(left + (mark.x + mark.side) * module_px - corner_x, top + (mark.y + mark.side) * module_px - corner_y))

    def at(x: float, y: float) -> tuple[float, float]:
        return (left + x * module_px - corner_x) * 4, (top + y * module_px - corner_y) * 4

    large = Image.new("RGB", (side * 4, side * 4), "#FFFFFF")
    pen = ImageDraw.Draw(large)
    pen.rounded_rectangle((*at(mark.x, mark.y), *at(mark.x + mark.side, mark.y + mark.side)), mark.radius * module_px * 4, fill=colour)
    x, y, r = mark.bubble
    pen.ellipse((*at(x - r, y - r), *at(x + r, y + r)), fill="#FFFFFF")
    pen.polygon([at(tx, ty) for tx, ty in mark.tail], fill="#FFFFFF")
    picture.paste(large.resize((side, side), Image.Resampling.LANCZOS), (corner_x, corner_y))


def check_url(url: str) -> None:
    """ValueError unless a code can carry this address: http or https, a host, visible ASCII, at most URL_LIMIT characters."""
    if not url:
        raise ValueError("二维码的网址是空的，请填写直报点的网址。")
    if len(url) > URL_LIMIT:
        raise ValueError(f"网址有 {len(url)} 个字符，最多 {URL_LIMIT} 个：太长的码印出来扫不动，请用短网址。")
    if not all("!" <= character <= "~" for character in url):
        raise ValueError("网址里有空格、中文或不可见字符，请改用只含英文字母、数字和符号的网址。")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        usable = False
    if not usable:
        raise ValueError("网址应以 https:// 或 http:// 开头，后面写完整的域名。")


def check_colour(colour: str) -> None:
    """ValueError unless it is written #RRGGBB and dark enough to carry white text (4.5:1, WCAG 2.2, 1.4.3)."""
    if not _HEX_COLOUR.fullmatch(colour):
        raise ValueError("颜色应写成 #RRGGBB，例如 #0F6B5C。")
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    if 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) < 4.5:
        raise ValueError("颜色太浅，印在白纸上看不清，请换一个深一些的颜色。")


def _merged(rows: list[list[bool]]) -> Iterator[Rect]:
    """The dark modules as horizontal runs, equal runs in consecutive rows joined: about a third as many shapes as modules."""
    open_runs: dict[tuple[int, int], int] = {}  # (start, width) → the row where it began
    for y, row in enumerate([*rows, []]):
        runs = set(_runs(row))
        for start, width in [run for run in open_runs if run not in runs]:
            top = open_runs.pop((start, width))
            yield Rect(start, top, width, y - top)
        for run in sorted(runs):
            open_runs.setdefault(run, y)


def _runs(row: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """Start and width of each unbroken dark stretch."""
    start: int | None = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None
