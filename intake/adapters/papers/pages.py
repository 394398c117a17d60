"""A list or another draft as PDF, drawn by the posters' pen with the posters' fonts (weblate-fonts): portrait for the body, landscape for the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from intake.adapters.papers import wording
from intake.adapters.papers.measures import (
    ADVANCE,
    BODY,
    CHARACTERS,
    FOOT_GAP,
    LANDSCAPE,
    LINE_PITCH,
    LINES,
    MM,
    PAGE_NUMBER,
    PORTRAIT,
    TABLE,
    TABLE_LINE,
    TITLE,
    Page,
)
from intake.ports import Draft, DraftTable
from qr_assets.fonts import Fonts, poster_fonts
from qr_assets.lines import Measure, balanced, break_lines
from qr_assets.marks import Box, Face, Mark, Sheet, Text
from qr_assets.vector import Document

INK, WHITE = "#000000", "#FFFFFF"
INDENT = "\u3000\u3000"
LACKING = "〓"
"""What printers set for a character that no font has."""
_PAD, _EDGE = 3.0, 0.5
_ASCENT = 0.86
"""Of the fonts, as a part of the size."""
_TITLE_LINE = 2
"""The title begins two lines below the top of the text block (7.3.1)."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the body; `at` is the part of the free room that stands left of it."""

    text: str
    size: float = ADVANCE
    bold: bool = False
    at: float = 0.0


def pdf(draft: Draft) -> bytes:
    """The file; FontsMissingError when weblate-fonts isn't installed."""
    fonts = poster_fonts()
    pen = _Pen(fonts)
    drawn = [*pen.body(draft), *(pen.annex(draft.table) if draft.table is not None else ())]
    out = BytesIO()
    document = Document(out, fonts, title=pen.drawable(draft.title), author="zhibao")
    for number, (page, marks) in enumerate(drawn, start=1):
        whole = Face(top=0, height=page.height * MM, turned=False, marks=(*marks, pen.page_number(page, number)))
        document.add(Sheet(width=page.width * MM, height=page.height * MM, faces=(whole,)), picture=None, key="")
    document.finish()
    return out.getvalue()


