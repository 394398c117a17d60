"""谁在看: the page says every now and then that it is open; nothing else depends on it."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.models import Area, Topic, TopicWatch
from intake.queries.topic_watch import GONE_AFTER


def watch(session: Session, *, actor: Actor, topic_id: int, is_typing: bool, at: datetime) -> None:
    """The actor has the topic open at `at`; what they had open before and is gone is forgotten. NotFound, Forbidden as the page itself."""
    path = session.scalar(
        select(Area.path).join(Topic, Topic.area_id == Area.id).where(Topic.id == topic_id, Topic.district_id == actor.district_id)
    )
    if path is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    if not actor.may(Permission.SCREEN_VIEW, area_path=path):
        raise Forbidden("这个议题不在您负责的范围。")
    session.execute(delete(TopicWatch).where(TopicWatch.user_id == actor.user_id, TopicWatch.seen_at < at - GONE_AFTER))
    seen = insert(TopicWatch).values(
        topic_id=topic_id, user_id=actor.user_id, district_id=actor.district_id, seen_at=at, is_typing=is_typing
    )
    session.execute(
        seen.on_conflict_do_update(
            index_elements=["topic_id", "user_id"], set_={"seen_at": seen.excluded.seen_at, "is_typing": seen.excluded.is_typing}
        )
    )
