"""再发一次: a person decides about a notice whose fate is unknown, or that no channel took."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import WeChatRules
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, NotFound
from intake.domain.notification import NoticeAction, NoticeChannel
from intake.domain.permission import Permission
from intake.models import Area, Notification, Submission
from intake.ports import Wake
from intake.services.audit import record
from intake.services.notice_tried import AGAIN, add_tried
from intake.services.transition import move
from intake.services.wake import wake_after_commit


def send_again(session: Session, *, actor: Actor, notice_id: int, version: int, rules: WeChatRules, at: datetime) -> None:
    """Put it back into the queue, with every channel open to it again.

    Raises NotFound outside the actor's district, Forbidden outside their areas, Conflict when somebody was faster.
    """
    row = session.execute(
        select(Notification, Area.path)
        .join(Submission, Submission.id == Notification.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Notification.id == notice_id, Notification.channel != NoticeChannel.RECEIPT)
        .with_for_update(of=Notification)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or row[0].district_id != actor.district_id:
        raise NotFound("没有这条通知，或者不在您的区。")
    notice, path = row
    if not actor.may(Permission.NOTICES_MANAGE, area_path=path):
        raise Forbidden("这条通知不在您负责的范围。")
    if notice.version != version:
        raise Conflict("这条通知刚刚有人处理过。请看看现在的情况。")
    add_tried([notice], None, AGAIN, at=at)
    move(session, notice, NoticeAction.SEND_AGAIN, actor=actor, at=at, area_path=path)
    notice.tries, notice.platform_id, notice.due_at = 0, "", at
    notice.expires_at = at + timedelta(days=rules.notice_days)
    record(
        session, actor=actor, district_id=notice.district_id, action="notice.send_again", noun="notification", entity_id=notice.id, at=at
    )
    wake_after_commit(session, Wake.NOTIFY)
