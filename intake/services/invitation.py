"""邀请: a link with which one person makes their own account; only the hash of its secret is stored."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Expired, Forbidden, InvalidInput, NotFound
from intake.domain.granting import may_grant
from intake.domain.granting import require as require_reach
from intake.domain.invitation import InvitationAction, InvitationState
from intake.domain.permission import Permission, Role
from intake.models import Area, Invitation, User
from intake.queries.actor import actor_of_user
from intake.queries.area import district_path
from intake.services.audit import record
from intake.services.person import as_actor, check_password, create_user, department_of, grant_role, grantable_area, named
from intake.services.sign_in import token_hash
from intake.services.transition import begin, move

DAYS_DEFAULT, DAYS_LONGEST = 7, 30
_UNKNOWN = "这个邀请链接不对。请整条复制后再打开，或请邀请您的人再发一次。"


def create_invitation(
    session: Session,
    *,
    actor: Actor,
    name: str,
    role: Role,
    area_id: int,
    department_id: int | None,
    days: int,
    at: datetime,
) -> tuple[Invitation, str]:
    """The invitation and the secret of its link, which nobody can read again; InvalidInput names the field."""
    name = named(name)
    area = grantable_area(session, actor, role, area_id)
    department_id = department_of(session, actor, role, department_id)
    if not 1 <= days <= DAYS_LONGEST:
        raise InvalidInput(f"有效期是 1 到 {DAYS_LONGEST} 天。", field="days")
    assert actor.user_id is not None, "a person invites"
    assert area.district_id is not None, "areas in which roles are given lie in a district"
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        district_id=area.district_id,
        name=name,
        role=role,
        area_id=area.id,
        department_id=department_id,
        token_hash=token_hash(token),
        created_by=actor.user_id,
        created_at=at,
        expires_at=at + timedelta(days=days),
        version=1,
    )
    begin(session, invitation, actor=actor, at=at)
    _record(session, invitation, actor=actor, action="invitation.create", at=at)
    return invitation, token


def invite_again(session: Session, *, actor: Actor, invitation_id: int, at: datetime) -> tuple[Invitation, str]:
    """A new link of DAYS_DEFAULT days in place of one that expired, which is taken back; Conflict for one that isn't expired.

    The new one is the actor's own: they must be able to give its role there today.
    """
    old, path = _held(session, actor=actor, invitation_id=invitation_id)
    if old.state is InvitationState.OPEN and old.expires_at > at:
        raise Conflict("这个邀请还没有过期，链接还能用。要换一个的话，请先收回，再重新邀请。")
    _take_back(session, old, actor=actor, at=at, path=path)
    return create_invitation(
        session,
        actor=actor,
        name=old.name,
        role=old.role,
        area_id=old.area_id,
        department_id=old.department_id,
        days=DAYS_DEFAULT,
        at=at,
    )


def revoke_invitation(session: Session, *, actor: Actor, invitation_id: int, at: datetime) -> Invitation:
    """Take it back; its link says so. Conflict when it has been accepted or taken back already."""
    invitation, path = _held(session, actor=actor, invitation_id=invitation_id)
    _take_back(session, invitation, actor=actor, at=at, path=path)
    return invitation


def _held(session: Session, *, actor: Actor, invitation_id: int) -> tuple[Invitation, str]:
    """The invitation, locked, and its area's path; NotFound or Forbidden where it is none of the actor's."""
    found = session.execute(
        select(Invitation, Area.path)
        .join(Area, Area.id == Invitation.area_id)
        .where(Invitation.id == invitation_id, Invitation.district_id == actor.district_id)
        .with_for_update(of=Invitation)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个邀请，或者不在您的区。")
    invitation, path = found
    require_reach(actor, Permission.PEOPLE_MANAGE, area_path=path)
    return invitation, path


def _take_back(session: Session, invitation: Invitation, *, actor: Actor, at: datetime, path: str) -> None:
    move(session, invitation, InvitationAction.REVOKE, actor=actor, at=at, area_path=path)
    _record(session, invitation, actor=actor, action="invitation.revoke", at=at)
    session.flush()


def find_invitation(session: Session, *, token: str, at: datetime) -> Invitation:
    """The invitation behind a link that can be accepted now; it is found by hash, so no comparison of secrets can be timed.

    Raises NotFound for an unknown link, Conflict for one that was used, Expired for one taken back or too old, Forbidden when whoever
    sent it could not send it today; each says what to do.
    """
    found = session.execute(
        select(Invitation, Area.path)
        .join(Area, Area.id == Invitation.area_id)
        .where(Invitation.token_hash == token_hash(token))
        .with_for_update(of=Invitation)
    ).one_or_none()
    if found is None:
        raise NotFound(_UNKNOWN)
    invitation, path = found
    if invitation.state is InvitationState.USED:
        raise Conflict("这个邀请已经用过了。如果是您自己用的，请直接登录；忘了密码请联系管理员。")
    if invitation.state is InvitationState.REVOKED:
        raise Expired("这个邀请已经收回。需要的话，请邀请您的人重新发一个。")
    if invitation.expires_at <= at:
        raise Expired("这个邀请过期了，请邀请您的人重新发一个。")
    inviter = actor_of_user(session, invitation.created_by)
    active = session.scalar(select(User.active).where(User.id == invitation.created_by))
    above = district_path(session, invitation.district_id)
    if inviter is None or not active or not may_grant(inviter, invitation.role, area_path=path, district_path=above):
        raise Forbidden("邀请您的人现在不再负责这件事。请联系区政协办公室，请他们重新邀请。")
    return invitation


def accept_invitation(session: Session, *, token: str, login: str, password: str, at: datetime) -> User:
    """Make the account with the invitation's role; the second of two who use one link is refused."""
    invitation = find_invitation(session, token=token, at=at)
    check_password(password)
    user = create_user(
        session,
        district_id=invitation.district_id,
        login=login,
        name=invitation.name,
        password=password,
        at=at,
        department_id=invitation.department_id,
    )
    actor = as_actor(user)
    grant_role(session, actor=actor, user=user, role=invitation.role, area=session.get_one(Area, invitation.area_id), at=at)
    move(session, invitation, InvitationAction.ACCEPT, actor=actor, at=at)
    invitation.user_id = user.id
    _record(session, invitation, actor=actor, action="invitation.accept", at=at)
    session.flush()
    return user


def _record(session: Session, invitation: Invitation, *, actor: Actor, action: str, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=invitation.district_id,
        action=action,
        noun="invitation",
        entity_id=invitation.id,
        at=at,
        role=invitation.role.value,
        area=invitation.area_id,
    )
