"""集中公布: rounds of screening decisions, what one holds, and which decision waits for a topic. Only staff are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Select, any_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.screening import RoundState
from intake.domain.topic import TopicAction, TopicState
from intake.models import Area, ScreeningDraft, ScreeningRound, Topic, User
from intake.queries.kept import DISTRICT_ID, PEOPLE_KEPT, TOPIC_ID, TOPIC_IDS, written_out
from intake.queries.pages import PAGE, Page, covers_district, key_of, page_of, within

_TARGET = aliased(Topic)


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round that still takes decisions."""

    id: int
    name: str
    publish_at: datetime


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A line of the list; the counts are of the whole district's topics."""

    id: int
    name: str
    state: RoundState
    publish_at: datetime
    waiting: int
    made: int
    failed: int
    """What couldn't be made."""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One decision of a round, with the words as residents will read them."""

    id: int
    version: int
    topic_id: int
    topic_title: str
    topic_number: str
    topic_state: TopicState
    area_name: str
    people: int
    """Submissions behind it that a person confirmed: whose residents will read the words."""
    action: TopicAction
    words: str
    target_id: int | None
    target_title: str
    by: str
    decided_at: datetime
    waits: bool
    made: bool
    problem: str
    """Why it couldn't be made; while it waits, empty."""
    overtaken: bool
    """The topic has changed since: on the day it can't be made."""
    tries: int
    """How often it couldn't be made for a reason that may pass."""
    try_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoundDetail:
    """A round's page."""

    row: RoundRow
    version: int
    created_by: str
    drafts: tuple[DraftRow, ...]
    """Of topics within the actor's reach, those of one action together."""
    hidden: int
    """Decisions on topics outside the actor's reach."""
    is_due: bool
    """Its time has come, and a worker has it in hand."""
    manageable: bool

    def of(self, action: TopicAction) -> tuple[DraftRow, ...]:
        """What waits by one action."""
        return tuple(one for one in self.drafts if one.waits and one.action is action)

    @property
    def waiting(self) -> tuple[DraftRow, ...]:
        """What is still to be made."""
        return tuple(one for one in self.drafts if one.waits)

    @property
    def put_off(self) -> tuple[DraftRow, ...]:
        """What couldn't be made yet and is tried again."""
        return tuple(one for one in self.drafts if one.try_again_at is not None)

    @property
    def made(self) -> tuple[DraftRow, ...]:
        """What was published."""
        return tuple(one for one in self.drafts if one.made)

    @property
    def taken_back(self) -> tuple[DraftRow, ...]:
        """What was taken back, one by one or with the whole round."""
        return tuple(one for one in self.drafts if not (one.waits or one.made or one.problem))

    @property
    def failed(self) -> tuple[DraftRow, ...]:
        """What couldn't be made, each with its reason."""
        return tuple(one for one in self.drafts if one.problem)


@dataclass(frozen=True, slots=True)
class WaitingDecision:
    """What waits for one topic, and when everybody will know."""

    draft_id: int
    round_id: int
    round_name: str
    publish_at: datetime
    action: TopicAction
    words: str
    by: str
    overtaken: bool


