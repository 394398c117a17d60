"""请补充: a member asks the resident for detail; the words come back to whoever has the submission, and so does silence."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.text import clean
from intake.models import Decision, Submission
from intake.queries.imported import is_imported
from intake.services.ownership import resume_clock
from intake.services.resident_words import is_kept, keep_words, key_of_step, needed_words
from intake.services.submission_decide import Deciding, hold
from intake.services.transition import move


def ask(session: Session, deciding: Deciding, *, words: str, workflow: Workflow) -> Decision:
    """Ask the resident for detail; what the machine suggested stays suggested. After `owner.needs_detail_days` it comes back unanswered.

    Raises InvalidInput (field `words`) without a question, Conflict for an imported row, and what every decision raises.
    """
    if not clean(words).text:
        raise InvalidInput("请写明想请居民补充什么，居民会看到。", field="words")
    if is_imported(session, deciding.submission_id):
        raise Conflict("这是别处转来的，没有人在这里等着补充。请并入议题、转报，或只作参考。")
    decision = hold(session, deciding, SubmissionAction.ASK, words=words)
    submission = session.get_one(Submission, deciding.submission_id)
    submission.escalate_at = deciding.at + timedelta(days=workflow.owner.needs_detail_days)
    return decision


def add_detail(session: Session, *, submission_id: int, words: str, workflow: Workflow, at: datetime) -> None:
    """Keep what the resident adds, and give the submission back to its owner; what was written first stays as it is.

    Sending the same twice changes nothing. Raises InvalidInput (field `words`), Conflict when nobody asks for detail any more.
    """
    text = needed_words(words, "请写一句要补充的情况。")
    submission = _lock(session, submission_id)
    asked = session.scalar(
        select(Decision.id)
        .where(Decision.submission_id == submission_id, Decision.action == SubmissionAction.ASK.value, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    key = key_of_step("detail", submission_id, asked or 0, text)
    if is_kept(session, key):
        return
    if submission.state is not SubmissionState.NEEDS_DETAIL:
        raise Conflict("现在不用补充了，委员已经接着处理。您写的还在下面，可以作为留言发出。")
    move(session, submission, SubmissionAction.ADD_DETAIL, actor=RESIDENT, at=at)
    keep_words(session, submission, text, key=key, at=at)
    resume_clock(session, submission, workflow=workflow, at=at)


def time_out_details(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Give up to `limit` submissions whose residents didn't answer in time back to their owners, who decide; returns how many."""
    silent = session.scalars(
        select(Submission)
        .where(Submission.escalate_at.is_not(None), Submission.escalate_at <= at, Submission.state == SubmissionState.NEEDS_DETAIL)
        .order_by(Submission.escalate_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for submission in silent:
        move(session, submission, SubmissionAction.DETAIL_TIMEOUT, actor=MACHINE, at=at)
        resume_clock(session, submission, workflow=workflow, at=at)
    return len(silent)


def _lock(session: Session, submission_id: int) -> Submission:
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None:
        raise NotFound("没有这张回执。请核对回执号。")
    return submission
