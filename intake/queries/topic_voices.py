"""Who spoke of a topic, when and where, and how pressing it is: counted in one question, however many there are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime, bindparam, func, or_, select, tuple_
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
    days: list[tuple[date, int]] = []
    places: list[Place] = []
    totals = (0, 0, 0, 0)
    for row in session.execute(_COUNTED, {"topic_id": topic_id, "at": at}):
        if not row.without_day:
            days.append((row.day, row.messages))
        elif not row.without_area:
            places.append(Place(row.area_id, row.name, row.messages))
        else:
            totals = (row.emergencies, row.soon, row.waiting, row.late)
    emergencies, soon, waiting, late = totals
    return Said(
        days=tuple(sorted(days)),
        places=tuple(sorted(places, key=lambda one: (-one.count, one.name))),
        emergencies=emergencies,
        soon=soon,
        waiting=waiting,
        late=late,
    )


def _counted() -> Any:
    """A row for each day, one for each area, and one of all."""
    at = bindparam("at", type_=DateTime(timezone=True))
    waits = Submission.state.in_(OPEN_FOR_DECISION) & (Contributor.status == ContributorStatus.SUGGESTED)
    passed_on = Submission.owner_role.in_([Role.CONVENOR, Role.STAFF]) & (Submission.channel != Channel.IMPORT)
    said = (
        select(
            func.date(func.timezone("Asia/Shanghai", Submission.received_at)).label("day"),
            Area.id.label("area_id"),
            Area.name,
            Submission.urgency,
            waits.label("waits"),
            (waits & or_(Submission.escalate_at <= at, passed_on)).label("late"),
        )
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Contributor.topic_id.in_(with_matters(TOPIC_ID)), Contributor.status != ContributorStatus.REMOVED)
        .subquery()
    )
    day, area_id, name = said.c.day, said.c.area_id, said.c.name
    return written_out(
        select(
            func.grouping(day).label("without_day"),
            func.grouping(area_id).label("without_area"),
            day,
            area_id,
            name,
            func.count().label("messages"),
            func.count().filter(said.c.urgency == Urgency.EMERGENCY).label("emergencies"),
            func.count().filter(said.c.urgency == Urgency.SOON).label("soon"),
            func.count().filter(said.c.waits).label("waiting"),
            func.count().filter(said.c.late).label("late"),
        ).group_by(func.grouping_sets(tuple_(day), tuple_(area_id, name), tuple_()))
    )


_COUNTED = _counted()
