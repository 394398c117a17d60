"""People, their roles, and their way back in when a password is lost."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor, ActorKind
from intake.domain.errors import Conflict, Expired, Forbidden, InvalidInput, NotFound
from intake.domain.granting import LOCAL_ROLES, may_grant, reaches
from intake.domain.permission import Permission, Role
from intake.domain.referral import OFFICES
from intake.domain.text import clean_line
from intake.models import Area, Department, LoginSession, RoleGrant, User, WeChatBindTicket
from intake.ports import Vault
from intake.services.audit import record
from intake.services.password import hash_password

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")
PASSWORD_MIN = 10
PASSWORD_MAX = 200
UNIT_ROLES = frozenset({Role.DEPARTMENT, Role.OFFICE})
"""Roles that serve one unit."""
NAME_MAX = 40
RESET_HOURS = 24


def create_user(
    session: Session,
    *,
    district_id: int,
    login: str,
    name: str,
    password: str,
    at: datetime,
    password_hash: str | None = None,
    actor: Actor = MACHINE,
    department_id: int | None = None,
) -> User:
    """A person who can sign in; InvalidInput names the field. `password_hash` spares a seed 60 slow hashes of one demo password.

    Whether `actor` may is the caller's question: a seed, an invitation and the desk each have their own answer.
    """
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise InvalidInput("登录名用小写字母开头，2 到 32 个字母、数字、点或横线。", field="login")
    name = named(name)
    if password_hash is None:
        check_password(password)
    if session.scalar(select(User.id).where(User.login == login)) is not None:
        raise InvalidInput(f"登录名“{login}”已经有人用了。", field="login")
    user = User(
        district_id=district_id,
        login=login,
        name=name,
        password_hash=password_hash or hash_password(password),
        active=True,
        failed_tries=0,
        department_id=department_id,
        version=1,
        created_at=at,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:  # two at once: the slower one learns it here
        raise InvalidInput(f"登录名“{login}”已经有人用了。", field="login") from error
    record(session, actor=actor, district_id=district_id, action="user.create", noun="user", entity_id=user.id, at=at)
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


def add_person(
    session: Session,
    *,
    actor: Actor,
    login: str,
    name: str,
    password: str,
    role: Role,
    area_id: int,
    department_id: int | None,
    at: datetime,
) -> User:
    """An account made on the desk with one role; the same fences as an invitation's."""
    area = grantable_area(session, actor, role, area_id)
    department_id = department_of(session, actor, role, department_id)
    user = create_user(
        session,
        district_id=_own_district(actor),
        login=login,
        name=name,
        password=password,
        at=at,
        actor=actor,
        department_id=department_id,
    )
    grant_role(session, actor=actor, user=user, role=role, area=area, at=at)
    session.flush()
    return user


def change_person(
    session: Session, *, actor: Actor, user_id: int, version: int, name: str, department_id: int | None, at: datetime
) -> User:
    """Name and department, which may have been closed since they came to it; Conflict when somebody was faster."""
    user = managed(session, actor, user_id, version=version)
    name = named(name)
    if department_id is not None and department_id != user.department_id:
        _check_department(session, actor, department_id)
    fields = [field for field, value in (("name", name), ("department_id", department_id)) if getattr(user, field) != value]
    user.name, user.department_id = name, department_id
    if fields:
        user.version += 1
        record(
            session, actor=actor, district_id=user.district_id, action="user.change", noun="user", entity_id=user.id, at=at, fields=fields
        )
    session.flush()
    return user


def give_role(session: Session, *, actor: Actor, user_id: int, role: Role, area_id: int, at: datetime) -> User:
    """One more role for somebody within reach; nobody gives a role to themselves."""
    user = _seen(session, actor, user_id)
    if user.id == actor.user_id:
        raise Forbidden("不能给自己加角色，请另一位管理员来做。")
    area = grantable_area(session, actor, role, area_id)
    _check_unit(session, role, user.department_id)
    held = (RoleGrant.user_id == user.id, RoleGrant.role == role, RoleGrant.area_id == area.id)
    if session.scalar(select(RoleGrant.id).where(*held)) is not None:
        raise InvalidInput("他在这里已经有这个角色了。", field="role")
    grant_role(session, actor=actor, user=user, role=role, area=area, at=at)
    user.version += 1
    session.flush()
    return user


