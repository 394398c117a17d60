"""What a printed sheet consists of, before it is known whether it becomes vectors or pixels. Measures are points from the top left."""

from dataclasses import dataclass

from qr_assets.code import Symbol


@dataclass(frozen=True, slots=True)
class Text:
    """Characters on a baseline that starts at x, placed by the font's own widths, without kerning."""

    x: float
    baseline: float
    text: str
    size: float
    bold: bool
    colour: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners, filled; `line` is the colour of its edge, drawn inside."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str
    line: str | None = None
    line_width: float = 0.75


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol whose first module (quiet zone not counted) starts at x, y; `module` is a module's side."""

    x: float
    y: float
    module: float
    symbol: Symbol
    colour: str
    """Of the speech bubble; unused where a Picture covers it."""
    bubble: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The template's emblem, to fill this rectangle, whose proportions are its own."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Fold:
    """A dashed horizontal line."""

    x: float
    y: float
    width: float
    colour: str


Mark = Text | Box | Code | Picture | Fold


@dataclass(frozen=True, slots=True)
class Face:
    """A strip of the sheet as wide as it, beginning at `top`; `turned` prints it upside down."""

    top: float
    height: float
    turned: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page."""

    width: float
    height: float
    faces: tuple[Face, ...]
