"""年度协商计划: what will be consulted on in a year, by whom and when; changes after its issue make a new edition."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition

QUOTA_MOST = 500


class ConsultationForm(StrEnum):
    """协商形式. Source: product row H2; domain.md, Consultation."""

    SPECIAL = "special"
    """专题协商."""
    COUNTERPART = "counterpart"
    """对口协商."""
    SECTOR = "sector"
    """界别协商."""
    PROPOSAL = "proposal"
    """提案办理协商."""
    MICRO = "micro"
    """微协商."""


CONSULTATION_FORM_NAMES: dict[ConsultationForm, str] = {
    ConsultationForm.SPECIAL: "专题协商",
    ConsultationForm.COUNTERPART: "对口协商",
    ConsultationForm.SECTOR: "界别协商",
    ConsultationForm.PROPOSAL: "提案办理协商",
    ConsultationForm.MICRO: "微协商",
}
"""Screen names."""


class PlanState(StrEnum):
    """Where it is."""

    DRAFTING = "drafting"
    """编制中: it goes through its approvals while it is."""
    ISSUED = "issued"
    """已印发: its topics are in the plan."""
    CLOSED = "closed"
    """已收官: the year is over and told."""


class PlanAction(StrEnum):
    """What moves it."""

    ISSUE = "issue"
    """印发: every step of the chain is passed, or skipped by a named authority."""
    REVISE = "revise"
    """印发新版: what was changed meanwhile becomes an edition of its own."""
    CLOSE = "close"
    """收官."""


S, A = PlanState, PlanAction
LABELS.add({S.DRAFTING: "编制中", S.ISSUED: "已印发", S.CLOSED: "已收官"})
PLAN_TABLE = StateTable(
    noun="year_plan",
    states=S,
    initial=S.DRAFTING,
    transitions=(
        Transition(A.ISSUE, frozenset({S.DRAFTING}), S.ISSUED, P.PLAN_MANAGE, ""),
        Transition(A.REVISE, frozenset({S.ISSUED}), S.ISSUED, P.PLAN_MANAGE, ""),
        Transition(A.CLOSE, frozenset({S.ISSUED}), S.CLOSED, P.PLAN_MANAGE, ""),
    ),
)
"""Source: product rows H1, J1."""


class PlanReportKind(StrEnum):
    """Which report is drafted."""

    MID_YEAR = "mid_year"
    """年中报告."""
    YEAR_END = "year_end"
    """年终报告."""


PLAN_REPORT_NAMES: dict[PlanReportKind, str] = {PlanReportKind.MID_YEAR: "年中报告", PlanReportKind.YEAR_END: "年终报告"}
"""Screen names."""


TITLE_MAX, PLAN_WORDS_MAX, NUMBER_MAX = 60, 4_000, 40
"""Characters of the plan's own title, of what it says before its topics, of a document number."""
ITEM_TITLE_MAX, NAME_MAX, LIST_MAX, ITEM_WORDS_MAX = 60, 40, 200, 1_000
"""Characters of an item's title, a person's name, a list of names, and what is said of the item."""
ITEMS_MOST = 300
"""In one plan."""
REASON_MAX = 500
"""Characters of why an item is taken out, which is also a decision that residents read."""
QUARTER_NAMES: dict[int, str] = {1: "第一季度", 2: "第二季度", 3: "第三季度", 4: "第四季度"}
"""Screen names."""
