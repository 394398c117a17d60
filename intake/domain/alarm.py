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
    RAISE_AGAIN = "raise_again"
    """又呼叫: somebody finds after it was closed that it is an emergency all the same."""


LABELS.add({AlarmState.RAISED: "没有人接", AlarmState.TAKEN: "有人在处理", AlarmState.CLOSED: "已处理"})
OPEN_ALARMS = frozenset({AlarmState.RAISED, AlarmState.TAKEN})
"""States in which something is still to be done."""
ALARM_TABLE = StateTable(
    noun="alarm",
    states=AlarmState,
    initial=AlarmState.RAISED,
    transitions=(
        Transition(AlarmAction.TAKE, frozenset({AlarmState.RAISED}), AlarmState.TAKEN, P.ALARM_ANSWER, "紧急情况已有人在处理。"),
        Transition(
            AlarmAction.GIVE_BACK, frozenset({AlarmState.TAKEN}), AlarmState.RAISED, P.ALARM_ANSWER, "正在换人处理。", needs_reason=True
        ),
        Transition(AlarmAction.CLOSE, OPEN_ALARMS, AlarmState.CLOSED, P.ALARM_ANSWER, "紧急情况已处理。", needs_reason=True),
        Transition(AlarmAction.RAISE_AGAIN, frozenset({AlarmState.CLOSED}), AlarmState.RAISED, P.TRIAGE_DECIDE, "又按紧急情况通知了一次。"),
    ),
)


class CalledAs(StrEnum):
    """Why a person was called."""

    DUTY_MEMBER = "duty_member"
    """值班委员: has the submission, or would have it."""
    STAFF = "staff"
    """区政协工作人员 of the area."""
    DUTY_OFFICE = "duty_office"
    """值班室: everybody of the district's duty offices."""


CALLED_NAMES: dict[CalledAs, str] = {CalledAs.DUTY_MEMBER: "值班委员", CalledAs.STAFF: "区政协", CalledAs.DUTY_OFFICE: "值班室"}
"""Screen names, in the order in which a receipt names them."""


class GiveBackReason(StrEnum):
    """Why whoever took it can't go on; a code, since the alarm's history holds no words."""

    CANNOT_COME = "cannot_come"
    """赶不过去."""
    NOT_MY_FIELD = "not_my_field"
    """办不了，要别人来."""
    OUT_OF_REACH = "out_of_reach"
    """接的人联系不上: said by somebody else."""
    BY_MISTAKE = "by_mistake"
    """点错了."""


GIVE_BACK_NAMES: dict[GiveBackReason, str] = {
    GiveBackReason.CANNOT_COME: "一时赶不过去",
    GiveBackReason.NOT_MY_FIELD: "我办不了，要别人来",
    GiveBackReason.OUT_OF_REACH: "接的人联系不上",
    GiveBackReason.BY_MISTAKE: "点错了",
}
"""The choices on the page."""


class CloseReason(StrEnum):
    """How it ended."""

    HANDLED = "handled"
    """处理了."""
    FALSE_ALARM = "false_alarm"
    """不是紧急情况: the submission goes on as an ordinary one."""


CLOSE_NAMES: dict[CloseReason, str] = {
    CloseReason.HANDLED: "处理了",
    CloseReason.FALSE_ALARM: "看过了，不是紧急情况，按一般来件办",
}
"""The choices on the page."""
ALARM_WORDS_MAX = 500
