"""开放数据: the rows of the files that everybody may take; nothing that isn't on a public page already, and no small numbers."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.point import AreaKind, PointState
from intake.domain.position import position_of
from intake.domain.release import ReleaseKind, tellable
from intake.domain.submission import Channel, SubmissionState
from intake.domain.withholding import MonthFigures, published
from intake.domain.working_days import SHANGHAI
from intake.models import Area, IntakePoint, Release, Submission, Topic
from intake.queries.imported import NOT_IMPORTED
from intake.queries.open_call import of_no_call
from intake.queries.public_page import ANSWERED_STATES, NOT_COUNTED, RELEASED
from intake.queries.submission_part import own_message

CHUNK = 500


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """One released text."""

    id: int
    matter: str
    """The number of the matter; several texts may tell of one."""
    kind: ReleaseKind
    title: str
    words: str
    area_id: int
    area: str
    district: str
    submissions: int | None
    """Behind it when it was released; None for one or two."""
    released_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A district, a street or a community."""

    area_id: int
    parent_id: int | None
    """None for a district."""
    kind: AreaKind
    name: str
    points: int
    """Points in use that hang at the place itself."""
    latitude: float | None
    longitude: float | None
    """The middle of these points, GCJ-02; None where nobody wrote it down."""


@dataclass(frozen=True, slots=True)
class OpenFigures:
    """One place and month."""

    month: str
    """2026-11, in Shanghai."""
    area_id: int
    area: str
    figures: MonthFigures


@dataclass(frozen=True, slots=True)
class Stand:
    """What has changed when the file of matters changes."""

    count: int
    moved_at: dt.datetime | None
    areas: int

    def __str__(self) -> str:
        """As the tag of an answer."""
        return f"{self.count}-{self.moved_at.timestamp() if self.moved_at else 0}-{self.areas}"


def stand_of_matters(session: Session) -> Stand:
    """How many are released, when any was last released or withdrawn, and what the areas are called; one query."""
    areas = select(func.coalesce(func.sum(Area.version), 0)).scalar_subquery()
    row = session.execute(select(func.count().filter(RELEASED), func.max(Release.state_changed_at), areas).select_from(Release)).one()
    return Stand(*row)


_DISTRICT = aliased(Area)


def open_matters(session: Session, *, chunk: int = CHUNK) -> Iterator[OpenMatter]:
    """Every released text in the order of ids, read `chunk` by `chunk`."""
    query: Any = (
        select(
            Release.id,
            Topic.number,
            Release.kind,
            Release.title,
            Release.words,
            Release.area_id,
            Area.name,
            _DISTRICT.name,
            Release.people,
            Release.released_at,
        )
        .join(Topic, Topic.id == Release.topic_id)
        .join(Area, Area.id == Release.area_id)
        .join(_DISTRICT, _DISTRICT.id == Release.district_id)
        .where(RELEASED)
        .order_by(Release.id)
        .limit(chunk)
    )
    last = 0
    while rows := session.execute(query.where(Release.id > last)).all():
        for row in rows:
            release_id, number, kind, title, words, area_id, area, its_district, people, released_at = row
            yield OpenMatter(release_id, number, kind, title, words, area_id, area, its_district, tellable(people), released_at)
        last = rows[-1].id


def open_places(session: Session) -> tuple[OpenPlace, ...]:
    """Every place in the tree's order; one query."""
    rows = session.execute(
        select(
            Area.id,
            Area.parent_id,
            Area.kind,
            Area.name,
            func.count(IntakePoint.id),
            func.avg(IntakePoint.latitude),
            func.avg(IntakePoint.longitude),
        )
        .outerjoin(IntakePoint, (IntakePoint.area_id == Area.id) & (IntakePoint.state == PointState.ACTIVE) & of_no_call())
        .where(Area.district_id.is_not(None))
        .group_by(Area.id)
        .order_by(Area.path)
    )
    return tuple(
        OpenPlace(
            area_id,
            None if kind is AreaKind.DISTRICT else parent_id,
            kind,
            name,
            points,
            round(where.latitude, 6) if (where := position_of(latitude, longitude)) else None,
            round(where.longitude, 6) if where else None,
        )
        for area_id, parent_id, kind, name, points, latitude, longitude in rows
    )


def open_figures(session: Session, *, until: dt.date) -> tuple[OpenFigures, ...]:
    """Each place that ever received something, from the first month of any until the one before `until`, small numbers left out.

    Submissions taken back or held back don't count, nor does 附议, nor what was said elsewhere and imported. Reads every row there is, so ask it seldom.
    """
    month = func.to_char(func.timezone(SHANGHAI.key, Submission.received_at), "YYYY-MM").label("month")
    rows = session.execute(
        select(
            Submission.area_id,
            month,
            func.count(),
            func.count().filter(Submission.state.in_(ANSWERED_STATES)),
            func.count().filter(Submission.state == SubmissionState.CLOSED),
        )
        .where(
            Submission.state.not_in(NOT_COUNTED),
            Submission.channel != Channel.ENDORSEMENT,
            NOT_IMPORTED,
            own_message(),
            Submission.received_at < _begin(until),
        )
        .group_by(Submission.area_id, month)
    ).all()
    counted = {(area_id, name): (received, answered, closed) for area_id, name, received, answered, closed in rows}
    months = _months(min((name for _, name in counted), default=""), until)
    places = session.execute(select(Area.id, Area.name).where(Area.id.in_({area_id for area_id, _ in counted})).order_by(Area.path)).all()
    return tuple(row for area_id, name in places for row in _of_place(area_id, name, months, counted))


def _of_place(
    area_id: int, name: str, months: Sequence[str], counted: Mapping[tuple[int, str], tuple[int, int, int]]
) -> Iterator[OpenFigures]:
    told = published([counted.get((area_id, month), (0, 0, 0)) for month in months])
    for month, figures in zip(months, told, strict=True):
        yield OpenFigures(month, area_id, name, figures)


def _begin(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day.replace(day=1), dt.time(), SHANGHAI)


def _months(first: str, until: dt.date) -> list[str]:
    """From `first` (2026-08) until the month before `until`."""
    found: list[str] = []
    day = until.replace(day=1)
    while first and (day := (day - dt.timedelta(days=1)).replace(day=1)) >= dt.date.fromisoformat(f"{first}-01"):
        found.append(f"{day:%Y-%m}")
    return found[::-1]
