"""The resident takes a sentence back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.errors import Conflict
from intake.domain.split import UNDECIDED
from intake.domain.submission import Channel, SubmissionAction, SubmissionState
from intake.models import Contributor, Endorsement, Submission, SubmissionPart, Topic
from intake.queries.assistant_draft import with_adopted_summary
from intake.services.assistant_draft import forget_drafts
from intake.services.contribution import live_contributor, lock_topics_behind, recount, remove
from intake.services.referral import cancel_for_submission
from intake.services.submission_unsay import take_out_of_message
from intake.services.topic_proposal import outdate_for
from intake.services.transition import move


def withdraw(session: Session, *, submission_id: int, at: datetime) -> None:
    """Withdraw, leaving any topic, and with it the parts that were split off it and nobody decided on; of a part alone its sentences leave the
    message, which is handled on. Repeating it changes nothing. The text is emptied by the retention job 30 days later.
    """
    family, part = _family(session, submission_id), session.get(SubmissionPart, submission_id)
    held = family if part is None else [part.parent_id, *family]
    lock_topics_behind(session, held, *_came_from(session, held))
    rows = session.scalars(
        select(Submission)
        .where(Submission.id.in_(held))
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if _family(session, submission_id) != family:
        raise Conflict("这件来件刚刚有变化，请再按一次“撤回”。")
    for submission in rows:
        if submission.id == submission_id and submission.state is SubmissionState.WITHDRAWN:
            return
    for submission in rows:
        if submission.id == submission_id or (submission.id in family and submission.state in UNDECIDED):
            _withdraw(session, submission, at=at)
    if part is not None:
        _leave_message(session, part, next(one for one in rows if one.id == part.parent_id))


def _leave_message(session: Session, part: SubmissionPart, parent: Submission) -> None:
    if parent.state is not SubmissionState.WITHDRAWN:
        take_out_of_message(session, part, parent)
        unsay(session, [parent.id])


def _came_from(session: Session, held: Sequence[int]) -> Sequence[int]:
    """Topics that were merged, and by which the submissions came where they stand: they may be called by their words."""
    via = Contributor.via_topic_id
    return [one for one in session.scalars(select(via).where(Contributor.submission_id.in_(held), via.is_not(None)).distinct()) if one]


def _family(session: Session, submission_id: int) -> Sequence[int]:
    """Itself and what was split off it, by id."""
    parts = select(SubmissionPart.submission_id).where(SubmissionPart.parent_id == submission_id).order_by(SubmissionPart.submission_id)
    return [submission_id, *session.scalars(parts)]


def _withdraw(session: Session, submission: Submission, *, at: datetime) -> None:
    move(session, submission, SubmissionAction.WITHDRAW, actor=RESIDENT, at=at)
    submission.escalate_at = None
    cancel_for_submission(session, submission.id, at=at)
    contributor = live_contributor(session, submission.id)
    if contributor is not None:
        remove(contributor, by=None, at=at)
        recount(session, {contributor.topic_id}, at=at)
        outdate_for(session, {contributor.topic_id}, at=at)
    if submission.text_masked:
        unsay(session, [submission.id])
    if submission.channel is Channel.ENDORSEMENT:
        session.execute(update(Endorsement).where(Endorsement.submission_id == submission.id).values(withdrawn_at=at))


def unsay(session: Session, submission_ids: Sequence[int]) -> None:
    """What the machine chose from the words behind these topics may be theirs: upkeep chooses anew from those that are left, and what the
    assistant drafted is empty.
    """
    stood = set(session.scalars(select(Contributor.topic_id).where(Contributor.submission_id.in_(submission_ids))))
    chosen = stood - with_adopted_summary(session, stood)
    session.execute(update(Topic).where(Topic.id.in_(chosen)).values(summary="", keywords=[]))
    forget_drafts(session, stood)
