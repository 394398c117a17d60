"""Proposing a topic, and staff's screening decisions; each reaches everyone behind the topic."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.workflow import Workflow, default_workflow
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE, TopicAction, TopicKind, TopicState
from intake.domain.triage_model import ExampleKind
from intake.models import Area, Contributor, Decision, Topic
from intake.services.contribution import recount, remove
from intake.services.outcome import report_back
from intake.services.referral import Sending, refer_topic
from intake.services.topic_decision import Screening, lock_topic, lock_topics, tell, with_merged, words_of, written
from intake.services.topic_proposal import outdate_for
from intake.services.training_example import forget, learn_pair, standing_in
from intake.services.transition import move

__all__ = ["SCREENING", "Screening", "propose", "screen", "take_up", "unmerge"]

SCREENING = (TopicAction.APPROVE, TopicAction.RETURN, TopicAction.MERGE, TopicAction.REFER, TopicAction.REJECT)
"""What staff decide; each needs words that every resident behind it reads."""


def propose(session: Session, screening: Screening, *, words: str) -> None:
    """A member sends a candidate with at least one confirmed submission to screening."""
    topic, path = lock_topic(session, screening)
    if topic.state is TopicState.CANDIDATE and topic.confirmed_count == 0:
        raise InvalidInput("还没有一件来件经人确认，请先确认再提交。", field="words")
    _decide(session, screening, topic, path, TopicAction.PROPOSE, words=words)
    topic.proposed_by = screening.actor.user_id


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
) -> None:
    """Approve, return, merge, refer or reject, with words; merging needs `target_topic_id`, referring `workflow` and takes `office_id`.

    Rejected: every confirmed contributor is reported back with the reason; mere suggestions fall away. Merged: contributors follow the
    survivor and remember where they came from. Of a class, everyone behind its matters is told, and their own matters go on. Raises
    Conflict when somebody was faster, InvalidInput when words or target are missing.
    """
    if action not in SCREENING:
        raise InvalidInput("没有这种处理方式。")
    words = words_of(words)
    survivor = _survivor(session, screening, target_topic_id) if action is TopicAction.MERGE else None
    topic, path = lock_topic(session, screening)
    if survivor is not None and topic.kind is TopicKind.CLASS:
        raise InvalidInput("一类事不能并入别的议题；可以先拆开它。", field="target")
    decision = _decide(session, screening, topic, path, action, words=words, survivor=survivor)
    if action is TopicAction.REFER:
        sending = Sending(actor=screening.actor, office_id=office_id, at=screening.at, workflow=workflow or default_workflow())
        refer_topic(session, sending, topic, basis=decision.words)
    if topic.kind is TopicKind.CLASS:
        return
    if action in {TopicAction.REJECT, TopicAction.REFER}:
        _drop_suggestions(session, topic, decision, at=screening.at)
    if survivor is not None:
        _learn_merge(session, topic, survivor, decision)
        _follow(session, topic, survivor, at=screening.at)
    outdate_for(session, {topic.id, survivor.id if survivor is not None else topic.id}, at=screening.at)


def unmerge(session: Session, screening: Screening, *, words: str) -> None:
    """Take a merge back: the contributors that came from this topic return to it."""
    words = words_of(words)
    topic = session.get(Topic, screening.topic_id)
    if topic is None or topic.merged_into_id is None:
        raise NotFound("这个议题没有合并过。")
    lock_topics(session, [topic.id, topic.merged_into_id])
    topic, path = lock_topic(session, screening)
    if topic.merged_into_id is None:
        raise Conflict("这次合并刚刚撤销过。")
    survivor = session.get_one(Topic, topic.merged_into_id, populate_existing=True)
    if survivor.state not in JOINABLE:
        raise Conflict(f"“{survivor.title}”已经有了结论，居民也已知道，不能再撤销合并。")
    decision = written(session, screening, topic, TopicAction.UNMERGE, words=words)
    move(session, topic, TopicAction.UNMERGE, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    topic.merged_into_id = None
    for contributor in session.scalars(
        select(Contributor).where(
            Contributor.topic_id == survivor.id, Contributor.via_topic_id == topic.id, Contributor.status != ContributorStatus.REMOVED
        )
    ):
        contributor.topic_id, contributor.via_topic_id = topic.id, None
    recount(session, {topic.id, survivor.id}, at=screening.at)
    tell(session, decision, topic, at=screening.at)
    _forget_merge(session, topic, at=screening.at)
    outdate_for(session, {topic.id, survivor.id}, at=screening.at)


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


def _drop_suggestions(session: Session, topic: Topic, decision: Decision, *, at: datetime) -> None:
    """A topic that takes nobody in any more is suggested to nobody."""
    for contributor in session.scalars(
        select(Contributor).where(Contributor.topic_id == topic.id, Contributor.status == ContributorStatus.SUGGESTED)
    ):
        remove(contributor, by=decision.decided_by, at=at)
    recount(session, {topic.id}, at=at)


def _follow(session: Session, topic: Topic, survivor: Topic, *, at: datetime) -> None:
    """The contributors go over to the survivor, and so does the place in a class where the survivor has none."""
    topic.merged_into_id = survivor.id
    # Topics merged earlier into this one are now behind the survivor; who came by them stays known by the first topic, so that each link
    # of a chain can be taken back.
    behind = session.scalars(select(Topic).where(Topic.merged_into_id == topic.id)).all()
    for earlier in behind:
        earlier.merged_into_id = survivor.id
    links = {earlier.id for earlier in behind}
    # Who was split off from this topic into the survivor is at home there, and doesn't come along when the merge is taken back.
    session.execute(
        update(Contributor).where(Contributor.topic_id == survivor.id, Contributor.via_topic_id == topic.id).values(via_topic_id=None)
    )
    for contributor in session.scalars(
        select(Contributor).where(Contributor.topic_id == topic.id, Contributor.status != ContributorStatus.REMOVED)
    ):
        via = contributor.via_topic_id
        contributor.topic_id, contributor.via_topic_id = survivor.id, via if via in links else topic.id
    if survivor.class_topic_id is None:
        survivor.class_topic_id = topic.class_topic_id
    recount(session, {topic.id, survivor.id}, at=at)


def _learn_merge(session: Session, topic: Topic, survivor: Topic, decision: Decision) -> None:
    one, other = standing_in(session, topic.id), standing_in(session, survivor.id)
    if one is not None and other is not None:
        learn_pair(session, ExampleKind.SAME, one=one, other=other, topic_id=topic.id, by=decision.decided_by, at=decision.decided_at)


def _forget_merge(session: Session, topic: Topic, *, at: datetime) -> None:
    merged = select(Decision.decided_at).where(Decision.topic_id == topic.id, Decision.action == TopicAction.MERGE.value)
    decided_at = session.scalar(merged.order_by(Decision.id.desc()).limit(1))
    if decided_at is not None:
        forget(session, decided_at=decided_at, at=at, topic_id=topic.id)
