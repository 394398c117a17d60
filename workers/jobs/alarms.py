"""Calls everyone concerned for an emergency, and again while nobody takes it (紧急呼叫)."""

import structlog

from intake.ports import Wake
from intake.services.alarm import call_again, give_back_of_gone, raise_missing
from workers.runtime import job, job_session, process_wiring, stopping

log = structlog.get_logger(__name__)

BATCH = 50


@job(Wake.ALARM)
def run() -> None:
    """Raise what is missing first, then let go what lies with people who are gone, then call again.

    A repeat is harmless: a submission has one alarm and each person one call to it, both unique; calling again notes the time in the same
    transaction, so the alarm isn't due any more, and what was let go lies with nobody.
    """
    wiring = process_wiring()
    raised = BATCH
    while raised == BATCH and not stopping():
        with job_session() as session:
            raised = raise_missing(session, at=wiring.clock.now(), limit=BATCH)
        if raised:
            log.warning("alarms_raised", rows=raised)
    gone = BATCH
    while gone == BATCH and not stopping():
        with job_session() as session:
            gone = give_back_of_gone(session, at=wiring.clock.now(), limit=BATCH)
        if gone:
            log.warning("alarms_taken_by_nobody", rows=gone)
    again = BATCH
    while again == BATCH and not stopping():
        with job_session() as session:
            again = call_again(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
        if again:
            log.warning("alarms_repeated", rows=again)
