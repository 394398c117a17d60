"""Stores what the machine found: masked text, category, urgency, and a suggested place; a person decides later.

A batch is stored as a whole: the number of statements doesn't grow with the number of messages.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, cast, insert, select, text
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE
from intake.domain.contributor import ContributorStatus
from intake.domain.submission import Channel, SubmissionAction, SubmissionState, Urgency
from intake.domain.topic import JOINABLE, route_by
from intake.domain.triage_result import TriageResult, Verdict
from intake.models import Base, HistoryEntry, Submission, SubmissionGrams, Topic
from intake.ports import Wake
from intake.queries.imported import IMPORTED
from intake.queries.same_matter import SIGHTINGS_KEPT, array_of, sighting
from intake.services.contribution import recount
from intake.services.ownership import clocks_for
from intake.services.topic_open import Draft, open_candidates
from intake.services.transition import Move, move_many
from intake.services.wake import wake_after_commit

Found = tuple[Submission, TriageResult]


def take_received(session: Session, *, limit: int) -> Sequence[Submission]:
    """Lock up to `limit` submissions waiting for triage, oldest first, imported rows behind what somebody waits for; those another worker
    holds are skipped.
    """
    return session.scalars(
        select(Submission)
        .where(Submission.state == SubmissionState.RECEIVED)
        .order_by(IMPORTED, Submission.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def lock_same_matter(session: Session, district_id: int) -> None:
    """One worker at a time decides what is the same matter in a district, so that two can't open two topics for one lamp."""
    session.execute(text("SELECT pg_advisory_xact_lock(7210435, :district)"), {"district": district_id % 2_147_483_647})


def let_go_by_staff(session: Session, submission_ids: Collection[int]) -> frozenset[int]:
    """Those of `submission_ids` that staff took out of quarantine: the machine doesn't put them back."""
    if not submission_ids:
        return frozenset()
    return frozenset(
        session.scalars(
            select(HistoryEntry.entity_id).where(
                HistoryEntry.noun == "submission",
                HistoryEntry.entity_id == any_(_ids(submission_ids)),
                HistoryEntry.action == SubmissionAction.RELEASE.value,
            )
        )
    )


def draw_topic_ids(session: Session, count: int) -> list[int]:
    """Ids for topics that a batch may open, so that later messages of it can join them; what isn't used is a gap in the sequence."""
    return list(session.scalars(text("SELECT nextval(pg_get_serial_sequence('topics', 'id')) FROM generate_series(1, :n)"), {"n": count}))


def store_result(session: Session, submission: Submission, result: TriageResult, *, workflow: Workflow, at: datetime) -> Topic | None:
    """`store_results` for one; returns the topic it was suggested for."""
    topic_id = store_results(session, [(submission, result)], workflow=workflow, at=at)[submission.id]
    return session.get_one(Topic, topic_id) if topic_id is not None else None


def store_results(session: Session, found: Sequence[Found], *, workflow: Workflow, at: datetime) -> dict[int, int | None]:
    """Write the results and move the submissions of one district to `triaged` or `quarantined`; returns the topic of each, by submission.

    Safe to repeat: a submission that has left `received` is refused by the table of transitions.
    """
    found = _placed(session, _in_no_hurry(found))
    clocks = clocks_for(session, [submission for submission, result in found if not result.quarantine], workflow=workflow, at=at)
    moves = []
    for submission, result in found:
        clock = clocks.get(submission.id)
        moves.append(
            Move(
                submission,
                SubmissionAction.QUARANTINE if result.quarantine else SubmissionAction.TRIAGE,
                reason_code=result.quarantine,
                values={
                    "text_masked": result.masked,
                    "place_masked": result.place_masked,
                    "category": result.category,
                    "urgency": result.urgency,
                    "triaged_at": at,
                    "owner_id": clock.owner_id if clock else None,
                    "owner_role": clock.owner_role if clock else None,
                    "escalate_at": clock.escalate_at if clock else None,
                },
            )
        )
    move_many(session, moves, actor=MACHINE, at=at)
    _open_topics(session, found, at=at)
    _write_findings(session, found, at=at)
    _suggest(session, found, at=at)
    _index(session, [(submission, result) for submission, result in found if not result.quarantine])
    if any(result.urgency is Urgency.EMERGENCY for _, result in found):
        wake_after_commit(session, Wake.ALARM)
    recount(session, {result.topic_id for _, result in found if result.topic_id is not None}, at=at)
    return {submission.id: result.topic_id for submission, result in found}


