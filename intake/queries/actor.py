"""Who is behind a session token."""

from datetime import datetime, timedelta

from sqlalchemy import DateTime, LargeBinary, bindparam, select, update
from sqlalchemy.orm import Session

from intake.domain.actor import Actor, ActorKind, Grant
from intake.models import Area, LoginSession, RoleGrant, User

_TOUCH_AFTER = timedelta(minutes=1)
_SIGNED_IN = (
    select(
        LoginSession.id,
        LoginSession.seen_at,
        User.id,
        User.district_id,
        User.name,
        RoleGrant.role,
        RoleGrant.area_id,
        Area.path,
        User.department_id,
    )
    .join(User, User.id == LoginSession.user_id)
    .outerjoin(RoleGrant, RoleGrant.user_id == User.id)
    .outerjoin(Area, Area.id == RoleGrant.area_id)
    .where(
        LoginSession.token_hash == bindparam("token_hash", type_=LargeBinary),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > bindparam("at", type_=DateTime(timezone=True)),
        User.active,
        LoginSession.seen_at > bindparam("seen_after", type_=DateTime(timezone=True)),
    )
)


def actor_of_session(session: Session, *, token_hash: bytes, idle_minutes: int, at: datetime) -> Actor | None:
    """The signed-in person with all grants in one query; None when the session ended, expired or idled too long."""
    given = {"token_hash": token_hash, "at": at, "seen_after": at - timedelta(minutes=idle_minutes)}
    rows = session.execute(_SIGNED_IN, given).all()
    if not rows:
        return None
    session_id, seen_at, user_id, district_id, name = rows[0][:5]
    if at - seen_at > _TOUCH_AFTER:
        session.execute(update(LoginSession).where(LoginSession.id == session_id).values(seen_at=at))
    grants = tuple(Grant(role=row[5], area_id=row[6], area_path=row[7]) for row in rows if row[5] is not None)
    return Actor(kind=ActorKind.PERSON, user_id=user_id, district_id=district_id, name=name, grants=grants, unit_id=rows[0][8])


def actor_of_user(session: Session, user_id: int) -> Actor | None:
    """The same without a session, for commands and tests."""
    rows = session.execute(
        select(User.district_id, User.name, RoleGrant.role, RoleGrant.area_id, Area.path, User.department_id)
        .outerjoin(RoleGrant, RoleGrant.user_id == User.id)
        .outerjoin(Area, Area.id == RoleGrant.area_id)
        .where(User.id == user_id)
    ).all()
    if not rows:
        return None
    grants = tuple(Grant(role=row[2], area_id=row[3], area_path=row[4]) for row in rows if row[2] is not None)
    return Actor(kind=ActorKind.PERSON, user_id=user_id, district_id=rows[0][0], name=rows[0][1], grants=grants, unit_id=rows[0][5])
