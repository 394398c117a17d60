"""The picture that stands beside a shared link: what it is about, where, how far, and the code that leads there."""

import io
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from qr_assets.code import ACTION, check_colour, code_png
from qr_assets.fonts import FILES, FontsMissingError, font_folder

SIZE = (1200, 630)
"""Pixels that every network shows whole (Open Graph)."""
PAPER, INK, QUIET_INK = "#FBFAF7", "#1F2328", "#59616B"
EDGE, BAND, CODE = 72, 22, 244
TITLE_SIZES = (76, 64, 54)
"""The largest in which the title fits its three lines."""
LINES = 3
KEPT = 64
"""Cards remembered by a process, some 30 kB each: a link that goes round is asked for again and again."""


@dataclass(frozen=True, slots=True)
class ShareCard:
    """What stands on it; `colour` is empty where the district has none of its own."""

    district: str
    place: str
    state: str
    title: str
    address: str
    colour: str


@lru_cache(maxsize=KEPT)
def share_card(card: ShareCard) -> bytes:
    """The card as PNG, the same bytes for the same facts; FontsMissingError where the fonts aren't installed."""
    colour = _colour(card.colour)
    page = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, SIZE[0], BAND), fill=colour)
    pen.text((EDGE, 70), f"{card.district} · 直报点", fill=colour, font=_font(38, bold=True))
    _title(pen, card.title)
    _foot(pen, card, colour)
    code = Image.open(io.BytesIO(code_png(card.address, module_px=8, colour=colour)))
    page.paste(code.convert("RGB").resize((CODE, CODE), Image.Resampling.LANCZOS), (SIZE[0] - EDGE - CODE, SIZE[1] - EDGE - CODE + 24))
    out = io.BytesIO()
    page.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _colour(wanted: str) -> str:
    try:
        check_colour(wanted)
    except ValueError:
        return ACTION
    return wanted


def _title(pen: ImageDraw.ImageDraw, title: str) -> None:
    """In as many lines as it needs, the last one cut where it is too long even in the smallest letters."""
    width = SIZE[0] - 2 * EDGE
    for size in TITLE_SIZES:
        lines = _broken(title, _font(size, bold=True), width)
        if len(lines) <= (2 if size == TITLE_SIZES[0] else LINES):
            break
    lines = [*lines[: LINES - 1], lines[LINES - 1][:-1] + "…"] if len(lines) > LINES else lines
    for place, line in enumerate(lines):
        pen.text((EDGE, 148 + place * size * 1.28), line, fill=INK, font=_font(size, bold=True))


def _broken(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Lines of at most `width` pixels; no line begins with a mark that belongs to the one before."""
    lines = [""]
    for character in text:
        if font.getlength(lines[-1] + character) > width and character not in "，。、；：？！）”’》":
            lines.append("")
        lines[-1] += character
    return lines


def _foot(pen: ImageDraw.ImageDraw, card: ShareCard, colour: str) -> None:
    top = SIZE[1] - EDGE - 132
    font = _font(36, bold=True)
    width = font.getlength(card.state)
    pen.rounded_rectangle((EDGE, top, EDGE + width + 48, top + 64), 32, fill=colour)
    pen.text((EDGE + 24, top + 32), card.state, fill="#FFFFFF", font=font, anchor="lm")
    pen.text((EDGE + width + 76, top + 32), card.place, fill=INK, font=_font(36, bold=False), anchor="lm")
    pen.text((EDGE, top + 112), "扫码看经过；身边的事，扫社区墙上的码说", fill=QUIET_INK, font=_font(30, bold=False), anchor="lm")


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    file: Path = font_folder() / FILES["bold" if bold else "regular"]
    try:
        return ImageFont.truetype(str(file), size)
    except OSError as broken:
        raise FontsMissingError(f"中文字体文件 {file.name} 读不出来：请重新安装 weblate-fonts 后再试。") from broken
