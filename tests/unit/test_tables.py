"""Other people's tables: read as they come, and refused where they would cost more than they say."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from intake.adapters.tables import reader, workbook
from intake.adapters.tables.reader import FileTables
from intake.domain.errors import InvalidInput
from intake.domain.import_mapping import MOST_COLUMNS, UNVALUED
from intake.domain.row_import import ImportFormat
from tests.factories.imports import as_csv, as_excel_writes_it, as_xlsx

TABLES = FileTables()
HEADS = ("编号", "内容")


def rows_of(table: bytes, *, name: str = "a.csv", sheet: int = 0) -> list[tuple[int, list[str]]]:
    file = io.BytesIO(table)
    kind = TABLES.kind(file, name=name)
    TABLES.look(file, kind, sheet=sheet)
    return [(line, list(cells)) for line, cells in TABLES.rows(file, kind, sheet=sheet)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_in_each_encoding_with_each_separator(encoding: str, separator: str) -> None:
    rows = [("1", "路灯坏了,\n第二行;\t“完”"), ("", ""), ("2", "=1+1")]
    assert rows_of(as_csv(rows, heads=HEADS, encoding=encoding, separator=separator)) == [(1, list(rows[0])), (3, list(rows[2]))]


# Some programs write a mark before GB18030 too, or a second one before UTF-8; the first head is its word all the same.
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_mark_before_the_first_head_is_no_part_of_it(encoding: str) -> None:
    table = io.BytesIO("\ufeff编号,内容\n1,路灯坏了\n".encode(encoding))
    assert TABLES.look(table, ImportFormat.CSV, sheet=0).heads == HEADS


def test_a_workbook_gives_words_numbers_days_and_what_formulas_came_to() -> None:
    eight = datetime(2026, 10, 3, 8, 5)  # noqa: DTZ001 -- workbooks know no zones
    table = as_xlsx([(7, "路灯"), (7.5, eight), (None, None), (True, date(2026, 10, 3)), ("=1+1", "-路灯")], heads=HEADS)
    assert rows_of(table) == [
        (1, ["7", "路灯"]),
        (2, ["7.5", "2026-10-03 08:05:00"]),
        (4, ["True", "2026-10-03 00:00:00"]),
        (5, [UNVALUED, "-路灯"]),  # nobody has worked the formula out
    ]


# A formula with its result, without, that came to nothing, to an error; words that only look like one; an error somebody typed.
def test_a_cell_says_when_its_formula_has_no_result() -> None:
    cells = (
        '<c t="str"><f>B1&amp;C1</f><v>路灯坏了</v></c>',
        "<c><f>A1&amp;B1</f></c>",
        '<c><f>HYPERLINK("http://a.example","看")</f><v/></c>',
        '<c t="str"><f>IF(1,"")</f><v></v></c>',
        '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c t="inlineStr"><is><t>=A1&amp;B1</t></is></c>',
        '<c t="inlineStr"><is><t>#REF!</t></is></c>',
        "<c><f>1+1</f><v>2</v></c>",
    )
    heads = "".join('<c t="inlineStr"><is><t>列</t></is></c>' for _ in cells)
    table = with_part(SHEET, sheet(f"<row>{heads}</row><row>{''.join(cells)}</row>"))
    assert rows_of(table, name="a.xlsx") == [(1, ["路灯坏了", UNVALUED, UNVALUED, "", UNVALUED, "=A1&B1", "#REF!", "2"])]


def test_a_head_that_is_a_formula_is_called_by_its_place() -> None:
    file = io.BytesIO(as_xlsx([("1", "路灯")], heads=("编号", "=A1&B1")))
    assert TABLES.look(file, ImportFormat.XLSX, sheet=0).heads == ("编号", "第 2 列")


# What comes further down under a number that stood before isn't read: a line stands for one row.
def test_rows_keep_their_own_numbers() -> None:
    row = '<row r="{}"><c t="inlineStr"><is><t>{}</t></is></c></row>'
    table = with_part(
        SHEET, sheet("".join(row.format(at, words) for at, words in ((1, "内容"), (3, "路灯"), (3, "又是三"), (2, "退回二"), (9, "井盖"))))
    )
    assert rows_of(table, name="a.xlsx") == [(2, ["路灯"]), (8, ["井盖"])]


def test_words_in_the_table_of_shared_texts_are_found() -> None:
    rows = [("1", "路灯 <坏了> & “很久”"), ("2", "路灯 <坏了> & “很久”"), ("3", "\n两行\n")]
    assert rows_of(as_excel_writes_it(rows, heads=HEADS)) == [(1, list(rows[0])), (2, list(rows[1])), (3, ["3", "两行"])]


def test_another_sheet_is_read_when_it_is_chosen() -> None:
    book = Workbook()
    book.active.append(["说明"])
    book.active.append(["请看第二张"])
    second = book.create_sheet("十月")
    for row in (HEADS, ("1", "路灯坏了")):
        second.append(row)
    file = io.BytesIO()
    book.save(file)
    assert TABLES.look(file, ImportFormat.XLSX, sheet=1).sheets == ("Sheet", "十月")
    assert rows_of(file.getvalue(), sheet=1) == [(1, ["1", "路灯坏了"])]


# Exports often begin with what the table is, who made it and when; only a row of names with one for the text ends them.
TITLED = (
    ("2026年10月热线工单", "", ""),
    ("", "", ""),
    ("填报单位：区热线中心", "", "日期：2026-11-01"),
    ("编号", "诉求内容", "来电人电话"),
)


@pytest.mark.parametrize("make", [as_csv, as_xlsx, as_excel_writes_it])
def test_titles_above_the_heads_are_passed_over(make: Callable[..., bytes]) -> None:
    rows = [("1", "路灯坏了", "13800000001"), ("2", "井盖松了", "13800000002")]
    file = io.BytesIO(make([*TITLED[1:], *rows], heads=TITLED[0]))
    look = TABLES.look(file, TABLES.kind(file, name="a"), sheet=0)
    assert (look.heads, look.rows) == (TITLED[-1], tuple(rows))
    assert rows_of(file.getvalue()) == [(1, list(rows[0])), (2, list(rows[1]))]


@pytest.mark.parametrize(
    "first",
    [
        ("内容",),  # commas that nobody quoted
        ("编号", "内容"),
        ("编号", "时间", "说的话"),
        ("热线",),  # no row of names comes after it
    ],
)
def test_a_first_row_that_names_the_columns_stays_the_heads(first: tuple[str, ...]) -> None:
    table = io.BytesIO(as_csv([("1", "反映的内容是路灯坏了半个月，晚上走路看不见", "请修"), ("2", "井盖", "松了")], heads=first))
    assert TABLES.look(table, ImportFormat.CSV, sheet=0).heads == first


def test_the_first_sight_is_short() -> None:
    file = io.BytesIO(as_csv([(str(number), "长" * 500) for number in range(40)], heads=("编号", " ")))
    look = TABLES.look(file, ImportFormat.CSV, sheet=0)
    assert (look.heads, look.total, len(look.rows), len(look.rows[0][1])) == (("编号", "第 2 列"), 40, 5, reader.SHOWN_CHARACTERS)


@pytest.mark.parametrize(
    ("table", "name", "words"),
    [
        (b"", "a.csv", "是空的"),
        (b" \r\n\t", "a.csv", "是空的"),
        ("编号,内容\n".encode(), "a.csv", "只有表头"),
        (b"\n\n,,\n", "a.csv", "没有内容"),
        (b"\x89PNG\r\n\x1a\n" + b"\0\1\2\3" * 300, "a.csv", "不像表格"),
        (b"%PDF-1.7\n" + b"words of a letter " * 200, "a.xlsx", "不像表格"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "a.xlsx", "旧版或加了密码"),
        (b"anything", "a.XLSM", "带宏"),
        (b"PK\x03\x04 and then nothing", "a.xlsx", "读不出来"),
        ("编号,内容\n1,".encode() + b"\xff\xfe\x81", "a.csv", "文字读不出来"),
        (",".join(str(number) for number in range(100_000)).encode() + b"\n1", "a.csv", f"超过 {MOST_COLUMNS} 列"),
        ("编号,内容\n1,好\n".encode() + b"," * 2_000_000, "a.csv", "太长"),
        ("编号,内容\n1,“好”\n2,\"".encode() + b"x" * 200_000, "a.csv", "引号没有成对"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_what_to_do(table: bytes, name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        rows_of(table, name=name)


def test_two_million_rows_are_refused_before_they_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="超过 200000 行"):
        rows_of("内容\n".encode() + b"a\n" * 2_000_000)
    monkeypatch.setattr(reader, "MOST_ROWS", 3)
    with pytest.raises(InvalidInput, match="超过 3 行"):
        rows_of(as_xlsx([("1", "a")] * 4, heads=HEADS))


SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def with_part(name: str, content: bytes) -> bytes:
    """A sound workbook with one part in place of its own, or beside the others."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx([("1", "路灯")], heads=HEADS))) as sound,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in sound.infolist():
            if entry.filename != name:
                made.writestr(entry.filename, sound.read(entry))
        made.writestr(name, content)
    return out.getvalue()


