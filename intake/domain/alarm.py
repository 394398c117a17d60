"""紧急呼叫: an emergency goes at once to the duty member, staff and the duty office; each receipt of it is timed (row Y2)."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class AlarmState(StrEnum):
    """Whether somebody has it in hand."""

    RAISED = "raised"
    """没有人接."""
    TAKEN = "taken"
    """有人在处理."""
    CLOSED = "closed"
    """已处理, with what was done."""


class AlarmAction(StrEnum):
    """What moves it."""

    TAKE = "take"
    """我来处理."""
    GIVE_BACK = "give_back"
    """交还: whoever took it can't."""
    CLOSE = "close"
    """处理完了."""


LABELS.add({AlarmState.RAISED: "没有人接", AlarmState.TAKEN: "有人在处理", AlarmState.CLOSED: "已处理"})
ALARM_TABLE = StateTable(
    noun="alarm",
    states=AlarmState,
    initial=AlarmState.RAISED,
    transitions=(
        Transition(AlarmAction.TAKE, frozenset({AlarmState.RAISED}), AlarmState.TAKEN, P.ALARM_ANSWER, "紧急情况已有人在处理。"),
        Transition(AlarmAction.GIVE_BACK, frozenset({AlarmState.TAKEN}), AlarmState.RAISED, P.ALARM_ANSWER, "", needs_reason=True),
        Transition(
            AlarmAction.CLOSE,
            frozenset({AlarmState.RAISED, AlarmState.TAKEN}),
            AlarmState.CLOSED,
            P.ALARM_ANSWER,
            "紧急情况已处理。",
            needs_reason=True,
        ),
    ),
)
