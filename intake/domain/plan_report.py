"""年中报告 and 年终报告: drafted from the plan's figures, each beside what it is a part of; people write the rest.

A draft for an official paper, so Chinese in every language of the pages. No person, area or unit is set beside another.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from intake.domain.approval import APPROVAL_DECISION_NAMES, ApprovalDecision
from intake.domain.bulletin import CONVERSION_NAMES, ConversionKind
from intake.domain.plan_progress import Tally
from intake.domain.topic import ROUTE_NAMES, Route
from intake.domain.year_plan import CONSULTATION_FORM_NAMES, QUARTER_NAMES, ConsultationForm, PlanReportKind

REPORT_MAX = 20_000
"""Characters."""
LISTED_MOST = 60
"""Items that one paragraph names; the others are counted."""
REASON_SHOWN = 100
"""Characters of why an item was taken out."""


@dataclass(frozen=True, slots=True)
class ApprovalSaid:
    """What a body decided on the plan."""

    step: str
    body: str
    held_on: date
    decision: ApprovalDecision
    document_number: str
    authority: str
    """Who let the step be skipped."""


@dataclass(frozen=True, slots=True)
class LapsedSaid:
    """A step that the district ended before the plan had passed it."""

    step: str
    since: date
    authority: str
    """Who let it end; empty, as `reason` is, of one that ended before this was asked."""
    reason: str


@dataclass(frozen=True, slots=True)
class ItemSaid:
    """One item that the report names."""

    title: str
    lead_chair: str
    due: date


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of the suggestions of so many topics."""

    kind: ConversionKind
    topics: int
    suggestions: int


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """All that a draft says of a plan on a day."""

    year: int
    title: str
    edition: int
    issued_on: date | None
    document_number: str
    until: date
    tally: Tally
    quarters: tuple[tuple[int, int, int], ...]
    """Quarter, planned, held."""
    forms: tuple[tuple[ConsultationForm, int, int], ...]
    """Form, planned, held."""
    routes: tuple[tuple[Route, int], ...]
    """How the topics came, in the order of the six."""
    topics: int
    """Items that have a topic."""
    submissions: int
    """Confirmed behind these topics."""
    suggested: int
    """Which the machine put behind them and nobody has confirmed yet."""
    people: int
    """Behind both, as far as they can be told apart, added up topic by topic."""
    conversions: tuple[Converted, ...]
    approvals: tuple[ApprovalSaid, ...]
    held: tuple[ItemSaid, ...]
    consulting: tuple[ItemSaid, ...]
    late: tuple[ItemSaid, ...]
    dropped: tuple[tuple[str, str], ...]
    """What was taken out after an edition had it, and why."""
    lapsed: tuple[LapsedSaid, ...] = ()


def report_text(kind: PlanReportKind, figures: PlanFigures) -> str:
    """The draft, a heading (一、…) or a paragraph on each line."""
    ahead = "四、下半年的安排" if kind is PlanReportKind.MID_YEAR else "四、下一年的考虑"
    return "\n".join(
        (
            f"截至{_report_day(figures.until)}，{figures.year}年度协商计划执行情况如下。数字由系统按现有记录生成，请核对后再用。",
            "一、计划的形成",
            *_report_origin(figures),
            "二、执行情况",
            *_report_progress(figures),
            "三、议题从哪里来，转化成了什么",
            *_report_topics(figures),
            ahead,
            "（请补写。）",
            "五、这些数字说明不了什么",
            *_report_unseen(figures),
        )
    )


def is_heading(line: str) -> bool:
    """Whether a line of a report begins with 一、 or its like."""
    number, mark, _ = line.partition("、")
    return bool(mark) and 0 < len(number) <= _LONGEST_NUMBER and set(number) <= _REPORT_DIGITS


_REPORT_DIGITS = frozenset("一二三四五六七八九十")
_LONGEST_NUMBER = 3