def rounds(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> Page[RoundRow]:
    """The district's rounds, the latest made first; three statements."""
    of_district = ScreeningRound.district_id == actor.district_id
    total = session.scalar(select(func.count()).select_from(ScreeningRound).where(of_district)) or 0
    query, key = select(ScreeningRound).where(of_district), key_of(after)
    if key is not None:
        query = query.where(ScreeningRound.id < key)
    found = session.scalars(query.order_by(ScreeningRound.id.desc()).limit(limit + 1)).all()
    counts = _counts(session, [one.id for one in found])
    return page_of([_row(one, counts) for one in found], total=total, limit=limit)


def round_detail(session: Session, actor: Actor, round_id: int, *, at: datetime) -> RoundDetail:
    """One round in three statements; NotFound for another district's. A round holds a bounded number of decisions, so all are shown."""
    found = session.execute(
        select(ScreeningRound, User.name)
        .join(User, User.id == ScreeningRound.created_by)
        .where(ScreeningRound.id == round_id, ScreeningRound.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这一轮，或者不在您的区。")
    one, created_by = found
    row = _row(one, _counts(session, [round_id]))
    drafts = tuple(_draft(raw) for raw in session.execute(_drafts(actor).where(ScreeningDraft.round_id == round_id)))
    shown = sum(1 for draft in drafts if draft.waits or draft.made or draft.problem)
    return RoundDetail(
        row=row,
        version=one.version,
        created_by=created_by,
        drafts=drafts,
        hidden=row.waiting + row.made + row.failed - shown,
        is_due=one.state is RoundState.OPEN and one.publish_at <= at,
        manageable=covers_district(actor, Permission.SCREEN_DECIDE),
    )


def open_rounds(session: Session, actor: Actor, *, at: datetime) -> tuple[OpenRound, ...]:
    """All that a decision may still be put into, the soonest first; none for who doesn't screen. A district has a bounded number of them."""
    if not actor.may(Permission.SCREEN_DECIDE):
        return ()
    return tuple(OpenRound(*row) for row in session.execute(_OPEN_ROUNDS, {"district_id": actor.district_id, "at": at}))


_OPEN_ROUNDS = written_out(
    select(ScreeningRound.id, ScreeningRound.name, ScreeningRound.publish_at)
    .where(
        ScreeningRound.district_id == DISTRICT_ID,
        ScreeningRound.state == RoundState.OPEN,
        ScreeningRound.publish_at > bindparam("at", type_=DateTime(timezone=True)),
    )
    .order_by(ScreeningRound.publish_at, ScreeningRound.id)
)


def draft_of(session: Session, actor: Actor, topic_id: int) -> WaitingDecision | None:
    """The decision that waits for the topic; None where there is none, and for everybody who doesn't screen it."""
    if not actor.may(Permission.SCREEN_DECIDE):
        return None
    row = session.execute(_draft_waiting(actor), {"topic_id": topic_id}).one_or_none()
    if row is None:
        return None
    draft_id, round_id, name, publish_at, action, words, by, overtaken = row
    return WaitingDecision(draft_id, round_id, name, publish_at, TopicAction(action), words, by, overtaken)


@lru_cache(maxsize=PEOPLE_KEPT)
def _draft_waiting(actor: Actor) -> Select[int, int, str, datetime, str, str, str, bool]:
    return written_out(
        select(
            ScreeningDraft.id,
            ScreeningRound.id,
            ScreeningRound.name,
            ScreeningRound.publish_at,
            ScreeningDraft.action,
            ScreeningDraft.words,
            User.name,
            ScreeningDraft.topic_version != Topic.version,
        )
        .join(ScreeningRound, ScreeningRound.id == ScreeningDraft.round_id)
        .join(Topic, Topic.id == ScreeningDraft.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .join(User, User.id == ScreeningDraft.decided_by)
        .where(
            ScreeningDraft.topic_id == TOPIC_ID,
            ScreeningDraft.ended_at.is_(None),
            Topic.district_id == actor.district_id,
            within(actor, Permission.SCREEN_DECIDE),
        )
    )


def drafted_among(session: Session, topic_ids: Sequence[int]) -> frozenset[int]:
    """Those of the topics on which a decision waits to be published."""
    return frozenset(session.scalars(_DRAFTED, {"topic_ids": [*topic_ids]}))


_DRAFTED = select(ScreeningDraft.topic_id).where(ScreeningDraft.topic_id == any_(TOPIC_IDS), ScreeningDraft.ended_at.is_(None))


def waiting_draft(session: Session, topic_id: int) -> ScreeningDraft | None:
    """The row that waits for the topic, fresh."""
    query = select(ScreeningDraft).where(ScreeningDraft.topic_id == topic_id, ScreeningDraft.ended_at.is_(None))
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def round_of_draft(session: Session, actor: Actor, draft_id: int) -> int:
    """The round that holds it; NotFound for another district's."""
    found = session.scalar(
        select(ScreeningDraft.round_id).where(ScreeningDraft.id == draft_id, ScreeningDraft.district_id == actor.district_id)
    )
    if found is None:
        raise NotFound("没有这个决定，或者不在您的区。")
    return found


def _drafts(actor: Actor) -> Any:
    return (
        select(ScreeningDraft, Topic, Area.name, _TARGET.title, User.name)
        .join(Topic, Topic.id == ScreeningDraft.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .join(User, User.id == ScreeningDraft.decided_by)
        .outerjoin(_TARGET, _TARGET.id == ScreeningDraft.target_topic_id)
        .where(ScreeningDraft.district_id == actor.district_id, within(actor, Permission.SCREEN_DECIDE))
        .order_by(ScreeningDraft.id)
    )


def _draft(raw: Any) -> DraftRow:
    draft, topic, area, target, by = raw
    return DraftRow(
        id=draft.id,
        version=draft.version,
        topic_id=topic.id,
        topic_title=topic.title,
        topic_number=topic.number,
        topic_state=topic.state,
        area_name=area,
        people=topic.confirmed_count,
        action=TopicAction(draft.action),
        words=draft.words,
        target_id=draft.target_topic_id,
        target_title=target or "",
        by=by,
        decided_at=draft.decided_at,
        waits=draft.ended_at is None,
        made=draft.decision_id is not None,
        problem=draft.problem,
        overtaken=draft.ended_at is None and draft.topic_version != topic.version,
        tries=draft.tries,
        try_again_at=draft.try_again_at if draft.ended_at is None else None,
    )


def _counts(session: Session, round_ids: list[int]) -> dict[int, tuple[int, int, int]]:
    """Waiting, made and failed decisions by round."""
    counted = session.execute(
        select(
            ScreeningDraft.round_id,
            func.count().filter(ScreeningDraft.ended_at.is_(None)),
            func.count().filter(ScreeningDraft.decision_id.is_not(None)),
            func.count().filter(ScreeningDraft.problem != ""),
        )
        .where(ScreeningDraft.round_id.in_(round_ids))
        .group_by(ScreeningDraft.round_id)
    )
    return {round_id: (waiting, made, failed) for round_id, waiting, made, failed in counted}


def _row(one: ScreeningRound, counts: dict[int, tuple[int, int, int]]) -> RoundRow:
    waiting, made, failed = counts.get(one.id, (0, 0, 0))
    return RoundRow(one.id, one.name, one.state, one.publish_at, waiting, made, failed)
