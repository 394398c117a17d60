"""建议: what the machine proposes for whole topics, with what a person needs to judge it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, any_, func, not_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.topic import TopicState
from intake.domain.topic_proposal import ProposalKind, ProposalState
from intake.models import Area, Contributor, Finding, Submission, Topic, TopicProposal, User
from intake.queries.kept import PEOPLE_KEPT, TOPIC_ID, written_out
from intake.queries.pages import Page, key_of, page_of, within

PAGE = 12
SAMPLES = 2
"""Residents' words shown for each topic, or each part of one."""
DECIDED = (ProposalState.ACCEPTED, ProposalState.DISMISSED, ProposalState.OUTDATED)


@dataclass(frozen=True, slots=True)
class Sample:
    """One resident's masked words."""

    submission_id: int
    text: str
    area_name: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ProposalTopic:
    """One of the topics a proposal speaks of."""

    id: int
    number: str
    title: str
    state: TopicState
    area_name: str
    submissions: int
    people: int
    heat: int
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal; of a split `leaving` shows those that would go, and its topic's samples show those that would stay."""

    id: int
    version: int
    kind: ProposalKind
    state: ProposalState
    score: float
    reasons: tuple[str, ...]
    model_version: str
    created_at: datetime
    decided_at: datetime | None
    decided_by: str
    topics: tuple[ProposalTopic, ...]
    leaving_count: int
    leaving: tuple[Sample, ...]
    title_hint: str
    """What the new topic may be called; empty where none is made, or nothing is known."""
    result_id: int | None
    result_title: str

    @property
    def can_take_back(self) -> bool:
        """Whether it was accepted or dismissed by a person."""
        return self.state in {ProposalState.ACCEPTED, ProposalState.DISMISSED}


def proposals_page(session: Session, actor: Actor, states: Collection[ProposalState], *, after: str = "") -> Page[ProposalRow]:
    """Proposals in `states` within reach, the youngest first, in at most seven statements; `after` is a page's `next_key`."""
    where = [_reach(actor), TopicProposal.state.in_(list(states))]
    total = session.scalar(select(func.count()).select_from(TopicProposal).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(TopicProposal.id < key)
    rows = _rows(session, _proposals().where(*where).order_by(TopicProposal.id.desc()).limit(PAGE + 1))
    return page_of(rows, total=total, limit=PAGE)


def proposals_waiting(session: Session, actor: Actor) -> int:
    """How many open proposals are within reach."""
    return (
        session.scalar(select(func.count()).select_from(TopicProposal).where(_reach(actor), TopicProposal.state == ProposalState.OPEN)) or 0
    )


def proposals_of(session: Session, actor: Actor, topic_id: int) -> tuple[ProposalRow, ...]:
    """Open proposals that speak of the topic, the surest first; one statement where there is none, else six at most."""
    return tuple(_rows(session, _speaking_of(actor), topic_id=topic_id))


@lru_cache(maxsize=PEOPLE_KEPT)
def _speaking_of(actor: Actor) -> Select[Any]:
    query = _proposals().where(
        TopicProposal.topic_ids.contains(array([TOPIC_ID])), TopicProposal.state == ProposalState.OPEN, _reach(actor)
    )
    return written_out(query.order_by(TopicProposal.score.desc(), TopicProposal.id.desc()).limit(5))


def _reach(actor: Actor) -> ColumnElement[bool]:
    """Of the actor's district, and about topics in the areas where the actor sees what is screened: their residents' words are shown."""
    beyond = (
        select(Topic.id)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.id == any_(TopicProposal.topic_ids), not_(within(actor, Permission.SCREEN_VIEW)))
        .exists()
    )
    return and_(TopicProposal.district_id == actor.district_id, not_(beyond))


def _proposals() -> Select[Any]:
    result = select(Topic.title).where(Topic.id == TopicProposal.result_topic_id).scalar_subquery()
    return select(TopicProposal, User.name, result).outerjoin(User, User.id == TopicProposal.decided_by)


