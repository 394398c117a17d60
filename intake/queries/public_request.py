"""What other systems may read (Open311): released matters, each as one service request. Nothing of it is more than the public pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from intake.domain.point import PointState
from intake.domain.position import Position, position_of
from intake.domain.release import ReleaseKind, ReleaseState
from intake.models import Area, IntakePoint, Release, Topic


class RequestStatus(StrEnum):
    """Where a matter stands, as Open311 says it."""

    OPEN = "open"
    """Something may still come of it."""
    CLOSED = "closed"
    """Its result was released, and nothing later."""


@dataclass(frozen=True, slots=True)
class PublicRequest:
    """One released matter: its latest words and when it was first and last told of."""

    number: str
    category: str | None
    """The topic's code; None where nobody gave it one."""
    status: RequestStatus
    title: str
    words: str
    area_name: str
    position: Position | None
    """GCJ-02, of a point of that area; None where no point has one."""
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which matters are asked for; what is empty narrows nothing."""

    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: RequestStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Both of when a matter was first told of, both included."""


def public_requests(session: Session, district_id: int | None, wanted: Wanted, *, limit: int, offset: int = 0) -> tuple[PublicRequest, ...]:
    """Released matters of a district, or of all, the newest first; one query."""
    theirs: ColumnElement[bool] = Release.district_id == district_id if district_id is not None else true()
    released = (Release.state == ReleaseState.RELEASED, theirs)
    times = (
        select(Release.topic_id, func.min(Release.released_at).label("first_at"), func.max(Release.released_at).label("last_at"))
        .where(*released)
        .group_by(Release.topic_id)
        .subquery()
    )
    latest = (
        select(Release.topic_id, Release.kind, Release.title, Release.words, Release.area_id)
        .where(*released)
        .ext(distinct_on(Release.topic_id))
        .order_by(Release.topic_id, Release.released_at.desc(), Release.id.desc())
        .subquery()
    )
    spots = (
        select(IntakePoint.area_id, IntakePoint.latitude, IntakePoint.longitude)
        .where(IntakePoint.state == PointState.ACTIVE, IntakePoint.latitude.is_not(None))
        .ext(distinct_on(IntakePoint.area_id))
        .order_by(IntakePoint.area_id, IntakePoint.id)
        .subquery()
    )
    rows = session.execute(
        select(
            Topic.number,
            Topic.category,
            latest.c.kind,
            latest.c.title,
            latest.c.words,
            Area.name,
            spots.c.latitude,
            spots.c.longitude,
            times.c.first_at,
            times.c.last_at,
        )
        .join(times, times.c.topic_id == Topic.id)
        .join(latest, latest.c.topic_id == Topic.id)
        .join(Area, Area.id == latest.c.area_id)
        .outerjoin(spots, spots.c.area_id == latest.c.area_id)
        .where(*_narrowed(wanted, kind=latest.c.kind, first_at=times.c.first_at))
        .order_by(times.c.first_at.desc(), Topic.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(_request(row) for row in rows)


def _narrowed(wanted: Wanted, *, kind: Any, first_at: Any) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.numbers:
        where.append(Topic.number.in_(wanted.numbers))
    if wanted.categories:
        where.append(Topic.category.in_(wanted.categories))
    if wanted.status is not None:
        where.append((kind == ReleaseKind.RESULT) == (wanted.status is RequestStatus.CLOSED))
    if wanted.since is not None:
        where.append(first_at >= wanted.since)
    if wanted.until is not None:
        where.append(first_at <= wanted.until)
    return where


def _request(row: Sequence[Any]) -> PublicRequest:
    number, category, kind, title, words, area_name, latitude, longitude, first_at, last_at = row
    status = RequestStatus.CLOSED if kind is ReleaseKind.RESULT else RequestStatus.OPEN
    return PublicRequest(number, category, status, title, words, area_name, position_of(latitude, longitude), first_at, last_at)
