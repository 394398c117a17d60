"""The district's emblem: any picture that somebody may upload is either printed or refused with a sentence."""

import io
import struct
import zlib
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from qr_assets.emblem import BYTES_LIMIT, SIDE, emblem_picture
from qr_assets.fonts import poster_fonts
from qr_assets.layout import composed
from qr_assets.marks import Code, Picture
from qr_assets.poster import Paper, PosterSpec, PosterTemplate, poster_pdf, poster_png, posters_pdf
from tests.unit.test_poster import opened, spec


def drawn(size: tuple[int, int] = (400, 400), *, mode: str = "RGBA", kind: str = "PNG", **options: Any) -> bytes:
    """A dark disc on nothing, or on white where the mode knows no transparency."""
    picture = Image.new("RGBA", size, (255, 255, 255, 0))
    ImageDraw.Draw(picture).ellipse((2, 2, size[0] - 3, size[1] - 3), fill="#7A1B1B")
    if mode != "RGBA":
        flat = Image.new("RGB", size, "white")
        flat.paste(picture, mask=picture)
        picture = flat.convert(mode)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """A file of a few bytes that claims to be an enormous picture."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(drawn(), id="transparent"),
        pytest.param(drawn(mode="P"), id="palette"),
        pytest.param(drawn(mode="L"), id="grey"),
        pytest.param(drawn(mode="1"), id="black and white"),
        pytest.param(drawn(mode="RGB", kind="JPEG"), id="JPEG"),
        pytest.param(drawn(mode="CMYK", kind="JPEG"), id="JPEG of a printer"),
        pytest.param(drawn((1200, 300)), id="wide"),
        pytest.param(drawn((100, 700)), id="tall"),
        pytest.param(drawn((3000, 3000), mode="RGB"), id="large"),
    ],
)
def test_picture_is_kept_whole_on_white_and_small(content: bytes) -> None:
    picture = emblem_picture(content)
    assert picture.mode == "RGB"
    assert max(picture.size) <= SIDE
    with Image.open(io.BytesIO(content)) as source:
        assert picture.width / picture.height == pytest.approx(source.width / source.height, rel=0.02)
    corner, centre = picture.getpixel((0, 0)), picture.getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(corner, tuple)
    assert isinstance(centre, tuple)
    assert min(corner) > 240
    assert centre[1] < 120


def test_photograph_taken_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert emblem_picture(drawn((400, 200), mode="RGB", kind="JPEG", exif=exif)).size == (200, 400)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "是空的", id="nothing"),
        pytest.param(b"hello", "应是 PNG 或 JPEG", id="no picture"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "应是 PNG 或 JPEG", id="a drawing"),
        pytest.param(drawn(mode="P", kind="GIF"), "应是 PNG 或 JPEG", id="GIF"),
        pytest.param(drawn(mode="RGB", kind="TIFF"), "应是 PNG 或 JPEG", id="TIFF"),
        pytest.param(drawn()[:300], "重新导出", id="half a PNG"),
        pytest.param(drawn(mode="RGB", kind="JPEG")[:700], "重新导出", id="half a JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "PNG 或 JPEG", id="only the head of a PNG"),
        pytest.param(bomb(4001, 4000), "有 4001×4000 像素，最多 1600 万像素", id="just too many pixels"),
        pytest.param(bomb(12_000, 10_000), "最多 1600 万像素", id="a bomb that Pillow warns of"),
        pytest.param(bomb(100_000, 100_000), "最多 1600 万像素", id="a bomb that Pillow refuses"),
        pytest.param(b"\x89PNG" + b"\0" * BYTES_LIMIT, "最大 8 MB", id="a large file"),
        pytest.param(drawn((16, 16)), "只有 16×16 像素", id="tiny"),
        pytest.param(drawn((900, 60)), "太细长", id="a stripe"),
        pytest.param(drawn().replace(b"IDAT", b"IDAX"), "PNG 或 JPEG", id="a PNG without pixels"),
    ],
)
def test_bad_emblem_is_refused_with_a_sentence_that_says_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        PosterTemplate(district="云栖区", controller="云栖区政协办公室", emblem=content)
    assert str(refused.value).endswith(("。", "）。"))


def test_emblem_that_white_paper_would_swallow_is_refused() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (200, 200), (255, 255, 255, 0)).save(out, "PNG")
    with pytest.raises(ValueError, match="什么都看不见"):
        emblem_picture(out.getvalue())


@pytest.mark.parametrize("size", [(400, 400), (900, 300), (150, 400)])
@pytest.mark.parametrize("paper", list(Paper))
def test_emblem_stands_in_the_header_and_inside_the_cleared_square_of_the_code(paper: Paper, size: tuple[int, int]) -> None:
    marks = composed(spec(emblem=drawn(size)), poster_fonts(), paper=paper).faces[0].marks
    pictures = [mark for mark in marks if isinstance(mark, Picture)]
    (code,) = (mark for mark in marks if isinstance(mark, Code))
    middle = marks[marks.index(code) + 1]
    assert not code.bubble
    assert len(pictures) == 2
    assert isinstance(middle, Picture)
    for mark in pictures:
        assert mark.width / mark.height == pytest.approx(size[0] / size[1], rel=0.02)
    cleared = code.symbol.emblem
    assert cleared is not None
    for start, length, at in ((middle.x, middle.width, code.x), (middle.y, middle.height, code.y)):
        assert at + cleared.x * code.module - 0.01 <= start
        assert start + length <= at + (cleared.x + cleared.side) * code.module + 0.01


@pytest.mark.parametrize("paper", list(Paper))
def test_both_prints_show_the_emblem_in_its_own_colours(paper: Paper) -> None:
    poster = spec(emblem=drawn())
    document = pypdfium2.PdfDocument(poster_pdf(poster, paper=paper))
    vectors = document[0].render(scale=100 / 72).to_pil().convert("RGB")
    document.close()
    sheet = composed(poster, poster_fonts(), paper=paper)
    face = sheet.faces[-1 if paper is not Paper.CARD else 1]
    for picture, scale in ((vectors, 100 / 72), (opened(poster_png(poster, paper=paper)), 300 / 72)):
        for mark in face.marks:
            if isinstance(mark, Picture):
                centre = int((mark.x + mark.width / 2) * scale), int((face.top + mark.y + mark.height / 2) * scale)
                assert picture.getpixel(centre) == pytest.approx((0x7A, 0x1B, 0x1B), abs=6)


def test_document_of_many_pages_holds_each_emblem_once() -> None:
    def pages(count: int) -> list[PosterSpec]:
        content = drawn((500, 500), mode="RGB")
        return [spec(emblem=content, url=f"https://zb.yunqi.example/p/{number}") for number in range(count)]

    assert posters_pdf(pages(12), paper=Paper.STICKER).count(b"/Subtype /Image") == 1
    mixed = [*pages(2), spec(emblem=drawn((300, 200))), *pages(2)]
    assert posters_pdf(mixed, paper=Paper.STICKER).count(b"/Subtype /Image") == 2
