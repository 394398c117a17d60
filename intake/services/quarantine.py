"""待核: staff say whether what the machine held back is genuine."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.submission import Channel, DeclineReason, SubmissionAction
from intake.domain.text import clean
from intake.domain.triage_model import ExampleKind
from intake.models import Area, Decision, Submission
from intake.ports import Wake
from intake.services.audit import record
from intake.services.endorse import join, lock_endorsed
from intake.services.notify import announce
from intake.services.training_example import FINE, SPAM, learn, said_of
from intake.services.transition import move
from intake.services.wake import wake_after_commit

CONFIRM_REASONS = (DeclineReason.UNCLEAR, DeclineReason.NOT_REMIT, DeclineReason.NOT_FACT, DeclineReason.OTHER)
"""What a resident may read of a message that isn't taken up from here."""
WORDS_MAX = 500


def release(session: Session, *, actor: Actor, submission_id: int, version: int, at: datetime) -> None:
    """It is genuine: it goes back to triage, which doesn't hold it again; an endorsement joins its topic, while that goes on. Conflict when
    somebody was faster, and for an endorsement without a word whose matter has ended.
    """
    topic = lock_endorsed(session, submission_id)
    submission, path = _lock(session, actor, submission_id, version)
    if topic is None and submission.channel is Channel.ENDORSEMENT and not submission.text_written:
        raise Conflict("它附议的那件事已经办完，又没有另外写话，放行也没有可办的。请选“不采用”，写一句说明，居民会看到。")
    move(session, submission, SubmissionAction.RELEASE, actor=actor, at=at, area_path=path)
    note(session, submission, actor, SubmissionAction.RELEASE, label=FINE, at=at)
    if topic is not None:
        join(session, submission, topic, at=at)
        return
    wake_after_commit(session, Wake.TRIAGE)


def confirm(session: Session, *, actor: Actor, submission_id: int, version: int, reason: str, words: str, at: datetime) -> None:
    """It is not: declined for `reason`, one of CONFIRM_REASONS, which the resident reads; `other` needs words.

    Raises InvalidInput (field `reason` or `words`), Conflict when somebody was faster.
    """
    code, text = read_reason(reason, words)
    submission, path = _lock(session, actor, submission_id, version)
    decision = declining(submission, actor, code, text, at=at)
    session.add(decision)
    move(session, submission, SubmissionAction.CONFIRM_QUARANTINE, actor=actor, at=at, area_path=path, decision=decision)
    note(session, submission, actor, SubmissionAction.CONFIRM_QUARANTINE, label=SPAM, at=at)
    announce(session, decision=decision, submission_ids=[submission.id], kind=NoticeKind.DECISION, due_at=at, at=at)


def read_reason(reason: str, words: str) -> tuple[DeclineReason, str]:
    """The reason that was chosen and the words to it; InvalidInput (field `reason` or `words`)."""
    code = next((one for one in CONFIRM_REASONS if one.value == reason), None)
    if code is None:
        raise InvalidInput("请选一个不采用的理由。", field="reason")
    text = clean(words).text
    if code is DeclineReason.OTHER and not text:
        raise InvalidInput("选“其他原因”时请写一句说明，居民会看到。", field="words")
    if len(text) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    return code, text


def declining(submission: Submission, actor: Actor, code: DeclineReason, words: str, *, at: datetime) -> Decision:
    """The decision that `submission` isn't taken up, not yet added to a session."""
    assert actor.user_id is not None
    return Decision(
        district_id=submission.district_id,
        submission_id=submission.id,
        action=SubmissionAction.DECLINE.value,
        reason_code=code.value,
        words=words,
        decided_by=actor.user_id,
        decided_at=at,
    )


def _lock(session: Session, actor: Actor, submission_id: int, version: int) -> tuple[Submission, str]:
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None or submission.district_id != actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    if submission.version != version:
        raise Conflict("这件来件刚刚有人核过，请看看现在的情况。")
    return submission, session.get_one(Area, submission.area_id).path


def note(session: Session, submission: Submission, actor: Actor, action: SubmissionAction, *, label: str, at: datetime) -> None:
    """What was decided goes into the audit trail, and becomes a lesson where words held it."""
    assert actor.user_id is not None
    if submission.suspicion is None:  # held for the way it came, it says nothing about words
        said = said_of(session, submission.id)
        learn(
            session,
            kind=ExampleKind.SCREEN,
            submission=submission,
            label=label,
            suggested=SPAM,
            model_version=said.model_version if said else None,
            by=actor.user_id,
            at=at,
        )
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action=f"submission.{action.value}",
        noun="submission",
        entity_id=submission.id,
        at=at,
    )
