"""Sends chat drafts whose pause is over, and drops those that nobody ended."""

from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from intake.domain.chat_draft import SentBy
from intake.domain.errors import DomainError
from intake.domain.notification import NoticeKind
from intake.ports import Wake
from intake.services.chat_draft import drop_forgotten, due_drafts, leave_open, send
from intake.services.notify import announce_out
from intake.wiring import Wiring
from workers.runtime import job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 50


@job(Wake.DRAFTS)
def run() -> None:
    """Send what is due, then tidy up.

    A repeat is harmless: a draft is sent with a key of its own under its row's lock, and has left the open ones when that is committed.
    """
    wiring = process_wiring()
    taken = BATCH
    while taken == BATCH and not stopping():
        with job_session() as session:
            taken = _send_batch(session, wiring)
    dropped = BATCH
    while dropped == BATCH and not stopping():
        with job_session() as session:
            at = wiring.clock.now()
            before = at - timedelta(days=wiring.workflow.wechat.draft_days)
            dropped = drop_forgotten(session, before=before, at=at, limit=BATCH)


def _send_batch(session: Session, wiring: Wiring) -> int:
    """Send a batch of drafts, each by itself, so that one that can't be sent holds up no other; how many were due."""
    at = wiring.clock.now()
    draft_ids = due_drafts(session, at=at, limit=BATCH)
    for draft_id in draft_ids:
        try:
            with session.begin_nested():
                stored = send(session, vault=wiring.vault, draft_id=draft_id, by=SentBy.PAUSE, at=at)
                announce_out(session, submission_id=stored.submission_id, kind=NoticeKind.RECEIVED, once_key="received", due_at=at, at=at)
        except DomainError as error:
            leave_open(session, draft_id)
            log.info("draft_left_open", draft=draft_id, code=error.code)
    if draft_ids:
        log.info("drafts_sent", rows=len(draft_ids))
    return len(draft_ids)
