"""履职记录: a member's own record, the newest first, and one of its lines."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.activity import ActivityKind
from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.models import Activity, Area, MemberReport, Venue
from intake.queries.pages import PAGE, Page, key_of, page_of


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One thing somebody did."""

    id: int
    kind: ActivityKind
    day: date
    area_id: int | None
    area_name: str
    venue_id: int | None
    venue_name: str
    people: int
    words: str
    settled: bool | None
    reports: int
    """Submissions that were written down there."""
    version: int


_ROW: Any = (  # typed by ActivityRow, whose fields it follows
    Activity.id,
    Activity.kind,
    Activity.day,
    Activity.area_id,
    func.coalesce(Area.name, ""),
    Activity.venue_id,
    func.coalesce(Venue.name, ""),
    Activity.people,
    Activity.words,
    Activity.settled,
    select(func.count()).select_from(MemberReport).where(MemberReport.activity_id == Activity.id).scalar_subquery(),
    Activity.version,
)


_LAST = aliased(Activity)


def own_record(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> Page[ActivityRow]:
    """A page of the actor's record, the newest day first, in two queries; `after` is the last line shown."""
    where: list[ColumnElement[bool]] = [Activity.user_id == actor.user_id, Activity.removed_at.is_(None)]
    total = session.scalar(select(func.count()).select_from(Activity).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        day = select(_LAST.day).where(_LAST.id == key, _LAST.user_id == actor.user_id).scalar_subquery()
        where.append(tuple_(Activity.day, Activity.id) < tuple_(day, key))
    return page_of(_rows(session, *where, limit=limit + 1), total=total, limit=limit)


def own_activity(session: Session, actor: Actor, activity_id: int) -> ActivityRow:
    """One line of the actor's own record; NotFound for anybody else's, and for what was taken out."""
    found = _rows(session, Activity.id == activity_id, Activity.user_id == actor.user_id, Activity.removed_at.is_(None), limit=1)
    if not found:
        raise NotFound("没有这条记录，可能已经删去。")
    return found[0]


def record_between(session: Session, user_id: int, first: date, last: date, *, limit: int) -> tuple[ActivityRow, ...]:
    """What somebody put on record from `first` to `last`, both included, the newest first."""
    return _rows(session, Activity.user_id == user_id, Activity.removed_at.is_(None), Activity.day.between(first, last), limit=limit)


def _rows(session: Session, *where: ColumnElement[bool], limit: int) -> tuple[ActivityRow, ...]:
    rows = session.execute(
        select(*_ROW)
        .select_from(Activity)
        .outerjoin(Area, Area.id == Activity.area_id)
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(*where)
        .order_by(Activity.day.desc(), Activity.id.desc())
        .limit(limit)
    )
    return tuple(ActivityRow(*row) for row in rows)
