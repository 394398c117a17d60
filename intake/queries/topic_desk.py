"""One topic as staff decide on it: its detail, what is known for each criterion and how colleagues marked it, where it stands among the
others, what is like it, and what it might be merged into.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.topic import JOINABLE, SPLITTABLE, TopicAction, TopicKind, TopicState
from intake.domain.topic_evidence import Evidence, Place, TopicFacts, evidence_of
from intake.models import Area, Decision, Topic, TopicBrief
from intake.queries.card import OtherTopic, topic_rows
from intake.queries.communities_heard import CommunitiesHeard
from intake.queries.kept import PEOPLE_KEPT, TOPIC_ID, written_out
from intake.queries.pages import holding, within
from intake.queries.proposals import ProposalRow, proposals_of
from intake.queries.similar import or_said
from intake.queries.topic_alike import Alike, alike
from intake.queries.topic_board import BOARD_STATES, Spread
from intake.queries.topic_detail import TopicDetail, topic_detail
from intake.queries.topic_mark import MarkRow, marks_of
from intake.queries.topic_proposer import ProposerLine, proposers_of
from intake.queries.topic_voices import Said, said_of

TARGETS = 12
_SPLIT: ColumnElement[str] = literal_column(f"'{TopicAction.SPLIT.value}'")
"""Written out, so that the index of what was split is known to hold the answer."""


@dataclass(frozen=True, slots=True)
class SplitFrom:
    """The topic another was split off from."""

    topic_id: int
    title: str


@dataclass(frozen=True, slots=True)
class SentBrief:
    """What members wrote about the topic, in whose name."""

    problem: str
    basis: str
    request: str
    sent_at: datetime | None
    """None of one that isn't sent, or came back."""
    proposers: tuple[ProposerLine, ...]
    """Those who agreed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk knows beside the topic."""

    heard: CommunitiesHeard
    spread: Spread
    department_of: Callable[[str | None], str]
    """Who usually deals with a category; empty where nobody is named."""
    at: datetime


@dataclass(frozen=True, slots=True)
class TopicOnDesk:
    """Everything staff have before them when they decide."""

    detail: TopicDetail
    days: tuple[tuple[date, int], ...]
    """Days in Shanghai on which somebody spoke of it, and how many did."""
    places: tuple[Place, ...]
    """Communities and how many submissions came from each, most first."""
    evidence: tuple[Evidence, ...]
    """For each criterion."""
    marks: tuple[MarkRow, ...]
    alike: Alike
    brief: SentBrief | None
    place: int
    """1 for the hottest topic among those on the district's board."""
    among: int
    targets: tuple[OtherTopic, ...]
    """What it may be merged into."""
    matters: tuple[OtherTopic, ...]
    """What belongs to it when it is a class."""
    proposals: tuple[ProposalRow, ...]
    """What the machine proposes for it."""
    split_from: SplitFrom | None
    """Where it came from when it was split off and may still go back."""


def topic_on_desk(session: Session, actor: Actor, topic_id: int, *, desk: Desk, voices: int, find: str = "") -> TopicOnDesk:
    """A topic in a constant number of queries; NotFound and Forbidden as `topic_detail`. `find` looks for topics to merge it into."""
    said = said_of(session, actor, topic_id, newest=voices + 1, at=desk.at)
    detail = topic_detail(session, actor, topic_id, voices=voices, counted=said.counted)
    like = alike(session, actor, {topic_id: detail.row.title})[topic_id]
    facts = _facts(detail, said, like, desk)
    return TopicOnDesk(
        detail=detail,
        days=said.days,
        places=said.places,
        evidence=evidence_of(facts, desk.heard.corrections),
        marks=marks_of(session, topic_id),
        alike=like,
        brief=_brief(session, topic_id),
        place=desk.spread.above(detail.row.heat) + 1,
        among=desk.spread.topics + (0 if detail.row.state in BOARD_STATES else 1),
        targets=_targets(session, actor, topic_id, find=find) if detail.row.kind is TopicKind.MATTER else (),
        matters=_matters(session, topic_id) if detail.row.kind is TopicKind.CLASS else (),
        proposals=proposals_of(session, actor, topic_id),
        split_from=_split_from(session, topic_id) if detail.row.state is TopicState.CANDIDATE else None,
    )


def _facts(detail: TopicDetail, said: Said, like: Alike, desk: Desk) -> TopicFacts:
    return TopicFacts(
        people=detail.row.people,
        messages=detail.row.submissions,
        endorsed=detail.endorsed,
        days=dict(said.days),
        today=desk.at.astimezone(SHANGHAI).date(),
        places=said.places,
        emergencies=said.emergencies,
        soon=said.soon,
        waiting=said.waiting,
        late=said.late,
        department=desk.department_of(detail.row.category),
        came_of=like.came_of,
    )


def _brief(session: Session, topic_id: int) -> SentBrief | None:
    written = session.scalar(_BRIEF, {"topic_id": topic_id})
    if written is None:
        return None
    agreed = tuple(one for one in proposers_of(session, topic_id) if one.agreed_at is not None)
    return SentBrief(written.problem, written.basis, written.request, written.sent_at, agreed)


_BRIEF = select(TopicBrief).where(TopicBrief.topic_id == TOPIC_ID)


def _matters(session: Session, class_id: int) -> tuple[OtherTopic, ...]:
    rows = session.execute(topic_rows().where(Topic.class_topic_id == class_id).order_by(Topic.heat.desc(), Topic.id.desc()))
    return tuple(OtherTopic(*row) for row in rows)


def _split_from(session: Session, topic_id: int) -> SplitFrom | None:
    row = session.execute(_SPLIT_FROM, {"topic_id": topic_id}).one_or_none()
    return SplitFrom(*row) if row is not None else None


_SPLIT_FROM = written_out(
    select(Topic.id, Topic.title)
    .join(Decision, Decision.topic_id == Topic.id)
    .where(Decision.target_topic_id == TOPIC_ID, Decision.action == _SPLIT, Topic.state.in_(SPLITTABLE))
    .order_by(Decision.id.desc())
    .limit(1)
)


def _targets(session: Session, actor: Actor, topic_id: int, *, find: str) -> tuple[OtherTopic, ...]:
    """Open topics that hold the words; without words those of the same place, and of the places around and above it."""
    if find:
        holds = holding(find, Topic.title, Topic.number, Area.name)
        query = _joinable(actor).where(*or_said(session, holds, district_id=actor.district_id, words=find))
    else:
        query = _around(actor)
    return tuple(OtherTopic(*row) for row in session.execute(query, {"topic_id": topic_id}))


@lru_cache(maxsize=PEOPLE_KEPT)
def _around(actor: Actor) -> Select[*tuple[Any, ...]]:
    here = select(Topic.area_id).where(Topic.id == TOPIC_ID).scalar_subquery()
    street = select(Area.parent_id).where(Area.id == here).scalar_subquery()
    return written_out(_joinable(actor).where(or_(Topic.area_id == here, Topic.area_id == street)))


def _joinable(actor: Actor) -> Select[*tuple[Any, ...]]:
    joinable: Select[*tuple[Any, ...]] = (
        topic_rows()
        .where(
            Topic.district_id == actor.district_id,
            Topic.kind == TopicKind.MATTER,
            Topic.state.in_(JOINABLE),
            Topic.id != TOPIC_ID,
            within(actor, Permission.SCREEN_DECIDE),
        )
        .order_by(Topic.last_at.desc(), Topic.id.desc())
        .limit(TARGETS)
    )
    return joinable
