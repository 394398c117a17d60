"""Topics as staff and members see them: the columns of the board, and one topic with its residents' words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.topic import TOPIC_TABLE, Route, TopicAction, TopicState
from intake.models import Area, Contributor, Decision, Submission, Topic, User
from intake.queries.pages import within

PAGE = 20
WEEK = timedelta(days=7)
BOARD_STATES = (TopicState.CANDIDATE, TopicState.PROPOSED, TopicState.POOLED)


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A card on the board."""

    id: int
    number: str
    title: str
    state: TopicState
    route: Route
    category: str | None
    urgency: Urgency
    area_name: str
    confirmed: int
    suggested: int
    areas: int
    first_at: datetime
    last_at: datetime

    @property
    def people(self) -> int:
        """Submissions that belong to it, confirmed and suggested: by this the board is ordered."""
        return self.confirmed + self.suggested

    @property
    def days(self) -> int:
        """Days in Shanghai from the first word to the latest, both counted."""
        return (self.last_at.astimezone(SHANGHAI).date() - self.first_at.astimezone(SHANGHAI).date()).days + 1


@dataclass(frozen=True, slots=True)
class Spread:
    """How many submissions the topics on the district's board have."""

    topics: int
    half: int
    """Half of the topics have at most as many."""
    tenth: int
    """Nine of ten have at most as many."""

    def heat(self, people: int) -> int:
        """1 to 3 for a topic with as many: 3 is the hottest tenth, 2 the better half; where all are alike nothing is hot."""
        if people > self.half and people >= self.tenth:
            return 3
        return 2 if people >= self.half and people > 1 else 1


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


@dataclass(frozen=True, slots=True)
class Voice:
    """One resident's masked words behind a topic."""

    submission_id: int
    text: str
    area_name: str
    channel: Channel
    received_at: datetime
    status: ContributorStatus
    state: SubmissionState
    reasons: tuple[str, ...]
    decided_by: str
    has_contact: bool


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What was decided before, and by whom."""

    action: TopicAction
    words: str
    by: str
    at: datetime
    target_title: str


@dataclass(frozen=True, slots=True)
class TopicDetail:
    """Everything on a topic's page."""

    row: TopicRow
    version: int
    opened_by: str
    """Empty when the machine opened it."""
    proposed_by: str
    merged_into_id: int | None
    merged_into_title: str
    voices: tuple[Voice, ...]
    decisions: tuple[PastDecision, ...]
    actions: tuple[TopicAction, ...]


_COLUMNS: Any = (  # typed by TopicRow, whose fields it follows
    Topic.id,
    Topic.number,
    Topic.title,
    Topic.state,
    Topic.route,
    Topic.category,
    Topic.urgency,
    Area.name,
    Topic.confirmed_count,
    Topic.suggested_count,
    Topic.area_count,
    Topic.first_at,
    Topic.last_at,
)


PEOPLE = Topic.confirmed_count + Topic.suggested_count


