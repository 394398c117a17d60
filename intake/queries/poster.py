"""What stands on posters: the points of an area in the tree's order, and what all posters of a district share."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Text, bindparam, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.models import Area, DistrictProfile, IntakePoint


@dataclass(frozen=True, slots=True)
class PosterPoint:
    """What one poster says of its point; `parent_name` is empty where the district itself is the parent."""

    id: int
    district_id: int
    area_path: str
    state: PointState
    code: str
    name: str
    parent_name: str
    helper_name: str
    helper_phone: str
    helper_hours: str
    poster_version: int


@dataclass(frozen=True, slots=True)
class DistrictLook:
    """What all posters of a district share; empty texts where the district hasn't said."""

    name: str
    operator: str
    phone: str
    phone_hours: str
    title: str
    colour: str
    emblem: bytes | None


@cache
def _select() -> Any:
    """The statement, built once."""
    parent = aliased(Area)
    return (
        select(
            IntakePoint.id,
            IntakePoint.district_id,
            Area.path,
            IntakePoint.state,
            IntakePoint.code,
            IntakePoint.name,
            func.coalesce(parent.name, ""),
            IntakePoint.helper_name,
            IntakePoint.helper_phone,
            IntakePoint.helper_hours,
            IntakePoint.poster_version,
        )
        .join(Area, Area.id == IntakePoint.area_id)
        .outerjoin(parent, (parent.id == Area.parent_id) & (parent.id != IntakePoint.district_id))
    )


@cache
def _under() -> Any:
    return (
        _select()
        .where(
            Area.path.startswith(bindparam("path", type_=Text), autoescape=False),
            IntakePoint.state != PointState.RETIRED,
            tuple_(Area.path, IntakePoint.id) > tuple_(bindparam("after_path", type_=Text), bindparam("after_id")),
        )
        .order_by(Area.path, IntakePoint.id)
        .limit(bindparam("most"))
    )


def points_to_print(session: Session, area_path: str, *, after: PosterPoint | None, limit: int) -> list[PosterPoint]:
    """Up to `limit` points in use in the subtree of `area_path`, in the tree's order, behind `after`."""
    place = {"after_path": after.area_path, "after_id": after.id} if after is not None else {"after_path": "", "after_id": 0}
    return [PosterPoint(*row) for row in session.execute(_under(), {"path": area_path, "most": limit, **place})]


def count_to_print(session: Session, area_path: str) -> int:
    """How many points in use lie in the subtree."""
    counted = (
        select(func.count())
        .select_from(IntakePoint)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(Area.path.startswith(area_path, autoescape=True), IntakePoint.state != PointState.RETIRED)
    )
    return session.scalar(counted) or 0


def point_to_print(session: Session, actor: Actor, point_id: int) -> PosterPoint:
    """One point for somebody who may print there: NotFound in another district, Forbidden out of reach, Conflict when it is retired."""
    row = session.execute(_select().where(IntakePoint.id == point_id, IntakePoint.district_id == actor.district_id)).one_or_none()
    if row is None:
        raise NotFound("没有这个直报点，或者不在您的区。")
    point = PosterPoint(*row)
    if not actor.may(Permission.POSTERS_PRINT, area_path=point.area_path):
        raise Forbidden("这个直报点不在您负责的区域，您不能打印它的海报。")
    if point.state is PointState.RETIRED:
        raise Conflict("这个直报点已经停用，贴出去居民也用不了，所以不再生成海报。")
    return point


def district_look(session: Session, district_id: int) -> DistrictLook:
    """What the district has said of itself; NotFound for an id that is no district."""
    row = session.execute(
        select(
            Area.name,
            func.coalesce(DistrictProfile.operator, ""),
            func.coalesce(DistrictProfile.phone, ""),
            func.coalesce(DistrictProfile.phone_hours, ""),
            func.coalesce(DistrictProfile.poster_title, ""),
            func.coalesce(DistrictProfile.colour, ""),
            DistrictProfile.emblem,
        )
        .outerjoin(DistrictProfile, DistrictProfile.district_id == Area.id)
        .where(Area.id == district_id)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这个区。")
    return DistrictLook(*row)
