"""复核: a resident says that it isn't solved; a person looks again, and has it worked on once more or explains why it stays."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.outcome import ReviewDecision, Verdict
from intake.domain.permission import Permission
from intake.domain.referral import ReferralState
from intake.domain.submission import OPEN_FOR_DECISION, SubmissionAction
from intake.domain.topic import TopicAction, TopicState
from intake.models import Area, Decision, Outcome, Referral, Submission, Topic
from intake.services.audit import record
from intake.services.contribution import lock_topics_of
from intake.services.lease import refuse_if_held
from intake.services.member_report import refuse_own_report
from intake.services.notify import announce
from intake.services.outcome import tell_outcome
from intake.services.ownership import stop_clock
from intake.services.recusal import refuse_recused
from intake.services.referral_check import REOPENED_TASK
from intake.services.referral_check import reopen as reopen_referral
from intake.services.referral_lock import Acting, words_needed
from intake.services.transition import move


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What every decision on a "not solved" carries."""

    actor: Actor
    outcome_id: int
    version: int
    """The version of the result that was on the screen; an older one is a conflict."""
    at: datetime
    workflow: Workflow


def explain(session: Session, reviewing: Reviewing, *, words: str) -> None:
    """It stays as it is: `words` are a new answer, to which the resident may say something again.

    Raises InvalidInput (field `words`) when there are none, NotFound or Forbidden outside the actor's district or areas, Conflict when
    somebody was faster.
    """
    text = words_needed(words)
    outcome, submission, path = _lock(session, reviewing)
    decision = _decision(session, reviewing, submission, ReviewDecision.EXPLAIN.value, text)
    move(session, submission, SubmissionAction.ANSWER, actor=reviewing.actor, at=reviewing.at, area_path=path, decision=decision)
    stop_clock(submission)
    tell_outcome(
        session,
        decision=decision,
        submission_ids=[submission.id],
        referral_id=outcome.referral_id,
        topic_id=outcome.topic_id,
        at=reviewing.at,
    )
    _note(session, reviewing, outcome, ReviewDecision.EXPLAIN)


def reopen(session: Session, reviewing: Reviewing, *, words: str) -> None:
    """It is worked on again: the unit gets the referral back, or the topic is opened again, and the submission follows it.

    Raises what `explain` raises, and InvalidInput when no unit and no topic stands behind the result.
    """
    text = words_needed(words)
    outcome, submission, path = _lock(session, reviewing)
    referral = session.get(Referral, outcome.referral_id) if outcome.referral_id is not None else None
    if referral is not None and referral.state is ReferralState.DELIVERED:
        acting = Acting(
            actor=reviewing.actor, referral_id=referral.id, version=referral.version, at=reviewing.at, workflow=reviewing.workflow
        )
        reopen_referral(session, acting, submission_id=submission.id, words=text)
    elif outcome.topic_id is not None:
        _follow_topic(session, reviewing, submission, session.get_one(Topic, outcome.topic_id), path=path, words=text)
    else:
        raise InvalidInput("这是委员自己的答复，后面没有承办单位。请在来件里转报、并入议题，或者说明情况。")
    outcome.review, outcome.reviewed_by, outcome.reviewed_at = ReviewDecision.REOPEN, reviewing.actor.user_id, reviewing.at
    outcome.version += 1
    _note(session, reviewing, outcome, ReviewDecision.REOPEN)


def _follow_topic(session: Session, reviewing: Reviewing, submission: Submission, topic: Topic, *, path: str, words: str) -> None:
    """The topic is open again, by this or by another resident's word; the submission follows it."""
    if topic.state is TopicState.DELIVERED:
        move(session, topic, TopicAction.REOPEN, actor=reviewing.actor, at=reviewing.at, area_path=path, reason_code="not_solved")
    elif topic.state not in {TopicState.DELIVERING, TopicState.REFERRED}:
        raise InvalidInput("这个议题没有在办，不能重新办理。请在来件里另作处理，或者说明情况。")
    decision = _decision(session, reviewing, submission, REOPENED_TASK, words, topic=topic)
    move(
        session, submission, SubmissionAction.ATTACH, actor=reviewing.actor, at=reviewing.at, area_path=path, decision=decision, topic=topic
    )
    stop_clock(submission)
    announce(session, decision=decision, submission_ids=[submission.id], kind=NoticeKind.DECISION, due_at=reviewing.at, at=reviewing.at)


def _lock(session: Session, reviewing: Reviewing) -> tuple[Outcome, Submission, str]:
    """Result and submission, locked and fresh, in the order of every service: topics, submissions, what hangs on them."""
    outcome = session.get(Outcome, reviewing.outcome_id)
    if outcome is None or outcome.district_id != reviewing.actor.district_id:
        raise NotFound("没有这个结果，或者不在您的区。")
    lock_topics_of(session, outcome.submission_id)
    submission = session.scalars(
        select(Submission).where(Submission.id == outcome.submission_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    session.refresh(outcome, with_for_update=True)
    path = session.get_one(Area, submission.area_id).path
    if not reviewing.actor.may(Permission.TRIAGE_DECIDE, area_path=path):
        raise Forbidden("这件来件不在您联系的社区。")
    refuse_recused(session, actor=reviewing.actor, submission_id=submission.id)
    refuse_if_held(session, actor=reviewing.actor, submission_id=submission.id, at=reviewing.at)
    refuse_own_report(session, submission, reviewing.actor)
    waits = outcome.verdict is Verdict.NOT_SOLVED and outcome.reviewed_at is None and submission.state in OPEN_FOR_DECISION
    if outcome.version != reviewing.version or outcome.superseded_at is not None or not waits:
        raise Conflict("这一件刚刚有变化：可能有人处理过，或者居民改了评价。您写的还在下面，请先看看现在的情况。")
    return outcome, submission, path


def _decision(
    session: Session, reviewing: Reviewing, submission: Submission, action: str, words: str, *, topic: Topic | None = None
) -> Decision:
    assert reviewing.actor.user_id is not None, "a person reviews"
    decision = Decision(
        district_id=submission.district_id,
        submission_id=submission.id,
        action=action,
        words=words,
        target_topic_id=topic.id if topic is not None else None,
        decided_by=reviewing.actor.user_id,
        decided_at=reviewing.at,
    )
    session.add(decision)
    return decision


def _note(session: Session, reviewing: Reviewing, outcome: Outcome, what: ReviewDecision) -> None:
    record(
        session,
        actor=reviewing.actor,
        district_id=outcome.district_id,
        action=f"outcome.{what.value}",
        noun="submission",
        entity_id=outcome.submission_id,
        at=reviewing.at,
        outcome=outcome.id,
    )
