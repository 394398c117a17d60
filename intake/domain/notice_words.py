"""通知的话: what a resident reads in a chat, a template or a short message: facts in plain words, and where to see more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.domain.notice_fields import clock_words, cut
from intake.domain.notification import NoticeKind
from intake.domain.outcome import VERDICT_NAMES, Verdict
from intake.domain.wechat_template import Fact

WHAT_MAX = 20
"""Characters of the resident's own words, as masked."""
SAID_MAX = 150
"""Characters of what a person wrote to the resident: an answer is read in the chat, a long one on the receipt."""
MOST_LISTED = 6
"""Of the notices that one message carries; the others are counted."""
CHAT_MOST_BYTES = 2048
"""Of a customer message. Source: the platform."""


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What one notice tells."""

    kind: NoticeKind
    number: str
    what: str
    """The beginning of what was said, masked; empty while nobody has masked it."""
    place: str
    state: str
    """What happened, in the tables' words; empty where the kind says it all."""
    who: str
    """Who did it: a person, or a unit; empty for the system."""
    at: datetime
    link: str
    said: str = ""
    """What they wrote to the resident."""


HEADLINES: dict[NoticeKind, str] = {
    NoticeKind.RECEIVED: "已收到您的话",
    NoticeKind.DECISION: "您反映的事有了处理",
    NoticeKind.JOINED: "您反映的事并入了议题",
    NoticeKind.TOPIC_DECISION: "您参与的议题有了新进展",
    NoticeKind.SESSION: "您反映的事安排了协商",
    NoticeKind.OUTCOME: "您反映的事有了答复",
    NoticeKind.RATE: "您反映的事，解决了吗",
    NoticeKind.MESSAGE: "有人给您留言",
}
"""First line; complete over NoticeKind."""

WHAT_FOLLOWS: dict[NoticeKind, str] = {
    NoticeKind.RECEIVED: "委员一般在 2 个工作日内看到",
    NoticeKind.DECISION: "理由和下一步写在回执上",
    NoticeKind.JOINED: "跟着议题走，每一步告诉您",
    NoticeKind.TOPIC_DECISION: "决定和理由写在回执上",
    NoticeKind.SESSION: "时间和地点写在回执上",
    NoticeKind.OUTCOME: "请看看解决了没有",
    NoticeKind.RATE: "点一下就算说过了",
    NoticeKind.MESSAGE: "在回执上看，也可以回话",
}
"""What comes next; complete over NoticeKind, each short enough for a template's field."""

ASKING = frozenset({NoticeKind.OUTCOME, NoticeKind.RATE})
"""Kinds that a verdict answers."""


def template_facts(facts: NoticeFacts, *, others: int) -> Mapping[Fact, str]:
    """What goes into a template's fields; `others` is how many further notices the message stands for."""
    tip = f"另有 {others} 件也有新进展" if others else WHAT_FOLLOWS[facts.kind]
    return {
        Fact.NUMBER: facts.number,
        Fact.WHAT: facts.what or HEADLINES[facts.kind],
        Fact.STATE: facts.state.rstrip("。") or HEADLINES[facts.kind],
        Fact.WHEN: clock_words(facts.at),
        Fact.PLACE: facts.place,
        Fact.TIP: tip,
    }


def verdict_link(link: str, verdict: Verdict) -> str:
    """The address whose opening answers a notice."""
    return f"{link}/{verdict.value}"


def chat_words(notices: Sequence[NoticeFacts]) -> str:
    """The customer message for one notice or several, the newest first; links are anchors, as the chat takes them."""
    if len(notices) == 1:
        return _single(notices[0])
    lines = [f"您反映的事有 {len(notices)} 条新进展："]
    for number, facts in enumerate(notices[:MOST_LISTED], start=1):
        happened = facts.state.rstrip("。") or HEADLINES[facts.kind]
        lines.append(f"{number}. {_plain(facts.what or facts.place)}：{_plain(cut(happened, WHAT_MAX))}")
        lines.append(f"{facts.number} {_anchor(facts.link, '看详情')}")
    if len(notices) > MOST_LISTED:
        lines.append(f"还有 {len(notices) - MOST_LISTED} 条，写在各自的回执上。")
    return "\n".join(lines)


def _single(facts: NoticeFacts) -> str:
    lines = [HEADLINES[facts.kind]]
    if facts.what:
        lines.append(f"您说的：{_plain(facts.what)}")
    if facts.state:
        lines.append(f"{_plain(facts.who)}：{_plain(facts.state)}" if facts.who else _plain(facts.state))
    if facts.said:
        lines.append(f"“{_plain(facts.said, SAID_MAX)}”")
    lines += [f"回执号：{facts.number}", f"{WHAT_FOLLOWS[facts.kind]}。", _anchor(facts.link, "打开回执")]
    if facts.kind in ASKING:
        lines.append(" ".join(_anchor(verdict_link(facts.link, one), name) for one, name in VERDICT_NAMES.items()))
    return "\n".join(lines)


def sms_words(notices: Sequence[NoticeFacts]) -> str:
    """The short message: no word of the resident's own, since others may hold the telephone; the gateway adds the signature."""
    newest = notices[0]
    more = f"等 {len(notices)} 件" if len(notices) > 1 else ""
    return f"{HEADLINES[newest.kind]}{more}。回执号 {newest.number}，查看：{newest.link}"


def _anchor(link: str, words: str) -> str:
    return f'<a href="{link}">{words}</a>'


def _plain(words: str, most: int = 60) -> str:
    """Nothing that the chat would take for an anchor."""
    return cut(words, most).replace("<", "〈").replace(">", "〉")
