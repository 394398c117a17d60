"""Message-right budget (发信余量): by which ways a resident may be written to just now, in the order in which they are tried."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from config.workflow import WeChatRules
from intake.domain.notification import NoticeChannel
from intake.domain.wechat_account import AccountKind, Capability, can


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about one resident, and about one kind of notice to them."""

    kind: AccountKind | None
    """Of the account they are known to; None where it is gone or out of use."""
    following: bool
    wrote_at: datetime | None
    replies_used: int
    touched_at: datetime | None
    touches_used: int
    templates: frozenset[NoticeChannel]
    """Channels for which the account has a template of this kind of notice."""
    long: bool
    """Whether the long-term subscription of that template stands."""
    once: int
    """Single notices left of that template."""
    sms: bool
    """Whether a mobile number was left and short messages can be sent."""


class Window(StrEnum):
    """Which of the resident's own acts allows a customer message."""

    TOUCH = "touch"
    """A follow, a scan, a tap on the menu: a minute."""
    REPLY = "reply"
    """A message: two days."""


def window(standing: Standing, rules: WeChatRules, *, at: datetime) -> Window | None:
    """What a customer message sent at `at` is counted against: what ends sooner is used first; None when there is none left."""
    touched, wrote = standing.touched_at, standing.wrote_at
    if touched is not None and at < touched + timedelta(seconds=rules.touch_seconds) and standing.touches_used < rules.touch_most:
        return Window.TOUCH
    if wrote is not None and at < wrote + timedelta(hours=rules.reply_hours) and standing.replies_used < rules.reply_most:
        return Window.REPLY
    return None


def channels(standing: Standing, rules: WeChatRules, *, at: datetime) -> tuple[NoticeChannel, ...]:
    """What may be used now: customer message, long-term, one-time, template, SMS, and always the notice board at the end.

    Source: wechat.md; a subscription needs no follow, since it was given by a tap of its own.
    """
    subscribed = can(standing.kind, Capability.SUBSCRIPTION_NOTICE)
    usable = {
        NoticeChannel.CUSTOMER: can(standing.kind, Capability.CUSTOMER_MESSAGE)
        and standing.following
        and window(standing, rules, at=at) is not None,
        NoticeChannel.LONG: subscribed and standing.long and NoticeChannel.LONG in standing.templates,
        NoticeChannel.ONCE: subscribed and standing.once > 0 and NoticeChannel.ONCE in standing.templates,
        NoticeChannel.TEMPLATE: can(standing.kind, Capability.TEMPLATE_MESSAGE)
        and standing.following
        and NoticeChannel.TEMPLATE in standing.templates,
        NoticeChannel.SMS: standing.sms,
        NoticeChannel.BOARD: True,
    }
    return tuple(channel for channel, may in usable.items() if may)
