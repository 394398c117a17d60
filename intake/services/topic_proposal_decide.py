"""A person accepts or dismisses what the machine proposed for whole topics, and may take either back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, NotFound
from intake.domain.topic import MERGEABLE, TopicAction, TopicKind, TopicState
from intake.domain.topic_proposal import ProposalAction, ProposalKind, ProposalState
from intake.domain.triage_model import ExampleKind
from intake.models import Contributor, Topic, TopicProposal
from intake.services.audit import record
from intake.services.topic_class import dissolve_class, open_class, revive_class
from intake.services.topic_decision import Screening, lock_topics, require_screening, with_merged
from intake.services.topic_proposal import fits, outdate_for
from intake.services.topic_screen import screen, unmerge
from intake.services.topic_split import split, unsplit
from intake.services.training_example import forget, learn_pair, standing_in
from intake.services.transition import move

MERGE_WORDS = "与另一议题是同一件事，合并办理。"
UNMERGE_WORDS = "再看不是同一件事，仍分开办理。"
"""Offered where staff write to the residents; they may change them."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What every answer to a proposal carries."""

    actor: Actor
    proposal_id: int
    version: int
    """The version on the screen; an older one is a conflict."""
    at: datetime


def accept(session: Session, answering: Answering, *, words: str = "", title: str = "") -> TopicProposal:
    """Do what is proposed: merge and split need `words` for the residents, split and class a `title`.

    Raises Conflict when somebody was faster or a topic has changed, Forbidden outside the actor's areas, InvalidInput as the merge, the
    split or the class it leads to.
    """
    proposal, topics = _lock(session, answering)
    if proposal.state is ProposalState.OPEN and not fits(session, proposal.kind, proposal.topic_ids, proposal.submission_ids):
        raise Conflict("建议里的议题已经有了变化，这条建议不能再采纳。请到议题里处理。")
    _answer(session, answering, proposal, ProposalAction.ACCEPT, topics)
    match proposal.kind:
        case ProposalKind.MERGE:
            keep, away = _merge_order([topics[one] for one in proposal.topic_ids])
            screen(session, _screening(answering, away), TopicAction.MERGE, words=words, target_topic_id=keep.id)
            proposal.result_topic_id = keep.id
        case ProposalKind.SPLIT:
            source = topics[proposal.topic_ids[0]]
            new = split(session, _screening(answering, source), submission_ids=proposal.submission_ids, title=title, words=words)
            proposal.result_topic_id = new.id
        case ProposalKind.CLASS:
            proposal.result_topic_id = _open_class(session, answering, proposal, title=title).id
    session.flush()
    return proposal


def dismiss(session: Session, answering: Answering) -> TopicProposal:
    """Say no; the machine doesn't propose the same again, and learns from it."""
    proposal, topics = _lock(session, answering)
    _answer(session, answering, proposal, ProposalAction.DISMISS, topics)
    _learn_dismissal(session, answering, proposal)
    return proposal


def take_back(session: Session, answering: Answering, *, words: str = "") -> TopicProposal:
    """What was accepted is undone as far as it can be, what was dismissed stands again; merge and split need `words`.

    Raises Conflict where things have gone too far, and says what to do instead.
    """
    proposal, topics = _lock(session, answering)
    was, decided_at = proposal.state, proposal.decided_at
    _answer(session, answering, proposal, ProposalAction.REOPEN, topics)
    if was is ProposalState.ACCEPTED:
        _undo(session, answering, proposal, topics, words=words)
    elif decided_at is not None:
        forget(session, decided_at=decided_at, at=answering.at, topic_id=proposal.topic_ids[0])
    proposal.decided_by = proposal.decided_at = None
    outdate_for(session, proposal.topic_ids, at=answering.at)
    return proposal


