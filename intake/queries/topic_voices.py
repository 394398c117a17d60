"""Who spoke of a topic, when and where, and how pressing it is: counted in one question, however many there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime, Row, bindparam, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Role
from intake.domain.submission import OPEN_FOR_DECISION, Channel, Urgency
from intake.domain.topic_evidence import Place
from intake.models import Area, Contributor, Submission
from intake.queries.kept import TOPIC_ID, written_out
from intake.queries.topic_detail import with_matters


@dataclass(frozen=True, slots=True)
class Said:
    """Of a topic, and of a class with its matters."""

    days: tuple[tuple[date, int], ...]
    """Days in Shanghai on which somebody spoke of it, and how many did."""
    places: tuple[Place, ...]
    """Communities and how many submissions came from each, most first."""
    emergencies: int
    soon: int
    waiting: int
    """Not decided on by anybody yet."""
    late: int
    """Of these, those whose time is over, or which were passed on for that reason."""


def said_of(session: Session, topic_id: int, *, at: datetime) -> Said:
    """What confirmed and suggested contributors add up to."""
    rows = session.execute(_COUNTED, {"topic_id": topic_id, "at": at}).all()
    days: Counter[date] = Counter()
    places: dict[int, Place] = {}
    for row in rows:
        days[row.day] += row.messages
        known = places.get(row.area_id, Place(row.area_id, row.name, 0))
        places[row.area_id] = Place(row.area_id, row.name, known.count + row.messages)
    return Said(
        days=tuple(sorted(days.items())),
        places=tuple(sorted(places.values(), key=lambda one: (-one.count, one.name))),
        emergencies=_sum(rows, "emergencies"),
        soon=_sum(rows, "soon"),
        waiting=_sum(rows, "waiting"),
        late=_sum(rows, "late"),
    )


def _sum(rows: Sequence[Row[Any]], column: str) -> int:
    return sum(getattr(row, column) for row in rows)


def _counted() -> Any:
    at = bindparam("at", type_=DateTime(timezone=True))
    day = func.date(func.timezone("Asia/Shanghai", Submission.received_at)).label("day")
    waits = Submission.state.in_(OPEN_FOR_DECISION) & (Contributor.status == ContributorStatus.SUGGESTED)
    passed_on = Submission.owner_role.in_([Role.CONVENOR, Role.STAFF]) & (Submission.channel != Channel.IMPORT)
    late = waits & or_(Submission.escalate_at <= at, passed_on)
    return written_out(
        select(
            day,
            Area.id.label("area_id"),
            Area.name,
            func.count().label("messages"),
            func.count().filter(Submission.urgency == Urgency.EMERGENCY).label("emergencies"),
            func.count().filter(Submission.urgency == Urgency.SOON).label("soon"),
            func.count().filter(waits).label("waiting"),
            func.count().filter(late).label("late"),
        )
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Contributor.topic_id.in_(with_matters(TOPIC_ID)), Contributor.status != ContributorStatus.REMOVED)
        .group_by(day, Area.id, Area.name)
    )


_COUNTED = _counted()
