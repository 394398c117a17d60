"""Matters that somebody else must or can handle sooner: what they are called, and the sentence that says where to turn."""

import re
from enum import StrEnum


class Elsewhere(StrEnum):
    """Who else is meant, the most pressing first; a message is accepted whichever it is."""

    FIRE = "fire"
    """着火、漏气: 119."""
    MEDICAL = "medical"
    """有人受伤、发病: 120."""
    VIOLENCE = "violence"
    """正受到伤害或威胁: 110."""
    DESPAIR = "despair"
    """不想活了: 12356 listens."""
    CRIME = "crime"
    """被偷、被骗: the police take the report."""
    DISCIPLINE = "discipline"
    """举报贪腐: discipline inspection."""
    COURT = "court"
    """诉讼、判决、执行: the courts."""
    LABOUR = "labour"
    """欠薪、辞退: labour inspection and arbitration."""
    PETITION = "petition"
    """信访."""
    CONSUMER = "consumer"
    """买卖和预付卡的纠纷."""
    NEIGHBOURS = "neighbours"
    """邻里、家庭、借贷纠纷."""
    SERVICE = "service"
    """停水停电什么时候来、怎么办理: 12345 answers within the day."""


DANGERS = frozenset({Elsewhere.FIRE, Elsewhere.MEDICAL, Elsewhere.VIOLENCE, Elsewhere.DESPAIR})
"""Those in which minutes count."""

ELSEWHERE_NAMES: dict[Elsewhere, str] = {
    Elsewhere.FIRE: "先打 119",
    Elsewhere.MEDICAL: "先打 120",
    Elsewhere.VIOLENCE: "先打 110",
    Elsewhere.DESPAIR: "心理援助",
    Elsewhere.CRIME: "报警",
    Elsewhere.DISCIPLINE: "纪检监察",
    Elsewhere.COURT: "法院和仲裁",
    Elsewhere.LABOUR: "劳动监察和仲裁",
    Elsewhere.PETITION: "信访",
    Elsewhere.CONSUMER: "消费纠纷",
    Elsewhere.NEIGHBOURS: "民间纠纷",
    Elsewhere.SERVICE: "12345 可办",
}
"""Screen names, for a member's card."""

ADVICE: dict[Elsewhere, str] = {
    Elsewhere.FIRE: "如果正在着火、冒烟或漏气，请先离开那里，再打 119。您在这里写的，我们照样收。",
    Elsewhere.MEDICAL: "如果有人受伤、被困或突然不舒服，请先打 120，要救援打 119。您在这里写的，我们照样收。",
    Elsewhere.VIOLENCE: "如果有人正受到伤害或威胁，请先打 110。您在这里写的，我们照样收。",
    Elsewhere.DESPAIR: "如果您或身边的人很难受，可以打 12356，有人听您说；危急时请打 110 或 120。您在这里写的，我们照样收。",
    Elsewhere.CRIME: "被偷、被骗或被打，请打 110 或去派出所报案，越早越好。您在这里写的，委员也会看。",
    Elsewhere.DISCIPLINE: "反映公职人员违纪违法，请打 12388 或找区纪委监委，那里有专人保密受理。您在这里写的，委员也会看。",
    Elsewhere.COURT: "诉讼、判决和执行要由法院来定，可以打 12368；不知道怎么走程序，可以打 12348 免费问律师。您在这里写的，委员也会看。",
    Elsewhere.LABOUR: "欠薪、辞退、工伤这类事，打 12333 找劳动监察或申请仲裁，有办理期限。您在这里写的，委员也会看。",
    Elsewhere.PETITION: "信访事项请到区信访局或网上信访平台登记，那里会按期限书面答复；不清楚怎么登记，可以打 12345 问。您在这里写的，委员也会看。",
    Elsewhere.CONSUMER: "买东西、办卡的纠纷，打 12315 找市场监管部门，可以调解、可以查处。您在这里写的，委员也会看。",
    Elsewhere.NEIGHBOURS: "邻居、家人之间的事，可以找社区人民调解委员会，或打 12348 免费问律师。您在这里写的，委员也会看。",
    Elsewhere.SERVICE: "想知道什么时候恢复、怎么办理，打 12345 当天就能问到。您在这里写的，委员也会看。",
}
"""What a resident reads: where to turn, and that the message is taken here all the same."""

_PHONE = re.compile(r"(?<!\d)1\d{2}(?:\d{2})?(?!\d)")


def phones_in(advice: str) -> tuple[str, ...]:
    """The short numbers that an advice names, such as 119 and 12348, each once, in its order."""
    return tuple(dict.fromkeys(_PHONE.findall(advice)))
