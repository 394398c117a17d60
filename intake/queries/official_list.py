"""清单 on the desk: the lists of a district, one of them with its editions, and what a list can be made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.official_list import (
    COLUMNS,
    LISTED_STATES,
    LISTED_TOPICS,
    MOST_ROWS,
    Column,
    Differences,
    ListItem,
    ListKind,
    ListState,
    differences,
    thawed,
)
from intake.domain.permission import Permission
from intake.domain.referral import ReferralState
from intake.domain.topic import TopicState
from intake.domain.working_days import SHANGHAI
from intake.models import OfficialList, Referral, Topic, User
from intake.ports import Paper
from intake.queries.departments import manages_district
from intake.queries.list_item import live_items
from intake.queries.pages import PAGE, Page, holding, key_of, page_of

_ISSUER, _AUTHOR = aliased(User), aliased(User)


@dataclass(frozen=True, slots=True)
class ListLine:
    """One edition in the index."""

    id: int
    kind: ListKind
    title: str
    edition: int
    state: ListState
    state_changed_at: datetime
    topic_number: str
    """Empty where it isn't one topic's."""
    rows: int
    document_number: str


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the same list."""

    id: int
    edition: int
    state: ListState


@dataclass(frozen=True, slots=True)
class ListDetail:
    """Everything on the page of an edition."""

    line: ListLine
    version: int
    columns: tuple[Column, ...]
    items: tuple[ListItem, ...]
    """As the referrals stand now, or as they stood when it was issued."""
    editions: tuple[Edition, ...]
    """Of the same list, the newest first."""
    before: Edition | None
    """The last one that was issued before this one."""
    differences: Differences
    """From `before` to this one; none for the first."""
    topic_id: int | None
    created_by: str
    created_at: datetime
    issued_by: str
    issued_at: datetime | None
    signer: str
    signed_on: date | None

    @property
    def lacking(self) -> tuple[ListItem, ...]:
        """Rows that keep a draft from being issued."""
        return tuple(one for one in self.items if one.lacks)

    @property
    def is_newest(self) -> bool:
        """Whether no later edition was begun."""
        return self.editions[0].id == self.line.id


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which referrals a list is made of; None and empty mean all. Days are those on which it was sent, in Shanghai, both included."""

    topic_id: int | None = None
    state: ReferralState | None = None
    unit_id: int | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class ListedTopic:
    """A topic of which a list can be made."""

    id: int
    number: str
    title: str
    state: TopicState
    referrals: int


@dataclass(frozen=True, slots=True)
class Offered:
    """What a filter finds: at most `MOST_ROWS`, the oldest first, and how many there are."""

    rows: tuple["OfferedRow", ...]
    total: int


@dataclass(frozen=True, slots=True)
class OfferedRow:
    """A referral that would stand on the list."""

    id: int
    number: str
    title: str
    state: ReferralState


_COLUMNS = (
    OfficialList.id,
    OfficialList.kind,
    OfficialList.title,
    OfficialList.edition,
    OfficialList.state,
    OfficialList.state_changed_at,
    func.coalesce(Topic.number, ""),
    func.jsonb_array_length(OfficialList.referral_ids),
    OfficialList.document_number,
)


def require_lists(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor makes lists for their whole district: they are its papers, whatever places they name."""
    if not manages_district(session, actor, Permission.LIST_MANAGE):
        raise Forbidden("清单由负责全区的区政协工作人员编制。需要的话请联系区政协办公室。")


