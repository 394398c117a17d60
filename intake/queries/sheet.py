"""张贴结果: what a community's notice board tells of the last days: only what staff released, and numbers too large to point at anybody."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden
from intake.domain.outcome import Verdict
from intake.domain.permission import Permission
from intake.domain.point import AreaKind
from intake.domain.release import ReleaseKind, tellable
from intake.domain.submission import SubmissionState
from intake.models import Area, Outcome, Submission
from intake.queries.pages import within
from intake.queries.public_page import Crumb, Entry, PublicArea, PublicPoint, entries_of_kind, listening, public_area
from intake.queries.submission_part import own_message

MOST = 12
"""Released texts of one kind that a sheet holds."""
_NOT_COUNTED = (SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class SheetCounts:
    """Numbers of the community in these days; None stands for one so small that it could point at a person."""

    received: int | None
    answered: int | None
    """Results that were told."""
    solved: int | None
    """Of these, called solved by whoever raised the matter."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of paper."""

    area: PublicArea
    since: datetime
    until: datetime
    results: tuple[Entry, ...]
    decisions: tuple[Entry, ...]
    counts: SheetCounts
    points: tuple[PublicPoint, ...]


def sheet_areas(session: Session, actor: Actor) -> tuple[Crumb, ...]:
    """The communities whose sheet the actor may print, in the order of the tree; one statement."""
    rows = session.execute(
        select(Area.id, Area.name)
        .where(Area.district_id == actor.district_id, Area.kind == AreaKind.COMMUNITY, within(actor, Permission.SHEET_PRINT))
        .order_by(Area.path)
    )
    return tuple(Crumb(*row) for row in rows)


def sheet(session: Session, actor: Actor, area_id: int, *, since: datetime, until: datetime) -> Sheet:
    """What the board of the area tells of `since` to `until`; NotFound, or Forbidden where the actor prints none. At most seven statements."""
    area = public_area(session, area_id)
    if area.district_id != actor.district_id or not actor.may(Permission.SHEET_PRINT, area_path=area.path):
        raise Forbidden("这个社区的张贴页不由您打印。")
    return Sheet(
        area=area,
        since=since,
        until=until,
        results=_lately(session, area, ReleaseKind.RESULT, since),
        decisions=_lately(session, area, ReleaseKind.DECISION, since),
        counts=_counts(session, area, since, until),
        points=listening(session, area).points,
    )


def _lately(session: Session, area: PublicArea, kind: ReleaseKind, since: datetime) -> tuple[Entry, ...]:
    return tuple(one for one in entries_of_kind(session, area, kind, after="", limit=MOST).entries if one.released_at >= since)


def _counts(session: Session, area: PublicArea, since: datetime, until: datetime) -> SheetCounts:
    here = Submission.area_id.in_(set(area.about) - {crumb.id for crumb in area.above})
    received = select(func.count()).where(
        Submission.district_id == area.district_id,
        here,
        Submission.received_at >= since,
        Submission.received_at < until,
        Submission.state.not_in(_NOT_COUNTED),
        own_message(),
    )
    answered, solved = session.execute(
        select(func.count(), func.count().filter(Outcome.verdict == Verdict.SOLVED))
        .join(Submission, Submission.id == Outcome.submission_id)
        .where(
            Outcome.district_id == area.district_id,
            here,
            Outcome.told_at >= since,
            Outcome.told_at < until,
            Outcome.superseded_at.is_(None),
        )
    ).one()
    return SheetCounts(received=tellable(session.scalar(received) or 0), answered=tellable(answered), solved=tellable(solved))
