"""Topics as staff and members see them in lists: the columns of the board, a member's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Urgency
from intake.domain.topic import Route, TopicKind, TopicState
from intake.models import Area, Submission, Topic
from intake.queries.pages import within
from intake.queries.similar import or_said

PAGE = 20
WEEK = timedelta(days=7)
BOARD_STATES = (TopicState.CANDIDATE, TopicState.PROPOSED, TopicState.POOLED)


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A card on the board."""

    id: int
    number: str
    kind: TopicKind
    title: str
    state: TopicState
    route: Route
    category: str | None
    urgency: Urgency
    area_name: str
    confirmed: int
    suggested: int
    areas: int
    people: int
    """Different senders, as far as they can be told apart."""
    heat: int
    """0 to 100: by this the board is ordered."""
    first_at: datetime
    last_at: datetime

    @property
    def submissions(self) -> int:
        """Those that belong to it, confirmed and suggested."""
        return self.confirmed + self.suggested

    @property
    def days(self) -> int:
        """Days in Shanghai from the first word to the latest, both counted."""
        return (self.last_at.astimezone(SHANGHAI).date() - self.first_at.astimezone(SHANGHAI).date()).days + 1


@dataclass(frozen=True, slots=True)
class Spread:
    """How hot the topics on the district's board are."""

    topics: int
    half: int
    """Half of the topics are at most as hot."""
    tenth: int
    """Nine of ten are at most as hot."""

    def level(self, heat: int) -> int:
        """1 to 3 for a topic as hot: 3 is the hottest tenth, 2 the better half; where all are alike nothing is hot."""
        if heat > self.half and heat >= self.tenth:
            return 3
        return 2 if heat > self.half else 1


@dataclass(frozen=True, slots=True)
class TopicPage:
    """One page of one state and the key of the next."""

    state: TopicState
    total: int
    rows: tuple[TopicRow, ...]
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class Board:
    """The columns that were asked for, and how many topics stand in every state."""

    pages: tuple[TopicPage, ...]
    totals: Mapping[TopicState, int]
    spread: Spread
    received: int
    """Submissions of the last WEEK."""

    @property
    def first(self) -> int | None:
        """The topic to open where nobody chose one: of those to be screened, else the first on the board."""
        rows = [row for page in self.pages for row in page.rows]
        return next((row.id for row in rows if row.state is TopicState.PROPOSED), rows[0].id if rows else None)


ROW_COLUMNS: Any = (  # typed by TopicRow, whose fields it follows
    Topic.id,
    Topic.number,
    Topic.kind,
    Topic.title,
    Topic.state,
    Topic.route,
    Topic.category,
    Topic.urgency,
    Area.name,
    Topic.confirmed_count,
    Topic.suggested_count,
    Topic.area_count,
    Topic.people_count,
    Topic.heat,
    Topic.first_at,
    Topic.last_at,
)


SUBMISSIONS = Topic.confirmed_count + Topic.suggested_count


class Order(StrEnum):
    """How topics are put in order; within equals the youngest first."""

    HEAT = "heat"
    """热度高的在前."""
    NEWEST = "newest"
    """最近有来件的在前."""


_MICROSECONDS = cast(func.extract("epoch", Topic.last_at) * 1_000_000, BigInteger)
_ORDERED_BY: dict[Order, ColumnElement[int]] = {Order.HEAT: cast(Topic.heat, BigInteger), Order.NEWEST: _MICROSECONDS}


def board(
    session: Session,
    actor: Actor,
    states: Sequence[TopicState],
    *,
    after: str = "",
    words: str = "",
    order: Order = Order.HEAT,
    limit: int = PAGE,
    at: datetime,
) -> Board:
    """Columns of `states`, the hottest or the newest first, in three queries and one a column; `after` is a page's `next_key`.

    `words` must all stand in title, number or area, or be what residents behind a topic said.
    """
    where = [Topic.district_id == actor.district_id, _reach(actor, Permission.SCREEN_VIEW), *_found_by(session, actor, words)]
    counted = session.execute(
        select(Topic.state, func.count()).join(Area, Area.id == Topic.area_id).where(*where).group_by(Topic.state)
    ).all()
    totals = {TopicState(state): count for state, count in counted}
    pages = [
        _page(session, [*where, Topic.state == state], state=state, total=totals.get(state, 0), after=after, order=order, limit=limit)
        for state in states
    ]
    received = session.scalar(
        select(func.count())
        .select_from(Submission)
        .join(Area, Area.id == Submission.area_id)
        .where(Submission.district_id == actor.district_id, Submission.received_at > at - WEEK, within(actor, Permission.SCREEN_VIEW))
    )
    return Board(pages=tuple(pages), totals=totals, spread=spread(session, actor), received=received or 0)


