"""微信绑定: what a page says of one's own, of a link's person, and of somebody on the desk."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.permission import Role
from intake.models import Area, RoleGrant, User, WeChatAccount, WeChatBinding


@dataclass(frozen=True, slots=True)
class BindingRow:
    """A binding that holds."""

    since: datetime
    account_name: str
    """Empty where the account has been taken out since."""


@dataclass(frozen=True, slots=True)
class PersonToBind:
    """Whom a link binds, so that nobody binds a stranger by mistake."""

    name: str
    login: str
    district_name: str
    roles: tuple[Role, ...]


def binding_of(session: Session, user_id: int) -> BindingRow | None:
    """The person's binding; None where there is none."""
    row = session.execute(
        select(WeChatBinding.created_at, WeChatAccount.name)
        .outerjoin(WeChatAccount, WeChatAccount.original_id == WeChatBinding.account)
        .where(WeChatBinding.user_id == user_id, WeChatBinding.ended_at.is_(None))
        .order_by(WeChatBinding.id.desc())
        .limit(1)
    ).one_or_none()
    return BindingRow(row[0], row[1] or "") if row else None


def person_to_bind(session: Session, user_id: int) -> PersonToBind:
    """Name, login, district and roles, in one query."""
    rows = session.execute(
        select(User.name, User.login, Area.name, RoleGrant.role)
        .join(Area, Area.id == User.district_id)
        .outerjoin(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.id == user_id)
        .order_by(RoleGrant.id)
    ).all()
    roles = tuple(dict.fromkeys(row[3] for row in rows if row[3] is not None))
    return PersonToBind(rows[0][0], rows[0][1], rows[0][2], roles)
