"""Tables of figures as a PDF to be printed: portrait, one below the other, the head again on each page a table goes on to."""

from collections.abc import Sequence
from io import BytesIO

from intake.adapters.papers.measures import MM, Page
from intake.adapters.papers.pen import ASCENT, INK, Grid, Pen
from intake.ports import FigurePaper, FigureTable
from qr_assets.fonts import poster_fonts
from qr_assets.lines import balanced, pieces
from qr_assets.marks import Face, Mark, Sheet, Text
from qr_assets.vector import Document

PAGE = Page(width=210, height=297, top=18, left=18, block_width=174, block_height=259)
"""Narrower margins than an official paper's: nothing is bound here."""
TITLE, HEADING, CELL, NOTE = 17.0, 11.5, 9.5, 9.0
CELL_LINE, PAD, RISE, GAP = 12.5, 4.0, 1.4, 10.0
HEAD_FILL = "#EEEEEE"
NAMES = 2.5
"""How much wider the first column is than each other."""
TOGETHER = 3
"""A table up to this part of a page isn't torn; of a longer one so many rows stand below its head at least."""
_LEFT, _TOP, _WIDE, _HIGH = PAGE.left * MM, PAGE.top * MM, PAGE.block_width * MM, PAGE.block_height * MM


def pdf(paper: FigurePaper) -> bytes:
    """The file; FontsMissingError when weblate-fonts isn't installed."""
    fonts = poster_fonts()
    pen = Pen(fonts)
    sheets = _Sheets(pen)
    sheets.title(paper.title, paper.under)
    for table in paper.tables:
        sheets.table(table)
    sheets.words(paper.closing.heading, paper.closing.paragraphs)
    out = BytesIO()
    document = Document(out, fonts, title=pen.drawable(paper.title), author="zhibao")
    for number, marks in enumerate(sheets.pages, start=1):
        foot = _foot(pen, paper.title, f"{number} / {len(sheets.pages)}")
        whole = Face(top=0, height=PAGE.height * MM, turned=False, marks=(*marks, *foot))
        document.add(Sheet(width=PAGE.width * MM, height=PAGE.height * MM, faces=(whole,)), picture=None, key="")
    document.finish()
    return out.getvalue()


class _Sheets:
    """Pages filled from above; `y` is where the next thing begins."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen
        self.grid = Grid(pen, _LEFT, CELL, CELL_LINE, PAD, RISE, numbers=True, head_fill=HEAD_FILL)
        self.pages: list[list[Mark]] = [[]]
        self.y = 0.0

    @property
    def left(self) -> float:
        return _HIGH - self.y

    def turn(self) -> None:
        if self.y:
            self.pages.append([])
            self.y = 0.0

    def line(self, text: str, size: float, *, bold: bool = False, at: float = 0.0, pitch: float) -> None:
        free = _WIDE - self.pen.measure(size, bold=bold)(text)
        baseline = _TOP + self.y + (pitch - size) / 2 + size * ASCENT
        self.pages[-1].append(Text(_LEFT + free * at, baseline, text, size, bold, INK))
        self.y += pitch

    def title(self, title: str, under: str) -> None:
        for one in balanced(self.pen.drawable(title), room=_WIDE, measure=self.pen.measure(TITLE, bold=True)):
            self.line(one, TITLE, bold=True, at=0.5, pitch=TITLE * 1.5)
        for one in self.pen.broken(under, _WIDE, CELL):
            self.line(one, CELL, at=0.5, pitch=CELL * 1.5)
        self.y += GAP

    def table(self, table: FigureTable) -> None:
        widths = self._widths(table)
        head = self.grid.cells(table.heads, widths, bold=True)
        rows = [self.grid.cells(row, widths) for row in table.rows]
        above, below = HEADING * 1.8, self._notes_height(table.notes)
        whole = above + self.grid.height(head, *rows) + below
        least = above + self.grid.height(head, *rows[:TOGETHER])
        if self.left < (whole if whole <= _HIGH / TOGETHER else least):
            self.turn()
        self.line(self.pen.drawable(table.title), HEADING, bold=True, pitch=above)
        room = _HIGH - self.grid.height(head)
        for number, filled in enumerate(self.grid.filled(rows, room=room, first=self.left - self.grid.height(head))):
            if number:
                self.turn()
            self.pages[-1] += self.grid.marks([head, *filled], widths, y=_TOP + self.y, heads=1)
            self.y += self.grid.height(head, *filled)
        self._notes(table.notes)
        self.y += GAP

    def _widths(self, table: FigureTable) -> list[float]:
        """All columns but the first alike, wider where a number or a word of the head would be torn, as long as the names keep as much."""
        share = _WIDE / (len(table.heads) - 1 + NAMES)
        widths = [max(share, self._needed(place, table)) for place in range(1, len(table.heads))]
        if _WIDE - sum(widths) < share:
            widths = [share] * len(widths)
        return [_WIDE - sum(widths), *widths]

    def _needed(self, place: int, table: FigureTable) -> float:
        plain, bold = self.pen.measure(CELL), self.pen.measure(CELL, bold=True)
        words = pieces(table.heads[place], room=_WIDE, measure=bold)
        return max(*(plain(row[place]) for row in table.rows), *(bold(one.rstrip()) for one in words), 0.0) + 2 * PAD + 0.01

    def words(self, heading: str, paragraphs: Sequence[str]) -> None:
        if paragraphs:
            if self.left < HEADING * 1.8 + self._notes_height(paragraphs[:1]):
                self.turn()
            self.line(self.pen.drawable(heading), HEADING, bold=True, pitch=HEADING * 1.8)
            self._notes(paragraphs)

    def _notes(self, notes: Sequence[str]) -> None:
        self.y += PAD
        for note in notes:
            for one in self.pen.broken(note, _WIDE, NOTE):
                if self.left < NOTE * 1.5:
                    self.turn()
                self.line(one, NOTE, pitch=NOTE * 1.5)

    def _notes_height(self, notes: Sequence[str]) -> float:
        return PAD + sum(len(self.pen.broken(note, _WIDE, NOTE)) for note in notes) * NOTE * 1.5


def _foot(pen: Pen, title: str, number: str) -> tuple[Text, Text]:
    baseline = _TOP + _HIGH + 8 * MM
    end = _LEFT + _WIDE - pen.measure(NOTE)(number)
    room = end - _LEFT - NOTE
    return (
        Text(_LEFT, baseline, next(iter(pen.broken(title, room, NOTE)), ""), NOTE, bold=False, colour=INK),
        Text(end, baseline, number, NOTE, bold=False, colour=INK),
    )