def lists_in(
    session: Session, actor: Actor, *, kind: ListKind | None, state: ListState | None, words: str, after: str, limit: int = PAGE
) -> Page[ListLine]:
    """A page of the district's lists, the newest first, in three queries; Forbidden as `require_lists`."""
    require_lists(session, actor)
    where: list[ColumnElement[bool]] = [
        OfficialList.district_id == actor.district_id,
        *holding(words, OfficialList.title, OfficialList.document_number),
    ]
    if kind is not None:
        where.append(OfficialList.kind == kind)
    if state is not None:
        where.append(OfficialList.state == state)
    total = session.scalar(select(func.count()).select_from(OfficialList).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(OfficialList.id < key)
    rows = session.execute(
        select(*_COLUMNS)
        .outerjoin(Topic, Topic.id == OfficialList.topic_id)
        .where(*where)
        .order_by(OfficialList.id.desc())
        .limit(limit + 1)
    )
    return page_of([ListLine(*row) for row in rows], total=total, limit=limit)


def list_detail(session: Session, actor: Actor, list_id: int) -> ListDetail:
    """One edition in four queries, and those of `live_items` while it is a draft; NotFound for another district's, Forbidden as `require_lists`."""
    require_lists(session, actor)
    found = session.execute(
        select(*_COLUMNS, OfficialList, func.coalesce(_AUTHOR.name, ""), func.coalesce(_ISSUER.name, ""))
        .outerjoin(Topic, Topic.id == OfficialList.topic_id)
        .outerjoin(_AUTHOR, _AUTHOR.id == OfficialList.created_by)
        .outerjoin(_ISSUER, _ISSUER.id == OfficialList.issued_by)
        .where(OfficialList.id == list_id, OfficialList.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这份清单，或者不在您的区。")
    row: OfficialList = found[len(_COLUMNS)]
    editions = tuple(
        Edition(*one)
        for one in session.execute(
            select(OfficialList.id, OfficialList.edition, OfficialList.state)
            .where(OfficialList.series_id == row.series_id)
            .order_by(OfficialList.edition.desc())
        )
    )
    items = items_of(session, row)
    before = next((one for one in editions if one.edition < row.edition and one.state is not ListState.DRAFT), None)
    return ListDetail(
        line=ListLine(*found[: len(_COLUMNS)]),
        version=row.version,
        columns=COLUMNS[row.kind],
        items=items,
        editions=editions,
        before=before,
        differences=differences(_kept(session, before.id), items) if before else Differences((), (), ()),
        topic_id=row.topic_id,
        created_by=found[-2],
        created_at=row.created_at,
        issued_by=found[-1],
        issued_at=row.issued_at,
        signer=row.signer,
        signed_on=row.signed_on,
    )


def items_of(session: Session, row: OfficialList) -> tuple[ListItem, ...]:
    """The rows of an edition: live while it is a draft, and as they were kept from then on."""
    if row.state is ListState.DRAFT:
        return live_items(session, row.kind, row.referral_ids)
    return tuple(thawed(one) for one in row.items)


def paper_of(detail: ListDetail) -> Paper:
    """What is written down of it."""
    day = (detail.issued_at or detail.created_at).astimezone(SHANGHAI).date()
    return Paper(
        title=detail.line.title,
        kind=detail.line.kind,
        edition=detail.line.edition,
        issued=detail.issued_at is not None,
        day=day,
        columns=detail.columns,
        items=detail.items,
        before=detail.before.edition if detail.before else None,
        differences=detail.differences,
    )


def listed_topics(session: Session, actor: Actor, *, words: str, limit: int = 20) -> tuple[ListedTopic, ...]:
    """Topics that are being delivered or were, and how many referrals each has; those that moved last first."""
    counted = select(func.count()).where(Referral.topic_id == Topic.id).correlate(Topic).scalar_subquery()
    rows = session.execute(
        select(Topic.id, Topic.number, Topic.title, Topic.state, counted)
        .where(Topic.district_id == actor.district_id, Topic.state.in_(LISTED_TOPICS), *holding(words, Topic.title, Topic.number))
        .order_by(Topic.state_changed_at.desc(), Topic.id.desc())
        .limit(limit)
    )
    return tuple(ListedTopic(*row) for row in rows)


def topic_to_list(session: Session, actor: Actor, topic_id: int) -> ListedTopic:
    """One of them; NotFound for any other."""
    row = session.execute(
        select(Topic.id, Topic.number, Topic.title, Topic.state).where(
            Topic.id == topic_id, Topic.district_id == actor.district_id, Topic.state.in_(LISTED_TOPICS)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("没有这个议题，或者它还没有到办理这一步。")
    return ListedTopic(*row, referrals=0)


def offered(session: Session, actor: Actor, kind: ListKind, chosen: ListFilter) -> Offered:
    """What a new list would hold."""
    total = _chosen(select(func.count()).select_from(Referral), actor, kind, chosen).scalar_subquery()
    query = select(Referral.id, Referral.number, Referral.title, Referral.state, total)
    rows = session.execute(_chosen(query, actor, kind, chosen).order_by(Referral.id).limit(MOST_ROWS)).all()
    return Offered(
        rows=tuple(OfferedRow(id=row.id, number=row.number, title=row.title, state=row.state) for row in rows),
        total=rows[0][-1] if rows else 0,
    )


def offered_ids(session: Session, actor: Actor, kind: ListKind, chosen: ListFilter) -> Sequence[int]:
    """The ids alone, one more than a list may have where there are too many."""
    return session.scalars(_chosen(select(Referral.id), actor, kind, chosen).order_by(Referral.id).limit(MOST_ROWS + 1)).all()


def _chosen(query: Any, actor: Actor, kind: ListKind, chosen: ListFilter) -> Any:
    states = (chosen.state,) if chosen.state else LISTED_STATES[kind]
    query = query.where(Referral.district_id == actor.district_id, Referral.state.in_(states))
    if chosen.topic_id is not None:
        query = query.where(Referral.topic_id == chosen.topic_id)
    if chosen.unit_id is not None:
        query = query.where(or_(Referral.lead_id == chosen.unit_id, Referral.office_id == chosen.unit_id))
    if chosen.first is not None:
        query = query.where(Referral.sent_at >= _midnight(chosen.first))
    if chosen.last is not None:
        query = query.where(Referral.sent_at < _midnight(chosen.last + timedelta(days=1)))
    return query


def _kept(session: Session, list_id: int) -> tuple[ListItem, ...]:
    kept = session.scalars(select(OfficialList.items).where(OfficialList.id == list_id)).one()
    return tuple(thawed(one) for one in kept)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
