"""扫码情况: how far somebody came who scanned a point's code, and when a poster counts as silent."""

from datetime import timedelta
from enum import StrEnum

from intake.domain.submission import Channel


class PointStep(StrEnum):
    """What is counted; the value names the column."""

    SCANNED = "scanned"
    """扫码: the address on the poster was opened, or the point's code scanned in WeChat."""
    OPENED = "opened"
    """打开表单."""
    SENT = "sent"
    """提交."""


BY_CODE = frozenset({Channel.FORM, Channel.OPEN_CALL, Channel.WECHAT_TEXT, Channel.WECHAT_IMAGE, Channel.WECHAT_VOICE})
"""Channels of submissions that residents sent themselves from a point's code."""

QUIET_DAYS = 14
"""A poster that nobody scanned for so long may be covered or torn off; one that is younger isn't asked about."""
QUIET = timedelta(days=QUIET_DAYS)
HELD_MANY = 10
"""So many messages of one point waiting to be looked at say that its code is being abused."""
