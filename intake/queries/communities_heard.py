"""What the residents of each community wrote in a year, who could have, and where it lies: asked for once in a while, not for each topic.

What the hotline heard says nothing of whether people find our codes, and what was taken back or held as spam was not said; one who said three
things at once said something once.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.point import AreaKind, PointState
from intake.domain.position import Position, middle_of, position_of
from intake.domain.submission import SubmissionState
from intake.domain.under_reporting import YEAR_DAYS, Correction, Heard, corrections
from intake.models import Area, IntakePoint, Submission
from intake.queries.imported import NOT_IMPORTED
from intake.queries.open_call import of_no_call
from intake.queries.submission_part import own_message


@dataclass(frozen=True, slots=True)
class CommunitiesHeard:
    """Corrections and positions by area."""

    corrections: dict[int, Correction]
    positions: dict[int, Position]
    """The middle of the points in use; communities where nobody wrote down a position are left out."""


def communities_heard(session: Session, *, district_id: int, at: datetime) -> CommunitiesHeard:
    """Of every community of the district, in three queries; one reads every message of the year."""
    communities = session.execute(
        select(Area.id, Area.name, Area.residents).where(Area.district_id == district_id, Area.kind == AreaKind.COMMUNITY).order_by(Area.id)
    ).all()
    messages = messages_by_area(session, district_id=district_id, since=at - timedelta(days=YEAR_DAYS))
    points, positions = _points(session, district_id=district_id)
    heard = [Heard(row.id, row.name, messages.get(row.id, 0), row.residents, points[row.id]) for row in communities]
    placed = {area_id: middle for area_id, found in positions.items() if (middle := middle_of(found)) is not None}
    return CommunitiesHeard(corrections(heard), placed)


def messages_by_area(session: Session, *, district_id: int, since: datetime) -> dict[int, int]:
    """How many messages of residents each area had since then, as the correction counts them."""
    rows: Any = session.execute(
        select(Submission.area_id, func.count())
        .where(
            Submission.district_id == district_id,
            Submission.received_at > since,
            own_message(),
            NOT_IMPORTED,
            Submission.state.not_in([SubmissionState.QUARANTINED, SubmissionState.WITHDRAWN]),
        )
        .group_by(Submission.area_id)
    )
    return dict(rows.all())


def _points(session: Session, *, district_id: int) -> tuple[defaultdict[int, int], defaultdict[int, list[Position]]]:
    points, positions = defaultdict[int, int](int), defaultdict[int, list[Position]](list)
    rows = session.execute(
        select(IntakePoint.area_id, IntakePoint.latitude, IntakePoint.longitude).where(
            IntakePoint.district_id == district_id, IntakePoint.state == PointState.ACTIVE, of_no_call()
        )
    )
    for area_id, latitude, longitude in rows:
        points[area_id] += 1
        if (position := position_of(latitude, longitude)) is not None:
            positions[area_id].append(position)
    return points, positions
