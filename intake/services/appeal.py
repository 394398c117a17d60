"""申请复核: a resident asks once for another look at a decline, or at a topic that wasn't taken up; somebody else decides."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, RESIDENT, Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, NotFound
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.models import Contributor, Submission, Topic
from intake.queries.appeal import (
    END_TOLD,
    barred_from,
    declined_by,
    rejected_topic_of,
    topic_was_appealed,
    turned_down_before,
    was_appealed,
)
from intake.services.ownership import give_to_staff
from intake.services.resident_words import is_kept, keep_words, key_of_step, needed_words
from intake.services.topic_decision import lock_topics
from intake.services.transition import move

WHY = "请写一句为什么要再看一次。"


def appeal_submission(session: Session, *, submission_id: int, words: str, at: datetime) -> None:
    """Take a declined submission up again; it goes to staff, and never to whoever declined it.

    Sending the same twice changes nothing. Raises InvalidInput (field `words`), Conflict for a second appeal and where nothing was declined.
    """
    text = needed_words(words, WHY)
    submission = _lock(session, submission_id)
    key = key_of_step("appeal", submission_id, 0, text)
    if is_kept(session, key):
        return
    if was_appealed(session, submission_id):
        raise Conflict("这件事已经申请过一次复核，结果写在上面。有新的情况，可以再说一件事。")
    if submission.state is not SubmissionState.DECLINED:
        raise Conflict("这件事现在不用申请复核，请看上面办到哪一步。")
    move(session, submission, SubmissionAction.APPEAL, actor=RESIDENT, at=at)
    keep_words(session, submission, text, key=key, at=at)
    decliner = declined_by(session, submission_id)
    give_to_staff(session, submission, besides=() if decliner is None else (decliner,), at=at)


def appeal_topic(session: Session, *, submission_id: int, words: str, at: datetime) -> None:
    """Put the rejected topic behind the submission up for screening once more; everyone behind it follows it again.

    Sending the same twice changes nothing. Raises InvalidInput (field `words`), Conflict for a second appeal and where nothing was rejected.
    """
    text = needed_words(words, WHY)
    key = key_of_step("topic-appeal", submission_id, 0, text)
    topic_id = rejected_topic_of(session, submission_id)
    topic = lock_topics(session, [topic_id]).get(topic_id) if topic_id is not None else None
    submission = _lock(session, submission_id)
    if is_kept(session, key):
        return
    if topic is not None and topic_was_appealed(session, topic.id):
        raise Conflict("这个议题已经有人申请过一次复核，结果写在上面。有新的情况，可以再说一件事。")
    if topic is None or topic.state is not TopicState.REJECTED or submission.state not in END_TOLD:
        raise Conflict("这件事现在不用申请复核，请看上面办到哪一步。")
    move(session, topic, TopicAction.APPEAL, actor=RESIDENT, at=at)
    keep_words(session, submission, text, key=key, at=at)
    _follow_again(session, topic, at=at)


def refuse_own_decline(session: Session, submission: Submission, actor: Actor) -> None:
    """Forbidden when the actor declined what has come back for somebody else to look at."""
    if actor.user_id is not None and barred_from(session, submission.id) == actor.user_id:
        raise Forbidden("这件来件您处理过，居民申请了复核（或抽查后重新受理），要换一位同志来看。")


def refuse_own_rejection(session: Session, topic: Topic, actor: Actor) -> None:
    """Forbidden when the actor turned the topic down and a resident asked for another look: somebody else says no a second time."""
    if actor.user_id is not None and turned_down_before(session, topic.id) == actor.user_id:
        raise Forbidden("这个议题上次是您定的不立项，居民申请了复核。要再次不立项，请换一位同志来定；入库、退回、合并、转办您可以定。")


def _follow_again(session: Session, topic: Topic, *, at: datetime) -> None:
    behind = select(Contributor.submission_id).where(Contributor.topic_id == topic.id, Contributor.status == ContributorStatus.CONFIRMED)
    told = session.scalars(
        select(Submission)
        .where(Submission.id.in_(behind), Submission.state.in_(END_TOLD))
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for submission in told:
        move(session, submission, SubmissionAction.FOLLOW_AGAIN, actor=MACHINE, at=at, topic=topic)


def _lock(session: Session, submission_id: int) -> Submission:
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None:
        raise NotFound("没有这张回执。请核对回执号。")
    return submission
