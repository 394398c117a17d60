"""Danger in a resident's words: with negations, fears and things long past taken into account."""

import re
from dataclasses import dataclass
from functools import lru_cache

_EMERGENCY = re.compile(
    r"(?<!不)着火(?!点)|起火|失火|火灾(?!报警)|冒浓烟|冒烟|冒火|爆炸|(?:煤气|燃气|天然气|液化气).{0,4}(?:泄漏|泄露|漏气|漏了)|漏煤气"
    r"|(?:煤气|燃气|天然气)(?:的)?(?:味|异味|臭味)|落水(?!管|口|槽)|溺水|掉(?:进|到)?(?:河|湖|江|塘|井|化粪池|下水道)|昏迷|昏倒|晕倒|不省人事|没有?呼吸|大出血"
    r"|(?<!接)触电|电倒|坍塌|垮塌|倒塌|塌方|塌了|塌陷|被困(?!扰)|困在|关在电梯|电梯困人|跳楼|轻生|自杀|坠楼|持刀|砍人|中毒|救命(?![钱恩药稻路])|心脏病发"
)
_SOON = re.compile(
    r"摔(?!跤比赛)|漏电|飞线|拉线.{0,4}充|裸露.{0,3}电线|电线.{0,4}(?:掉|断|裸露|垂)|积水|内涝|被淹|堵|污水|粪水|返水|停水|停电|没水|没电"
    r"|老人|老奶奶|老爷爷|大爷|孕妇|残疾|轮椅|独居|砸到|砸伤|咬|受伤|危险|隐患|井盖|高空抛物|往下扔|掉砖|墙皮|困人|燃气|煤气|消防通道"
)
_CLAUSE_END = re.compile(r"[,。!?;:、\n…]")
_DENIED = re.compile(r"没有?|未|无(?!人)|不是|不会|并非|别再|没再|虚惊|不算")
_FEARED = re.compile(
    r"怕|担心|万一|一旦|如果|假如|若|要是|容易|会不会|以免|免得|避免|防止|预防|防(?=[火灾爆触中坍])|迟早|早晚|隐患|可能|可别|危险"
    r"|演练|演习|宣传|讲座|知识|培训"
)
_PAST = re.compile(r"去年|前年|上个?月|上周|上次|以前|曾经?|过去|之前|年前|月前|那次|过一次|过火")
_AFTERWARDS = re.compile(r"^.{0,4}(?:演练|演习|宣传|讲座|知识|培训|隐患|风险|报警器|的危险|过一?次|已经?(?:扑灭|处理|解决))")
_NOW = re.compile(r"现在|正在|刚才|刚刚|快来|快救|马上")
_REACH = 12
_LONG, _OPENING = 200, 60
"""Who is in danger writes little: in a long text only the opening raises an alarm, or a clause that says it is happening now."""


@dataclass(frozen=True, slots=True)
class Danger:
    """The words that name a danger to life now, and those for which a person should look soon."""

    now: tuple[str, ...]
    soon: tuple[str, ...]


@lru_cache(maxsize=64)
def danger_in(normalised: str) -> Danger:
    """What a normalised text says of danger; one that is feared or long past is `soon`, one that is denied is nothing.

    Kept a while, since several stages ask of the same text.
    """
    now: list[str] = []
    soon: list[str] = []
    for match in _EMERGENCY.finditer(normalised):
        before = _CLAUSE_END.split(normalised[max(0, match.start() - _REACH) : match.start()])[-1]
        after = _CLAUSE_END.split(normalised[match.end() : match.end() + _REACH])[0]
        told_at_length = len(normalised) > _LONG and match.start() > _OPENING and not _NOW.search(before + after)
        if told_at_length or _FEARED.search(before) or _PAST.search(before) or _AFTERWARDS.search(after):
            soon.append(match[0])
        elif not _DENIED.search(before[-5:]):
            now.append(match[0])
    soon += [match[0] for match in _SOON.finditer(normalised)]
    return Danger(tuple(dict.fromkeys(now)), tuple(dict.fromkeys(soon)))
