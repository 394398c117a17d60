"""What people do with their own account: the password, and the devices on which they are signed in."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import InvalidInput, NotFound
from intake.models import LoginSession, User
from intake.services.audit import record
from intake.services.password import hash_password, verify_password
from intake.services.person import check_password, end_links


def change_password(session: Session, *, actor: Actor, password: str, this_device: bytes, at: datetime) -> None:
    """Set one's own new password and sign every other device out; the caller has proved the person (`second_factor.prove`).

    `this_device` is the hash of the session's token. InvalidInput (field `password`) for a password that can't be taken.
    """
    user = session.scalars(select(User).where(User.id == actor.user_id).with_for_update()).one()
    check_password(password)
    if verify_password(user.password_hash, password):
        raise InvalidInput("新密码和现在的一样，请换一个。", field="password")
    user.password_hash = hash_password(password)
    user.version += 1
    end_others(session, user, this_device=this_device, at=at)
    record(session, actor=actor, district_id=user.district_id, action="user.password", noun="user", entity_id=user.id, at=at)
    session.flush()


def end_own_device(session: Session, *, actor: Actor, session_id: int, at: datetime) -> bytes:
    """Sign one of one's own devices out, its token's hash; twice changes nothing. NotFound for anybody else's."""
    found = session.scalars(
        select(LoginSession).where(LoginSession.id == session_id, LoginSession.user_id == actor.user_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("没有这台设备，请刷新后再看。")
    if found.ended_at is None:
        found.ended_at = at
        record(session, actor=actor, district_id=found.district_id, action="user.sign_out", noun="user", entity_id=found.user_id, at=at)
    session.flush()
    return found.token_hash


def end_other_devices(session: Session, *, actor: Actor, this_device: bytes, at: datetime) -> None:
    """Sign out everywhere but here."""
    user = session.scalars(select(User).where(User.id == actor.user_id).with_for_update(key_share=True)).one()
    if end_others(session, user, this_device=this_device, at=at):
        record(session, actor=actor, district_id=user.district_id, action="user.sign_out", noun="user", entity_id=user.id, at=at)
    session.flush()


def end_others(session: Session, user: User, *, this_device: bytes, at: datetime) -> int:
    """Sign out every device of `user` but this one, and end unused links that bind a telephone; how many were signed out."""
    others = (LoginSession.user_id == user.id, LoginSession.ended_at.is_(None), LoginSession.token_hash != this_device)
    ended = session.scalars(update(LoginSession).where(*others).values(ended_at=at).returning(LoginSession.id)).all()
    end_links(session, user, at=at)
    return len(ended)
