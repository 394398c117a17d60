"""打码: the parts of a resident's photo that staff make unrecognisable, each a rectangle in shares of the photo."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.errors import InvalidInput

PARTS_MOST = 12
SMALLEST = 0.005
"""Less than a two-hundredth of the photo is a slip of the hand."""
FIELD = "parts"
_NOT_A_PART = "请按百分比填四个数：从左、从上、宽、高，都在 0 到 100 之间，宽和高不能是 0。整行空着就是不要。"


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle: where it begins and how far it goes, from 0 to 1."""

    left: float
    top: float
    width: float
    height: float


def read_part(raw: Sequence[str]) -> Part | None:
    """Four numbers in per cent, cut off at the photo's edges; None where all four are empty, InvalidInput (field `parts`) otherwise."""
    words = [one.strip() for one in raw]
    if not any(words):
        return None
    try:
        left, top, width, height = (float(one) / 100 for one in words)
    except ValueError:
        raise InvalidInput(_NOT_A_PART, field=FIELD) from None
    if not (0 <= left < 1 and 0 <= top < 1 and SMALLEST <= width <= 1 and SMALLEST <= height <= 1):
        raise InvalidInput(_NOT_A_PART, field=FIELD)
    return Part(round(left, 4), round(top, 4), round(min(width, 1 - left), 4), round(min(height, 1 - top), 4))


def read_parts(rows: Sequence[Sequence[str]]) -> tuple[Part, ...]:
    """Every row that isn't empty; InvalidInput (field `parts`) for one that makes no sense, and for more than PARTS_MOST."""
    parts = tuple(part for row in rows if (part := read_part(row)) is not None)
    if len(parts) > PARTS_MOST:
        raise InvalidInput(f"一张照片最多打 {PARTS_MOST} 处码，请把挨着的画成一处。", field=FIELD)
    return parts
