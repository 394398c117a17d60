"""议题来源: who put a topic up that no resident's message opened, what came in by each of the six routes, and what became of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionState
from intake.domain.topic import Route, TopicAction, TopicKind, TopicState
from intake.models import Area, AssistedFiling, Decision, Submission, Topic, TopicOrigin, User
from intake.queries.kept import TOPIC_ID, written_out
from intake.queries.pages import Page, key_of, page_of, within

SHOWN = 20
"""Lines of a page."""
MERGED_MOST = 10
"""Of topics merged into one, so many are told of where they came from."""
TOLD = (
    TopicAction.APPROVE, TopicAction.RETURN, TopicAction.MERGE, TopicAction.REFER, TopicAction.REJECT,
    TopicAction.DROP, TopicAction.PLAN, TopicAction.LEAVE_PLAN, TopicAction.VERIFY,
)  # fmt: skip
"""Decisions whose words are for whoever put the topic up, as for everybody behind it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one topic came from."""

    topic_id: int
    route: Route
    body: str
    document_number: str
    received_on: date | None
    source_address: str
    """Of a post: http or https, as it was checked when it was registered."""
    words: str
    place: str
    homes: int | None
    named: tuple[tuple[int, str], ...]
    """(submission id, receipt number) of the messages that it is said to rest on; a topic rests on nothing that was taken back."""
    registered_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OriginRow:
    """A line of a list of registered topics."""

    id: int
    """The topic's."""
    number: str
    title: str
    state: TopicState
    route: Route
    area_name: str
    body: str
    document_number: str
    registered_by: str
    created_at: datetime
    told: str
    """The words of the latest decision; empty before there is one."""
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnFiled:
    """A message that a worker filed for somebody, to be named; no words."""

    submission_id: int
    number: str
    filed_at: datetime


def has_origin(session: Session, topic_id: int) -> bool:
    """Whether the topic was registered, so that it rests on more than messages."""
    return session.get(TopicOrigin, topic_id) is not None


def origin_of(session: Session, topic_id: int) -> Origin | None:
    """Where the topic came from, in at most two queries; None where residents' messages opened it."""
    return next((one for one in origins_of(session, topic_id) if one.topic_id == topic_id), None)


def origins_of(session: Session, topic_id: int) -> tuple[Origin, ...]:
    """Where the topic came from, and after it each topic that was merged into it, the latest MERGED_MOST; one query, one more for each
    that names messages.
    """
    return tuple(
        Origin(
            topic_id=found.topic_id,
            route=found.route,
            body=found.body,
            document_number=found.document_number,
            received_on=found.received_on,
            source_address=found.source_address,
            words=found.words,
            place=found.place,
            homes=found.homes,
            named=_named(session, found),
            registered_by=name,
            created_at=found.created_at,
        )
        for found, name in session.execute(_ORIGINS, {"topic_id": topic_id})
    )


_OWN = TopicOrigin.topic_id == TOPIC_ID
_ORIGINS = written_out(
    select(TopicOrigin, User.name)
    .join(User, User.id == TopicOrigin.registered_by)
    .where(or_(_OWN, TopicOrigin.topic_id.in_(select(Topic.id).where(Topic.merged_into_id == TOPIC_ID))))
    .order_by(_OWN.desc(), TopicOrigin.topic_id.desc())
    .limit(MERGED_MOST + 1)
)


def came_by_route(session: Session, actor: Actor, *, since: datetime) -> Mapping[Route, Counter[TopicState]]:
    """How many topics of the actor's areas came by each route since then, by the state they are in now; one query."""
    rows = session.execute(
        select(Topic.route, Topic.state, func.count())
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.district_id == actor.district_id,
            Topic.created_at >= since,
            Topic.kind == TopicKind.MATTER,
            within(actor, Permission.TOPIC_REGISTER),
        )
        .group_by(Topic.route, Topic.state)
    )
    found: dict[Route, Counter[TopicState]] = {route: Counter() for route in Route}
    for route, state, count in rows:
        found[route][state] = count
    return found


def registered(session: Session, actor: Actor, *, route: Route | None, after: str) -> Page[OriginRow]:
    """A page of what was registered in the actor's areas, the newest first, in two queries."""
    where = [TopicOrigin.district_id == actor.district_id, within(actor, Permission.TOPIC_REGISTER)]
    if route is not None:
        where.append(TopicOrigin.route == route)
    return _rows(session, where, after=after)


def own_suggestions(session: Session, actor: Actor, *, after: str) -> Page[OriginRow]:
    """A page of what the actor put up, the newest first, with what became of each, in two queries."""
    return _rows(session, [TopicOrigin.registered_by == actor.user_id, TopicOrigin.district_id == actor.district_id], after=after)


def own_filed(session: Session, actor: Actor, *, limit: int) -> tuple[OwnFiled, ...]:
    """The latest messages that the actor filed for others and nobody took back: numbers and days."""
    rows = session.execute(
        select(AssistedFiling.submission_id, Submission.receipt_number, AssistedFiling.created_at)
        .join(Submission, Submission.id == AssistedFiling.submission_id)
        .where(AssistedFiling.filed_by == actor.user_id, Submission.state != SubmissionState.WITHDRAWN)
        .order_by(AssistedFiling.id.desc())
        .limit(limit)
    )
    return tuple(OwnFiled(*row) for row in rows)


def _rows(session: Session, where: list[ColumnElement[bool]], *, after: str) -> Page[OriginRow]:
    base: Any = (
        select(func.count())
        .select_from(TopicOrigin)
        .join(Topic, Topic.id == TopicOrigin.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .where(*where)
    )
    total = session.scalar(base) or 0
    latest = (
        select(Decision.words, Decision.decided_at)
        .where(Decision.topic_id == TopicOrigin.topic_id, Decision.undone_at.is_(None), Decision.action.in_([one.value for one in TOLD]))
        .order_by(Decision.id.desc())
        .limit(1)
        .correlate(TopicOrigin)
        .lateral()
    )
    key = key_of(after)
    if key is not None:
        where = [*where, TopicOrigin.topic_id < key]
    columns: tuple[Any, ...] = (  # typed by OriginRow, whose fields they follow
        Topic.id,
        Topic.number,
        Topic.title,
        Topic.state,
        TopicOrigin.route,
        Area.name,
        TopicOrigin.body,
        TopicOrigin.document_number,
        User.name,
        TopicOrigin.created_at,
        func.coalesce(latest.c.words, ""),
        latest.c.decided_at,
    )
    rows = session.execute(
        select(*columns)
        .select_from(TopicOrigin)
        .join(Topic, Topic.id == TopicOrigin.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .join(User, User.id == TopicOrigin.registered_by)
        .outerjoin(latest, true())
        .where(*where)
        .order_by(TopicOrigin.topic_id.desc())
        .limit(SHOWN + 1)
    )
    return page_of([OriginRow(*row) for row in rows], total=total, limit=SHOWN)


def _named(session: Session, found: TopicOrigin) -> tuple[tuple[int, str], ...]:
    if not found.submission_ids:
        return ()
    rows = session.execute(
        select(Submission.id, Submission.receipt_number)
        .where(Submission.id.in_(found.submission_ids), Submission.state != SubmissionState.WITHDRAWN)
        .order_by(Submission.id)
    )
    return tuple((row[0], row[1]) for row in rows)
