"""公众号二维码: a code of the account for one point, which makes the resident follow it; asked for, then made by a worker."""

from enum import StrEnum

from intake.domain.transition import LABELS, StateTable, Transition

MOST_SCENES = 100_000
"""Permanent scene codes of one account. Source: wechat.md."""


class SceneState(StrEnum):
    """Whether there is a code to print."""

    ASKED = "asked"
    """等着生成."""
    MADE = "made"
    """可以打印."""
    FAILED = "failed"
    """没有生成: with the reason; may be asked for again."""


class SceneAction(StrEnum):
    """What moves it."""

    MAKE = "make"
    """The platform gave one."""
    FAIL = "fail"
    """The platform won't."""
    ASK = "ask"
    """Asked for again."""


LABELS.add({SceneState.ASKED: "等着生成", SceneState.MADE: "可以打印", SceneState.FAILED: "没有生成"})

SCENE_TABLE = StateTable(
    noun="scene_code",
    states=SceneState,
    initial=SceneState.ASKED,
    transitions=(
        Transition(SceneAction.MAKE, frozenset({SceneState.ASKED}), SceneState.MADE, None, ""),
        Transition(SceneAction.FAIL, frozenset({SceneState.ASKED}), SceneState.FAILED, None, ""),
        Transition(SceneAction.ASK, frozenset({SceneState.FAILED}), SceneState.ASKED, None, ""),
    ),
)
