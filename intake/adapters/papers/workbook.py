"""A list as XLSX: plain text in every cell, so that nothing anybody wrote is ever a formula."""

from datetime import datetime, time
from io import BytesIO
from math import ceil
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from intake.adapters.papers import wording
from intake.adapters.papers.measures import FANG_SONG, HEI, LANDSCAPE, SONG_TITLE, TABLE
from intake.adapters.papers.office_zip import sealed
from intake.domain.official_list import LIST_NAMES
from intake.ports import Paper

HEAD_ROW = 3
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What programs take for the beginning of a formula when a cell is typed or pasted again; such a cell is marked as quoted text."""
_CHARACTERS = 150
"""Of all columns together, in widths of a digit."""
_DIGIT = 5.25
"""Points that one width of a digit takes, in the font of a new workbook."""
_LINE = TABLE * 1.35
"""Points from one line to the next."""
_EDGE = Border(**{side: Side(style="thin") for side in ("left", "right", "top", "bottom")})
_WRAPPED = Alignment(wrap_text=True, vertical="center")
_CENTRED = Alignment(wrap_text=True, vertical="center", horizontal="center")
_INCH = 25.4


def workbook(paper: Paper) -> bytes:
    """Title, edition, the table with its head frozen, ready to print on landscape A4."""
    book = Workbook()
    sheet = book.active
    sheet.title = LIST_NAMES[paper.kind]
    _top(sheet, paper)
    widths = [round(share * _CHARACTERS, 1) for share in wording.shares(paper)]
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for place, row in enumerate(wording.table_rows(paper), start=HEAD_ROW + 1):
        for column, words in enumerate(row, start=1):
            _put(sheet.cell(place, column), words, Font(name=FANG_SONG.name, size=TABLE), _CENTRED if column == 1 else _WRAPPED)
        # Without a height of their own, rows that programs don't measure anew are printed over one another.
        sheet.row_dimensions[place].height = round(_LINE * max(map(_lines, row, widths)), 1)
    _print_setup(sheet)
    return sealed(_saved(book, paper))


def _lines(words: str, width: float) -> int:
    """How many lines the words take in a column, when a character of Chinese is as wide as two digits."""
    fits = max(1, int(width * _DIGIT / TABLE))
    return sum(max(1, ceil(len(line) / fits)) for line in words.split("\n"))


def _top(sheet: Worksheet, paper: Paper) -> None:
    last = len(paper.columns) + 1
    for row, words, font in (
        (1, f"{paper.title}（{wording.MARK}）", Font(name=SONG_TITLE.name, size=18)),
        (2, wording.edition_line(paper), Font(name=FANG_SONG.name, size=12)),
    ):
        _put(sheet.cell(row, 1), words, font, _CENTRED, edge=False)
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
    for column, words in enumerate(wording.heads(paper), start=1):
        _put(sheet.cell(HEAD_ROW, column), words, Font(name=HEI.name, size=TABLE), _CENTRED)
    sheet.row_dimensions[1].height = 30
    sheet.freeze_panes = f"C{HEAD_ROW + 1}"


def _put(cell: Cell, words: str, font: Font, alignment: Alignment, *, edge: bool = True) -> None:
    text = wording.printable(words)
    cell.value = text
    cell.data_type = "s"  # openpyxl takes "=1" for a formula
    cell.number_format = "@"
    cell.quotePrefix = text.startswith(FORMULA_STARTS)
    cell.font, cell.alignment = font, alignment
    if edge:
        cell.border = _EDGE


def _print_setup(sheet: Worksheet) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.oddFooter.center.text = "— &P —"
    margins = sheet.page_margins
    margins.top, margins.left = LANDSCAPE.top / _INCH, LANDSCAPE.left / _INCH
    margins.bottom, margins.right = LANDSCAPE.bottom / _INCH, LANDSCAPE.right / _INCH


def _saved(book: Workbook, paper: Paper) -> bytes:
    """Without `Workbook.save`, which writes down when it was called."""
    day = datetime.combine(paper.day, time())
    book.properties.title, book.properties.creator = wording.printable(paper.title), "zhibao"
    book.properties.created = book.properties.modified = day
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    return out.getvalue()
