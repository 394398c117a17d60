"""Hands submissions whose owner's clock ran out to the next level (超时上交)."""

from intake.ports import Wake
from intake.services.ownership import escalate_due
from workers.runtime import job, job_session, process_wiring, stopping

BATCH = 100


@job(Wake.ESCALATE)
def run() -> None:
    """Escalate everything overdue.

    A repeat is harmless: handing over starts a new clock in the same transaction, so the submission isn't overdue any more; with staff,
    the last level, the clock stands still.
    """
    wiring = process_wiring()
    handed = BATCH
    while handed == BATCH and not stopping():
        with job_session() as session:
            handed = escalate_due(session, workflow=wiring.workflow, at=wiring.clock.now(), limit=BATCH)
