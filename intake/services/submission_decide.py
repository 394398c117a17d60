"""A member's decisions on a submission: attach, open a topic, refer, answer, decline; and taking the last one back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.answer_template import refuse_gaps
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.permission import Permission
from intake.domain.submission import OPEN_FOR_DECISION, UNDOABLE_ACTIONS, DeclineReason, SubmissionAction, SubmissionState
from intake.domain.text import clean
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Decision, Submission, Topic
from intake.queries.imported import is_imported
from intake.services.appeal import refuse_own_decline
from intake.services.audit import record
from intake.services.contribution import confirm, live_contributor, lock_topics_of, recount, restore_suggestion
from intake.services.imported_row import refuse_imported
from intake.services.lease import refuse_if_held, release
from intake.services.member_report import refuse_own_report
from intake.services.notify import announce, cancel_notices
from intake.services.outcome import take_outcome_back, tell_outcome
from intake.services.ownership import give_to, start_clock, stop_clock
from intake.services.recusal import refuse_recused
from intake.services.referral import Sending, cancel_for_submission, refer_submission
from intake.services.topic_open import open_candidate
from intake.services.training_example import forget, learn_leaving, learn_placing
from intake.services.transition import move

WORDS_MAX = 500
REFERENCE_ONLY = "reference_only"
"""Why an imported row ends."""
_NOTICES = {
    SubmissionAction.ATTACH.value: NoticeKind.JOINED,
    SubmissionAction.OPEN_TOPIC.value: NoticeKind.JOINED,
    SubmissionAction.ASK.value: NoticeKind.MESSAGE,
}
"""What a decision is told as, where not simply as one."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What every decision carries."""

    actor: Actor
    submission_id: int
    version: int
    """The version of the card that was on the screen; an older one is a conflict."""
    at: datetime
    undo_seconds: int
    nonce: bytes | None = None
    """What a phone marks one press with, so that sending it again makes nothing twice; None for what is sent only once."""


def decide_once(session: Session, deciding: Deciding, act: Callable[[Session, Deciding], Decision]) -> tuple[Decision, bool]:
    """Do `act`, or find the decision that this very press has made already: the decision, and whether it was there before.

    Raises Conflict when the nonce stands for something else: another person's decision, or one on another submission.
    """
    if deciding.nonce is None:
        return act(session, deciding), False
    found = _made_before(session, deciding)
    if found is not None:
        return found, True
    try:
        with session.begin_nested():
            made = act(session, deciding)
            session.flush()
    except (Conflict, IntegrityError):
        # The same press may have come twice at once: then the other one has just made it.
        found = _made_before(session, deciding)
        if found is None:
            raise
        return found, True
    return made, False


def _made_before(session: Session, deciding: Deciding) -> Decision | None:
    found = session.scalars(select(Decision).where(Decision.nonce == deciding.nonce)).one_or_none()
    if found is not None and (found.decided_by != deciding.actor.user_id or found.submission_id != deciding.submission_id):
        raise Conflict("这一步的编号已经用在别处，没有记下。请重新打开这件来件再处理。")
    return found


def attach(session: Session, deciding: Deciding, *, topic_id: int) -> Decision:
    """Confirm the submission in `topic_id`."""
    decision, changed = put_into(session, deciding, topic_id=topic_id)
    recount(session, changed, at=deciding.at)
    return decision


def put_into(session: Session, deciding: Deciding, *, topic_id: int) -> tuple[Decision, set[int]]:
    """`attach` without counting: the decision, and the topics that whoever puts several there counts once, afterwards."""
    lock_topics_of(session, deciding.submission_id, topic_id)
    topic = _lock_topic(session, topic_id, deciding.actor)
    submission, area_path = _lock(session, deciding)
    decision = _decide(session, deciding, submission, area_path, SubmissionAction.ATTACH, words="", topic=topic)
    learn_placing(session, submission, SubmissionAction.ATTACH, topic_id=topic.id, by=_user(deciding), at=deciding.at)
    return decision, confirm(session, submission=submission, topic=topic, by=_user(deciding), at=deciding.at)


