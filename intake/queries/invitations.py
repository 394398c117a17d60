"""Invitations as the desk lists them, and one as the invited reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.invitation import InvitationState
from intake.domain.permission import Permission, Role
from intake.models import Area, Department, Invitation, User
from intake.queries.pages import PAGE, Page, key_of, page_of, within


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """A line of the list."""

    id: int
    name: str
    role: Role
    area_name: str
    department_name: str
    state: InvitationState
    created_by: str
    created_at: datetime
    expires_at: datetime
    user_id: int | None
    """Who accepted it."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What the invited reads before accepting."""

    name: str
    role: Role
    area_name: str
    district_name: str
    department_name: str
    invited_by: str
    expires_at: datetime


_COLUMNS: Any = (  # typed by InvitationRow, whose fields it follows
    Invitation.id,
    Invitation.name,
    Invitation.role,
    Area.name,
    func.coalesce(Department.name, ""),
    Invitation.state,
    User.name,
    Invitation.created_at,
    Invitation.expires_at,
    Invitation.user_id,
)


def invitations_in_reach(
    session: Session, actor: Actor, *, state: InvitationState | None, after: str = "", limit: int = PAGE
) -> Page[InvitationRow]:
    """A page of invitations for the actor's areas, the newest first, in two queries."""
    where = [Invitation.district_id == actor.district_id, within(actor, Permission.PEOPLE_MANAGE)]
    if state is not None:
        where.append(Invitation.state == state)
    total = session.scalar(select(func.count()).select_from(Invitation).join(Area, Area.id == Invitation.area_id).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Invitation.id < key)
    rows = session.execute(
        select(*_COLUMNS)
        .join(Area, Area.id == Invitation.area_id)
        .join(User, User.id == Invitation.created_by)
        .outerjoin(Department, Department.id == Invitation.department_id)
        .where(*where)
        .order_by(Invitation.id.desc())
        .limit(limit + 1)
    )
    return page_of([InvitationRow(*row) for row in rows], total=total, limit=limit)


_DISTRICT = aliased(Area)


def invitation_view(session: Session, invitation_id: int) -> InvitationView:
    """One invitation in words."""
    row = session.execute(
        select(
            Invitation.name,
            Invitation.role,
            Area.name,
            _DISTRICT.name,
            func.coalesce(Department.name, ""),
            User.name,
            Invitation.expires_at,
        )
        .join(Area, Area.id == Invitation.area_id)
        .join(_DISTRICT, _DISTRICT.id == Invitation.district_id)
        .join(User, User.id == Invitation.created_by)
        .outerjoin(Department, Department.id == Invitation.department_id)
        .where(Invitation.id == invitation_id)
    ).one()
    return InvitationView(*row)
