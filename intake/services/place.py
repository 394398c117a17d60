"""Areas and intake points: made, paused, resumed, retired."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import InvalidInput, NotFound
from intake.domain.point import AreaKind, PointAction, PointKind
from intake.domain.text import clean_line
from intake.models import Area, IntakePoint
from intake.services.audit import record
from intake.services.transition import begin, move

CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0/o, 1/l/i: a code can be read from a wall and typed."""
CODE_LENGTH = 10
"""31^10 ≈ 2^49.5: nobody meets a code by chance."""


def create_area(session: Session, *, kind: AreaKind, name: str, parent: Area | None) -> Area:
    """A node under `parent`; InvalidInput when its name is taken there."""
    name = clean_line(name, limit=60, field="name")
    if not name:
        raise InvalidInput("请填写区域名称。", field="name")
    if parent is not None and session.scalar(select(Area.id).where(Area.parent_id == parent.id, Area.name == name)) is not None:
        raise InvalidInput(f"“{parent.name}”下面已经有“{name}”。", field="name")
    area = Area(kind=kind, name=name, parent_id=parent.id if parent else None, district_id=parent.district_id if parent else None, path="")
    session.add(area)
    session.flush()
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    if kind is AreaKind.DISTRICT:
        area.district_id = area.id
    session.flush()
    return area


def new_code() -> str:
    """A fresh public code of a point."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def create_point(
    session: Session,
    *,
    actor: Actor,
    area: Area,
    kind: PointKind,
    name: str,
    at: datetime,
    code: str | None = None,
    helper_name: str = "",
    helper_phone: str = "",
    helper_hours: str = "",
) -> IntakePoint:
    """A point with a code of its own; `code` only for seeding and moving an installation."""
    if area.district_id is None:
        raise InvalidInput("直报点要建在区、街道或社区下面。", field="area")
    point = IntakePoint(
        district_id=area.district_id,
        area_id=area.id,
        kind=kind,
        name=clean_line(name, limit=60, field="name") or area.name,
        code=code or new_code(),
        closed_note="",
        helper_name=helper_name,
        helper_phone=helper_phone,
        helper_hours=helper_hours,
        poster_version=1,
        created_at=at,
    )
    begin(session, point, actor=actor, at=at)
    record(session, actor=actor, district_id=point.district_id, action="point.create", noun="point", entity_id=point.id, at=at)
    return point


def change_point(session: Session, *, actor: Actor, point_id: int, action: PointAction, note: str, at: datetime) -> IntakePoint:
    """Pause, resume or retire; `note` is the sentence its page shows meanwhile."""
    point = session.scalars(select(IntakePoint).where(IntakePoint.id == point_id).with_for_update()).one_or_none()
    if point is None:
        raise NotFound("没有这个直报点。")
    area = session.get_one(Area, point.area_id)
    note = clean_line(note, limit=200, field="note")
    move(session, point, action, actor=actor, at=at, area_path=area.path, reason_code="note" if note else None)
    point.closed_note = "" if action is PointAction.RESUME else note
    record(session, actor=actor, district_id=point.district_id, action=f"point.{action.value}", noun="point", entity_id=point.id, at=at)
    return point
