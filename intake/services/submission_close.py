"""Nobody said anything for 30 days after an answer: the submission is closed, and its retention clock starts."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.models import Submission
from intake.services.transition import move


def close_silent(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Close up to `limit` answered or reported-back submissions whose silence is over (domain.md); a late "not solved" reopens them."""
    silent_since = at - timedelta(days=workflow.owner.close_after_silent_days)
    silent = session.scalars(
        select(Submission)
        .where(Submission.state.in_([SubmissionState.ANSWERED, SubmissionState.REPORTED_BACK]), Submission.state_changed_at < silent_since)
        .order_by(Submission.state_changed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for submission in silent:
        move(session, submission, SubmissionAction.SILENCE, actor=MACHINE, at=at)
    return len(silent)
