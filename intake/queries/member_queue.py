"""What waits for a member, in the order in which it is theirs; how far the day's work is, and what may still be taken back.

First emergencies, then what the rota gave them, then their specialities, then the rest of their areas; in each what waits longest. Each of
these ranks is walked along an index of its own, area by area and no further than a page needs, so that the first page costs the same
whether ten wait or a hundred thousand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    all_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor, ActorKind
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import OPEN_FOR_DECISION, UNDOABLE, UNDOABLE_ACTIONS, Channel, SubmissionAction, Urgency
from intake.models import Area, Contributor, Decision, Submission, SubmissionLease, Topic, User
from intake.queries.appeal import barred
from intake.queries.imported import NOT_IMPORTED
from intake.queries.lease import recused
from intake.queries.member_report import reported_by
from intake.queries.message import has_unread
from intake.queries.own_fields import own_categories

PAGE = 20
MOST_COUNTED = 999
"""More are not counted each time somebody opens the page."""


class Rank(IntEnum):
    """Why a card stands where it does."""

    EMERGENCY = 0
    """紧急."""
    MINE_SOON = 1
    """轮到您, 较急."""
    MINE = 2
    """轮到您: given by the rota."""
    FIELD = 3
    """您的专长: of the member's categories, or of their groups'."""
    REST = 4
    """The rest of their areas."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    rank: Rank
    id: int
    excerpt: str
    area_name: str
    urgency: Urgency
    category: str | None
    received_at: datetime
    mine: bool
    topic_title: str
    """The topic the machine suggests, empty where it isn't sure."""
    new_words: bool
    """Whether its resident wrote something that nobody has read."""
    channel: Channel
    held_by: str
    """Who else looks at it just now, empty for nobody."""

    @property
    def is_own_field(self) -> bool:
        """Whether it is here before others for the member's specialities."""
        return self.rank is Rank.FIELD


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page and the key of the next."""

    rows: tuple[QueueRow, ...]
    next_key: str
    """Empty on the last page."""

    @property
    def holders(self) -> tuple[str, ...]:
        """Who has the rest, where each of the last that wait is in somebody else's hand; else empty."""
        if self.next_key or not all(row.held_by for row in self.rows):
            return ()
        return tuple(dict.fromkeys(row.held_by for row in self.rows))


@dataclass(frozen=True, slots=True)
class Workload:
    """How much waits for the actor, and how much of it is done."""

    total: int
    """At most MOST_COUNTED."""
    emergencies: int
    """At most MOST_COUNTED."""
    done_today: int
    """Decisions since midnight in Shanghai, those taken back left out."""
    is_more: bool = False
    """Whether more wait than were counted."""

    @property
    def shown(self) -> str:
        """`total` as a page says it."""
        return f"{self.total}+" if self.is_more else str(self.total)


@dataclass(frozen=True, slots=True)
class LastDecision:
    """What the actor decided last and may still take back."""

    submission_id: int
    action: SubmissionAction
    topic_title: str
    """The topic it went into, empty where it went into none."""
    seconds_left: int


Key = tuple[Rank, datetime, int]


def area_ids(session: Session, actor: Actor, permission: Permission) -> list[int]:
    """Ids of all areas in which the actor holds `permission`; one indexed query."""
    paths = actor.area_paths(permission)
    if not paths:
        return []
    return list(session.scalars(select(Area.id).where(or_(*(Area.path.startswith(path, autoescape=True) for path in paths)))))


def awaiting_member(session: Session, actor: Actor, *, at: datetime, after: str = "") -> QueuePage:
    """A page of the actor's queue by (rank, received, id) in at most eight statements.

    `after` is a page's `next_key`, anything else starts at the top. What others hold is there with their name; what isn't the actor's to
    decide is not.
    """
    asked, key = _asked(session, actor, at=at), _key(after)
    ranks: dict[int, Rank] = {}
    for rank in Rank:
        if len(ranks) <= PAGE and (key is None or rank >= key[0]):
            past = key[1:] if key is not None and rank is key[0] else _START
            found = session.scalars(_QUEUE[rank], {**asked, "past_at": past[0], "past_id": past[1], "most": PAGE + 1 - len(ranks)})
            ranks.update(dict.fromkeys(found, rank))
    rows = _rows(session, asked, ranks)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    next_key = f"{rows[-1].rank}_{rows[-1].received_at.timestamp():.6f}_{rows[-1].id}" if more else ""
    return QueuePage(rows=tuple(rows), next_key=next_key)


