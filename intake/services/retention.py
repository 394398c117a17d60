"""Collect little, keep short: contacts and withdrawn texts are emptied when their time is over (security.md, Retention)."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE
from intake.domain.submission import SubmissionState
from intake.models import Submission
from intake.services.audit import record


def apply_retention(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Empty up to `limit` submissions: a withdrawn one's text and contact after 30 days, an ended one's contact after 180."""
    withdrawn_before = at - timedelta(days=workflow.retention.withdrawn_text_days)
    contact_before = at - timedelta(days=workflow.retention.contact_days)
    ended = Submission.state.in_([SubmissionState.CLOSED, SubmissionState.DECLINED])
    due = session.scalars(
        select(Submission)
        .where(
            Submission.erased_at.is_(None),
            or_(
                (Submission.state == SubmissionState.WITHDRAWN) & (Submission.state_changed_at < withdrawn_before),
                ended & (Submission.state_changed_at < contact_before),
            ),
        )
        .order_by(Submission.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for submission in due:
        submission.contact_cipher, submission.contact_hint, submission.device_hash = None, "", None
        if submission.state is SubmissionState.WITHDRAWN:
            submission.text_written = submission.text_masked = submission.place = ""
        submission.erased_at = at
        record(
            session,
            actor=MACHINE,
            district_id=submission.district_id,
            action="submission.erase",
            noun="submission",
            entity_id=submission.id,
            at=at,
        )
    return len(due)
