"""休假: somebody of a unit is away until a day, and a colleague has their referrals meanwhile; they are back by themselves."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.models import RoleGrant, User
from intake.services.audit import record
from intake.services.person import UNIT_ROLES, managed

LONGEST_DAYS = 366


def go_away(
    session: Session, *, actor: Actor, user_id: int, version: int, last_day: date | None, stand_in_id: int | None, at: datetime
) -> User:
    """Away from now to the end of `last_day` in Shanghai; said by themselves or by whoever manages them.

    Raises InvalidInput (fields `last_day`, `stand_in`), Conflict when somebody was faster, Forbidden outside one's reach.
    """
    user = _person(session, actor, user_id, version=version)
    if user.department_id is None:
        raise InvalidInput("只有承办单位和交办机关的人登记休假。", field="last_day")
    today = at.astimezone(SHANGHAI).date()
    if last_day is None or not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
        raise InvalidInput("请选择休假的最后一天：今天或以后，一年以内。", field="last_day")
    user.stand_in_id = _stand_in(session, user, stand_in_id, at=at)
    user.away_until = datetime.combine(last_day + timedelta(days=1), time(), SHANGHAI)
    user.version += 1
    _note(session, actor, user, "user.away", at=at, stand_in=user.stand_in_id)
    session.flush()
    return user


def come_back(session: Session, *, actor: Actor, user_id: int, version: int, at: datetime) -> User:
    """Back before the day; Conflict when they aren't away."""
    user = _person(session, actor, user_id, version=version)
    if user.away_until is None or user.away_until <= at:
        raise Conflict("现在没有登记休假。")
    user.away_until = user.stand_in_id = None
    user.version += 1
    _note(session, actor, user, "user.back", at=at)
    session.flush()
    return user


def _person(session: Session, actor: Actor, user_id: int, *, version: int) -> User:
    """The actor's own row, or one they manage, held until the transaction ends."""
    if user_id != actor.user_id or not actor.may(Permission.OWN_REMINDERS):
        return managed(session, actor, user_id, version=version)
    user = session.scalars(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()
    if user.version != version:
        raise Conflict("您的资料刚刚有人改过，请先看看现在的情况。")
    return user


def _stand_in(session: Session, user: User, stand_in_id: int | None, *, at: datetime) -> int | None:
    """A colleague who is there; none only where there is nobody to choose."""
    works = select(RoleGrant.id).where(RoleGrant.user_id == User.id, RoleGrant.role.in_(UNIT_ROLES)).exists()
    colleagues = session.scalars(
        select(User).where(User.department_id == user.department_id, User.id != user.id, User.active, works).order_by(User.id)
    ).all()
    there = [one.id for one in colleagues if one.away_until is None or one.away_until <= at]
    if stand_in_id is None and not there:
        return None
    if stand_in_id not in there:
        raise InvalidInput("请选一位本单位在岗的同事代办。", field="stand_in")
    return stand_in_id


def _note(session: Session, actor: Actor, user: User, action: str, *, at: datetime, **detail: int | None) -> None:
    record(session, actor=actor, district_id=user.district_id, action=action, noun="user", entity_id=user.id, at=at, **detail)