def _rows(session: Session, query: Select[Any], **given: int) -> list[ProposalRow]:
    found = session.execute(query, given).all()
    if not found:
        return []
    proposals: list[TopicProposal] = [row[0] for row in found]
    leaving_ids = {one for proposal in proposals for one in proposal.submission_ids}
    topics = _topics(session, {one for proposal in proposals for one in proposal.topic_ids})
    voices = _samples(session, set(topics), besides=())
    split = {proposal.topic_ids[0] for proposal in proposals if proposal.kind is ProposalKind.SPLIT}
    staying = _samples(session, split, besides=leaving_ids) if split else {}
    leaving = _leaving(session, leaving_ids)
    return [
        ProposalRow(
            id=proposal.id,
            version=proposal.version,
            kind=proposal.kind,
            state=proposal.state,
            score=proposal.score,
            reasons=tuple(str(reason) for reason in proposal.reasons),
            model_version=proposal.model_version,
            created_at=proposal.created_at,
            decided_at=proposal.decided_at,
            decided_by=decided_by or "",
            topics=tuple(
                replace(topics[one], samples=tuple((staying if proposal.kind is ProposalKind.SPLIT else voices).get(one, ())))
                for one in proposal.topic_ids
                if one in topics
            ),
            leaving_count=len(proposal.submission_ids),
            leaving=tuple(leaving[one][0] for one in proposal.submission_ids[:SAMPLES] if one in leaving),
            title_hint=_title_hint(proposal, leaving),
            result_id=proposal.result_topic_id,
            result_title=result_title or "",
        )
        for proposal, decided_by, result_title in found
    ]


def _topics(session: Session, ids: Collection[int]) -> dict[int, ProposalTopic]:
    rows = session.execute(
        select(
            Topic.id,
            Topic.number,
            Topic.title,
            Topic.state,
            Area.name,
            Topic.confirmed_count + Topic.suggested_count,
            Topic.people_count,
            Topic.heat,
        )
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.id.in_(sorted(ids)))
    )
    return {row.id: ProposalTopic(*row) for row in rows}


def _samples(session: Session, topic_ids: Collection[int], *, besides: Collection[int]) -> dict[int, list[Sample]]:
    """The latest words behind each topic, without those of `besides`."""
    place = func.row_number().over(partition_by=Contributor.topic_id, order_by=Contributor.submission_id.desc()).label("place")
    live = (
        select(Contributor.topic_id, Contributor.submission_id, place)
        .where(
            Contributor.topic_id.in_(sorted(topic_ids)),
            Contributor.status != ContributorStatus.REMOVED,
            Contributor.submission_id.not_in(sorted(besides)),
        )
        .subquery()
    )
    rows = session.execute(
        select(live.c.topic_id, *_SAMPLE)
        .join(Submission, Submission.id == live.c.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(live.c.place <= SAMPLES)
        .order_by(live.c.submission_id.desc())
    )
    samples: dict[int, list[Sample]] = defaultdict(list)
    for topic_id, *sample in rows:
        samples[topic_id].append(Sample(*sample))
    return samples


_SAMPLE: tuple[Any, ...] = (Submission.id, func.left(Submission.text_masked, 160), Area.name, Submission.received_at)
"""Typed by Sample, whose fields they follow."""


def _leaving(session: Session, ids: Collection[int]) -> dict[int, tuple[Sample, str]]:
    """The words of those that would leave, each with the title that triage had in mind."""
    if not ids:
        return {}
    title = (
        select(Finding.content["title"].astext)
        .where(Finding.submission_id == Submission.id)
        .order_by(Finding.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(select(*_SAMPLE, title).join(Area, Area.id == Submission.area_id).where(Submission.id.in_(sorted(ids))))
    return {row[0]: (Sample(*row[:-1]), row[-1] or "") for row in rows}


def _title_hint(proposal: TopicProposal, leaving: dict[int, tuple[Sample, str]]) -> str:
    if proposal.kind is ProposalKind.SPLIT:
        return next((leaving[one][1] for one in proposal.submission_ids if one in leaving), "")
    if proposal.kind is ProposalKind.CLASS:
        word = _named(proposal.reasons)
        return f"多个社区{word}" if word else ""
    return ""


def _named(reasons: Sequence[Any]) -> str:
    """What the first reason names: 路灯不亮 of 同一问题：路灯不亮."""
    return str(reasons[0]).partition("：")[2] if reasons else ""
