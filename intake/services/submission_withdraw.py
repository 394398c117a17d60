"""The resident takes a sentence back."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.submission import Channel, SubmissionAction
from intake.models import Contributor, Endorsement, Submission, Topic
from intake.queries.assistant_draft import with_adopted_summary
from intake.services.contribution import live_contributor, lock_topics_of, recount, remove
from intake.services.referral import cancel_for_submission
from intake.services.topic_proposal import outdate_for
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
    cancel_for_submission(session, submission_id, at=at)
    contributor = live_contributor(session, submission_id)
    if contributor is not None:
        remove(contributor, by=None, at=at)
        recount(session, {contributor.topic_id}, at=at)
        outdate_for(session, {contributor.topic_id}, at=at)
    if submission.text_masked:
        _unsay(session, submission_id)
    if submission.channel is Channel.ENDORSEMENT:
        session.execute(update(Endorsement).where(Endorsement.submission_id == submission_id).values(withdrawn_at=at))


def _unsay(session: Session, submission_id: int) -> None:
    """What the machine chose from the words behind these topics may be the resident's: upkeep chooses anew from those that are left."""
    stood = set(session.scalars(select(Contributor.topic_id).where(Contributor.submission_id == submission_id)))
    chosen = stood - with_adopted_summary(session, stood)
    session.execute(update(Topic).where(Topic.id.in_(chosen)).values(summary="", keywords=[]))
