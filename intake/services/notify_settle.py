"""Notes what became of a message that left the house, and gives back what was spent for one that didn't."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import WeChatRules
from intake.domain.actor import MACHINE
from intake.domain.message_right import Window
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeState
from intake.models import Notification, WeChatFollower, WeChatRight
from intake.services.notice_tried import add_tried
from intake.services.notify import RETRY_AFTER
from intake.services.notify_send import Claimed
from intake.services.transition import move


@dataclass(frozen=True, slots=True)
class Fate:
    """What the channel said."""

    action: NoticeAction
    """DELIVER, RETRY, FALL_BACK or LOSE."""
    code: str = ""
    platform_id: str = ""
    after_seconds: int | None = None
    """When to try again, where the channel says."""
    is_spent: bool = False
    """Whether the right is used up, whatever we had counted."""
    was_tried: bool = True
    """False where it wasn't handed over after all."""


def settle_out(session: Session, ended: Sequence[tuple[Claimed, Fate]], *, rules: WeChatRules, at: datetime) -> None:
    """Move the notices of each message: sent, later again, by the next channel, or unknown; one that tried often enough falls back."""
    sending = session.scalars(
        select(Notification)
        .where(Notification.id.in_([one for claimed, _ in ended for one in claimed.ids]), Notification.state == NoticeState.SENDING)
        .order_by(Notification.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_id = {notice.id: notice for notice in sending}
    for claimed, fate in ended:
        notices = [by_id[one] for one in claimed.ids if one in by_id]
        if notices:
            _settle(session, notices, claimed, fate, rules=rules, at=at)


def _settle(session: Session, notices: Sequence[Notification], claimed: Claimed, fate: Fate, *, rules: WeChatRules, at: datetime) -> None:
    action = fate.action
    if action is NoticeAction.RETRY and fate.was_tried and max(notice.tries for notice in notices) > len(RETRY_AFTER):
        action = NoticeAction.FALL_BACK
    if action in {NoticeAction.FALL_BACK, NoticeAction.LOSE}:
        add_tried(notices, NoticeChannel(claimed.notice.channel), fate.code, at=at)
    for notice in notices:
        _move(session, notice, action, fate, at=at)
    if fate.is_spent:
        _use_up(session, claimed, rules)
    elif action in {NoticeAction.RETRY, NoticeAction.FALL_BACK}:
        _give_back(session, claimed)


def _move(session: Session, notice: Notification, action: NoticeAction, fate: Fate, *, at: datetime) -> None:
    move(session, notice, action, actor=MACHINE, at=at)
    match action:
        case NoticeAction.DELIVER:
            notice.platform_id = fate.platform_id
        case NoticeAction.RETRY:
            if not fate.was_tried:
                notice.tries -= 1
            wait = RETRY_AFTER[min(max(notice.tries, 1), len(RETRY_AFTER)) - 1]
            notice.due_at = at + (timedelta(seconds=fate.after_seconds) if fate.after_seconds is not None else wait)
        case NoticeAction.FALL_BACK:
            notice.tries, notice.due_at = 0, at


def _give_back(session: Session, claimed: Claimed) -> None:
    """Unless the resident has acted since, which opened a fresh budget."""
    if claimed.notice.channel == NoticeChannel.ONCE.value and claimed.right_id is not None:
        session.get_one(WeChatRight, claimed.right_id, with_for_update=True, populate_existing=True).remaining += 1
    follower = _counted(session, claimed)
    if follower is not None and claimed.window is Window.TOUCH:
        follower.touches_used = max(0, follower.touches_used - 1)
    elif follower is not None:
        follower.replies_used = max(0, follower.replies_used - 1)


def _use_up(session: Session, claimed: Claimed, rules: WeChatRules) -> None:
    """The platform's count is the true one: nothing more is tried with this right."""
    if claimed.right_id is not None:
        session.get_one(WeChatRight, claimed.right_id, with_for_update=True, populate_existing=True).remaining = 0
    follower = _counted(session, claimed)
    if follower is not None and claimed.window is Window.TOUCH:
        follower.touches_used = max(follower.touches_used, rules.touch_most)
    elif follower is not None:
        follower.replies_used = max(follower.replies_used, rules.reply_most)


def _counted(session: Session, claimed: Claimed) -> WeChatFollower | None:
    """Whose count it was, locked; None where it was none, or a newer act has begun another."""
    if claimed.window is None or claimed.follower_id is None:
        return None
    follower = session.get_one(WeChatFollower, claimed.follower_id, with_for_update=True, populate_existing=True)
    opened_at = follower.touched_at if claimed.window is Window.TOUCH else follower.wrote_at
    return follower if opened_at == claimed.opened_at else None