class _Pen:
    """Sets lines and cells."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts
        self.advance = cache(self._advance)

    def _advance(self, character: str, bold: bool) -> float:  # noqa: FBT001 - cached by place
        return self.fonts.width(character, 1, bold=bold)

    def measure(self, size: float, *, bold: bool = False) -> Measure:
        return lambda text: size * sum(self.advance(one, bold) for one in text)

    def drawable(self, text: str) -> str:
        return "".join(one if ord(one) in self.fonts.drawable else LACKING for one in text)

    def broken(self, text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
        """Its lines; where it was typed with line ends, those are kept."""
        lines = (break_lines(self.drawable(one), room=room, measure=self.measure(size, bold=bold)) for one in text.split("\n"))
        return [line for one in lines for line in one]

    def body(self, draft: Draft) -> Iterator[tuple[Page, list[Mark]]]:
        """Pages of 22 lines of 28 characters."""
        lines = self._body_lines(draft)
        for start in range(0, len(lines), LINES):
            yield PORTRAIT, [mark for place, line in enumerate(lines[start : start + LINES]) for mark in self._body_line(place, line)]

    def _body_lines(self, draft: Draft) -> list[_Line]:
        room = PORTRAIT.block_width * MM
        titled = balanced(self.drawable(draft.title), room=room, measure=self.measure(TITLE, bold=True))
        lines = [_Line(wording.MARK, BODY, bold=True)] + [_Line("")] * (_TITLE_LINE - 1)
        lines += [_Line(one, TITLE, bold=True, at=0.5) for one in titled]
        lines += [*([_Line(self.drawable(draft.under), at=0.5)] if draft.under else []), _Line("")]
        for part in draft.parts:
            if part.heading:
                lines.append(_Line(INDENT + self.drawable(part.heading), bold=True))
            for paragraph in part.paragraphs:
                lines += [_Line(one) for one in self.broken(INDENT + paragraph, ADVANCE * CHARACTERS + 0.01, ADVANCE)]
        return lines

    def _body_line(self, place: int, line: _Line) -> Iterator[Text]:
        if line.text.strip():
            free = PORTRAIT.block_width * MM - self.measure(line.size, bold=line.bold)(line.text)
            baseline = PORTRAIT.top * MM + LINE_PITCH * place + (LINE_PITCH - line.size) / 2 + line.size * _ASCENT
            yield Text(PORTRAIT.left * MM + free * line.at, baseline, line.text, line.size, line.bold, INK)

    def annex(self, table: DraftTable) -> Iterator[tuple[Page, list[Mark]]]:
        """Pages with the table, its head on each."""
        widths = [share * LANDSCAPE.block_width * MM for share in table.shares]
        head = self._cells(table.heads, widths, bold=True)
        rows = [self._cells(row, widths) for row in table.rows]
        first = self.broken(table.line, LANDSCAPE.block_width * MM, BODY, bold=True)
        top = (LANDSCAPE.top * MM) + LINE_PITCH
        for number, filled in enumerate(self._filled(rows, room=LANDSCAPE.block_height * MM - LINE_PITCH - _height(head))):
            marks: list[Mark] = []
            if number == 0:
                marks.append(Text(LANDSCAPE.left * MM, LANDSCAPE.top * MM + BODY, first[0], BODY, bold=True, colour=INK))
            marks += self._table([head, *filled], widths, y=top, heads=1)
            yield LANDSCAPE, marks

    def _cells(self, row: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> list[list[str]]:
        return [self.broken(words, width - 2 * _PAD, TABLE, bold=bold) for words, width in zip(row, widths, strict=True)]

    def _filled(self, rows: Sequence[list[list[str]]], *, room: float) -> Iterator[list[list[list[str]]]]:
        """As many rows as a page holds; one that is longer than a page goes on on the next."""
        page: list[list[list[str]]] = []
        left = room
        most = int((room - 2 * _PAD) // TABLE_LINE)
        for row in rows:
            for part in _parts(row, most):
                if page and _height(part) > left:
                    yield page
                    page, left = [], room
                page.append(part)
                left -= _height(part)
        if page:
            yield page

    def _table(self, rows: Sequence[list[list[str]]], widths: Sequence[float], *, y: float, heads: int) -> list[Mark]:
        marks: list[Mark] = []
        for number, row in enumerate(rows):
            x, height = LANDSCAPE.left * MM, _height(row)
            for cell, width in zip(row, widths, strict=True):
                marks.append(Box(x, y, width + _EDGE, height + _EDGE, 0, WHITE, INK, _EDGE))  # two edges, one line
                above = y + (height - len(cell) * TABLE_LINE) / 2 + (TABLE_LINE - TABLE) / 2 + TABLE * _ASCENT
                marks += [
                    Text(x + _PAD, above + place * TABLE_LINE, line, TABLE, number < heads, INK)
                    for place, line in enumerate(cell)
                    if line.strip()
                ]
                x += width
            y += height
        return marks

    def page_number(self, page: Page, number: int) -> Text:
        """— 1 — below the text block, one character from its outer edge: right on odd pages, left on even ones (7.5)."""
        text = f"— {number} —"
        edge = page.left * MM + PAGE_NUMBER
        if number % 2:
            edge = (page.left + page.block_width) * MM - PAGE_NUMBER - self.measure(PAGE_NUMBER)(text)
        baseline = (page.top + page.block_height + FOOT_GAP) * MM
        return Text(edge, baseline, text, PAGE_NUMBER, bold=False, colour=INK)


def _height(row: Sequence[Sequence[str]]) -> float:
    return max((len(cell) for cell in row), default=1) * TABLE_LINE + 2 * _PAD


def _parts(row: list[list[str]], most: int) -> Iterator[list[list[str]]]:
    """The row in pieces of at most `most` lines."""
    for start in range(0, max(len(cell) for cell in row), most):
        yield [cell[start : start + most] for cell in row]
