"""Empties contacts and withdrawn texts whose time is over (到期清除)."""

from intake.ports import Wake
from intake.services.retention import apply_retention
from workers.runtime import job, job_session, process_wiring, stopping

BATCH = 100


@job(Wake.RETENTION)
def run() -> None:
    """Empty everything that is due.

    A repeat is harmless: an emptied submission carries `erased_at` and isn't taken again.
    """
    wiring = process_wiring()
    emptied = BATCH
    while emptied == BATCH and not stopping():
        with job_session() as session:
            emptied = apply_retention(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
