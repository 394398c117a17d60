"""请评价: a result that was told and that nobody has judged is asked about once more."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.workflow import WeChatRules
from intake.domain.notification import NoticeKind
from intake.domain.submission import TOLD
from intake.models import Notification, Outcome, Submission
from intake.services.notify import insert_out, reachable

MISSED_DAYS = 7
"""How late a reminder may be, where the job didn't run; older results are left in peace."""


def remind_to_rate(session: Session, *, rules: WeChatRules, sms: bool, at: datetime, limit: int) -> None:
    """One reminder for each result told `rate_after_days` ago and neither judged nor superseded, `limit` at once; a repeat adds none."""
    told_before = at - timedelta(days=rules.rate_after_days)
    once_key = func.concat("rate:", Outcome.id)
    asked = select(Notification.id).where(Notification.submission_id == Outcome.submission_id, Notification.once_key == once_key)
    insert_out(
        session,
        select(Submission.id.label("submission_id"))
        .join(Outcome, Outcome.submission_id == Submission.id)
        .where(
            Outcome.verdict.is_(None),
            Outcome.superseded_at.is_(None),
            Outcome.told_at <= told_before,
            Outcome.told_at > told_before - timedelta(days=MISSED_DAYS),
            Submission.state.in_(TOLD),
            reachable(sms=sms),
            ~asked.exists(),
        )
        .limit(limit),
        {"decision_id": Outcome.decision_id, "once_key": once_key},
        kind=NoticeKind.RATE,
        due_at=at,
        at=at,
    )
