"""待核, many at once: an attack is declined together, each with its decision, notice and entry like any other."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.notification import NoticeKind
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.models import Area, Submission
from intake.queries.quarantine_together import Alike, held_alike
from intake.services.notify import announce_each
from intake.services.quarantine import declining, note, read_reason
from intake.services.training_example import SPAM
from intake.services.transition import move

AT_ONCE = 200
"""In one transaction, about a second; the page says how many are left."""


def confirm_together(session: Session, *, actor: Actor, by: Alike, like: int, newest: int, reason: str, words: str, at: datetime) -> int:
    """Decline up to AT_ONCE that are like the one and no newer than `newest`, the last that the person was shown; how many.

    What somebody else decides just now is passed over. Raises InvalidInput (field `reason` or `words`), NotFound.
    """
    code, text = read_reason(reason, words)
    ids = held_alike(session, actor, by=by, like=like, newest=newest, limit=AT_ONCE)
    held = session.execute(
        select(Submission, Area.path)
        .join(Area, Area.id == Submission.area_id)
        .where(Submission.id.in_(ids), Submission.state == SubmissionState.QUARANTINED)
        .order_by(Submission.id)
        .with_for_update(of=Submission, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    decisions = [declining(submission, actor, code, text, at=at) for submission, _ in held]
    session.add_all(decisions)
    session.flush()
    for (submission, path), decision in zip(held, decisions, strict=True):
        move(session, submission, SubmissionAction.CONFIRM_QUARANTINE, actor=actor, at=at, area_path=path, decision=decision)
        note(session, submission, actor, SubmissionAction.CONFIRM_QUARANTINE, label=SPAM, at=at)
    session.flush()
    announce_each(session, decisions, kind=NoticeKind.DECISION, due_at=at, at=at)
    return len(decisions)
