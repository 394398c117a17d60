"""A list or another draft as PDF, drawn by the posters' pen with the posters' fonts (weblate-fonts): portrait for the body, landscape for the table."""

from collections.abc import Iterator
from dataclasses import dataclass
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
from intake.adapters.papers.pen import ASCENT, INK, Grid, Pen
from intake.ports import Draft, DraftTable
from qr_assets.fonts import poster_fonts
from qr_assets.lines import balanced
from qr_assets.marks import Face, Mark, Sheet, Text
from qr_assets.vector import Document

INDENT = "\u3000\u3000"
_PAD = 3.0
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
    pen = _Pages(fonts)
    drawn = [*pen.body(draft), *(pen.annex(draft.table) if draft.table is not None else ())]
    out = BytesIO()
    document = Document(out, fonts, title=pen.drawable(draft.title), author="zhibao")
    for number, (page, marks) in enumerate(drawn, start=1):
        whole = Face(top=0, height=page.height * MM, turned=False, marks=(*marks, pen.page_number(page, number)))
        document.add(Sheet(width=page.width * MM, height=page.height * MM, faces=(whole,)), picture=None, key="")
    document.finish()
    return out.getvalue()


class _Pages(Pen):
    """Sets lines and pages."""

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
            baseline = PORTRAIT.top * MM + LINE_PITCH * place + (LINE_PITCH - line.size) / 2 + line.size * ASCENT
            yield Text(PORTRAIT.left * MM + free * line.at, baseline, line.text, line.size, line.bold, INK)

    def annex(self, table: DraftTable) -> Iterator[tuple[Page, list[Mark]]]:
        """Pages with the table, its head on each."""
        widths = [share * LANDSCAPE.block_width * MM for share in table.shares]
        grid = Grid(self, LANDSCAPE.left * MM, TABLE, TABLE_LINE, _PAD, _PAD)
        head = grid.cells(table.heads, widths, bold=True)
        rows = [grid.cells(row, widths) for row in table.rows]
        first = self.broken(table.line, LANDSCAPE.block_width * MM, BODY, bold=True)
        top = (LANDSCAPE.top * MM) + LINE_PITCH
        for number, filled in enumerate(grid.filled(rows, room=LANDSCAPE.block_height * MM - LINE_PITCH - grid.height(head))):
            marks: list[Mark] = []
            if number == 0:
                marks.append(Text(LANDSCAPE.left * MM, LANDSCAPE.top * MM + BODY, first[0], BODY, bold=True, colour=INK))
            marks += grid.marks([head, *filled], widths, y=top, heads=1)
            yield LANDSCAPE, marks

    def page_number(self, page: Page, number: int) -> Text:
        """— 1 — below the text block, one character from its outer edge: right on odd pages, left on even ones (7.5)."""
        text = f"— {number} —"
        edge = page.left * MM + PAGE_NUMBER
        if number % 2:
            edge = (page.left + page.block_width) * MM - PAGE_NUMBER - self.measure(PAGE_NUMBER)(text)
        baseline = (page.top + page.block_height + FOOT_GAP) * MM
        return Text(edge, baseline, text, PAGE_NUMBER, bold=False, colour=INK)