def open_topic(session: Session, deciding: Deciding, *, title: str) -> Decision:
    """Make it the first confirmed word of a topic: the machine's candidate if that holds nothing else, else a new one."""
    lock_topics_of(session, deciding.submission_id)
    submission, area_path = _lock(session, deciding)
    live = live_contributor(session, deciding.submission_id)
    suggested = session.get_one(Topic, live.topic_id, populate_existing=True) if live is not None else None
    own = (
        suggested is not None
        and live is not None
        and live.topic_id == suggested.id
        and suggested.state is TopicState.CANDIDATE
        and suggested.opened_by is None
        and suggested.confirmed_count + suggested.suggested_count == 1
    )
    if own and suggested is not None:
        topic = suggested
        topic.title = clean(title).text[:40] or topic.title
    else:
        topic = open_candidate(session, submission=submission, title=title, actor=deciding.actor, at=deciding.at)
    decision = _decide(session, deciding, submission, area_path, SubmissionAction.OPEN_TOPIC, words="", topic=topic)
    learn_placing(session, submission, SubmissionAction.OPEN_TOPIC, topic_id=topic.id, by=_user(deciding), at=deciding.at)
    recount(session, confirm(session, submission=submission, topic=topic, by=_user(deciding), at=deciding.at), at=deciding.at)
    return decision


def refer(session: Session, deciding: Deciding, *, words: str, workflow: Workflow, office_id: int | None = None) -> Decision:
    """Send it to a coordinating office (the district's first where none is chosen), with the reason that resident and office read.

    Raises InvalidInput (field `office`) when there is no office to send it to.
    """
    decision = _leave(session, deciding, SubmissionAction.REFER, words=words, reason_code=None)
    submission = session.get_one(Submission, deciding.submission_id)
    sending = Sending(actor=deciding.actor, office_id=office_id, at=deciding.at, workflow=workflow)
    refer_submission(session, sending, submission, basis=decision.words)
    return decision


def answer(session: Session, deciding: Deciding, *, words: str) -> Decision:
    """Answer in the member's own words."""
    return _leave(session, deciding, SubmissionAction.ANSWER, words=words, reason_code=None)


def decline(session: Session, deciding: Deciding, *, reason: str, words: str) -> Decision:
    """Not taken up; `reason` is a DeclineReason, and `other` needs words."""
    try:
        code = DeclineReason(reason)
    except ValueError:
        raise InvalidInput("请选一个不采用的理由。", field="reason") from None
    if code is DeclineReason.OTHER and not clean(words).text:
        raise InvalidInput("选“其他原因”时请写一句说明，居民会看到。", field="words")
    return _leave(session, deciding, SubmissionAction.DECLINE, words=words, reason_code=code.value)


def set_aside(session: Session, deciding: Deciding) -> Decision:
    """Keep an imported row for reference, outside any topic; Conflict for what somebody said here, who waits for an answer."""
    if not is_imported(session, deciding.submission_id):
        raise Conflict("这是居民直接说的，有人等着答复，不能只作参考。请办理或答复。")
    return _leave(session, deciding, SubmissionAction.SET_ASIDE, words="", reason_code=REFERENCE_ONLY)


def hold(session: Session, deciding: Deciding, action: SubmissionAction, *, words: str) -> Decision:
    """A decision after which the submission keeps the place that was suggested for it."""
    lock_topics_of(session, deciding.submission_id)
    submission, area_path = _lock(session, deciding)
    return _decide(session, deciding, submission, area_path, action, words=words)


def detach(session: Session, deciding: Deciding, *, words: str, workflow: Workflow) -> Decision:
    """Take a confirmed submission out of its topic again, with the reason the resident reads; it waits for a member anew."""
    decision = _leave(session, deciding, SubmissionAction.DETACH, words=words, reason_code=None)
    submission = session.get_one(Submission, deciding.submission_id)
    start_clock(session, submission, workflow=workflow, at=deciding.at)
    return decision


