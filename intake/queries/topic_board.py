"""Topics as staff and members see them in lists: the columns of the board, a member's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, and_, bindparam, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel, Urgency
from intake.domain.topic import Route, TopicKind, TopicState
from intake.models import Area, ScreeningDraft, Submission, Topic
from intake.queries.kept import DISTRICT_ID, PEOPLE_KEPT, written_out
from intake.queries.pages import covers_district, within
from intake.queries.similar import or_said
from intake.queries.submission_part import own_message
from intake.queries.topic_alike import titled
from intake.queries.topic_order import AFTER, Order, beyond, beyond_key, following, key_of, ordered, place, place_of
from intake.queries.topic_watch import Watcher, watched

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
    """0 to 100; 0 where nobody wrote about it."""
    heat_corrected: int
    """As it would be if every community spoke up as usual; never less."""
    first_at: datetime
    last_at: datetime
    since: datetime
    """When it came into its state."""
    version: int

    @property
    def submissions(self) -> int:
        """Those that belong to it, confirmed and suggested."""
        return self.confirmed + self.suggested

    @property
    def since_day(self) -> date:
        """The day of `since` in Shanghai."""
        return self.since.astimezone(SHANGHAI).date()

    @property
    def days(self) -> int:
        """Days in Shanghai from the first word to the latest, both counted."""
        return (self.last_at.astimezone(SHANGHAI).date() - self.first_at.astimezone(SHANGHAI).date()).days + 1


@dataclass(frozen=True)
class Spread:
    """How hot the topics on the district's board are."""

    heats: tuple[tuple[int, int], ...]
    """Each heat that there is, the coldest first, and how many topics have it."""

    @cached_property
    def topics(self) -> int:
        """All of them."""
        return sum(count for _, count in self.heats)

    @cached_property
    def half(self) -> int:
        """Half of the topics are at most as hot."""
        return self._reached_by(0.5)

    @cached_property
    def tenth(self) -> int:
        """Nine of ten are at most as hot."""
        return self._reached_by(0.9)

    def _reached_by(self, share: float) -> int:
        """The heat of the first topic with which that share of them is reached; 0 where there is none."""
        passed = accumulate(count for _, count in self.heats)
        return next((heat for (heat, _), so_far in zip(self.heats, passed, strict=True) if so_far >= share * self.topics), 0)

    def above(self, heat: int) -> int:
        """How many are hotter."""
        return sum(count for hotter, count in self.heats if hotter > heat)

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
    routes: Mapping[Route, int]
    """How many came by each route: of those that wait for screening, or of the one state that was asked for. Empty where
    words were looked for."""
    spread: Spread
    received: int
    """What residents said in the last WEEK."""
    watched: Mapping[int, tuple[Watcher, ...]]
    """By topic, the colleagues who have it open."""

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
    Topic.heat_corrected,
    Topic.first_at,
    Topic.last_at,
    Topic.state_changed_at,
    Topic.version,
)


def board(
    session: Session,
    actor: Actor,
    states: Sequence[TopicState],
    *,
    after: str = "",
    words: str = "",
    route: Route | None = None,
    order: Order = Order.HEAT,
    limit: int = PAGE,
    at: datetime,
) -> Board:
    """Columns of `states` in their order, in five queries and one a column; `after` is a page's `next_key`.

    `words` must all stand in title, number or area, or be what residents behind a topic said; the first page of what is found is one query.
    With `route` only topics that came by it; how many came by each is not counted for words, four queries then.
    """
    if words and not after:
        totals, pages = _found(session, _asked(session, actor, words, route), states, order=order, limit=limit)
    elif words:
        where = _asked(session, actor, words, route)
        totals = _totals(session, _counted(where))
        pages = [
            _paged(
                session.execute(_listed([*where, Topic.state == one, *beyond(order, after)], order, limit)), one, totals.get(one, 0), limit
            )
            for one in states
        ]
    else:
        totals = _totals(session, _counted_by_route(actor, route))
        behind = beyond_key(order, after)
        pages = [
            _paged(
                session.execute(_column(actor, one, route, order, limit, is_later=behind is not None), behind or {}),
                one,
                totals.get(one, 0),
                limit,
            )
            for one in states
        ]
    return Board(
        pages=tuple(pages),
        totals=totals,
        routes=_routes(session, actor, states) if not words else {},
        spread=spread(session, actor),
        received=_received(session, actor, since=at - WEEK),
        watched=watched(session, actor, at=at),
    )


def _totals(session: Session, asked: Select[TopicState, int]) -> dict[TopicState, int]:
    return {TopicState(state): count for state, count in session.execute(asked)}


