"""通知为什么没发出: what a channel's code means for whoever looks at a notice that reached nobody."""

from intake.domain.notification import NoticeChannel
from intake.domain.wechat_refusal import REFUSALS

NOTICE_CHANNELS: dict[NoticeChannel, str] = {
    NoticeChannel.RECEIPT: "回执页",
    NoticeChannel.CUSTOMER: "客服消息",
    NoticeChannel.LONG: "长期订阅通知",
    NoticeChannel.ONCE: "一次性订阅通知",
    NoticeChannel.TEMPLATE: "模板消息",
    NoticeChannel.SMS: "短信",
    NoticeChannel.BOARD: "社区公告栏",
}
"""Screen names; complete over NoticeChannel."""

REPORTED: frozenset[NoticeChannel] = frozenset({NoticeChannel.LONG, NoticeChannel.ONCE, NoticeChannel.TEMPLATE})
"""Channels whose platform says later whether a message arrived."""

_REASONS: dict[str, str] = {
    "43004": "居民没有关注公众号",
    "43019": "公众号把这位居民拉黑了",
    "43101": "居民没有订阅，或者订阅用完了",
    "45015": "过了平台允许回话的时间",
    "45047": "平台允许的条数用完了",
    "48002": "居民关掉了公众号的消息",
    "50002": "居民的微信受限",
    "40037": "模板已经不在公众号里",
    "47003": "模板的字段填得不合平台的要求",
    "not_arrived": "平台说没有送到",
    "no_address": "没有能用的地址",
    "again": "工作人员要求再发一次",
    "timeout": "发出以后没有等到回音",
    "dropped": "发出以后连接断了",
    "error": "发送时出了错",
    "unreachable": "连不上对方",
    "untrusted": "对方的证书不可信",
}


def refusal_reason(code: str) -> str:
    """In a few words; the bare code where nobody has written any."""
    known = _REASONS.get(code) or REFUSALS.get(code)
    return known or f"对方没有接受，错误码 {code}"
