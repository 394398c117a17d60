"""Writes the notices a decision brings, and moves them as they are sent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeKind, NoticeState
from intake.models import Decision, Notification, Submission
from intake.ports import Notice, Wake
from intake.services.transition import initial_state, move
from intake.services.wake import wake_after_commit

LOST_AFTER = timedelta(minutes=10)
"""A notice claimed this long ago was lost with its worker."""
RETRY_AFTER = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))


def announce(
    session: Session, *, decision: Decision, submission_ids: Iterable[int], kind: NoticeKind, due_at: datetime, at: datetime
) -> None:
    """One notice for each submission; a repeat of the same decision adds none."""
    rows = [
        {
            "district_id": decision.district_id,
            "submission_id": submission_id,
            "decision_id": decision.id,
            "once_key": f"decision:{decision.id}:{NoticeChannel.RECEIPT.value}",
            "kind": kind,
            "channel": NoticeChannel.RECEIPT,
            "state": initial_state(Notification),
            "state_changed_at": at,
            "version": 1,
            "tries": 0,
            "tried": [],
            "platform_id": "",
            "due_at": due_at,
            "created_at": at,
        }
        for submission_id in submission_ids
    ]
    if rows:
        session.flush()
        session.execute(insert(Notification).on_conflict_do_nothing(), rows)
        wake_after_commit(session, Wake.NOTIFY)


def cancel_notices(session: Session, *, decision_id: int, at: datetime) -> None:
    """Take back what hasn't left yet."""
    pending = session.scalars(
        select(Notification).where(Notification.decision_id == decision_id, Notification.state == NoticeState.PENDING).with_for_update()
    )
    for notice in pending:
        move(session, notice, NoticeAction.CANCEL, actor=MACHINE, at=at)


def claim_due(session: Session, *, at: datetime, limit: int) -> list[Notice]:
    """Claim up to `limit` due notices; the caller commits before anything is sent."""
    rows = session.execute(
        select(Notification, Submission.receipt_number)
        .join(Submission, Submission.id == Notification.submission_id)
        .where(Notification.state == NoticeState.PENDING, Notification.due_at <= at)
        .order_by(Notification.due_at, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Notification)
    ).all()
    for notice, _ in rows:
        move(session, notice, NoticeAction.CLAIM, actor=MACHINE, at=at)
        notice.tries += 1
    return [Notice(id=n.id, kind=n.kind.value, receipt_number=number, channel=n.channel.value) for n, number in rows]


def settle(session: Session, *, notice_id: int, action: NoticeAction, at: datetime) -> None:
    """Note what became of a claimed notice; `RETRY` waits longer each time and ends as failed."""
    notice = session.scalars(select(Notification).where(Notification.id == notice_id).with_for_update()).one()
    if notice.state is not NoticeState.SENDING:
        return
    if action is NoticeAction.RETRY and notice.tries > len(RETRY_AFTER):
        action = NoticeAction.FAIL
    move(session, notice, action, actor=MACHINE, at=at)
    if action is NoticeAction.RETRY:
        notice.due_at = at + RETRY_AFTER[notice.tries - 1]


def lose_stale(session: Session, *, at: datetime, limit: int) -> int:
    """Notices claimed long ago become `uncertain`: their fate is unknown, so they aren't sent twice. Returns how many."""
    stale = session.scalars(
        select(Notification)
        .where(Notification.state == NoticeState.SENDING, Notification.state_changed_at < at - LOST_AFTER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in stale:
        move(session, notice, NoticeAction.LOSE, actor=MACHINE, at=at)
    return len(stale)
