"""Files as people send them, good and hostile, made on the spot."""

import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image, ImageCms
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

GPS = {1: "N", 2: (32.0, 7.0, 12.0), 3: "E", 4: (118.0, 30.0, 5.0)}
MAKER, OWNER, SAYS = "Canon of tests", "高强的相机", "拍照时的备注"


def photo(width: int = 60, height: int = 40, *, turned: int | None = None, colour: str = "teal", told: bool = False) -> bytes:
    """A JPEG with its left half in `colour`; `turned` is the camera's orientation (1–8), `told` what cameras write into it."""
    picture = Image.new("RGB", (width, height), "white")
    picture.paste(colour, (0, 0, width // 2, height))
    exif = Image.Exif()
    if turned is not None:
        exif[0x0112] = turned
    if told:
        exif[0x010F], exif[0xA430] = MAKER, OWNER
        exif[0x8825] = GPS
    out = BytesIO()
    picture.save(out, "JPEG", quality=90, exif=exif, **({"comment": SAYS.encode()} if told else {}))
    return out.getvalue()


def with_profile() -> bytes:
    """A JPEG with a colour profile."""
    out = BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return out.getvalue()


def png(width: int = 60, height: int = 40, *, mode: str = "RGB") -> bytes:
    """A PNG of one colour."""
    out = BytesIO()
    Image.new(mode, (width, height)).save(out, "PNG")
    return out.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A PNG whose header alone is huge."""
    good = png(8, 8)
    head = b"IHDR" + struct.pack(">II", width, height) + good[24:29]
    return good[:12] + head + struct.pack(">I", zlib.crc32(head)) + good[33:]


def pdf(*, script: bool = False, launch: bool = False, attached: bool = False, password: str = "", pages: int = 1) -> bytes:
    """A small PDF, and what may be wrong with it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=200, height=200)
    for wanted, kind, key, value in ((script, "/JavaScript", "/JS", "app.alert('x')"), (launch, "/Launch", "/F", "calc.exe")):
        if wanted:
            action = DictionaryObject({NameObject("/S"): NameObject(kind), NameObject(key): TextStringObject(value)})
            writer._root_object[NameObject("/OpenAction")] = writer._add_object(action)
    if attached:
        writer.add_attachment("tool.exe", b"MZ")
    if password:
        writer.encrypt(password)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
"""One that ends after its name."""
AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(64)


@cache
def heic(width: int = 128, height: int = 64, *, turned: int | None = None, tiles: int = 0) -> bytes:
    """A phone's photo with its left half teal, and with all that a phone tells; `turned` stands in the file twice, as phones write it."""
    from pillow_heif import register_heif_opener

    register_heif_opener()
    out = BytesIO()
    with Image.open(BytesIO(photo(width, height, turned=turned, told=True))) as picture:
        picture.save(out, "HEIF", quality=80, **({"tile_size": tiles} if tiles else {}))
    return out.getvalue()


def heic_that_says(width: int, height: int) -> bytes:
    """One whose header alone has that size."""
    good = heic()
    at = good.index(b"ispe") + 8
    return good[:at] + struct.pack(">II", width, height) + good[at + 8 :]


@cache
def animated(kind: str) -> bytes:
    """A PNG or WebP of two pictures, the first one teal."""
    out = BytesIO()
    first, second = (Image.new("RGB", (60, 40), colour) for colour in ("teal", "red"))
    first.save(out, kind, save_all=True, append_images=[second], duration=100)
    return out.getvalue()


@cache
def png_bomb(side: int = 20_000) -> bytes:
    """400 million pixels in 47 kB, every byte of it right."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    press = zlib.compressobj(9)
    rows = b"".join(press.compress(bytes(1 + side // 8) * 500) for _ in range(side // 500)) + press.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!doctype html><html><script>alert(1)</script></html>"


def jpeg_and_page() -> bytes:
    """A JPEG whose comment is a page."""
    good = photo()
    said = b"<html><script>alert(1)</script></html>"
    return good[:2] + b"\xff\xfe" + struct.pack(">H", len(said) + 2) + said + good[2:]


def jpeg_and_archive() -> bytes:
    """A JPEG that unpackers take for an archive."""
    return photo() + b"PK\x05\x06" + bytes(18)


def jpeg_and_document() -> bytes:
    """A JPEG with a PDF's beginning in its comment."""
    said = b"%PDF-1.4\n"
    good = photo()
    return good[:2] + b"\xff\xfe" + struct.pack(">H", len(said) + 2) + said + good[2:]
