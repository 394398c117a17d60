"""People and their roles."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.errors import InvalidInput
from intake.domain.permission import Role
from intake.domain.text import clean_line
from intake.models import Area, RoleGrant, User
from intake.services.audit import record
from intake.services.password import hash_password

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")
PASSWORD_MIN = 10


def create_user(
    session: Session, *, district_id: int, login: str, name: str, password: str, at: datetime, password_hash: str | None = None
) -> User:
    """A person who can sign in; InvalidInput names the field. `password_hash` spares a seed 60 slow hashes of one demo password."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise InvalidInput("登录名用小写字母开头，2 到 32 个字母、数字、点或横线。", field="login")
    if password_hash is None and len(password) < PASSWORD_MIN:
        raise InvalidInput(f"密码至少 {PASSWORD_MIN} 个字符。", field="password")
    if session.scalar(select(User.id).where(User.login == login)) is not None:
        raise InvalidInput(f"登录名“{login}”已经有人用了。", field="login")
    user = User(
        district_id=district_id,
        login=login,
        name=clean_line(name, limit=40, field="name"),
        password_hash=password_hash or hash_password(password),
        active=True,
        failed_tries=0,
        created_at=at,
    )
    session.add(user)
    session.flush()
    record(session, actor=MACHINE, district_id=district_id, action="user.create", noun="user", entity_id=user.id, at=at)
    return user


def grant_role(session: Session, *, actor: Actor, user: User, role: Role, area: Area, at: datetime) -> None:
    """Give `role` in `area` and below; giving it twice changes nothing."""
    session.execute(
        insert(RoleGrant).values(district_id=user.district_id, user_id=user.id, role=role, area_id=area.id).on_conflict_do_nothing()
    )
    record(
        session,
        actor=actor,
        district_id=user.district_id,
        action="role.grant",
        noun="user",
        entity_id=user.id,
        at=at,
        role=role.value,
        area=area.id,
    )
