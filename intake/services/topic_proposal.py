"""What the machine proposes for whole topics, each thing once; and what becomes of it when a topic changes meanwhile."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, ColumnElement, cast, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.contributor import ContributorStatus
from intake.domain.topic import JOINABLE, MERGEABLE, SPLITTABLE, TopicKind
from intake.domain.topic_proposal import ProposalAction, ProposalKind, ProposalState
from intake.models import Contributor, Topic, TopicProposal
from intake.services.transition import begin, move


def propose(
    session: Session,
    *,
    district_id: int,
    kind: ProposalKind,
    topic_ids: Sequence[int],
    submission_ids: Sequence[int] = (),
    score: float,
    reasons: Sequence[str],
    model_version: str,
    at: datetime,
    about: str = "",
) -> TopicProposal | None:
    """Propose a merge (the one to keep first), a split or a class; None when the same was proposed before, or a topic isn't fit for it.

    Many workers may propose the same at once: the unique index lets one of them. `about` names a class beside its first topic, so that a
    kind of matter that was dismissed isn't proposed again with one topic more.
    """
    session.flush()  # the topics are read anew below, and what the caller changed in them must not be lost
    topics = {topic.id: topic for topic in session.scalars(select(Topic).where(Topic.id.in_(topic_ids)))}
    ids = _kept_first(kind, [topics[one] for one in dict.fromkeys(topic_ids) if one in topics])
    if any(topics[one].district_id != district_id for one in ids) or not fits(session, kind, ids, submission_ids):
        return None
    proposal = TopicProposal(
        district_id=district_id,
        kind=kind,
        subject=_subject(kind, ids, submission_ids, about),
        topic_ids=ids,
        submission_ids=sorted(submission_ids),
        score=score,
        reasons=list(reasons),
        model_version=model_version,
        created_at=at,
    )
    if session.scalar(select(TopicProposal.id).where(_same_as(proposal, about)).limit(1)) is not None:
        return None
    try:
        with session.begin_nested():
            begin(session, proposal, actor=MACHINE, at=at)
    except IntegrityError:
        return None  # another worker was faster, in the same moment
    return proposal


def outdate_for(session: Session, topic_ids: Collection[int], *, at: datetime) -> int:
    """Called when topics were decided, split or gathered: open proposals that no longer make sense are outdated. Returns how many.

    A class goes on without the topics that can't join it any more. The topics are locked by the caller; proposals are locked after topics.
    """
    session.flush()
    outdated = 0
    for proposal in session.scalars(
        select(TopicProposal)
        .where(TopicProposal.state == ProposalState.OPEN, TopicProposal.topic_ids.overlap(cast(sorted(topic_ids), ARRAY(BigInteger))))
        .order_by(TopicProposal.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all():
        left = _left(session, proposal)
        if not fits(session, proposal.kind, left, proposal.submission_ids):
            move(session, proposal, ProposalAction.OUTDATE, actor=MACHINE, at=at)
            outdated += 1
        elif left != proposal.topic_ids:
            proposal.topic_ids = left
            proposal.version += 1
    return outdated


def clear_away(session: Session, *, district_id: int, at: datetime) -> int:
    """Outdate what can't be accepted any more because members moved single submissions; returns how many."""
    waiting = select(TopicProposal).where(TopicProposal.district_id == district_id, TopicProposal.state == ProposalState.OPEN)
    stale = {
        topic_id
        for proposal in session.scalars(waiting).all()
        if _left(session, proposal) != proposal.topic_ids or not fits(session, proposal.kind, proposal.topic_ids, proposal.submission_ids)
        for topic_id in proposal.topic_ids
    }
    session.execute(select(Topic.id).where(Topic.id.in_(stale)).order_by(Topic.id).with_for_update())
    return outdate_for(session, stale, at=at) if stale else 0


def _left(session: Session, proposal: TopicProposal) -> list[int]:
    """Its topics; of a class those that may still join one."""
    if proposal.kind is not ProposalKind.CLASS:
        return proposal.topic_ids
    free = set(
        session.scalars(select(Topic.id).where(Topic.id.in_(proposal.topic_ids), Topic.state.in_(JOINABLE), Topic.class_topic_id.is_(None)))
    )
    return [one for one in proposal.topic_ids if one in free]


def fits(session: Session, kind: ProposalKind, topic_ids: Sequence[int], submission_ids: Sequence[int]) -> bool:
    """Whether it could be accepted as things stand."""
    found = {
        topic.id: topic
        for topic in session.scalars(select(Topic).where(Topic.id.in_(topic_ids)).execution_options(populate_existing=True))
        if topic.kind is TopicKind.MATTER and topic.state in JOINABLE
    }
    if len(found) != len(set(topic_ids)):
        return False
    match kind:
        case ProposalKind.MERGE:
            return len(topic_ids) == 2 and any(topic.state in MERGEABLE for topic in found.values())
        case ProposalKind.SPLIT:
            return len(topic_ids) == 1 and found[topic_ids[0]].state in SPLITTABLE and _leaves_some(session, topic_ids[0], submission_ids)
        case ProposalKind.CLASS:
            return len(topic_ids) >= 2 and all(topic.class_topic_id is None for topic in found.values())


def _leaves_some(session: Session, topic_id: int, submission_ids: Sequence[int]) -> bool:
    """Whether all of them stand in the topic now, and others too."""
    standing = set(
        session.scalars(
            select(Contributor.submission_id).where(Contributor.topic_id == topic_id, Contributor.status != ContributorStatus.REMOVED)
        )
    )
    return bool(submission_ids) and set(submission_ids) < standing


def _kept_first(kind: ProposalKind, topics: list[Topic]) -> list[int]:
    """The ids in order; of a merge, the one that can't be merged away any more is the one to keep."""
    if kind is ProposalKind.MERGE and len(topics) == 2 and topics[1].state not in MERGEABLE:
        topics.reverse()
    return [topic.id for topic in topics]


def _same_as(proposal: TopicProposal, about: str) -> ColumnElement[bool]:
    """The same was proposed before; of a class also one that waits or was dismissed and shares a topic: the first of it may have ended."""
    same = TopicProposal.subject == proposal.subject
    if proposal.kind is ProposalKind.CLASS:
        same |= (
            TopicProposal.subject.startswith(f"{about}:", autoescape=True)
            & TopicProposal.state.in_([ProposalState.OPEN, ProposalState.DISMISSED])
            & TopicProposal.topic_ids.overlap(cast(proposal.topic_ids, ARRAY(BigInteger)))
        )
    return (TopicProposal.district_id == proposal.district_id) & (TopicProposal.kind == proposal.kind) & same


def _subject(kind: ProposalKind, topic_ids: Sequence[int], submission_ids: Sequence[int], about: str) -> str:
    """What it speaks of. A split is known by its topic and the first that would leave, a class by its first topic: the rest may grow."""
    match kind:
        case ProposalKind.MERGE:
            return "+".join(str(one) for one in sorted(topic_ids))
        case ProposalKind.SPLIT:
            return f"{topic_ids[0]}:{min(submission_ids)}"
        case ProposalKind.CLASS:
            return f"{about}:{min(topic_ids)}"
