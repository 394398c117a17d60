"""Topics that somebody ticked on the board, as they stand now."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.models import Area, Topic
from intake.queries.pages import within
from intake.queries.topic_board import ROW_COLUMNS, TopicRow


def topics_chosen(session: Session, actor: Actor, topic_ids: Collection[int]) -> tuple[TopicRow, ...]:
    """Those of `topic_ids` on which the actor may decide, by number; one question."""
    rows = session.execute(
        select(*ROW_COLUMNS)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.id.in_(topic_ids), Topic.district_id == actor.district_id, within(actor, Permission.SCREEN_DECIDE))
        .order_by(Topic.number)
    )
    return tuple(TopicRow(*row) for row in rows)
