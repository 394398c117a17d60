"""The poster on the wall: rendered by an independent PDF reader, then scanned, measured and read."""

import datetime as dt
import threading
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from qr_assets import fonts
from qr_assets.code import QUIET, symbol
from qr_assets.fonts import FontsMissingError, poster_fonts
from qr_assets.lines import balanced, break_lines
from qr_assets.poster import LIMITS, PosterSpec, poster_pdf, posters_pdf

MM = 72 / 25.4
PRINTER_EDGE = 8 * MM  # what home and office printers may leave blank
LONGEST_PLACE = "云栖区丰山街道龙池湖畔东方花园北区第二十三居民小区综合服务站"


def spec(**changes: Any) -> PosterSpec:
    facts: dict[str, Any] = {
        "district": "云栖区", "street": "丰山街道", "place": "龙池社区", "url": "https://zb.yunqi.example/p/LC4827",
        "short_code": "LC 4827", "host_for_typing": "zb.yunqi.example",
        "controller": "云栖区政协办公室", "version": 3, "date": dt.date(2026, 11, 2),
        "phone": "0550-3012345", "phone_hours": "周一至周五 9–17 时", "phone_name": "王姐",
    }  # fmt: skip
    return PosterSpec(**(facts | changes))


def fullest() -> PosterSpec:
    """Every field as long as it may be, in the widest letters that belong there."""
    latin = {"short_code", "host_for_typing", "phone"}
    texts = {field: ("W" if field in latin else "龙") * longest for field, longest in LIMITS.items()}
    return spec(**texts, url="https://a.cn/" + "x" * 187)


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


def boxes(pdf: bytes) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Each printed character with its left, bottom, right and top in points."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0].get_textpage()
        return [(page.get_text_range(at, 1), page.get_charbox(at)) for at in range(page.count_chars())]
    finally:
        document.close()


POSTERS = [
    pytest.param(spec, id="usual"),
    pytest.param(lambda: spec(place=LONGEST_PLACE, street="丰山街道办事处驻城北工业园片区服务中心"), id="a name of thirty characters"),
    pytest.param(lambda: spec(phone=""), id="no telephone"),
    pytest.param(lambda: spec(title="龙池湖畔的大事小情，都可以扫码说一说"), id="a title of two lines"),
    pytest.param(lambda: spec(place="Longchi Community Service Station of Yunqi"), id="a Latin name"),
    pytest.param(fullest, id="every field full"),
]