def next_card(session: Session, actor: Actor, *, at: datetime, skip: tuple[int, ...] = ()) -> int | None:
    """The id of the card to show next, passing over those just skipped and what somebody else has in hand."""
    asked = {**_asked(session, actor, at=at), "past_at": _START[0], "past_id": _START[1], "most": 1, "skip": list(skip)}
    for rank in Rank:
        found = session.scalar(_NEXT[rank], asked)
        if found is not None:
            return found
    return None


def workload(session: Session, actor: Actor, *, at: datetime) -> Workload:
    """What waits in the actor's areas, counted up to MOST_COUNTED, and what they decided on the day of `at` in Shanghai; two statements."""
    areas = area_ids(session, actor, Permission.TRIAGE_VIEW)
    some = select(Submission.id).where(_OPEN, NOT_IMPORTED, ~not_mine_to_decide(actor), Submission.area_id.in_(areas))
    counts = [
        select(func.count()).select_from(of.limit(MOST_COUNTED + 1).subquery()).scalar_subquery()
        for of in (some, some.where(_URGENCY[Urgency.EMERGENCY]))
    ]
    midnight = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    done = (
        select(func.count())
        .where(
            Decision.decided_by == actor.user_id,
            Decision.submission_id.is_not(None),
            Decision.undone_at.is_(None),
            Decision.decided_at >= midnight,
        )
        .scalar_subquery()
    )
    total, emergencies, done_today = session.execute(select(counts[0], counts[1], done)).one()
    return Workload(min(total, MOST_COUNTED), min(emergencies, MOST_COUNTED), done_today, is_more=total > MOST_COUNTED)