def _report_origin(figures: PlanFigures) -> Iterator[str]:
    tally = figures.tally
    if figures.edition:
        assert figures.issued_on is not None
        number = f"，文号{figures.document_number}" if figures.document_number else ""
        yield f"《{figures.title}》第{figures.edition}版于{_report_day(figures.issued_on)}印发{number}。"
    else:
        yield f"《{figures.title}》正在编制，尚未印发。"
    lacking = f"，还差{tally.lacking}场" if tally.lacking else ""
    yield f"全年应不少于{tally.quota}场，列入计划{tally.planned}场{lacking}；其中议题待定{tally.open}场。"
    for one in figures.approvals:
        number = f"（{one.document_number}）" if one.document_number else ""
        by = f"（{one.authority}）" if one.authority else ""
        yield f"{_report_day(one.held_on)}，{one.body}，{one.step}，{APPROVAL_DECISION_NAMES[one.decision]}{by}{number}。"
    for gone in figures.lapsed:
        by = f"：{gone.authority}，{_report_reason(gone.reason)}" if gone.authority else "；停用时没有登记是谁批准的"
        yield f"“{gone.step}”这一步{_report_day(gone.since)}起不再要求{by}。"
    if figures.dropped:
        yield f"取出{len(figures.dropped)}场：" + _report_list(
            f"{title}（{_report_reason(because)}）" for title, because in figures.dropped
        )


def _report_progress(figures: PlanFigures) -> Iterator[str]:
    tally = figures.tally
    yield (
        f"计划{tally.planned}场，已协商{tally.held}场，协商中{tally.consulting}场，其余{tally.planned - tally.held - tally.consulting}场尚未开始。"
        f"已协商的{tally.held}场里，已办结{tally.delivered}场。"
        f"与全年不少于{tally.quota}场相比，还需协商{tally.to_hold}场。"
    )
    yield (
        "按季度："
        + "；".join(f"{QUARTER_NAMES[quarter]}计划{planned}场，已协商{held}场" for quarter, planned, held in figures.quarters)
        + "。"
    )
    if figures.forms:
        forms = (f"{CONSULTATION_FORM_NAMES[form]}计划{planned}场，已协商{held}场" for form, planned, held in figures.forms)
        yield "按形式：" + "；".join(forms) + "。"
    if figures.held:
        yield "已协商的是：" + _report_list(_report_item(one) for one in figures.held)
    if figures.consulting:
        yield "协商中的是：" + _report_list(_report_item(one) for one in figures.consulting)
    if figures.late:
        late = (f"{one.title}（原定{_report_day(one.due)}前）" for one in figures.late)
        yield f"过了原定日期还没有协商的有{len(figures.late)}场：" + _report_list(late) + "原因请补写。"


def _report_topics(figures: PlanFigures) -> Iterator[str]:
    yield f"计划{figures.tally.planned}场里，{figures.topics}场有了议题。"
    if figures.routes:
        yield "按六途径：" + "；".join(f"{ROUTE_NAMES[route]}{count}个（共{figures.topics}个）" for route, count in figures.routes) + "。"
    waiting = f"，系统建议并入、还没有人确认的{figures.suggested}件" if figures.suggested else ""
    yield f"这些议题背后有经人确认的来件{figures.submissions}件{waiting}；能分辨的反映人{figures.people}人次。"
    if figures.conversions:
        for one in figures.conversions:
            yield f"{CONVERSION_NAMES[one.kind]}：涉及议题{one.topics}个（共{figures.topics}个），转化建议{one.suggestions}条。"
    else:
        yield "还没有登记成果转化。"


def _report_unseen(figures: PlanFigures) -> Iterator[str]:
    yield "场次不等于成效：办没办好，看办理结果和居民的评价。"
    yield "来件多少和有没有张贴直报点、会不会用手机有关，来件少不说明问题少。同一人在几个议题里反映过，会算几次；分辨不出的没有计入人次。"
    if figures.tally.open:
        yield f"议题待定的{figures.tally.open}场没有议题，系统看不到是否已经协商。"
    yield "线下进行、没有登记的协商和转化，不在数字里。"


def _report_item(one: ItemSaid) -> str:
    return f"{one.title}（领衔：{one.lead_chair}）" if one.lead_chair else one.title


def _report_reason(words: str) -> str:
    """On one line, so that none of it is taken for a heading; what is long stays in the plan."""
    line = " ".join(words.split()).rstrip("。")
    return line if len(line) <= REASON_SHOWN else f"{line[:REASON_SHOWN]}…"


def _report_list(words: Iterable[str]) -> str:
    found = tuple(words)
    rest = f"；另有{len(found) - LISTED_MOST}场" if len(found) > LISTED_MOST else ""
    return "；".join(found[:LISTED_MOST]) + rest + "。"


def _report_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