def board(
    session: Session, actor: Actor, states: Sequence[TopicState], *, after: str = "", words: str = "", limit: int = PAGE, at: datetime
) -> Board:
    """Columns of `states`, those most people spoke of first, in three queries and one a column; `after` is a page's `next_key`.

    `words` must all stand in title, number or area.
    """
    where = [Topic.district_id == actor.district_id, _reach(actor, Permission.SCREEN_VIEW), *_holding(words)]
    counted = session.execute(
        select(Topic.state, func.count()).join(Area, Area.id == Topic.area_id).where(*where).group_by(Topic.state)
    ).all()
    totals = {TopicState(state): count for state, count in counted}
    pages = [
        _page(session, [*where, Topic.state == state], state=state, total=totals.get(state, 0), after=after, limit=limit)
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
    """How many submissions the topics on the whole district's board have; one query."""
    half, tenth = (func.percentile_disc(share).within_group(PEOPLE) for share in (0.5, 0.9))
    found = session.execute(
        select(func.count(), half, tenth).where(Topic.district_id == actor.district_id, Topic.state.in_(BOARD_STATES))
    ).one()
    return Spread(topics=found[0], half=found[1] or 0, tenth=found[2] or 0)


def topic_after(session: Session, actor: Actor, topic_id: int, *, state: TopicState, words: str = "") -> int | None:
    """The topic that follows `topic_id` in the column `state`, which it may have left; the column's first where it was the last."""
    where = [
        Topic.district_id == actor.district_id,
        _reach(actor, Permission.SCREEN_VIEW),
        *_holding(words),
        Topic.state == state,
        Topic.id != topic_id,
    ]
    gone = aliased(Topic)
    key = select(gone.confirmed_count + gone.suggested_count, gone.id).where(gone.id == topic_id)
    follows = tuple_(PEOPLE, Topic.id) < key.scalar_subquery()
    query = select(Topic.id).join(Area, Area.id == Topic.area_id).where(*where)
    return session.scalar(query.order_by(follows.desc(), PEOPLE.desc(), Topic.id.desc()).limit(1))


def topic_name(session: Session, actor: Actor, topic_id: int) -> tuple[str, TopicState] | None:
    """Title and state of a topic within reach."""
    where = [Topic.id == topic_id, Topic.district_id == actor.district_id, _reach(actor, Permission.SCREEN_VIEW)]
    found = session.execute(select(Topic.title, Topic.state).join(Area, Area.id == Topic.area_id).where(*where)).one_or_none()
    return (found[0], TopicState(found[1])) if found is not None else None


def _holding(words: str) -> list[ColumnElement[bool]]:
    return [
        or_(
            Topic.title.contains(word, autoescape=True),
            Topic.number.contains(word.upper(), autoescape=True),
            Area.name.contains(word, autoescape=True),
        )
        for word in words.split()[:5]
    ]


def topics_of_member(session: Session, actor: Actor, *, after: str = "") -> TopicPage:
    """Candidates and proposed topics in the areas where the actor may propose, those most people spoke of first."""
    reach = _reach(actor, Permission.TOPIC_PROPOSE)
    where = [Topic.district_id == actor.district_id, Topic.state.in_([TopicState.CANDIDATE, TopicState.PROPOSED]), reach]
    total = session.scalar(select(func.count()).select_from(Topic).join(Area, Area.id == Topic.area_id).where(*where)) or 0
    return _page(session, where, state=TopicState.CANDIDATE, total=total, after=after, limit=PAGE)


def _reach(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Topics of the areas in which the actor holds `permission`."""
    paths = actor.area_paths(permission)
    return or_(*(Area.path.startswith(path, autoescape=True) for path in paths)) if paths else Topic.id.is_(None)


def _page(session: Session, where: Sequence[ColumnElement[bool]], *, state: TopicState, total: int, after: str, limit: int) -> TopicPage:
    query = select(*_COLUMNS).join(Area, Area.id == Topic.area_id).where(*where)
    people, _, topic_id = after.partition("_")
    if _fits(people, 2**31) and _fits(topic_id, 2**63):
        query = query.where(tuple_(PEOPLE, Topic.id) < tuple_(literal(int(people)), literal(int(topic_id))))
    rows = [TopicRow(*row) for row in session.execute(query.order_by(PEOPLE.desc(), Topic.id.desc()).limit(limit + 1))]
    page = rows[:limit]
    next_key = f"{page[-1].people}_{page[-1].id}" if len(rows) > limit else ""
    return TopicPage(state=state, total=total, rows=tuple(page), next_key=next_key)


def _fits(raw: str, bound: int) -> bool:
    """Whether a page key's number is one the column can hold; PostgreSQL refuses the whole question for any other."""
    return raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) < bound


def topic_detail(session: Session, actor: Actor, topic_id: int) -> TopicDetail:
    """One topic in four queries; NotFound for another district's, Forbidden without a permission that reaches it."""
    opener, proposer, survivor = aliased(User), aliased(User), aliased(Topic)
    found = session.execute(
        select(*_COLUMNS, Topic.version, Area.path, opener.name, proposer.name, Topic.merged_into_id, survivor.title)
        .join(Area, Area.id == Topic.area_id)
        .outerjoin(opener, opener.id == Topic.opened_by)
        .outerjoin(proposer, proposer.id == Topic.proposed_by)
        .outerjoin(survivor, survivor.id == Topic.merged_into_id)
        .where(Topic.id == topic_id, Topic.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    version, path, opened_by, proposed_by, merged_into_id, merged_into_title = found[len(_COLUMNS) :]
    if not (actor.may(Permission.SCREEN_VIEW, area_path=path) or actor.may(Permission.TRIAGE_VIEW, area_path=path)):
        raise Forbidden("这个议题不在您联系的社区。")
    row = TopicRow(*found[: len(_COLUMNS)])
    return TopicDetail(
        row=row,
        version=version,
        opened_by=opened_by or "",
        proposed_by=proposed_by or "",
        merged_into_id=merged_into_id,
        merged_into_title=merged_into_title or "",
        voices=_voices(session, topic_id),
        decisions=_decisions(session, topic_id),
        actions=tuple(TopicAction(action) for action in TOPIC_TABLE.allowed(row.state)),
    )


def _voices(session: Session, topic_id: int) -> tuple[Voice, ...]:
    rows = session.execute(
        select(Contributor, Submission, Area.name, User.name)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(User, User.id == Contributor.decided_by)
        .where(Contributor.topic_id == topic_id, Contributor.status != ContributorStatus.REMOVED)
        .order_by(Contributor.status, Submission.received_at.desc())
        .limit(100)
    )
    return tuple(
        Voice(
            submission_id=s.id,
            text=s.text_masked,
            area_name=area,
            channel=s.channel,
            received_at=s.received_at,
            status=c.status,
            state=s.state,
            reasons=tuple(c.reasons),
            decided_by=by or "",
            has_contact=s.contact_cipher is not None,
        )
        for c, s, area, by in rows
    )


def _decisions(session: Session, topic_id: int) -> tuple[PastDecision, ...]:
    target = aliased(Topic)
    rows = session.execute(
        select(Decision.action, Decision.words, User.name, Decision.decided_at, func.coalesce(target.title, ""))
        .join(User, User.id == Decision.decided_by)
        .outerjoin(target, target.id == Decision.target_topic_id)
        .where(Decision.topic_id == topic_id)
        .order_by(Decision.id.desc())
        .limit(50)
    )
    return tuple(PastDecision(TopicAction(action), words, by, at, title) for action, words, by, at, title in rows)
