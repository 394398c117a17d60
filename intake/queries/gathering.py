"""Which topics may be gathered into a class (一类事): those of one kind in several communities."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE, TopicKind
from intake.models import Area, Topic
from intake.queries.card import OtherTopic, topic_rows
from intake.queries.pages import holding, within

OFFERED = 30


def alike(session: Session, actor: Actor, *, words: str, like: int | None, besides: Collection[int]) -> tuple[OtherTopic, ...]:
    """Matters that may join a class: those that hold the words, else those of the category of `like`; the hottest first, in one query."""
    query = topic_rows().where(_free(actor), Topic.id.not_in(list(besides)))
    if words:
        query = query.where(*holding(words, Topic.title, Topic.number, Area.name))
    elif like is not None:
        query = query.where(Topic.category == select(Topic.category).where(Topic.id == like).scalar_subquery())
    return tuple(OtherTopic(*row) for row in session.execute(query.order_by(Topic.heat.desc(), Topic.id.desc()).limit(OFFERED)))


def matters_of(session: Session, actor: Actor, topic_ids: Collection[int]) -> tuple[OtherTopic, ...]:
    """Those of them that may join a class."""
    if not topic_ids:
        return ()
    query = topic_rows().where(_free(actor), Topic.id.in_(list(topic_ids)))
    return tuple(OtherTopic(*row) for row in session.execute(query.order_by(Topic.heat.desc(), Topic.id.desc())))


def _free(actor: Actor) -> ColumnElement[bool]:
    return and_(
        Topic.district_id == actor.district_id,
        Topic.kind == TopicKind.MATTER,
        Topic.state.in_(JOINABLE),
        Topic.class_topic_id.is_(None),
        within(actor, Permission.SCREEN_DECIDE),
    )
