"""Proposing a topic, and staff's screening decisions; each reaches everyone behind the topic."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow, default_workflow
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE, TopicAction, TopicKind, TopicState
from intake.models import Area, Contributor, Decision, Topic
from intake.queries.topic_origin import has_origin
from intake.services.appeal import refuse_own_rejection
from intake.services.contribution import recount, remove
from intake.services.outcome import report_back
from intake.services.referral import Sending, refer_topic
from intake.services.topic_brief import send_brief
from intake.services.topic_decision import Screening, lock_topic, lock_topics, require_told, tell, with_merged, words_of, written
from intake.services.topic_merge import follow, learn_merge, take_back
from intake.services.topic_proposal import outdate_for
from intake.services.topic_proposer import signs
from intake.services.transition import move

__all__ = ["SCREENING", "Screening", "propose", "screen", "take_up", "unmerge"]

SCREENING = (TopicAction.APPROVE, TopicAction.RETURN, TopicAction.MERGE, TopicAction.REFER, TopicAction.REJECT)
"""What staff decide; each needs words that every resident behind it reads."""


def propose(session: Session, screening: Screening, *, words: str) -> None:
    """A member sends a candidate with a confirmed submission or an origin to screening, with its brief where there is one, in their name."""
    topic, path = lock_topic(session, screening)
    if topic.state is TopicState.CANDIDATE and topic.confirmed_count == 0 and not has_origin(session, topic.id):
        raise InvalidInput("还没有一件来件经人确认，请先确认再提交。", field="words")
    _decide(session, screening, topic, path, TopicAction.PROPOSE, words=words)
    topic.proposed_by = screening.actor.user_id
    send_brief(session, topic, at=screening.at)
    signs(session, topic, actor=screening.actor, at=screening.at)


def take_up(session: Session, screening: Screening) -> None:
    """Staff take a candidate up themselves."""
    topic, path = lock_topic(session, screening)
    _decide(session, screening, topic, path, TopicAction.TAKE_UP, words="")


def screen(
    session: Session,
    screening: Screening,
    action: TopicAction,
    *,
    words: str,
    target_topic_id: int | None = None,
    workflow: Workflow | None = None,
    office_id: int | None = None,
    told_planned: Collection[int] | None = None,
) -> None:
    """Approve, return, merge, refer or reject, with words; merging needs `target_topic_id`, referring `workflow` and takes `office_id`.

    Rejected: every confirmed contributor is reported back with the reason; mere suggestions fall away. Merged: contributors follow the
    survivor and remember where they came from. Of a class, everyone behind its matters is told, and their own matters go on. `told_planned`
    are the topics of which the person was told that they stand in a plan, None where nobody is told. Raises Conflict when somebody was faster
    or what is merged out of the pool stands in a plan and nobody was told, InvalidInput when words or target are missing, Forbidden for a
    second rejection by the same person.
    """
    if action not in SCREENING:
        raise InvalidInput("没有这种处理方式。")
    words = words_of(words)
    survivor = _survivor(session, screening, target_topic_id) if action is TopicAction.MERGE else None
    topic, path = lock_topic(session, screening)
    if survivor is not None and topic.kind is TopicKind.CLASS:
        raise InvalidInput("一类事不能并入别的议题；可以先拆开它。", field="target")
    if action is TopicAction.REJECT:
        refuse_own_rejection(session, topic, screening.actor)
    from_pool = topic.state is TopicState.POOLED
    decision = _decide(session, screening, topic, path, action, words=words, survivor=survivor)
    if survivor is not None and from_pool:
        require_told(session, screening, told_planned)
    if action is TopicAction.REFER:
        sending = Sending(actor=screening.actor, office_id=office_id, at=screening.at, workflow=workflow or default_workflow())
        refer_topic(session, sending, topic, basis=decision.words)
    if topic.kind is TopicKind.CLASS:
        return
    if action in {TopicAction.REJECT, TopicAction.REFER}:
        drop_suggestions(session, topic, decision, at=screening.at)
    if survivor is not None:
        learn_merge(session, topic, survivor, decision)
        follow(session, topic, survivor, decision)
    outdate_for(session, {topic.id, survivor.id if survivor is not None else topic.id}, at=screening.at)


def unmerge(session: Session, screening: Screening, *, words: str) -> None:
    """Take a merge back: the contributors that came from this topic return to it."""

    def refuse(_: Topic, survivor: Topic) -> None:
        if survivor.state not in JOINABLE:
            raise Conflict(f"“{survivor.title}”已经有了结论，居民也已知道，不能再撤销合并。")

    take_back(session, screening, TopicAction.UNMERGE, words=words, refuse=refuse)


def _decide(
    session: Session, screening: Screening, topic: Topic, path: str, action: TopicAction, *, words: str, survivor: Topic | None = None
) -> Decision:
    """Write it, move the topic, tell everyone behind it; of a rejection they hear as of a result."""
    decision = written(session, screening, topic, action, words=words, target=survivor)
    # A resident whose own matter goes on reads which class the step is about.
    about = topic if topic.kind is TopicKind.CLASS else survivor
    move(session, topic, action, actor=screening.actor, at=screening.at, area_path=path, decision=decision, topic=about)
    if action is TopicAction.REJECT and topic.kind is TopicKind.MATTER:
        report_back(session, topic, decision, referral_id=None, at=screening.at)
    tell(session, decision, topic, at=screening.at)
    return decision


def _survivor(session: Session, screening: Screening, target_topic_id: int | None) -> Topic:
    if target_topic_id is None:
        raise InvalidInput("请选择并入哪个议题。", field="target")
    if target_topic_id == screening.topic_id:
        raise InvalidInput("不能并入自己，请选择另一个议题。", field="target")
    survivor = lock_topics(session, [*with_merged(session, [screening.topic_id]), target_topic_id]).get(target_topic_id)
    if survivor is None or survivor.district_id != screening.actor.district_id:
        raise NotFound("没有要并入的那个议题。")
    if not screening.actor.may(Permission.SCREEN_DECIDE, area_path=session.get_one(Area, survivor.area_id).path):
        raise Forbidden("要并入的议题不在您负责的范围。")
    if survivor.state not in JOINABLE:
        raise Conflict(f"“{survivor.title}”已经有了结论，不能再并入。")
    if survivor.kind is TopicKind.CLASS:
        raise InvalidInput("这是一类事，不能并入；请选一件具体的议题。", field="target")
    return survivor


def drop_suggestions(session: Session, topic: Topic, decision: Decision, *, at: datetime) -> None:
    """A topic that takes nobody in any more is suggested to nobody."""
    for contributor in session.scalars(
        select(Contributor).where(Contributor.topic_id == topic.id, Contributor.status == ContributorStatus.SUGGESTED)
    ):
        remove(contributor, by=decision.decided_by, at=at)
    recount(session, {topic.id}, at=at)
