"""What a table is, its first sight and its rows, whatever its kind."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from intake.adapters.tables.text_file import TextTable
from intake.domain.errors import InvalidInput
from intake.domain.import_mapping import MOST_COLUMNS, MOST_ROWS, UNVALUED, ImportField, guess
from intake.domain.row_import import ImportFormat
from intake.ports import TableLook

if TYPE_CHECKING:
    from intake.adapters.tables.workbook import WorkbookTable

SHOWN_ROWS = 5
SHOWN_CHARACTERS = 120
HEAD_CHARACTERS = 60
MOST_TITLES = 4
"""Rows above the heads that are passed over: what the table is, who made it, when."""
_NAME_CHARACTERS = 20
"""What a column is called is no longer; what somebody said mostly is."""
_SEEN = 4096
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NO_TABLES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"{\\rtf")
"""Papers, pictures and archives, whatever they are called."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class FileTables:
    """Tables from files: CSV in UTF-8, UTF-16 or GB18030, separated by commas, semicolons or tabs; XLSX without macros."""

    def kind(self, source: BinaryIO, *, name: str) -> ImportFormat:
        """By its first bytes, since the name says what its sender believes; a workbook with macros is refused by name here, and by what it
        holds when it is read.
        """
        source.seek(0)
        begin = source.read(_SEEN)
        source.seek(0)
        if not begin.strip():
            raise InvalidInput("文件是空的，请检查后重新选择。", field="file")
        if name.lower().endswith((".xlsm", ".xlsb", ".xltm")):
            raise InvalidInput("带宏的工作簿不能导入。请在 Excel 里另存为“Excel 工作簿 (.xlsx)”或 CSV。", field="file")
        if begin.startswith(_OLD_OFFICE):
            raise InvalidInput("这是旧版或加了密码的 Excel 文件。请打开后另存为没有密码的“Excel 工作簿 (.xlsx)”或 CSV。", field="file")
        if begin.startswith(_ZIP):
            return ImportFormat.XLSX
        if begin.startswith(_NO_TABLES) or (not begin.startswith(_UTF_16) and begin.count(0) > len(begin) // 20):
            raise InvalidInput("这不像表格。请选 CSV 或 XLSX 文件。", field="file")
        return ImportFormat.CSV

    def look(self, source: BinaryIO, kind: ImportFormat, *, sheet: int) -> TableLook:
        """Heads, the first rows with long cells cut, and how many rows there are; InvalidInput for a table without any, or with too many."""
        table = _table(source, kind)
        titles = _titles(table, sheet)
        rows = islice(table.rows(sheet=sheet, most_columns=MOST_COLUMNS + 1, above=titles), titles, None)
        heads = next((cells for _, cells in rows), ())
        if not heads:
            raise InvalidInput("表里没有内容，请检查后重新选择。", field="file")
        if len(heads) > MOST_COLUMNS:
            raise InvalidInput(f"超过 {MOST_COLUMNS} 列，不像来件的表。请只留下需要的列。", field="file")
        first = tuple(tuple(cell[:SHOWN_CHARACTERS] for cell in cells[: len(heads)]) for _, cells in islice(rows, SHOWN_ROWS))
        if not first:
            raise InvalidInput("只有表头，没有内容。请检查后重新选择。", field="file")
        total = max(table.count(sheet=sheet) - titles, 0)
        if total > MOST_ROWS and kind is ImportFormat.CSV:  # many rows of a workbook may be blank
            raise InvalidInput(f"超过 {MOST_ROWS} 行。请按月份拆成几个文件，分批导入。", field="file")
        return TableLook(sheets=table.sheets(), heads=tuple(_head(cell, at) for at, cell in enumerate(heads, 1)), rows=first, total=total)

    def rows(self, source: BinaryIO, kind: ImportFormat, *, sheet: int) -> Iterator[tuple[int, Sequence[str]]]:
        """The rows below the heads; InvalidInput in the middle where the file breaks off, or goes on for too long."""
        table = _table(source, kind)
        titles = _titles(table, sheet)
        found = islice(table.rows(sheet=sheet, most_columns=MOST_COLUMNS, above=titles), titles, None)
        first = next(found, None)
        if first is None:
            return
        for count, (line, cells) in enumerate(found, 1):
            if count > MOST_ROWS:
                raise InvalidInput(f"超过 {MOST_ROWS} 行。请按月份拆成几个文件，分批导入。", field="file")
            yield line - first[0], cells


def _table(source: BinaryIO, kind: ImportFormat) -> "TextTable | WorkbookTable":
    if kind is ImportFormat.CSV:
        return TextTable(source)
    from intake.adapters.tables.workbook import WorkbookTable  # its library takes long to import, and few processes ever read one

    return WorkbookTable(source)


def _titles(table: "TextTable | WorkbookTable", sheet: int) -> int:
    """How many rows stand above the heads: none, unless one or two cells are followed by a row of names that has one for the text."""
    first = [cells for _, cells in islice(table.rows(sheet=sheet, most_columns=MOST_COLUMNS, above=MOST_TITLES), MOST_TITLES + 1)]
    if not first or _filled(first[0]) > 2 or ImportField.TEXT in guess(first[0]):
        return 0
    return next((at for at, cells in enumerate(first) if _names_columns(cells)), 0)


def _names_columns(cells: Sequence[str]) -> bool:
    return _filled(cells) > 2 and all(len(cell) <= _NAME_CHARACTERS for cell in cells) and ImportField.TEXT in guess(cells)


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell and not cell.isspace())


def _head(cell: str, at: int) -> str:
    return ("" if cell == UNVALUED else " ".join(cell.split())[:HEAD_CHARACTERS]) or f"第 {at} 列"
