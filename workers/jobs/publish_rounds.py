"""Publishes the rounds of screening decisions whose day and hour have come (集中公布)."""

from intake.ports import Wake
from intake.services.screening_publish import publish_next
from workers.runtime import job, job_session, process_wiring, stopping


@job(Wake.ROUNDS)
def run() -> None:
    """Make each decision of each round that is due, every one in a transaction of its own.

    A repeat is harmless: a decision that was made, or couldn't be, is over, and a round without any left is published once. Two at once
    pass over what the other has locked.
    """
    wiring, more = process_wiring(), True
    while more and not stopping():
        with job_session() as session:
            more = publish_next(session, workflow=wiring.workflow, at=wiring.clock.now())
