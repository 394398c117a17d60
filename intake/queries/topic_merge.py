"""并题 on the phone: which candidates may be one matter with another, and what a member may take back."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.topic import TOPIC_TABLE, TopicAction, TopicKind, TopicState
from intake.domain.topic_proposal import ProposalKind, ProposalState
from intake.models import Area, Decision, HistoryEntry, Topic, TopicProposal
from intake.queries.pages import within
from intake.queries.similar import or_said

FOUND = 10
"""As many as a thumb passes without a search."""


@dataclass(frozen=True, slots=True)
class MergeChoice:
    """A candidate that may be the same matter."""

    topic_id: int
    title: str
    number: str
    area_name: str
    people: int
    """Voices behind it, suggested ones too."""
    summary: str
    reasons: tuple[str, ...] = ()
    """Why the machine thinks so; none where a person looked for it."""


@dataclass(frozen=True, slots=True)
class MergeChoices:
    """What the machine thinks of, and what was found."""

    proposed: tuple[MergeChoice, ...]
    found: tuple[MergeChoice, ...]


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What of a topic's shape a member may undo: each the title of the other topic, empty where there is nothing to undo."""

    merged_into: str
    split_from: str


def merge_choices(session: Session, actor: Actor, topic_id: int, *, words: str) -> MergeChoices:
    """Other candidates of the actor's areas: those the machine proposes, and those with `words` in them, the youngest first; three statements."""
    reasons = {
        other: tuple(str(one) for one in given)
        for ids, given in session.execute(
            select(TopicProposal.topic_ids, TopicProposal.reasons)
            .where(
                TopicProposal.state == ProposalState.OPEN,
                TopicProposal.kind == ProposalKind.MERGE,
                TopicProposal.topic_ids.contains([topic_id]),
            )
            .order_by(TopicProposal.score)
        )
        for other in ids
        if other != topic_id
    }
    holds = [
        or_(Topic.title.contains(word, autoescape=True), Topic.number.contains(word.upper(), autoescape=True)) for word in words.split()[:5]
    ]
    sought = or_said(session, holds, district_id=actor.district_id, words=words)
    open_ = (
        Topic.district_id == actor.district_id,
        Topic.id != topic_id,
        Topic.kind == TopicKind.MATTER,
        Topic.state == TopicState.CANDIDATE,
        within(actor, Permission.TOPIC_MERGE),
    )
    columns = (Topic.id, Topic.title, Topic.number, Area.name, Topic.confirmed_count + Topic.suggested_count, Topic.summary)
    query = select(*columns).join(Area, Area.id == Topic.area_id).where(*open_)
    proposed = session.execute(query.where(Topic.id.in_(reasons)).order_by(Topic.id)).all() if reasons else []
    found = session.execute(
        query.where(Topic.id.not_in(reasons), *sought).order_by(Topic.last_at.desc(), Topic.id.desc()).limit(FOUND)
    ).all()
    return MergeChoices(
        proposed=tuple(MergeChoice(*row, reasons=reasons[row[0]]) for row in proposed), found=tuple(MergeChoice(*row) for row in found)
    )


def merge_choice(session: Session, actor: Actor, topic_id: int) -> MergeChoice | None:
    """One candidate of the actor's areas; None for any other."""
    columns = (Topic.id, Topic.title, Topic.number, Area.name, Topic.confirmed_count + Topic.suggested_count, Topic.summary)
    row = session.execute(
        select(*columns)
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.id == topic_id,
            Topic.district_id == actor.district_id,
            Topic.kind == TopicKind.MATTER,
            Topic.state == TopicState.CANDIDATE,
            within(actor, Permission.TOPIC_MERGE),
        )
    ).one_or_none()
    return MergeChoice(*row) if row is not None else None


def take_back(session: Session, topic_id: int, state: TopicState) -> TakeBack:
    """Of a merged topic where it went while both were candidates, of a candidate where it was split off; one statement, none in other states."""
    if state is TopicState.MERGED:
        from_state = (
            select(HistoryEntry.from_state)
            .where(
                HistoryEntry.noun == TOPIC_TABLE.noun, HistoryEntry.entity_id == topic_id, HistoryEntry.action == TopicAction.MERGE.value
            )
            .order_by(HistoryEntry.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        survivor = select(Topic.merged_into_id).where(Topic.id == topic_id).scalar_subquery()
        title = session.scalar(
            select(Topic.title).where(Topic.id == survivor, Topic.state == TopicState.CANDIDATE, from_state == TopicState.CANDIDATE.value)
        )
        return TakeBack(merged_into=title or "", split_from="")
    if state is TopicState.CANDIDATE:
        title = session.scalar(
            select(Topic.title)
            .join(Decision, Decision.topic_id == Topic.id)
            .where(Decision.target_topic_id == topic_id, Decision.action == TopicAction.SPLIT.value, Topic.state == TopicState.CANDIDATE)
            .order_by(Decision.id.desc())
            .limit(1)
        )
        return TakeBack(merged_into="", split_from=title or "")
    return TakeBack("", "")
