"""Sheets as PDF pages: each is compressed as soon as it is drawn, so that a document of thousands stays small in memory."""

import threading
import zlib
from functools import cache
from typing import Any, BinaryIO

from PIL import Image
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream
from reportlab.pdfgen.canvas import Canvas

from qr_assets.code import Rect
from qr_assets.fonts import Fonts
from qr_assets.marks import Box, Code, Face, Fold, Mark, Picture, Sheet, Text

_one_at_a_time = threading.Lock()  # reportlab reads glyphs through one file position per face: two threads would mix them up


class Document:
    """A PDF under way, to be written to `out` when finished; the same sheets always give the same bytes."""

    def __init__(self, out: BinaryIO, fonts: Fonts, *, title: str, author: str) -> None:
        self._canvas = _Canvas(out, pageCompression=1, invariant=1, lang="zh-CN")
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator("zhibao")
        self._fonts = fonts
        self._pictures: set[str] = set()

    def add(self, sheet: Sheet, *, picture: Image.Image | None, key: str) -> None:
        """Append a page; `key` names the picture, which the document holds once however many pages show it."""
        with _one_at_a_time:
            canvas = self._canvas
            canvas.setPageSize((sheet.width, sheet.height))
            if picture is not None and key not in self._pictures:
                self._pictures.add(key)
                canvas.beginForm(key, 0, 0, 1, 1)
                canvas.drawImage(ImageReader(picture), 0, 0, 1, 1)
                canvas.endForm()
            for face in sheet.faces:
                _Pen(canvas, self._fonts, height=sheet.height, key=key).face(face, width=sheet.width)
            canvas.showPage()

    def finish(self) -> None:
        """Write everything."""
        with _one_at_a_time:
            self._canvas.save()


class _Canvas(Canvas):
    """Compresses each page at its end: reportlab alone keeps the text of all pages until the document is saved."""

    _doc: Any  # not in the stubs; reportlab 5's name for the PDFDocument under way

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        name = self._doc.thisPageName()
        super().showPage()
        page: Any = self._doc.idToObject[name]
        page.Contents = PDFStream(PDFDictionary({"Filter": PDFName("FlateDecode")}), zlib.compress(page.stream.encode("latin-1"), 6))
        page.stream = None


class _Pen:
    """Draws marks, whose y runs downwards, on a canvas, whose y runs upwards."""

    def __init__(self, canvas: Canvas, fonts: Fonts, *, height: float, key: str) -> None:
        self.canvas = canvas
        self.fonts = fonts
        self.height = height
        self.key = key

    def face(self, face: Face, *, width: float) -> None:
        self.canvas.saveState()
        if face.turned:  # half a turn about the face's own centre
            self.canvas.translate(width, 2 * self.height - 2 * face.top - face.height)
            self.canvas.rotate(180)
        self.canvas.translate(0, self.height - face.top)
        for mark in face.marks:
            self.mark(mark)
        self.canvas.restoreState()

    def mark(self, mark: Mark) -> None:
        match mark:
            case Text():
                self.canvas.setFillColor(_colour(mark.colour))
                self.canvas.setFont(self.fonts.bold if mark.bold else self.fonts.regular, mark.size)
                self.canvas.drawString(mark.x, -mark.baseline, mark.text)
            case Box():
                self.box(mark)
            case Code():
                self.code(mark)
            case Picture():
                self.canvas.saveState()
                self.canvas.translate(mark.x, -mark.y - mark.height)
                self.canvas.scale(mark.width, mark.height)
                self.canvas.doForm(self.key)
                self.canvas.restoreState()
            case Fold():
                self.canvas.setStrokeColor(_colour(mark.colour))
                self.canvas.setLineWidth(0.5)
                self.canvas.setDash(3, 3)
                self.canvas.line(mark.x, -mark.y, mark.x + mark.width, -mark.y)

    def box(self, box: Box) -> None:
        self.canvas.setFillColor(_colour(box.fill))
        inset = 0.0
        if box.line:
            self.canvas.setStrokeColor(_colour(box.line))
            self.canvas.setLineWidth(box.line_width)
            inset = box.line_width / 2
        x, y, width, height = box.x + inset, -box.y - box.height + inset, box.width - 2 * inset, box.height - 2 * inset
        if box.radius:
            self.canvas.roundRect(x, y, width, height, box.radius - inset, stroke=int(box.line is not None), fill=1)
        else:
            self.canvas.rect(x, y, width, height, stroke=int(box.line is not None), fill=1)

    def code(self, code: Code) -> None:
        """The symbol in its own coordinates, a unit a module and y downwards: whole numbers, a third of the bytes."""
        canvas = self.canvas
        canvas.saveState()
        canvas.transform(code.module, 0, 0, -code.module, code.x, -code.y)
        canvas.setFillColor(_colour("#000000"))
        canvas.addLiteral(_path(code.symbol.rects))  # one path, filled once: separate shapes show hairlines between them
        if (mark := code.symbol.emblem) and code.bubble:
            canvas.setFillColor(_colour(code.colour))
            canvas.roundRect(mark.x, mark.y, mark.side, mark.side, mark.radius, stroke=0, fill=1)
            x, y, radius = mark.bubble
            bubble = canvas.beginPath()
            bubble.circle(x, y, radius)
            bubble.moveTo(*mark.tail[0])
            for corner in reversed(mark.tail[1:]):  # the way round that the circle goes, or their overlap would stay dark
                bubble.lineTo(*corner)
            bubble.close()
            canvas.setFillColor(_colour("#FFFFFF"))
            canvas.drawPath(bubble, stroke=0, fill=1, fillMode=1)
        canvas.restoreState()


def _path(rects: tuple[Rect, ...]) -> str:
    return "n " + " ".join(f"{r.x} {r.y} {r.width} {r.height} re" for r in rects) + " f"


@cache
def _colour(name: str) -> Color:
    return HexColor(name)