def _in_no_hurry(found: Sequence[Found]) -> list[Found]:
    """An imported row calls nobody out: whoever took it down there has heard it, days ago perhaps. What the machine saw stays in its finding."""
    return [
        (submission, replace(result, urgency=Urgency.SOON))
        if submission.channel is Channel.IMPORT and result.urgency is Urgency.EMERGENCY
        else (submission, result)
        for submission, result in found
    ]


def _placed(session: Session, found: Sequence[Found]) -> list[Found]:
    """The results with the topic each gets, or none; topics that are joined are locked, and made as urgent as the most urgent that joins."""
    missing = sum(result.verdict is Verdict.OPEN and result.topic_id is None for _, result in found)
    drawn = iter(draw_topic_ids(session, missing) if missing else ())
    opened: set[int] = set()
    placed: list[Found] = []
    joined = {result.topic_id for _, result in found if result.verdict is Verdict.ATTACH and result.topic_id is not None}
    known = {
        topic.id: topic
        for topic in session.scalars(
            select(Topic).where(Topic.id.in_(sorted(joined))).order_by(Topic.id).with_for_update().execution_options(populate_existing=True)
        )
    }
    for submission, result in found:
        topic_id = None
        if result.quarantine or result.verdict is Verdict.UNSURE:
            pass
        elif result.verdict is Verdict.OPEN:
            topic_id = result.topic_id if result.topic_id is not None else next(drawn)
            opened.add(topic_id)
        elif result.topic_id in opened:
            topic_id = result.topic_id
        elif result.topic_id is not None and (topic := known.get(result.topic_id)) is not None and topic.state in JOINABLE:
            # One that was decided meanwhile is joined by nobody: a person looks.
            topic_id = topic.id
            if _more_urgent(result.urgency, topic.urgency):
                topic.urgency = result.urgency
        placed.append((submission, replace(result, topic_id=topic_id)))
    return placed


def _open_topics(session: Session, found: Sequence[Found], *, at: datetime) -> None:
    urgencies: dict[int | None, Urgency] = {}
    for _, result in found:
        urgency = urgencies.setdefault(result.topic_id, result.urgency)
        if _more_urgent(result.urgency, urgency):
            urgencies[result.topic_id] = result.urgency
    drafts = [
        Draft(
            id=result.topic_id,
            district_id=submission.district_id,
            area_id=submission.area_id,
            title=result.title,
            category=result.category,
            urgency=urgencies[result.topic_id],
            said_at=submission.received_at,
            route=route_by(submission.channel, answers_call=submission.open_call_id is not None),
        )
        for submission, result in found
        if result.verdict is Verdict.OPEN and result.topic_id is not None
    ]
    open_candidates(session, drafts, actor=MACHINE, at=at)


def _write_findings(session: Session, found: Sequence[Found], *, at: datetime) -> None:
    rows = [
        {
            "district_id": submission.district_id,
            "submission_id": submission.id,
            "model_version": result.model_version,
            "content": {
                **result.content,
                "verdict": result.verdict.value,
                "topic_id": result.topic_id,
                "score": result.score,
                "reasons": list(result.reasons),
            },
            "created_at": at,
        }
        for submission, result in found
    ]
    session.execute(insert(Base.metadata.tables["findings"]), rows)


