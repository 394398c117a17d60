"""The code that residents scan: read back by an independent decoder, as picture and as vectors, upright and badly photographed."""

import io
import re
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from qr_assets.code import QUIET, URL_LIMIT, Symbol, check_colour, code_png, code_svg, symbol

URL = "https://zb.yunqi.example/p/LC4827"
ADDRESSES = [
    pytest.param("http://a.cn", id="the shortest"),
    pytest.param(URL, id="a point's own"),
    pytest.param("http://weixin.qq.com/q/02bXq0YbLcfhH1oQxNhv1x", id="a WeChat scene code"),
    pytest.param("HTTPS://ZB.YUNQI.EXAMPLE/P/LC4827", id="in capitals, which pack closer"),
    pytest.param(f"{URL}?from={'x' * (URL_LIMIT - len(URL) - 6)}", id="the longest allowed"),
]
SVG = "{http://www.w3.org/2000/svg}"


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def read(picture: Image.Image) -> tuple[str, str]:
    """Text and error correction level of the only code in the picture."""
    (found,) = zxingcpp.read_barcodes(picture)
    return found.text, found.ec_level


def modules(drawn: Symbol) -> list[tuple[int, int]]:
    return [(x, y) for r in drawn.rects for x in range(r.x, r.x + r.width) for y in range(r.y, r.y + r.height)]


@pytest.mark.parametrize("emblem", [True, False])
@pytest.mark.parametrize("url", ADDRESSES)
def test_picture_reads_back_at_level_h(url: str, emblem: bool) -> None:
    assert read(opened(code_png(url, module_px=4, emblem=emblem))) == (url, "H")


@pytest.mark.parametrize("degrees", [-9, 4])
@pytest.mark.parametrize("url", ADDRESSES)
def test_picture_reads_back_tilted_and_blurred(url: str, degrees: int) -> None:
    photo = opened(code_png(url, module_px=6)).rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    assert read(photo.filter(ImageFilter.GaussianBlur(2)))[0] == url


def test_black_and_white_print_reads_back() -> None:
    assert read(opened(code_png(URL)).convert("1", dither=Image.Dither.NONE).convert("L").convert("RGB"))[0] == URL


@pytest.mark.parametrize("url", ADDRESSES)
def test_vectors_read_back(url: str) -> None:
    scale = 8
    svg = ET.fromstring(code_svg(url))
    side = int(svg.attrib["viewBox"].split()[-1])
    picture = Image.new("RGB", (side * scale, side * scale), "white")
    pen = ImageDraw.Draw(picture)
    path = svg.findall(f"{SVG}path")[1].attrib["d"]
    for x, y, width, height in (tuple(map(int, found)) for found in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path)):
        pen.rectangle((x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1), fill="black")
    mark = {name: float(value) * scale for name, value in svg.findall(f"{SVG}rect")[0].attrib.items() if name != "fill"}
    pen.rounded_rectangle((mark["x"], mark["y"], mark["x"] + mark["width"], mark["y"] + mark["height"]), mark["rx"], fill="#0F6B5C")
    assert read(picture) == (url, "H")


def test_svg_holds_nothing_that_the_content_policy_refuses() -> None:
    assert not re.search(r"<script|<style|style=|href|\son", code_svg(URL))


@pytest.mark.parametrize("url", ADDRESSES)
def test_emblem_takes_less_than_seven_hundredths_and_no_dark_module_touches_it(url: str) -> None:
    plain, marked = symbol(url, emblem=False), symbol(url)
    assert plain.emblem is None
    mark = marked.emblem
    assert mark is not None
    gone = set(modules(plain)) - set(modules(marked))
    span = max(x for x, _ in gone) - min(x for x, _ in gone) + 1
    assert span**2 / marked.size**2 < 0.07
    beyond = mark.x + mark.side
    assert not [(x, y) for x, y in modules(marked) if mark.x - 1 < x < beyond and mark.y - 1 < y < beyond]
    assert mark.x + mark.side / 2 == pytest.approx(marked.size / 2)


@pytest.mark.parametrize("url", ADDRESSES)
def test_merged_rectangles_do_not_overlap_and_are_few(url: str) -> None:
    drawn = symbol(url, emblem=False)
    dark = modules(drawn)
    assert len(dark) == len(set(dark))
    assert len(drawn.rects) < len(dark) / 2


def test_four_white_modules_on_every_side() -> None:
    picture = opened(code_png(URL, module_px=5)).convert("L")
    edge = QUIET * 5
    assert Image.eval(picture, lambda value: 255 - value).getbbox() == (edge, edge, picture.width - edge, picture.height - edge)


def test_same_address_same_bytes() -> None:
    assert code_png(URL) == code_png(URL)
    assert code_svg(URL) == code_svg(URL)


@pytest.mark.parametrize("module_px", [1, 3, 7, 40])
def test_any_module_size_keeps_the_emblem_inside_the_picture(module_px: int) -> None:
    picture = opened(code_png(URL, module_px=module_px))
    assert picture.size == (symbol(URL).full_size * module_px,) * 2
    mark = symbol(URL).emblem
    assert mark is not None
    corner = int((mark.x + QUIET + mark.side * 0.2) * module_px), int((mark.y + QUIET + mark.side * 0.12) * module_px)
    red, green, blue = picture.getpixel(corner)  # type: ignore[misc] # a picture in RGB answers with three numbers
    assert green > max(red, blue)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("", "是空的", id="empty"),
        pytest.param("zb.yunqi.example/p/1", "https://", id="no scheme"),
        pytest.param("ftp://zb.yunqi.example", "https://", id="a scheme that phones don't open"),
        pytest.param("javascript:alert(1)", "https://", id="a script"),
        pytest.param("https://", "完整的域名", id="no host"),
        pytest.param("https:///p/1", "完整的域名", id="a path and no host"),
        pytest.param("https://[::1/p", "完整的域名", id="half an address"),
        pytest.param("https://zb.yunqi.example:port/", "完整的域名", id="a port that is no number"),
        pytest.param("https://zb.yunqi.example/龙池", "中文", id="not ASCII"),
        pytest.param("https://zb.yunqi.example/a b", "空格", id="a space"),
        pytest.param("https://zb.yunqi.example/\n", "不可见", id="a line break"),
        pytest.param(URL + "x" * URL_LIMIT, "最多 200 个", id="too long"),
    ],
)
def test_bad_address_is_refused_with_a_sentence(url: str, says: str) -> None:
    for draw in (code_png, code_svg, symbol):
        with pytest.raises(ValueError, match=says):
            draw(url)


@pytest.mark.parametrize("module_px", [0, -1, 41])
def test_absurd_module_size_is_refused(module_px: int) -> None:
    with pytest.raises(ValueError, match="1 到 40"):
        code_png(URL, module_px=module_px)


@pytest.mark.parametrize(
    ("colour", "says"),
    [("green", "RRGGBB"), ("#0F6B5", "RRGGBB"), ('#0F6B5C"', "RRGGBB"), ("#FFFFFF", "太浅"), ("#F0C000", "太浅")],
)
def test_colour_that_would_not_print_is_refused(colour: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_colour(colour)
    with pytest.raises(ValueError, match=says):
        code_svg(URL, colour=colour)
