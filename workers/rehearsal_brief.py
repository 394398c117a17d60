"""议题简报 of the demo: one that 周明远 has begun for a candidate topic, and one for which a colleague asks him to join."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission, Role
from intake.domain.topic import TopicKind, TopicState
from intake.models import Area, RoleGrant, Topic, User
from intake.queries.member_group import groups_of
from intake.queries.topic_brief import brief
from intake.services.topic_brief import Writing, save_brief
from intake.services.topic_proposer import ask_group, ask_member

WRITER = "周明远"
REQUEST = "请街道、物业和有关部门一起商量：谁来办、什么时候办、办好以后谁来看。"
FEWEST = 2
"""Confirmed words behind a topic that is worth a page."""


def write_briefs(session: Session, *, actor: Callable[[str], Actor], ends: datetime) -> None:
    """A day before the end, on candidates that several people spoke of; does nothing where there are none."""
    writer, at = actor(WRITER), ends - timedelta(days=1)
    assert writer.user_id is not None
    topics = _candidates(session, writer)
    own = next((one for one, path in topics if writer.may(Permission.TOPIC_PROPOSE, area_path=path)), None)
    if own is not None:
        _write(session, writer, own, at=at)
        for group in groups_of(session, writer.user_id)[:1]:
            if group.convenor_id is not None:
                ask_group(session, actor=writer, topic_id=own, group_id=group.id, at=at)
    for topic_id, path in topics:
        name = _serving(session, path, besides=writer) if topic_id != own else None
        if name is not None:
            colleague = actor(name)
            _write(session, colleague, topic_id, at=at)
            ask_member(session, actor=colleague, topic_id=topic_id, user_id=writer.user_id, at=at)
            return


def _write(session: Session, member: Actor, topic_id: int, *, at: datetime) -> None:
    found = brief(session, member, topic_id, at=at)
    quoted = [one.submission_id for one in found.quotes if one.chosen]
    writing = Writing(actor=member, topic_id=topic_id, version=0, at=at)
    save_brief(session, writing, problem=found.problem, basis=found.basis, request=REQUEST, said=quoted, photos=())


def _candidates(session: Session, member: Actor) -> list[tuple[int, str]]:
    """(topic, path of its area), the most spoken of first."""
    rows = session.execute(
        select(Topic.id, Area.path)
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.district_id == member.district_id,
            Topic.kind == TopicKind.MATTER,
            Topic.state == TopicState.CANDIDATE,
            Topic.confirmed_count >= FEWEST,
        )
        .order_by(Topic.confirmed_count.desc(), Topic.id)
    )
    return [(row.id, row.path) for row in rows]


def _serving(session: Session, path: str, *, besides: Actor) -> str | None:
    """A member of the place."""
    return session.scalar(
        select(User.name)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(RoleGrant.role == Role.MEMBER, func.starts_with(path, Area.path), User.id != besides.user_id)
        .order_by(User.id)
        .limit(1)
    )
