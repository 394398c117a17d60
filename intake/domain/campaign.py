"""推广链接: how far somebody came who tapped a link in a partner's account, and when a link is in use."""

from datetime import date
from enum import StrEnum


class Step(StrEnum):
    """What is counted; the value names the column."""

    OPENED = "opened"
    """打开链接."""
    FORMED = "formed"
    """打开表单."""
    SENT = "sent"
    """提交."""


class CampaignStage(StrEnum):
    """Where a link is in its life."""

    COMING = "coming"
    """还没开始: it works already, so that partners can try it."""
    RUNNING = "running"
    """进行中."""
    OVER = "over"
    """已结束: the link says so and shows other ways."""


STAGE_NAMES: dict[CampaignStage, str] = {
    CampaignStage.COMING: "还没开始",
    CampaignStage.RUNNING: "进行中",
    CampaignStage.OVER: "已结束",
}
"""Screen names."""


def stage_of(*, starts_on: date, ends_on: date | None, ended: bool, today: date) -> CampaignStage:
    """Days are in Shanghai; `ends_on` is the last day."""
    if ended or (ends_on is not None and today > ends_on):
        return CampaignStage.OVER
    return CampaignStage.COMING if today < starts_on else CampaignStage.RUNNING
