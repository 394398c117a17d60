"""What a paper says besides its rows; papers are Chinese in every language."""

import re
from datetime import date

from intake.domain.official_list import COLUMN_NAMES, LIST_NAMES, Column, ListItem
from intake.ports import Draft, DraftPart, DraftTable, Paper

MARK = "稿"
NUMBER_HEAD = "序号"
NOTE = "本稿由系统按现有记录生成，未编文号、未签发、未用印，以正式印发的文件为准。"
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHARES = {
    Column.MATTER: 18,
    Column.BASIS: 20,
    Column.LEAD: 11,
    Column.HELPERS: 11,
    Column.MEASURE: 20,
    Column.DEADLINE: 10,
    Column.INSTRUCTION: 12,
    Column.STATE: 8,
    Column.DONE: 26,
    Column.OUTCOME: 15,
    Column.EVIDENCE: 14,
    Column.SIGNATURE: 14,
    Column.CHECK: 11,
    Column.VERDICTS: 16,
}


def printable(words: str) -> str:
    """Without what no XML may hold."""
    return _NOT_XML.sub("\ufffd", words)


def date_words(day: date) -> str:
    """2026年11月3日 (7.3.5: Arabic figures, no leading zeros)."""
    return f"{day.year}年{day.month}月{day.day}日"


def drafted(paper: Paper) -> Draft:
    """A list as text with its table."""
    table = DraftTable(annex_line(paper), heads(paper), shares(paper), table_rows(paper))
    return Draft(paper.title, edition_line(paper), paper.day, sections(paper), table)


def edition_line(paper: Paper) -> str:
    """Below the title."""
    return f"（第 {paper.edition} 版，{date_words(paper.day)}{'印发' if paper.issued else '起草'}）"


def annex_line(paper: Paper) -> str:
    """Above the table."""
    return f"附件：{LIST_NAMES[paper.kind]}（共 {len(paper.items)} 项）"


def sections(paper: Paper) -> tuple[DraftPart, ...]:
    """The body: what it covers, and what is different from the edition before."""
    leads = len({one.cells[Column.LEAD] for one in paper.items if one.cells.get(Column.LEAD)})
    covers = DraftPart("一、范围", (f"本清单共 {len(paper.items)} 项，涉及主办单位 {leads} 个，逐项内容见附件。", NOTE))
    if paper.before is None:
        return (covers,)
    return (covers, DraftPart(f"二、与第 {paper.before} 版的差异", _differences(paper) or ("内容没有变化。",)))


def _differences(paper: Paper) -> tuple[str, ...]:
    found = paper.differences
    return (
        *(f"新增：{_named(one)}。" for one in found.added),
        *(f"删去：{_named(one)}。" for one in found.removed),
        *(
            f"{_named(one)}：" + "；".join(f"{COLUMN_NAMES[cell.column]}由“{cell.before}”改为“{cell.after}”" for cell in cells) + "。"
            for one, cells in found.changed
        ),
    )


def _named(item: ListItem) -> str:
    return f"{item.cells.get(Column.MATTER, '')}（{item.number}）"


def heads(paper: Paper) -> tuple[str, ...]:
    """The first row of the table."""
    return (NUMBER_HEAD, *(COLUMN_NAMES[column] for column in paper.columns))


def shares(paper: Paper) -> tuple[float, ...]:
    """How wide each column is, as parts of 1."""
    parts = (5, *(_SHARES[column] for column in paper.columns))
    return tuple(part / sum(parts) for part in parts)


def table_rows(paper: Paper) -> tuple[tuple[str, ...], ...]:
    """The rows below it: the running number, then the cells; the referral's own number stands below its matter."""
    return tuple((str(place), *(_cell(one, column) for column in paper.columns)) for place, one in enumerate(paper.items, start=1))


def _cell(item: ListItem, column: Column) -> str:
    words = item.cells.get(column, "")
    return f"{words}\n{item.number}" if column is Column.MATTER else words