def revoke_role(session: Session, *, actor: Actor, user_id: int, grant_id: int, at: datetime) -> User:
    """Take a role away; the district keeps an administrator, and nobody takes their own last administration."""
    user = _seen(session, actor, user_id)
    found = session.execute(
        select(RoleGrant, Area.path).join(Area, Area.id == RoleGrant.area_id).where(RoleGrant.id == grant_id, RoleGrant.user_id == user.id)
    ).one_or_none()
    if found is None:
        raise NotFound("这个角色已经收回了，请刷新后再看。")
    grant, path = found
    if not may_grant(actor, grant.role, area_path=path, district_path=_district_path(session, user.district_id)):
        raise Forbidden("您不能收回这个角色，请联系区里的管理员。")
    if grant.role is Role.ADMIN:
        _check_an_administrator_stays(session, actor, user, losing=grant)
    session.execute(delete(RoleGrant).where(RoleGrant.id == grant.id))
    user.version += 1
    record(
        session,
        actor=actor,
        district_id=user.district_id,
        action="role.revoke",
        noun="user",
        entity_id=user.id,
        at=at,
        role=grant.role.value,
        area=grant.area_id,
    )
    session.flush()
    return user


def deactivate(session: Session, *, actor: Actor, user_id: int, version: int, at: datetime) -> User:
    """No more signing in, every device signed out; roles are kept for the day of return."""
    user = managed(session, actor, user_id, version=version)
    if user.id == actor.user_id:
        raise Forbidden("不能停用自己的账号，请另一位管理员来做。")
    if not user.active:
        raise Conflict("这个账号已经停用了。")
    _check_an_administrator_stays(session, actor, user, losing=None)
    user.active = False
    user.version += 1
    end_sessions(session, user, at=at)
    record(session, actor=actor, district_id=user.district_id, action="user.deactivate", noun="user", entity_id=user.id, at=at)
    session.flush()
    return user


def reactivate(session: Session, *, actor: Actor, user_id: int, version: int, at: datetime) -> User:
    """Signing in is possible again, with the roles of before."""
    user = managed(session, actor, user_id, version=version)
    if user.active:
        raise Conflict("这个账号没有停用。")
    user.active, user.failed_tries, user.locked_until = True, 0, None
    user.version += 1
    record(session, actor=actor, district_id=user.district_id, action="user.reactivate", noun="user", entity_id=user.id, at=at)
    session.flush()
    return user


def end_session(session: Session, *, actor: Actor, user_id: int, session_id: int, at: datetime) -> User:
    """Sign one device out; doing it twice changes nothing."""
    user = managed(session, actor, user_id, version=None)
    ended = session.scalars(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.user_id == user.id, LoginSession.ended_at.is_(None))
        .values(ended_at=at)
        .returning(LoginSession.id)
    ).one_or_none()
    if ended is not None:
        record(session, actor=actor, district_id=user.district_id, action="user.sign_out", noun="user", entity_id=user.id, at=at)
    return user


def issue_reset(session: Session, *, vault: Vault, actor: Actor, user_id: int, version: int, at: datetime) -> str:
    """The secret of a link with which this person sets a new password, once, within RESET_HOURS; an earlier link stops working.

    Nothing is stored: the secret is derived from the password's hash and the row's version, so whatever changes either ends it.
    """
    user = managed(session, actor, user_id, version=version)
    if not user.active:
        raise Conflict("这个账号已经停用，请先恢复。")
    user.version += 1
    record(session, actor=actor, district_id=user.district_id, action="user.reset_link", noun="user", entity_id=user.id, at=at)
    session.flush()
    expires = int((at + timedelta(hours=RESET_HOURS)).timestamp())
    return f"{user.id}.{expires}.{_reset_code(vault, user, expires)}"


