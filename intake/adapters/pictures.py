"""Pictures drawn anew: upright, without what the camera wrote into them, at a size that a phone loads."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from intake.domain.attachment import MOST_PIXELS, Unusable
from intake.domain.file_type import PICTURE_BROKEN, PICTURE_TOO_LARGE

LONGEST_SIDE = 2_400
SMALL_SIDE = 480
QUALITY = 85
BAND = 64
"""Rows of the smaller picture that are made at a time."""
_BROKEN_BY = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, ZeroDivisionError)
"""What Pillow raises for bytes that aren't a picture after all."""


def draw_anew(source: BinaryIO, large: BinaryIO, small: BinaryIO) -> None:
    """A JPEG of at most 2,400 pixels and one of 480, from a JPEG or PNG; neither EXIF nor place nor comment goes along.

    Raises Unusable with a sentence when the header says more than MOST_PIXELS, before anything is decoded, or when it can't be decoded.
    """
    with _within_bounds():
        try:
            picture = _upright(source)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Unusable(PICTURE_TOO_LARGE) from None
        except _BROKEN_BY:
            raise Unusable(PICTURE_BROKEN) from None
    picture.save(large, "JPEG", quality=QUALITY, optimize=True)
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    picture.save(small, "JPEG", quality=QUALITY, optimize=True)


@contextmanager
def _within_bounds() -> Iterator[None]:
    """Pillow's own guard, at our bound and as an error: it also watches what a file decodes to later than its header."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _upright(source: BinaryIO) -> Image.Image:
    with Image.open(source, formats=("JPEG", "PNG")) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            raise Unusable(PICTURE_TOO_LARGE)
        # A JPEG is decoded at a half, a quarter or an eighth where that is still large enough.
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        bare = _flat(opened)
        turned = opened.getexif().get(0x0112)
    # Made small first: a turned copy of fifty million pixels would cost as much again.
    bare.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if turned in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = turned
        bare.info["exif"] = exif.tobytes()
        bare = ImageOps.exif_transpose(bare)
    bare.info = {}
    return bare


def _flat(opened: Image.Image) -> Image.Image:
    """The colours alone, a whole number of times smaller where that is still large enough; band by band, so that there never are two whole
    copies of a large picture.
    """
    wide, high = opened.size
    times = max(1, max(wide, high) // LONGEST_SIDE)
    bare = Image.new("RGB", (-(-wide // times), -(-high // times)))
    for top in range(0, high, BAND * times):
        band = opened.crop((0, top, wide, min(top + BAND * times, high)))
        bare.paste(_on_white(band).reduce(times), (0, top // times))
    return bare


def _on_white(picture: Image.Image) -> Image.Image:
    """The colours alone, as a new picture that remembers nothing of its file."""
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        bare = Image.new("RGB", seen.size, "white")
        bare.paste(seen, mask=seen.getchannel("A"))
        return bare
    if picture.mode.startswith("I"):  # sixteen bits a pixel
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    bare = picture.convert("RGB")
    bare.info = {}
    return bare
