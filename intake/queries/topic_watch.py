"""谁在看: who else has a topic open at the desk right now. A hint for people, nothing is locked by it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, DateTime, bindparam, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.models import TopicWatch, User
from intake.queries.kept import DISTRICT_ID

GONE_AFTER = timedelta(seconds=60)
"""Three polls missed: the page was closed, or lies behind another."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """A colleague who has it open."""

    name: str
    is_typing: bool


def watched(session: Session, actor: Actor, *, at: datetime) -> dict[int, tuple[Watcher, ...]]:
    """By topic, the actor's colleagues who have it open, by name; one question for the whole district."""
    rows = session.execute(_WATCHED, {"district_id": actor.district_id, "user_id": actor.user_id, "since": at - GONE_AFTER})
    found: dict[int, list[Watcher]] = defaultdict(list)
    for topic_id, name, is_typing in rows:
        found[topic_id].append(Watcher(name, is_typing))
    return {topic_id: tuple(watchers) for topic_id, watchers in found.items()}


_WATCHED = (
    select(TopicWatch.topic_id, User.name, TopicWatch.is_typing)
    .join(User, User.id == TopicWatch.user_id)
    .where(
        TopicWatch.district_id == DISTRICT_ID,
        TopicWatch.seen_at > bindparam("since", type_=DateTime(timezone=True)),
        TopicWatch.user_id != bindparam("user_id", type_=BigInteger),
    )
    .order_by(User.name)
)