def find_reset(session: Session, *, vault: Vault, token: str, at: datetime) -> User:
    """Whom the link is for; NotFound or Expired says plainly what to do."""
    parts = token.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts[:2]):
        raise NotFound("这个链接不完整或不对，请整条复制后再打开，或请管理员重新发一个。")
    user = session.scalars(select(User).where(User.id == int(parts[0])).with_for_update()).one_or_none()
    if user is None or not hmac.compare_digest(_reset_code(vault, user, int(parts[1])).encode(), parts[2].encode()):
        raise NotFound("这个链接已经用过，或者后来又发了新的。请用最新的那一个，或请管理员重新发。")
    if not user.active:
        raise Forbidden("这个账号已经停用，请联系管理员。")
    if datetime.fromtimestamp(int(parts[1]), UTC) <= at:
        raise Expired("这个链接过期了，请管理员重新发一个。")
    return user


def reset_password(session: Session, *, vault: Vault, token: str, password: str, at: datetime) -> User:
    """Set the new password, end every session and every lock."""
    user = find_reset(session, vault=vault, token=token, at=at)
    check_password(password)
    user.password_hash = hash_password(password)
    user.failed_tries, user.locked_until = 0, None
    user.version += 1
    end_sessions(session, user, at=at)
    record(session, actor=as_actor(user), district_id=user.district_id, action="user.password", noun="user", entity_id=user.id, at=at)
    session.flush()
    return user


