"""A district's emblem: a picture that somebody uploaded, decoded with care and made small enough to print many times."""

import io
import struct
import zlib
from functools import lru_cache

from PIL import Image, ImageOps, UnidentifiedImageError

BYTES_LIMIT = 8 * 1024 * 1024
"""Largest file in bytes."""

PIXELS_LIMIT = 16_000_000
"""Largest picture in pixels, read from the file's head before anything is decoded."""

SIDE_LEAST = 32
"""Shortest longer side in pixels: below it the emblem prints as coloured steps."""

SIDE = 600
"""Longer side kept, in pixels: five centimetres at 300 dpi, more than any format prints."""

_BROKEN = "徽标图片打不开，可能没有传完整或已经损坏；请重新导出为 PNG 或 JPEG 再试。"
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)


@lru_cache(maxsize=16)
def emblem_picture(content: bytes) -> Image.Image:
    """The emblem in RGB on white, its longer side at most SIDE; not to be changed. ValueError says what is wrong and the cure."""
    if not content:
        raise ValueError("徽标图片是空的，请重新选择一张 PNG 或 JPEG 图片。")
    if len(content) > BYTES_LIMIT:
        raise ValueError(f"徽标图片有 {len(content) / 1048576:.1f} MB，最大 {BYTES_LIMIT // 1048576} MB，请缩小后再试。")
    try:
        opened = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise ValueError(_too_many_pixels()) from bomb
    except UnidentifiedImageError as unknown:
        raise ValueError("徽标应是 PNG 或 JPEG 图片，请换一个文件。") from unknown
    except _UNREADABLE as broken:
        raise ValueError(_BROKEN) from broken
    with opened:
        if opened.width * opened.height > PIXELS_LIMIT:
            raise ValueError(_too_many_pixels(opened.width, opened.height))
        if max(opened.size) < SIDE_LEAST:
            raise ValueError(f"徽标图片只有 {opened.width}×{opened.height} 像素，印出来是模糊的，请换一张大一些的（300 像素以上为好）。")
        if max(opened.size) > 10 * min(opened.size):
            raise ValueError("徽标图片太细长，印出来看不清，请换一张接近方形的。")
        try:
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
        except _UNREADABLE as broken:
            raise ValueError(_BROKEN) from broken
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    flat = Image.new("RGB", picture.size, "#FFFFFF")
    flat.paste(picture, mask=picture.getchannel("A"))
    if flat.getextrema() == ((255, 255),) * 3:
        raise ValueError("徽标图片印在白纸上什么都看不见（全白或全透明），请换一张深色的。")
    return flat


def _too_many_pixels(width: int = 0, height: int = 0) -> str:
    if not width:
        return f"徽标图片像素太多，最多 {PIXELS_LIMIT // 10_000} 万像素，请缩小到边长 2000 像素以内再试。"
    return f"徽标图片有 {width}×{height} 像素，最多 {PIXELS_LIMIT // 10_000} 万像素，请缩小到边长 2000 像素以内再试。"
