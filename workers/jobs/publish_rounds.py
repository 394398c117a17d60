"""Publishes the rounds of screening decisions whose day and hour have come (集中公布)."""

import time

from intake.ports import Wake
from intake.services.screening_publish import publish_next
from intake.services.wake import wake_after_commit
from workers.runtime import job, job_session, process_wiring, stopping

AT_ONCE_SECONDS = 25
"""Of one run, so that the queue's own limit never falls into the middle of a decision."""


@job(Wake.ROUNDS)
def run() -> None:
    """Make each decision of each round that is due, every one in a transaction of its own.

    A repeat is harmless: a decision that was made, or couldn't be, is over, and a round without any left is published once. Two at once
    pass over what the other has locked. What meets an error that may pass is put off, and holds up nothing else.
    """
    wiring, more, began = process_wiring(), True, time.monotonic()
    while more and not stopping():
        with job_session() as session:
            more = publish_next(session, workflow=wiring.workflow, at=wiring.clock.now())
            if more and time.monotonic() - began > AT_ONCE_SECONDS:
                wake_after_commit(session, Wake.ROUNDS)
                return
