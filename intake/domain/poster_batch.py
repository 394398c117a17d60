"""海报批次: many posters drawn in the background into one file."""

from datetime import timedelta
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


class PosterFormat(StrEnum):
    """What it is printed on; the values are those of `qr_assets`."""

    A4 = "a4"
    """海报, for the notice board."""
    A3 = "a3"
    """大海报, for a gate or a lobby."""
    STICKER = "sticker"
    """不干胶, for a lift or a door."""
    CARD = "card"
    """桌牌, for a counter."""


FORMAT_NAMES: dict[PosterFormat, str] = {
    PosterFormat.A4: "A4 海报",
    PosterFormat.A3: "A3 大海报",
    PosterFormat.STICKER: "A6 不干胶",
    PosterFormat.CARD: "桌牌（A4 对折）",
}
"""Screen names."""

MOST_WAITING = 3
"""Batches one person may have that are not finished."""
MOST_POINTS = 10_000
"""Posters in one batch; ten thousand take some minutes and a quarter of a gigabyte."""
MOST_TRIES = 3
"""Workers that may die over one batch before it is given up."""
SAME_ORDER = timedelta(minutes=1)
"""The same order again within this time is a second click."""
SILENT = timedelta(seconds=60)
"""A worker that hasn't reported for this long is dead."""


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
