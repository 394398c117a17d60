"""Topics as staff and members see them: the columns of the board, and one topic with its residents' words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.topic import TOPIC_TABLE, Route, TopicAction, TopicState
from intake.models import Area, Contributor, Decision, Submission, Topic, User

PAGE = 20
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


@dataclass(frozen=True, slots=True)
class TopicPage:
    """One page of one state and the key of the next."""

    state: TopicState
    total: int
    rows: tuple[TopicRow, ...]
    next_key: str
    """Empty on the last page."""


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


def topics_in(session: Session, actor: Actor, state: TopicState, *, after: str = "", words: str = "", limit: int = PAGE) -> TopicPage:
    """A page of topics in `state`, those most people spoke of first; `after` is a page's `next_key`."""
    where = [Topic.district_id == actor.district_id, Topic.state == state, _reach(actor, Permission.SCREEN_VIEW)]
    where += [
        or_(Topic.title.contains(word, autoescape=True), Topic.number.contains(word.upper(), autoescape=True)) for word in words.split()[:5]
    ]
    return _page(session, where, state=state, after=after, limit=limit)


def topics_of_member(session: Session, actor: Actor, *, after: str = "") -> TopicPage:
    """Candidates and proposed topics in the areas where the actor may propose, those most people spoke of first."""
    reach = _reach(actor, Permission.TOPIC_PROPOSE)
    where = [Topic.district_id == actor.district_id, Topic.state.in_([TopicState.CANDIDATE, TopicState.PROPOSED]), reach]
    return _page(session, where, state=TopicState.CANDIDATE, after=after, limit=PAGE)


def _reach(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Topics of the areas in which the actor holds `permission`."""
    paths = actor.area_paths(permission)
    return or_(*(Area.path.startswith(path, autoescape=True) for path in paths)) if paths else Topic.id.is_(None)


def _page(session: Session, where: Sequence[ColumnElement[bool]], *, state: TopicState, after: str, limit: int) -> TopicPage:
    total = session.scalar(select(func.count()).select_from(Topic).join(Area, Area.id == Topic.area_id).where(*where)) or 0
    query = select(*_COLUMNS).join(Area, Area.id == Topic.area_id).where(*where)
    people, _, topic_id = after.partition("_")
    if _fits(people, 2**31) and _fits(topic_id, 2**63):
        query = query.where(tuple_(PEOPLE, Topic.id) < tuple_(literal(int(people)), literal(int(topic_id))))
    rows = [TopicRow(*row) for row in session.execute(query.order_by(PEOPLE.desc(), Topic.id.desc()).limit(limit + 1))]
    page = rows[:limit]
    next_key = f"{page[-1].confirmed + page[-1].suggested}_{page[-1].id}" if len(rows) > limit else ""
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
