"""扫码情况: how often codes are scanned, opened and sent from by day, and which posters nobody scans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, any_, cast, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.point import PointKind, PointState
from intake.domain.point_count import BY_CODE, QUIET
from intake.domain.receipt import SHANGHAI
from intake.models import Area, IntakePoint, PointCount, Submission
from intake.queries.open_call import of_no_call, of_no_draft_call
from intake.queries.pages import PAGE, Page, covers_district, holding, key_of, page_of, within

LAST_SECOND = timedelta(days=1, seconds=-1)
"""Of a day, from its beginning."""


@dataclass(frozen=True, slots=True)
class FunnelAsked:
    """Of which codes, and for how many days up to today."""

    days: int
    area_id: int | None = None
    """A street or community with all below it; None for all within reach."""
    point_id: int | None = None
    words: str = ""
    """Narrows the list of points, not the sums."""
    is_quiet: bool = False
    """Narrows the list to posters that nobody scans."""


@dataclass(frozen=True, slots=True)
class Uses:
    """How often, not how many people."""

    scanned: int = 0
    opened: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class DayUse:
    """One day in Shanghai."""

    day: date
    uses: Uses


@dataclass(frozen=True, slots=True)
class Funnel:
    """Every day of the span, the oldest first, and their sum."""

    days: tuple[DayUse, ...]
    uses: Uses
    name: str
    """Of the point or the area; empty for all within reach."""


@dataclass(frozen=True, slots=True)
class PointUse:
    """A line of the list."""

    id: int
    name: str
    kind: PointKind
    state: PointState
    area_name: str
    parent_name: str
    """The street's name, empty where the point hangs on a street or the district."""
    alive_at: datetime
    """When it was last scanned or sent from, or made."""
    is_used: bool
    """Whether it ever was scanned or sent from."""
    is_quiet: bool
    uses: Uses
    """In the span."""

    @property
    def alive_on(self) -> date:
        """The day in Shanghai: of a scan no hour is kept."""
        return self.alive_at.astimezone(SHANGHAI).date()


def alive_at() -> ColumnElement[datetime]:
    """When a point's code was last scanned or sent from, else when it was made; two probes of an index for each point.

    Of a scan the day alone is kept, and it counts to its end, so that nobody is told of a day without scans that isn't over. A submission
    from the code is a scan too, be its count lost or older than counting.
    """
    scanned_on = (
        select(PointCount.day)
        .where(PointCount.point_id == IntakePoint.id, PointCount.scanned > 0)
        .order_by(PointCount.day.desc())
        .limit(1)
        .correlate(IntakePoint)
        .scalar_subquery()
    )
    sent_at = (
        select(Submission.received_at)
        .where(Submission.point_id == IntakePoint.id, Submission.channel.in_(BY_CODE))
        .order_by(Submission.received_at.desc())
        .limit(1)
        .correlate(IntakePoint)
        .scalar_subquery()
    )
    day_ended = func.timezone("Asia/Shanghai", cast(scanned_on, DateTime()) + LAST_SECOND)
    # Nothing stands for never: PostgreSQL's greatest() passes over it.
    return func.greatest(IntakePoint.created_at, sent_at, day_ended, type_=IntakePoint.created_at.type)


def is_quiet(at: datetime) -> ColumnElement[bool]:
    """A code in use that nobody scanned for QUIET; one that is younger, or belongs to an open call, isn't asked about."""
    return (IntakePoint.state == PointState.ACTIVE) & of_no_call() & (alive_at() < at - QUIET)


def funnel(session: Session, actor: Actor, asked: FunnelAsked, *, today: date) -> Funnel:
    """The sums by day in one statement, and the name in another where a point or an area is asked for.

    NotFound for one that the actor doesn't reach.
    """
    name = _name(session, actor, asked)
    first = today - timedelta(days=asked.days - 1)
    query = (
        select(PointCount.day, *_SUMS)
        .where(PointCount.district_id == actor.district_id, PointCount.day.between(first, today))
        .group_by(PointCount.day)
    )
    if asked.point_id is not None:
        query = query.where(PointCount.point_id == asked.point_id)
    elif asked.area_id is not None or not covers_district(actor, Permission.POINTS_FUNNEL):
        inside = select(IntakePoint.id).join(Area, Area.id == IntakePoint.area_id).where(*_reach(actor, asked))
        query = query.where(PointCount.point_id.in_(inside))
    found = {row[0]: Uses(row[1], row[2], row[3]) for row in session.execute(query)}
    days = tuple(DayUse(day, found.get(day, Uses())) for day in (first + timedelta(days=past) for past in range(asked.days)))
    return Funnel(days=days, uses=_sum(found.values()), name=name)


