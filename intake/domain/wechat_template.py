"""通知模板: which template of an account carries which notice, and which of our facts go into its fields."""

import re
from collections.abc import Iterable
from enum import StrEnum

from intake.domain.errors import InvalidInput
from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.wechat_account import AccountKind, Capability, can

MOST_FIELDS = 5
"""Of the platform's templates by category (类目模板)."""
TEMPLATE_ID_MAX = 64
_TEMPLATE_ID = re.compile(r"[A-Za-z0-9_-]{10,64}")
_FIELD = re.compile(r"[a-z][a-z_]{1,30}[0-9]{0,3}")


class Fact(StrEnum):
    """What we can put into a field."""

    NUMBER = "number"
    """The receipt number."""
    WHAT = "what"
    """What the notice is about."""
    STATE = "state"
    """Where the matter stands."""
    WHEN = "when"
    """When it happened."""
    PLACE = "place"
    """The point's place."""
    TIP = "tip"
    """What happens next."""


FACT_NAMES: dict[Fact, str] = {
    Fact.NUMBER: "回执号",
    Fact.WHAT: "什么事",
    Fact.STATE: "到哪一步",
    Fact.WHEN: "时间",
    Fact.PLACE: "地点",
    Fact.TIP: "接下来",
}
"""Screen names; complete over Fact."""

SAMPLES: dict[Fact, str] = {
    Fact.NUMBER: "ZB-2611-003827",
    Fact.WHAT: "您反映的事有了处理",
    Fact.STATE: "并入议题",
    Fact.WHEN: "2026-11-02 09:30",
    Fact.PLACE: "龙池社区",
    Fact.TIP: "点开看每一步",
}
"""What the preview shows in place of a resident's own facts."""

NOTICE_NAMES: dict[NoticeKind, str] = {
    NoticeKind.RECEIVED: "已收到",
    NoticeKind.DECISION: "委员处理了",
    NoticeKind.JOINED: "并入议题",
    NoticeKind.TOPIC_DECISION: "议题有了筛选结果",
    NoticeKind.SESSION: "协商安排",
    NoticeKind.OUTCOME: "有了办理结果",
    NoticeKind.RATE: "请评价结果",
    NoticeKind.MESSAGE: "有人留言",
}
"""Screen names; complete over NoticeKind."""

TEMPLATE_CHANNELS: dict[NoticeChannel, tuple[str, Capability]] = {
    NoticeChannel.LONG: ("长期订阅通知", Capability.SUBSCRIPTION_NOTICE),
    NoticeChannel.ONCE: ("一次性订阅通知", Capability.SUBSCRIPTION_NOTICE),
    NoticeChannel.TEMPLATE: ("模板消息", Capability.TEMPLATE_MESSAGE),
}
"""Channels that need a template: name, and what the account must be able to."""


def channels_for(kind: AccountKind) -> dict[NoticeChannel, str]:
    """The template channels that an account of `kind` has, with their names."""
    return {channel: name for channel, (name, needed) in TEMPLATE_CHANNELS.items() if can(kind, needed)}


def checked_template(template_id: str, fields: Iterable[tuple[str, str]]) -> tuple[str, dict[str, str]]:
    """The template's id and its fields' names to facts; InvalidInput names the field (`template_id`, `field-1` …) and its cure."""
    template_id = template_id.strip()
    if not _TEMPLATE_ID.fullmatch(template_id):
        raise InvalidInput("模板 ID 是一长串字母、数字和横线，请从平台的“我的模板”整段复制。", field="template_id")
    filled: dict[str, str] = {}
    for number, (raw, fact) in enumerate(fields, start=1):
        name = raw.strip().strip("{}").removesuffix(".DATA")
        if not name and not fact:
            continue
        if not _FIELD.fullmatch(name):
            raise InvalidInput("字段名写平台模板里的那个，例如 thing1、time2、character_string3。", field=f"field-{number}")
        if fact not in set(Fact):
            raise InvalidInput("请选这个字段填什么。", field=f"field-{number}")
        if name in filled:
            raise InvalidInput(f"字段 {name} 写了两次，请去掉一个。", field=f"field-{number}")
        filled[name] = fact
    if not filled:
        raise InvalidInput("请至少写一个字段，平台不发空的通知。", field="field-1")
    return template_id, filled
