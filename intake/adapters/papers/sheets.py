"""A workbook of plain sheets: numbers that can be added up, days and shares that can be sorted, and words that are never a formula, whoever wrote them."""

from datetime import date, datetime, time
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from intake.adapters.papers import wording
from intake.adapters.papers.office_zip import sealed
from intake.adapters.papers.workbook import FORMULA_STARTS
from intake.ports import Share, Sheet, SheetCell

_HEAD_ROW = 2
_NARROWEST, _WIDEST = 8, 60
"""Of a column, in widths of a digit; a character of Chinese takes two."""
_WRAPPED = Alignment(wrap_text=True, vertical="top")


def book(sheets: tuple[Sheet, ...], *, day: date) -> bytes:
    """Each sheet with its heading, its columns named and frozen, ready to print on A4; the same sheets always give the same bytes."""
    made = Workbook()
    made.remove(made.active)
    for sheet in sheets:
        _fill(made.create_sheet(sheet.title), sheet)
    made.properties.title, made.properties.creator = wording.printable(sheets[0].heading), "zhibao"
    made.properties.created = made.properties.modified = datetime.combine(day, time())
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:  # Workbook.save writes down when it was called
        ExcelWriter(made, archive).save()
    return sealed(out.getvalue())


def _fill(page: Worksheet, sheet: Sheet) -> None:
    _put(page.cell(1, 1), sheet.heading, Font(bold=True, size=14))
    for number, row in enumerate(sheet.rows, start=_HEAD_ROW):
        for column, value in enumerate(row, start=1):
            cell = page.cell(number, column)
            _put(cell, value, Font(bold=number == _HEAD_ROW))
            cell.alignment = _WRAPPED
    for column in range(1, max((len(row) for row in sheet.rows), default=0) + 1):
        widest = max((_width(row[column - 1]) for row in sheet.rows if len(row) >= column), default=0)
        page.column_dimensions[get_column_letter(column)].width = min(max(widest + 2, _NARROWEST), _WIDEST)
    page.freeze_panes = f"A{_HEAD_ROW + 1}"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


def _put(cell: Cell, value: SheetCell, font: Font) -> None:
    cell.font = font
    if isinstance(value, Share):
        cell.value, cell.number_format = value.percent / 100, "0%"
        return
    if isinstance(value, date):
        cell.value, cell.number_format = value, "yyyy-mm-dd"
        return
    if isinstance(value, int):
        cell.value = value
        return
    text = wording.printable(value)
    cell.value = text
    cell.data_type = "s"  # openpyxl takes "=1" for a formula
    cell.number_format = "@"
    cell.quotePrefix = text.startswith(FORMULA_STARTS)


def _width(value: SheetCell) -> int:
    return max((sum(1 if character.isascii() else 2 for character in line) for line in str(value).split("\n")), default=0)
