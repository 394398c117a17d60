"""Papers: the layout of GB/T 9704, the same bytes for the same list, and nothing anybody wrote is ever a formula."""

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pypdfium2
import pytest
from docx import Document
from docx.oxml.ns import qn

from intake.adapters.papers.measures import ADVANCE, CHARACTERS, FACES, LANDSCAPE, LINE_PITCH, LINES, MM, PORTRAIT
from intake.adapters.papers.writer import OfficialPapers
from intake.domain.official_list import COLUMN_NAMES, COLUMNS, Column, Differences, ListItem, ListKind, differences
from intake.ports import DraftPart, FigurePaper, FigureTable, Paper, PaperFormat

SAME = Differences((), (), ())


def item(number: int = 1, **cells: str) -> ListItem:
    told = {Column.MATTER: "幸福里路灯不亮", Column.LEAD: "区城市管理局", **{Column(name): words for name, words in cells.items()}}
    return ListItem(referral_id=number, number=f"ZB2026-{number:04}", cells=told, lacks="")


def paper_with(*items: ListItem, kind: ListKind = ListKind.RESPONSIBILITY, **other: Any) -> Paper:
    made = Paper(
        title="云栖区路灯事项责任落实清单",
        kind=kind,
        edition=1,
        issued=False,
        day=date(2026, 11, 3),
        columns=COLUMNS[kind],
        items=items or (item(),),
        before=None,
        differences=SAME,
    )
    return replace(made, **other)


def written(paper: Paper, kind: PaperFormat) -> bytes:
    return OfficialPapers().write(paper, kind)


def word_of(paper: Paper) -> Any:
    return Document(BytesIO(written(paper, PaperFormat.DOCX)))


def pages_of(paper: Paper) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(written(paper, PaperFormat.PDF))]


def sheet_of(paper: Paper) -> Any:
    return openpyxl.load_workbook(BytesIO(written(paper, PaperFormat.XLSX))).active


def test_the_measures_are_the_standards() -> None:
    assert (PORTRAIT.top, PORTRAIT.left, PORTRAIT.block_width, PORTRAIT.block_height) == (37, 28, 156, 225)
    assert (PORTRAIT.right, PORTRAIT.bottom) == (26, 35)
    assert pytest.approx(225 * MM) == LINES * LINE_PITCH
    assert pytest.approx(156 * MM) == CHARACTERS * ADVANCE
    assert (LANDSCAPE.block_width, LANDSCAPE.block_height) == (225, 156)


