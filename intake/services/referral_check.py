"""核对答复: a member or staff see whether an answer answers, send it back once, or deliver it to everyone who raised the matter."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import EntryKind, ReferralAction, ReferralKind
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.models import Answer, Attachment, Decision, Referral, Submission, Topic
from intake.services.contribution import lock_topics_of
from intake.services.department_end import living_unit
from intake.services.outcome import tell_outcome
from intake.services.ownership import stop_clock
from intake.services.referral_clock import set_due, start_answer_clock
from intake.services.referral_department import finish_answer, write_answer
from intake.services.referral_lock import (
    Acting,
    lock_referral,
    lock_submission,
    note,
    report_needed,
    require_checker,
    require_follower,
    within_length,
    words_needed,
    write_entry,
)
from intake.services.referral_office import drop_help_of_lead
from intake.services.topic_decision import confirmed_in, tell
from intake.services.transition import move

SEND_BACK_MOST = 1
"""An answer is sent back once; after that it is delivered with what the checker adds, or taken up with the unit by word of mouth."""
PAPER_NUMBER_MAX = 60
REOPENED_TASK = "reopen_task"
"""The decision by which the office's task is open again; it isn't undone like a member's own step, since the unit has it at once."""


def send_back(session: Session, acting: Acting, *, words: str) -> Referral:
    """Back to the lead with what is missing, once; Conflict the second time, and when nobody waits for the answer any more."""
    referral, path = lock_referral(session, acting, with_subject=True)
    require_checker(session, acting, referral, path)
    if not _is_waited_for(session, referral):
        raise Conflict("反映的居民已经撤回，不用再请承办单位补充。请直接核过，这一件就办完了。")
    if referral.sent_back >= SEND_BACK_MOST:
        raise Conflict("已经退回补充过一次。可以附上您的说明送达，或当面和承办单位商量。")
    write_entry(session, acting, referral, EntryKind.SEND_BACK, report_needed(words))
    move(session, referral, ReferralAction.SEND_BACK, actor=acting.actor, at=acting.at, area_path=path, reason_code="incomplete")
    referral.sent_back += 1
    referral.replied_at = None
    # Its evidence goes with the words: it belongs to the answer that follows, unless the unit takes it out.
    session.execute(update(Attachment).where(Attachment.answer_id == newest_answer(session, referral).id).values(answer_id=None))
    # The days that the check took were not the unit's.
    days = acting.workflow.referral.check_working_days
    if referral.answer_due_at is None or referral.answer_due_at < acting.at + timedelta(days=days):
        start_answer_clock(referral, workflow=acting.workflow, at=acting.at, days=days)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    note(session, acting, referral, "send_back")
    return referral


def check_and_deliver(session: Session, acting: Acting, *, words: str = "") -> Referral:
    """The newest answer goes to everyone who raised it, with the checker's own words beside it; a day to look again is set.

    A measure of a responsibility list is only verified: those behind its topic are told when the whole topic is done. InvalidInput (field
    `words`) when they are too long.
    """
    referral, path = lock_referral(session, acting, with_subject=True)
    require_checker(session, acting, referral, path)
    answer = newest_answer(session, referral)
    text = within_length(clean(words).text)
    decision = None
    if referral.kind is ReferralKind.RELAY:
        decision = _decision(session, acting, referral, answer, text)
    move(session, referral, ReferralAction.CHECK, actor=acting.actor, at=acting.at, area_path=path)
    move(session, referral, ReferralAction.DELIVER, actor=MACHINE, at=acting.at, decision=decision)
    referral.due_at, referral.delivered_at = None, acting.at
    referral.revisit_on = revisit_day(acting)
    referral.revisited_at, referral.revisit_words = None, ""
    note(session, acting, referral, "deliver", answer=answer.id)
    if decision is not None:
        _deliver(session, acting, referral, decision, path)
    return referral


def paper_reply(
    session: Session,
    acting: Acting,
    *,
    outcome: str,
    words: str,
    reason: str,
    signed_name: str,
    paper_number: str,
    paper_date: date | None,
) -> Answer:
    """Staff enter a sealed paper answer of the lead (代录), with its scan among the attachments.

    Raises InvalidInput as `reply`, and for `paper_number` and `paper_date`, which say which paper it is.
    """
    referral, path = lock_referral(session, acting)
    require_follower(acting, path)
    number = clean_line(paper_number, limit=PAPER_NUMBER_MAX, field="paper_number")
    if not number:
        raise InvalidInput("请填写纸质答复的文号；没有文号的写“无文号”。", field="paper_number")
    if paper_date is None or paper_date > acting.at.astimezone(SHANGHAI).date():
        raise InvalidInput("请填写纸质答复上的日期，不能晚于今天。", field="paper_date")
    if referral.lead_id is None:
        raise Conflict("还没有交办给承办单位，请先代录交办。")
    answer = write_answer(session, acting, referral, outcome=outcome, words=words, reason=reason, signed_name=signed_name)
    answer.paper_number, answer.paper_date = number, paper_date
    move(session, referral, ReferralAction.PAPER_REPLY, actor=acting.actor, at=acting.at, area_path=path)
    finish_answer(session, acting, referral, answer)
    return answer


