"""Hands submissions on when a time is over: overdue ones go up (超时上交), unanswered questions back; draws declines to look at again, and
reminds residents of results that they haven't judged.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from intake.ports import Wake
from intake.services.decline_check import draw_checks
from intake.services.notify_rate import remind_to_rate
from intake.services.ownership import escalate_due
from intake.services.submission_detail import time_out_details
from workers.runtime import job, job_session, process_wiring, stopping

BATCH = 100
REMINDERS = 2_000
"""In one run, so that a topic of many people doesn't hold up the others."""


@job(Wake.ESCALATE)
def run() -> None:
    """Escalate everything overdue, give back what was asked in vain, draw the sample, remind.

    A repeat is harmless: handing over starts a new clock in the same transaction, so the submission isn't overdue any more; with staff,
    the last level, the clock stands still. A question that timed out has left its state. Which declines are drawn follows from their ids
    alone, and each is drawn once; so is each result reminded of.
    """
    wiring = process_wiring()
    workflow, at = wiring.workflow, wiring.clock.now
    _until_none_is_left(lambda session: escalate_due(session, workflow=workflow, at=at(), limit=BATCH))
    _until_none_is_left(lambda session: time_out_details(session, workflow=workflow, at=at(), limit=BATCH))
    with job_session() as session:
        draw_checks(session, workflow=workflow, undo_seconds=wiring.settings.undo_seconds, at=at())
    with job_session() as session:
        remind_to_rate(session, rules=workflow.wechat, sms=wiring.sms.on, at=at(), limit=REMINDERS)


def _until_none_is_left(hand_on: Callable[[Session], int]) -> None:
    handed = BATCH
    while handed == BATCH and not stopping():
        with job_session() as session:
            handed = hand_on(session)
