"""海报批次: many posters drawn in the background into one file."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class BatchState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    """等待生成."""
    RUNNING = "running"
    """正在生成."""
    DONE = "done"
    """已生成."""
    FAILED = "failed"
    """没有生成."""


class BatchAction(StrEnum):
    """What moves a batch."""

    START = "start"
    """A worker begins (开始)."""
    FINISH = "finish"
    """The file stands (完成)."""
    FAIL = "fail"
    """It can't be made; the page says why (失败)."""
    RETRY = "retry"
    """Somebody asks again, or its worker died (重试)."""


S, A = BatchState, BatchAction
LABELS.add({S.WAITING: "等待生成", S.RUNNING: "正在生成", S.DONE: "已生成", S.FAILED: "没有生成"})

BATCH_TABLE = StateTable(
    noun="poster_batch",
    states=S,
    initial=S.WAITING,
    transitions=(
        Transition(A.START, frozenset({S.WAITING}), S.RUNNING, None, ""),
        Transition(A.FINISH, frozenset({S.RUNNING}), S.DONE, None, ""),
        Transition(A.FAIL, frozenset({S.RUNNING}), S.FAILED, None, ""),
        Transition(A.RETRY, frozenset({S.RUNNING, S.FAILED}), S.WAITING, P.POSTERS_PRINT, ""),
    ),
)
"""A batch left `running` by a worker that died goes back to `waiting` in the next sweep."""
