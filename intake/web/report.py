"""Tables of figures: the same rows on the page, drawn as a chart, in a workbook and on paper."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO

from flask import send_file
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict
from intake.domain.working_days import SHANGHAI
from intake.ports import DraftPart, FigurePaper, FigureTable, Share, Sheet, SheetCell
from intake.web.language import translate as _
from intake.web.unit_of_work import wiring
from qr_assets.fonts import FontsMissingError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"

Value = int | str | Share | None
"""None where the number isn't said because it is small."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and, for an area of a street, how deep it stands."""

    label: str | date
    values: tuple[Value, ...]
    depth: int = 0
    id: int | None = None
    is_sum: bool = False
    """Of the rows above."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns; the first head names the rows."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    chart: str = ""
    """`line`, `bars` or `columns`; empty for a table that is not drawn."""
    drawn: tuple[int, ...] = ()
    """Which of the columns are, from 0; all where none is named."""
    dashed: tuple[int, ...] = ()
    """Those that stand for another time."""
    unit: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(value for row in self.rows for value in row.values if not isinstance(value, str | Share)) and not self.hides

    @property
    def hides(self) -> bool:
        """Whether a number isn't said."""
        return any(value is None for row in self.rows for value in row.values)


@dataclass(frozen=True, slots=True)
class Report:
    """What a file holds."""

    title: str
    """Of the file too."""
    under: str
    """The period and what it is compared with."""
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    kept: Mapping[str, str] = field(default_factory=dict)


def percent(part: int | None, whole: int | None) -> Share | str:
    """12%, which a workbook keeps as a number; empty where one of the two isn't said or the whole is nought."""
    return Share(round(part * 100 / whole)) if part is not None and whole else ""


def workbook(report: Report) -> Response:
    """Every table on a sheet of its own, the notes on the last."""
    sheets = [
        Sheet(one.title[:31], report.title, (one.heads, *(_cells(row) for row in one.rows), *((note,) for note in one.notes)))
        for one in report.tables
    ]
    told = Sheet(_("说明"), report.title, ((report.under,), *((note,) for note in report.notes)))
    return _file(wiring().papers.book((*sheets, told), day=today()), report, XLSX, "xlsx")


def paper(report: Report) -> Response:
    """The tables to be printed, those with nothing in them left out; Conflict where the fonts aren't there."""
    tables = tuple(
        FigureTable(one.title, one.heads, tuple(tuple(str(cell) for cell in _cells(row)) for row in one.rows), one.notes)
        for one in report.tables
        if one.rows and not one.is_empty
    )
    figures = FigurePaper(report.title, report.under, tables, DraftPart(_("说明"), report.notes))
    try:
        return _file(wiring().papers.figures(figures), report, PDF, "pdf")
    except FontsMissingError as error:
        raise Conflict("现在生成不了 PDF：缺少中文字体。请管理员安装 weblate-fonts 后再试，或者先下载表格。") from error


def today() -> date:
    """In Shanghai."""
    return wiring().clock.now().astimezone(SHANGHAI).date()


def shown(value: Value) -> int | str | Share:
    """A value as a person reads it."""
    return _("不列") if value is None else value


def _cells(row: Row) -> tuple[SheetCell, ...]:
    return ("\u3000" * row.depth + row.label if isinstance(row.label, str) else row.label, *(shown(value) for value in row.values))


def _file(content: bytes, report: Report, kind: str, ending: str) -> Response:
    answer = send_file(BytesIO(content), mimetype=kind, as_attachment=True, download_name=f"{report.title.replace(' · ', '-')}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer
