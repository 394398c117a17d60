"""提出人: in whose name a topic is proposed, and who has been asked and hasn't answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.member_group import GroupKind
from intake.domain.topic import TopicState
from intake.models import Area, MemberGroup, Topic, TopicProposer, User
from intake.queries.pages import PAGE, Page, key_of, page_of

JOINABLE_STATES = (TopicState.CANDIDATE, TopicState.PROPOSED)
"""Whoever was asked may join until staff have decided."""
ANSWERED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ProposerLine:
    """A member or a group, and whether they agreed."""

    id: int
    user_id: int | None
    group_id: int | None
    group_kind: GroupKind | None
    name: str
    convenor_id: int | None
    """Who speaks for the group."""
    asked_by: str
    agreed_at: datetime | None
    declined_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has answered yet."""
        return self.agreed_at is None and self.declined_at is None


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A topic that somebody asks the reader to propose with them."""

    id: int
    topic_id: int
    number: str
    title: str
    area_name: str
    group_name: str
    """The group for which the reader would answer; empty for themselves."""
    asked_by: str
    asked_at: datetime
    agreed: bool
    """Of what has been answered."""


_ASKER = aliased(User)


def proposers_of(session: Session, topic_id: int) -> tuple[ProposerLine, ...]:
    """Everybody in whose name the topic is or would be proposed, groups first, then as they were asked; one question."""
    rows = session.execute(
        select(
            TopicProposer.id,
            TopicProposer.user_id,
            TopicProposer.group_id,
            MemberGroup.kind,
            func.coalesce(MemberGroup.name, User.name),
            MemberGroup.convenor_id,
            _ASKER.name,
            TopicProposer.agreed_at,
            TopicProposer.declined_at,
        )
        .join(_ASKER, _ASKER.id == TopicProposer.asked_by)
        .outerjoin(User, User.id == TopicProposer.user_id)
        .outerjoin(MemberGroup, MemberGroup.id == TopicProposer.group_id)
        .where(TopicProposer.topic_id == topic_id)
        .order_by(TopicProposer.group_id.is_(None), TopicProposer.id)
    )
    return tuple(ProposerLine(*row) for row in rows)


def asked_of(session: Session, actor: Actor, *, after: str = "") -> Page[AskedRow]:
    """What the actor is asked to propose with others, for themselves or for a group they speak for, the newest first; two questions."""
    waits = and_(_unanswered(), _put_to(actor))
    total = session.scalar(_asked(func.count()).where(waits)) or 0
    key = key_of(after)
    if key is not None:
        waits = and_(waits, TopicProposer.id < key)
    return page_of(_asked_rows(session, waits, limit=PAGE + 1), total=total, limit=PAGE)


def answered_of(session: Session, actor: Actor) -> tuple[AskedRow, ...]:
    """What the actor has answered and may answer otherwise, the newest first, at most ANSWERED_SHOWN; not what they sent themselves."""
    others = and_(TopicProposer.asked_by != actor.user_id, Topic.proposed_by.is_distinct_from(actor.user_id))
    return _asked_rows(session, and_(~_unanswered(), _put_to(actor), others), limit=ANSWERED_SHOWN)


def _unanswered() -> ColumnElement[bool]:
    return and_(TopicProposer.agreed_at.is_(None), TopicProposer.declined_at.is_(None))


def _put_to(actor: Actor) -> ColumnElement[bool]:
    """Asked of the actor, or of a group they speak for, while staff haven't decided on the topic."""
    return and_(
        TopicProposer.district_id == actor.district_id,
        or_(TopicProposer.user_id == actor.user_id, MemberGroup.convenor_id == actor.user_id),
        Topic.state.in_(JOINABLE_STATES),
    )


def _asked_rows(session: Session, where: ColumnElement[bool], *, limit: int) -> tuple[AskedRow, ...]:
    query = (
        _asked(
            TopicProposer.id,
            Topic.id,
            Topic.number,
            Topic.title,
            Area.name,
            func.coalesce(MemberGroup.name, ""),
            _ASKER.name,
            TopicProposer.asked_at,
            TopicProposer.agreed_at.is_not(None),
        )
        .join(Area, Area.id == Topic.area_id)
        .join(_ASKER, _ASKER.id == TopicProposer.asked_by)
        .where(where)
    )
    return tuple(AskedRow(*row) for row in session.execute(query.order_by(TopicProposer.id.desc()).limit(limit)))


def _asked(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(TopicProposer)
        .join(Topic, Topic.id == TopicProposer.topic_id)
        .outerjoin(MemberGroup, MemberGroup.id == TopicProposer.group_id)
    )
