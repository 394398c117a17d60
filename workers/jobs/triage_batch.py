"""Triage of everything in state `received`: masked words, category, urgency, and a suggested place."""

import time
from collections.abc import Mapping
from itertools import groupby

import structlog
from rq.timeouts import BaseTimeoutException
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from intake.domain.language.lexicon import lexicon_of
from intake.models import Submission
from intake.ports import Wake
from intake.queries.same_matter import AreaNames, area_names
from intake.services.submission_triage import lock_same_matter, store_result, take_received
from intake.wiring import Wiring
from workers.runtime import PASSING, describe, job, job_session, process_wiring, stopping
from workers.suggestion import Desk, result_without_machine
from workers.triage.message import Finding, Message
from workers.triage.pipeline import Stage, default_pipeline

log = structlog.get_logger(__name__)

BATCH = 100
SECONDS = 40.0
"""After this long the job ends and wakes its successor, well before RQ's 60 s."""

GIVE_WAY_SECONDS = (0.1, 0.5)
"""Waits before a batch is taken anew."""
_HELD = frozenset({"55P03", "40P01"})
"""PostgreSQL: the lock wasn't had in time; deadlock."""

_overslept: set[int] = set()
"""Submissions at which this process ran out of time; they go to a person without the machine."""


@job(Wake.TRIAGE)
def run() -> None:
    """Triage batches until nothing is left.

    A repeat is harmless: a batch takes only rows in state `received`, locks them, and moves them on in the transaction that stores the
    result; a row that another run has taken or finished isn't seen. Killed in the middle, the batch rolls back and is taken anew.
    """
    wiring = process_wiring()
    stages = default_pipeline(wiring.taxonomy)
    stuck: set[int] = set()
    end = time.monotonic() + SECONDS
    while _batch_or_give_way(wiring, stages, stuck):
        if stopping() or time.monotonic() > end:
            wiring.queue.wake(Wake.TRIAGE)
            return


def _batch_or_give_way(wiring: Wiring, stages: Stage, stuck: set[int]) -> bool:
    """A batch, taken anew when a person at a screen held a row it needed; after that the error goes to the retry policy."""
    for pause in GIVE_WAY_SECONDS:
        try:
            return _batch(wiring, stages, stuck)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _HELD:
                raise
            log.info("gave_way", **describe(error))
            time.sleep(pause)
    return _batch(wiring, stages, stuck)


def _batch(wiring: Wiring, stages: Stage, stuck: set[int]) -> bool:
    """Triage one batch and commit; False when nothing was left but `stuck`, rows that couldn't even be given to a person."""
    began = time.monotonic()
    with job_session() as session:
        # What is stuck is taken along, so that it can't fill the batch and hold up what came later.
        taken = take_received(session, limit=BATCH + len(stuck))
        batch = [submission for submission in taken if submission.id not in stuck]
        if not batch:
            return False
        areas = area_names(session, {submission.area_id for submission in batch})
        findings = {submission.id: _examine(stages, submission, areas[submission.area_id]) for submission in batch}
        # Districts and submissions in the order of their ids, so that two workers never wait for each other crosswise.
        batch.sort(key=lambda submission: (submission.district_id, submission.id))
        for district_id, members in groupby(batch, key=lambda submission: submission.district_id):
            lock_same_matter(session, district_id)
            group = list(members)
            desk = Desk(session, district_id, wiring.workflow, lexicon_of(wiring.taxonomy))
            desk.prepare(gram for submission in group for gram in _grams(findings[submission.id]))
            # A member's decision locks topics and submissions too. Waiting less than PostgreSQL's deadlock check (1 s), the machine is
            # always the one that gives way, and nobody at a screen loses what they typed.
            session.execute(text("SET LOCAL lock_timeout = 500"))
            for submission in group:
                if not _store(wiring, desk, submission, findings[submission.id], areas[submission.area_id]):
                    stuck.add(submission.id)
            session.execute(text("RESET lock_timeout"))
    log.info("triaged", rows=len(batch), seconds=round(time.monotonic() - began, 3))
    return True


def _examine(stages: Stage, submission: Submission, area: AreaNames) -> Finding | Mapping[str, str]:
    """What the pipeline finds without the database, or which error it met."""
    if submission.id in _overslept:
        return {"error": "timeout"}
    message = Message(submission.text_written, submission.area_id, area.names, submission.received_at)
    try:
        return stages(message, Finding())
    except BaseTimeoutException:
        _overslept.add(submission.id)
        raise
    except Exception as error:  # noqa: BLE001 -- one message that breaks a stage must not hold up the others
        return describe(error)


def _grams(found: Finding | Mapping[str, str]) -> tuple[int, ...]:
    return found.grams if isinstance(found, Finding) else ()


def _store(wiring: Wiring, desk: Desk, submission: Submission, found: Finding | Mapping[str, str], area: AreaNames) -> bool:
    """Store the result, without the machine's help if need be; False when not even that was possible."""
    error: Mapping[str, str] = {}
    if isinstance(found, Finding):
        try:
            with desk.session.begin_nested():
                result = desk.result(submission, found, area)
                store_result(desk.session, submission, result, workflow=wiring.workflow, at=wiring.clock.now())
        except (*PASSING, BaseTimeoutException):
            raise
        except Exception as raised:  # noqa: BLE001 -- as above
            error = describe(raised)
        else:
            desk.stored(result)
            return True
    else:
        error = found
    log.error("triage_without_machine", submission=submission.id, **error)
    fallback = result_without_machine(submission, found if isinstance(found, Finding) else None, error)
    try:
        with desk.session.begin_nested():
            store_result(desk.session, submission, fallback, workflow=wiring.workflow, at=wiring.clock.now())
    except (*PASSING, BaseTimeoutException):
        raise
    except Exception as raised:  # noqa: BLE001 -- it stays `received`, and the next job tries again
        log.error("triage_stuck", submission=submission.id, **describe(raised))  # noqa: TRY400 -- a traceback may quote a resident's words
        return False
    return True