def spread(session: Session, actor: Actor) -> Spread:
    """How hot the topics on the whole district's board are; one query."""
    half, tenth = (func.percentile_disc(share).within_group(Topic.heat) for share in (0.5, 0.9))
    found = session.execute(
        select(func.count(), half, tenth).where(Topic.district_id == actor.district_id, Topic.state.in_(BOARD_STATES))
    ).one()
    return Spread(topics=found[0], half=found[1] or 0, tenth=found[2] or 0)


def topic_after(
    session: Session, actor: Actor, topic_id: int, *, state: TopicState, words: str = "", order: Order = Order.HEAT
) -> int | None:
    """The topic that follows `topic_id` in the column `state`, which it may have left; the column's first where it was the last."""
    where = [
        Topic.district_id == actor.district_id,
        _reach(actor, Permission.SCREEN_VIEW),
        *_found_by(session, actor, words),
        Topic.state == state,
        Topic.id != topic_id,
    ]
    by = Topic.heat if order is Order.HEAT else Topic.last_at
    gone = aliased(Topic)
    key = select(gone.heat if order is Order.HEAT else gone.last_at, gone.id).where(gone.id == topic_id)
    follows = tuple_(by, Topic.id) < key.scalar_subquery()
    query = select(Topic.id).join(Area, Area.id == Topic.area_id).where(*where)
    return session.scalar(query.order_by(follows.desc(), by.desc(), Topic.id.desc()).limit(1))


def topic_name(session: Session, actor: Actor, topic_id: int) -> tuple[str, TopicState] | None:
    """Title and state of a topic within reach."""
    where = [Topic.id == topic_id, Topic.district_id == actor.district_id, _reach(actor, Permission.SCREEN_VIEW)]
    found = session.execute(select(Topic.title, Topic.state).join(Area, Area.id == Topic.area_id).where(*where)).one_or_none()
    return (found[0], TopicState(found[1])) if found is not None else None


def _found_by(session: Session, actor: Actor, words: str) -> list[ColumnElement[bool]]:
    """The words stand in title, number or area, or are what residents said."""
    holds = [
        or_(
            Topic.title.contains(word, autoescape=True),
            Topic.number.contains(word.upper(), autoescape=True),
            Area.name.contains(word, autoescape=True),
        )
        for word in words.split()[:5]
    ]
    return or_said(session, holds, district_id=actor.district_id, words=words, states=tuple(TopicState))


def topics_of_member(session: Session, actor: Actor, *, after: str = "") -> TopicPage:
    """Candidates and proposed topics in the areas where the actor may propose, the hottest first."""
    reach = _reach(actor, Permission.TOPIC_PROPOSE)
    where = [Topic.district_id == actor.district_id, Topic.state.in_([TopicState.CANDIDATE, TopicState.PROPOSED]), reach]
    total = session.scalar(select(func.count()).select_from(Topic).join(Area, Area.id == Topic.area_id).where(*where)) or 0
    return _page(session, where, state=TopicState.CANDIDATE, total=total, after=after, order=Order.HEAT, limit=PAGE)


def _reach(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Topics of the areas in which the actor holds `permission`."""
    paths = actor.area_paths(permission)
    return or_(*(Area.path.startswith(path, autoescape=True) for path in paths)) if paths else Topic.id.is_(None)


def _page(
    session: Session, where: Sequence[ColumnElement[bool]], *, state: TopicState, total: int, after: str, order: Order, limit: int
) -> TopicPage:
    by = _ORDERED_BY[order]
    query = select(*ROW_COLUMNS, by.label("place")).join(Area, Area.id == Topic.area_id).where(*where)
    place, _, topic_id = after.partition("_")
    if _fits(place, 2**63) and _fits(topic_id, 2**63):
        query = query.where(tuple_(by, Topic.id) < tuple_(literal(int(place), BigInteger), literal(int(topic_id), BigInteger)))
    rows = session.execute(query.order_by(by.desc(), Topic.id.desc()).limit(limit + 1)).all()
    page = rows[:limit]
    next_key = f"{page[-1].place}_{page[-1].id}" if len(rows) > limit else ""
    return TopicPage(state=state, total=total, rows=tuple(TopicRow(*row[:-1]) for row in page), next_key=next_key)


def _fits(raw: str, bound: int) -> bool:
    """Whether a page key's number is one the column can hold; PostgreSQL refuses the whole question for any other."""
    return raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) < bound