def named(raw: str) -> str:
    """A person's name; InvalidInput when it is blank or over NAME_MAX characters."""
    name = clean_line(raw, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写姓名。", field="name")
    return name


def check_password(password: str) -> None:
    """InvalidInput unless it has PASSWORD_MIN to PASSWORD_MAX characters."""
    if len(password) < PASSWORD_MIN:
        raise InvalidInput(f"密码至少 {PASSWORD_MIN} 个字符。", field="password")
    if len(password) > PASSWORD_MAX:
        raise InvalidInput(f"密码最多 {PASSWORD_MAX} 个字符。", field="password")


def as_actor(user: User) -> Actor:
    """Somebody who just proved a secret, without any grant."""
    return Actor(kind=ActorKind.PERSON, user_id=user.id, district_id=user.district_id, name=user.name)


def grantable_area(session: Session, actor: Actor, role: Role, area_id: int) -> Area:
    """The area in which the actor may give `role`; InvalidInput (field `area` or `role`) otherwise."""
    area = session.get(Area, area_id)
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("没有这个区域，请重新选择。", field="area")
    if not may_grant(actor, role, area_path=area.path, district_path=_district_path(session, area.district_id)):
        if role not in LOCAL_ROLES:
            raise InvalidInput("这个角色只能由区里的管理员授予，请换一个角色。", field="role")
        raise InvalidInput("这个区域不在您负责的范围，请重新选择。", field="area")
    return area


def department_of(session: Session, actor: Actor, role: Role, department_id: int | None) -> int | None:
    """The unit of somebody with this role: required for 承办单位 and 交办机关, none for others."""
    if role not in UNIT_ROLES:
        return None
    if department_id is None:
        raise InvalidInput("承办单位和交办机关的人要选单位。", field="department")
    _check_department(session, actor, department_id)
    _check_unit(session, role, department_id)
    return department_id


def _check_unit(session: Session, role: Role, department_id: int | None) -> None:
    """Whoever answers works in a unit that answers, whoever assigns in an office."""
    if role not in UNIT_ROLES:
        return
    unit = session.get(Department, department_id) if department_id is not None else None
    if unit is None:
        raise InvalidInput("请先在资料里选好他所在的单位。", field="role")
    if (unit.kind in OFFICES) is not (role is Role.OFFICE):
        raise InvalidInput("这个单位的性质和角色不符：交办机关的人选交办机关，承办单位的人选承办单位。", field="role")


def _check_department(session: Session, actor: Actor, department_id: int) -> None:
    found = session.get(Department, department_id)
    if found is None or found.district_id != actor.district_id or not found.active:
        raise InvalidInput("没有这个承办单位，请重新选择。", field="department")


def _seen(session: Session, actor: Actor, user_id: int) -> User:
    """Somebody whom the actor sees, held until the transaction ends: with a role in their areas, or anybody for a whole district."""
    user = session.scalars(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if user is None or user.district_id != actor.district_id:
        raise NotFound("没有这个人，或者不在您的区。")
    if not actor.may(Permission.PEOPLE_MANAGE):
        raise Forbidden("您没有管理人员的权限。")
    if not reaches(actor, Permission.PEOPLE_MANAGE, area_path=_district_path(session, user.district_id)):
        paths = session.scalars(select(Area.path).join(RoleGrant, RoleGrant.area_id == Area.id).where(RoleGrant.user_id == user.id))
        if not any(reaches(actor, Permission.PEOPLE_MANAGE, area_path=path) for path in paths):
            raise NotFound("没有这个人，或者不在您负责的范围。")
    return user


def managed(session: Session, actor: Actor, user_id: int, *, version: int | None) -> User:
    """Somebody whose every role the actor could take away: a reset link would hand over all of them."""
    user = _seen(session, actor, user_id)
    above = _district_path(session, user.district_id)
    grants = session.execute(select(RoleGrant.role, Area.path).join(Area, Area.id == RoleGrant.area_id).where(RoleGrant.user_id == user.id))
    paths = [above if role not in LOCAL_ROLES else path for role, path in grants] or [above]
    if not all(reaches(actor, Permission.PEOPLE_MANAGE, area_path=path) for path in paths):
        raise Forbidden("这个人还负责您管不到的事，请联系区里的管理员。")
    if version is not None and user.version != version:
        raise Conflict("这个人的资料刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    return user


def _check_an_administrator_stays(session: Session, actor: Actor, user: User, *, losing: RoleGrant | None) -> None:
    """Called before `user` loses one administration, or all of them with the account."""
    session.execute(select(Area.id).where(Area.id == user.district_id).with_for_update(key_share=True))  # one at a time
    mine = (RoleGrant.user_id == user.id, RoleGrant.role == Role.ADMIN)
    held = session.scalar(select(func.count()).select_from(RoleGrant).where(*mine)) or 0
    if losing is not None and user.id == actor.user_id and held == 1:
        raise Conflict("不能收回自己最后一个管理员角色，请另一位管理员来做。")
    if losing is not None and losing.area_id != user.district_id:
        return
    others = session.scalar(
        select(func.count())
        .select_from(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.role == Role.ADMIN, RoleGrant.area_id == user.district_id, User.active, User.id != user.id)
    )
    is_one = session.scalar(select(RoleGrant.id).where(*mine, RoleGrant.area_id == user.district_id))
    if is_one is not None and not others:
        raise Conflict("这是全区最后一位管理员，请先请另一位管理员到位。")


def end_links(session: Session, user: User, *, at: datetime) -> None:
    """Links that bind a telephone and weren't used stop working: whoever had a device to make one may be who is being kept out."""
    open_links = (WeChatBindTicket.user_id == user.id, WeChatBindTicket.used_at.is_(None))
    session.execute(update(WeChatBindTicket).where(*open_links).values(used_at=at))


def end_sessions(session: Session, user: User, *, at: datetime) -> None:
    """Every device is signed out, and links that bind a telephone stop working."""
    session.execute(update(LoginSession).where(LoginSession.user_id == user.id, LoginSession.ended_at.is_(None)).values(ended_at=at))
    end_links(session, user, at=at)


def _district_path(session: Session, district_id: int) -> str:
    return session.scalars(select(Area.path).where(Area.id == district_id)).one()


def _own_district(actor: Actor) -> int:
    assert actor.district_id is not None, "persons belong to a district"
    return actor.district_id


def _reset_code(vault: Vault, user: User, expires: int) -> str:
    bound = hashlib.sha256(user.password_hash.encode()).hexdigest()
    digest = vault.derive("password-reset", f"{user.id}.{expires}.{user.version}.{bound}".encode())
    return base64.urlsafe_b64encode(digest[:24]).decode()