def undo(session: Session, *, actor: Actor, submission_id: int, workflow: Workflow, undo_seconds: int, at: datetime) -> None:
    """Take back the actor's own last decision, if it was within the window and nothing has followed it.

    Raises NotFound outside the actor's areas, Forbidden for whoever stepped back since, and Conflict when it is too late, which says what to do
    instead.
    """
    changed = take_back(session, actor=actor, submission_id=submission_id, workflow=workflow, undo_seconds=undo_seconds, at=at)
    recount(session, changed, at=at)


def take_back(session: Session, *, actor: Actor, submission_id: int, workflow: Workflow, undo_seconds: int, at: datetime) -> set[int]:
    """`undo` without counting: the topics that whoever takes several back counts once, afterwards."""
    lock_topics_of(session, submission_id)
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    area = session.get_one(Area, submission.area_id) if submission is not None else None
    theirs = area is not None and actor.may(Permission.TRIAGE_DECIDE, area_path=area.path)
    if submission is None or area is None or submission.district_id != actor.district_id or not theirs:
        raise NotFound("没有这件来件，或者不归您处理。")
    refuse_recused(session, actor=actor, submission_id=submission.id)
    decision = session.scalars(
        select(Decision).where(Decision.submission_id == submission_id, Decision.undone_at.is_(None)).order_by(Decision.id.desc()).limit(1)
    ).one_or_none()
    if decision is None or decision.decided_by != actor.user_id:
        raise Conflict("这件事已由别人接着处理，不能撤销。")
    refuse_own_decline(session, submission, actor)
    if decision.action not in UNDOABLE_ACTIONS:
        raise Conflict("这一步不能撤销。需要的话请联系区政协工作人员。")
    if at > decision.decided_at + timedelta(seconds=undo_seconds):
        raise Conflict("超过撤销时间，居民可能已经看到。请在议题里移出，或联系区政协工作人员。")
    if decision.target_topic_id is not None and session.scalar(
        select(Decision.id).where(Decision.topic_id == decision.target_topic_id, Decision.decided_at >= decision.decided_at).limit(1)
    ):
        raise Conflict("议题已经提交或处理，不能撤销。可以把这件来件移出议题。")
    if decision.action == SubmissionAction.REFER.value:
        cancel_for_submission(session, submission.id, at=at, actor=actor, only_unread=True)
    decision.undone_at = at
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action="submission.undo",
        noun="submission",
        entity_id=submission.id,
        at=at,
    )
    move(session, submission, SubmissionAction.UNDO, actor=actor, at=at, area_path=area.path, decision=decision)
    cancel_notices(session, decision_id=decision.id, at=at)
    take_outcome_back(session, decision_id=decision.id)
    forget(session, submission_id=submission.id, decided_at=decision.decided_at, at=at)
    give_to(submission, actor=actor, area_path=area.path, workflow=workflow, at=at)
    return restore_suggestion(session, submission=submission, at=at)


def _leave(session: Session, deciding: Deciding, action: SubmissionAction, *, words: str, reason_code: str | None) -> Decision:
    """A decision after which the submission stands outside any topic."""
    lock_topics_of(session, deciding.submission_id)
    submission, area_path = _lock(session, deciding)
    decision = _decide(session, deciding, submission, area_path, action, words=words, reason_code=reason_code)
    live = live_contributor(session, deciding.submission_id)
    if action is SubmissionAction.DECLINE:
        learn_placing(session, submission, action, topic_id=None, by=_user(deciding), at=deciding.at)
    elif action is SubmissionAction.DETACH and live is not None:
        learn_leaving(session, submission, topic_id=live.topic_id, by=_user(deciding), at=deciding.at)
    if live is not None:
        live.status = ContributorStatus.REMOVED
        live.decided_by, live.decided_at = deciding.actor.user_id, deciding.at
        recount(session, {live.topic_id}, at=deciding.at)
    return decision


