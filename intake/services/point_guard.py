"""防刷 of a point: switched on by itself while more comes than people send, or set by whoever manages points."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.errors import Conflict, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.point import PointGuard, PointState
from intake.models import Area, IntakePoint
from intake.queries.point import PointView
from intake.services.audit import record

AGAIN = timedelta(minutes=1)
"""Under an attack the end is put off this often at most: one UPDATE, not one for each message."""


def note_attack(session: Session, point: PointView, *, minutes: int, at: datetime) -> bool:
    """More came than people send: guard the point for `minutes` from now. True when it wasn't guarded before; the audit trail says so once.

    Nothing where somebody set the guard by hand, or the end was put off within the minute.
    """
    ends_at = at + timedelta(minutes=minutes)
    if point.guard is not PointGuard.AUTO or (point.guarded_until is not None and point.guarded_until > ends_at - AGAIN):
        return False
    changed = session.execute(
        update(IntakePoint)
        .where(
            IntakePoint.id == point.id,
            IntakePoint.guard == PointGuard.AUTO,
            or_(IntakePoint.guarded_until.is_(None), IntakePoint.guarded_until <= ends_at - AGAIN),
        )
        .values(guarded_until=ends_at)
        .returning(IntakePoint.id)
    ).first()
    begins = changed is not None and (point.guarded_until is None or point.guarded_until <= at)
    if begins:
        record(session, actor=MACHINE, district_id=point.district_id, action="point.guarded", noun="point", entity_id=point.id, at=at)
    return begins


def set_guard(session: Session, *, actor: Actor, point_id: int, guard: PointGuard, version: int, at: datetime) -> None:
    """Always on, always off, or by itself; setting it ends what began by itself. Conflict when somebody was faster."""
    point = session.scalars(
        select(IntakePoint).where(IntakePoint.id == point_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if point is None or point.district_id != actor.district_id:
        raise NotFound("没有这个直报点，或者不在您的区。")
    require(actor, Permission.POINTS_MANAGE, area_path=session.get_one(Area, point.area_id).path)
    if point.version != version or point.state is PointState.RETIRED:
        raise Conflict("这个直报点刚刚有人改过，请先看看现在的情况。")
    point.guard, point.guarded_until = guard, None
    point.version += 1
    record(
        session,
        actor=actor,
        district_id=point.district_id,
        action="point.guard",
        noun="point",
        entity_id=point.id,
        at=at,
        guard=guard.value,
    )
    session.flush()
