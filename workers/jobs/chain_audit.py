"""Links audit entries into the hash chain; the only job that writes links."""

import time

from intake.ports import Wake
from intake.services.audit import link_new_entries
from workers.runtime import job, job_session, process_wiring, stopping

BATCH = 500
SECONDS = 40.0


@job(Wake.CHAIN_AUDIT)
def run() -> None:
    """Link until nothing remains.

    A repeat is harmless: an entry has at most one link (unique), only entries without one are taken, and an advisory lock lets one linker
    work at a time.
    """
    end = time.monotonic() + SECONDS
    linked = BATCH
    while linked == BATCH:
        with job_session() as session:
            linked = link_new_entries(session, limit=BATCH)
        if stopping() or time.monotonic() > end:
            process_wiring().queue.wake(Wake.CHAIN_AUDIT)
            return
