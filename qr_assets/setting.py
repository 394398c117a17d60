"""Setting type: stretches of one line, rows that wrap, and blocks of rows that a composition places."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from qr_assets.fonts import Fonts
from qr_assets.lines import Measure, fit, pieces
from qr_assets.marks import Text

INK, QUIET_INK, LINE, WHITE = "#1F2328", "#59616B", "#E4E0D8", "#FFFFFF"
"""Tokens of design/interface.md; LINE is decoration alone, nothing is said in it."""

CLOSING = "，。、；：？！）」』”’》】…·"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one line in one type."""

    text: str
    size: float
    bold: bool = False
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Block:
    """Rows one below the other; each is `leading` times as high as its largest type."""

    rows: tuple[tuple[Run, ...], ...]
    leading: float = 1.35

    @property
    def height(self) -> float:
        """From the top of the first row to the end of the last."""
        return sum(_largest(row) * self.leading for row in self.rows)


class Typesetter:
    """Makes blocks no wider than asked and no type smaller than `least`, in points."""

    def __init__(self, fonts: Fonts, *, least: float) -> None:
        self.fonts = fonts
        self.least = least

    def width(self, row: Sequence[Run]) -> float:
        """Width of a row set in one line."""
        return sum(self.fonts.width(run.text, run.size, bold=run.bold) for run in row)

    def paragraph(self, run: Run, *, room: float, most_lines: int, least: float = 0, leading: float = 1.35) -> Block:
        """One text in balanced lines, shrunk (down to `least` points) until they are at most `most_lines`."""
        size, lines = fit(
            run.text,
            room=room,
            size=run.size,
            least=max(self.least, least),
            most_lines=most_lines,
            measure_at=partial(self._measure, bold=run.bold),
        )
        return Block(tuple((replace(run, text=line, size=size),) for line in lines), leading)

    def rows(self, *groups: Sequence[Run], between: str, room: float, leading: float = 1.5) -> Block:
        """All groups in one row if they fit at full size, else a row for each, shrunk a little or wrapped where it doesn't fit."""
        full = [group for group in groups if group]
        joined = [*full[0]]
        for group in full[1:]:
            joined += [Run(between, group[0].size), *group]
        if self.width(joined) <= room:
            return Block((tuple(joined),), leading)
        return Block(tuple(row for group in full for row in self._wrapped(group, room=room)), leading)

    def draw(self, block: Block, x: float, y: float, *, align: float = 0) -> list[Text]:
        """The block's texts from `y` downwards; `align` is the part of each row's width that lies left of x."""
        texts: list[Text] = []
        for row in block.rows:
            size = _largest(row)
            baseline = y + size * ((block.leading - 1) / 2 + 0.86)
            at = x - self.width(row) * align
            for run in row:
                if run.text.strip():
                    texts.append(Text(at, baseline, run.text, run.size, run.bold, run.colour))
                at += self.fonts.width(run.text, run.size, bold=run.bold)
            y += size * block.leading
        return texts

    def _wrapped(self, group: Sequence[Run], *, room: float) -> list[tuple[Run, ...]]:
        ratio = room / self.width(group)
        shrunk = [self._sized(run, ratio=min(1.0, ratio)) for run in group]
        if self.width(shrunk) <= room * 1.0001:
            return [tuple(shrunk)]
        gentle = [self._sized(run, ratio=0.85) for run in group]
        rows: list[tuple[Run, ...]] = []
        row: list[Run] = []
        for run in gentle:
            for piece in pieces(run.text, room=room, measure=self._measure(run.size, bold=run.bold)):
                if row and piece[0] not in CLOSING and self.width([*row, replace(run, text=piece.rstrip())]) > room:
                    rows.append(tuple(row))
                    row = []
                if row and (row[-1].size, row[-1].bold, row[-1].colour) == (run.size, run.bold, run.colour):
                    row[-1] = replace(run, text=row[-1].text + piece)
                elif row or piece.strip():
                    row.append(replace(run, text=piece if row else piece.lstrip()))
        return [*rows, tuple(row)] if row else rows

    def _sized(self, run: Run, *, ratio: float) -> Run:
        return replace(run, size=max(self.least, run.size * ratio))

    def _measure(self, size: float, *, bold: bool = False) -> Measure:
        return lambda text: self.fonts.width(text, size, bold=bold)


def _largest(row: Sequence[Run]) -> float:
    return max(run.size for run in row)