def _lock(session: Session, answering: Answering) -> tuple[TopicProposal, dict[int, Topic]]:
    """The topics first, then the proposal: whoever decides on a topic outdates its proposals in that order."""
    known = session.get(TopicProposal, answering.proposal_id)
    if known is None or known.district_id != answering.actor.district_id:
        raise NotFound("没有这条建议，或者不在您的区。")
    locked = lock_topics(session, with_merged(session, known.topic_ids))
    matters = {one: locked[one] for one in known.topic_ids if one in locked}
    # What came of it is the younger one of a split, or a class, which is locked after matters; of a merge it is one of the two.
    result = known.result_topic_id
    topics = matters | (lock_topics(session, [result]) if result is not None and result not in matters else {})
    proposal = session.scalars(
        select(TopicProposal).where(TopicProposal.id == answering.proposal_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if proposal.version != answering.version:
        raise Conflict("这条建议刚刚有人处理过。请先看看现在的情况。")
    for topic in matters.values():
        require_screening(session, answering.actor, topic)
    return proposal, topics


def _answer(session: Session, answering: Answering, proposal: TopicProposal, action: ProposalAction, topics: dict[int, Topic]) -> None:
    path = require_screening(session, answering.actor, topics[proposal.topic_ids[0]])
    move(session, proposal, action, actor=answering.actor, at=answering.at, area_path=path)
    proposal.decided_by, proposal.decided_at = answering.actor.user_id, answering.at
    record(
        session,
        actor=answering.actor,
        district_id=proposal.district_id,
        action=f"topic_proposal.{action.value}",
        noun="topic_proposal",
        entity_id=proposal.id,
        at=answering.at,
        kind=proposal.kind.value,
        topics=proposal.topic_ids,
    )
    session.flush()


def _merge_order(topics: list[Topic]) -> tuple[Topic, Topic]:
    """The one to keep and the one to merge away, which is turned round where only the first can still be merged."""
    keep, away = topics
    return (keep, away) if away.state in MERGEABLE else (away, keep)


def _screening(answering: Answering, topic: Topic) -> Screening:
    return Screening(actor=answering.actor, topic_id=topic.id, version=topic.version, at=answering.at)


def _open_class(session: Session, answering: Answering, proposal: TopicProposal, *, title: str) -> Topic:
    former = session.get(Topic, proposal.result_topic_id) if proposal.result_topic_id is not None else None
    if former is not None and former.kind is TopicKind.CLASS and former.state is TopicState.DISSOLVED:
        return revive_class(session, actor=answering.actor, class_id=former.id, topic_ids=proposal.topic_ids, title=title, at=answering.at)
    return open_class(session, actor=answering.actor, topic_ids=proposal.topic_ids, title=title, at=answering.at)


def _undo(session: Session, answering: Answering, proposal: TopicProposal, topics: dict[int, Topic], *, words: str) -> None:
    match proposal.kind:
        case ProposalKind.MERGE:
            # The one that was kept may have been merged away since, which is another decision.
            away = next(topics[one] for one in proposal.topic_ids if one != proposal.result_topic_id)
            if away.state is not TopicState.MERGED:
                raise Conflict("这次合并已经撤销过。")
            unmerge(session, _screening(answering, away), words=words)
        case ProposalKind.SPLIT:
            new = _result(topics, proposal)
            unsplit(session, _screening(answering, new), words=words)
        case ProposalKind.CLASS:
            dissolve_class(session, _screening(answering, _result(topics, proposal)))


def _result(topics: dict[int, Topic], proposal: TopicProposal) -> Topic:
    if proposal.result_topic_id is None:
        raise Conflict("这条建议没有留下可以撤销的议题。")
    return topics[proposal.result_topic_id]


def _learn_dismissal(session: Session, answering: Answering, proposal: TopicProposal) -> None:
    """Two topics that are not one matter, or one that is; a class says nothing about pairs."""
    one: int | None
    other: int | None
    first = proposal.topic_ids[0]
    if proposal.kind is ProposalKind.MERGE:
        kind, one, other = ExampleKind.DIFFERENT, standing_in(session, first), standing_in(session, proposal.topic_ids[1])
    elif proposal.kind is ProposalKind.SPLIT:
        kind, one, other = ExampleKind.SAME, min(proposal.submission_ids), _rest(session, proposal)
    else:
        return
    if one is None or other is None:
        return
    assert answering.actor.user_id is not None
    learn_pair(
        session,
        kind,
        one=one,
        other=other,
        topic_id=first,
        suggested=proposal.kind.value,
        score=proposal.score,
        model_version=proposal.model_version,
        by=answering.actor.user_id,
        at=answering.at,
    )


def _rest(session: Session, proposal: TopicProposal) -> int | None:
    """One that would have stayed."""
    return session.scalar(
        select(Contributor.submission_id)
        .where(
            Contributor.topic_id == proposal.topic_ids[0],
            Contributor.status != ContributorStatus.REMOVED,
            Contributor.submission_id.not_in(proposal.submission_ids),
        )
        .order_by(Contributor.status, Contributor.submission_id.desc())
        .limit(1)
    )
