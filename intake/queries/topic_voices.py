"""Who spoke of a topic, when and where, and how pressing it is: counted in one question, however many there are."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, bindparam, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Role
from intake.domain.submission import OPEN_FOR_DECISION, Channel, Urgency
from intake.domain.topic_evidence import Place
from intake.models import Area, Contributor, Submission
from intake.queries.endorsement import wordless
from intake.queries.kept import PEOPLE_KEPT, TOPIC_ID, written_out
from intake.queries.lease import recused
from intake.queries.topic_detail import Counted, with_matters


@dataclass(frozen=True, slots=True)
class Said:
    """Of a topic, and of a class with its matters."""

    days: tuple[tuple[date, int], ...]
    """Days in Shanghai on which somebody spoke of it, and how many did."""
    places: tuple[Place, ...]
    """Communities and how many submissions came from each, most first."""
    counted: Counted
    """Confirmed ones of the topic itself that joined without a word of their own, and whose words are the newest."""
    emergencies: int
    soon: int
    waiting: int
    """Not decided on by anybody yet."""
    late: int
    """Of these, those whose time is over, or which were passed on for that reason."""


def said_of(session: Session, actor: Actor, topic_id: int, *, newest: int, at: datetime) -> Said:
    """What confirmed and suggested contributors add up to, and so many of those whose words the actor reads."""
    days: list[tuple[date, int]] = []
    places: list[Place] = []
    counted, totals = Counted(0, ()), (0, 0, 0, 0)
    for row in session.execute(_counted(actor, newest), {"topic_id": topic_id, "at": at}):
        if not row.without_day:
            days.append((row.day, row.messages))
        elif not row.without_area:
            places.append(Place(row.area_id, row.name, row.messages))
        else:
            counted = Counted(row.endorsed, tuple(row.newest or ()))
            totals = (row.emergencies, row.soon, row.waiting, row.late)
    emergencies, soon, waiting, late = totals
    return Said(
        days=tuple(sorted(days)),
        places=tuple(sorted(places, key=lambda one: (-one.count, one.name))),
        counted=counted,
        emergencies=emergencies,
        soon=soon,
        waiting=waiting,
        late=late,
    )


@lru_cache(maxsize=PEOPLE_KEPT)
def _counted(actor: Actor, newest: int) -> Any:
    """A row for each day, one for each area, and one of all, which names the newest: a topic of thousands is looked through once."""
    at = bindparam("at", type_=DateTime(timezone=True))
    waits = Submission.state.in_(OPEN_FOR_DECISION) & (Contributor.status == ContributorStatus.SUGGESTED)
    passed_on = Submission.owner_role.in_([Role.CONVENOR, Role.STAFF]) & (Submission.channel != Channel.IMPORT)
    said = (
        select(
            Submission.id,
            Submission.received_at,
            Contributor.status,
            wordless().label("wordless"),
            func.date(func.timezone("Asia/Shanghai", Submission.received_at)).label("day"),
            Area.id.label("area_id"),
            Area.name,
            Submission.urgency,
            (wordless() & (Contributor.topic_id == TOPIC_ID) & (Contributor.status == ContributorStatus.CONFIRMED)).label("endorsed"),
            waits.label("waits"),
            (waits & or_(Submission.escalate_at <= at, passed_on)).label("late"),
        )
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Contributor.topic_id.in_(with_matters(TOPIC_ID)), Contributor.status != ContributorStatus.REMOVED)
        .cte("said")
    )
    read = (
        select(said.c.id)
        .where(~said.c.wordless, ~recused(actor, said.c.id))
        .order_by(said.c.status, said.c.received_at.desc(), said.c.id.desc())
        .limit(newest)
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
            case((func.grouping(day, area_id) == 3, select(func.array_agg(read.c.id)).scalar_subquery())).label("newest"),
            func.count().label("messages"),
            func.count().filter(said.c.endorsed).label("endorsed"),
            func.count().filter(said.c.urgency == Urgency.EMERGENCY).label("emergencies"),
            func.count().filter(said.c.urgency == Urgency.SOON).label("soon"),
            func.count().filter(said.c.waits).label("waiting"),
            func.count().filter(said.c.late).label("late"),
        ).group_by(func.grouping_sets(tuple_(day), tuple_(area_id, name), tuple_()))
    )