def sheet(rows: str) -> bytes:
    return f"<worksheet {_NS}><sheetData>{rows}</sheetData></worksheet>".encode()


LAUGHS = f'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><worksheet {_NS}/>'.encode()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        # Entities that grow, declared in a sheet, and in a part that hides them in UTF-16.
        (SHEET, LAUGHS, "读不出来"),
        (SHEET, LAUGHS.decode().encode("utf-16"), "读不出来"),
        (TEXTS, b"<!DOCTYPE a><sst/>", "读不出来"),
        # Much of nothing: one row without end, elements that are no rows, shared texts without end.
        (SHEET, sheet("<row r='1'>" + "<c/>" * 1_500_000 + "</row>"), "解开后太大"),
        (SHEET, sheet("<row/>" * 1_000_000), "解开后太大"),
        (TEXTS, f"<sst {_NS}>".encode() + b"<si/>" * 1_500_000 + b"</sst>", "解开后太大"),
        ("xl/styles.xml", b"<a>" * 4_000_000, "解开后太大"),
        # A row that claims to stand two thousand million rows further down.
        (SHEET, sheet('<row r="1"><c><v>1</v></c></row><row r="2000000000"><c><v>1</v></c></row>'), "解开后太大"),
        (SHEET, sheet("<row r='1'><c t='s'><v>999</v></c></row><row r='2'/>"), "读不出来"),
        (SHEET, b"<worksheet", "读不出来"),
        ("xl/vbaProject.bin", b"macro", "带宏"),
    ],
)
def test_a_hostile_workbook_is_refused(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        rows_of(with_part(name, content), name="a.xlsx")


def test_a_workbook_that_unpacks_without_end_is_refused_by_what_it_claims_and_by_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 2 * 1024 * 1024)
    bomb = with_part(SHEET, sheet("<row r='1'><c><v>1</v></c></row>" * 100_000))
    with pytest.raises(InvalidInput, match="解开后太大"):
        rows_of(bomb, name="a.xlsx")
    monkeypatch.setattr(workbook, "MOST_ENTRIES", 3)
    with pytest.raises(InvalidInput, match="解开后太大"):
        rows_of(as_xlsx([("1", "路灯")]), name="a.xlsx")


def test_another_kind_of_zip_is_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("word/document.xml", "<a/>")
    with pytest.raises(InvalidInput, match="不是 Excel"):
        rows_of(file.getvalue(), name="a.xlsx")
