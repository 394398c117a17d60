"""Triage of everything in state `received`: masked words, category, urgency, and a suggested place."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from weakref import WeakKeyDictionary

import structlog
from rq.timeouts import BaseTimeoutException
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from intake.domain.chat_draft import is_unheard
from intake.domain.language.lexicon import lexicon_of
from intake.models import Submission
from intake.ports import Wake
from intake.queries.same_matter import AreaNames, area_names, place_names
from intake.queries.sender import SentLately, sent_lately
from intake.services.submission_file import words_heard
from intake.services.submission_triage import lock_same_matter, store_results, take_received
from intake.wiring import Wiring
from workers.district_model import DistrictStages, DistrictTriage
from workers.runtime import PASSING, describe, job, job_session, process_wiring, stopping
from workers.suggestion import NOTHING_WRITTEN, Case, Desk, Found, result_without_machine
from workers.triage.message import Finding, Message
from workers.triage.pipeline import Stage
from workers.triage.same_matter import PairScorer

log = structlog.get_logger(__name__)

BATCH = 200
SECONDS = 40.0
"""After this long the job ends and wakes its successor, well before RQ's 60 s."""

GIVE_WAY_SECONDS = (0.1, 0.5)
"""Waits before a batch is taken anew."""
_HELD = frozenset({"55P03", "40P01"})
"""PostgreSQL: the lock wasn't had in time; deadlock."""

NAMES_KEPT_SECONDS = 300.0

_overslept: set[int] = set()
"""Submissions at which this process ran out of time; they go to a person without the machine."""
_names: WeakKeyDictionary[Engine, dict[int, tuple[float, tuple[str, ...]]]] = WeakKeyDictionary()


@job(Wake.TRIAGE)
def run() -> None:
    """Triage batches until one isn't full: what came meanwhile has sent its own wake-up, and is a batch of its own a moment later.

    A repeat is harmless: a batch takes only rows in state `received`, locks them, and moves them on in the transaction that stores the
    result; a row that another run has taken or finished isn't seen. Killed in the middle, the batch rolls back and is taken anew.
    """
    wiring = process_wiring()
    stages = DistrictStages(wiring.taxonomy)
    stuck: set[int] = set()
    end = time.monotonic() + SECONDS
    while _batch_or_give_way(wiring, stages, stuck):
        if stopping() or time.monotonic() > end:
            wiring.queue.wake(Wake.TRIAGE)
            return


def _batch_or_give_way(wiring: Wiring, stages: DistrictStages, stuck: set[int]) -> bool:
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


def _batch(wiring: Wiring, stages: DistrictStages, stuck: set[int]) -> bool:
    """Triage one batch and commit; whether it was full. `stuck` are rows that couldn't even be given to a person."""
    began = time.monotonic()
    with job_session() as session:
        # What is stuck is taken along, so that it can't fill the batch and hold up what came later.
        taken = take_received(session, limit=BATCH + len(stuck))
        batch = [submission for submission in taken if submission.id not in stuck]
        if not batch:
            return False
        # Districts and submissions in the order of their ids, so that two workers never wait for each other crosswise.
        batch.sort(key=lambda submission: (submission.district_id, submission.id))
        models = {district_id: stages.of(session, district_id) for district_id in {submission.district_id for submission in batch}}
        cases = _examined(session, models, batch)
        for district_id, members in groupby(cases, key=lambda case: case.submission.district_id):
            lock_same_matter(session, district_id)
            # A member's decision locks topics and submissions too. Waiting less than PostgreSQL's deadlock check (1 s), the machine is
            # always the one that gives way, and nobody at a screen loses what they typed.
            session.execute(text("SET LOCAL lock_timeout = 500"))
            # Nobody was promised a suggestion: should the last ones be lost in a crash, their messages are `received` and taken anew.
            session.execute(text("SET LOCAL synchronous_commit = off"))
            _store(session, wiring, models[district_id].scorer, list(members), stuck)
            session.execute(text("RESET lock_timeout"))
    log.info("triaged", rows=len(batch), seconds=round(time.monotonic() - began, 3))
    return len(batch) >= BATCH


def _examined(session: Session, models: Mapping[int, DistrictTriage], batch: Sequence[Submission]) -> list[Case]:
    """The batch with what the stages find in each, before any lock is held that others wait for."""
    areas = area_names(session, {submission.area_id for submission in batch})
    lately = sent_lately(session, batch)
    names = {district_id: _place_names(session, district_id) for district_id in models}
    spoken = [submission.id for submission in batch if is_unheard(submission.text_written, submission.channel)]
    heard = words_heard(session, spoken) if spoken else {}
    messages = [
        _message(submission, areas[submission.area_id], names[submission.district_id], lately, heard.get(submission.id))
        for submission in batch
    ]
    stages = [models[submission.district_id].stages for submission in batch]
    begun = [
        {"error": NOTHING_WRITTEN}
        if submission.id in spoken and submission.id not in heard
        else _examine(of.begin, submission, message, Finding())
        for of, submission, message in zip(stages, batch, messages, strict=True)
    ]
    for district_id, model in models.items():
        _read_ahead(model, [found for found, one in zip(begun, batch, strict=True) if one.district_id == district_id])
    return [
        Case(submission, _examine(of.finish, submission, message, found), areas[submission.area_id])
        for of, submission, message, found in zip(stages, batch, messages, begun, strict=True)
    ]


