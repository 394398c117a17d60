"""Lists of referrals: what lies with an office, a unit, a sender, the district's staff; what is due first stands first, keyset pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, any_, func, literal, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.deadline import overdue_before
from intake.domain.permission import Permission, Role
from intake.domain.referral import ExtensionState, ReferralKind, ReferralState
from intake.domain.submission import Urgency
from intake.models import Answer, Area, Department, Extension, Referral, ReferralHelper, User
from intake.queries.kept import TOPIC_ID, written_out
from intake.queries.lease import recused
from intake.queries.pages import PAGE, Page, covers_district, key_of, page_of, within

COUNTED = 999
"""As far as a list is counted: more is shown as 999+, and costs no more to know."""
SEARCHED = 5_000
"""Words are looked for in so many of the newest; a number is found however old it is."""
WAITING = (
    ReferralState.SENT,
    ReferralState.ACCEPTED,
    ReferralState.ASSIGNED,
    ReferralState.IN_PROGRESS,
    ReferralState.DISPUTED,
    ReferralState.REPLIED,
)
"""States in which somebody has to act: each has a day by which, so that the index by it is the order of the list."""
TO_CHECK = (ReferralState.REPLIED,)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS_MOST = 100_000


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A line of a list."""

    id: int
    number: str
    kind: ReferralKind
    title: str
    state: ReferralState
    urgency: Urgency
    category: str | None
    area_name: str
    office_name: str
    lead_name: str
    """Empty until one is named."""
    sender_name: str
    external_number: str
    state_changed_at: datetime
    sent_at: datetime
    assigned_at: datetime | None
    delivered_at: datetime | None
    due_at: datetime | None
    paused_at: datetime | None
    revisit_on: date | None
    sent_back: int
    reopened: int
    officer_id: int | None
    officer_name: str
    """Who in the lead has it; empty until it is signed."""


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """What a list is narrowed to; what isn't named doesn't narrow."""

    states: tuple[ReferralState, ...] = WAITING
    """Those that wait come with what is due first; an ended one among them, or none at all, means the newest first."""
    office_id: int | None = None
    lead_id: int | None = None
    helper_id: int | None = None
    officer_id: int | None = None
    sent_by: int | None = None
    kind: ReferralKind | None = None
    overdue: bool = False
    extension_asked: bool = False
    followed: bool = False
    """Only in areas whose referrals the actor follows."""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lie in each state, at most `COUNTED` + 1 of each."""

    of: dict[ReferralState, int]
    overdue: int
    extensions: int


def counted(number: int) -> str:
    """A number as a list shows it."""
    return str(number) if number <= COUNTED else f"{COUNTED}+"


def referrals(
    session: Session, actor: Actor, wanted: ReferralFilter, *, at: datetime, after: str = "", limit: int = PAGE
) -> Page[ReferralRow]:
    """A page of the actor's district in two statements, three for words with a digit in them; the caller says whose list it is, `after`
    is a page's `next_key`.
    """
    where = _where(actor, wanted, at=at)
    if wanted.words:
        return _found(session, _holding(session, actor, wanted, where), after=after, limit=limit)
    by_day = bool(wanted.states) and set(wanted.states) <= set(WAITING)
    total = session.scalar(_capped(where, wanted.states)) or 0
    walk = earliest if by_day else _newest
    ids = walk(where, wanted.states, after=after, limit=limit + 1)
    order = (Referral.due_at, Referral.id) if by_day else (Referral.id.desc(),)
    rows = [ReferralRow(*row) for row in session.execute(_rows().where(Referral.id.in_(ids)).order_by(*order))]
    page = page_of(rows, total=total, limit=limit)
    return Page(page.rows, page.total, _day_key(page.rows[-1])) if by_day and page.next_key else page


def tally(session: Session, actor: Actor, wanted: ReferralFilter, states: Sequence[ReferralState], *, at: datetime) -> Tally:
    """How many of `wanted` lie in each of `states`, how many of them are overdue and ask for more time, in one statement."""
    where = _where(actor, wanted, at=at)
    parts = {
        **{state.value: (*where, Referral.state == state) for state in states},
        "overdue": (*where, Referral.state.in_(states), *_late(at)),
        "extensions": (*where, _asked_for_time(actor)),
    }
    columns = [
        select(func.count()).select_from(select(Referral.id).where(*conditions).limit(COUNTED + 1).subquery()).scalar_subquery()
        for conditions in parts.values()
    ]
    found = dict(zip(parts, session.execute(select(*columns)).one(), strict=True))
    return Tally({state: found[state.value] for state in states}, found["overdue"], found["extensions"])


def to_check(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> Page[ReferralRow]:
    """Answers that wait for the actor to look at them: what they sent, and as a convenor all of their areas; what is due first."""
    where = _of_checker(actor)
    total = session.scalar(_capped(where, TO_CHECK)) or 0
    ids = earliest(where, TO_CHECK, after=after, limit=limit + 1)
    rows = [ReferralRow(*row) for row in session.execute(_rows().where(Referral.id.in_(ids)).order_by(Referral.due_at, Referral.id))]
    page = page_of(rows, total=total, limit=limit)
    return Page(page.rows, page.total, _day_key(page.rows[-1]) if page.next_key else "")


def answers_to_check(session: Session, actor: Actor) -> int:
    """How many of those there are, at most `COUNTED` + 1."""
    return session.scalar(_capped(_of_checker(actor), TO_CHECK)) or 0


def revisits(session: Session, actor: Actor, *, today: date, after: str = "", limit: int = PAGE) -> Page[ReferralRow]:
    """Results that nobody has looked at again, the longest due first; those whose day is still to come are behind them."""
    where = [
        Referral.district_id == actor.district_id,
        Referral.revisit_on.is_not(None),
        Referral.revisited_at.is_(None),
        *followed(actor),
    ]
    due = _ids([*where, Referral.revisit_on <= today]).limit(COUNTED + 1)
    total = session.scalar(select(func.count()).select_from(due.subquery())) or 0
    key = _split(after)
    if key is not None and key[0] < _DAYS_MOST:
        since = (_EPOCH + timedelta(days=key[0])).date()
        where.append(tuple_(Referral.revisit_on, Referral.id) > tuple_(literal(since), literal(key[1], BigInteger)))
    query = _rows().where(*where).order_by(Referral.revisit_on, Referral.id).limit(limit + 1)
    rows = [ReferralRow(*row) for row in session.execute(query)]
    page = page_of(rows, total=total, limit=limit)
    last = page.rows[-1].revisit_on if page.next_key else None
    return Page(page.rows, total, f"{(last - _EPOCH.date()).days}_{page.rows[-1].id}" if last is not None else "")


def referrals_of_topic(session: Session, topic_id: int) -> tuple[ReferralRow, ...]:
    """Every relay and responsibility of a topic, the newest first, at most 50."""
    return tuple(ReferralRow(*row) for row in session.execute(_OF_TOPIC, {"topic_id": topic_id}))


_OFFICE, _LEAD, _SENDER, _OFFICER = aliased(Department), aliased(Department), aliased(User), aliased(User)


def _rows() -> Any:
    return (
        select(
            Referral.id, Referral.number, Referral.kind, Referral.title, Referral.state, Referral.urgency, Referral.category, Area.name,
            _OFFICE.name, func.coalesce(_LEAD.name, ""), _SENDER.name, Referral.external_number, Referral.state_changed_at,
            func.coalesce(Referral.sent_at, Referral.created_at), Referral.assigned_at, Referral.delivered_at, Referral.due_at,
            Referral.paused_at, Referral.revisit_on, Referral.sent_back, Referral.reopened,
            Referral.officer_id, func.coalesce(_OFFICER.name, ""),
        )
        .join(Area, Area.id == Referral.area_id)
        .join(_OFFICE, _OFFICE.id == Referral.office_id)
        .join(_SENDER, _SENDER.id == Referral.sent_by)
        .outerjoin(_LEAD, _LEAD.id == Referral.lead_id)
        .outerjoin(_OFFICER, _OFFICER.id == Referral.officer_id)
    )  # fmt: skip


_OF_TOPIC = written_out(_rows().where(Referral.topic_id == TOPIC_ID).order_by(Referral.id.desc()).limit(50))


def _ids(where: Sequence[ColumnElement[bool]]) -> Select[int]:
    return select(Referral.id).where(*where)


def _where(actor: Actor, wanted: ReferralFilter, *, at: datetime) -> list[ColumnElement[bool]]:
    """Everything but the states and the words."""
    where: list[ColumnElement[bool]] = [Referral.district_id == actor.district_id]
    for column, value in (
        (Referral.office_id, wanted.office_id),
        (Referral.lead_id, wanted.lead_id),
        (Referral.officer_id, wanted.officer_id),
        (Referral.sent_by, wanted.sent_by),
        (Referral.kind, wanted.kind),
    ):
        if value is not None:
            where.append(column == value)
    if wanted.sent_by is not None:
        where.append(_not_stepped_back(actor))
    if wanted.helper_id is not None:
        helped = select(ReferralHelper.referral_id).where(ReferralHelper.department_id == wanted.helper_id)
        where.append(Referral.id == any_(func.array(helped.scalar_subquery())))
    if wanted.followed:
        where += followed(actor)
    if wanted.overdue:
        where += _late(at)
    if wanted.extension_asked:
        where.append(_asked_for_time(actor))
    return where


def followed(actor: Actor) -> list[ColumnElement[bool]]:
    """Areas whose referrals the actor follows; nothing where that is the whole district, so that the index stays the order of the list."""
    if covers_district(actor, Permission.REFERRAL_FOLLOW):
        return []
    return [Referral.area_id.in_(select(Area.id).where(within(actor, Permission.REFERRAL_FOLLOW)))]


def _late(at: datetime) -> list[ColumnElement[bool]]:
    return [Referral.due_at < overdue_before(at), Referral.paused_at.is_(None)]


def _asked_for_time(actor: Actor) -> ColumnElement[bool]:
    # They are few: gathered once and looked up one by one, while a join would walk through all that is open.
    asked = select(Extension.referral_id).where(Extension.district_id == actor.district_id, Extension.state == ExtensionState.ASKED)
    return Referral.id == any_(func.array(asked.scalar_subquery()))


def _holding(session: Session, actor: Actor, wanted: ReferralFilter, where: Sequence[ColumnElement[bool]]) -> Sequence[int]:
    """The ids of what was asked for in words, the newest first, at most `COUNTED` + 1: a whole number of ours, of the other system's or of a
    paper answer, else each word in the title or a number.
    """
    among = [*where, Referral.state.in_(wanted.states)] if wanted.states else [*where]
    number = wanted.words.strip()
    if any(letter.isdigit() for letter in number):
        on_paper = select(Answer.referral_id).where(
            Answer.district_id == actor.district_id, Answer.paper_number == number, Answer.paper_number != ""
        )
        numbered = or_(
            Referral.number == number.upper(),
            and_(Referral.external_number == number, Referral.external_number != ""),
            Referral.id == any_(func.array(on_paper.scalar_subquery())),
        )
        exact = session.scalars(_ids([*among, numbered]).order_by(Referral.id.desc()).limit(COUNTED + 1)).all()
        if exact:
            return exact
    lately = (
        select(Referral.id, Referral.title, Referral.number, Referral.external_number)
        .where(*among)
        .order_by(Referral.id.desc())
        .limit(SEARCHED)
        .subquery()
    )
    each = [
        or_(*(column.icontains(word, autoescape=True) for column in (lately.c.title, lately.c.number, lately.c.external_number)))
        for word in number.split()[:5]
    ]
    return session.scalars(select(lately.c.id).where(*each).order_by(lately.c.id.desc()).limit(COUNTED + 1)).all()


def _found(session: Session, ids: Sequence[int], *, after: str, limit: int) -> Page[ReferralRow]:
    key = key_of(after)
    behind = [one for one in ids if key is None or one < key][: limit + 1]
    rows = [ReferralRow(*row) for row in session.execute(_rows().where(Referral.id.in_(behind)).order_by(Referral.id.desc()))]
    return page_of(rows, total=len(ids), limit=limit)


def _capped(where: Sequence[ColumnElement[bool]], states: Sequence[ReferralState]) -> Select[int]:
    narrowed = [*where, Referral.state.in_(states)] if states else where
    return select(func.count()).select_from(_ids(narrowed).limit(COUNTED + 1).subquery())


def earliest(where: Sequence[ColumnElement[bool]], states: Sequence[ReferralState], *, after: str, limit: int) -> Select[int]:
    """The ids that are due first: one short walk along the index for each state, then the first of them all."""
    key = _split(after)
    behind = (
        [
            tuple_(Referral.due_at, Referral.id)
            > tuple_(literal(_EPOCH + timedelta(microseconds=key[0]), TIMESTAMP(timezone=True)), literal(key[1], BigInteger))
        ]
        if key is not None
        else []
    )
    walks = [
        select(Referral.id, Referral.due_at)
        .where(*where, Referral.state == state, *behind)
        .order_by(Referral.due_at, Referral.id)
        .limit(limit)
        for state in states
    ]
    found = union_all(*(walk.subquery().select() for walk in walks)).subquery()
    return select(found.c.id).order_by(found.c.due_at, found.c.id).limit(limit)


def _newest(where: Sequence[ColumnElement[bool]], states: Sequence[ReferralState], *, after: str, limit: int) -> Select[int]:
    """The ids of the newest; of what has ended nothing is due, which makes the same index the order of each walk."""
    key = key_of(after)
    behind = [Referral.id < key] if key is not None else []
    if not states:
        return _ids([*where, *behind]).order_by(Referral.id.desc()).limit(limit)
    walks = [
        _ids([*where, Referral.state == state, *([Referral.due_at.is_(None)] if state not in WAITING else []), *behind])
        .order_by(Referral.id.desc())
        .limit(limit)
        for state in states
    ]
    found = union_all(*(walk.subquery().select() for walk in walks)).subquery()
    return select(found.c.id).order_by(found.c.id.desc()).limit(limit)


def _of_checker(actor: Actor) -> list[ColumnElement[bool]]:
    convened = [grant.area_path for grant in actor.grants if grant.role is Role.CONVENOR]
    theirs: list[ColumnElement[bool]] = [Referral.sent_by == actor.user_id]
    if actor.may(Permission.REFERRAL_FOLLOW):
        theirs.append(Referral.area_id.in_(select(Area.id).where(within(actor, Permission.REFERRAL_FOLLOW))))
    if convened:
        theirs.append(Referral.area_id.in_(select(Area.id).where(or_(*(Area.path.startswith(path, autoescape=True) for path in convened)))))
    return [Referral.district_id == actor.district_id, or_(*theirs), _not_stepped_back(actor)]


def _not_stepped_back(actor: Actor) -> ColumnElement[bool]:
    """A referral's title is made of its resident's words."""
    return ~recused(actor, Referral.submission_id)


def _day_key(row: ReferralRow) -> str:
    assert row.due_at is not None, "what waits has a day"
    return f"{round((row.due_at - _EPOCH) / timedelta(microseconds=1))}_{row.id}"


def _split(after: str) -> tuple[int, int] | None:
    """(microseconds or days, id) of a page key; None for anything nobody was given."""
    first, _, second = after.partition("_")
    known = all(part.isascii() and part.isdecimal() and len(part) < 17 for part in (first, second))
    return (int(first), int(second)) if known else None
