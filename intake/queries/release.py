"""公开内容 on the desk: what waits for release, one of them with its history, and what a topic proposes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.release import DEFAULT_KINDS, EDITABLE, RELEASE_TABLE, STEP_WORDS, ReleaseKind, ReleaseState, WithdrawReason
from intake.domain.topic import TopicState
from intake.models import Area, Decision, HistoryEntry, Release, Topic, User

PAGE = 20
STATES = (ReleaseState.DRAFT, ReleaseState.RELEASED, ReleaseState.WITHDRAWN)
"""In the order of the list: what waits for a person stands first."""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One line of the list."""

    id: int
    title: str
    kind: ReleaseKind
    state: ReleaseState
    state_changed_at: datetime
    topic_id: int
    topic_number: str
    topic_title: str
    area_id: int
    area_name: str
    prepared_by: str
    released_by: str
    """Empty before it was released."""


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One page, how many there are in each state, and the key of the next page."""

    rows: tuple[ReleaseRow, ...]
    totals: tuple[tuple[ReleaseState, int], ...]
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class Place:
    """An area whose page may show it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """One row of its history."""

    at: datetime
    words: str
    by: str
    reason: WithdrawReason | None


@dataclass(frozen=True, slots=True)
class ReleaseDetail:
    """Everything on its page."""

    row: ReleaseRow
    words: str
    people: int
    released_at: datetime | None
    version: int
    places: tuple[Place, ...]
    steps: tuple[ReleaseStep, ...]
    may_edit: bool
    may_publish: bool
    """Whether the actor's areas hold the page that shows it."""
    i_prepared: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a topic proposes to tell: in staff's own words so far, never in a resident's."""

    topic_id: int
    topic_number: str
    topic_title: str
    topic_state: TopicState
    confirmed: int
    kind: ReleaseKind
    title: str
    words: str
    """Those of the latest decision on the topic; empty when nothing was decided in words."""
    area_id: int
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class TellableTopic:
    """A topic of which something may be told."""

    id: int
    number: str
    title: str
    state: TopicState
    area_name: str
    told: int
    """How many releases it has, in any state."""


_RANK = case({state: rank for rank, state in enumerate(STATES)}, value=Release.state)
_AUTHOR, _RELEASER, _SHOWN = aliased(User), aliased(User), aliased(Area)
_COLUMNS: Any = (  # typed by ReleaseRow, whose fields it follows
    Release.id,
    Release.title,
    Release.kind,
    Release.state,
    Release.state_changed_at,
    Topic.id,
    Topic.number,
    Topic.title,
    _SHOWN.id,
    _SHOWN.name,
    _AUTHOR.name,
    func.coalesce(_RELEASER.name, ""),
)


def releases_in(
    session: Session, actor: Actor, *, state: ReleaseState | None, kind: ReleaseKind | None, words: str, after: str, limit: int = PAGE
) -> ReleasePage:
    """A page of the actor's areas in two queries: drafts, then released, then withdrawn, the newest of each first.

    `words` are looked for in title and topic number; `after` is a page's `next_key`, anything else starts at the top.
    """
    where: list[ColumnElement[bool]] = [Release.district_id == actor.district_id, _reach(actor)]
    where += [
        or_(Release.title.contains(word, autoescape=True), Topic.number.contains(word.upper(), autoescape=True))
        for word in words.split()[:5]
    ]
    if kind is not None:
        where.append(Release.kind == kind)
    counted = dict(
        session.execute(_joined(select(Release.state, func.count()).select_from(Release)).where(*where).group_by(Release.state)).all()
    )
    query = _named(select(*_COLUMNS, _RANK).select_from(Release)).where(*where)
    if state is not None:
        query = query.where(Release.state == state)
    key = _key(after)
    if key is not None:
        query = query.where(tuple_(_RANK, -Release.id) > tuple_(literal(key[0]), literal(-key[1])))
    found = session.execute(query.order_by(_RANK, Release.id.desc()).limit(limit + 1)).all()
    page = found[:limit]
    return ReleasePage(
        rows=tuple(ReleaseRow(*row[:-1]) for row in page),
        totals=tuple((one, counted.get(one, 0)) for one in STATES),
        next_key=f"{page[-1][-1]}_{page[-1].id}" if len(found) > limit else "",
    )


_OWN = aliased(Area)


def release_detail(session: Session, actor: Actor, release_id: int) -> ReleaseDetail:
    """One release in three queries; NotFound for another district's, Forbidden where the actor may not prepare."""
    found = session.execute(
        _named(
            select(
                *_COLUMNS,
                Release.words,
                Release.people,
                Release.released_at,
                Release.version,
                _OWN.path,
                _SHOWN.path,
                Release.prepared_by,
                Topic.state,
            ).select_from(Release)
        )
        .join(_OWN, _OWN.id == Topic.area_id)
        .where(Release.id == release_id, Release.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这条公开内容，或者不在您的区。")
    words, people, released_at, version, path, shown_path, prepared_by, topic_state = found[len(_COLUMNS) :]
    if not actor.may(Permission.RELEASE_PREPARE, area_path=path):
        raise Forbidden("这条公开内容的议题不在您负责的范围。")
    row = ReleaseRow(*found[: len(_COLUMNS)])
    return ReleaseDetail(
        row=row,
        words=words,
        people=people,
        released_at=released_at,
        version=version,
        places=_places(session, path),
        steps=_steps(session, release_id),
        may_edit=row.state in EDITABLE and topic_state in DEFAULT_KINDS,
        may_publish=actor.may(Permission.RELEASE_PUBLISH, area_path=shown_path),
        i_prepared=prepared_by == actor.user_id,
    )


def proposal(session: Session, actor: Actor, topic_id: int) -> Proposal:
    """A draft made of the topic's title and the latest decision's words, in three queries.

    Raises NotFound for another district's topic, Forbidden outside the actor's areas, Conflict where nothing is told of the topic.
    """
    found = session.execute(
        select(Topic.id, Topic.number, Topic.title, Topic.state, Topic.confirmed_count, Topic.area_id, Area.path)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.id == topic_id, Topic.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    if not actor.may(Permission.RELEASE_PREPARE, area_path=found.path):
        raise Forbidden("这个议题不在您负责的范围。需要公开的话请联系那里的工作人员。")
    if found.state not in DEFAULT_KINDS:
        raise Conflict("这个议题还没有提交筛选，或者已并入别的议题，现在没有什么可以公开。")
    decided = session.scalar(
        select(Decision.words)
        .where(Decision.topic_id == topic_id, Decision.words != "", Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    return Proposal(
        topic_id=found.id,
        topic_number=found.number,
        topic_title=found.title,
        topic_state=found.state,
        confirmed=found.confirmed_count,
        kind=DEFAULT_KINDS[found.state],
        title=found.title,
        words=decided or "",
        area_id=found.area_id,
        places=_places(session, found.path),
    )


def tellable_topics(session: Session, actor: Actor, *, words: str, limit: int = PAGE) -> tuple[TellableTopic, ...]:
    """Topics of the actor's areas of which something may be told, those that moved last first."""
    told = select(func.count()).where(Release.topic_id == Topic.id).correlate(Topic).scalar_subquery()
    where: list[ColumnElement[bool]] = [Topic.district_id == actor.district_id, Topic.state.in_(DEFAULT_KINDS), _reach(actor)]
    where += [
        or_(Topic.title.contains(word, autoescape=True), Topic.number.contains(word.upper(), autoescape=True)) for word in words.split()[:5]
    ]
    rows = session.execute(
        select(Topic.id, Topic.number, Topic.title, Topic.state, Area.name, told)
        .join(Area, Area.id == Topic.area_id)
        .where(*where)
        .order_by(Topic.state_changed_at.desc(), Topic.id.desc())
        .limit(limit)
    )
    return tuple(TellableTopic(*row) for row in rows)


def _reach(actor: Actor) -> ColumnElement[bool]:
    """Topics of the areas in which the actor may prepare; `Area` is the topic's."""
    paths = actor.area_paths(Permission.RELEASE_PREPARE)
    return or_(*(Area.path.startswith(path, autoescape=True) for path in paths)) if paths else literal(value=False)


def _joined(query: Any) -> Any:
    return query.join(Topic, Topic.id == Release.topic_id).join(Area, Area.id == Topic.area_id)


def _named(query: Any) -> Any:
    return (
        _joined(query)
        .join(_SHOWN, _SHOWN.id == Release.area_id)
        .join(_AUTHOR, _AUTHOR.id == Release.prepared_by)
        .outerjoin(_RELEASER, _RELEASER.id == Release.released_by)
    )


def _places(session: Session, path: str) -> tuple[Place, ...]:
    """The area at `path` and those above it up to the district, the narrowest first."""
    ids = [int(one) for one in path.strip("/").split("/")]
    rows = session.execute(
        select(Area.id, Area.name).where(Area.id.in_(ids), Area.district_id.is_not(None)).order_by(func.char_length(Area.path).desc())
    )
    return tuple(Place(*row) for row in rows)


def _steps(session: Session, release_id: int) -> tuple[ReleaseStep, ...]:
    rows = session.execute(
        select(HistoryEntry.at, HistoryEntry.action, func.coalesce(User.name, ""), HistoryEntry.reason_code)
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .where(HistoryEntry.noun == RELEASE_TABLE.noun, HistoryEntry.entity_id == release_id)
        .order_by(HistoryEntry.id.desc())
        .limit(50)
    )
    return tuple(
        ReleaseStep(at=at, words=STEP_WORDS[action], by=by, reason=WithdrawReason(code) if code else None) for at, action, by, code in rows
    )


def _key(raw: str) -> tuple[int, int] | None:
    """Rank and id of a page key; PostgreSQL refuses the whole question for numbers no column holds."""
    rank, _, row_id = raw.partition("_")
    if not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in (rank, row_id)):
        return None
    key = int(rank), int(row_id)
    return key if key[0] < len(STATES) and key[1] < 2**63 else None
