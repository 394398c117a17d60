"""Tables of another system, and what staff and the worker do with them."""

import csv
import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from openpyxl import Workbook

from intake.domain.import_mapping import ImportField, guess
from intake.domain.row_import import ImportState
from intake.models import RowImport
from intake.services import row_import as service
from intake.services.row_import import Importing, Upload
from intake.wiring import Wiring
from tests.factories.town import Town, actor
from workers.jobs import row_imports

HEADS = ("编号", "标题", "内容", "时间", "所在社区", "联系电话")
SOURCE = "12345 热线"
Rows = Sequence[Sequence[object]]


def call(number: int, words: str = "幸福里的路灯坏了半个月，晚上走路看不见", **other: str) -> tuple[str, ...]:
    """One row of the hotline under HEADS."""
    title, when, community = other.get("title", f"第{number}件"), other.get("when", "2026-10-03 08:05"), other.get("community", "")
    return f"GD{number:05d}", title, words, when, community, f"138{number:08d}"


def as_csv(rows: Rows, *, heads: Sequence[str] = HEADS, encoding: str = "utf-8", separator: str = ",") -> bytes:
    """The table as text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerows([heads, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Rows, *, heads: Sequence[str] = HEADS, title: str = "十月") -> bytes:
    """The table as a workbook with typed cells, its words in the cells themselves, as openpyxl writes them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in (heads, *rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
    f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPES}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="十月" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def as_excel_writes_it(rows: Rows, *, heads: Sequence[str] = HEADS) -> bytes:
    """The table as a workbook whose words stand in the table of shared texts, each once."""
    shared: dict[str, int] = {}
    lines = []
    for row in (heads, *rows):
        cells = (f'<c t="s"><v>{shared.setdefault(str(cell), len(shared))}</v></c>' for cell in row)
        lines.append(f"<row>{''.join(cells)}</row>")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in _PARTS.items():
            made.writestr(name, content)
        made.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>')
        texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        made.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{texts}</sst>')
    return file.getvalue()


def send(wiring: Wiring, town: Town, table: bytes, *, name: str = "热线.csv", source: str = SOURCE, area_id: int | None = None) -> int:
    """王静 sends the file; nobody has looked at it yet."""
    upload = Upload(name="热线十月", source=source, area_id=area_id or town.district_id, file_name=name, file=io.BytesIO(table))
    with wiring.sessions.begin() as session:
        who = actor(session, town.jing_id)
        return service.receive(session, upload, actor=who, tables=wiring.tables, objects=wiring.objects, at=wiring.clock.now()).id


def row_of(wiring: Wiring, import_id: int) -> RowImport:
    """How it stands."""
    with wiring.sessions() as session:
        return session.get_one(RowImport, import_id)


def importing(wiring: Wiring, town: Town, import_id: int) -> Importing:
    """王静, who sees its newest version."""
    with wiring.sessions() as session:
        version = session.get_one(RowImport, import_id).version
        return Importing(actor=actor(session, town.jing_id), import_id=import_id, version=version, at=wiring.clock.now())


def tried(wiring: Wiring, town: Town, table: bytes, **sending: str) -> int:
    """Sent, looked at, mapped as the heads suggest, and tried."""
    import_id = send(wiring, town, table, **sending)  # type: ignore[arg-type]  # names and sources
    row_imports.run()
    row = row_of(wiring, import_id)
    assert row.state is ImportState.MAPPING, row.problem
    columns: dict[ImportField, int | None] = {**guess(row.columns)}
    with wiring.sessions.begin() as session:
        service.check(session, importing(wiring, town, import_id), columns=columns, since=None)
    row_imports.run()
    return import_id


def taken_in(wiring: Wiring, town: Town, table: bytes, **sending: str) -> int:
    """The same, and imported."""
    import_id = tried(wiring, town, table, **sending)
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, import_id), areas={})
    row_imports.run()
    return import_id
