"""The year's plan without a database: progress, days, differences, reports and papers."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook

from intake.adapters.papers.writer import OfficialPapers
from intake.domain.approval import ApprovalDecision
from intake.domain.bulletin import ConversionKind
from intake.domain.plan_edition import ItemField, PrintedItem, PrintedPlan, days_printed, differences, months_of, thawed
from intake.domain.plan_progress import Progress, Tally, is_overdue, last_day, progress_of, tally
from intake.domain.plan_report import (
    LISTED_MOST,
    REPORT_MAX,
    ApprovalSaid,
    Converted,
    ItemSaid,
    LapsedSaid,
    PlanFigures,
    is_heading,
    report_text,
)
from intake.domain.topic import Route, TopicState
from intake.domain.year_plan import ConsultationForm, PlanReportKind, PlanState
from intake.ports import PaperFormat, SystemClock
from intake.queries.plan_paper import PlanPaper, plan_draft, plan_sheets, report_draft
from intake.queries.plan_report import ReportPage

DAY = date(2027, 1, 20)


def item(item_id: int, title: str, *, quarter: int = 1, **cells: str) -> PrintedItem:
    return PrintedItem(item_id, quarter, None, None, {ItemField.TITLE: title, **{ItemField(name): words for name, words in cells.items()}})


def plan(*items: PrintedItem, quota: int = 35) -> PrintedPlan:
    return PrintedPlan("云栖区2027年度协商计划", "围绕群众身边的事。\n一件一件商量。", quota, items)


# A topic that left the road of consultations meanwhile must be looked at by somebody.
@pytest.mark.parametrize(
    ("state", "progress"),
    [
        (None, Progress.OPEN),
        (TopicState.POOLED, Progress.POOLED),
        (TopicState.PLANNED, Progress.PLANNED),
        (TopicState.DELIVERED, Progress.DELIVERED),
        (TopicState.MERGED, Progress.ELSEWHERE),
        (TopicState.REJECTED, Progress.ELSEWHERE),
    ],
)
def test_progress_is_the_topics(state: TopicState | None, progress: Progress) -> None:
    assert progress_of(state) is progress


def test_the_last_day_is_its_own_or_the_quarters() -> None:
    assert last_day(2028, 1, None) == date(2028, 3, 31)
    assert last_day(2028, 1, date(2028, 2, 29)) == date(2028, 2, 29)
    assert not is_overdue(Progress.PLANNED, DAY, today=DAY)
    assert is_overdue(Progress.CONSULTING, DAY, today=date(2027, 1, 21))
    assert not is_overdue(Progress.DELIVERING, DAY, today=date(2028, 1, 1))
    counted = tally(3, [(Progress.DELIVERED, False), (Progress.OPEN, True)])
    assert (counted.lacking, counted.to_hold, counted.held, counted.open, counted.overdue) == (1, 2, 1, 1, 1)


# As official papers write days: within a month it is named once.
@pytest.mark.parametrize(
    ("starts_on", "ends_on", "words"),
    [
        (None, None, ""),
        (date(2027, 4, 10), date(2027, 4, 10), "4月10日"),
        (date(2027, 4, 10), date(2027, 4, 12), "4月10日—12日"),
        (date(2027, 4, 30), date(2027, 5, 2), "4月30日—5月2日"),
        (date(2027, 4, 10), None, "4月10日起"),
        (None, date(2027, 4, 10), "4月10日前"),
    ],
)
def test_days_on_paper(starts_on: date | None, ends_on: date | None, words: str) -> None:
    assert days_printed(starts_on, ends_on) == words


def test_the_road_map_spans_the_quarter_where_no_day_is_set() -> None:
    assert months_of(2, None, None) == (4, 6)
    assert months_of(2, date(2027, 5, 1), None) == (5, 6)
    assert months_of(1, date(2027, 2, 1), date(2027, 5, 1)) == (2, 5)


def test_differences_are_told_by_item_and_field_and_never_by_order() -> None:
    old = plan(item(1, "路灯", form="专题协商"), item(2, "电梯"), item(3, "食堂"))
    same = plan(item(3, "食堂"), item(2, "电梯"), item(1, "路灯", form="专题协商"))
    assert not differences(old, same)
    new = plan(item(1, "路灯", form="微协商"), item(2, "电梯", quarter=2), item(4, "公园"), quota=36)
    found = differences(thawed(old.frozen()), thawed(new.frozen()))
    assert (found.quota, found.title, found.words) == ((35, 36), None, None)
    assert ([one.title for one in found.added], [one.title for one in found.dropped]) == (["公园"], ["食堂"])
    assert [(one.title, before) for one, before in found.moved] == [("电梯", 1)]
    assert [(one.title, [(c.field, c.before, c.after) for c in cells]) for one, cells in found.changed] == [
        ("路灯", [(ItemField.FORM, "专题协商", "微协商")])
    ]


def test_a_plan_on_paper_is_a_draft_with_its_timetable_and_no_formula() -> None:
    before = plan(item(1, "路灯"))
    now = plan(item(1, "=HYPERLINK(1)", lead_chair="林致远"), item(2, "电梯", quarter=2, days="4月10日"))
    paper = PlanPaper(now, 2, DAY, issued=True, changes=differences(before, now))
    papers = OfficialPapers()
    made = papers.draft(plan_draft(paper), PaperFormat.DOCX)
    assert made == papers.draft(plan_draft(paper), PaperFormat.DOCX)
    document = Document(BytesIO(made))
    words = "\n".join(one.text for one in document.paragraphs)
    for said in (
        "稿",
        "（第 2 版，2027年1月20日印发）",
        "全年不少于 35 场，列入 2 场",
        "三、第二季度（1 场）",
        "六、与第 1 版的差异",
        "新增：电梯（第二季度）。",
        "未签发、未用印",
    ):
        assert said in words, said
    assert [cell.text for cell in document.tables[0].rows[2].cells][:3] == ["2", "第二季度", "电梯"]
    assert papers.draft(plan_draft(paper), PaperFormat.PDF).startswith(b"%PDF")
    book = load_workbook(BytesIO(papers.book(plan_sheets(paper), day=DAY)))
    assert book.sheetnames == ["时间表", "路线图"]
    timetable, road_map = book.worksheets
    assert [cell.data_type for row in timetable.iter_rows() for cell in row].count("f") == 0
    assert [cell.value or "" for cell in list(road_map.iter_rows())[-1]][:6] == [2, "电梯", "", "", "", "●"]
    # Without a number it says so; with the one that was registered it names the paper that holds.
    assert "未编文号" in words
    numbered = plan_draft(replace(paper, document_number="云办〔2027〕3号"))
    assert numbered.under == "（云办〔2027〕3号，第 2 版，2027年1月20日印发）"
    assert "未编文号" not in numbered.parts[-1].paragraphs[0]
    assert "（云办〔2027〕3号）为准" in numbered.parts[-1].paragraphs[0]
    drafted = PlanPaper(now, 0, DAY, issued=False, changes=None)
    assert plan_draft(drafted).under == "（第 1 版，2027年1月20日起草）"


def figures(**given: object) -> PlanFigures:
    facts: dict[str, object] = {
        "year": 2027,
        "title": "云栖区2027年度协商计划",
        "edition": 1,
        "issued_on": DAY,
        "document_number": "云办〔2027〕3号",
        "until": date(2027, 6, 30),
        "tally": Tally(quota=35, planned=38, open=2, consulting=3, held=15, delivered=6, overdue=1),
        "quarters": ((1, 10, 9), (2, 10, 6), (3, 9, 0), (4, 9, 0)),
        "forms": ((ConsultationForm.SPECIAL, 12, 5), (ConsultationForm.MICRO, 26, 10)),
        "routes": ((Route.PARTY_GOVERNMENT, 6), (Route.RESIDENTS, 30)),
        "topics": 36,
        "submissions": 412,
        "suggested": 9,
        "people": 377,
        "conversions": (Converted(ConversionKind.PROPOSAL, 4, 7),),
        "approvals": (ApprovalSaid("党组会议", "区政协党组", DAY, ApprovalDecision.SKIPPED, "", "陈主席"),),
        "held": (ItemSaid("路灯", "林致远", DAY),),
        "consulting": (),
        "late": (ItemSaid("食堂", "", date(2027, 3, 31)),),
        "dropped": (("公园", "已直接办理。"),),
        **given,
    }
    return PlanFigures(**facts)  # type: ignore[arg-type]  # the fields' own types, given by name


def test_a_report_names_every_whole_and_what_it_cannot_show() -> None:
    text = report_text(PlanReportKind.MID_YEAR, figures())
    for said in (
        "截至2027年6月30日",
        "第1版于2027年1月20日印发，文号云办〔2027〕3号。",
        "全年应不少于35场，列入计划38场；其中议题待定2场。",
        "区政协党组，党组会议，经批准跳过（陈主席）。",
        "计划38场，已协商15场，协商中3场，其余20场尚未开始。已协商的15场里，已办结6场。与全年不少于35场相比，还需协商20场。",
        "党政点题6个（共36个）；群众出题30个（共36个）",
        "经人确认的来件412件，系统建议并入、还没有人确认的9件；能分辨的反映人377人次。",
        "提案：涉及议题4个（共36个），转化建议7条。",
        "过了原定日期还没有协商的有1场：食堂（原定2027年3月31日前）。原因请补写。",
        "取出1场：公园（已直接办理）。",
        "四、下半年的安排",
    ):
        assert said in text, said
    lapsed = (LapsedSaid("座谈协商", date(2026, 11, 23), "区政协主席 陈启明", "征题时\n已经座谈。"), LapsedSaid("专家论证", DAY, "", ""))
    origin = report_text(PlanReportKind.MID_YEAR, figures(lapsed=lapsed))
    assert "“座谈协商”这一步2026年11月23日起不再要求：区政协主席 陈启明，征题时 已经座谈。\n" in origin
    assert "“专家论证”这一步" in origin
    assert "起不再要求；停用时没有登记是谁批准的。" in origin
    assert not re.search(r"排名|第一名|最多的|最好|最差|落后", text)
    many = tuple(ItemSaid(f"第{number}场", "", DAY) for number in range(LISTED_MOST + 5))
    ended = report_text(PlanReportKind.YEAR_END, figures(edition=0, issued_on=None, held=many, conversions=(), late=()))
    for said in ("尚未印发", "另有5场", "还没有登记成果转化", "四、下一年的考虑"):
        assert said in ended, said
    wordy = report_text(PlanReportKind.MID_YEAR, figures(dropped=(("公园", "一、先办急的。\n" + "长" * 480),) * 60))
    assert not any(line.startswith("一、先办") for line in wordy.splitlines()), "a reason is no heading"
    assert (len(wordy) < REPORT_MAX, "线下进行、没有登记的协商" in wordy) == (True, True)


def test_a_report_goes_to_paper_by_its_headings() -> None:
    assert [is_heading(one) for one in ("一、计划", "十二、其他", "第一、", "路灯、垃圾桶", "、")] == [True, True, False, False, False]
    at = SystemClock().now()
    page = ReportPage(
        1, 2027, "计划", PlanState.ISSUED, 1, PlanReportKind.YEAR_END, "开头。\n一、情况\n\n甲。\n乙。\n二、打算", at, None, "", 1
    )
    draft = report_draft(page)
    assert draft.title == "计划执行情况年终报告"
    assert [(one.heading, one.paragraphs) for one in draft.parts[:3]] == [
        ("", ("开头。",)),
        ("一、情况", ("甲。", "乙。")),
        ("二、打算", ()),
    ]
    # Half past midnight in Shanghai, new year.
    late = replace(page, edited_at=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    assert report_draft(late).day == date(2027, 1, 1)
