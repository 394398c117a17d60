"""Sends notices that are due: claim, commit, send, commit (architecture rule 5)."""

import time
from itertools import count

import structlog
from sqlalchemy.orm import Session

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError
from intake.domain.notification import NoticeAction
from intake.domain.quiet_hours import out_of_quiet
from intake.ports import Notice, Wake
from intake.queries.wechat_account import accounts_in_use
from intake.services.notice_letter import Desk
from intake.services.notify import claim_due, lose_stale, settle_all, write_out
from intake.services.notify_send import claim_out, put_off
from intake.services.notify_settle import settle_out
from intake.wiring import Wiring
from workers.post import SENDERS, Post
from workers.runtime import describe, job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 2 * SENDERS
"""Messages claimed at once: few, so that a killed worker leaves few whose fate is unknown."""
RECEIPTS = 200
"""Rows of the receipt page, which leave nothing behind when they are lost."""
EVERY = 5
"""Among so many batches of messages one of receipts, each of which brings more messages than leave meanwhile."""
PUT_OFF = 5_000
SECONDS = 20.0
"""Then the other work of the queue has its turn: pictures that end in three days, codes that were asked for."""


@job(Wake.NOTIFY)
def run() -> None:
    """Send what is due, and give up what was claimed long ago and never noted.

    A repeat is harmless: a notice is claimed and committed before it leaves the house, so another run doesn't see it; one whose sender
    died in between becomes `uncertain` and is never sent twice by itself.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    _lose(wiring)
    with Post(wiring) as post:
        for turn in count():
            sent = _letters(wiring, post)
            if (turn % EVERY == 0 or not sent) and not _receipts(wiring) and not sent:
                return
            if stopping() or time.monotonic() > end:
                wiring.queue.wake(Wake.NOTIFY)
                return


def _lose(wiring: Wiring) -> None:
    lost = RECEIPTS
    while lost == RECEIPTS:
        with job_session() as session:
            lost = lose_stale(session, at=wiring.clock.now(), limit=RECEIPTS)
        if lost:
            log.warning("notices_uncertain", rows=lost)


def _receipts(wiring: Wiring) -> bool:
    """What stands on receipts from now on, and goes out of the house beside it; whether there was any."""
    with job_session() as session:
        notices = claim_due(session, at=wiring.clock.now(), limit=RECEIPTS)
        if not notices:
            return False
        write_out(session, notices, sms=wiring.sms.on, at=wiring.clock.now())
    actions = {notice.id: _deliver(wiring, notice) for notice in notices}
    with job_session() as session:
        settle_all(session, actions, at=wiring.clock.now())
    return True


def _deliver(wiring: Wiring, notice: Notice) -> NoticeAction:
    """Hand one notice to the receipt page, outside any transaction."""
    try:
        wiring.notifier.send(notice)
    except RetryableDeliveryError as error:
        log.warning("notice_put_off", notice=notice.id, **describe(error))
        return NoticeAction.RETRY
    except PermanentDeliveryError as error:
        log.error("notice_refused", notice=notice.id, **describe(error))  # noqa: TRY400 -- an address may stand in the message
        return NoticeAction.FAIL
    except Exception as error:  # noqa: BLE001 -- whether it left is unknown, so it isn't sent again, and the others still are
        log.error("notice_lost", notice=notice.id, **describe(error))  # noqa: TRY400 -- as above
        return NoticeAction.LOSE
    return NoticeAction.DELIVER


def _letters(wiring: Wiring, post: Post) -> bool:
    """A batch of messages to residents; whether anything was due."""
    rules = wiring.workflow.wechat
    desk = Desk(vault=wiring.vault, rules=rules, base_url=wiring.settings.base_url, sms=wiring.sms.on)
    with job_session() as session:
        waiting = _put_off(session, wiring)
        batch = claim_out(session, desk, at=wiring.clock.now(), limit=BATCH)
    for ended in post.bring(batch.claimed):
        with job_session() as session:
            settle_out(session, ended, rules=rules, at=wiring.clock.now())
    return waiting or batch.seen > 0


def _put_off(session: Session, wiring: Wiring) -> bool:
    """Let what may not leave now wait for its time: at night, and for accounts that are stopped; whether more of it may be left."""
    at = wiring.clock.now()
    morning = out_of_quiet(at, wiring.workflow.wechat)
    stopped = wiring.pace.stopped([account.original_id for account in accounts_in_use(session)])
    moved = [put_off(session, account=account, until=until, at=at, limit=PUT_OFF) for account, until in stopped.items()]
    if morning != at:
        moved.append(put_off(session, account=None, until=morning, at=at, limit=PUT_OFF))
    return PUT_OFF in moved
