"""清单: responsibility and result lists, structured and versioned; what we print is a draft (稿), never a sealed paper."""

from enum import StrEnum

from intake.domain.permission import Permission as P
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