def _counted(where: Sequence[ColumnElement[bool]]) -> Select[TopicState, int]:
    return select(Topic.state, func.count()).where(*where).group_by(Topic.state)


@lru_cache(maxsize=PEOPLE_KEPT)
def _counted_by_route(actor: Actor, route: Route | None) -> Select[TopicState, int]:
    return written_out(_counted(_within_reach(actor, route)))


@lru_cache(maxsize=PEOPLE_KEPT * len(BOARD_STATES))
def _column(actor: Actor, state: TopicState, route: Route | None, order: Order, limit: int, *, is_later: bool) -> Select[Any]:
    behind = [following(order, *AFTER[order])] if is_later else []
    return written_out(_listed([*_within_reach(actor, route), Topic.state == state, *behind], order, limit))


def _routes(session: Session, actor: Actor, states: Sequence[TopicState]) -> dict[Route, int]:
    """Of the state that stands alone, else of those that wait for screening; an index alone answers."""
    counted = session.execute(_routes_of(actor, states[0] if len(states) == 1 else TopicState.PROPOSED))
    found = {Route(route): count for route, count in counted}
    return {route: found[route] for route in Route if route in found}


@lru_cache(maxsize=PEOPLE_KEPT)
def _routes_of(actor: Actor, state: TopicState) -> Select[Route, int]:
    return written_out(select(Topic.route, func.count()).where(*_within_reach(actor, None), Topic.state == state).group_by(Topic.route))


def _received(session: Session, actor: Actor, *, since: datetime) -> int:
    """As 数据 counts what was heard: without endorsements, rows of another system and parts that were split off."""
    return session.scalar(_heard(actor), {"since": since}) or 0


@lru_cache(maxsize=PEOPLE_KEPT)
def _heard(actor: Actor) -> Select[int]:
    said_here = Submission.channel.not_in((Channel.ENDORSEMENT, Channel.IMPORT)), own_message()
    heard = select(func.count()).select_from(Submission)
    heard = heard.where(
        Submission.district_id == actor.district_id, Submission.received_at > bindparam("since", type_=DateTime(timezone=True)), *said_here
    )
    if not covers_district(actor, Permission.SCREEN_VIEW):
        heard = heard.join(Area, Area.id == Submission.area_id).where(within(actor, Permission.SCREEN_VIEW))
    return written_out(heard)


def _found(
    session: Session, where: Sequence[ColumnElement[bool]], states: Sequence[TopicState], *, order: Order, limit: int
) -> tuple[dict[TopicState, int], list[TopicPage]]:
    """How many of each state there are, and the first page of `states`: what was looked through once isn't looked through for each column."""
    of_state = func.row_number().over(partition_by=Topic.state, order_by=ordered(order))
    total = func.count().over(partition_by=Topic.state)
    matched = select(Topic.id, total.label("total"), of_state.label("nth"), place(order)).where(*where).subquery("matched")
    shown = or_(matched.c.nth == 1, and_(Topic.state.in_(states), matched.c.nth <= limit + 1))
    rows = session.execute(
        _rows(matched.c.place, matched.c.total).join(matched, matched.c.id == Topic.id).where(shown).order_by(matched.c.nth)
    ).all()
    totals = {TopicState(row.state): row.total for row in rows}
    pages = [_paged((row for row in rows if row.state == state), state, totals.get(state, 0), limit) for state in states]
    return totals, pages


def spread(session: Session, actor: Actor) -> Spread:
    """How hot the topics on the whole district's board are; one query."""
    return Spread(tuple((heat, count) for heat, count in session.execute(_HEATS, {"district_id": actor.district_id})))


_HEATS = written_out(
    select(Topic.heat, func.count())
    .where(Topic.district_id == DISTRICT_ID, Topic.state.in_(BOARD_STATES))
    .group_by(Topic.heat)
    .order_by(Topic.heat)
)


_DECISION_WAITS = (
    select(ScreeningDraft.id)
    .where(
        ScreeningDraft.topic_id == Topic.id,
        ScreeningDraft.ended_at.is_(None),
        ScreeningDraft.topic_version == Topic.version,  # one that was overtaken won't be made
    )
    .exists()
)


