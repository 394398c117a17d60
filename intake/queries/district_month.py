"""这个月，一句话走到了哪里: what became of the month's submissions, and what they spoke of."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.point import AreaKind
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel
from intake.domain.submission import SubmissionState as S
from intake.domain.topic import TopicState as T
from intake.models import Area, Contributor, Submission, Topic
from intake.queries.day_count import day_of
from intake.queries.imported import NOT_IMPORTED
from intake.queries.kept import PEOPLE_KEPT, written_out
from intake.queries.pages import covers_district, within
from intake.queries.submission_part import own_message

DAYS = 30
_BEGIN, _AT = bindparam("begin", type_=DateTime(timezone=True)), bindparam("at", type_=DateTime(timezone=True))
FEW = 3
"""A community with fewer submissions a month is one the numbers say nothing about."""
CATEGORIES_SHOWN = 6
SEEN = (S.NEEDS_DETAIL, S.IN_TOPIC, S.REFERRED, S.ANSWERED, S.REPORTED_BACK, S.REOPENED, S.DECLINED, S.CLOSED)
"""States that a submission reaches only by a person's decision."""
TOLD = (S.ANSWERED, S.REPORTED_BACK, S.DECLINED, S.CLOSED)
"""States in which the resident was told an outcome."""
POOLED = (T.POOLED, T.PLANNED, T.CONSULTING, T.DELIVERING, T.DELIVERED)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What people speak of."""

    category: str | None
    """None where the machine abstained and nobody said."""
    count: int
    areas: int


@dataclass(frozen=True, slots=True)
class DistrictMonth:
    """DAYS days up to today. All counts are of submissions received in them, endorsements left out, so each is a part of
    `received`.
    """

    first: date
    last: date
    received: int
    seen: int
    """A person has decided on it."""
    referred: int
    """It is with an office now."""
    pooled: int
    """It stands in a topic of the pool or further on."""
    told: int
    """Its resident was told an outcome."""
    days: Mapping[date, int]
    spoken: tuple[Spoken, ...]
    communities: int
    few: int
    """Communities with fewer than FEW."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What one area said of one category in the month."""

    area_id: int
    category: str | None
    count: int
    seen: int
    referred: int
    told: int


def district_month(session: Session, actor: Actor, *, at: datetime) -> DistrictMonth:
    """The last DAYS days in the actor's areas, in three queries: the communities, one pass over the submissions, and those of them in topics
    of the pool.

    Not from the daily counts: those of past days are up to a day old and don't say where a message stands now (docs/adr/0046).
    """
    last = at.astimezone(SHANGHAI).date()
    first = last - timedelta(days=DAYS - 1)
    communities = {*session.scalars(_communities(actor))}
    days: dict[date, int] = {}
    groups: list[_Group] = []
    given = {"begin": datetime.combine(first, datetime.min.time(), tzinfo=SHANGHAI), "at": at}
    for is_group, day, area_id, category, *counts in session.execute(_counted(actor), given):
        if is_group:
            groups.append(_Group(area_id, category, *counts))
        else:
            days[day] = counts[0]
    by_area: Counter[int] = Counter()
    for one in groups:
        by_area[one.area_id] += one.count
    return DistrictMonth(
        first=first,
        last=last,
        received=by_area.total(),
        seen=sum(one.seen for one in groups),
        referred=sum(one.referred for one in groups),
        pooled=session.scalar(_pooled(actor), given) or 0,
        told=sum(one.told for one in groups),
        days=days,
        spoken=_spoken(groups),
        communities=len(communities),
        few=sum(by_area[community] < FEW for community in communities),
    )


def _spoken(groups: Iterable[_Group]) -> tuple[Spoken, ...]:
    """What was said most, without what nobody could put into a category."""
    counts: Counter[str] = Counter()
    areas: Counter[str] = Counter()
    for one in groups:
        if one.category is not None:
            counts[one.category] += one.count
            areas[one.category] += 1
    most = sorted(counts, key=lambda category: (-counts[category], category))[:CATEGORIES_SHOWN]
    return tuple(Spoken(category, counts[category], areas[category]) for category in most)


@lru_cache(maxsize=PEOPLE_KEPT)
def _communities(actor: Actor) -> Select[int]:
    reach = Area.district_id == actor.district_id, within(actor, Permission.SCREEN_VIEW)
    return written_out(select(Area.id).where(*reach, Area.kind == AreaKind.COMMUNITY))


@lru_cache(maxsize=PEOPLE_KEPT)
def _counted(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Whether it is a group, day, area, category and the counts; by day, and by area with category. Both are added up as the rows are read:
    counting different areas for each category would sort them all. All that is asked lies in `ix_submissions_heard`.
    """
    heard = (
        select(day_of(Submission.received_at).label("day"), Submission.area_id, Submission.category, Submission.state)
        .where(*_heard(actor))
        .subquery()
    )
    state = heard.c.state
    return written_out(
        select(
            func.grouping(heard.c.day),
            heard.c.day,
            heard.c.area_id,
            heard.c.category,
            func.count(),
            func.count().filter(state.in_(SEEN)),
            func.count().filter(state == S.REFERRED),
            func.count().filter(state.in_(TOLD)),
        ).group_by(func.grouping_sets(tuple_(heard.c.day), tuple_(heard.c.area_id, heard.c.category)))
    )


@lru_cache(maxsize=PEOPLE_KEPT)
def _pooled(actor: Actor) -> Select[int]:
    """How many of them stand in a topic of the pool or further on: from the contributors made since, for none is older than its submission."""
    return written_out(
        select(func.count())
        .select_from(Contributor)
        .join(Topic, Topic.id == Contributor.topic_id)
        .join(Submission, Submission.id == Contributor.submission_id)
        .where(
            Contributor.district_id == actor.district_id,
            Contributor.status == ContributorStatus.CONFIRMED,
            Contributor.created_at >= _BEGIN,
            Topic.district_id == actor.district_id,
            Topic.state.in_(POOLED),
            *_heard(actor),
        )
    )


def _heard(actor: Actor) -> list[ColumnElement[bool]]:
    """What was said here in these days, within the actor's reach."""
    where = [
        Submission.district_id == actor.district_id,
        Submission.received_at.between(_BEGIN, _AT),
        Submission.state != S.WITHDRAWN,
        Submission.channel != Channel.ENDORSEMENT,
        own_message(),
        NOT_IMPORTED,
    ]
    if not covers_district(actor, Permission.SCREEN_VIEW):
        where.append(Submission.area_id.in_(select(Area.id).where(within(actor, Permission.SCREEN_VIEW))))
    return where
