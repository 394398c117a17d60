"""微信绑定: who of the staff and members signs in as whom; tied by a link that works once, untied by themselves or an administrator."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Expired, Forbidden, NotFound
from intake.domain.permission import Permission, Role, roles_with
from intake.models import LoginSession, RoleGrant, User, WeChatBinding, WeChatBindTicket, WeChatFollower
from intake.services.audit import record
from intake.services.person import as_actor, end_links, managed

TICKET_MINUTES = 10
PASSWORD_ROLES = frozenset({Role.ADMIN})
"""Who decides about accounts and secrets signs in by password alone: a telephone left lying must not be enough for that."""
NOT_FOR_ADMINISTRATORS = "管理员请用密码登录，不能绑定微信。"
TAKEN = "这个微信已经绑定了另一个账号。请先在那个账号里解绑，或者换一个微信。"


def issue_ticket(session: Session, *, actor: Actor, at: datetime) -> str:
    """The secret of a link that binds whoever opens it in WeChat to the actor, once, within TICKET_MINUTES; an earlier link stops working."""
    assert actor.user_id is not None, "commands bind nobody"
    assert actor.district_id is not None, "persons belong to a district"
    user = session.scalars(select(User).where(User.id == actor.user_id).with_for_update(key_share=True)).one()
    _check_may_bind(session, user.id)
    end_links(session, user, at=at)
    token = secrets.token_urlsafe(24)
    session.add(
        WeChatBindTicket(
            district_id=actor.district_id,
            user_id=actor.user_id,
            token_hash=_hash(token),
            created_at=at,
            expires_at=at + timedelta(minutes=TICKET_MINUTES),
        )
    )
    session.flush()
    return token


def find_ticket(session: Session, *, token: str, at: datetime) -> WeChatBindTicket:
    """The ticket behind a link that still works; NotFound or Expired says plainly what to do."""
    by_token = select(WeChatBindTicket).where(WeChatBindTicket.token_hash == _hash(token))
    ticket = session.scalars(by_token.execution_options(populate_existing=True)).one_or_none()
    if ticket is None:
        raise NotFound("这个绑定链接不完整或不对，请在电脑上打开“微信绑定”，重新生成一个。")
    if ticket.used_at is not None:
        raise Expired("这个绑定链接已经用过，或者后来又生成了新的。请用最新的那一个。")
    if ticket.expires_at <= at:
        raise Expired(f"这个绑定链接过了 {TICKET_MINUTES} 分钟，已经失效。请重新生成一个。")
    return ticket


def bind(session: Session, *, token: str, follower_id: int, at: datetime) -> User:
    """Tie the follower to the person of the ticket, whose earlier binding ends; Conflict where the follower is somebody else's."""
    # The person is locked, then the link is read: whoever uses or ends one has locked its person.
    of_link = select(WeChatBindTicket.user_id).where(WeChatBindTicket.token_hash == _hash(token)).scalar_subquery()
    user = session.scalars(select(User).where(User.id == of_link).with_for_update(key_share=True)).one_or_none()
    ticket = find_ticket(session, token=token, at=at)
    assert user is not None, "every link is somebody's"
    if not user.active:
        raise Forbidden("这个账号已经停用，请联系管理员。")
    _check_may_bind(session, user.id)
    follower = session.get(WeChatFollower, follower_id)
    if follower is None:
        raise Expired("微信的确认过期了，请重新打开绑定链接。")
    same = (WeChatBinding.account == follower.account, WeChatBinding.openid_hash == follower.openid_hash)
    owner = session.scalar(select(WeChatBinding.user_id).where(*same, WeChatBinding.ended_at.is_(None)))
    if owner not in {None, user.id}:
        raise Conflict(TAKEN)
    _end_bindings(session, user, at=at)
    ticket.used_at = at
    session.add(
        WeChatBinding(
            district_id=user.district_id,
            user_id=user.id,
            account=follower.account,
            openid_hash=follower.openid_hash,
            openid_cipher=follower.openid_cipher,
            created_at=at,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:  # two links, one telephone: the slower one learns it here
        raise Conflict(TAKEN) from error
    record(session, actor=as_actor(user), district_id=user.district_id, action="wechat.bind", noun="user", entity_id=user.id, at=at)
    return user


def unbind(session: Session, *, actor: Actor, this_device: bytes, at: datetime) -> None:
    """Take one's own binding off; every other device is signed out, for the reason is often a telephone that is gone.

    `this_device` is the hash of the session's token. Conflict where there is none.
    """
    if not actor.may(Permission.OWN_ACCOUNT):
        raise Forbidden("您没有管理微信绑定的权限。")
    user = session.scalars(select(User).where(User.id == actor.user_id).with_for_update(key_share=True)).one()
    _unbind(session, user, actor=actor, at=at)
    others = (LoginSession.user_id == user.id, LoginSession.ended_at.is_(None), LoginSession.token_hash != this_device)
    session.execute(update(LoginSession).where(*others).values(ended_at=at))


def unbind_person(session: Session, *, actor: Actor, user_id: int, at: datetime) -> None:
    """Take somebody's binding off for them; all their devices are signed out. Conflict where there is none."""
    user = managed(session, actor, user_id, version=None)
    _unbind(session, user, actor=actor, at=at)
    session.execute(update(LoginSession).where(LoginSession.user_id == user.id, LoginSession.ended_at.is_(None)).values(ended_at=at))


def _unbind(session: Session, user: User, *, actor: Actor, at: datetime) -> None:
    if not _end_bindings(session, user, at=at):
        raise Conflict("现在没有绑定微信，请刷新后再看。")
    end_links(session, user, at=at)
    record(session, actor=actor, district_id=user.district_id, action="wechat.unbind", noun="user", entity_id=user.id, at=at)


def _end_bindings(session: Session, user: User, *, at: datetime) -> bool:
    """Whether there was one. What could write to them goes; the hash stays, so that the record says whose it was."""
    mine = (WeChatBinding.user_id == user.id, WeChatBinding.ended_at.is_(None))
    ended = session.scalars(update(WeChatBinding).where(*mine).values(ended_at=at, openid_cipher=b"").returning(WeChatBinding.id)).all()
    return bool(ended)


def _check_may_bind(session: Session, user_id: int) -> None:
    """Forbidden for those who sign in by password alone, and for whoever has no role that binds."""
    roles = set(session.scalars(select(RoleGrant.role).where(RoleGrant.user_id == user_id)))
    if roles & PASSWORD_ROLES:
        raise Forbidden(NOT_FOR_ADMINISTRATORS)
    if not roles & roles_with(Permission.OWN_ACCOUNT):
        raise Forbidden("您的账号不能绑定微信。需要的话请联系管理员。")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
