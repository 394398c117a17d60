"""What the platform reports by itself: whether a message arrived, and which subscriptions a resident gave or took back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeState
from intake.models import Notification, WeChatAccount, WeChatFollower, WeChatRight, WeChatTemplate
from intake.ports import Wake
from intake.services.notice_tried import add_tried
from intake.services.transition import move
from intake.services.wake import wake_after_commit

NOT_ARRIVED = "not_arrived"
"""In the place of the channel's code: it took the message, and reported later that it came to nothing."""


def note_arrival(session: Session, *, account: str, platform_id: str, ok: bool, at: datetime) -> None:
    """The report on a message of `account` (original id): it arrived, or it didn't and the next channel is tried.

    A repeat changes nothing, nor does a report on a message that isn't ours. One that comes before its number was written is lost: that
    notice counts as sent, not as arrived.
    """
    if not platform_id:
        return
    notices = session.scalars(
        select(Notification)
        .join(WeChatFollower, WeChatFollower.id == Notification.follower_id)
        .where(Notification.platform_id == platform_id, WeChatFollower.account == account, Notification.state == NoticeState.SENT)
        .order_by(Notification.id)
        .with_for_update(of=Notification)
    ).all()
    for notice in notices:
        if ok:
            notice.arrived_at = notice.arrived_at or at
        elif notice.arrived_at is None and notice.reached_at is None:
            add_tried([notice], notice.channel, NOT_ARRIVED, at=at)
            move(session, notice, NoticeAction.FALL_BACK, actor=MACHINE, at=at)
            notice.platform_id, notice.tries, notice.due_at = "", 0, at
            wake_after_commit(session, Wake.NOTIFY)


def note_subscriptions(session: Session, *, account: str, openid_hash: bytes, changes: Sequence[tuple[str, bool]], at: datetime) -> None:
    """Subscriptions by (template id, whether the resident gave it), in order; a template that isn't ours is passed over.

    Each acceptance of a one-time template is one notice more; a refusal takes back all that is left. The caller has made sure that an event
    is taken in once.
    """
    follower = session.execute(
        select(WeChatFollower.id, WeChatFollower.district_id).where(
            WeChatFollower.account == account, WeChatFollower.openid_hash == openid_hash
        )
    ).one_or_none()
    if follower is None:
        return
    ours = (
        select(WeChatTemplate.template_id, WeChatTemplate.channel)
        .join(WeChatAccount, WeChatAccount.id == WeChatTemplate.account_id)
        .where(WeChatAccount.original_id == account, WeChatTemplate.channel.in_([NoticeChannel.LONG, NoticeChannel.ONCE]))
    )
    channels = {row.template_id: row.channel for row in session.execute(ours)}
    for template_id, accepted in changes:
        if template_id in channels:
            _write(session, follower.id, follower.district_id, template_id, channels[template_id], accepted=accepted, at=at)


def _write(
    session: Session,
    follower_id: int,
    district_id: int | None,
    template_id: str,
    channel: NoticeChannel,
    *,
    accepted: bool,
    at: datetime,
) -> None:
    """One statement, so that two events at once both count."""
    more = WeChatRight.remaining + 1 if channel is NoticeChannel.ONCE else 1
    session.execute(
        insert(WeChatRight)
        .values(
            follower_id=follower_id,
            district_id=district_id,
            template_id=template_id,
            channel=channel,
            remaining=1 if accepted else 0,
            changed_at=at,
        )
        .on_conflict_do_update(
            index_elements=["follower_id", "template_id"],
            set_={"remaining": more if accepted else 0, "channel": channel, "changed_at": at},
        )
    )
