"""How many voices topics have, and how many people are behind them; one statement for any number of topics."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, LargeBinary, Select, any_, bindparam, case, func, select, type_coerce
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session

from intake.domain.capture import ReportOf
from intake.domain.contributor import ContributorStatus
from intake.domain.heat import BEFORE_DAYS, RECENT_DAYS, HeatFacts
from intake.domain.submission import URGENCIES, Channel
from intake.models import Area, Contributor, MemberReport, Submission, Topic
from intake.queries.submission_part import whole_message

_RANK = case({urgency: rank for rank, urgency in enumerate(URGENCIES)}, value=Submission.urgency)


@dataclass(frozen=True, slots=True)
class Counted:
    """The live contributors of one topic."""

    suggested: int
    confirmed: int
    areas: int
    first_at: datetime
    last_at: datetime
    facts: HeatFacts
    factor: float
    """What one of these people stands for, by the communities in which they spoke first: 1 to 2."""


def counts_of_matters(session: Session, topic_ids: Collection[int], *, at: datetime) -> dict[int, Counted]:
    """Counts by topic; a topic without live contributors is left out."""
    return _counts(session, _OF_MATTERS, topic_ids, at=at)


def counts_of_classes(session: Session, class_ids: Collection[int], *, at: datetime) -> dict[int, Counted]:
    """Counts by class: the voices behind all of its matters, each person once."""
    return _counts(session, _OF_CLASSES, class_ids, at=at)


def _counts(session: Session, query: Select[Any], ids: Collection[int], *, at: datetime) -> dict[int, Counted]:
    if not ids:
        return {}
    week = at - timedelta(days=RECENT_DAYS)
    rows = session.execute(query, {"topic_ids": sorted(ids), "week": week, "before": week - timedelta(days=BEFORE_DAYS)})
    return {
        row.topic: Counted(
            suggested=row.suggested,
            confirmed=row.confirmed,
            areas=row.areas,
            first_at=row.first_at,
            last_at=row.last_at,
            facts=HeatFacts(
                senders=row.senders,
                unnamed=row.unnamed,
                recent=row.recent,
                before=row.before,
                areas=row.places,
                urgency=URGENCIES[row.rank],
            ),
            factor=row.factor,
        )
        for row in rows
    }


def _query(key: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> Select[Any]:
    """Built once: it is asked with every message and every decision."""
    named = _named()
    voices = (
        select(
            key.label("topic"),
            Contributor.status,
            Submission.area_id,
            Submission.received_at,
            _RANK.label("rank"),
            named.is_not(None).label("named"),
            sender().label("sender"),
        )
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Topic, Topic.id == Contributor.topic_id)
        .where(key == any_(bindparam("topic_ids", type_=ARRAY(BigInteger))), Contributor.status != ContributorStatus.REMOVED)
        .cte("voices")
    )
    all_of = (
        select(
            voices.c.topic,
            func.count().filter(voices.c.status == ContributorStatus.SUGGESTED).label("suggested"),
            func.count().filter(voices.c.status == ContributorStatus.CONFIRMED).label("confirmed"),
            func.count(voices.c.area_id.distinct()).label("areas"),
            func.min(voices.c.received_at).label("first_at"),
            func.max(voices.c.received_at).label("last_at"),
            func.max(voices.c.rank).label("rank"),
        )
        .group_by(voices.c.topic)
        .subquery()
    )
    # Each sender stands where and when the first word was said, so that repeating it here, there and every day adds nothing.
    senders = (
        select(voices.c.topic, voices.c.named, voices.c.area_id, voices.c.received_at.label("since"))
        .ext(distinct_on(voices.c.topic, voices.c.sender))
        .order_by(voices.c.topic, voices.c.sender, voices.c.received_at)
        .subquery()
    )
    week, before = bindparam("week", type_=DateTime(timezone=True)), bindparam("before", type_=DateTime(timezone=True))
    people = (
        select(
            senders.c.topic,
            func.count().filter(senders.c.named).label("senders"),
            func.count().filter(~senders.c.named).label("unnamed"),
            func.count().filter(senders.c.since > week).label("recent"),
            func.count().filter(senders.c.since.between(before, week)).label("before"),
            func.count(senders.c.area_id.distinct()).label("places"),
            func.avg(Area.factor).label("factor"),
        )
        .join(Area, Area.id == senders.c.area_id)
        .group_by(senders.c.topic)
        .subquery()
    )
    return select(all_of, people).join(people, people.c.topic == all_of.c.topic)


def sender() -> ColumnElement[bytes]:
    """Who sent it, as far as that can be told; a message without a sender is one of its own, together with what was split off it."""
    return func.coalesce(_named(), type_coerce(func.int8send(whole_message()), LargeBinary))


def _named() -> ColumnElement[bytes | None]:
    return func.coalesce(Submission.openid_hash, Submission.device_hash, _member())


def _member() -> ColumnElement[bytes | None]:
    """The member who saw it (随手报), however often they write it down; whoever asked a member to is somebody else each time."""
    member = (
        select(type_coerce(func.convert_to(func.concat("member ", MemberReport.user_id), "UTF8"), LargeBinary))
        .where(MemberReport.submission_id == whole_message(), MemberReport.report_of == ReportOf.OWN)
        .correlate(Submission)
        .scalar_subquery()
    )
    # Asked only of what came that way: topics are counted with every message.
    return case((Submission.channel == Channel.MEMBER, member))


_OF_MATTERS = _query(Contributor.topic_id)
_OF_CLASSES = _query(Topic.class_topic_id)
