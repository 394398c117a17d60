"""The poster on the wall, on every paper, as vectors and as pixels: rendered by an independent reader, then scanned, measured and read."""

import datetime as dt
import io
import threading
from collections.abc import Callable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from qr_assets import fonts
from qr_assets.code import QUIET, symbol
from qr_assets.fonts import FontsMissingError, poster_fonts
from qr_assets.layout import composed
from qr_assets.marks import Box, Sheet, Text
from qr_assets.poster import LIMITS, Paper, PosterSpec, PosterTemplate, poster_pdf, poster_png, posters_pdf, write_posters
from qr_assets.setting import LINE

MM = 72 / 25.4
PRINTER_EDGE = 8 * MM  # what home and office printers may leave blank
LONGEST_PLACE = "云栖区丰山街道龙池湖畔东方花园北区第二十三居民小区综合服务站"
OF_TEMPLATE = {"district", "controller", "title", "colour", "emblem"}
SIZES = {Paper.A4: (210, 297), Paper.A3: (297, 420), Paper.STICKER: (105, 148), Paper.CARD: (297, 210)}
CODE_LEAST = {Paper.A4: 6, Paper.A3: 8.5, Paper.STICKER: 4, Paper.CARD: 4.5}
TYPE_LEAST = {Paper.A4: 11, Paper.A3: 15, Paper.STICKER: 7, Paper.CARD: 9}


def spec(**changes: Any) -> PosterSpec:
    facts: dict[str, Any] = {
        "district": "云栖区", "street": "丰山街道", "place": "龙池社区", "url": "https://zb.yunqi.example/p/LC4827",
        "short_code": "LC 4827", "host_for_typing": "zb.yunqi.example",
        "controller": "云栖区政协办公室", "version": 3, "date": dt.date(2026, 11, 2),
        "phone": "0550-3012345", "phone_hours": "周一至周五 9–17 时", "phone_name": "王姐",
    }  # fmt: skip
    facts |= changes
    template = PosterTemplate(**{name: facts.pop(name) for name in OF_TEMPLATE & facts.keys()})
    return PosterSpec(template=template, **facts)


def fullest(filler: str = "龙", latin: str = "W") -> PosterSpec:
    """Every field as long as it may be, in the widest letters that belong there."""
    narrow = {"short_code", "host_for_typing", "phone"}
    texts = {field: ((latin if field in narrow else filler) * longest)[:longest] for field, longest in LIMITS.items()}
    return spec(**texts, url="https://a.cn/" + "x" * 187)


