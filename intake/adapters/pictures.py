"""Pictures drawn anew: upright, without what the camera wrote into them, at a size that a phone loads."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from intake.domain.attachment import MOST_PIXELS, Unusable
from intake.domain.file_type import PICTURE_BROKEN, PICTURE_TOO_LARGE, TOO_MUCH_WORK

LONGEST_SIDE = 2_400
LARGE_ENOUGH = 1_800
"""From here on a picture that is a whole number of times smaller will do: phones' 12, 16, 24 and 48 megapixels, at half the cost."""
SMALL_SIDE = 480
QUALITY = 85
BAND = 64
"""Rows of the smaller picture that are made at a time."""
_BROKEN_BY = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, ZeroDivisionError)
"""What Pillow raises for bytes that aren't a picture after all."""
_WEBP_PIXELS = 13_000_000
"""Its decoder holds a picture five times over."""
_FORMATS = {"image/jpeg": ("JPEG",), "image/png": ("PNG",), "image/webp": ("WEBP",)}
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A picture as it lies in memory, of which some rows at a time become one of Pillow's."""

    size: tuple[int, int]
    rows: Callable[[int, int], Image.Image]
    """From a row on, and up to another."""
    turned: int = 1
    """The camera's orientation, 1 to 8."""


def draw_anew(source: BinaryIO, large: BinaryIO, small: BinaryIO, *, media_type: str) -> None:
    """A JPEG of 1,800 to 2,400 pixels, less where there aren't as many, and one of 480, from the first picture of a JPEG, PNG, HEIC or WebP; neither EXIF nor place nor
    comment nor colour profile goes along.

    Raises Unusable with a sentence when the header says more than MOST_PIXELS, before anything is decoded, or when it can't be decoded:
    half a picture is none, since what is missing may be what it was taken for.
    """
    with _within_bounds():
        try:
            picture = _upright(_heic(source) if media_type == "image/heic" else _by_pillow(source, _FORMATS[media_type]))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Unusable(PICTURE_TOO_LARGE) from None
        except _BROKEN_BY:
            raise Unusable(PICTURE_BROKEN) from None
    save(picture, large, small)


def save(picture: Image.Image, large: BinaryIO, small: BinaryIO) -> None:
    """As people load it, and a small one for lists; `picture` is the small one afterwards."""
    picture.save(large, "JPEG", quality=QUALITY)
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    picture.save(small, "JPEG", quality=QUALITY)


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


def _by_pillow(source: BinaryIO, formats: tuple[str, ...]) -> _Decoded:
    opened = Image.open(source, formats=formats)
    _bound(opened.size)
    if opened.format == "WEBP" and opened.width * opened.height > _WEBP_PIXELS:
        raise Unusable(TOO_MUCH_WORK)
    # A JPEG is decoded at a half, a quarter or an eighth where that is still large enough.
    times = _times_smaller(opened.size)
    opened.draft("RGB", (opened.width // times, opened.height // times))
    wide, high = opened.size
    return _Decoded((wide, high), lambda top, end: opened.crop((0, top, wide, end)), opened.getexif().get(_ORIENTATION, 1))


def _heic(source: BinaryIO) -> _Decoded:
    """The main picture of a phone's photo. What the decoder gives is upright: the file says by itself how it is turned, and whatever EXIF
    repeats of that doesn't count.
    """
    from pillow_heif import HeifFile, options  # loaded for these alone

    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    options.DECODE_THREADS = 1  # a thread is memory, and other files wait for the other cores
    try:
        held = HeifFile(source, convert_hdr_to_8bit=True, remove_stride=False)  # type: ignore[no-untyped-call]  # the package has few types
        first = held[held.primary_index]
        _bound(first.size)
        pixels, mode, step = memoryview(first.data), first.mode, first.stride
    except RuntimeError as error:
        raise ValueError(*error.args) from error
    wide, high = first.size  # decoding says how large it truly is
    _bound((wide, high))

    def rows(top: int, end: int) -> Image.Image:
        return Image.frombytes(mode, (wide, end - top), pixels[top * step : end * step], "raw", mode, step)

    return _Decoded((wide, high), rows)


def _bound(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise Unusable(PICTURE_TOO_LARGE)


def _upright(decoded: _Decoded) -> Image.Image:
    bare = _flat(decoded)
    # Made small first: a turned copy of fifty million pixels would cost as much again.
    bare.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.HAMMING)
    if decoded.turned in range(2, 9):
        exif = Image.Exif()
        exif[_ORIENTATION] = decoded.turned
        bare.info["exif"] = exif.tobytes()
        bare = ImageOps.exif_transpose(bare)
    bare.info = {}
    return bare


def _times_smaller(size: tuple[int, int]) -> int:
    """The whole number of times that makes a picture fit, or nearly: what is left to do then costs more than all else."""
    longest = max(size)
    fits = -(-longest // LONGEST_SIDE)
    return fits if longest // fits >= LARGE_ENOUGH else max(1, longest // LONGEST_SIDE)


def _flat(decoded: _Decoded) -> Image.Image:
    """The colours alone, a whole number of times smaller where that is still large enough; band by band, so that there never are two whole
    copies of a large picture.
    """
    wide, high = decoded.size
    times = _times_smaller(decoded.size)
    bare = Image.new("RGB", (-(-wide // times), -(-high // times)))
    for top in range(0, high, BAND * times):
        band = _on_white(decoded.rows(top, min(top + BAND * times, high)))
        bare.paste(band.reduce(times) if times > 1 else band, (0, top // times))
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
