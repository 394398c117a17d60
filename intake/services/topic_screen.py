"""Proposing a topic, and staff's screening decisions; each reaches everyone behind the topic."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.text import clean
from intake.domain.topic import JOINABLE, TopicAction, TopicState
from intake.models import Area, Contributor, Decision, Submission, Topic
from intake.services.audit import record
from intake.services.contribution import recount, remove
from intake.services.notify import announce
from intake.services.transition import move

WORDS_MAX = 500
SCREENING = (TopicAction.APPROVE, TopicAction.RETURN, TopicAction.MERGE, TopicAction.REFER, TopicAction.REJECT)
"""What staff decide; each needs words that every resident behind it reads."""


@dataclass(frozen=True, slots=True)
class Screening:
    """What every decision on a topic carries."""

    actor: Actor
    topic_id: int
    version: int
    at: datetime


def propose(session: Session, screening: Screening, *, words: str) -> None:
    """A member sends a candidate with at least one confirmed submission to screening."""
    topic, path = _lock(session, screening)
    if topic.state is TopicState.CANDIDATE and topic.confirmed_count == 0:
        raise InvalidInput("还没有一件来件经人确认，请先确认再提交。", field="words")
    decision = _decision(session, screening, topic, TopicAction.PROPOSE, words=words)
    move(session, topic, TopicAction.PROPOSE, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    topic.proposed_by = screening.actor.user_id
    _tell(session, decision, topic, at=screening.at)


def take_up(session: Session, screening: Screening) -> None:
    """Staff take a candidate up themselves."""
    topic, path = _lock(session, screening)
    decision = _decision(session, screening, topic, TopicAction.TAKE_UP, words="")
    move(session, topic, TopicAction.TAKE_UP, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    _tell(session, decision, topic, at=screening.at)


def screen(session: Session, screening: Screening, action: TopicAction, *, words: str, target_topic_id: int | None = None) -> None:
    """Approve, return, merge, refer or reject, with words; merging needs `target_topic_id`.

    Rejected: every confirmed contributor is reported back with the reason; mere suggestions fall away. Merged: contributors follow the
    survivor and remember where they came from. Raises Conflict when somebody was faster, InvalidInput when words or target are missing.
    """
    if action not in SCREENING:
        raise InvalidInput("没有这种处理方式。")
    if not clean(words).text:
        raise InvalidInput("请写明理由，每位反映过的居民都会看到。", field="words")
    survivor = None
    if action is TopicAction.MERGE:
        survivor = _survivor(session, screening, target_topic_id)
    topic, path = _lock(session, screening)
    decision = _decision(session, screening, topic, action, words=words, target=survivor)
    move(session, topic, action, actor=screening.actor, at=screening.at, area_path=path, decision=decision, topic=survivor)
    _tell(session, decision, topic, at=screening.at)
    if action is TopicAction.REJECT:
        _end_contributions(session, topic, decision, at=screening.at)
    if action in {TopicAction.REJECT, TopicAction.REFER}:
        _drop_suggestions(session, topic, decision, at=screening.at)
    if survivor is not None:
        topic.merged_into_id = survivor.id
        _follow(session, topic, survivor, at=screening.at)


def unmerge(session: Session, screening: Screening, *, words: str) -> None:
    """Take a merge back: the contributors that came from this topic return to it."""
    if not clean(words).text:
        raise InvalidInput("请写明理由，每位反映过的居民都会看到。", field="words")
    topic = session.get(Topic, screening.topic_id)
    if topic is None or topic.merged_into_id is None:
        raise NotFound("这个议题没有合并过。")
    session.execute(select(Topic.id).where(Topic.id.in_([topic.id, topic.merged_into_id])).order_by(Topic.id).with_for_update())
    topic, path = _lock(session, screening)
    assert topic.merged_into_id is not None
    decision = _decision(session, screening, topic, TopicAction.UNMERGE, words=words)
    move(session, topic, TopicAction.UNMERGE, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    survivor_id, topic.merged_into_id = topic.merged_into_id, None
    survivor = session.get_one(Topic, survivor_id, populate_existing=True)
    if survivor.state not in JOINABLE:
        raise Conflict(f"“{survivor.title}”已经有了结论，居民也已知道，不能再撤销合并。")
    for contributor in session.scalars(
        select(Contributor).where(
            Contributor.topic_id == survivor_id, Contributor.via_topic_id == topic.id, Contributor.status != ContributorStatus.REMOVED
        )
    ):
        contributor.topic_id, contributor.via_topic_id = topic.id, None
    recount(session, {topic.id, survivor_id}, at=screening.at)
    _tell(session, decision, topic, at=screening.at)


def _lock(session: Session, screening: Screening) -> tuple[Topic, str]:
    topic = session.scalars(
        select(Topic).where(Topic.id == screening.topic_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if topic is None or topic.district_id != screening.actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    if topic.version != screening.version:
        raise Conflict("这个议题刚刚有人处理过。您写的理由还在下面，请先看看现在的情况。")
    return topic, session.get_one(Area, topic.area_id).path


def _survivor(session: Session, screening: Screening, target_topic_id: int | None) -> Topic:
    """Lock both topics in id order, so that two merges in opposite directions can't wait for each other."""
    if target_topic_id is None:
        raise InvalidInput("请选择并入哪个议题。", field="target")
    if target_topic_id == screening.topic_id:
        raise InvalidInput("不能并入自己，请选择另一个议题。", field="target")
    locked = session.scalars(
        select(Topic)
        .where(Topic.id.in_([screening.topic_id, target_topic_id]))
        .order_by(Topic.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    survivor = next((topic for topic in locked if topic.id == target_topic_id), None)
    if survivor is None or survivor.district_id != screening.actor.district_id:
        raise NotFound("没有要并入的那个议题。")
    if not screening.actor.may(Permission.SCREEN_DECIDE, area_path=session.get_one(Area, survivor.area_id).path):
        raise Forbidden("要并入的议题不在您负责的范围。")
    if survivor.state not in JOINABLE:
        raise Conflict(f"“{survivor.title}”已经有了结论，不能再并入。")
    return survivor


def _decision(
    session: Session, screening: Screening, topic: Topic, action: TopicAction, *, words: str, target: Topic | None = None
) -> Decision:
    text = clean(words).text
    if len(text) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    assert screening.actor.user_id is not None
    decision = Decision(
        district_id=topic.district_id,
        topic_id=topic.id,
        action=action.value,
        words=text,
        target_topic_id=target.id if target else None,
        decided_by=screening.actor.user_id,
        decided_at=screening.at,
    )
    session.add(decision)
    record(
        session,
        actor=screening.actor,
        district_id=topic.district_id,
        action=f"topic.{action.value}",
        noun="topic",
        entity_id=topic.id,
        at=screening.at,
    )
    return decision


def _confirmed(session: Session, topic: Topic) -> list[int]:
    return list(
        session.scalars(
            select(Contributor.submission_id)
            .where(Contributor.topic_id == topic.id, Contributor.status == ContributorStatus.CONFIRMED)
            .order_by(Contributor.submission_id)
        )
    )


def _tell(session: Session, decision: Decision, topic: Topic, *, at: datetime) -> None:
    announce(session, decision=decision, submission_ids=_confirmed(session, topic), kind=NoticeKind.TOPIC_DECISION, due_at=at, at=at)


def _end_contributions(session: Session, topic: Topic, decision: Decision, *, at: datetime) -> None:
    submissions = session.scalars(
        select(Submission)
        .where(Submission.id.in_(_confirmed(session, topic)))
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for submission in submissions:
        if submission.state is SubmissionState.IN_TOPIC:
            move(session, submission, SubmissionAction.REPORT_BACK, actor=MACHINE, at=at, decision=decision, topic=topic)


def _drop_suggestions(session: Session, topic: Topic, decision: Decision, *, at: datetime) -> None:
    """A topic that takes nobody in any more is suggested to nobody."""
    for contributor in session.scalars(
        select(Contributor).where(Contributor.topic_id == topic.id, Contributor.status == ContributorStatus.SUGGESTED)
    ):
        remove(contributor, by=decision.decided_by, at=at)
    recount(session, {topic.id}, at=at)


def _follow(session: Session, topic: Topic, survivor: Topic, *, at: datetime) -> None:
    for contributor in session.scalars(
        select(Contributor).where(Contributor.topic_id == topic.id, Contributor.status != ContributorStatus.REMOVED)
    ):
        # Who came by an earlier merge stays known by the first topic, so that each link of a chain can be taken back.
        contributor.topic_id, contributor.via_topic_id = survivor.id, contributor.via_topic_id or topic.id
    # A topic merged earlier into this one is now behind the survivor.
    for earlier in session.scalars(select(Topic).where(Topic.merged_into_id == topic.id)):
        earlier.merged_into_id = survivor.id
    recount(session, {topic.id, survivor.id}, at=at)