@pytest.mark.parametrize("kind", list(PaperFormat))
@pytest.mark.parametrize("listed", list(ListKind))
def test_the_same_list_gives_the_same_bytes(kind: PaperFormat, listed: ListKind) -> None:
    first, second = (written(paper_with(item(1), item(2), kind=listed), kind) for _ in range(2))
    assert first == second
    assert written(paper_with(item(1), kind=listed), kind) != first
    if kind is not PaperFormat.PDF:
        with ZipFile(BytesIO(first)) as archive:
            assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_word_paper_has_the_standards_margins_faces_and_page_numbers() -> None:
    made = word_of(paper_with(item(1), item(2)))
    body, annex = made.sections
    assert [round(one.mm) for one in (body.page_width, body.page_height, body.top_margin, body.left_margin)] == [210, 297, 37, 28]
    assert [round(one.mm) for one in (body.right_margin, body.bottom_margin)] == [26, 35]
    assert [round(one.mm) for one in (annex.page_width, annex.page_height)] == [297, 210]
    title = next(one for one in made.paragraphs if one.text == "云栖区路灯事项责任落实清单")
    run = title.runs[0]
    assert (run.font.size.pt, run._r.rPr.rFonts.get(qn("w:eastAsia"))) == (22, "方正小标宋简体")
    normal = made.styles["Normal"]
    assert (normal.font.size.pt, normal.element.rPr.rFonts.get(qn("w:eastAsia"))) == (16, "仿宋_GB2312")
    heading = next(one for one in made.paragraphs if one.text == "一、范围")
    assert heading.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")) == "黑体"
    # 22 lines on a page and 28 characters in a line, each as many as there is room for and no more.
    pitch = heading.paragraph_format.line_spacing.pt
    assert LINES * pitch <= 225 * MM < (LINES + 1) * pitch
    closer = int(heading.runs[0]._r.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert CHARACTERS * (16 + closer) <= 156 * MM < (CHARACTERS + 1) * (16 + closer)
    assert made.settings.odd_and_even_pages_header_footer
    for footer, side in ((body.footer, "RIGHT"), (body.even_page_footer, "LEFT")):
        numbers = footer.paragraphs[0]
        assert numbers.alignment.name == side
        assert [one.get(qn("w:instr")) for one in numbers._p.iter(qn("w:fldSimple"))] == ["PAGE"]
        assert "".join(one.text or "" for one in numbers._p.iter(qn("w:t"))) == "— 1 —"
        assert numbers.runs[0].font.size.pt == 14


def test_a_word_paper_says_draft_and_holds_every_cell_below_a_head_that_repeats() -> None:
    made = word_of(paper_with(item(1, basis="居民说了多次"), item(2, lead="区住房和建设局")))
    assert made.paragraphs[0].text == "稿"
    table = made.tables[0]
    assert [one.text for one in table.rows[0].cells] == ["序号", *(COLUMN_NAMES[one] for one in COLUMNS[ListKind.RESPONSIBILITY])]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert [one.text for one in table.rows[1].cells[:4]] == ["1", "幸福里路灯不亮\nZB2026-0001", "居民说了多次", "区城市管理局"]
    assert table.rows[2].cells[3].text == "区住房和建设局"
    # No head, no seal: nothing stands in a header, and there is no picture.
    assert not made.sections[0].header.paragraphs[0].text
    assert not made.inline_shapes


def test_a_word_paper_names_what_may_stand_in_for_its_faces() -> None:
    with ZipFile(BytesIO(written(paper_with(), PaperFormat.DOCX))) as archive:
        table = archive.read("word/fontTable.xml").decode()
    for face in FACES:
        assert f'<w:font w:name="{face.name}"><w:altName w:val="{",".join(face.others)}"/>' in table


def test_a_pdf_has_a_portrait_body_and_a_landscape_table_with_numbers_outside() -> None:
    made = pypdfium2.PdfDocument(written(paper_with(*(item(number) for number in range(1, 60))), PaperFormat.PDF))
    assert [round(one / MM) for one in made[0].get_size()] == [210, 297]
    assert {tuple(round(one / MM) for one in made[number].get_size()) for number in range(1, len(made))} == {(297, 210)}
    texts = [page.get_textpage().get_text_range() for page in made]
    assert texts[0].startswith("稿")
    assert "云栖区路灯事项责任落实清单" in texts[0]
    assert "共 59 项，涉及主办单位 1 个" in texts[0].replace("\r\n", "")
    assert all("序\r\n号" in text or "序号" in text for text in texts[1:]), "the head stands on each page"
    assert all(f"— {number} —" in text for number, text in enumerate(texts, start=1))
    assert sum(text.count("ZB2026-") for text in texts[1:]) == 59
    # Right on odd pages, left on even ones.
    places = [page.get_textpage().search("—").get_next() for page in made]
    boxes = [page.get_textpage().get_charbox(found[0])[0] / page.get_size()[0] for page, found in zip(made, places, strict=True) if found]
    assert [one > 0.5 for one in boxes[:2]] == [True, False]


def test_nothing_of_a_pdf_stands_outside_its_text_block() -> None:
    longest = item(1, basis="居民多次反映，" * 400, measure="x" * 300)
    for number, page in enumerate(pypdfium2.PdfDocument(written(paper_with(longest, item(2)), PaperFormat.PDF))):
        text = page.get_textpage()
        layout, (width, height) = (LANDSCAPE if number else PORTRAIT), page.get_size()
        boxes = [text.get_charbox(place) for place in range(text.count_chars()) if text.get_text_range(place, 1).strip()]
        assert min(one[0] for one in boxes) >= layout.left * MM - 1
        assert max(one[2] for one in boxes) <= width - layout.right * MM + 1
        assert max(one[3] for one in boxes) <= height - layout.top * MM + 1
        assert min(one[1] for one in boxes) >= layout.bottom * MM - 8 * MM


def test_a_row_longer_than_a_page_goes_on_on_the_next_and_loses_nothing() -> None:
    texts = pages_of(paper_with(item(1, basis="路灯" * 1500), item(2)))
    assert len(texts) > 3
    assert sum(text.replace("\r\n", "").count("灯") for text in texts[1:]) >= 1500
    assert "ZB2026-0002" in texts[-1]


def test_a_character_that_no_font_has_is_marked_as_printers_do() -> None:
    assert "张〓" in pages_of(paper_with(item(1, basis="张\U00030edd")))[1]


# Whatever a cell begins with, programs show it and count nothing.
@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")', "普通的话"])
def test_no_cell_is_ever_a_formula(words: str) -> None:
    cell = sheet_of(paper_with(item(1, basis=words)))["C4"]
    assert (cell.value, cell.data_type, cell.number_format) == (words, "s", "@")
    assert bool(cell.quotePrefix) is (words != "普通的话")


def test_a_workbook_is_ready_to_read_and_to_print() -> None:
    sheet = sheet_of(paper_with(item(1), item(2), kind=ListKind.RESULT))
    assert sheet.title == "结果反馈清单"
    assert sheet["A1"].value == "云栖区路灯事项责任落实清单（稿）"
    assert [one.value for one in sheet[3]] == ["序号", *(COLUMN_NAMES[one] for one in COLUMNS[ListKind.RESULT])]
    assert [sheet.cell(row, 1).value for row in (4, 5)] == ["1", "2"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("C4", "$3:$3")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == ("landscape", 9, 0)
    widths = [one.width for one in sheet.column_dimensions.values()]
    assert len(widths) == 9
    assert max(widths) > 2 * min(widths) > 0


def test_rows_of_a_workbook_are_as_high_as_their_longest_cell() -> None:
    sheet = sheet_of(paper_with(item(1, basis="短"), item(2, basis="很长的依据" * 40)))
    assert sheet.row_dimensions[5].height > 3 * sheet.row_dimensions[4].height >= 40


def test_what_no_xml_may_hold_is_replaced_and_not_refused() -> None:
    paper = paper_with(item(1, basis="前\x00\x0b\ufffe后"))
    assert word_of(paper).tables[0].rows[1].cells[2].text == "前\ufffd\ufffd\ufffd后"
    assert sheet_of(paper)["C4"].value == "前\ufffd\ufffd\ufffd后"


def test_markup_in_a_cell_is_text() -> None:
    assert word_of(paper_with(item(1, basis="<w:p/>&amp;"))).tables[0].rows[1].cells[2].text == "<w:p/>&amp;"


def test_the_next_edition_says_on_paper_what_is_different() -> None:
    before, after = (item(1), item(2)), (item(1, lead="区住房和建设局"), item(3))
    paper = paper_with(*after, edition=2, issued=True, before=1, differences=differences(before, after))
    words = [one.text for one in word_of(paper).paragraphs]
    assert "（第 2 版，2026年11月3日印发）" in words
    assert "二、与第 1 版的差异" in words
    assert "新增：幸福里路灯不亮（ZB2026-0003）。" in words
    assert "删去：幸福里路灯不亮（ZB2026-0002）。" in words
    assert "幸福里路灯不亮（ZB2026-0001）：主办单位由“区城市管理局”改为“区住房和建设局”。" in words
    assert "内容没有变化。" in [one.text for one in word_of(replace(paper, differences=SAME)).paragraphs]


@pytest.mark.parametrize("kind", [PaperFormat.DOCX, PaperFormat.XLSX])
def test_libreoffice_opens_it(kind: PaperFormat, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("platform: no LibreOffice here; it is no tool of CI's, and the files are opened by two other libraries above")
    file = tmp_path / f"paper.{kind.value}"
    file.write_bytes(written(paper_with(item(1), item(2)), kind))
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = [program, home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pages = pypdfium2.PdfDocument(file.with_suffix(".pdf"))
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    assert "ZB2026-0002" in text
    if kind is PaperFormat.DOCX:
        assert [tuple(round(one / MM) for one in page.get_size()) for page in pages] == [(210, 297), (297, 210)]
        assert ["— 1 —" in pages[0].get_textpage().get_text_range(), "— 2 —" in pages[1].get_textpage().get_text_range()] == [True, True]


def figures_of(rows: int, *, notes: tuple[str, ...] = ("按区域的顺序列出，不排名。",)) -> FigurePaper:
    areas = tuple((f"第 {number} 社区", str(number), "不列") for number in range(rows))
    few = FigureTable("居民怎么说", ("居民怎么说", "次", "占 7 里的"), (("解决了", "7", "100%"),), ())
    return FigurePaper(
        "云栖区 · 全区情况",
        "2026-11-01 – 2026-11-30",
        (few, FigureTable("各区域", ("区域", "收到", "其中定了去向"), areas, notes)),
        DraftPart("说明", ("没有手机的人不在里面。",)),
    )


def printed(paper: FigurePaper) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(OfficialPapers().figures(paper))]


def test_figures_are_printed_as_tables_with_the_head_on_each_page() -> None:
    pages = printed(figures_of(100))
    assert 2 < len(pages) < 5
    for number, page in enumerate(pages, start=1):
        assert "其中定了去向" in page
        assert f"{number} / {len(pages)}" in page
    whole = "".join(pages)
    assert [whole.count(f"第 {number} 社区") for number in range(100)] == [1] * 100
    assert "解决了" in pages[0]
    assert "没有手机的人不在里面" in pages[-1]


def test_nothing_printed_stands_outside_the_page() -> None:
    made = OfficialPapers().figures(figures_of(60, notes=("说得多的不一定最要紧；" * 200, "按区域的顺序列出，不排名。" * 40)))
    for page in pypdfium2.PdfDocument(made):
        words = page.get_textpage()
        boxes = [words.get_charbox(number) for number in range(words.count_chars())]
        assert min(box[0] for box in boxes) > 0
        assert max(box[2] for box in boxes) < page.get_width()
        assert min(box[1] for box in boxes) > 0


# The title of a short table would otherwise stand alone at the foot of a page.
@pytest.mark.parametrize("rows", range(30, 46, 3))
def test_a_table_does_not_begin_with_its_title_alone(rows: int) -> None:
    paper = figures_of(rows)
    last = FigureTable("议题从哪条路来", ("途径", "立起来"), (("群众出题", "62"), ("委员荐题", "0")), ())
    pages = printed(replace(paper, tables=(*paper.tables, last)))
    assert [("议题从哪条路来" in page) == ("群众出题" in page) for page in pages] == [True] * len(pages)


def test_the_same_figures_are_the_same_file() -> None:
    assert OfficialPapers().figures(figures_of(3)) == OfficialPapers().figures(figures_of(3))