@pytest.mark.parametrize("make", POSTERS)
def test_code_reads_back_at_150_dpi_tilted_and_blurred(make: Any) -> None:
    poster = make()
    photo = rendered(poster_pdf(poster)).rotate(3, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    (found,) = zxingcpp.read_barcodes(photo.filter(ImageFilter.GaussianBlur(1.5)))
    assert (found.text, found.ec_level) == (poster.url, "H")


@pytest.mark.parametrize("make", POSTERS)
def test_code_is_at_least_six_centimetres_wide_with_nothing_in_its_quiet_zone(make: Any) -> None:
    poster = make()
    picture = rendered(poster_pdf(poster))
    (found,) = zxingcpp.read_barcodes(picture)
    left, top, right = found.position.top_left.x, found.position.top_left.y, found.position.top_right.x
    assert (right - left) / 150 * 2.54 >= 6
    quiet = (right - left) / symbol(poster.url).size * QUIET
    zone = picture.convert("L").crop((int(left - quiet), int(top - quiet), int(right + quiet), int(right - left + top + quiet)))
    assert ImageOps.invert(zone).point(lambda value: 255 * (value > 8)).getbbox() == pytest.approx(
        (quiet, quiet, zone.width - quiet, zone.height - quiet), abs=3
    )


@pytest.mark.parametrize("make", POSTERS)
def test_nothing_reaches_the_edge_of_the_page(make: Any) -> None:
    pdf = poster_pdf(make())
    ink = ImageOps.invert(rendered(pdf, dpi=72).convert("L")).getbbox()
    assert ink is not None
    assert min(ink[0], ink[1], 595 - ink[2], 842 - ink[3]) >= PRINTER_EDGE


@pytest.mark.parametrize("make", POSTERS)
def test_no_two_characters_overlap(make: Any) -> None:
    """Rows that run into one another would show as boxes that share more than a sliver."""
    printed = [box for character, box in boxes(poster_pdf(make())) if character.strip()]
    for at, (left, bottom, right, top) in enumerate(printed):
        for other_left, other_bottom, other_right, other_top in printed[at + 1 :]:
            width = min(right, other_right) - max(left, other_left)
            height = min(top, other_top) - max(bottom, other_bottom)
            assert min(width, height) <= 1


@pytest.mark.parametrize("make", POSTERS)
def test_steps_end_well_above_the_help_line(make: Any) -> None:
    printed = boxes(poster_pdf(make()))
    text = "".join(character for character, _ in printed)
    steps_end, help_start = printed[text.index("办到哪一步")][1][1], printed[text.index("不会用手机")][1][3]
    assert steps_end - help_start > 20


def test_says_who_listens_how_to_get_in_and_whom_to_call_in_an_emergency() -> None:
    text = words(poster_pdf(spec()))
    for part in (
        "云栖区 · 丰山街道", "龙池社区", "直报点", "身边的事，扫码说", "zb.yunqi.example", "LC 4827", "1 扫一扫",
        "2 说清楚", "3 等回音", "社区服务台可以代您填，或打电话", "0550-3012345", "周一至周五 9–17 时，王姐接",
        "云栖区政协办公室 主办", "第 3 版 2026-11", "110 119 120",
    ):  # fmt: skip
        assert part in text


def test_without_a_telephone_the_service_desk_remains() -> None:
    text = words(poster_pdf(spec(phone="", phone_hours="周一至周五", phone_name="王姐")))
    assert "社区服务台可以代您填" in text
    assert "打电话" not in text
    assert "王姐" not in text


def test_nothing_on_the_poster_is_red_like_a_seal() -> None:
    colours = rendered(poster_pdf(spec()), dpi=72).getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert not [rgb for _, rgb in colours if isinstance(rgb, tuple) and rgb[0] - max(rgb[1:3]) > 60]


def test_long_names_are_printed_whole() -> None:
    assert LONGEST_PLACE in words(poster_pdf(spec(place=LONGEST_PLACE)))


def test_rare_characters_of_village_names_are_embedded() -> None:
    assert "㵲昳〇" in words(poster_pdf(spec(place="㵲昳〇村")))


def test_same_spec_same_bytes_even_from_several_threads_at_once() -> None:
    places = [f"龙池社区第{number}网格" for number in "一二三四五六"]
    alone = {place: poster_pdf(spec(place=place)) for place in places}
    together: dict[str, bytes] = {}
    threads = [threading.Thread(target=lambda place=place: together.update({place: poster_pdf(spec(place=place))})) for place in places]
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
    pdf = posters_pdf(asked(), progress=heard.append)
    assert heard == [1, 2, 3]
    assert [f"第{number}网格" in words(pdf, page=page) for page, number in enumerate("一二三")] == [True] * 3


def test_batch_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="先选择直报点"):
        posters_pdf([])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"place": ""}, "直报点名称是空的", id="no name"),
        pytest.param({"controller": "  "}, "主办单位是空的", id="only spaces"),
        pytest.param({"place": "龙" * 61}, "有 61 个字，海报上最多放 60 个", id="a name that is a paragraph"),
        pytest.param({"place": "龙池\n社区"}, "换行", id="a line break"),
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


def by_characters(text: str) -> float:
    return float(len(text))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("龙池社区居民", ["龙池社区居", "民"], id="filled in turn"),
        pytest.param("龙池社区居，民", ["龙池社区", "居，民"], id="no comma begins a line"),
        pytest.param("龙池社区（居民", ["龙池社区", "（居民"], id="no bracket ends a line"),
        pytest.param("打 0550", ["打", "0550"], id="a number stays whole"),
        pytest.param("abcdefgh", ["abcde", "fgh"], id="unless it is wider than the room"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_lines_break_as_chinese_does(text: str, lines: list[str]) -> None:
    assert break_lines(text, room=5, measure=by_characters) == lines


def test_balanced_lines_leave_no_single_character_over() -> None:
    assert balanced("龙池社区居民委", room=6, measure=by_characters) == ["龙池社区", "居民委"]
