"""The resident takes a sentence back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.submission import SubmissionAction
from intake.models import Submission
from intake.services.contribution import live_contributor, lock_topics_of, recount, remove
from intake.services.transition import move


def withdraw(session: Session, *, submission_id: int, at: datetime) -> None:
    """Withdraw, leaving any topic; repeating it changes nothing. The text is emptied by the retention job 30 days later."""
    lock_topics_of(session, submission_id)
    submission = session.scalars(select(Submission).where(Submission.id == submission_id).with_for_update()).one()
    session.refresh(submission)
    if submission.state.value == "withdrawn":
        return
    move(session, submission, SubmissionAction.WITHDRAW, actor=RESIDENT, at=at)
    submission.escalate_at = None
    contributor = live_contributor(session, submission_id)
    if contributor is not None:
        remove(contributor, by=None, at=at)
        recount(session, {contributor.topic_id}, at=at)
