"""Topics side by side: who spoke of each and where, for how long, what was marked, what its brief says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.screening import Criterion
from intake.domain.submission import Channel
from intake.domain.topic import TopicAction, TopicState
from intake.models import Area, Contributor, Decision, Submission, Topic, TopicBrief, TopicMark, User
from intake.queries.pages import within
from intake.queries.topic_alike import Alike, alike
from intake.queries.topic_pool import PoolOrder, PoolRow, rows_read, rows_where


@dataclass(frozen=True, slots=True)
class Mark:
    """What was marked by one criterion: how many marked, and their middle."""

    criterion: Criterion
    marked: int
    mean: float | None
    """0 to 3; None where nobody marked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a topic was kept in the pool."""

    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """One topic beside others."""

    row: PoolRow
    areas: tuple[tuple[str, int], ...]
    """Communities and submissions from each, by name."""
    weeks: int
    """Different weeks in which somebody spoke of it."""
    channels: tuple[tuple[Channel, int], ...]
    """By which way its messages came."""
    marks: tuple[Mark, ...]
    problem: str
    request: str
    """From its brief; empty where there is none."""
    alike: Alike
    """Topics called much the same, open and ended."""
    kept: tuple[Kept, ...]
    """The latest first."""
    in_pool: bool
    """Whether it may be kept, dropped or merged here."""


def compared(session: Session, actor: Actor, topic_ids: Sequence[int]) -> tuple[Compared, ...]:
    """The topics side by side, in the order asked for, in nine statements and one a topic; NotFound where one isn't within reach."""
    where = [Topic.district_id == actor.district_id, within(actor, Permission.SCREEN_VIEW), Topic.id.in_(topic_ids)]
    rows = {row.id: row for row in rows_read(session, session.execute(rows_where(where, PoolOrder.HEAT)).all())}
    if set(rows) != set(topic_ids):
        raise NotFound("选中的议题里有的已经不在了，或者不在您负责的范围。请回议题库重新选。")
    areas, weeks, channels = _spread(session, topic_ids)
    marks, briefs, kept = _marks(session, topic_ids), _briefs(session, topic_ids), _kept(session, topic_ids)
    like = alike(session, actor, {one: rows[one].topic.title for one in topic_ids})
    return tuple(
        Compared(
            row=rows[one],
            areas=tuple(sorted(areas.get(one, {}).items())),
            weeks=len(weeks.get(one, ())),
            channels=tuple(sorted(channels.get(one, {}).items())),
            marks=tuple(Mark(criterion, *marks.get((one, criterion), (0, None))) for criterion in Criterion),
            problem=briefs.get(one, ("", ""))[0],
            request=briefs.get(one, ("", ""))[1],
            alike=like[one],
            kept=tuple(kept.get(one, ())),
            in_pool=rows[one].topic.state is TopicState.POOLED,
        )
        for one in topic_ids
    )


_Spread = tuple[dict[int, dict[str, int]], dict[int, set[datetime]], dict[int, dict[Channel, int]]]


_MEMBER = aliased(Topic)


def _spread(session: Session, topic_ids: Sequence[int]) -> _Spread:
    """By topic, of a class by its matters too: submissions by community, the weeks, submissions by channel."""
    of = func.coalesce(select(Topic.id).where(Topic.id == _MEMBER.class_topic_id, Topic.id.in_(topic_ids)).scalar_subquery(), _MEMBER.id)
    week = func.date_trunc("week", func.timezone("Asia/Shanghai", Submission.received_at))
    rows = session.execute(
        select(of, Area.name, Submission.channel, week, func.count())
        .select_from(Contributor)
        .join(_MEMBER, _MEMBER.id == Contributor.topic_id)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(or_(_MEMBER.id.in_(topic_ids), _MEMBER.class_topic_id.in_(topic_ids)), Contributor.status != ContributorStatus.REMOVED)
        .group_by(of, Area.name, Submission.channel, week)
    )
    areas: dict[int, dict[str, int]] = {}
    weeks: dict[int, set[datetime]] = {}
    channels: dict[int, dict[Channel, int]] = {}
    for topic_id, area, channel, begins, count in rows:
        places, ways = areas.setdefault(topic_id, {}), channels.setdefault(topic_id, {})
        places[area] = places.get(area, 0) + count
        ways[channel] = ways.get(channel, 0) + count
        weeks.setdefault(topic_id, set()).add(begins)
    return areas, weeks, channels


def _marks(session: Session, topic_ids: Sequence[int]) -> dict[tuple[int, Criterion], tuple[int, float | None]]:
    rows = session.execute(
        select(TopicMark.topic_id, TopicMark.criterion, func.count(), func.avg(TopicMark.mark))
        .where(TopicMark.topic_id.in_(topic_ids))
        .group_by(TopicMark.topic_id, TopicMark.criterion)
    )
    return {(topic_id, criterion): (marked, float(mean)) for topic_id, criterion, marked, mean in rows}


def _briefs(session: Session, topic_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Problem and request of those that were sent."""
    rows = session.execute(
        select(TopicBrief.topic_id, TopicBrief.problem, TopicBrief.request).where(
            TopicBrief.topic_id.in_(topic_ids), TopicBrief.sent_at.is_not(None)
        )
    )
    return {topic_id: (problem, request) for topic_id, problem, request in rows}


def _kept(session: Session, topic_ids: Sequence[int]) -> dict[int, list[Kept]]:
    rows = session.execute(
        select(Decision.topic_id, Decision.words, User.name, Decision.decided_at)
        .join(User, User.id == Decision.decided_by)
        .where(Decision.topic_id.in_(topic_ids), Decision.action == TopicAction.KEEP.value)
        .order_by(Decision.id.desc())
    )
    found: dict[int, list[Kept]] = {}
    for topic_id, words, by, at in rows:
        found.setdefault(topic_id or 0, []).append(Kept(words, by, at))
    return found