def _message(
    submission: Submission, area: AreaNames, names: tuple[str, ...], lately: Mapping[int, SentLately], heard: str | None
) -> Message:
    sent = lately.get(submission.id)
    return Message(
        heard or submission.text_written,
        submission.area_id,
        area.names,
        submission.received_at,
        known_places=names,
        sender_recent=sent.messages if sent else 0,
        sender_same_text=sent.same_words if sent else 0,
    )


def _read_ahead(model: DistrictTriage, begun: Sequence[Found]) -> None:
    """Let the classifier read the batch at once; where it can't, each message is read by itself, and the one at fault fails there."""
    try:
        model.stages.read_ahead([found.normalised for found in begun if isinstance(found, Finding)])
    except BaseTimeoutException:
        raise
    except Exception as error:  # noqa: BLE001 -- one message that breaks the classifier must not hold up the others
        log.warning("triage_not_read_ahead", **describe(error))


def _examine(stage: Stage, submission: Submission, message: Message, found: Found) -> Found:
    """What a stage finds without the database, or which error it met; an error of before stays one."""
    if submission.id in _overslept:
        return {"error": "timeout"}
    if not isinstance(found, Finding):
        return found
    try:
        return stage(message, found)
    except BaseTimeoutException:
        _overslept.add(submission.id)
        raise
    except Exception as error:  # noqa: BLE001 -- one message that breaks a stage must not hold up the others
        return describe(error)


def _place_names(session: Session, district_id: int) -> tuple[str, ...]:
    """The district's own names, up to five minutes old."""
    known = _names.setdefault(session.get_bind().engine, {})
    read_at, names = known.get(district_id, (-NAMES_KEPT_SECONDS, ()))
    if time.monotonic() - read_at >= NAMES_KEPT_SECONDS:
        names = place_names(session, district_id=district_id)
        known[district_id] = (time.monotonic(), names)
    return names


def _store(session: Session, wiring: Wiring, scorer: PairScorer, cases: Sequence[Case], stuck: set[int]) -> None:
    """Store a district's part of the batch at once; one by one when that fails, so that what one row breaks costs only that row."""
    try:
        _store_all(session, wiring, scorer, cases)
    except (*PASSING, BaseTimeoutException):
        raise
    except Exception as error:  # noqa: BLE001 -- whose fault it is shows one by one
        log.warning("triage_one_by_one", rows=len(cases), **describe(error))
        for case in cases:
            if not _store_one(session, wiring, scorer, case):
                stuck.add(case.submission.id)


def _store_all(session: Session, wiring: Wiring, scorer: PairScorer, cases: Sequence[Case]) -> None:
    desk = Desk(session, cases[0].submission.district_id, wiring.workflow, lexicon_of(wiring.taxonomy), scorer)
    try:
        with _savepoint(session):
            found = list(zip((case.submission for case in cases), desk.results(cases), strict=True))
            store_results(session, found, workflow=wiring.workflow, at=wiring.clock.now())
    except BaseException:
        desk.forget()
        raise


@contextmanager
def _savepoint(session: Session) -> Iterator[None]:
    """What fails inside is as if it had never been tried, in the database and in what the session remembers of it."""
    try:
        with session.begin_nested():
            yield
    except BaseException:
        session.expire_all()
        raise


def _store_one(session: Session, wiring: Wiring, scorer: PairScorer, case: Case) -> bool:
    """Store one, without the machine's help if need be; False when not even that was possible."""
    try:
        _store_all(session, wiring, scorer, [case])
    except (*PASSING, BaseTimeoutException):
        raise
    except Exception as raised:  # noqa: BLE001 -- as above
        error = describe(raised)
    else:
        return True
    submission = case.submission
    log.error("triage_without_machine", submission=submission.id, **error)
    fallback = result_without_machine(submission, case.found if isinstance(case.found, Finding) else None, error)
    if submission.suspicion is not None:  # what breaks the machine isn't a way around staff
        fallback = replace(fallback, quarantine=submission.suspicion.value)
    try:
        with _savepoint(session):
            store_results(session, [(submission, fallback)], workflow=wiring.workflow, at=wiring.clock.now())
    except (*PASSING, BaseTimeoutException):
        raise
    except Exception as raised:  # noqa: BLE001 -- it stays `received`, and the next job tries again
        log.error("triage_stuck", submission=submission.id, **describe(raised))  # noqa: TRY400 -- a traceback may quote a resident's words
        return False
    return True
