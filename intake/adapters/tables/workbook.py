"""A workbook (XLSX): looked over before a library reads it, since what is small outside may be endless inside.

openpyxl builds every row and every shared text as a tree of elements, and the whole table of shared texts. So before it opens anything, each
part that it would read is unpacked once as a stream, without keeping it, and refused where it is too large, declares entities, or holds one
row or text without end.
"""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from intake.domain.errors import InvalidInput
from intake.domain.import_mapping import UNVALUED

MOST_ENTRIES = 2_000
MOST_SHEETS = 100
MOST_UNPACKED = 400 * 1024 * 1024
"""Bytes of all parts that are read."""
MOST_TEXTS = 96 * 1024 * 1024
"""Bytes of the table of shared texts, which is kept in memory while the rows are read."""
MOST_SHARED = 1_200_000
"""Shared texts."""
MOST_OTHER = 8 * 1024 * 1024
"""Bytes of any other part: styles, names, relations."""
MOST_SPAN = 4 * 1024 * 1024
"""Bytes between two ends of a row, or of a shared text."""
MOST_LINES = 1_048_576
"""Rows of a sheet as programs know them; a row that claims to stand further down makes the library count there."""
_PIECE = 256 * 1024
_TOO_LARGE = "表格解开后太大，不像来件的表。请只留下需要的列和行，或另存为 CSV。"
_UNREADABLE = "这个工作簿读不出来，可能没有传完整。请用 Excel 打开，另存为“Excel 工作簿 (.xlsx)”再上传。"