def _suggest(session: Session, found: Sequence[Found], *, at: datetime) -> None:
    rows = [
        {
            "district_id": submission.district_id,
            "topic_id": result.topic_id,
            "submission_id": submission.id,
            "status": ContributorStatus.SUGGESTED,
            "score": result.score,
            "reasons": list(result.reasons),
            "model_version": result.model_version,
            "sentence_start": result.sentence[0] if result.sentence else None,
            "sentence_end": result.sentence[1] if result.sentence else None,
            "created_at": at,
        }
        for submission, result in found
        if result.topic_id is not None
    ]
    if rows:
        session.execute(insert(Base.metadata.tables["contributors"]), rows)


def _index(session: Session, found: Sequence[Found]) -> None:
    """Make the messages known to those that come after; what is in the index already is not counted twice."""
    ids = [submission.id for submission, _ in found]
    indexed = set(session.scalars(select(SubmissionGrams.submission_id).where(SubmissionGrams.submission_id == any_(_ids(ids)))))
    new = [(submission, result) for submission, result in found if submission.id not in indexed]
    if not new:
        return
    session.execute(
        _REMEMBER_MESSAGE,
        [
            {
                "submission_id": submission.id,
                "district_id": submission.district_id,
                "area_id": submission.area_id,
                "received_at": submission.received_at,
                "grams": array_of(result.grams),
                "rare": array_of(result.rare),
            }
            for submission, result in new
        ],
    )
    district_id = new[0][0].district_id
    # In any order: whoever indexes holds the district's lock, and the rows are the district's.
    counted = Counter(chain.from_iterable(result.grams for _, result in new))
    if counted:
        session.execute(_COUNT, {"district": district_id, "grams": array_of(counted), "counts": array_of(counted.values())})
    latest_first = sorted(new, key=lambda one: (one[0].received_at, one[0].id), reverse=True)
    grams = [gram for _, result in latest_first for gram in result.rare]
    if grams:
        stamped = ([sighting(submission.id, submission.received_at)] * len(result.rare) for submission, result in latest_first)
        sightings = array_of(chain.from_iterable(stamped))
        values = {"district": district_id, "grams": array_of(grams), "sightings": sightings, "kept": SIGHTINGS_KEPT}
        session.execute(_REMEMBER_GRAMS, values)


_REMEMBER_MESSAGE = text(
    """
    INSERT INTO submission_grams (submission_id, district_id, area_id, received_at, grams, rare)
    VALUES (:submission_id, :district_id, :area_id, :received_at, CAST(:grams AS int[]), CAST(:rare AS int[]))
    """
)
_COUNT = text(
    """
    INSERT INTO gram_counts (district_id, gram, documents)
    SELECT :district, gram, added FROM unnest(CAST(:grams AS int[]), CAST(:counts AS int[])) AS counted(gram, added)
    ON CONFLICT (district_id, gram) DO UPDATE SET documents = gram_counts.documents + excluded.documents
    """
)
_REMEMBER_GRAMS = text(
    """
    INSERT INTO gram_sightings (district_id, gram, seen)
    SELECT :district, gram, (array_agg(sighting ORDER BY place))[1 : CAST(:kept AS int)]
    FROM unnest(CAST(:grams AS int[]), CAST(:sightings AS bigint[])) WITH ORDINALITY AS made(gram, sighting, place)
    GROUP BY gram ORDER BY gram
    ON CONFLICT (district_id, gram) DO UPDATE SET seen = (excluded.seen || gram_sightings.seen)[1 : CAST(:kept AS int)]
    """
)


def _ids(ids: Iterable[int]) -> Any:
    return cast(list(ids), ARRAY(BigInteger))


_RANK = {Urgency.NORMAL: 0, Urgency.SOON: 1, Urgency.EMERGENCY: 2}


def _more_urgent(one: Urgency, other: Urgency) -> bool:
    return _RANK[one] > _RANK[other]
