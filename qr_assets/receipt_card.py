"""A receipt as a picture for the album: as wide as a phone, with the code to scan, the number and where it stands; never what was said."""

from dataclasses import dataclass, fields, replace
from math import floor

from qr_assets.code import ACTION, QUIET, Symbol, symbol
from qr_assets.fonts import Fonts, poster_fonts
from qr_assets.marks import Box, Code, Face, Fold, Mark, Sheet
from qr_assets.raster import DPI, sheet_png
from qr_assets.setting import INK, LINE, QUIET_INK, WHITE, Block, Run, Typesetter

WIDTH = 750 * 72 / DPI
"""750 pixels: twice a phone's width of 375."""
SIDE = 12.0
_PIXEL = 72 / DPI
_NORMAL, _LARGE = 8.5, 12.5
"""Body type in points: about 17 and 25 px on a phone of 360 px."""


@dataclass(frozen=True, kw_only=True)
class ReceiptCard:
    """What the picture says, in the reader's language; `url` is what its code leads to."""

    head: str
    number_label: str
    number: str
    code_label: str
    code: str
    state: str
    standing: str
    next_words: str
    where: str
    """The point, and the day."""
    url: str
    scan: str
    """What scanning does."""
    foot: str
    """How to find it without the picture."""


def receipt_png(card: ReceiptCard, *, large: bool) -> bytes:
    """The picture, about as high as a phone; `large` in the type of care mode. The same card always gives the same bytes."""
    fonts = poster_fonts()
    said = {field.name: _drawable(getattr(card, field.name), fonts) for field in fields(card) if field.name != "url"}
    return sheet_png(_Composition(replace(card, **said), fonts, size=_LARGE if large else _NORMAL).sheet(), fonts, picture=None)


def _drawable(words: str, fonts: Fonts) -> str:
    """With 〓 for each character that the font lacks, as printers do."""
    missing = fonts.missing(words)
    return words.translate({ord(one): "〓" for one in missing})


class _Composition:
    """From top to bottom; the height is what it takes."""

    def __init__(self, card: ReceiptCard, fonts: Fonts, *, size: float) -> None:
        self.card = card
        self.size = size
        self.type = Typesetter(fonts, least=size * 0.75)
        self.room = WIDTH - 2 * SIDE
        self.marks: list[Mark] = []
        self.y = 0.0

    def sheet(self) -> Sheet:
        """The page."""
        card, size = self.card, self.size
        band = size * 2.6
        self.marks.append(Box(0, 0, WIDTH, band, 0, ACTION))
        head = self.type.paragraph(Run(card.head, size, bold=True, colour=WHITE), room=self.room, most_lines=1)
        self.marks += self.type.draw(head, SIDE, (band - head.height) / 2)
        self.y = band + size
        self.say(card.number_label, 0.85, colour=QUIET_INK)
        self.say(card.number, 1.55, bold=True)
        self.gap(0.5)
        self.say(card.code_label, 0.85, colour=QUIET_INK)
        self.say(card.code, 1.2, bold=True)
        self.gap(0.9)
        self.marks.append(Fold(SIDE, self.y, self.room, QUIET_INK))
        self.gap(0.9)
        self.say(card.state, 0.95, bold=True, colour=ACTION)
        self.say(card.standing, 1.3, bold=True)
        if card.next_words:
            self.say(card.next_words, 0.95)
        self.gap(0.3)
        self.say(card.where, 0.85, colour=QUIET_INK)
        self.gap(0.9)
        self.code(symbol(card.url, emblem=False))
        self.say(card.scan, 0.95, align=0.5)
        self.gap(0.9)
        self.marks.append(Box(SIDE, self.y, self.room, 0.7, 0, LINE))
        self.gap(0.7)
        self.say(card.foot, 0.85, colour=QUIET_INK)
        self.gap(1)
        height = self.y
        return Sheet(WIDTH, height, (Face(0, height, turned=False, marks=tuple(self.marks)),))

    def say(self, words: str, times: float, *, bold: bool = False, colour: str = INK, align: float = 0) -> None:
        """A paragraph `times` as large as the body."""
        run = Run(words, self.size * times, bold=bold, colour=colour)
        block = self.type.paragraph(run, room=self.room, most_lines=20, leading=1.4)
        if bold and len(block.rows) > 1 and self.type.width((run,)) < self.room * 1.2:
            block = self.type.paragraph(run, room=self.room, most_lines=1, leading=1.4)
        self.put(block, align=align)

    def put(self, block: Block, *, align: float) -> None:
        """Draw it and go on below."""
        x = SIDE + self.room * align
        self.marks += self.type.draw(block, x, self.y, align=align)
        self.y += block.height

    def gap(self, times: float) -> None:
        """White, `times` as high as the body."""
        self.y += self.size * times

    def code(self, drawn: Symbol) -> None:
        """In the middle, each module a whole number of pixels."""
        module = floor(self.room * 0.72 / drawn.full_size / _PIXEL) * _PIXEL
        side = module * drawn.full_size
        x = SIDE + (self.room - side) / 2
        self.marks.append(Code(x + QUIET * module, self.y + QUIET * module, module, drawn, ACTION, bubble=False))
        self.y += side
