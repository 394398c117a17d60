"""Stores what the machine found: masked text, category, urgency, and a suggested place; a person decides later."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ARRAY, BigInteger, Executable, Integer, bindparam, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE
from intake.domain.contributor import ContributorStatus
from intake.domain.submission import SubmissionAction, SubmissionState, Urgency
from intake.domain.topic import JOINABLE
from intake.domain.triage_result import TriageResult, Verdict
from intake.models import Base, Contributor, Finding, Submission, SubmissionGrams, Topic
from intake.services.contribution import recount
from intake.services.ownership import start_clock
from intake.services.topic_open import open_candidate
from intake.services.transition import move


def take_received(session: Session, *, limit: int) -> Sequence[Submission]:
    """Lock up to `limit` submissions waiting for triage, oldest first; those another worker holds are skipped."""
    return session.scalars(
        select(Submission)
        .where(Submission.state == SubmissionState.RECEIVED)
        .order_by(Submission.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def lock_same_matter(session: Session, district_id: int) -> None:
    """One worker at a time decides what is the same matter in a district, so that two can't open two topics for one lamp."""
    session.execute(text("SELECT pg_advisory_xact_lock(7210435, :district)"), {"district": district_id % 2_147_483_647})


def store_result(session: Session, submission: Submission, result: TriageResult, *, workflow: Workflow, at: datetime) -> Topic | None:
    """Write one result and move the submission to `triaged`; returns the topic it was suggested for.

    Safe to repeat: a submission that has left `received` is refused by the table of transitions.
    """
    submission.text_masked = result.masked
    submission.place_masked = result.place_masked
    submission.category = result.category
    submission.urgency = result.urgency
    submission.triaged_at = at
    move(session, submission, SubmissionAction.TRIAGE, actor=MACHINE, at=at)
    start_clock(session, submission, workflow=workflow, at=at)
    topic = _suggest(session, submission, result, at=at)
    session.add(
        Finding(
            district_id=submission.district_id,
            submission_id=submission.id,
            model_version=result.model_version,
            content={
                **result.content,
                "verdict": result.verdict.value,
                "topic_id": topic.id if topic else None,
                "score": result.score,
                "reasons": list(result.reasons),
            },
            created_at=at,
        )
    )
    _index(session, submission, result)
    if topic is not None:
        recount(session, {topic.id}, at=at)
        if _more_urgent(submission.urgency, topic.urgency):
            topic.urgency = submission.urgency
    return topic


def _suggest(session: Session, submission: Submission, result: TriageResult, *, at: datetime) -> Topic | None:
    if result.verdict is Verdict.UNSURE:
        return None
    topic = None
    if result.verdict is Verdict.ATTACH and result.topic_id is not None:
        topic = session.scalars(select(Topic).where(Topic.id == result.topic_id).with_for_update()).one_or_none()
        if topic is not None and topic.state not in JOINABLE:
            return None  # it was decided meanwhile: a person looks
    if topic is None:
        topic = open_candidate(session, submission=submission, title=result.title, actor=MACHINE, at=at)
    session.add(
        Contributor(
            district_id=submission.district_id,
            topic_id=topic.id,
            submission_id=submission.id,
            status=ContributorStatus.SUGGESTED,
            score=result.score,
            reasons=list(result.reasons),
            model_version=result.model_version,
            created_at=at,
        )
    )
    return topic


def _index(session: Session, submission: Submission, result: TriageResult) -> None:
    session.execute(
        insert(SubmissionGrams).on_conflict_do_nothing(),
        [
            {
                "submission_id": submission.id,
                "district_id": submission.district_id,
                "area_id": submission.area_id,
                "received_at": submission.received_at,
                "grams": list(result.grams),
                "rare": list(result.rare),
            }
        ],
    )
    if result.grams:
        # Sorted, so that two batches never wait for each other's rows crosswise.
        session.execute(_count_grams(), {"district_id": submission.district_id, "grams": sorted(set(result.grams))})


@cache
def _count_grams() -> Executable:
    """The statement, built once; a list of rows would be compiled anew for every length."""
    gram = func.unnest(bindparam("grams", type_=ARRAY(Integer))).column_valued("gram")
    rows = select(bindparam("district_id", type_=BigInteger), gram, literal_column("1"))
    # The table, not the class: given parameters, an insert of a class takes them for rows.
    counts = Base.metadata.tables["gram_counts"]
    return (
        insert(counts)
        .from_select(["district_id", "gram", "documents"], rows)
        .on_conflict_do_update(index_elements=["district_id", "gram"], set_={"documents": counts.c.documents + 1})
    )


_RANK = {Urgency.NORMAL: 0, Urgency.SOON: 1, Urgency.EMERGENCY: 2}


def _more_urgent(one: Urgency, other: Urgency) -> bool:
    return _RANK[one] > _RANK[other]
