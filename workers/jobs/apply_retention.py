"""Closes what was answered and met with silence, and empties contacts and withdrawn texts whose time is over (到期清除)."""

from intake.ports import Wake
from intake.services.retention import apply_retention
from intake.services.submission_close import close_silent
from workers.runtime import job, job_session, process_wiring, stopping

BATCH = 100


@job(Wake.RETENTION)
def run() -> None:
    """Close and empty everything that is due.

    A repeat is harmless: a closed submission has left the states that are closed, an emptied one carries `erased_at`.
    """
    wiring = process_wiring()
    closed = BATCH
    while closed == BATCH and not stopping():
        with job_session() as session:
            closed = close_silent(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
    emptied = BATCH
    while emptied == BATCH and not stopping():
        with job_session() as session:
            emptied = apply_retention(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
