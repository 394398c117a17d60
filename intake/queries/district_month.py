"""这个月，一句话走到了哪里: what became of the month's submissions, and what they spoke of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Date, cast, func, select, true, tuple_
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
from intake.queries.imported import NOT_IMPORTED
from intake.queries.pages import within
from intake.queries.submission_part import own_message

DAYS = 30
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


def district_month(session: Session, actor: Actor, *, at: datetime) -> DistrictMonth:
    """The last DAYS days in the actor's areas, in two queries: the communities, and one pass over the submissions."""
    last = at.astimezone(SHANGHAI).date()
    first = last - timedelta(days=DAYS - 1)
    begin = datetime.combine(first, datetime.min.time(), tzinfo=SHANGHAI)
    communities = set(
        session.scalars(
            select(Area.id).where(
                Area.district_id == actor.district_id, Area.kind == AreaKind.COMMUNITY, within(actor, Permission.SCREEN_VIEW)
            )
        )
    )
    day = cast(func.timezone("Asia/Shanghai", Submission.received_at), Date)
    heard = (
        select(
            day.label("day"),
            Submission.area_id,
            Submission.category,
            Submission.state.in_(SEEN).label("seen"),
            (Submission.state == S.REFERRED).label("referred"),
            Submission.state.in_(TOLD).label("told"),
            Topic.id.is_not(None).label("pooled"),
        )
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.CONFIRMED))
        .outerjoin(Topic, (Topic.id == Contributor.topic_id) & Topic.state.in_(POOLED))
        .where(
            Submission.district_id == actor.district_id,
            Submission.received_at >= begin,
            Submission.received_at <= at,
            Submission.state != S.WITHDRAWN,
            Submission.channel != Channel.ENDORSEMENT,
            own_message(),
            NOT_IMPORTED,
            within(actor, Permission.SCREEN_VIEW),
        )
        .subquery()
    )
    by = func.grouping(heard.c.day, heard.c.area_id, heard.c.category)
    rows = session.execute(
        select(
            by,
            heard.c.day,
            heard.c.area_id,
            heard.c.category,
            func.count(),
            func.count(heard.c.area_id.distinct()),
            *(func.count().filter(column == true()) for column in (heard.c.seen, heard.c.referred, heard.c.pooled, heard.c.told)),
        ).group_by(func.grouping_sets(tuple_(heard.c.day), tuple_(heard.c.area_id), tuple_(heard.c.category), tuple_()))
    ).all()
    of = {kind: [row for row in rows if row[0] == kind] for kind in (0b011, 0b101, 0b110, 0b111)}
    whole = of[0b111][0]
    heard_from = {row[2]: row[4] for row in of[0b101]}
    spoken = sorted((Spoken(row[3], row[4], row[5]) for row in of[0b110] if row[3] is not None), key=lambda one: -one.count)
    return DistrictMonth(
        first=first,
        last=last,
        received=whole[4],
        seen=whole[6],
        referred=whole[7],
        pooled=whole[8],
        told=whole[9],
        days={row[1]: row[4] for row in of[0b011]},
        spoken=tuple(spoken[:CATEGORIES_SHOWN]),
        communities=len(communities),
        few=sum(heard_from.get(community, 0) < FEW for community in communities),
    )
