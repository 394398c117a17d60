"""谁手里有什么: what waits with each colleague of one's areas, by name and never by number (no ranking)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission, Role, roles_with
from intake.domain.submission import OPEN_FOR_DECISION, Channel, Urgency
from intake.models import Area, RoleGrant, Submission, User
from intake.queries.imported import NOT_IMPORTED
from intake.queries.lease import Holder, holders, recused
from intake.queries.pages import Page, key_of, page_of, within

PAGE = 30
MOST_COUNTED = 200
"""With one colleague, the longest waiting first; more are not counted each time somebody looks."""
SOON = timedelta(days=1)
"""What ends within so long is due soon."""
OFFICE = 0
"""Stands for the office as a whole, where nobody of the staff has it yet."""


@dataclass(frozen=True, slots=True)
class InHand:
    """What waits with one colleague."""

    id: int
    name: str
    away_until: datetime | None
    waiting: int
    """At most MOST_COUNTED."""
    due_soon: int
    """Of these, whose time ends within a day, or has ended."""
    oldest: datetime | None
    """When the one that waits longest came in."""

    @property
    def shown(self) -> str:
        """`waiting` as a page says it."""
        return f"{self.waiting}+" if self.waiting == MOST_COUNTED else str(self.waiting)


@dataclass(frozen=True, slots=True)
class CardInHand:
    """One card that waits with them."""

    id: int
    excerpt: str
    channel: Channel
    area_name: str
    urgency: Urgency
    category: str | None
    received_at: datetime
    escalate_at: datetime | None


@dataclass(frozen=True, slots=True)
class CardsInHand:
    """A page of them."""

    name: str
    """Empty for the office."""
    page: Page[CardInHand]
    holders: dict[int, Holder]
    """Who looks at which just now."""


_THEIRS = aliased(Area)


def people_with_cards(session: Session, actor: Actor, *, at: datetime, after: str = "") -> Page[InHand]:
    """A page of those who may decide in the actor's areas, by name, each with at most MOST_COUNTED cards counted; two statements.

    The last page ends with what the office has as a whole (id 0), where there is any.
    """
    waiting = (
        select(Submission.received_at, Submission.escalate_at)
        .join(Area, Area.id == Submission.area_id)
        .where(Submission.owner_id == User.id, *_waits(actor))
        .order_by(Submission.id)
        .limit(MOST_COUNTED)
        .correlate(User)
        .subquery()
    )
    counts = (
        select(
            func.count().label("waiting"),
            func.count().filter(waiting.c.escalate_at <= at + SOON).label("due_soon"),
            func.min(waiting.c.received_at).label("oldest"),
        )
        .select_from(waiting)
        .lateral()
    )
    decides = (
        select(RoleGrant.id)
        .join(_THEIRS, _THEIRS.id == RoleGrant.area_id)
        .join(Area, func.starts_with(Area.path, _THEIRS.path) | func.starts_with(_THEIRS.path, Area.path))
        .where(
            RoleGrant.user_id == User.id, RoleGrant.role.in_(roles_with(Permission.TRIAGE_DECIDE)), within(actor, Permission.DUTY_MANAGE)
        )
        .correlate(User)
        .exists()
    )
    query = select(User.id, User.name, User.away_until, counts.c.waiting, counts.c.due_soon, counts.c.oldest).join(counts, true())
    query = query.where(User.district_id == actor.district_id, User.active, decides)
    key = key_of(after)
    if key is not None:
        before = select(User.name).where(User.id == key, User.district_id == actor.district_id).scalar_subquery()
        query = query.where(tuple_(User.name, User.id) > tuple_(before, key))
    rows = [
        InHand(row.id, row.name, row.away_until if row.away_until is not None and row.away_until > at else None, *row[3:])
        for row in session.execute(query.order_by(User.name, User.id).limit(PAGE + 1))
    ]
    office = _office(session, actor) if len(rows) <= PAGE else None
    page = page_of(rows, total=len(rows), limit=PAGE)
    return page if office is None else Page(rows=(*page.rows, office), total=page.total, next_key=page.next_key)


def cards_of(session: Session, actor: Actor, user_id: int, *, at: datetime, after: str = "") -> CardsInHand:
    """A page of what waits with one of the district's people within the actor's areas, the longest waiting first; three statements.

    Raises NotFound for nobody of the district.
    """
    name = "" if user_id == OFFICE else session.scalar(select(User.name).where(User.id == user_id, User.district_id == actor.district_id))
    if name is None:
        raise NotFound("没有这位同事，或者不在您的区。")
    query = (
        select(
            Submission.id,
            func.left(Submission.text_masked, 80),
            Submission.channel,
            Area.name,
            Submission.urgency,
            Submission.category,
            Submission.received_at,
            Submission.escalate_at,
        )
        .join(Area, Area.id == Submission.area_id)
        .where(_of(user_id, actor), *_waits(actor), ~recused(actor))
    )
    key = key_of(after)
    if key is not None:
        query = query.where(Submission.id > key)
    rows = [CardInHand(*row) for row in session.execute(query.order_by(Submission.id).limit(PAGE + 1))]
    page = page_of(rows, total=len(rows), limit=PAGE)
    return CardsInHand(name=name, page=page, holders=holders(session, [row.id for row in page.rows], at=at))


def _office(session: Session, actor: Actor) -> InHand | None:
    waiting = (
        select(Submission.received_at)
        .join(Area, Area.id == Submission.area_id)
        .where(_of(OFFICE, actor), *_waits(actor))
        .limit(MOST_COUNTED)
        .subquery()
    )
    count, oldest = session.execute(select(func.count(), func.min(waiting.c.received_at))).one()
    return InHand(OFFICE, "", None, count, 0, oldest) if count else None


def _of(user_id: int, actor: Actor) -> ColumnElement[bool]:
    if user_id != OFFICE:
        return Submission.owner_id == user_id
    # In the words of the index of what presses on the desk.
    return Submission.owner_id.is_(None) & (Submission.owner_role == Role.STAFF) & (Submission.district_id == actor.district_id)


def _waits(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return Submission.state.in_(OPEN_FOR_DECISION), NOT_IMPORTED, within(actor, Permission.DUTY_MANAGE)