def reopen(session: Session, acting: Acting, *, submission_id: int, words: str) -> Referral:
    """A resident said "not solved" and a person agrees: the lead has it again, and the resident's submission follows it anew.

    Raises Conflict when the submission isn't waiting for that decision, InvalidInput (field `words`).
    """
    about = session.scalars(select(Referral.topic_id).where(Referral.id == acting.referral_id, Referral.topic_id.is_not(None))).all()
    lock_topics_of(session, submission_id, *(topic_id for topic_id in about if topic_id is not None))
    submission = lock_submission(session, submission_id)
    referral, path = lock_referral(session, acting)
    require_checker(session, acting, referral, path)
    text = words_needed(words)
    behind = (
        [referral.submission_id] if referral.submission_id is not None else confirmed_in(session, session.get_one(Topic, referral.topic_id))
    )
    if submission.id not in behind:
        raise InvalidInput("这件来件不是这件转报背后的，请刷新后再看。", field="submission")
    if submission.state is not SubmissionState.REOPENED:
        raise Conflict("这件来件刚刚有人处理过，请看看现在的情况。")
    assert acting.actor.user_id is not None
    action = SubmissionAction.REFER if referral.submission_id is not None else SubmissionAction.ATTACH
    decision = Decision(
        district_id=referral.district_id,
        submission_id=submission.id,
        action=REOPENED_TASK,
        words=text,
        target_topic_id=referral.topic_id,
        decided_by=acting.actor.user_id,
        decided_at=acting.at,
    )
    session.add(decision)
    topic = session.get_one(Topic, referral.topic_id) if referral.topic_id is not None else None
    move(session, submission, action, actor=acting.actor, at=acting.at, area_path=path, decision=decision, topic=topic)
    stop_clock(submission)
    if topic is not None and topic.state is TopicState.DELIVERED:
        move(session, topic, TopicAction.REOPEN, actor=acting.actor, at=acting.at, area_path=path, reason_code="not_solved")
    write_entry(session, acting, referral, EntryKind.REOPENING, text)
    move(session, referral, ReferralAction.REOPEN, actor=acting.actor, at=acting.at, area_path=path, reason_code="not_solved")
    referral.reopened += 1
    referral.sent_back, referral.delivered_at, referral.replied_at, referral.revisit_on = 0, None, None, None
    _to_who_is_there(session, referral)
    referral.assigned_at = acting.at
    start_answer_clock(referral, workflow=acting.workflow, at=acting.at)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    note(session, acting, referral, "reopen", submission=submission.id)
    return referral


def revisit(session: Session, acting: Acting, *, words: str) -> Referral:
    """Somebody looked again whether it held, and writes what they saw (回头看)."""
    referral, path = lock_referral(session, acting)
    require_checker(session, acting, referral, path)
    if referral.revisit_on is None or referral.revisited_at is not None:
        raise Conflict("这一件没有等着回头看。")
    referral.revisit_words, referral.revisited_at = report_needed(words), acting.at
    referral.version += 1
    note(session, acting, referral, "revisit")
    return referral


def newest_answer(session: Session, referral: Referral) -> Answer:
    """The answer that is to be checked; Conflict when there is none."""
    answer = session.scalars(select(Answer).where(Answer.referral_id == referral.id).order_by(Answer.id.desc()).limit(1)).one_or_none()
    if answer is None:
        raise Conflict("承办单位还没有答复。")
    return answer


def revisit_day(acting: Acting) -> date:
    """When somebody looks again whether the result held."""
    return acting.at.astimezone(SHANGHAI).date() + timedelta(days=acting.workflow.referral.revisit_days)


def _is_waited_for(session: Session, referral: Referral) -> bool:
    """Whether somebody who raised it is still there."""
    if referral.submission_id is not None:
        return session.get_one(Submission, referral.submission_id).state is not SubmissionState.WITHDRAWN
    return bool(confirmed_in(session, session.get_one(Topic, referral.topic_id)))


def _to_who_is_there(session: Session, referral: Referral) -> None:
    """The office that assigned and the unit that answered may have been closed since."""
    referral.office_id = living_unit(session, referral.office_id)
    if referral.lead_id is None:
        return
    lead_id = living_unit(session, referral.lead_id)
    if lead_id != referral.lead_id:
        referral.lead_id, referral.officer_id = lead_id, None
        drop_help_of_lead(session, referral)


def _decision(session: Session, acting: Acting, referral: Referral, answer: Answer, words: str) -> Decision:
    assert acting.actor.user_id is not None
    decision = Decision(
        district_id=referral.district_id,
        submission_id=referral.submission_id,
        topic_id=referral.topic_id,
        action="deliver_answer",
        words=words,
        answer_id=answer.id,
        decided_by=acting.actor.user_id,
        decided_at=acting.at,
    )
    session.add(decision)
    session.flush()
    return decision


def _deliver(session: Session, acting: Acting, referral: Referral, decision: Decision, path: str) -> None:
    """Every submission behind it that still waits gets the result, and is asked for a verdict.

    Those behind the matters of a class are told of the class's answer alone: their own matters go on, and are judged when they end.
    """
    topic = session.get_one(Topic, referral.topic_id) if referral.topic_id is not None else None
    if topic is not None and topic.kind is TopicKind.CLASS:
        tell(session, decision, topic, at=acting.at)
        return
    behind: Sequence[int] = confirmed_in(session, topic) if topic is not None else [referral.submission_id or 0]
    waiting = SubmissionState.IN_TOPIC if topic is not None else SubmissionState.REFERRED
    action = SubmissionAction.REPORT_BACK if topic is not None else SubmissionAction.REFERRAL_ANSWERED
    told: list[int] = []
    for submission in session.scalars(
        select(Submission)
        .where(Submission.id.in_(behind), Submission.state == waiting)
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        move(session, submission, action, actor=acting.actor, at=acting.at, area_path=path, decision=decision, topic=topic)
        told.append(submission.id)
    tell_outcome(
        session, decision=decision, submission_ids=told, referral_id=referral.id, topic_id=referral.topic_id, at=acting.at, undo_seconds=0
    )
