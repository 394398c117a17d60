"""A list or another draft as DOCX: body in 22 lines of 28 characters, the table on landscape pages, page numbers on the outer side."""

from datetime import datetime, time
from io import BytesIO
from math import floor
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from intake.adapters.papers import wording
from intake.adapters.papers.measures import (
    ADVANCE,
    BODY,
    FACES,
    FANG_SONG,
    FOOT_GAP,
    HEI,
    LANDSCAPE,
    LINE_PITCH,
    MM,
    PAGE_NUMBER,
    PORTRAIT,
    SONG,
    SONG_TITLE,
    TABLE,
    TABLE_LINE,
    TITLE,
    Face,
    Page,
)
from intake.adapters.papers.office_zip import sealed
from intake.ports import Draft, DraftTable

TWIP = 20
"""Twentieths of a point, which Word counts in."""
_PITCH = floor(LINE_PITCH * TWIP)
"""28.95 pt from line to line: 22 of them fill a page; a fraction more, and the last would go over."""
_CLOSER = floor((ADVANCE - BODY) * TWIP)
"""How much closer 3号 is set, so that 28 characters fill a line. Not by the grid: LibreOffice gives a character two cells as soon as it is
wider than one."""
_CENTRED = '<w:jc w:val="center"/>'
_EDGES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def word(draft: Draft) -> bytes:
    """The file."""
    document = Document()
    _properties(document, draft)
    _normal(document)
    _page(document.sections[0], PORTRAIT)
    _body(document, draft)
    if draft.table is not None:
        _annex(document, draft.table)
    _numbers(document)
    out = BytesIO()
    document.save(out)
    return sealed(out.getvalue(), instead={"word/fontTable.xml": _font_table()})


def _annex(document: Word, table: DraftTable) -> None:
    annex = document.add_section(WD_SECTION.NEW_PAGE)
    annex.orientation = WD_ORIENT.LANDSCAPE
    _page(annex, LANDSCAPE)
    _line(document, table.line, HEI)
    document.element.body.insert(-1, parse_xml(_table(table)))


def _properties(document: Word, draft: Draft) -> None:
    core = document.core_properties
    core.title, core.author, core.last_modified_by, core.comments = wording.printable(draft.title), "zhibao", "zhibao", ""
    core.created = core.modified = datetime.combine(draft.day, time())
    core.revision, core.language = 1, "zh-CN"


def _normal(document: Word) -> None:
    """Everything is 3号 仿宋 unless it says otherwise."""
    style: Any = document.styles["Normal"]
    style.font.size = Pt(BODY)
    properties = style.element.get_or_add_rPr()
    _face(properties, FANG_SONG)
    properties.append(parse_xml(f'<w:lang {nsdecls("w")} w:eastAsia="zh-CN"/>'))  # or some draw the characters as elsewhere
    style.paragraph_format.space_after = Pt(0)


def _face(properties: Any, face: Face) -> None:
    fonts = properties.get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(kind), face.name)


def _page(section: Section, page: Page) -> None:
    section.page_width, section.page_height = Mm(page.width), Mm(page.height)
    section.top_margin, section.left_margin = Mm(page.top), Mm(page.left)
    section.bottom_margin, section.right_margin = Mm(page.bottom), Mm(page.right)
    section.footer_distance = Pt((page.bottom - FOOT_GAP) * MM - PAGE_NUMBER)
    properties: Any = section._sectPr  # noqa: SLF001 - python-docx has no words for the grid
    for grid in properties.findall(qn("w:docGrid")):
        properties.remove(grid)
    properties.append(parse_xml(f'<w:docGrid {nsdecls("w")} w:type="lines" w:linePitch="{_PITCH}"/>'))


def _body(document: Word, draft: Draft) -> None:
    _line(document, wording.MARK, HEI)
    _line(document, "", FANG_SONG)
    _line(document, draft.title, SONG_TITLE, size=TITLE, align=WD_ALIGN_PARAGRAPH.CENTER)
    if draft.under:
        _line(document, draft.under, FANG_SONG, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, "", FANG_SONG)
    for part in draft.parts:
        if part.heading:
            _line(document, part.heading, HEI, indent=True)
        for words in part.paragraphs:
            _line(document, words, FANG_SONG, indent=True)


def _line(
    document: Word,
    words: str,
    face: Face,
    *,
    size: float = BODY,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY,
    indent: bool = False,
) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = align
    properties = _run(paragraph, words, face, size)
    if size == BODY:  # a run's properties have an order: spacing stands before its size
        properties.find(qn("w:sz")).addprevious(parse_xml(f'<w:spacing {nsdecls("w")} w:val="{_CLOSER}"/>'))
    paragraph.paragraph_format.line_spacing = Pt(_PITCH / TWIP)
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * ADVANCE)


def _run(paragraph: Paragraph, words: str, face: Face, size: float) -> Any:
    """Its properties, for what python-docx has no words for."""
    run = paragraph.add_run(wording.printable(words))
    run.font.size = Pt(size)
    properties = run._r.get_or_add_rPr()  # noqa: SLF001 - python-docx names the Latin face alone
    _face(properties, face)
    return properties


def _table(table: DraftTable) -> str:
    """As XML at once: cell by cell a long list takes python-docx minutes."""
    widths = [round(share * LANDSCAPE.block_width * MM * TWIP) for share in table.shares]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = _row(table.heads, widths, HEI, "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>", centred=len(widths))
    rows = "".join(_row(row, widths, FANG_SONG, "", centred=1) for row in table.rows)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{_EDGES}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{rows}</w:tbl>'
    )


def _row(cells: tuple[str, ...], widths: list[int], face: Face, properties: str, *, centred: int) -> str:
    made = (
        _cell(words, width, face, _CENTRED if number < centred else "")
        for number, (words, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"<w:tr>{properties}{''.join(made)}</w:tr>"


def _cell(words: str, width: int, face: Face, align: str) -> str:
    paragraphs = "".join(_cell_line(one, face, align) for one in wording.printable(words).split("\n"))
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>{paragraphs}</w:tc>'


def _cell_line(words: str, face: Face, align: str) -> str:
    return (
        f'<w:p><w:pPr><w:snapToGrid w:val="0"/><w:spacing w:line="{round(TABLE_LINE * TWIP)}" w:lineRule="exact"/>{align}</w:pPr>'
        f'<w:r><w:rPr><w:rFonts w:ascii="{face.name}" w:hAnsi="{face.name}" w:eastAsia="{face.name}" w:cs="{face.name}"/>'
        f'<w:sz w:val="{round(TABLE * 2)}"/></w:rPr><w:t xml:space="preserve">{escape(words)}</w:t></w:r></w:p>'
    )


def _numbers(document: Word) -> None:
    document.settings.odd_and_even_pages_header_footer = True
    first = document.sections[0]
    for footer, align in ((first.footer, WD_ALIGN_PARAGRAPH.RIGHT), (first.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = align
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(PAGE_NUMBER)
        _run(paragraph, "— ", SONG, PAGE_NUMBER)
        field = parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"/>')
        paragraph._p.append(field)  # noqa: SLF001 - python-docx has no words for fields
        _run(paragraph, "1", SONG, PAGE_NUMBER)
        field.append(paragraph.runs[-1]._r)  # noqa: SLF001 - as above
        _run(paragraph, " —", SONG, PAGE_NUMBER)


def _font_table() -> str:
    """The faces, and for machines without them what may stand in."""
    fonts = "".join(f'<w:font w:name="{face.name}"><w:altName w:val="{",".join(face.others)}"/></w:font>' for face in FACES)
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:fonts {nsdecls("w")}>{fonts}</w:fonts>'