def last_decision(session: Session, actor: Actor, *, at: datetime, undo_seconds: int) -> LastDecision | None:
    """The actor's newest decision that may still be taken back at `at`."""
    row = session.execute(
        select(Decision.submission_id, Decision.action, func.coalesce(Topic.title, ""), Decision.decided_at)
        .join(Submission, Submission.id == Decision.submission_id)
        .outerjoin(Topic, Topic.id == Decision.target_topic_id)
        .where(
            Decision.decided_by == actor.user_id,
            Submission.state.in_(UNDOABLE),  # its resident may have asked for another look, or taken it back, since
            Decision.action.in_(UNDOABLE_ACTIONS),
            Decision.undone_at.is_(None),
            Decision.decided_at > at - timedelta(seconds=undo_seconds),
            Decision.district_id == actor.district_id,
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    submission_id, action, title, decided_at = row
    assert submission_id is not None, "asked for above"
    left = undo_seconds - int((at - decided_at).total_seconds())
    return LastDecision(submission_id=submission_id, action=SubmissionAction(action), topic_title=title, seconds_left=max(left, 1))


def not_mine_to_decide(actor: Actor) -> ColumnElement[bool]:
    """Submissions that somebody else decides on: the actor stepped back (回避), told it themselves (随手报), or declined what came back to be
    looked at again (复核), whatever was done with it since.
    """
    return recused(actor) | reported_by(actor) | barred(actor)


def _asked(session: Session, actor: Actor, *, at: datetime) -> dict[str, Any]:
    """Who asks, and what is theirs."""
    fields = own_categories(session, actor.user_id, at.astimezone(SHANGHAI).date()) if actor.user_id is not None else ()
    return {"me": actor.user_id, "areas": area_ids(session, actor, Permission.TRIAGE_VIEW), "fields": list(fields), "at": at}


def _as_written(*values: StrEnum) -> list[ColumnElement[Any]]:
    """Values that stand in the statement, so that every plan of it sees which partial index fits."""
    return [literal_column(f"'{one.value}'") for one in values]


_ME: ColumnElement[Any] = bindparam("me", type_=BigInteger)
_AREAS, _FIELDS = bindparam("areas", type_=ARRAY(BigInteger)), bindparam("fields", type_=ARRAY(Text))
_AT: ColumnElement[Any] = bindparam("at", type_=DateTime(timezone=True))
_START = datetime(1970, 1, 1, tzinfo=UTC), 0
_OPEN = Submission.state.in_(_as_written(*sorted(OPEN_FOR_DECISION)))
_URGENCY = {level: Submission.urgency == _as_written(level)[0] for level in Urgency}


def _oldest(rank: Rank, *besides: ColumnElement[bool]) -> Select[int]:
    """Ids of those of one rank that wait longest after a point in time; built once, with what is asked for as parameters."""
    order = Submission.received_at, Submission.id
    past = tuple_(bindparam("past_at", type_=DateTime(timezone=True)), bindparam("past_id", type_=BigInteger))
    most = bindparam("most", type_=Integer)
    not_mine = not_mine_to_decide(Actor(kind=ActorKind.PERSON, user_id=_ME))  # type: ignore[arg-type]  # whoever asks
    where = [_OPEN, NOT_IMPORTED, ~not_mine, tuple_(*order) > past, *besides]
    if rank in (Rank.MINE_SOON, Rank.MINE):
        level = Urgency.SOON if rank is Rank.MINE_SOON else Urgency.NORMAL
        where += [Submission.owner_id == _ME, _URGENCY[level], Submission.area_id == any_(_AREAS)]
        return select(Submission.id).where(*where).order_by(*order).limit(most)
    areas = func.unnest(_AREAS).table_valued("id", name="areas").render_derived()
    places: FromClause = areas
    if rank is Rank.EMERGENCY:
        where.append(_URGENCY[Urgency.EMERGENCY])
    else:
        where += [~_URGENCY[Urgency.EMERGENCY], Submission.owner_id.is_distinct_from(_ME)]
    if rank is Rank.FIELD:
        fields = func.unnest(_FIELDS).table_valued("code", name="fields").render_derived()
        places = areas.join(fields, true())
        where.append(Submission.category == fields.c.code)
    elif rank is Rank.REST:
        where.append(or_(Submission.category.is_(None), Submission.category != all_(_FIELDS)))
    # Of each area no more than are asked for together, so that no area's thousands are put in order.
    one = select(*order).where(Submission.area_id == areas.c.id, *where).order_by(*order).limit(most).lateral("one")
    return select(one.c.id).select_from(places.join(one, true())).order_by(one.c.received_at, one.c.id).limit(most)


_HELD = select(SubmissionLease.submission_id).where(SubmissionLease.until > _AT, SubmissionLease.user_id != _ME)
_PASSED_OVER = Submission.id.in_(_HELD) | (Submission.id == any_(bindparam("skip", type_=ARRAY(BigInteger))))
_QUEUE = {rank: _oldest(rank) for rank in Rank}
_NEXT = {rank: _oldest(rank, ~_PASSED_OVER) for rank in Rank}


_TOPIC, _HOLDER = aliased(Topic), aliased(User)


def _shown() -> Select[Any]:
    """The lines of some submissions, by their ids; built once."""
    held = (SubmissionLease.until > _AT) & (SubmissionLease.user_id != _ME)
    columns: tuple[Any, ...] = (  # typed by QueueRow, whose fields they follow
        Submission.id,
        func.left(Submission.text_masked, 80),
        Area.name,
        Submission.urgency,
        Submission.category,
        Submission.received_at,
        Submission.owner_id.is_not_distinct_from(_ME),
        func.coalesce(_TOPIC.title, ""),
        has_unread(),
        Submission.channel,
        func.coalesce(_HOLDER.name, ""),
    )
    return (
        select(*columns)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.SUGGESTED))
        .outerjoin(_TOPIC, _TOPIC.id == Contributor.topic_id)
        .outerjoin(SubmissionLease, (SubmissionLease.submission_id == Submission.id) & held)
        .outerjoin(_HOLDER, _HOLDER.id == SubmissionLease.user_id)
        .where(Submission.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    )


_SHOWN = _shown()


def _rows(session: Session, asked: dict[str, Any], ranks: Mapping[int, Rank]) -> list[QueueRow]:
    """The lines of `ranks`, in its order."""
    found = session.execute(_SHOWN, {"me": asked["me"], "at": asked["at"], "ids": list(ranks)})
    rows = {row[0]: QueueRow(ranks[row[0]], *row) for row in found}
    return [rows[one] for one in ranks if one in rows]


def _key(raw: str) -> Key | None:
    try:
        rank, stamp, row_id = raw.split("_")
        key = Rank(int(rank)), datetime.fromtimestamp(float(stamp), UTC), int(row_id)
    except (ValueError, OverflowError, OSError):
        return None
    # Nobody issued a number that the column can't hold, and PostgreSQL would refuse the whole question.
    return key if 0 < key[2] < 2**63 else None
