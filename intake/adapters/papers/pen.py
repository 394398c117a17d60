"""What the PDFs of this package share: words measured and broken by the posters' fonts, and tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from qr_assets.fonts import Fonts
from qr_assets.lines import Measure, break_lines
from qr_assets.marks import Box, Mark, Text

INK, WHITE = "#000000", "#FFFFFF"
LACKING = "〓"
"""What printers set for a character that no font has."""
ASCENT = 0.86
"""Of the fonts, as a part of the size."""
_EDGE = 0.5
Cells = list[list[str]]
"""The lines of each cell of a row."""


class Pen:
    """Measures and breaks words."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts
        self.advance = cache(self._advance)

    def _advance(self, character: str, bold: bool) -> float:  # noqa: FBT001 - cached by place
        return self.fonts.width(character, 1, bold=bold)

    def measure(self, size: float, *, bold: bool = False) -> Measure:
        """How wide words are at that size."""
        return lambda text: size * sum(self.advance(one, bold) for one in text)

    def drawable(self, text: str) -> str:
        """With 〓 for what no font has."""
        return "".join(one if ord(one) in self.fonts.drawable else LACKING for one in text)

    def broken(self, text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
        """Its lines; where it was typed with line ends, those are kept."""
        lines = (break_lines(self.drawable(one), room=room, measure=self.measure(size, bold=bold)) for one in text.split("\n"))
        return [line for one in lines for line in one]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells with thin edges."""

    pen: Pen
    left: float
    size: float
    line: float
    """From line to line inside a cell."""
    pad: float
    """Beside the words of a cell."""
    rise: float
    """Above and below them."""
    numbers: bool = False
    """Whether all but the first column end at the right, as numbers do."""
    head_fill: str = WHITE

    def cells(self, row: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> Cells:
        """A row, broken to the widths."""
        return [self.pen.broken(words, width - 2 * self.pad, self.size, bold=bold) for words, width in zip(row, widths, strict=True)]

    def height(self, *rows: Cells) -> float:
        """Of the rows one below the other."""
        return sum(max((len(cell) for cell in row), default=1) * self.line + 2 * self.rise for row in rows)

    def filled(self, rows: Sequence[Cells], *, room: float, first: float | None = None) -> Iterator[list[Cells]]:
        """As many rows as a page holds; one that is longer than a page goes on on the next. `first` is the room on the first page."""
        page: list[Cells] = []
        left = room if first is None else first
        most = int((room - 2 * self.rise) // self.line)
        for row in rows:
            for part in _parts(row, most):
                if page and self.height(part) > left:
                    yield page
                    page, left = [], room
                page.append(part)
                left -= self.height(part)
        if page:
            yield page

    def marks(self, rows: Sequence[Cells], widths: Sequence[float], *, y: float, heads: int) -> Iterator[Mark]:
        """The rows from `y` down, the first `heads` of them bold."""
        for number, row in enumerate(rows):
            x, height, is_head = self.left, self.height(row), number < heads
            for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
                fill = self.head_fill if is_head else WHITE
                yield Box(x, y, width + _EDGE, height + _EDGE, 0, fill, INK, _EDGE)  # two edges, one line
                yield from self._words(
                    cell, x, width, y + (height - len(cell) * self.line) / 2, bold=is_head, ends=self.numbers and place > 0
                )
                x += width
            y += height

    def _words(self, cell: Sequence[str], x: float, width: float, top: float, *, bold: bool, ends: bool) -> Iterator[Text]:
        baseline = top + (self.line - self.size) / 2 + self.size * ASCENT
        measure = self.pen.measure(self.size, bold=bold)
        for place, words in enumerate(cell):
            if words.strip():
                begins = x + width - self.pad - measure(words) if ends else x + self.pad
                yield Text(begins, baseline + place * self.line, words, self.size, bold, INK)


def _parts(row: Cells, most: int) -> Iterator[Cells]:
    """The row in pieces of at most `most` lines."""
    for start in range(0, max(len(cell) for cell in row), most):
        yield [cell[start : start + most] for cell in row]
