"""提出人: a member alone, members together, or a group through whoever speaks for it (rows G1, J1)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.proposer import JOINT_MOST, ProposerKind
from intake.models import GroupMembership, MemberGroup, Topic, TopicProposer, User
from intake.queries.actor import actor_of_user
from intake.queries.topic_proposer import JOINABLE_STATES
from intake.services.audit import record
from intake.services.topic_brief import candidate


def ask_member(session: Session, *, actor: Actor, topic_id: int, user_id: int, at: datetime) -> TopicProposer:
    """Ask a colleague to propose the topic jointly; asking twice changes nothing, whoever declined may be asked again.

    Raises InvalidInput (field `user`) for somebody who proposes nothing here, for oneself, and beyond 30.
    """
    topic = candidate(session, actor, topic_id)
    if user_id == actor.user_id:
        raise InvalidInput("提交的人自然是提出人，请选别的委员。", field="user")
    user = session.get(User, user_id)
    colleague = actor_of_user(session, user_id) if user is not None and user.active and user.district_id == actor.district_id else None
    if colleague is None or not colleague.may(Permission.TOPIC_PROPOSE):
        raise InvalidInput("没有这位委员，或者账号已停用，请另选一位。", field="user")
    asked = session.scalar(select(func.count()).select_from(TopicProposer).where(TopicProposer.topic_id == topic.id)) or 0
    if asked >= JOINT_MOST:
        raise InvalidInput(f"一个议题最多请 {JOINT_MOST} 位委员或组织联名。", field="user")
    return _ask(session, actor, topic, ProposerKind.MEMBER, user_id=user_id, group_id=None, agrees=False, at=at)


def ask_group(session: Session, *, actor: Actor, topic_id: int, group_id: int, at: datetime) -> TopicProposer:
    """Propose in the name of a group one belongs to: at once for whoever speaks for it, else they are asked.

    Raises InvalidInput (field `group`) for a group that is over, isn't the actor's, or has nobody to speak for it.
    """
    topic = candidate(session, actor, topic_id)
    group = session.get(MemberGroup, group_id)
    if group is None or group.district_id != actor.district_id or group.ended_at is not None:
        raise InvalidInput("没有这个组织，或者已经撤销，请另选。", field="group")
    belongs = session.scalar(
        select(GroupMembership.id).where(
            GroupMembership.group_id == group.id, GroupMembership.user_id == actor.user_id, GroupMembership.until.is_(None)
        )
    )
    if belongs is None and group.convenor_id != actor.user_id:
        raise InvalidInput(f"您不在“{group.name}”，不能以它的名义提出。", field="group")
    if group.convenor_id is None:
        raise InvalidInput(f"“{group.name}”还没有召集人，请先联系区政协办公室确定。", field="group")
    agrees = group.convenor_id == actor.user_id
    return _ask(session, actor, topic, ProposerKind.GROUP, user_id=None, group_id=group.id, agrees=agrees, at=at)


def answer(session: Session, *, actor: Actor, proposer_id: int, agrees: bool, at: datetime) -> TopicProposer:
    """Say yes or no, for oneself or for the group one speaks for; may be changed until staff have decided on the topic."""
    proposer = _mine(session, actor, proposer_id)
    topic = session.get_one(Topic, proposer.topic_id)
    if topic.state not in JOINABLE_STATES:
        raise Conflict("这个议题已经筛选过，不能再联名。")
    proposer.agreed_at, proposer.declined_at = (at, None) if agrees else (None, at)
    _record(session, actor, proposer, "agree" if agrees else "decline", at=at)
    return proposer


def take_back(session: Session, *, actor: Actor, topic_id: int, proposer_id: int, at: datetime) -> None:
    """Ask no longer, while the topic is a candidate; taking back twice changes nothing."""
    topic = candidate(session, actor, topic_id)
    proposer = session.get(TopicProposer, proposer_id, with_for_update=True)
    if proposer is None or proposer.topic_id != topic.id:
        return
    _record(session, actor, proposer, "take_back", at=at)
    session.delete(proposer)


def signs(session: Session, topic: Topic, *, actor: Actor, at: datetime) -> None:
    """Called when a member sends the topic to screening: they stand behind it from then on."""
    if actor.user_id is not None:
        _ask(session, actor, topic, ProposerKind.MEMBER, user_id=actor.user_id, group_id=None, agrees=True, at=at)


def _ask(
    session: Session,
    actor: Actor,
    topic: Topic,
    kind: ProposerKind,
    *,
    user_id: int | None,
    group_id: int | None,
    agrees: bool,
    at: datetime,
) -> TopicProposer:
    """The topic is locked, so nobody can ask the same at once."""
    whom = TopicProposer.user_id == user_id if user_id is not None else TopicProposer.group_id == group_id
    proposer = session.scalars(select(TopicProposer).where(TopicProposer.topic_id == topic.id, whom)).one_or_none()
    if proposer is None:
        assert actor.user_id is not None
        proposer = TopicProposer(
            district_id=topic.district_id,
            topic_id=topic.id,
            kind=kind,
            user_id=user_id,
            group_id=group_id,
            asked_by=actor.user_id,
            asked_at=at,
        )
        session.add(proposer)
        session.flush()
        _record(session, actor, proposer, "ask", at=at)
    elif proposer.declined_at is not None:
        proposer.declined_at = None
        _record(session, actor, proposer, "ask", at=at)
    if agrees and proposer.agreed_at is None:
        proposer.agreed_at = at
        _record(session, actor, proposer, "agree", at=at)
    return proposer


def _mine(session: Session, actor: Actor, proposer_id: int) -> TopicProposer:
    proposer = session.get(TopicProposer, proposer_id, with_for_update=True, populate_existing=True)
    if proposer is None or proposer.district_id != actor.district_id:
        raise NotFound("没有这个邀请，可能已经收回。")
    group = session.get(MemberGroup, proposer.group_id) if proposer.group_id is not None else None
    if actor.user_id is None or actor.user_id != (group.convenor_id if group is not None else proposer.user_id):
        raise Forbidden("这个邀请不是给您的。")
    return proposer


def _record(session: Session, actor: Actor, proposer: TopicProposer, act: str, *, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=proposer.district_id,
        action=f"proposer.{act}",
        noun="topic",
        entity_id=proposer.topic_id,
        at=at,
        proposer=proposer.id,
    )