def emblem() -> bytes:
    picture = Image.new("RGBA", (300, 240), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((4, 4, 295, 235), fill="#1B3A7A")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


CASES: dict[str, Callable[[], PosterSpec]] = {
    "usual": spec,
    "a name of thirty characters": lambda: spec(place=LONGEST_PLACE, street="丰山街道办事处驻城北工业园片区服务中心"),
    "no telephone": lambda: spec(phone=""),
    "a title of two lines": lambda: spec(title="龙池湖畔的大事小情，都可以扫码说一说"),
    "a Latin name": lambda: spec(place="Longchi Community Service Station of Yunqi"),
    "a district's emblem and colour": lambda: spec(emblem=emblem(), colour="#1B3A7A"),
    "every field full": fullest,
}
TELLING = ["usual", "a district's emblem and colour", "every field full"]
every_case = pytest.mark.parametrize("case", CASES)
every_paper = pytest.mark.parametrize("paper", list(Paper))
PIXELS = [(case, paper) for paper in Paper for case in TELLING if paper is not Paper.A3 or case == "every field full"]
"""The largest sheet has 17 million pixels; it is drawn at its fullest alone, for it is A4 and larger."""
every_picture = pytest.mark.parametrize(("case", "paper"), PIXELS)
every_print = pytest.mark.parametrize(
    ("case", "paper", "kind"), [*((case, paper, "pdf") for case in CASES for paper in Paper), *((*one, "png") for one in PIXELS)]
)


@cache
def sheet_of(case: str, paper: Paper) -> Sheet:
    return composed(CASES[case](), poster_fonts(), paper=paper)


@cache
def pdf_of(case: str, paper: Paper) -> bytes:
    return poster_pdf(CASES[case](), paper=paper)


@cache
def png_of(case: str, paper: Paper) -> bytes:
    return poster_png(CASES[case](), paper=paper)


@cache
def photo_of(case: str, paper: Paper, kind: str) -> Image.Image:
    """What a scanner of 150 dots an inch would see, in grey."""
    if kind == "pdf":
        return rendered(pdf_of(case, paper)).convert("L")
    picture = opened(png_of(case, paper)).convert("L")
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def rendered(pdf: bytes, *, dpi: int = 150) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("RGB")
        return picture
    finally:
        document.close()


def words(pdf: bytes, *, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document[page].get_textpage().get_text_bounded()).replace("\r", "").replace("\n", "")
    finally:
        document.close()


def boxes(pdf: bytes) -> list[tuple[str, tuple[float, float, float, float], float]]:
    """Each printed character with its left, bottom, right and top in points, and the size of its type."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0].get_textpage()
        size = pypdfium2.raw.FPDFText_GetFontSize
        return [(page.get_text_range(at, 1), page.get_charbox(at), size(page.raw, at)) for at in range(page.count_chars())]
    finally:
        document.close()


def read(picture: Image.Image) -> list[tuple[str, str]]:
    return [(found.text, found.ec_level) for found in zxingcpp.read_barcodes(picture)]


@every_print
def test_code_reads_back_at_150_dpi_tilted_and_blurred(case: str, paper: Paper, kind: str) -> None:
    degrees = {"pdf": 3, "png": -3}[kind]
    photo = photo_of(case, paper, kind).rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    faces = 2 if paper is Paper.CARD else 1
    assert read(photo.filter(ImageFilter.GaussianBlur(1.2))) == [(CASES[case]().url, "H")] * faces


@every_picture
def test_black_and_white_print_reads_back_and_keeps_every_line_of_text(case: str, paper: Paper) -> None:
    """A copier that knows only black and white: nothing said in colour or grey is lost."""
    poster = CASES[case]()
    copy = opened(png_of(case, paper)).convert("L").point(lambda value: 255 * (value >= 128))
    assert {text for text, _ in read(copy)} == {poster.url}
    face = sheet_of(case, paper).faces[-1 if paper is not Paper.CARD else 1]
    scale = 300 / 72
    for mark in face.marks:
        if isinstance(mark, Text) and mark.text != " · ":
            top = (face.top + mark.baseline - mark.size * 0.8) * scale
            box = (int(mark.x * scale), int(top), int((mark.x + poster_fonts().width(mark.text, mark.size, bold=mark.bold)) * scale), 0)
            ink = copy.crop((*box[:3], int(top + mark.size * 0.8 * scale))).histogram()[0]
            assert ink > 0.05 * (box[2] - box[0]) * mark.size * 0.8 * scale, mark.text


@every_paper
@every_case
def test_every_colour_of_text_is_readable_in_grey(case: str, paper: Paper) -> None:
    for face in sheet_of(case, paper).faces:
        for mark in face.marks:
            if isinstance(mark, Text):
                assert contrast_on_white(mark.colour) >= 4.5
            if isinstance(mark, Box):  # edges and rules: decoration, so light ones may be lost, but nothing is printed on a dark one
                assert mark.fill == "#FFFFFF" or mark.height < 5 or mark.fill == LINE


def contrast_on_white(colour: str) -> float:
    red, green, blue = (
        (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


@every_print
def test_code_is_wide_enough_with_nothing_in_its_quiet_zone(case: str, paper: Paper, kind: str) -> None:
    picture = photo_of(case, paper, kind)
    for found in zxingcpp.read_barcodes(picture):
        xs, ys = zip(*((p.x, p.y) for p in (found.position.top_left, found.position.bottom_right)), strict=True)
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
        assert (right - left) / 150 * 2.54 >= CODE_LEAST[paper]
        quiet = (right - left) / symbol(CASES[case]().url).size * QUIET
        zone = picture.crop((int(left - quiet), int(top - quiet), int(right + quiet), int(bottom + quiet)))
        dark = ImageOps.invert(zone).point(lambda value: 255 * (value > 8)).getbbox()
        assert dark == pytest.approx((quiet, quiet, zone.width - quiet, zone.height - quiet), abs=3)


@every_paper
def test_sheet_has_the_size_of_its_paper_as_vectors_and_as_pixels(paper: Paper) -> None:
    width, height = SIZES[paper]
    document = pypdfium2.PdfDocument(pdf_of("usual", paper))
    assert document[0].get_size() == pytest.approx((width * MM, height * MM), abs=0.01)
    document.close()
    with Image.open(io.BytesIO(png_of("every field full", paper))) as picture:
        assert picture.size == (round(width / 25.4 * 300), round(height / 25.4 * 300))
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)


@every_print
def test_nothing_reaches_the_edge_of_the_page(case: str, paper: Paper, kind: str) -> None:
    picture = photo_of(case, paper, kind)
    ink = ImageOps.invert(picture).point(lambda value: 255 * (value > 8)).getbbox()
    assert ink is not None
    assert min(ink[0], ink[1], picture.width - ink[2], picture.height - ink[3]) / 150 * 72 >= PRINTER_EDGE


@every_picture
def test_pixels_show_what_the_vectors_show(case: str, paper: Paper) -> None:
    vectors, pixels = photo_of(case, paper, "pdf"), photo_of(case, paper, "png")
    assert vectors.size == pytest.approx(pixels.size, abs=2)
    both = [side.crop((0, 0, vectors.width - 2, vectors.height - 2)).filter(ImageFilter.GaussianBlur(4)) for side in (vectors, pixels)]
    worst = ImageChops.difference(*both).getextrema()[1]
    assert isinstance(worst, int)
    assert worst < 40


@every_paper
@every_case
def test_no_two_characters_overlap_and_none_leaves_the_page(case: str, paper: Paper) -> None:
    """Rows that run into one another would show as boxes that share more than a sliver."""
    printed = [box for character, box, _ in boxes(pdf_of(case, paper)) if character.strip()]
    sliver = SIZES[paper][0] / 210
    right_edge, top_edge = (side * MM - PRINTER_EDGE for side in SIZES[paper])
    for at, (left, bottom, right, top) in enumerate(printed):
        assert left >= PRINTER_EDGE
        assert bottom >= PRINTER_EDGE
        assert right <= right_edge
        assert top <= top_edge
        for other_left, other_bottom, other_right, other_top in printed[at + 1 :]:
            if other_left < right and left < other_right:
                width = min(right, other_right) - max(left, other_left)
                height = min(top, other_top) - max(bottom, other_bottom)
                assert min(width, height) <= sliver


@every_paper
@every_case
def test_no_type_is_too_small_to_read(case: str, paper: Paper) -> None:
    assert min(size for character, _, size in boxes(pdf_of(case, paper)) if character.strip()) >= TYPE_LEAST[paper] - 0.01


# The longest texts in other letters: all Latin, without a place to break; words with spaces; brackets that must not begin a line.
@pytest.mark.parametrize(("filler", "latin"), [("W", "W"), ("Wm ", "w.m-"), ("（龙池）", "0123 ")])
@every_paper
def test_longest_texts_of_any_kind_fit(paper: Paper, filler: str, latin: str) -> None:
    sheet = composed(fullest(filler, latin), poster_fonts(), paper=paper)
    for face in sheet.faces:
        for mark in face.marks:
            if isinstance(mark, Text):
                end = mark.x + poster_fonts().width(mark.text.rstrip(), mark.size, bold=mark.bold)
                assert PRINTER_EDGE <= mark.x < end <= sheet.width - PRINTER_EDGE, mark.text
                assert mark.size >= TYPE_LEAST[paper] - 0.01


@every_paper
@every_case
def test_steps_end_well_above_the_help_line(case: str, paper: Paper) -> None:
    marks = sheet_of(case, paper).faces[0].marks
    (steps_end,) = (mark.baseline for mark in marks if isinstance(mark, Text) and mark.text == "办到哪一步")
    (help_start,) = (mark.baseline - mark.size for mark in marks if isinstance(mark, Text) and mark.text.startswith("不会用手机"))
    assert help_start - steps_end > 3


@every_paper
def test_says_who_listens_how_to_get_in_and_whom_to_call_in_an_emergency(paper: Paper) -> None:
    text = words(pdf_of("usual", paper))
    for part in (
        "云栖区 · 丰山街道", "龙池社区", "直报点", "身边的事，扫码说", "不用注册，一分钟说完", "zb.yunqi.example", "LC 4827", "1 扫一扫",
        "2 说清楚", "3 等回音", "办到哪一步", "政协委员直接看到您的话", "社区服务台可以代您填，或打电话", "0550-3012345",
        "周一至周五 9–17 时，王姐接", "云栖区政协办公室 主办", "第 3 版 2026-11", "紧急请拨 110 119 120",
    ):  # fmt: skip
        assert part in text


@every_paper
def test_without_a_telephone_the_service_desk_remains(paper: Paper) -> None:
    text = words(poster_pdf(spec(phone="", phone_hours="周一至周五", phone_name="王姐"), paper=paper))
    assert "社区服务台可以代您填" in text
    assert "打电话" not in text
    assert "王姐" not in text


def test_faces_of_the_table_card_are_the_same_upside_down() -> None:
    card = opened(png_of("usual", Paper.CARD))
    height = card.height // 2
    upper, lower = card.crop((0, 0, card.width, height - 4)), card.crop((0, height + 4, card.width, 2 * height))
    assert ImageChops.difference(upper.transpose(Image.Transpose.ROTATE_180), lower).getbbox() is None
    printed = boxes(pdf_of("usual", Paper.CARD))
    middle = 105 * MM
    titles = [bottom for character, (_, bottom, _, _), _ in printed if character == "扫"]
    assert len([bottom for bottom in titles if bottom > middle]) == len([bottom for bottom in titles if bottom < middle]) > 0


def test_nothing_on_the_poster_is_red_like_a_seal() -> None:
    colours = rendered(pdf_of("usual", Paper.A4)).getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert not [rgb for _, rgb in colours if isinstance(rgb, tuple) and rgb[0] - max(rgb[1:3]) > 60]


@every_paper
def test_long_names_are_printed_whole(paper: Paper) -> None:
    assert LONGEST_PLACE in words(pdf_of("a name of thirty characters", paper))


def test_rare_characters_of_village_names_are_embedded() -> None:
    assert "㵲昳〇" in words(poster_pdf(spec(place="㵲昳〇村"), paper=Paper.A4))


@pytest.mark.parametrize("draw", [poster_pdf, poster_png])
def test_same_spec_same_bytes_even_from_several_threads_at_once(draw: Any) -> None:
    places = [f"龙池社区第{number}网格" for number in "一二三四五六"]

    def drawn(place: str) -> bytes:
        return bytes(draw(spec(place=place, emblem=emblem()), paper=Paper.STICKER))

    alone = {place: drawn(place) for place in places}
    together: dict[str, bytes] = {}
    threads = [threading.Thread(target=lambda place=place: together.update({place: drawn(place)})) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_batch_is_one_document_in_the_order_given_and_tells_how_far_it_is() -> None:
    def asked() -> Iterator[PosterSpec]:
        for number in "一二三":
            yield spec(place=f"龙池社区第{number}网格", url=f"https://zb.yunqi.example/p/{ord(number)}")

    heard: list[int] = []
    out = io.BytesIO()
    assert write_posters(asked(), out, paper=Paper.A4, progress=heard.append) == 3
    assert heard == [1, 2, 3]
    assert [f"第{number}网格" in words(out.getvalue(), page=page) for page, number in enumerate("一二三")] == [True] * 3
    assert out.getvalue() == posters_pdf(asked(), paper=Paper.A4)


def test_batch_of_none_is_refused_and_nothing_written() -> None:
    out = io.BytesIO()
    with pytest.raises(ValueError, match="先选择直报点"):
        write_posters([], out, paper=Paper.A4)
    assert out.getvalue() == b""


def test_page_of_a_batch_adds_little_more_than_its_own_marks() -> None:
    """The fonts are embedded once and pages are compressed: 5,000 posters stay a file that can be sent."""
    pages = [spec(url=f"https://zb.yunqi.example/p/{number}") for number in range(20)]
    assert (len(posters_pdf(pages, paper=Paper.A4)) - len(poster_pdf(pages[0], paper=Paper.A4))) / 19 < 4000


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"place": ""}, "直报点名称是空的", id="no name"),
        pytest.param({"controller": "  "}, "主办单位是空的", id="only spaces"),
        pytest.param({"place": "龙" * 61}, "有 61 个字，海报上最多放 60 个", id="a name that is a paragraph"),
        pytest.param({"place": "龙池\n社区"}, "换行", id="a line break"),
        pytest.param({"district": "云栖\t区"}, "换行", id="a tab in the template"),
        pytest.param({"place": "龙池社区🐲"}, "🐲", id="a character that would print as a box"),
        pytest.param({"url": "zb.yunqi.example"}, "https://", id="a bad address"),
        pytest.param({"colour": "#FFFF00"}, "太浅", id="a colour nobody can read"),
        pytest.param({"version": 0}, "从 1 开始", id="version nought"),
    ],
)
def test_spec_that_can_not_be_printed_is_refused_with_a_sentence(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        spec(**changes)


def test_missing_font_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(fonts, "find_spec", nowhere)
    with pytest.raises(FontsMissingError, match="请安装 weblate-fonts"):
        poster_fonts()


def test_broken_font_file_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(fonts, "font_folder", lambda: tmp_path)
    with pytest.raises(FontsMissingError, match=r"KurintoSansSC-Rg\.ttf 读不出来"):
        poster_fonts()
