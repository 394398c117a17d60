"""清单: responsibility and result lists, structured and versioned; what we print is a draft (稿), never a sealed paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from intake.domain.permission import Permission as P
from intake.domain.referral import ReferralState as R
from intake.domain.topic import TopicState
from intake.domain.transition import LABELS, StateTable, Transition


class ListKind(StrEnum):
    """Which of the three lists; the suggestion list comes with consultations."""

    RESPONSIBILITY = "responsibility"
    """责任落实清单."""
    RESULT = "result"
    """结果反馈清单."""


LIST_NAMES: dict[ListKind, str] = {ListKind.RESPONSIBILITY: "责任落实清单", ListKind.RESULT: "结果反馈清单"}
"""Screen names and headings of the papers."""


class ListState(StrEnum):
    """Whether this version may still change."""

    DRAFT = "draft"
    """草稿: shows what the referrals say now."""
    ISSUED = "issued"
    """已印发: frozen."""
    SUPERSEDED = "superseded"
    """有了新的一版."""


class ListAction(StrEnum):
    """What moves a version."""

    ISSUE = "issue"
    """印发."""
    SUPERSEDE = "supersede"
    """被新版取代."""


LABELS.add({ListState.DRAFT: "草稿", ListState.ISSUED: "已印发", ListState.SUPERSEDED: "旧版"})
LIST_TABLE = StateTable(
    noun="official_list",
    states=ListState,
    initial=ListState.DRAFT,
    transitions=(
        Transition(ListAction.ISSUE, frozenset({ListState.DRAFT}), ListState.ISSUED, P.LIST_MANAGE, ""),
        Transition(ListAction.SUPERSEDE, frozenset({ListState.ISSUED}), ListState.SUPERSEDED, P.LIST_MANAGE, ""),
    ),
)


class Column(StrEnum):
    """What a row says; the values name the cells that an issued list keeps."""

    MATTER = "matter"
    """建议或事项: the topic, or what was sent by itself."""
    BASIS = "basis"
    """依据."""
    LEAD = "lead"
    """主办单位."""
    HELPERS = "helpers"
    """协办单位."""
    MEASURE = "measure"
    """措施: the responsibility itself, or what the office asked for."""
    DEADLINE = "deadline"
    """完成时限, a date in Shanghai."""
    INSTRUCTION = "instruction"
    """批示编号."""
    STATE = "state"
    """进展."""
    DONE = "done"
    """办理情况: what was done, in the department's words."""
    OUTCOME = "outcome"
    """办理结果."""
    EVIDENCE = "evidence"
    """佐证: the names of the files, or why there is none."""
    SIGNATURE = "signature"
    """单位签署: who answers for it, and the paper's number where there is one."""
    CHECK = "check"
    """委员核对: who found that it answers what was asked, and when."""
    VERDICTS = "verdicts"
    """居民评价, counted over everyone who was told."""


COLUMN_NAMES: dict[Column, str] = {
    Column.MATTER: "建议或事项",
    Column.BASIS: "依据",
    Column.LEAD: "主办单位",
    Column.HELPERS: "协办单位",
    Column.MEASURE: "措施",
    Column.DEADLINE: "完成时限",
    Column.INSTRUCTION: "批示编号",
    Column.STATE: "进展",
    Column.DONE: "办理情况",
    Column.OUTCOME: "办理结果",
    Column.EVIDENCE: "佐证",
    Column.SIGNATURE: "单位签署",
    Column.CHECK: "委员核对",
    Column.VERDICTS: "居民评价",
}
"""Headings, on the screen and on paper."""
COLUMNS: dict[ListKind, tuple[Column, ...]] = {
    ListKind.RESPONSIBILITY: (
        Column.MATTER,
        Column.BASIS,
        Column.LEAD,
        Column.HELPERS,
        Column.MEASURE,
        Column.DEADLINE,
        Column.INSTRUCTION,
        Column.STATE,
    ),
    ListKind.RESULT: (
        Column.MATTER,
        Column.LEAD,
        Column.DONE,
        Column.OUTCOME,
        Column.EVIDENCE,
        Column.SIGNATURE,
        Column.CHECK,
        Column.VERDICTS,
    ),
}
"""From left to right, after the running number."""
LISTED_TOPICS = (TopicState.DELIVERING, TopicState.DELIVERED)
"""A list can be made of all that is done for such a topic."""
LISTED_STATES: dict[ListKind, tuple[R, ...]] = {
    ListKind.RESPONSIBILITY: (R.SENT, R.ACCEPTED, R.ASSIGNED, R.IN_PROGRESS, R.DISPUTED, R.REPLIED, R.CHECKED, R.DELIVERED),
    ListKind.RESULT: (R.REPLIED, R.CHECKED, R.DELIVERED),
}
"""Referrals that belong on such a list, where nobody chose a state."""
MOST_ROWS = 500
"""Of one list."""
TITLE_MAX, NUMBER_MAX, SIGNER_MAX = 60, 60, 40


@dataclass(frozen=True, slots=True)
class ListItem:
    """One row: `number` is the referral's, `cells` are words ready for paper."""

    referral_id: int
    number: str
    cells: Mapping[Column, str]
    lacks: str
    """Why it can't be issued; empty where nothing is missing."""

    def frozen(self) -> dict[str, Any]:
        """As an issued list keeps it."""
        return {
            "referral_id": self.referral_id,
            "number": self.number,
            "cells": {column.value: words for column, words in self.cells.items()},
        }


def thawed(kept: Mapping[str, Any]) -> ListItem:
    """The row that an issued list kept."""
    cells = {Column(name): words for name, words in kept["cells"].items()}
    return ListItem(referral_id=kept["referral_id"], number=kept["number"], cells=cells, lacks="")


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that says something else than before."""

    column: Column
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Differences:
    """What one edition says that the one before didn't."""

    added: tuple[ListItem, ...]
    removed: tuple[ListItem, ...]
    changed: tuple[tuple[ListItem, tuple[CellChange, ...]], ...]
    """Rows in both, as they are now, and their cells that changed."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def differences(before: Sequence[ListItem], after: Sequence[ListItem]) -> Differences:
    """Row by row and cell by cell; rows are the same where the referral is. Their order alone is no difference."""
    old, new = {one.referral_id: one for one in before}, {one.referral_id: one for one in after}
    pairs = ((one, changed_cells(old[one.referral_id], one)) for one in after if one.referral_id in old)
    return Differences(
        added=tuple(one for one in after if one.referral_id not in old),
        removed=tuple(one for one in before if one.referral_id not in new),
        changed=tuple((one, cells) for one, cells in pairs if cells),
    )


def changed_cells(before: ListItem, after: ListItem) -> tuple[CellChange, ...]:
    """The cells of one row that say something else, in the order of the columns."""
    return tuple(
        CellChange(column, before.cells.get(column, ""), after.cells.get(column, ""))
        for column in Column
        if before.cells.get(column, "") != after.cells.get(column, "")
    )