def topic_after(
    session: Session,
    actor: Actor,
    topic_id: int,
    *,
    state: TopicState,
    words: str = "",
    route: Route | None = None,
    order: Order = Order.HEAT,
) -> int | None:
    """The topic that follows `topic_id` in the column `state`, which it may have left; the column's first where it was the last.

    One whose decision waits to be published asks for nothing: it comes only where nothing else is left.
    """
    query = (
        select(Topic.id)
        .where(*_asked(session, actor, words, route), Topic.state == state, Topic.id != topic_id)
        .order_by(*ordered(order))
        .limit(1)
    )
    here = session.execute(select(place_of(order)).where(Topic.id == topic_id)).one_or_none()
    behind = [query.where(following(order, here[0], literal(topic_id, BigInteger)))] if here is not None else []
    undecided = [one.where(~_DECISION_WAITS) for one in (*behind, query)]
    return next((found for one in (*undecided, *behind, query) if (found := session.scalar(one)) is not None), None)


def topic_name(session: Session, actor: Actor, topic_id: int) -> tuple[str, TopicState, bool] | None:
    """Title and state of a topic within reach, and whether confirmed messages stand behind it."""
    where = [Topic.id == topic_id, Topic.district_id == actor.district_id, _reach(actor, Permission.SCREEN_VIEW)]
    found = session.execute(select(Topic.title, Topic.state, Topic.confirmed_count > 0).where(*where)).one_or_none()
    return (found[0], TopicState(found[1]), bool(found[2])) if found is not None else None


def _asked(session: Session, actor: Actor, words: str, route: Route | None) -> list[ColumnElement[bool]]:
    """Topics within reach that hold the words and came by the route."""
    return [*_within_reach(actor, route), *_found_by(session, actor, words)]


def _within_reach(actor: Actor, route: Route | None) -> list[ColumnElement[bool]]:
    by_route = [Topic.route == route] if route is not None else []
    return [Topic.district_id == actor.district_id, _reach(actor, Permission.SCREEN_VIEW), *by_route]


def _found_by(session: Session, actor: Actor, words: str) -> list[ColumnElement[bool]]:
    """The words stand in title, number or area, or are what residents said."""
    holds = [_holds(actor, word) for word in words.split()[:5]]
    return or_said(session, holds, district_id=actor.district_id, words=words, states=tuple(TopicState))


def _holds(actor: Actor, word: str) -> ColumnElement[bool]:
    """Title or number hold it, or its area is called so: each an index of its own, so each a question of its own."""
    called = (
        select(Topic.id)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.district_id == actor.district_id, Area.district_id == actor.district_id, Area.name.contains(word, autoescape=True))
    )
    written = {word, word.upper()}  # numbers are in capitals, titles as they were written
    return Topic.id.in_(union_all(called, *(titled(actor.district_id, one) for one in sorted(written))))


def topics_of_member(session: Session, actor: Actor, *, words: str = "", after: str = "") -> TopicPage:
    """Candidates and proposed topics in the areas where the actor may propose, the hottest first.

    `words` must all stand in title, number or area, or be what residents behind a topic said.
    """
    reach = _reach(actor, Permission.TOPIC_PROPOSE)
    where = [Topic.district_id == actor.district_id, Topic.state.in_([TopicState.CANDIDATE, TopicState.PROPOSED]), reach]
    where += _found_by(session, actor, words)
    total = session.scalar(select(func.count()).select_from(Topic).where(*where)) or 0
    found = session.execute(_listed([*where, *beyond(Order.HEAT, after)], Order.HEAT, PAGE))
    return _paged(found, TopicState.CANDIDATE, total, PAGE)


def _reach(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Topics of the areas in which the actor holds `permission`; asked of whoever holds it in a part of the district alone."""
    if covers_district(actor, permission):
        return true()
    paths = actor.area_paths(permission)
    if not paths:
        return Topic.id.is_(None)
    return Topic.area_id.in_(select(Area.id).where(or_(*(Area.path.startswith(path, autoescape=True) for path in paths))))


def _rows(*more: ColumnElement[Any]) -> Select[Any]:
    return select(*ROW_COLUMNS, *more).select_from(Topic).join(Area, Area.id == Topic.area_id)


def _listed(where: Sequence[ColumnElement[bool]], order: Order, limit: int) -> Select[Any]:
    """A page, and one row more where others follow."""
    return _rows(place(order)).where(*where).order_by(*ordered(order)).limit(limit + 1)


def _paged(found: Iterable[Any], state: TopicState, total: int, limit: int) -> TopicPage:
    """A page of up to `limit` + 1 rows that were found."""
    rows = [*found]
    page = rows[:limit]
    next_key = key_of(page[-1].place, page[-1].id) if len(rows) > limit else ""
    return TopicPage(state=state, total=total, rows=tuple(TopicRow(*row[: len(ROW_COLUMNS)]) for row in page), next_key=next_key)
