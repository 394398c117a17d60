"""Sheets as pixels: the same marks at the same places as on the PDF page, drawn by Pillow."""

import io
from functools import partial
from math import ceil

from PIL import Image, ImageDraw, ImageFont

from qr_assets.code import paste_bubble
from qr_assets.fonts import Fonts
from qr_assets.marks import Box, Code, Face, Fold, Mark, Picture, Sheet, Text

DPI = 300
"""Resolution of the pictures, dots an inch."""

FINER = 4
"""Curves are drawn this many times too large and shrunk: Pillow's own have steps."""


def sheet_png(sheet: Sheet, fonts: Fonts, *, picture: Image.Image | None) -> bytes:
    """The sheet as PNG at DPI; the same sheet always gives the same bytes."""
    scale = DPI / 72
    width, height = round(sheet.width * scale), round(sheet.height * scale)
    page = Image.new("RGB", (width, height), "#FFFFFF")
    drawn: dict[tuple[Mark, ...], Image.Image] = {}
    for face in sheet.faces:
        if len(sheet.faces) == 1:
            _Pen(page, fonts, picture).face(face)
            continue
        if face.marks not in drawn:
            drawn[face.marks] = Image.new("RGB", (width, round(face.height * scale)), "#FFFFFF")
            _Pen(drawn[face.marks], fonts, picture).face(face)
        strip = drawn[face.marks]
        page.paste(strip.transpose(Image.Transpose.ROTATE_180) if face.turned else strip, (0, round(face.top * scale)))
    out = io.BytesIO()
    page.save(out, "PNG", dpi=(DPI, DPI), compress_level=6)
    return out.getvalue()


class _Pen:
    """Draws the marks of a face on a picture of its own size."""

    def __init__(self, page: Image.Image, fonts: Fonts, picture: Image.Image | None) -> None:
        self.page = page
        self.fonts = fonts
        self.picture = picture
        self.scale = DPI / 72
        self.draw = ImageDraw.Draw(page)
        self.faces: dict[tuple[bool, float], ImageFont.FreeTypeFont] = {}

    def face(self, face: Face) -> None:
        for mark in face.marks:
            self.mark(mark)

    def mark(self, mark: Mark) -> None:
        match mark:
            case Text():
                self.text(mark)
            case Box():
                self.box(mark)
            case Code():
                self.code(mark)
            case Picture():
                assert self.picture is not None
                left, top, right, bottom = self.pixels(mark.x, mark.y, mark.width, mark.height)
                self.page.paste(self.picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
            case Fold():
                left, top, right, _ = self.pixels(mark.x, mark.y, mark.width, 0)
                dash = round(3 * self.scale)
                for start in range(left, right, 2 * dash):
                    self.draw.line((start, top, min(start + dash, right) - 1, top), fill=mark.colour, width=2)

    def text(self, mark: Text) -> None:
        """Character by character at the places the PDF gives them: FreeType would kern and round."""
        font = self.font(bold=mark.bold, size=mark.size * self.scale)
        x, baseline = mark.x * self.scale, mark.baseline * self.scale
        measure = partial(self.fonts.width, size=mark.size, bold=mark.bold)
        for character in mark.text:
            if character != " ":
                self.draw.text((x, baseline), character, fill=mark.colour, font=font, anchor="ls")
            x += measure(character) * self.scale

    def font(self, *, bold: bool, size: float) -> ImageFont.FreeTypeFont:
        key = (bold, size)
        if key not in self.faces:
            path = self.fonts.bold_file if bold else self.fonts.regular_file
            self.faces[key] = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
        return self.faces[key]

    def box(self, box: Box) -> None:
        area = self.pixels(box.x, box.y, box.width, box.height)
        if box.line is None:
            self.rounded(area, radius=box.radius * self.scale, fill=box.fill)
            return
        edge = max(1, round(box.line_width * self.scale))
        self.rounded(area, radius=box.radius * self.scale, fill=box.line)
        left, top, right, bottom = area
        inner = (left + edge, top + edge, right - edge, bottom - edge)
        self.rounded(inner, radius=max(0.0, box.radius * self.scale - edge), fill=box.fill)

    def rounded(self, area: tuple[int, int, int, int], *, radius: float, fill: str) -> None:
        left, top, right, bottom = area
        width, height = max(1, right - left), max(1, bottom - top)
        mask = Image.new("L", (width, height), 255)
        if side := ceil(radius):
            corner = Image.new("L", (side * FINER, side * FINER), 0)
            reach = radius * FINER
            ImageDraw.Draw(corner).ellipse((0, 0, 2 * reach, 2 * reach), fill=255)
            corner = corner.resize((side, side), Image.Resampling.BOX)
            mirrored, flipped = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM
            mask.paste(corner, (0, 0))
            mask.paste(corner.transpose(mirrored), (width - side, 0))
            mask.paste(corner.transpose(flipped), (0, height - side))
            mask.paste(corner.transpose(mirrored).transpose(flipped), (width - side, height - side))
        self.page.paste(fill, (left, top, left + width, top + height), mask)

    def code(self, code: Code) -> None:
        x, y, module = code.x * self.scale, code.y * self.scale, code.module * self.scale
        for rect in code.symbol.rects:
            left, top = round(x + rect.x * module), round(y + rect.y * module)
            right, bottom = round(x + (rect.x + rect.width) * module), round(y + (rect.y + rect.height) * module)
            self.draw.rectangle((left, top, right - 1, bottom - 1), fill="#000000")
        if code.symbol.emblem and code.bubble:
            paste_bubble(self.page, code.symbol.emblem, left=x, top=y, module_px=module, colour=code.colour)

    def pixels(self, x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in whole pixels."""
        return round(x * self.scale), round(y * self.scale), round((x + width) * self.scale), round((y + height) * self.scale)
