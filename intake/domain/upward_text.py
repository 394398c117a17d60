"""What a report of a class is begun with: the situation as it is counted, each matter with its number, residents' words, what was done. Chinese."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.bulletin_text import TO_WRITE, Source, said_lines, situation
from intake.domain.upward_report import TITLE_MAX

MATTERS_SHOWN = 30
_UPWARD_LIMITS = "以上是直报点收到、并经人确认的来件，不是抽样调查；没有来件的社区，不等于没有这类问题。"
_UPWARD_REQUEST = f"{TO_WRITE}：请写明希望上级帮助解决什么、由谁、怎么办】"


@dataclass(frozen=True, slots=True)
class MatterTold:
    """One matter of the class as the report counts it; `state` in words."""

    number: str
    title: str
    place: str
    submissions: int
    """Confirmed."""
    state: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was done about the class and its matters so far."""

    referred: int
    answered: int
    """Of `referred`."""


def upward_title(title: str) -> str:
    """What it is called until somebody knows better."""
    return f"关于“{title}”一类事的报告"[:TITLE_MAX]


def upward_text(source: Source, matters: Sequence[MatterTold], done: Done) -> str:
    """The whole text; what is asked of the body above is left to people."""
    parts = (
        ("一、反映的情况", [situation(source), *_upward_matters(matters), _UPWARD_LIMITS]),
        ("二、居民怎么说", [said_lines(source.said)]),
        ("三、已经做的", [_upward_done(matters, done)]),
        ("四、请求事项", [_UPWARD_REQUEST]),
    )
    return "\n".join("\n".join((heading, *below)) for heading, below in parts)


def _upward_matters(matters: Sequence[MatterTold]) -> list[str]:
    if not matters:
        return []
    lines = [
        f"{place}. {one.title}（{one.place}，{one.submissions} 件，{one.number}）"
        for place, one in enumerate(matters[:MATTERS_SHOWN], start=1)
    ]
    more = [f"其余 {len(matters) - MATTERS_SHOWN} 件事从略。"] if len(matters) > MATTERS_SHOWN else []
    return [f"这一类事共 {len(matters)} 件：", *lines, *more]


def _upward_done(matters: Sequence[MatterTold], done: Done) -> str:
    states = dict.fromkeys(one.state for one in matters)
    counted = "、".join(f"{state} {sum(one.state == state for one in matters)} 件" for state in states)
    told = [f"这 {len(matters)} 件事中，{counted}"] if matters else []
    told.append(f"转请有关单位办理 {done.referred} 件，其中 {done.answered} 件已答复" if done.referred else "还没有转请有关单位办理")
    return "；".join(told) + "。"