def _decide(
    session: Session,
    deciding: Deciding,
    submission: Submission,
    area_path: str,
    action: SubmissionAction,
    *,
    words: str,
    reason_code: str | None = None,
    topic: Topic | None = None,
) -> Decision:
    text = clean(words).text
    refuse_gaps(text)
    if len(text) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    decision = Decision(
        district_id=submission.district_id,
        submission_id=submission.id,
        action=action.value,
        reason_code=reason_code,
        words=text,
        target_topic_id=topic.id if topic else None,
        decided_by=_user(deciding),
        decided_at=deciding.at,
        nonce=deciding.nonce,
    )
    # The move checks before the decision is stored, so that a refusal leaves nothing behind.
    session.add(decision)
    move(session, submission, action, actor=deciding.actor, at=deciding.at, area_path=area_path, decision=decision, topic=topic)
    record(
        session,
        actor=deciding.actor,
        district_id=submission.district_id,
        action=f"submission.{action.value}",
        noun="submission",
        entity_id=submission.id,
        at=deciding.at,
    )
    if submission.state not in OPEN_FOR_DECISION:  # what a split leaves still waits
        stop_clock(submission)
    _tell(session, deciding, decision, submission)
    return decision


def _tell(session: Session, deciding: Deciding, decision: Decision, submission: Submission) -> None:
    """The notice of a decision; of an answer the resident is also asked whether it solved the matter."""
    if decision.action == SubmissionAction.ANSWER.value:
        tell_outcome(
            session,
            decision=decision,
            submission_ids=[submission.id],
            referral_id=None,
            topic_id=None,
            at=deciding.at,
            undo_seconds=deciding.undo_seconds,
        )
        return
    announce(
        session,
        decision=decision,
        submission_ids=[submission.id],
        kind=_NOTICES.get(decision.action, NoticeKind.DECISION),
        due_at=deciding.at + timedelta(seconds=deciding.undo_seconds),
        at=deciding.at,
    )


def _lock(session: Session, deciding: Deciding) -> tuple[Submission, str]:
    """The submission, locked and fresh; topics are always locked before submissions, so that no two acts wait for each other."""
    submission = session.scalars(
        select(Submission).where(Submission.id == deciding.submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None or submission.district_id != deciding.actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    area = session.get_one(Area, submission.area_id)
    if not deciding.actor.may(Permission.TRIAGE_DECIDE, area_path=area.path):
        raise Forbidden("这件来件不在您联系的社区。")
    refuse_imported(submission, deciding.actor, area_path=area.path)
    refuse_recused(session, actor=deciding.actor, submission_id=submission.id)
    if submission.state is SubmissionState.WITHDRAWN:
        raise Conflict("居民刚刚撤回了这件来件，不用再处理。")
    if submission.version != deciding.version:
        raise Conflict("这件来件刚刚有人处理过。您写的还在下面，请先看看现在的情况。")
    refuse_own_decline(session, submission, deciding.actor)
    refuse_own_report(session, submission, deciding.actor)
    refuse_if_held(session, actor=deciding.actor, submission_id=submission.id, at=deciding.at)
    release(session, actor=deciding.actor, submission_id=submission.id)
    return submission, area.path


def _lock_topic(session: Session, topic_id: int, actor: Actor) -> Topic:
    topic = session.scalars(select(Topic).where(Topic.id == topic_id).with_for_update()).one_or_none()
    if topic is None or topic.district_id != actor.district_id:
        raise NotFound("没有这个议题。")
    if topic.state is TopicState.MERGED and topic.merged_into_id is not None:
        return _lock_topic(session, topic.merged_into_id, actor)
    if topic.kind is TopicKind.CLASS:
        raise InvalidInput("这是一类事，来件要并入其中的一件具体的议题。", field="topic")
    if topic.state not in JOINABLE:
        raise Conflict(f"议题“{topic.title}”已经有了结论，不能再并入。可以另立议题。")
    return topic


def _user(deciding: Deciding) -> int:
    assert deciding.actor.user_id is not None
    return deciding.actor.user_id
