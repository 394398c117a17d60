"""导入: rows of another system (hotline, message board) that become submissions by the network route."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class ImportFormat(StrEnum):
    """What kind of file it is."""

    CSV = "csv"
    """逗号分隔的文本."""
    XLSX = "xlsx"
    """Excel 工作簿."""


class ImportState(StrEnum):
    """How far it is."""

    MAPPING = "mapping"
    """待对应: the file is here; which column is what is still to be said."""
    CHECKING = "checking"
    """试读中: a worker reads every row and writes nothing."""
    CHECKED = "checked"
    """试读完: what would come in, and what wouldn't and why."""
    IMPORTING = "importing"
    """导入中."""
    IMPORTED = "imported"
    """已导入."""
    UNDOING = "undoing"
    """撤回中."""
    UNDONE = "undone"
    """已撤回: what nobody had touched is withdrawn."""
    FAILED = "failed"
    """没有成功: the file couldn't be read as a whole."""
    DISCARDED = "discarded"
    """已放弃."""


class ImportAction(StrEnum):
    """What moves it."""

    CHECK = "check"
    """试读."""
    CHECKED = "checked"
    """The worker read it to its end."""
    REMAP = "remap"
    """改对应关系."""
    IMPORT = "import"
    """导入, or going on with what broke off in the middle."""
    IMPORTED = "imported"
    """The worker took it in to its end."""
    UNDO = "undo"
    """撤回整批."""
    UNDONE = "undone"
    """The worker took it back to its end."""
    FAIL = "fail"
    """The worker can't read it."""
    DISCARD = "discard"
    """放弃."""


UNDONE_CODE = "import_undone"
"""Why a row was withdrawn; before a row said with which import, all of it."""


def undone_code(import_id: int) -> str:
    """Why a row was withdrawn: with which import. The row itself is forgotten, so that it may come in again."""
    return f"{UNDONE_CODE}:{import_id}"


S, A = ImportState, ImportAction
LABELS.add(
    {
        S.MAPPING: "待对应", S.CHECKING: "试读中", S.CHECKED: "试读完", S.IMPORTING: "导入中", S.IMPORTED: "已导入",
        S.UNDOING: "撤回中", S.UNDONE: "已撤回", S.FAILED: "没有成功", S.DISCARDED: "已放弃",
    }
)  # fmt: skip
IMPORT_TABLE = StateTable(
    noun="row_import",
    states=S,
    initial=S.MAPPING,
    transitions=(
        Transition(A.CHECK, frozenset({S.MAPPING}), S.CHECKING, P.IMPORT_MANAGE, ""),
        Transition(A.CHECKED, frozenset({S.CHECKING}), S.CHECKED, None, ""),
        Transition(A.REMAP, frozenset({S.CHECKED, S.FAILED}), S.MAPPING, P.IMPORT_MANAGE, ""),
        Transition(A.IMPORT, frozenset({S.CHECKED, S.FAILED}), S.IMPORTING, P.IMPORT_MANAGE, ""),
        Transition(A.IMPORTED, frozenset({S.IMPORTING}), S.IMPORTED, None, ""),
        Transition(A.UNDO, frozenset({S.IMPORTED, S.FAILED}), S.UNDOING, P.IMPORT_MANAGE, ""),
        Transition(A.UNDONE, frozenset({S.UNDOING}), S.UNDONE, None, ""),
        Transition(A.FAIL, frozenset({S.MAPPING, S.CHECKING, S.IMPORTING}), S.FAILED, None, ""),
        Transition(A.DISCARD, frozenset({S.MAPPING, S.CHECKED, S.FAILED}), S.DISCARDED, P.IMPORT_MANAGE, ""),
    ),
)
"""Source: product row L3 (网络筛题); docs/adr/0043."""
