"""Has residents' voices written down, where a recogniser is set; without one there is nothing to do."""

import time

import structlog

from intake.domain.errors import PermanentError, RetryableError
from intake.ports import Wake
from intake.services.submission_file import ToHear, claim_unheard, note_heard, note_not_heard
from intake.wiring import Wiring
from workers.runtime import job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

SECONDS = 25.0
"""After this long the job ends and wakes its successor: one call may take 30 s, and RQ gives 60."""


@job(Wake.TRANSCRIBE)
def run() -> None:
    """Ask about each voice, one at a time.

    A repeat is harmless: a claim keeps others away for some minutes, and what was heard is noted once; asked twice, it costs a call.
    """
    wiring = process_wiring()
    if not wiring.recogniser.is_on:
        return
    end = time.monotonic() + SECONDS
    while not stopping():
        with job_session() as session:
            claimed = claim_unheard(session, at=wiring.clock.now(), limit=1)
        if not claimed:
            return
        _hear(wiring, claimed[0])
        if time.monotonic() > end:
            wiring.queue.wake(Wake.TRANSCRIBE)
            return


def _hear(wiring: Wiring, one: ToHear) -> None:
    """Ask, outside any transaction, then note what came of it; words go into no log."""
    try:
        with wiring.objects.open(one.key) as file:
            words = wiring.recogniser.write_down(file.read())
    except (RetryableError, PermanentError, FileNotFoundError) as error:
        with job_session() as session:
            note_not_heard(session, one.id, may_try_again=isinstance(error, RetryableError), at=wiring.clock.now())
        log.info("voice_not_heard", file=one.id, error=type(error).__name__)
        return
    with job_session() as session:
        note_heard(session, one.id, words=words, at=wiring.clock.now())
    log.info("voice_heard", file=one.id, letters=len(words))
