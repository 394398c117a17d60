"""Parts of a photo made unrecognisable (打码), so that nothing of them can be computed back."""

import random
from collections.abc import Sequence
from typing import BinaryIO

from PIL import Image, ImageStat

from intake.adapters.pictures import save
from intake.domain.photo_blur import Part

BLOCK = 16
"""What a JPEG mixes with its neighbours: a part begins and ends with whole blocks."""
CELLS = 8
"""Along the longer side of a part: coarse enough to be seen as covered."""


def draw_blurred(source: BinaryIO, parts: Sequence[Part], large: BinaryIO, small: BinaryIO) -> None:
    """The photo, one of our own JPEGs, with each part under a mosaic; a large and a small JPEG.

    The cells look like a mosaic and are none: they vary the mean colour of the part by chance. A true mosaic of a number plate or a name can
    be computed back by trying what fits (Hill et al. 2016); of these there is nothing but one colour. The same parts always give the same.
    """
    with Image.open(source, formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    for part in parts:
        box = _box(part, picture.size)
        picture.paste(_cells(picture.crop(box), part), box)
    save(picture, large, small)


def _box(part: Part, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """In pixels, outwards to whole blocks."""
    wide, high = size
    left, top = int(part.left * wide) // BLOCK * BLOCK, int(part.top * high) // BLOCK * BLOCK
    right, bottom = (-(-int(end) // BLOCK) * BLOCK + BLOCK for end in ((part.left + part.width) * wide, (part.top + part.height) * high))
    return left, top, min(right, wide), min(bottom, high)


def _cells(covered: Image.Image, part: Part) -> Image.Image:
    mean = ImageStat.Stat(covered).mean
    wide, high = covered.size
    cell = max(1, max(wide, high) // CELLS)
    few = Image.new("RGB", (-(-wide // cell), -(-high // cell)))
    chance = random.Random(repr(part))  # noqa: S311 -- it hides nothing, it only looks uneven
    for at in range(few.width * few.height):
        shade = chance.randint(-18, 18)
        few.putpixel((at % few.width, at // few.width), (*(min(255, max(0, round(one) + shade)) for one in mean),))
    return few.resize(covered.size, Image.Resampling.NEAREST)
