"""One topic as staff decide on it: its detail, how it grew, where it stands among the others, and what it might be merged into."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE, SPLITTABLE, TopicAction, TopicKind, TopicState
from intake.models import Area, Contributor, Decision, Submission, Topic
from intake.queries.card import OtherTopic, topic_rows
from intake.queries.pages import holding, within
from intake.queries.proposals import ProposalRow, proposals_of
from intake.queries.similar import or_said
from intake.queries.topic_board import BOARD_STATES
from intake.queries.topic_detail import TopicDetail, topic_detail, with_matters

TARGETS = 12


@dataclass(frozen=True, slots=True)
class SplitFrom:
    """The topic another was split off from."""

    topic_id: int
    title: str


@dataclass(frozen=True, slots=True)
class TopicOnDesk:
    """Everything staff have before them when they decide."""

    detail: TopicDetail
    days: tuple[tuple[date, int], ...]
    """Days in Shanghai on which somebody spoke of it, and how many did."""
    areas: tuple[tuple[str, int], ...]
    """Communities and how many submissions came from each, most first."""
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


def topic_on_desk(session: Session, actor: Actor, topic_id: int, *, find: str = "") -> TopicOnDesk:
    """A topic in nine queries, twelve where something is proposed for it; NotFound and Forbidden as `topic_detail`. `find` looks for topics to merge it into."""
    detail = topic_detail(session, actor, topic_id)
    days, areas = _growth(session, topic_id)
    above, among = session.execute(
        select(func.count().filter(Topic.heat > detail.row.heat, Topic.id != topic_id), func.count().filter(Topic.id != topic_id)).where(
            Topic.district_id == actor.district_id, Topic.state.in_(BOARD_STATES)
        )
    ).one()
    return TopicOnDesk(
        detail=detail,
        days=days,
        areas=areas,
        place=above + 1,
        among=among + 1,
        targets=_targets(session, actor, topic_id, find=find) if detail.row.kind is TopicKind.MATTER else (),
        matters=_matters(session, topic_id) if detail.row.kind is TopicKind.CLASS else (),
        proposals=proposals_of(session, actor, topic_id),
        split_from=_split_from(session, topic_id) if detail.row.state is TopicState.CANDIDATE else None,
    )


def _matters(session: Session, class_id: int) -> tuple[OtherTopic, ...]:
    rows = session.execute(topic_rows().where(Topic.class_topic_id == class_id).order_by(Topic.heat.desc(), Topic.id.desc()))
    return tuple(OtherTopic(*row) for row in rows)


def _split_from(session: Session, topic_id: int) -> SplitFrom | None:
    row = session.execute(
        select(Topic.id, Topic.title)
        .join(Decision, Decision.topic_id == Topic.id)
        .where(Decision.target_topic_id == topic_id, Decision.action == TopicAction.SPLIT.value, Topic.state.in_(SPLITTABLE))
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    return SplitFrom(*row) if row is not None else None


def _growth(session: Session, topic_id: int) -> tuple[tuple[tuple[date, int], ...], tuple[tuple[str, int], ...]]:
    day = func.date(func.timezone("Asia/Shanghai", Submission.received_at))
    rows = session.execute(
        select(day, Area.name, func.count())
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Contributor.topic_id.in_(with_matters(topic_id)), Contributor.status != ContributorStatus.REMOVED)
        .group_by(day, Area.name)
    ).all()
    days: Counter[date] = Counter()
    areas: Counter[str] = Counter()
    for at, area, count in rows:
        days[at] += count
        areas[area] += count
    return tuple(sorted(days.items())), tuple(sorted(areas.items(), key=lambda one: (-one[1], one[0])))


def _targets(session: Session, actor: Actor, topic_id: int, *, find: str) -> tuple[OtherTopic, ...]:
    """Open topics that hold the words; without words those of the same place, and of the places around and above it."""
    query = topic_rows().where(
        Topic.district_id == actor.district_id,
        Topic.kind == TopicKind.MATTER,
        Topic.state.in_(JOINABLE),
        Topic.id != topic_id,
        within(actor, Permission.SCREEN_DECIDE),
    )
    if find:
        holds = holding(find, Topic.title, Topic.number, Area.name)
        query = query.where(*or_said(session, holds, district_id=actor.district_id, words=find))
    else:
        here = select(Topic.area_id).where(Topic.id == topic_id).scalar_subquery()
        street = select(Area.parent_id).where(Area.id == here).scalar_subquery()
        query = query.where(or_(Topic.area_id == here, Topic.area_id == street))
    return tuple(OtherTopic(*row) for row in session.execute(query.order_by(Topic.last_at.desc(), Topic.id.desc()).limit(TARGETS)))