class WorkbookTable:
    """A workbook without macros; of formulas the value that they last came to, UNVALUED where the file doesn't hold it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        source.seek(0)
        try:
            with zipfile.ZipFile(source) as archive:
                self._rows = _look_over(archive)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
            raise InvalidInput(_UNREADABLE, field="file") from None
        self._book = self._open()

    def sheets(self) -> tuple[str, ...]:
        """Titles of its sheets."""
        return tuple(sheet.title[:60] for sheet in self._sheets())

    def count(self, *, sheet: int) -> int:
        """Rows below the heads, blank ones among them."""
        found = self._sheet(sheet)
        return max(self._rows.get(found._worksheet_path.lstrip("/").lower(), 0) - 1, 0)  # noqa: SLF001 -- to read them all again takes long

    def rows(self, *, sheet: int, most_columns: int, above: int) -> Iterator[tuple[int, Sequence[str]]]:
        """Number and cells of every row that isn't blank, as wide as the heads; these and the `above` rows over them are among them."""
        found = self._parsed(self._sheet(sheet))
        width, before, left = most_columns, 0, above
        while (row := self._next(found)) is not None:
            line, values = row
            if line > MOST_LINES:
                raise InvalidInput(_TOO_LARGE, field="file")
            if line <= before:  # a number that stood before
                continue
            before = line
            cells = [""] * min(width, max((one["column"] for one in values), default=0))
            for one in values:
                if 0 < one["column"] <= len(cells):
                    cells[one["column"] - 1] = _words(one["value"])
            if any(cells):
                left -= 1
                if left == -1:  # the heads
                    width = max(at for at, cell in enumerate(cells, 1) if cell)
                yield line, [*cells[:width], *[""] * (width - len(cells))]

    def _parsed(self, sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Number and cells of every row that the file has, none between; as the library's own reading, which says nothing of formulas."""
        with sheet._get_source() as source:  # noqa: SLF001 -- the library's stream of one part
            yield from _Parser(
                source,
                sheet._shared_strings,  # noqa: SLF001 -- as above
                data_only=True,
                epoch=self._book.epoch,
                date_formats=self._book._date_formats,  # noqa: SLF001 -- as above
                timedelta_formats=self._book._timedelta_formats,  # noqa: SLF001 -- as above
            ).parse()

    def _sheet(self, at: int) -> ReadOnlyWorksheet:
        sheets = self._sheets()
        if not 0 <= at < len(sheets):
            raise InvalidInput("没有这张工作表，请重新选择。", field="sheet")
        return sheets[at]

    def _sheets(self) -> list[ReadOnlyWorksheet]:
        sheets = [one for one in self._book.worksheets if isinstance(one, ReadOnlyWorksheet)]
        if not sheets:
            raise InvalidInput("工作簿里没有工作表，请检查后重新选择。", field="file")
        return sheets[:MOST_SHEETS]

    def _open(self) -> Any:
        self._source.seek(0)
        try:
            return load_workbook(self._source, read_only=True, data_only=True, keep_links=False)
        except InvalidInput:
            raise
        except Exception:  # noqa: BLE001 -- the library lets through whatever a broken part makes Python raise
            raise InvalidInput(_UNREADABLE, field="file") from None

    def _next(self, rows: Iterator[tuple[int, list[dict[str, Any]]]]) -> tuple[int, list[dict[str, Any]]] | None:
        try:
            return next(rows, None)
        except Exception:  # noqa: BLE001 -- as above
            raise InvalidInput(_UNREADABLE, field="file") from None


class _Parser(WorkSheetParser):  # type: ignore[misc]  # the library has no types
    """Knows cells of which the file has the formula and no result, or an error for one."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """As the library reads it, with UNVALUED where it would see nothing or #REF!."""
        cell: dict[str, Any] = super().parse_cell(element)
        kind = element.get("t", "n")
        # A formula that came to no words at all has kind `str` and no value; that is a result.
        if kind == "e" or (cell["value"] is None and kind != "str" and element.find(FORMULA_TAG) is not None):
            cell["value"] = UNVALUED
        return cell


def _words(value: Any) -> str:
    """A cell as words; numbers without the .0 that the file format gives them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _look_over(archive: zipfile.ZipFile) -> dict[str, int]:
    """Rows by the name of the sheet's part; InvalidInput unless all that will be read is bounded."""
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if len(entries) > MOST_ENTRIES or len(names) != len(entries):
        raise InvalidInput(_TOO_LARGE, field="file")
    if "xl/workbook.xml" not in names:
        raise InvalidInput("这不是 Excel 工作簿。请选 CSV 或 XLSX 文件。", field="file")
    if any("vbaproject" in name.lower() for name in names):
        raise InvalidInput("带宏的工作簿不能导入。请在 Excel 里另存为“Excel 工作簿 (.xlsx)”或 CSV。", field="file")
    if any(entry.flag_bits & 1 for entry in entries):
        raise InvalidInput("工作簿加了密码。请去掉密码后重新上传。", field="file")
    left, rows = MOST_UNPACKED, {}
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels")):
            size, rows[entry.filename.lower()] = _look_over_part(archive, entry, left=left)
            left -= size
    return rows


def _look_over_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, left: int) -> tuple[int, int]:
    """Bytes and rows (or shared texts) of the part."""
    name = entry.filename.lower()
    is_sheet, is_texts = name.startswith("xl/worksheets/") and name.endswith(".xml"), name.endswith("sharedstrings.xml")
    most = min(left, left if is_sheet else MOST_TEXTS if is_texts else MOST_OTHER)
    if entry.file_size > most:
        raise InvalidInput(_TOO_LARGE, field="file")
    begin, end = (b"<row", b"row>") if is_sheet else (b"<si", b"si>") if is_texts else (b"", b"")
    size = span = items = 0
    before = b""
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            size += len(piece)
            seen = before + piece
            if size > most or b"\x00" in piece:  # a part in UTF-16 would hide what is looked for
                raise InvalidInput(_TOO_LARGE if size > most else _UNREADABLE, field="file")
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                raise InvalidInput(_UNREADABLE, field="file")
            if end:
                last = piece.rfind(end)
                span += piece.find(end) if last >= 0 else len(piece)
                items += piece.count(begin)
                if span > MOST_SPAN or (is_texts and items > MOST_SHARED):
                    raise InvalidInput(_TOO_LARGE, field="file")
                span = len(piece) - last if last >= 0 else span
            before = piece[-16:]
    return size, items