_PARENT = aliased(Area)


def points_used(
    session: Session, actor: Actor, asked: FunnelAsked, *, at: datetime, today: date, after: str = "", limit: int | None = PAGE
) -> Page[PointUse]:
    """A page of the points asked for, by id, each with its sums, in three statements; all of them without `limit`."""
    where = [*_reach(actor, asked), of_no_draft_call(), *holding(asked.words, IntakePoint.name, Area.name)]
    if asked.point_id is not None:
        where.append(IntakePoint.id == asked.point_id)
    if asked.is_quiet:
        where.append(is_quiet(at))
    total = session.scalar(select(func.count()).select_from(IntakePoint).join(Area, Area.id == IntakePoint.area_id).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(IntakePoint.id > key)
    rows = session.execute(
        select(
            IntakePoint.id,
            IntakePoint.name,
            IntakePoint.kind,
            IntakePoint.state,
            Area.name,
            func.coalesce(_PARENT.name, ""),
            alive_at(),
            alive_at() > IntakePoint.created_at,
            is_quiet(at),
        )
        .join(Area, Area.id == IntakePoint.area_id)
        .outerjoin(_PARENT, (_PARENT.id == Area.parent_id) & (_PARENT.id != IntakePoint.district_id))
        .where(*where)
        .order_by(IntakePoint.id)
        .limit(limit + 1 if limit is not None else None)
    ).all()
    sums = _sums(session, actor, [row[0] for row in rows], first=today - timedelta(days=asked.days - 1), last=today)
    used = [PointUse(*row, sums.get(row[0], Uses())) for row in rows]
    return page_of(used, total=total, limit=limit if limit is not None else len(used))


_SUMS: Any = tuple(  # three columns, in the order of the fields of Uses
    cast(func.sum(column), BigInteger) for column in (PointCount.scanned, PointCount.opened, PointCount.sent)
)


def _sums(session: Session, actor: Actor, ids: Sequence[int], *, first: date, last: date) -> dict[int, Uses]:
    rows = session.execute(
        select(PointCount.point_id, *_SUMS)
        .where(
            PointCount.district_id == actor.district_id,
            PointCount.point_id == any_(cast(list(ids), ARRAY(BigInteger))),
            PointCount.day.between(first, last),
        )
        .group_by(PointCount.point_id)
    )
    return {row[0]: Uses(row[1], row[2], row[3]) for row in rows}


def _sum(uses: Any) -> Uses:
    listed = list(uses)
    return Uses(sum(one.scanned for one in listed), sum(one.opened for one in listed), sum(one.sent for one in listed))


_ROOT = aliased(Area)


def _reach(actor: Actor, asked: FunnelAsked) -> list[ColumnElement[bool]]:
    where = [IntakePoint.district_id == actor.district_id, within(actor, Permission.POINTS_FUNNEL)]
    if asked.area_id is not None:
        where.append(func.starts_with(Area.path, select(_ROOT.path).where(_ROOT.id == asked.area_id).scalar_subquery()))
    return where


def _name(session: Session, actor: Actor, asked: FunnelAsked) -> str:
    if asked.point_id is None and asked.area_id is None:
        return ""
    if asked.point_id is not None:
        query = select(IntakePoint.name).join(Area, Area.id == IntakePoint.area_id).where(IntakePoint.id == asked.point_id)
        query = query.where(IntakePoint.district_id == actor.district_id)
    else:
        query = select(Area.name).where(Area.id == asked.area_id, Area.district_id == actor.district_id)
    name = session.scalar(query.where(within(actor, Permission.POINTS_FUNNEL)))
    if name is None:
        raise NotFound("没有这个直报点或区域，或者不在您负责的范围。")
    return name
