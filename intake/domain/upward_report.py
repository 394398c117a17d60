"""一类事上报: a class of matters reported to a body above, and what it answered."""

from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition

TITLE_MAX, BODY_NAME_MAX, NUMBER_MAX, SIGNER_MAX = 60, 40, 60, 40
TEXT_MAX, ANSWER_MAX, REASON_MAX = 8_000, 2_000, 200
"""Characters."""


class UpwardBody(StrEnum):
    """Whom it goes to."""

    CITY_COMMITTEE = "city_committee"
    """市政协."""
    PARTY_COMMITTEE = "party_committee"
    """区委."""
    GOVERNMENT = "government"
    """区政府."""
    OTHER = "other"
    """其他, named in words."""


UPWARD_BODY_NAMES: dict[UpwardBody, str] = {
    UpwardBody.CITY_COMMITTEE: "市政协",
    UpwardBody.PARTY_COMMITTEE: "区委",
    UpwardBody.GOVERNMENT: "区政府",
    UpwardBody.OTHER: "其他",
}
"""Screen names."""


class UpwardState(StrEnum):
    """Where it is."""

    DRAFTED = "drafted"
    """起草中."""
    SENT = "sent"
    """已上报: number, signer and day of the paper are written down."""
    ANSWERED = "answered"
    """已答复."""
    ABANDONED = "abandoned"
    """不报了."""


class UpwardAction(StrEnum):
    """What moves it."""

    SEND = "send"
    """登记上报."""
    ANSWER = "answer"
    """登记答复."""
    TELL = "tell_answer"
    """告诉居民: everyone behind the class reads the answer, once."""
    CORRECT = "correct_answer"
    """更正答复: what was written down wrongly, while no resident has read it."""
    SUPPLEMENT = "supplement"
    """登记补充答复: what came after residents were told, or sets right what they read."""
    TELL_MORE = "tell_supplement"
    """告诉居民 of it."""
    ABANDON = "abandon"
    """不报了."""


LABELS.add({UpwardState.DRAFTED: "起草中", UpwardState.SENT: "已上报", UpwardState.ANSWERED: "已答复", UpwardState.ABANDONED: "不报了"})
UPWARD_TABLE = StateTable(
    noun="upward_report",
    states=UpwardState,
    initial=UpwardState.DRAFTED,
    transitions=(
        Transition(UpwardAction.SEND, frozenset({UpwardState.DRAFTED}), UpwardState.SENT, P.SCREEN_DECIDE, ""),
        Transition(UpwardAction.ANSWER, frozenset({UpwardState.SENT}), UpwardState.ANSWERED, P.SCREEN_DECIDE, ""),
        Transition(
            UpwardAction.TELL,
            frozenset({UpwardState.ANSWERED}),
            UpwardState.ANSWERED,
            P.SCREEN_DECIDE,
            "您反映的这一类事报到了上级，有了答复。",
            needs_reason=True,
        ),
        Transition(UpwardAction.CORRECT, frozenset({UpwardState.ANSWERED}), UpwardState.ANSWERED, P.SCREEN_DECIDE, ""),
        Transition(UpwardAction.SUPPLEMENT, frozenset({UpwardState.ANSWERED}), UpwardState.ANSWERED, P.SCREEN_DECIDE, ""),
        Transition(
            UpwardAction.TELL_MORE,
            frozenset({UpwardState.ANSWERED}),
            UpwardState.ANSWERED,
            P.SCREEN_DECIDE,
            "您反映的这一类事，上级又有了补充答复。",
            needs_reason=True,
        ),
        Transition(UpwardAction.ABANDON, frozenset({UpwardState.DRAFTED}), UpwardState.ABANDONED, P.SCREEN_DECIDE, ""),
    ),
)
"""Source: product row L9."""
