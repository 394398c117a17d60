"""One topic as staff decide on it: its detail, how it grew, where it stands among the others, and what it might be merged into."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE
from intake.models import Area, Contributor, Submission, Topic
from intake.queries.card import OtherTopic
from intake.queries.pages import holding, within
from intake.queries.topic_board import BOARD_STATES, PEOPLE, TopicDetail, topic_detail

TARGETS = 12


@dataclass(frozen=True, slots=True)
class TopicOnDesk:
    """Everything staff have before them when they decide."""

    detail: TopicDetail
    days: tuple[tuple[date, int], ...]
    """Days in Shanghai on which somebody spoke of it, and how many did."""
    areas: tuple[tuple[str, int], ...]
    """Communities and how many submissions came from each, most first."""
    place: int
    """1 for the topic with most submissions among those on the district's board."""
    among: int
    targets: tuple[OtherTopic, ...]
    """What it may be merged into."""


def topic_on_desk(session: Session, actor: Actor, topic_id: int, *, find: str = "") -> TopicOnDesk:
    """A topic in six queries; NotFound and Forbidden as `topic_detail`. `find` looks for topics to merge it into."""
    detail = topic_detail(session, actor, topic_id)
    days, areas = _growth(session, topic_id)
    above, among = session.execute(
        select(func.count().filter(detail.row.people < PEOPLE, Topic.id != topic_id), func.count().filter(Topic.id != topic_id)).where(
            Topic.district_id == actor.district_id, Topic.state.in_(BOARD_STATES)
        )
    ).one()
    return TopicOnDesk(
        detail=detail,
        days=days,
        areas=areas,
        place=above + 1,
        among=among + 1,
        targets=_targets(session, actor, topic_id, find=find),
    )


def _growth(session: Session, topic_id: int) -> tuple[tuple[tuple[date, int], ...], tuple[tuple[str, int], ...]]:
    day = func.date(func.timezone("Asia/Shanghai", Submission.received_at))
    rows = session.execute(
        select(day, Area.name, func.count())
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(Contributor.topic_id == topic_id, Contributor.status != ContributorStatus.REMOVED)
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
    query = (
        select(Topic.id, Topic.title, Topic.state, Area.name, PEOPLE)
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.district_id == actor.district_id, Topic.state.in_(JOINABLE), Topic.id != topic_id, within(actor, Permission.SCREEN_DECIDE)
        )
    )
    if find:
        query = query.where(*holding(find, Topic.title, Topic.number, Area.name))
    else:
        here = select(Topic.area_id).where(Topic.id == topic_id).scalar_subquery()
        street = select(Area.parent_id).where(Area.id == here).scalar_subquery()
        query = query.where(or_(Topic.area_id == here, Topic.area_id == street))
    return tuple(OtherTopic(*row) for row in session.execute(query.order_by(Topic.last_at.desc(), Topic.id.desc()).limit(TARGETS)))
