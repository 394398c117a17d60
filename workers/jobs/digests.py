"""Tells everybody once a working day what of theirs is due (每日提醒)."""

from datetime import time

from intake.domain.working_days import SHANGHAI
from intake.ports import Wake
from intake.services.digest import districts_with_dues, write_digests
from workers.runtime import job, job_session, process_wiring, stopping

NOT_BEFORE = time(8, 30)
"""In Shanghai; the scheduler wakes every job when it starts, even at night."""


@job(Wake.DIGEST)
def run() -> None:
    """Write today's rows, one district after the other, from 8:30 on and not on a day off.

    A repeat is harmless: a person has one row a day, and whoever has it keeps it.
    """
    wiring = process_wiring()
    at = wiring.clock.now()
    if at.astimezone(SHANGHAI).time() < NOT_BEFORE:
        return
    with job_session() as session:
        districts = districts_with_dues(session, workflow=wiring.workflow, at=at)
    for district_id in districts:
        if stopping():
            return
        with job_session() as session:
            write_digests(session, district_id=district_id, workflow=wiring.workflow, at=at)
