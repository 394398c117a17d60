"""Sends notices that are due: claim, commit, send, commit (architecture rule 5)."""

import time

import structlog

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError
from intake.domain.notification import NoticeAction
from intake.ports import Notice, Wake
from intake.services.notify import claim_due, lose_stale, settle
from intake.wiring import Wiring
from workers.runtime import describe, job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 20
"""Few, so that a killed worker leaves few whose fate is unknown."""
SECONDS = 40.0


@job(Wake.NOTIFY)
def run() -> None:
    """Send what is due, and give up what was claimed long ago and never noted.

    A repeat is harmless: a notice is claimed and committed before it leaves the house, so another run doesn't see it; one whose sender
    died in between becomes `uncertain` and is never sent twice by itself.
    """
    wiring = process_wiring()
    end = time.monotonic() + SECONDS
    _lose(wiring)
    while True:
        with job_session() as session:
            notices = claim_due(session, at=wiring.clock.now(), limit=BATCH)
        if not notices:
            return
        for notice in notices:
            action = _send(wiring, notice)
            with job_session() as session:
                settle(session, notice_id=notice.id, action=action, at=wiring.clock.now())
        if stopping() or time.monotonic() > end:
            wiring.queue.wake(Wake.NOTIFY)
            return


def _lose(wiring: Wiring) -> None:
    lost = BATCH
    while lost == BATCH:
        with job_session() as session:
            lost = lose_stale(session, at=wiring.clock.now(), limit=BATCH)
        if lost:
            log.warning("notices_uncertain", rows=lost)


def _send(wiring: Wiring, notice: Notice) -> NoticeAction:
    """Hand one notice to its channel, outside any transaction."""
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
