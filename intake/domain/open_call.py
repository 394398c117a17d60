"""公开征题: a question to everybody, with its days, a code and a page of its own; answers go the way of any other message."""

from datetime import date
from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition

TITLE_MAX, QUESTION_MAX, BACKGROUND_MAX, RESULT_MAX = 40, 200, 2_000, 2_000
"""Characters."""


class OpenCallState(StrEnum):
    """Whether it asks."""

    DRAFT = "draft"
    """起草中: nobody but staff sees it."""
    OPEN = "open"
    """征集: its page is there; it takes answers between its days."""
    CLOSED = "closed"
    """已截止: its page says so, and what comes next."""
    REPORTED = "reported"
    """已反馈: its page says what came in and what became of it."""


class OpenCallAction(StrEnum):
    """What moves it."""

    PUBLISH = "publish"
    """发布."""
    CLOSE = "close"
    """截止: before its last day, or after."""
    REPORT = "report"
    """反馈: what came in, and what became of it."""


S, A = OpenCallState, OpenCallAction
LABELS.add({S.DRAFT: "起草中", S.OPEN: "征集", S.CLOSED: "已截止", S.REPORTED: "已反馈"})

OPEN_CALL_TABLE = StateTable(
    noun="open_call",
    states=S,
    initial=S.DRAFT,
    transitions=(
        Transition(A.PUBLISH, frozenset({S.DRAFT}), S.OPEN, P.OPEN_CALL_MANAGE, ""),
        Transition(A.CLOSE, frozenset({S.OPEN}), S.CLOSED, P.OPEN_CALL_MANAGE, ""),
        Transition(A.REPORT, frozenset({S.OPEN, S.CLOSED}), S.REPORTED, P.OPEN_CALL_MANAGE, ""),
    ),
)
"""Source: product row L3 (公开征题)."""


class CallStage(StrEnum):
    """What its page says today."""

    COMING = "coming"
    """还没开始."""
    RUNNING = "running"
    """正在征集."""
    OVER = "over"
    """已截止."""
    REPORTED = "reported"
    """已反馈."""


CALL_STAGE_NAMES: dict[CallStage, str] = {
    CallStage.COMING: "还没开始",
    CallStage.RUNNING: "正在征集",
    CallStage.OVER: "已截止",
    CallStage.REPORTED: "已反馈",
}
"""Screen names."""


def stage_of(state: OpenCallState, *, opens_on: date, closes_on: date, today: date) -> CallStage:
    """Days are in Shanghai; `closes_on` is the last day. A draft has no stage that the public sees: ValueError."""
    if state is OpenCallState.DRAFT:
        raise ValueError("a draft has no page")
    if state is OpenCallState.REPORTED:
        return CallStage.REPORTED
    if state is OpenCallState.CLOSED or today > closes_on:
        return CallStage.OVER
    return CallStage.COMING if today < opens_on else CallStage.RUNNING
