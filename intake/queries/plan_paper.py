"""The year's plan on paper (稿): its text with the timetable behind it, and the same to be counted. Papers are Chinese in every language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from intake.domain.plan_edition import ITEM_FIELD_NAMES, ItemField, PlanDifferences, PrintedItem, PrintedPlan, by_quarter
from intake.domain.plan_report import is_heading
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import PLAN_REPORT_NAMES, QUARTER_NAMES
from intake.ports import Draft, DraftPart, DraftTable, Sheet
from intake.queries.plan_report import ReportPage

_COLUMNS = (
    (ItemField.TITLE, 22),
    (ItemField.FORM, 9),
    (ItemField.DAYS, 15),
    (ItemField.LEAD_CHAIR, 9),
    (ItemField.PROPOSERS, 14),
    (ItemField.CONVENOR, 8),
    (ItemField.UNITS, 18),
)
"""Of the table, with how wide each is beside the others; before them stand the number (5) and the quarter (10)."""
_FIRST_TWO = (5, 10)
PAPER_NOTE = "本稿由系统按现有记录生成，未编文号、未签发、未用印，以正式印发的文件为准。"
NUMBERED_NOTE = "本稿由系统按现有记录生成，未签发、未用印，以正式印发的文件（{number}）为准。"


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """A plan to be printed."""

    plan: PrintedPlan
    edition: int
    """The newest that was issued, which is this one where `issued`."""
    day: date
    """Of its issue; of what is being drafted, of the issue before or of its beginning."""
    issued: bool
    changes: PlanDifferences | None
    """Since the edition before."""
    document_number: str = ""
    """Of the paper that was issued; empty while nobody has written it down."""


def plan_draft(paper: PlanPaper) -> Draft:
    """A plan as text with its timetable."""
    return Draft(
        title=paper.plan.title,
        under=_paper_under(paper),
        day=paper.day,
        parts=tuple(_paper_parts(paper)),
        table=_paper_table(paper.plan),
    )


def plan_sheets(paper: PlanPaper) -> tuple[Sheet, ...]:
    """The timetable by quarter, and by month."""
    heading = _paper_heading(paper)
    return _timetable(paper.plan, heading), _road_map(paper.plan, heading)


def report_draft(report: ReportPage) -> Draft:
    """A report as people left it: headings where a line begins with 一、."""
    assert report.drafted_at is not None
    parts: list[DraftPart] = []
    for line in filter(None, (one.strip() for one in report.text.splitlines())):
        if is_heading(line) or not parts:
            parts.append(DraftPart(line if is_heading(line) else "", () if is_heading(line) else (line,)))
        else:
            parts[-1] = DraftPart(parts[-1].heading, (*parts[-1].paragraphs, line))
    name = PLAN_REPORT_NAMES[report.kind]
    return Draft(
        title=_report_title(report.plan_title, name),
        under="",
        day=(report.edited_at or report.drafted_at).astimezone(SHANGHAI).date(),
        parts=(*parts, DraftPart("", (PAPER_NOTE,))),
    )


def _report_title(title: str, name: str) -> str:
    return f"{title}执行情况{name}"


def _paper_heading(paper: PlanPaper) -> str:
    return f"{paper.plan.title}{_paper_under(paper)}稿"


def _paper_under(paper: PlanPaper) -> str:
    day = f"{paper.day.year}年{paper.day.month}月{paper.day.day}日"
    if paper.issued:
        return f"（{paper.document_number + '，' if paper.document_number else ''}第 {paper.edition} 版，{day}印发）"
    return f"（第 {paper.edition + 1} 版，起草中；第 {paper.edition} 版{day}印发）" if paper.edition else f"（第 1 版，{day}起草）"


def _paper_parts(paper: PlanPaper) -> Iterator[DraftPart]:
    plan, changes = paper.plan, paper.changes
    words = tuple(line.strip() for line in plan.words.splitlines() if line.strip())
    yield DraftPart("一、总体安排", (*words, f"全年不少于 {plan.quota} 场，列入 {len(plan.items)} 场，时间表见附件。"))
    for number, (quarter, items) in zip("二三四五", by_quarter(plan.items).items(), strict=True):
        heading = f"{number}、{QUARTER_NAMES[quarter]}（{len(items)} 场）"
        lines = tuple(f"{place}. {_paper_item(one)}" for place, one in enumerate(items, start=1))
        yield DraftPart(heading, lines or ("没有安排。",))
    if changes is not None:
        yield DraftPart(f"六、与第 {paper.edition - 1} 版的差异", tuple(_paper_changes(changes)) or ("内容没有变化。",))
    number = paper.document_number if paper.issued else ""
    yield DraftPart("", (NUMBERED_NOTE.format(number=number) if number else PAPER_NOTE,))


def _paper_item(one: PrintedItem) -> str:
    cells = one.cells
    facts = [
        cells.get(ItemField.FORM, ""),
        cells.get(ItemField.DAYS, ""),
        *(
            f"{ITEM_FIELD_NAMES[field]}：{words}"
            for field in (ItemField.LEAD_CHAIR, ItemField.PROPOSERS, ItemField.CONVENOR, ItemField.UNITS)
            if (words := cells.get(field))
        ),
    ]
    said = cells.get(ItemField.WORDS, "").replace("\n", " ")
    return f"{one.title}（{'，'.join(filter(None, facts))}）。{said}"


def _paper_changes(changes: PlanDifferences) -> Iterator[str]:
    if changes.title:
        yield f"标题由“{changes.title[0]}”改为“{changes.title[1]}”。"
    if changes.quota:
        yield f"全年场数由不少于 {changes.quota[0]} 场改为不少于 {changes.quota[1]} 场。"
    if changes.words:
        yield "总体安排的文字有修改。"
    yield from (f"新增：{one.title}（{QUARTER_NAMES[one.quarter]}）。" for one in changes.added)
    yield from (f"取出：{one.title}（{QUARTER_NAMES[one.quarter]}）。" for one in changes.dropped)
    yield from (f"{one.title}：由{QUARTER_NAMES[before]}调到{QUARTER_NAMES[one.quarter]}。" for one, before in changes.moved)
    for one, cells in changes.changed:
        yield f"{one.title}：" + "；".join(f"{ITEM_FIELD_NAMES[c.field]}由“{c.before}”改为“{c.after}”" for c in cells) + "。"


def _paper_table(plan: PrintedPlan) -> DraftTable:
    widths = (*_FIRST_TWO, *(width for _, width in _COLUMNS))
    return DraftTable(
        line=f"附件：年度协商计划时间表（共 {len(plan.items)} 场）",
        heads=_paper_heads(),
        shares=tuple(width / sum(widths) for width in widths),
        rows=tuple(_row(number, one) for number, one in enumerate(plan.items, start=1)),
    )


def _paper_heads() -> tuple[str, ...]:
    return ("序号", "季度", *(ITEM_FIELD_NAMES[field] for field, _ in _COLUMNS))


def _row(number: int, one: PrintedItem) -> tuple[str, ...]:
    return (str(number), QUARTER_NAMES[one.quarter], *(one.cells.get(field, "") for field, _ in _COLUMNS))


def _timetable(plan: PrintedPlan, heading: str) -> Sheet:
    extra = (ItemField.WORDS, ItemField.TOPIC)
    rows: list[tuple[str | int, ...]] = [(*_paper_heads(), *(ITEM_FIELD_NAMES[field] for field in extra))]
    for number, one in enumerate(plan.items, start=1):
        rows.append((number, *_row(number, one)[1:], *(one.cells.get(field, "") for field in extra)))
    return Sheet("时间表", heading, tuple(rows))


def _road_map(plan: PrintedPlan, heading: str) -> Sheet:
    rows: list[tuple[str | int, ...]] = [("序号", "议题", *(f"{month}月" for month in range(1, 13)))]
    for number, one in enumerate(plan.items, start=1):
        first, last = one.months
        rows.append((number, one.title, *("●" if first <= month <= last else "" for month in range(1, 13))))
    return Sheet("路线图", heading, tuple(rows))
